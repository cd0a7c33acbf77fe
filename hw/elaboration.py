"""Elaboration, and what it needs around it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["rtlil_of", "without_collection"]


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
