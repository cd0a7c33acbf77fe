"""The memories of what a board puts around a core: the gateware's own, elaborated as a build does it, with an empty core."""

import re
from functools import lru_cache
from typing import Any

from convolver.designs import Design
from convolver.plan.block_rams import Memory

from .clocks import clocks_of
from .registry import Board

__all__ = ["shell_memories"]


@lru_cache(maxsize=64)
def shell_memories(board: Board, design: Design) -> tuple[Memory, ...]:
    """Those of everything on a board but the core, in the RTLIL that a build's synthesis starts from.

    Raises
    ------
    DesignError
        If the design is too large for a device to describe.
    """
    from convolver.hw.cores.core import create
    from convolver.hw.export.elaboration import rtlil_of
    from convolver.hw.primitives.families import FamilyPlatform

    from .top import device_on

    core: Any = create(design, board.target)
    core.elaborate = _nothing
    device = device_on(board, design, clocks_of(board), core=core)
    ports = [getattr(device, name) for name in device.signature.members]
    text = rtlil_of(device, FamilyPlatform(board.family), ports)
    return tuple(memory for module in text.split("\nmodule ") for memory in _memories(module))


def _nothing(_platform: object) -> Any:
    from amaranth.hdl import Module

    return Module()


_MEMORY = re.compile(r"((?:^ *attribute .*\n)*)^ *memory width (\d+) size (\d+) (\S+)$", re.MULTILINE)
_WRITTEN = re.compile(r'^ *cell \$memwr_v2 .*\n *parameter \\MEMID "\\(\\\S+)"$', re.MULTILINE)


def _memories(module: str) -> list[Memory]:
    """The memories of one module of RTLIL, and its primitives that are memories."""
    written = set(_WRITTEN.findall(module))
    found = [
        Memory(int(words), int(bits), name in written, '"block"' in attributes)
        for attributes, bits, words, name in _MEMORY.findall(module)
    ]
    return found + [Memory(1024, 18, hard=True)] * module.count("\n  cell \\DP16KD ")
