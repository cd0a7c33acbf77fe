"""What a design needs, what a build used, and what the device has."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from convolver.designs import Design
from convolver.errors import BoardError
from convolver.schedule import Schedule

from .registry import Board
from .timing import Cell

__all__ = ["Use", "check_fit", "device_use", "synthesis_use"]


@dataclass(frozen=True)
class Use:
    """How much of one kind of resource is used."""

    what: str
    used: float
    available: int

    def __str__(self) -> str:
        return f"{self.what} {self.used:g} of {self.available} ({100 * self.used / self.available:.0f} %)"


def check_fit(board: Board, design: Design) -> None:
    """Refuses a design that can't fit by its own count, long before the tools would find out.

    Counts only what is certain: a multiplier for each loadable coefficient (on iCE40 for each constant too, and one for two
    products of 8 bits), and the line buffer. Other constants may become shifts and adds, and small memories look-up tables:
    those are left to the tools.

    Raises
    ------
    BoardError
    """
    schedule = Schedule(design)
    needed = _blocks(board, schedule)
    if needed > board.multipliers:
        raise BoardError(f"A design for {board.name} must need at most {board.multipliers} multipliers, not {needed}")
    rams = ceil(schedule.line_buffer_bits / board.block_ram_bits)
    if rams > board.block_rams:
        raise BoardError(
            f"A design for {board.name} must need at most {board.block_rams} block RAMs, not {rams}; use fewer columns"
        )


def _blocks(board: Board, schedule: Schedule) -> int:
    """Hard multipliers that the core certainly needs."""
    operand, coefficient = schedule.operand, schedule.design.coefficient_format
    if board.family == "ice40":
        # SB_MAC16 takes unsigned operands of its full width, and two products of half of it.
        if max(operand.width, coefficient.width) <= 8:
            return sum(ceil(count / 2) for count in schedule.group_multipliers)
        return schedule.multipliers * ceil(operand.width / 16) * ceil(coefficient.width / 16)
    if not schedule.design.loadable:
        return 0
    # The device's operands are signed; an unsigned one needs a bit more.
    widths = [fmt.width + (not fmt.signed) for fmt in (operand, coefficient)]
    each = min(
        ceil(widths[0] / one) * ceil(widths[1] / other)
        for one, other in (board.multiplier_widths, board.multiplier_widths[::-1])
    )
    return schedule.multipliers * each


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
    use = [
        Use(name, utilization[key]["used"], utilization[key]["available"])
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
