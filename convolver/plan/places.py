"""What many multipliers reach on an ECP5 with places and without: figures of benchmarks/fmax.py, from docs/performance.md."""

from dataclasses import dataclass

from .array import wants_places
from .fpgas import FPGAS
from .pace import FULL_SPEED
from .plan import Plan

__all__ = ["MEASURED", "Reached", "only_die", "reached_by"]


@dataclass(frozen=True)
class Reached:
    """The clock that a FIR filter of so many taps reached as a generated file: on an LFE5U-85F of grade 6, by nextpnr's figure,
    the median of three seeds, in MHz; None where each file has places."""

    multipliers: int
    without: int | None
    placed: int


MEASURED = (Reached(64, 237, 255), Reached(128, None, 230))


def only_die(plan: Plan) -> str | None:
    """The device whose die alone, of its plan's family, has room for the plan's multipliers; None where several have, or none.

    A file for that family then has the multipliers' places on that die, whether or not a device is named.
    """
    room = _room(plan)
    return room[0] if len(room) == 1 else None


def reached_by(plan: Plan) -> list[str]:
    """What to expect of a plan's multipliers on an ECP5, where no device is named; nothing where places don't matter."""
    if plan.target.family == "ecp5" and not _room(plan):
        most = max(fpga.multipliers for fpga in FPGAS if fpga.family == "ecp5")
        return [f"No ECP5 has so many: the largest has {most}."]
    counts = [array.placed_lanes for array in plan.filters if wants_places(array)]
    if plan.target.family != "ecp5" or plan.target.pace != FULL_SPEED or not counts:
        return []
    device = only_die(plan)
    like = next(one for one in MEASURED if (one.without is None) == (device is not None))
    named = f"On one of grade 6 a filter of {like.multipliers} multipliers reached"
    if device is not None:
        return [
            f"Of ECP5 only {device.partition('-')[2]} devices have so many: the file has the multipliers' places on those.",
            f"{named} {like.placed} MHz with them (nextpnr).",
        ]
    return [
        "The file doesn't have the multipliers' places on an LFE5U-85F; with --device LFE5U-85F it does.",
        f"{named} {like.without} MHz without places, and with places {like.placed} (nextpnr).",
    ]


def _room(plan: Plan) -> list[str]:
    """The devices of a plan's family that have so many multipliers, one of each die's."""
    dies: dict[int, str] = {}
    for fpga in FPGAS:
        if fpga.family == plan.target.family and fpga.multipliers >= plan.hard_multipliers:
            dies.setdefault(fpga.multipliers, fpga.name)
    return list(dies.values())
