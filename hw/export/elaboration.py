"""Elaboration, and what it needs around it."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["rtlil_of", "without_collection", "yosys_has_home"]


@contextmanager
def without_collection() -> Iterator[None]:
    """Keeps Python's garbage collector from its passes: a circuit is hundreds of thousands of small objects, none of which is
    garbage before the end, and looking at them again and again takes a third of the time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def rtlil_of(component: Any, platform: object = None, ports: Any = None) -> str:
    """A component as RTLIL, without the source's paths: the same hardware gives the same text on any machine.

    `platform` and `ports` as for `amaranth.back.rtlil.convert`.
    """
    from amaranth.back import rtlil

    with without_collection():
        return str(rtlil.convert(component, platform=platform, ports=ports, emit_src=False))


def yosys_has_home() -> bool:
    """Whether the Yosys that comes with Amaranth runs: it keeps a translation of itself in the folder ``wasmtime`` of
    ``XDG_CACHE_HOME`` or ``~/.cache``, and doesn't run where that can't be made. It takes some seconds longer with an empty
    folder in ``XDG_CACHE_HOME``."""
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME", ""))
        (base if base.is_absolute() else Path("~/.cache").expanduser()).joinpath("wasmtime").mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return False
    return True
