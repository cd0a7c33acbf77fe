"""A slowest path in the design's words: which parts of the device its ends are in, instead of the tools' cells."""

import re

from convolver.plan.array import DotProduct
from convolver.plan.plan import Plan

from .timing import SlowPath

__all__ = ["in_words", "place_of"]

_NUMBERED = re.compile(r"\$\d+")
_TOOLS = re.compile(
    r"(\$[A-Z]|_(TRELLIS_(FF|COMB)|SB_[A-Z0-9]+|LUT4|CCU2C|PFUMX|L6MUX21|DP16KD|MULT18X18D)(_|$)|_LC$|_DI[AB]\d+(_|$)).*$"
)
"""What Amaranth puts behind a name that there is twice, and where Yosys and nextpnr begin to write their own."""

_PLACES: tuple[tuple[str, str], ...] = (
    (r"accelerator\.bank\.description", "registers' description"),
    (r"accelerator\.bank", "registers"),
    (r"array\.bank\.loader", "loading of coefficients"),
    (r"array\.bank\.lane_(?P<lane>\d+)", "coefficients of {lane}"),
    (r"array\.bank", "coefficients"),
    (r"array\.buffer", "output buffer"),
    (r"array\.requantiser(_\d+)?", "rounding and saturation"),
    (r"array\.array(_(?P<array>\d+))?\.lane_(?P<lane>\d+)", "multiplier of {lane}"),
    (r"array\.array(_\d+)?", "adder tree"),
    (r"array\.beside", "marks beside the array"),
    (r"core\.array", "output of the core"),
    (r"core\.feeder\.memory\.lane_(?P<lane>\d+)", "sample memory of {lane}"),
    (r"core\.feeder\.memory", "sample memories"),
    (r"core\.feeder\.line_\d+", "delay line"),
    (r"core\.lines", "line buffer"),
    (r"core\.(entry|check)", "entry of frames"),
    (r"core\.raster", "raster"),
    (r"core\.borders?", "borders"),
    (r"core\.window", "window"),
    (r"core\.column", "column filter"),
    (r"core\.feeder\.operands", "operands of a slot"),
    (r"core\.sums_\d+", "sums in front of the multipliers"),
    (r"core\.timer", "slot timer"),
    (r"accelerator\.core", "input of the core"),
    (r"far\.unpacker", "bytes to samples"),
    (r"far\.packer", "results to bytes"),
    (r"far", "frame counter"),
    (r"crossing", "crossing between link and core"),
    (r"link\.(?P<part>[a-z]+)", "link, {part}"),
    (r"link", "link"),
    (r"front\.(uart\.)?receiver", "UART, receiver"),
    (r"front\.(uart\.)?transmitter", "UART, transmitter"),
    (r"front\.uart", "UART"),
    (r"front", "pins of the link"),
    (r"clocks", "clocks and resets"),
)
"""Modules of the device, the innermost first, by the end of their path, and what they are called."""


def in_words(path: SlowPath | None, domain: str, plan: Plan) -> str:
    """A path on one line: its clock, its ends in words with their signals, and how its time divides into logic and routing."""
    if path is None:
        return f"clock {domain}, no path from register to register"
    ends = (f"{words} ({signal})" for words, signal in (place_of(cell, plan) for cell in (path.start, path.end)))
    return f"clock {domain}, {' -> '.join(ends)}: {path.spent}"


def place_of(cell: str, plan: Plan) -> tuple[str, str]:
    """The part of the device that a cell belongs to, and the register or memory in it, by its name in the gateware. Where no
    part is known, its module's own name."""
    name = _TOOLS.sub("", _NUMBERED.sub("", cell)).strip(".")
    for pattern, words in _PLACES:
        found = re.search(rf"(?:^|\.){pattern}\.(?P<signal>.+)$", name)
        if found is None:
            continue
        groups = found.groupdict()
        if (lane := groups.get("lane")) is not None:
            groups["lane"] = _lane(plan, int(groups.get("array") or 0), int(lane))
        return words.format(**groups), groups["signal"]
    module, _, signal = name.rpartition(".")
    return module or "top", signal


def _lane(plan: Plan, array: int, lane: int) -> str:
    """A lane, and what it multiplies: the taps of a filter, or the places of a kernel."""
    found = plan.array(array)
    return f"lane {lane}" if found is None or lane >= found.lanes else f"lane {lane}, {_multiplied(found, lane)}"


def _multiplied(array: DotProduct, lane: int) -> str:
    positions = sorted({position for product in array.lane(lane) for position, _ in product.terms})
    return f"{array.positioned}{'s' * (len(positions) > 1)} {' '.join(map(str, positions))}"
