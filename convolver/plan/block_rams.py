"""The memories of a core, and the block RAMs that are certain to be made of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from .plan import Plan
from .target import Family

__all__ = ["Memory", "block_rams", "core_memories"]


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
    "7-series": ((512, 72), (1024, 36), (2048, 18), (4096, 9), (8192, 4), (16384, 2), (32768, 1)),
}
"""Words of a block RAM, and their bits: each family's choices, and what Yosys adds to them."""

INFERRED_SHAPES: Mapping[Family, tuple[tuple[int, int], ...]] = {"ecp5": ((512, 36),), "ice40": (), "7-series": ()}
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


def core_memories(plan: Plan) -> list[Memory]:
    """A core's: line buffer, samples and coefficients of a folded filter, buffers, queues; none of those in single-port RAM."""
    hard = plan.target.family == "ecp5"  # `BlockRAM` instantiates those
    held = [(memory, 0) for memory in plan.memories if memory.use == "queue"]
    held += [(memory, _unchanging(core) * (memory.use == "output buffer")) for core in plan.cores for memory in core.memories]
    return [
        Memory(memory.words, memory.bits - unchanging, memory.written, hard=hard and memory.block)
        for memory, unchanging in held
        if not memory.single_port
    ]


def _unchanging(core: Plan) -> int:
    """Bits of the results of a beat that no sample changes."""
    design = core.design
    return core.copies * (design.outputs * design.output_format.width - design.result_bits)
