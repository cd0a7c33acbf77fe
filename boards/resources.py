"""What a design needs, what a build used, and what the device has."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from convolver.designs import Conv2DDesign, Design, FIRDesign
from convolver.errors import BoardError
from convolver.formats import Format
from convolver.schedule import Schedule

from .registry import Board, Family
from .timing import Cell

__all__ = ["Use", "check_fit", "check_use", "device_use", "needs", "synthesis_use"]


@dataclass(frozen=True)
class Use:
    """How much of one kind of resource is used."""

    what: str
    used: float
    available: int

    def __str__(self) -> str:
        return f"{self.what} {self.used:g} of {self.available} ({100 * self.used / self.available:.0f} %)"


BLOCK_SHAPES: Mapping[Family, tuple[tuple[int, int], ...]] = {
    "ecp5": ((1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1)),
    "ice40": ((256, 16), (512, 8), (1024, 4), (2048, 2), (4096, 1)),
    "xilinx7": ((512, 72), (1024, 36), (2048, 18), (4096, 9), (8192, 4), (16384, 2), (32768, 1)),
}
"""Words of a block RAM, and their bits: each family's choices, and what Yosys adds to them."""

DEEPEST_BLOCK = 16384
"""Words of the deepest memory that ECP5's block RAMs are instantiated for, side by side."""

SMALLEST_BLOCK: Mapping[Family, int] = {"ecp5": 0, "ice40": 512, "xilinx7": 4096}
"""Bits from which on Yosys takes block RAM for every memory with a write port, whatever its shape; smaller ones may become
something else. ECP5's are instantiated. Measured on memories of 16 to 4096 words of 1 to 32 bits."""

CERTAIN_PRODUCT = 12
"""Bits from which on Yosys takes a hard multiplier for every product with a constant, on ECP5 and 7-series. Measured on samples
of 2 to 20 bits; narrower products may become adders."""


def check_fit(board: Board, design: Design) -> None:
    """Refuses a design that can't fit by its own count, long before the tools would find out; says what would fit.

    Counts only what is certain to be needed, of the core alone: a multiplier for each lane whose coefficient changes, and for
    each constant that isn't wiring and is wide enough that the tools take one (on iCE40 for each, and one for two products of
    8 bits); the line buffer, in block RAMs or single-port RAMs, and the memories of a folded filter. Narrow constants may
    become adders, and small memories look-up tables: those are left to the tools.

    Raises
    ------
    BoardError
        Naming the limit, the need, and the fewest clocks a sample or a pixel that would do.
    """
    deepest = max((words for words, _, _ in _memories(Schedule(design, board.hardware))), default=0)
    if board.family == "ecp5" and deepest > DEEPEST_BLOCK:
        raise BoardError(
            f"A line of a design for {board.name} must have at most {DEEPEST_BLOCK} pixels, border included, not {deepest}; "
            "use fewer columns"
        )
    for use in needs(board, design):
        if use.used > use.available:
            raise BoardError(
                f"A design for {board.name} must need at most {use.available} {use.what}s, not {use.used:g}; "
                f"{_hint(board, design, use)}"
            )


def check_use(board: Board, use: Sequence[Use]) -> None:
    """Refuses what the tools found to use more than the device has.

    Raises
    ------
    BoardError
        Naming the limit and the use.
    """
    for one in use:
        if one.used > one.available:
            raise BoardError(f"A design for {board.name} must need at most {one.available} {one.what}s, not {one.used:g}")


def needs(board: Board, design: Design) -> tuple[Use, ...]:
    """What a design needs at the least, as `check_fit` counts it: multipliers, block RAMs and, if any, single-port RAMs."""
    schedule = Schedule(design, board.hardware)
    memories = _memories(schedule)
    blocks = sum(
        _blocks(board.family, words, bits) for words, bits, written in memories if _in_block(board, words * bits, written)
    )
    single_port = [Use("single-port RAM", schedule.single_port_rams, board.single_port_rams)]
    return (
        Use("multiplier", _multipliers(board, schedule), board.multipliers),
        Use("block RAM", blocks, board.block_rams),
        *(single_port if schedule.single_port_rams else []),
    )


def _hint(board: Board, design: Design, use: Use) -> str:
    signal = isinstance(design, FIRDesign)
    field = "clocks_per_sample" if signal else "clocks_per_pixel"
    most = len(design.terms) if isinstance(design, FIRDesign) else Schedule(design).positions
    for clocks in range(1, most + 1) if signal or use.what == "multiplier" else ():
        found = needs(board, design.replace(**{field: clocks, "multipliers": None}))
        if all(one.used <= one.available for one in found):
            return f"{field}={clocks} needs {found[0].used:g} multipliers and {found[1].used:g} block RAMs"
    if signal:
        return "use fewer taps or narrower numbers"
    return "use fewer columns" if use.what == "block RAM" else "use a smaller kernel"


def _multipliers(board: Board, schedule: Schedule) -> int:
    design = schedule.design
    if board.family == "ice40" or design.loadable or schedule.clocks > 1 or schedule.cascaded:
        return schedule.blocks
    if schedule.parts != (schedule,):
        return schedule.copies * sum(_multipliers(board, part) for part in schedule.parts)
    certain = sum(_certain(schedule.operand, abs(design.weights[product.weight])) for product in schedule.products)
    return certain * schedule.copies


def _certain(sample: Format, weight: int) -> bool:
    """Whether a constant product takes a hard multiplier: its trailing zeros are wiring, and so is a power of two."""
    odd = weight // (weight & -weight) if weight else 0
    product = Format.holding(odd * sample.min, odd * sample.max)
    return odd > 1 and sample.width > 1 and product.width >= CERTAIN_PRODUCT


def _memories(schedule: Schedule) -> list[tuple[int, int, bool]]:
    """Words, bits, and whether they are ever written, of each memory in block RAM but the output buffer."""
    design = schedule.design
    memories = []
    if schedule.line_buffer_bits and isinstance(design, Conv2DDesign) and not schedule.single_port_rams:
        memories.append((design.core_beats, schedule.line_buffer_bits // design.core_beats, True))
    if schedule.sample_memory_bits:
        words = 1 << schedule.positions.bit_length()
        memories += [(words, design.sample.width, True)] * (schedule.sample_memory_bits // (words * design.sample.width))
    for one in (*schedule.columns, schedule) if schedule.clocks > 1 else ():
        memories += [(one.coefficient_words, one.design.coefficient_format.width, design.loadable)] * one.lanes
    return memories


def _in_block(board: Board, bits: int, written: bool) -> bool:
    return board.family == "ecp5" or (written and bits >= SMALLEST_BLOCK[board.family])


def _blocks(family: Family, words: int, bits: int) -> float:
    """Block RAMs of a memory; of a 7-series device in units of 36 kbit, in halves."""
    blocks = min(ceil(words / deep) * ceil(bits / wide) for deep, wide in BLOCK_SHAPES[family])
    if family == "xilinx7":
        half = min(ceil(words / deep) * ceil(bits * 2 / wide) for deep, wide in BLOCK_SHAPES[family])
        return min(blocks, half / 2)
    return blocks


_REPORTED = {
    "ecp5": {"TRELLIS_COMB": "LUT", "TRELLIS_FF": "FF", "MULT18X18D": "multiplier", "DP16KD": "block RAM"},
    "ice40": {
        "ICESTORM_LC": "logic cell",
        "ICESTORM_DSP": "multiplier",
        "ICESTORM_RAM": "block RAM",
        "ICESTORM_SPRAM": "single-port RAM",
    },
}


def device_use(board: Board, report: Mapping[str, Any], netlist: list[Cell]) -> tuple[Use, ...]:
    """Use after placement, by nextpnr. An iCE40's logic cell is one LUT and one flip-flop; these two are the netlist's."""
    utilization = report["utilization"]
    # nextpnr lets a 12F have all of a 25F.
    most = {"LUT": board.luts, "FF": board.flip_flops, "multiplier": board.multipliers, "block RAM": board.block_rams}
    use = [
        Use(name, utilization[key]["used"], min(utilization[key]["available"], most.get(name, utilization[key]["available"])))
        for key, name in _REPORTED[board.family].items()
        if key in utilization
    ]
    if board.family == "ice40":
        types = Counter(cell.type for cell in netlist)
        flip_flops = sum(count for name, count in types.items() if name.startswith("SB_DFF"))
        use[1:1] = [Use("LUT", types["SB_LUT4"], board.luts), Use("FF", flip_flops, board.flip_flops)]
    return tuple(use)


# LUTs that a 7-series primitive takes: a RAM32M or RAM64M is a whole SLICEM's four, an inverter at worst its own.
_LUTS = {f"LUT{inputs}": 1 for inputs in range(1, 7)} | {"INV": 1, "SRL16E": 1, "SRLC32E": 1}
_LUTS |= {"RAM32M": 4, "RAM64M": 4, "RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4}


def synthesis_use(board: Board, netlist: list[Cell]) -> tuple[Use, ...]:
    """Use of a 7-series device after synthesis alone; block RAMs in units of 36 kbit."""
    types = Counter(cell.type for cell in netlist)
    return (
        Use("LUT", sum(weight * types[name] for name, weight in _LUTS.items()), board.luts),
        Use("FF", sum(count for name, count in types.items() if name in ("FDRE", "FDSE", "FDCE", "FDPE")), board.flip_flops),
        Use("multiplier", types["DSP48E1"], board.multipliers),
        Use("block RAM", types["RAMB36E1"] + types["RAMB18E1"] / 2, board.block_rams),
    )
