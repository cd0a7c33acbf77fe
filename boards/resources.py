"""What a design needs, what a build used, and what the device has."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from convolver.errors import BoardError, ToolError
from convolver.plan.block_rams import block_rams
from convolver.plan.fit import Use, check_lines, core_needs, what_would_fit
from convolver.plan.plan import Plan

from .memories import shell_memories
from .registry import Board
from .timing import Cell

__all__ = ["Use", "check_fit", "check_use", "device_use", "needs", "overfull", "synthesis_use"]


def check_fit(board: Board, plan: Plan) -> None:
    """Refuses a design that can't fit by its plan's count, long before the tools would find out; says what would fit.

    Counts what is certain to be needed: multipliers; the memories of the core and of all that the board puts around
    it, the link's above all, in block RAMs or single-port RAMs. Small memories may become look-up tables: those are left to
    the tools.

    Raises
    ------
    BoardError
        Naming the limit, the need, and the fewest clocks a sample or a pixel that would do.
    ToolError
        If a package is missing that the gateware is made with.
    """
    check_lines(plan, board.name, BoardError)
    lacking = next((use for use in needs(board, plan) if not use.fits), None)
    if lacking is None:
        return
    # What is around the core hardly changes: it is elaborated anew, which takes a while, only for what may do.
    shell = _shell_block_rams(board, plan)
    hint = what_would_fit(plan, lacking, lambda other: _needs(board, other, shell), partial(needs, board))
    raise BoardError(
        f"A design for {board.name} must need at most {lacking.available} {lacking.what}s, not {lacking.used:g}; {hint}"
    )


def check_use(board: Board, use: Sequence[Use]) -> None:
    """Refuses what the tools found to use more than the device has.

    Raises
    ------
    BoardError
        Naming the limit and the use.
    """
    for one in use:
        if not one.fits:
            raise BoardError(f"A design for {board.name} must need at most {one.available} {one.what}s, not {one.used:g}")


def needs(board: Board, plan: Plan) -> tuple[Use, ...]:
    """What a design needs at the least, as `check_fit` counts it: multipliers, block RAMs and, if any, single-port RAMs."""
    return _needs(board, plan, _shell_block_rams(board, plan))


def _needs(board: Board, plan: Plan, shell: float) -> tuple[Use, ...]:
    """`needs`, with so many block RAMs around the core."""
    return core_needs(plan, board.family, board.multipliers, board.block_rams, board.single_port_rams, shell)


def _shell_block_rams(board: Board, plan: Plan) -> float:
    try:
        memories = shell_memories(board, plan.design)
    except ImportError as error:
        raise ToolError(f"{error.name} is missing; install it with: pip install 'convolver[boards]'") from None
    return sum(block_rams(board.family, memory) for memory in memories)


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
    use = _utilization(board, report["utilization"])
    if board.family == "ice40":
        types = Counter(cell.type for cell in netlist)
        flip_flops = sum(count for name, count in types.items() if name.startswith("SB_DFF"))
        use[1:1] = [Use("LUT", types["SB_LUT4"], board.luts), Use("FF", flip_flops, board.flip_flops)]
    return tuple(use)


def _utilization(board: Board, found: Mapping[str, Mapping[str, int]]) -> list[Use]:
    """What nextpnr counts as used and available of each kind, by our names."""
    # nextpnr lets a 12F have all of a 25F.
    most = {"LUT": board.luts, "FF": board.flip_flops, "multiplier": board.multipliers, "block RAM": board.block_rams}
    return [
        Use(name, found[key]["used"], min(found[key]["available"], most.get(name, found[key]["available"])))
        for key, name in _REPORTED[board.family].items()
        if key in found
    ]


_UTILIZATION = re.compile(r"^Info:\s+(?P<kind>\w+):\s*(?P<used>\d+)/\s*(?P<available>\d+)\s+\d+%\s*$", re.MULTILINE)


def overfull(board: Board, log: str) -> list[Use]:
    """What a design needs more of than the device has, as nextpnr's log counts it before it places anything."""
    counted = {line["kind"]: {key: int(line[key]) for key in ("used", "available")} for line in _UTILIZATION.finditer(log)}
    return [use for use in _utilization(board, counted) if not use.fits]


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
