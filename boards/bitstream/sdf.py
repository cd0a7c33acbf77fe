"""What a circuit's levels take, by nextpnr: its SDF file, and the netlist that it has routed, which says where each cell is."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from convolver.errors import ToolError

__all__ = ["Delays", "Pin", "fastest", "read_delays"]

Pin = tuple[str, str]
"""A cell's place, and the name of one of its pins."""

_Times = TypeVar("_Times", int, tuple[int, int])

_TRIPLE = r"\((?:[\d.]+):(?:[\d.]+):([\d.]+)\)"
_WIRE = re.compile(rf"\(INTERCONNECT (\S+)/(\S+) (\S+)/(\S+) {_TRIPLE} {_TRIPLE}\)")
_INSTANCE = re.compile(r"\(INSTANCE (\S*)\)")
_PATH = re.compile(rf"\(IOPATH (\S+) (\S+) {_TRIPLE} {_TRIPLE}\)")
_CHECK = re.compile(rf"\(SETUPHOLD \(\w+ (\S+)\) \(\w+ (\S+)\) {_TRIPLE} {_TRIPLE}\)")
_UNKNOWN = re.compile(r"\((?:INTERCONNECT|IOPATH|SETUPHOLD|TIMESCALE|COND|PORT|DEVICE)\b")


@dataclass(frozen=True)
class Delays:
    """Delays in picoseconds, of the file's slowest column.

    Parameters
    ----------
    wires : dict
        Of each pin that takes a level the one that it comes from, and how long it is on its way.
    paths : dict
        Of a place, a pin and an output of it: how long a level takes through the cell, or behind the clock's edge at that pin.
    checks : dict
        Of each pin of a cell with a clock: how long before the edge and behind it a level must stand.
    names : dict
        Of each place the cell that is there, as the netlist calls it.
    """

    wires: dict[Pin, tuple[Pin, int]]
    paths: dict[tuple[str, str, str], int]
    checks: dict[Pin, tuple[int, int]]
    names: dict[str, str]

    def path(self, place: str, start: str, end: str) -> int:
        """Through a cell.

        Raises
        ------
        ToolError
            If the file doesn't say.
        """
        return _found(self.paths, (place, start, end), f"a path from {start} to {end} of {self.names.get(place, place)}")

    def check(self, pin: Pin) -> tuple[int, int]:
        """Set-up and hold time of a pin.

        Raises
        ------
        ToolError
            If the file doesn't say.
        """
        return _found(self.checks, pin, f"times of {pin[1]} of {self.names.get(pin[0], pin[0])}")

    def arrival(self, pin: Pin) -> tuple[Pin, int] | None:
        """Where a pin's level comes from, through global buffers, and how long it takes; None if nothing is connected."""
        found = self.wires.get(pin)
        if found is None or found[0][1] != "GLOBAL_BUFFER_OUTPUT":
            return found
        (buffer, _), taken = found
        before = self.arrival((buffer, "USER_SIGNAL_TO_GLOBAL_BUFFER"))
        if before is None:
            return found  # a clock of the PLL's
        within = self.paths.get((buffer, "USER_SIGNAL_TO_GLOBAL_BUFFER", "GLOBAL_BUFFER_OUTPUT"), 0)
        return before[0], before[1] + within + taken


def _found(table: Mapping[Any, _Times], key: Any, what: str) -> _Times:
    if key not in table:
        raise ToolError(f"The delays must be those of the bitstream, and lack {what}")
    return table[key]


def _plain(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name)


def _longest(*times: str) -> int:
    return round(max(float(time) for time in times))


def read_delays(sdf: Path, routed: Path) -> Delays:
    """Reads nextpnr's SDF file and its routed netlist.

    Raises
    ------
    ToolError
        If one isn't there, or isn't what it should be.
    """
    try:
        modules = json.loads(routed.read_text(encoding="utf-8"))["modules"]
        (top,) = (module for module in modules.values() if module.get("attributes", {}).get("top"))
        places = {name: str(cell["attributes"]["NEXTPNR_BEL"]).strip() for name, cell in top["cells"].items()}
        lines = sdf.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise ToolError(
            f"Delays must be files of nextpnr's --sdf and --write, and {sdf} and {routed} aren't: {error}"
        ) from None
    delays = Delays({}, {}, {}, {place: name for name, place in places.items()})
    cell = ""
    for number, line in enumerate(lines, 1):
        if (found := _INSTANCE.search(line)) is not None:
            cell = _plain(found[1])
        elif not _read(line, places, places.get(cell, ""), delays):
            raise ToolError(
                f"{sdf} must be an SDF file of nextpnr's, in picoseconds, and isn't at line {number}: {line.strip()}"
            )
    if not delays.wires or not delays.checks:
        raise ToolError(f"{sdf} must be an SDF file of nextpnr's, and has no delays of {routed}'s cells")
    return delays


def _read(line: str, places: dict[str, str], place: str, delays: Delays) -> bool:
    """Reads a line; False if it has delays, but not of a form that is known."""
    if (found := _WIRE.search(line)) is not None:
        start, end = (places.get(_plain(found[part])) for part in (1, 3))
        if start and end:
            delays.wires[end, _plain(found[4])] = (start, _plain(found[2])), _longest(found[5], found[6])
    elif (found := _PATH.search(line)) is not None:
        delays.paths[place, _plain(found[1]), _plain(found[2])] = _longest(found[3], found[4])
    elif (found := _CHECK.search(line)) is not None:
        delays.checks[place, _plain(found[1])] = _longest(found[3]), _longest(found[4])
    else:
        return _UNKNOWN.search(line) is None or "(TIMESCALE 1ps)" in line
    return True


def fastest(report: Path) -> float:
    """How many times as fast as they must be all clocks of nextpnr's report can be.

    Raises
    ------
    ToolError
        If the file is none.
    """
    try:
        clocks = json.loads(report.read_text(encoding="utf-8"))["fmax"].values()
        return min(float(clock["achieved"] / clock["constraint"]) for clock in clocks)
    except (OSError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise ToolError(f"Clocks must be in a file of nextpnr's --report, and {report} isn't one: {error}") from None
