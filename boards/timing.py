"""What nextpnr's report says about speed, held against what the device itself allows.

nextpnr times nothing inside a hard multiplier that has its registers on, takes 100 ps for any SB_MAC16, and limits neither
clock trees nor the pulses at a block RAM's clock. So its figure alone can be more than the device can do: each clock is given
as nextpnr's figure, the lowest limit of the blocks that the netlist really uses, and the lesser of the two.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from convolver.errors import ToolError

__all__ = [
    "Cell",
    "Clock",
    "Limit",
    "SlowPath",
    "by_domain",
    "cells",
    "clocks",
    "critical_path",
    "domain_clocks",
    "limits",
    "slowest_path",
]

TRELLIS = "Project Trellis timing database"
ICE40UP = "Lattice FPGA-DS-02008"
MEMORY = "unverified: quoted from memory of Lattice FPGA-DS-02012"


@dataclass(frozen=True)
class Cell:
    """A primitive of the netlist: its type, its parameters, as text, and the nets at its clock pins, by all their names."""

    type: str
    parameters: Mapping[str, str]
    clocks: frozenset[str] = frozenset()

    def number(self, parameter: str) -> int:
        """A parameter that is written as a binary number; 0 where it is not given."""
        return int(self.parameters.get(parameter, "0"), 2)


@dataclass(frozen=True)
class Limit:
    """The most that a block of the device allows, in Hz, and who says so."""

    hertz: float
    what: str
    source: str


@dataclass(frozen=True)
class Clock:
    """One clock of a build.

    Parameters
    ----------
    name : str
        Its net.
    needed : float
        What the board drives it with, in Hz; or what a benchmark aimed at.
    reported : float
        nextpnr's figure, in Hz.
    limit : Limit or None
        The lowest limit of the blocks in use.
    """

    name: str
    needed: float
    reported: float
    limit: Limit | None

    @property
    def hertz(self) -> float:
        """What can be relied on: nextpnr's figure, or the device's limit if that is less."""
        return self.reported if self.limit is None else min(self.reported, self.limit.hertz)

    @property
    def met(self) -> bool:
        """Whether the clock can run as it has to."""
        return self.hertz >= self.needed

    def __str__(self) -> str:
        limit = "no limit known" if self.limit is None else f"{self.limit.what} {_mhz(self.limit.hertz)} ({self.limit.source})"
        return f"{_mhz(self.hertz)} (needed {_mhz(self.needed)}; nextpnr {_mhz(self.reported)}, {limit})"


def _mhz(hertz: float) -> str:
    return f"{hertz / 1e6:.1f} MHz"


def cells(netlist: Mapping[str, Any]) -> list[Cell]:
    """The primitives of a flat Yosys JSON netlist's top module."""
    tops = [module for module in netlist["modules"].values() if int(module["attributes"].get("top", "0"), 2)]
    if len(tops) != 1:
        raise ToolError(f"A netlist must have one top module, not {len(tops)}")
    names: dict[int | str, set[str]] = {}
    for name, net in tops[0].get("netnames", {}).items():
        if len(net["bits"]) == 1:
            names.setdefault(net["bits"][0], set()).add(name)
    found = []
    for cell in tops[0]["cells"].values():
        bits = [bit for pin, ends in cell.get("connections", {}).items() if _CLOCK_PIN.fullmatch(pin) for bit in ends]
        clocked = frozenset(name for bit in bits for name in names.get(bit, ()))
        found.append(Cell(cell["type"], {name: str(value) for name, value in cell["parameters"].items()}, clocked))
    return found


_CLOCK_PIN = re.compile(r"[RW]?CLK[0-3ABN]?|C|CLOCK")


# ECP5 speed grades 6, 7, 8; in MHz. The first two are 1 / (longest internal register-to-register delay).
_MULT18_INPUT_OUTPUT = {"6": 259e6, "7": 289e6, "8": 328e6}
_MULT18_PIPELINE = {"6": 381e6, "7": 434e6, "8": 504e6}
_ECP5_CLOCK_TREE = {"6": 257e6, "7": 303e6, "8": 370e6}
# Shortest clock pulse, high or low, by the slower port's write mode; a period is at least two of them. Only grade 6 was read.
_DP16KD_PULSE = {"NORMAL": 2.359e-9, "WRITETHROUGH": 2.341e-9, "READBEFOREWRITE": 3.235e-9}


def _ecp5(cell: Cell, speed: str) -> list[Limit]:
    found = []
    if cell.type == "MULT18X18D":
        registers = ("INPUTA", "INPUTB", "PIPELINE", "OUTPUT")
        on = {name for name in registers if cell.parameters.get(f"REG_{name}_CLK", "NONE") != "NONE"}
        if "PIPELINE" in on:
            found.append(Limit(_MULT18_PIPELINE[speed], "MULT18X18D with pipeline register", TRELLIS))
        elif "OUTPUT" in on and on & {"INPUTA", "INPUTB"}:
            found.append(Limit(_MULT18_INPUT_OUTPUT[speed], "MULT18X18D without pipeline register", TRELLIS))
    if cell.type == "ALU54B":
        found.append(Limit(0, "ALU54B is not timed by nextpnr", "no figure is known"))
    if cell.type in ("DP16KD", "PDPW16KD") and speed == "6":
        modes = [cell.parameters.get(f"WRITEMODE_{port}", "NORMAL") for port in "AB"]
        pulse = max(_DP16KD_PULSE.get(mode, max(_DP16KD_PULSE.values())) for mode in modes)
        found.append(Limit(1 / (2 * pulse), "block RAM's shortest clock pulses", TRELLIS))
    return found


def _ice40(cell: Cell, _speed: str) -> list[Limit]:
    if cell.type == "SB_RAM40_4K" or cell.type.startswith("SB_RAM40_4KN"):
        return [Limit(150e6, "block RAM", ICE40UP)]
    if cell.type == "SB_SPRAM256KA":
        return [Limit(70e6, "single-port RAM", ICE40UP)]
    if cell.type != "SB_MAC16":
        return []
    registers = ["A_REG", "B_REG", "TOP_8x8_MULT_REG", "BOT_8x8_MULT_REG"]
    # Whoever uses the full 16 x 16 product, directly (3) or through the adders (2), needs the register in its middle too.
    selects = {"TOPOUTPUT_SELECT": 3, "BOTOUTPUT_SELECT": 3, "TOPADDSUB_LOWERINPUT": 2, "BOTADDSUB_LOWERINPUT": 2}
    if any(cell.number(name) == value for name, value in selects.items()):
        registers.append("PIPELINE_16x16_MULT_REG1")
    if all(cell.number(name) for name in registers):
        return [Limit(130e6, "SB_MAC16 with all registers", "unverified: from icestorm's slow corner, before routing")]
    return [Limit(50e6, "SB_MAC16 without all registers", ICE40UP)]


_CELL_LIMITS: dict[str, Callable[[Cell, str], list[Limit]]] = {"ecp5": _ecp5, "ice40": _ice40}


def limits(family: str, speed: str, netlist: list[Cell]) -> list[Limit]:
    """What the device allows for the blocks that this netlist uses, the lowest first; each limit once.

    Parameters
    ----------
    family : {"ecp5", "ice40"}
    speed : str
        Grade; ignored where there is one only.
    netlist : list of Cell
    """
    tree = Limit(_ECP5_CLOCK_TREE[speed], "clock tree", MEMORY) if family == "ecp5" else Limit(185e6, "global buffer", ICE40UP)
    found = {tree}
    for cell in netlist:
        found.update(_CELL_LIMITS[family](cell, speed))
    return sorted(found, key=lambda limit: limit.hertz)


def clocks(report: Mapping[str, Any], needed: float, known: list[Limit]) -> tuple[Clock, ...]:
    """The clocks of a nextpnr ``--report`` file.

    Parameters
    ----------
    report : mapping
        The parsed JSON.
    needed : float
        What the board's oscillator gives, in Hz. A constraint in the report counts if it is more.
    known : list of Limit
        As `limits` gives them.

    Raises
    ------
    ToolError
        If the report names no clock: then nothing was timed.
    """
    found = report.get("fmax") or {}
    if not found:
        raise ToolError("nextpnr's report must name a clock, and names none: nothing was timed")
    return tuple(
        Clock(name, max(needed, timed["constraint"] * 1e6), timed["achieved"] * 1e6, known[0] if known else None)
        for name, timed in sorted(found.items())
    )


def domain_clocks(
    report: Mapping[str, Any], domains: Mapping[str, float], family: str, speed: str, netlist: list[Cell]
) -> tuple[Clock, ...]:
    """The clocks of a ``--report`` file, each with what its domain needs, and the limits of the blocks in that domain.

    Parameters
    ----------
    report : mapping
        The parsed JSON.
    domains : mapping
        Name and frequency, in Hz, of each clock domain.
    family, speed, netlist
        As for `limits`.

    Raises
    ------
    ToolError
        If the report names a clock that belongs to no domain: then nobody knows what it needs.
    """
    found = []
    for clock in clocks(report, 0, []):
        net = clock.name.removeprefix("$glbnet$")
        name = _domain(net)
        if name not in domains:
            raise ToolError(f"A clock in nextpnr's report must be one of {', '.join(domains)}, not {clock.name}")
        own = [cell for cell in netlist if not cell.clocks or net in cell.clocks]
        known = limits(family, speed, own)
        found.append(Clock(name, max(domains[name], clock.needed), clock.reported, known[0]))
    return tuple(found)


def by_domain(report: Mapping[str, Any], domains: Collection[str], netlist: list[Cell]) -> dict[str, Any]:
    """A ``--report`` file with each clock under one of its names that tells its domain: nextpnr takes any of a net's names."""
    found: dict[str, str] = {}
    for name in report.get("fmax") or {}:
        net = name.removeprefix("$glbnet$")
        if _domain(net) not in domains:
            # All cells that the net clocks have all of its names.
            sets = [cell.clocks for cell in netlist if net in cell.clocks] or [frozenset()]
            telling = [other for other in sorted(frozenset.intersection(*sets)) if _domain(other) in domains]
            if telling:
                found[name] = telling[0]

    def renamed(edge: str) -> str:
        kind, _, name = edge.rpartition(" ")
        return f"{kind} {found[name]}" if name in found else edge

    paths = [path | {end: renamed(path[end]) for end in ("from", "to")} for path in report.get("critical_paths", [])]
    clocks = {found.get(name, name): timed for name, timed in (report.get("fmax") or {}).items()}
    return {**report, "fmax": clocks, "critical_paths": paths}


def _domain(net: str) -> str:
    """The domain of a clock: Amaranth calls that of `sync` clk, others after theirs; one within a module has its name too."""
    return "sync" if net == "clk" else net.rpartition(".")[2].removesuffix("_clk")


@dataclass(frozen=True)
class SlowPath:
    """A path from register to register.

    Parameters
    ----------
    start, end : str
        Cells.
    port : str
        Where it enters the second.
    spent : str
        How its time divides into logic and routing.
    """

    start: str
    end: str
    port: str
    spent: str

    def __str__(self) -> str:
        return f"{self.start} -> {self.end}.{self.port}: {self.spent}"


def slowest_path(report: Mapping[str, Any], domain: str | None = None) -> SlowPath | None:
    """The slowest path from register to register, of all or within one domain, if there is one."""
    best: tuple[float, SlowPath | None] = (0.0, None)
    for path in report.get("critical_paths", []):
        if "async" in path["from"] or "async" in path["to"]:
            continue
        edges = {_domain(path[end].split()[-1].removeprefix("$glbnet$")) for end in ("from", "to")}
        if domain is not None and edges != {domain}:
            continue
        steps = path["path"]
        nets = [step["delay"] for step in steps if step["type"] == "routing"]
        total, routing = sum(step["delay"] for step in steps), sum(nets)
        levels = sum(step["type"] == "logic" for step in steps)
        cells = f"{levels} cell{'s' * (levels != 1)}"
        spent = (
            f"{total:.2f} ns, {total - routing:.2f} in {cells}, {routing:.2f} in nets, the longest {max(nets, default=0.0):.2f}"
        )
        if total > best[0]:
            end = steps[-1]["to"]
            best = total, SlowPath(steps[0]["from"]["cell"], end["cell"], end["port"], spent)
    return best[1]


def critical_path(report: Mapping[str, Any], domain: str | None = None) -> str:
    """The same path on one line, by the tools' names of its ends."""
    return str(slowest_path(report, domain) or "no path from register to register")
