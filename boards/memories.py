"""The memories of a design and of what a board puts around its core, and the block RAMs that are certain to be made of them.

The core's are known by its schedule. The link's, the crossing's and the registers' are those of the gateware itself, elaborated
as a build does it, with an empty core.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, gcd
from typing import Any

from convolver.designs import Conv2DDesign, Design, FIRDesign
from convolver.formats import Format, round_shift
from convolver.schedule import Schedule

from .clocks import clocks_of
from .registry import Board, Family

__all__ = ["Memory", "block_rams", "core_memories", "shell_memories"]


@dataclass(frozen=True)
class Memory:
    """A memory of the gateware.

    Parameters
    ----------
    words, bits : int
        Its words, and the bits of each.
    written : bool
        Whether anything ever writes it.
    hard : bool
        Whether it is block RAM whatever Yosys would choose: a primitive, or marked so.
    """

    words: int
    bits: int
    written: bool = True
    hard: bool = False


SHAPES: Mapping[Family, tuple[tuple[int, int], ...]] = {
    "ecp5": ((1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1)),
    "ice40": ((256, 16), (512, 8), (1024, 4), (2048, 2), (4096, 1)),
    "xilinx7": ((512, 72), (1024, 36), (2048, 18), (4096, 9), (8192, 4), (16384, 2), (32768, 1)),
}
"""Words of a block RAM, and their bits: each family's choices, and what Yosys adds to them."""

INFERRED_SHAPES: Mapping[Family, tuple[tuple[int, int], ...]] = {"ecp5": ((512, 36),), "ice40": (), "xilinx7": ()}
"""Further ones that Yosys takes, where the gateware has no primitives of its own."""


def block_rams(family: Family, memory: Memory) -> float:
    """Block RAMs that Yosys is certain to make of a memory; on a 7-series device in units of 36 kbit, in halves.

    0 for a memory that may become something else: read only, or small. Measured, with Yosys 0.69, on memories of 3 to 16384
    words of 1 to 40 bits: on iCE40 80 bits for each block RAM that it takes are enough, whatever their shape; on ECP5 more than
    32 LUT RAMs of 16x4 for each; on 7-series 4096 bits in 128 words or more.
    """
    shapes = SHAPES[family] if memory.hard else SHAPES[family] + INFERRED_SHAPES[family]
    words, bits = memory.words, memory.bits
    blocks: float = min(ceil(words / deep) * ceil(bits / wide) for deep, wide in shapes)
    if family == "ice40":
        certain = words * bits >= 80 * blocks
    elif family == "ecp5":
        certain = ceil(words / 16) * ceil(bits / 4) > 32 * blocks
    else:
        certain = words >= 128 and words * bits >= 4096
        blocks = min(blocks, min(ceil(words / deep) * ceil(bits * 2 / wide) for deep, wide in shapes) / 2)
    return blocks if memory.hard or (memory.written and certain) else 0


def core_memories(schedule: Schedule) -> list[Memory]:
    """A core's: line buffer, samples and coefficients of a folded filter, output buffer; none of those in single-port RAM."""
    design = schedule.design
    hard = schedule.family == "ecp5"  # `BlockRAM` instantiates those
    memories = []
    if schedule.line_buffer_bits and isinstance(design, Conv2DDesign) and not schedule.single_port_rams:
        memories.append(Memory(design.core_beats, schedule.line_buffer_bits // design.core_beats, hard=hard))
    if schedule.sample_memory_bits:
        words, bits = 1 << schedule.positions.bit_length(), design.sample.width
        memories += [Memory(words, bits, hard=hard)] * (schedule.sample_memory_bits // (words * bits))
    for one in (*schedule.columns, schedule) if schedule.clocks > 1 else ():
        bits = one.design.coefficient_format.width
        memories += [Memory(one.coefficient_words, bits, design.loadable, hard)] * one.lanes
    # Two banks; see `OutputBuffer`.
    kept = schedule.output_buffer_bits // schedule.buffer_depth
    marks = kept - schedule.copies * design.outputs * design.output_format.width
    memories += [Memory(schedule.buffer_depth // 2, schedule.copies * _result_bits(design) + marks)] * 2
    return memories


def _result_bits(design: Design) -> int:
    """Bits of a place's results but those that no sample changes, and copies of a sign: Yosys leaves such out of a memory."""
    if isinstance(design, Conv2DDesign) and design.threshold is not None:
        return design.outputs
    kernels = [design.weights]
    if isinstance(design, Conv2DDesign) and len(design.stage_ranges) > 1:
        kernels = [tuple(weight for line in kernel for weight in line) for kernel in design.kernels]
    output, total = design.output_format, 0
    for reach, weights in zip(design.stage_ranges, kernels, strict=True):
        shifted = (round_shift(end, design.shift, design.rounding) for end in reach)
        low, high = (min(max(end, output.min), output.max) for end in shifted)
        common = 0 if design.loadable else gcd(*weights)
        zeros = max(0, (common & -common).bit_length() - 1 - design.shift)
        total += max(0, Format.holding(low, high).width - zeros) if low < high else 0
    return total


@lru_cache(maxsize=64)
def shell_memories(board: Board, design: FIRDesign | Conv2DDesign) -> tuple[Memory, ...]:
    """Those of everything on a board but the core, in the RTLIL that a build's synthesis starts from.

    Raises
    ------
    DesignError
        If the design is too large for a device to describe.
    """
    from convolver.hw.core import create
    from convolver.hw.elaboration import rtlil_of
    from convolver.hw.families import FamilyPlatform

    from .top import device_on

    core: Any = create(design, board.hardware)
    core.elaborate = _nothing
    device = device_on(board, design, clocks_of(board), core=core)
    ports = [getattr(device, name) for name in device.signature.members]
    text = rtlil_of(device, FamilyPlatform(board.hardware), ports)
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
