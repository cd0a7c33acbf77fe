"""A circuit with the delays that nextpnr found for it, as the numbers that sim/runtime/timed.h runs; the two must agree.

Each pin becomes a net of its own, at the end of a wire with a delay: from the source's clock to its output, over the net, and
through the look-up table, or up to the time by which a register wants it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from convolver.errors import ToolError

from .circuit import HIGH, LOW, Clock, Lut, Netlist, Ram
from .sdf import Delays, Pin
from .table import table_of, ticks_of

__all__ = ["Timed", "expanded"]

_AHEAD = 60_000
"""Picoseconds that a level may be on its way, and a tick may last: timed.h keeps a few more."""

_READS, _WRITES, _MULTIPLIES, _SINGLE = range(4)
_TABLE_PINS: tuple[tuple[str, ...], ...] = (("I0", "I1", "I2", "I3"),) * 4
_CARRY_PINS: tuple[tuple[str, ...], ...] = (("I1", "I2"), ("I1", "I2"), ("CIN",), ())
"""Which of a cell's pins may be a table's first input, its second ..., and which a carry's: nextpnr changes their order."""

_INPUT = -1
"""What stands for a clock where a level comes from a pad, or from the PLL's lock."""


@dataclass
class Timed:
    """A circuit whose levels take time.

    Attributes
    ----------
    netlist : Netlist
        Each pin a net of its own; each clock as often as its edges come at another time.
    skews : list of int
        How far each clock's edges come behind the tick's beginning.
    wires : list of tuple
        A net, a pin's net, and the picoseconds between them.
    windows : dict
        Of a pin's net how long behind its clock's edge a change comes too late.
    guards : dict
        Of a block's pin's net which block it is.
    places : list of str
        Of each register and block that may be too late, its cell.
    crossing : frozenset of int
        Those of `places` that take levels from another clock, or from a pad: these may be late.
    deciding : frozenset of int
        The registers that decide when the reset ends.
    """

    netlist: Netlist
    skews: list[int] = field(default_factory=list)
    wires: list[tuple[int, int, int]] = field(default_factory=list)
    windows: dict[int, int] = field(default_factory=dict)
    guards: dict[int, int] = field(default_factory=dict)
    places: list[str] = field(default_factory=list)
    crossing: frozenset[int] = frozenset()
    deciding: frozenset[int] = frozenset()

    @property
    def ticks(self) -> float:
        """Ticks in a clock of the oscillator."""
        return float(ticks_of(self.netlist))

    def table(self, rx: str, tx: str, tick: int, seed: int = 0, *, undefined: bool = False) -> NDArray[np.uint32]:
        """The numbers.

        Parameters
        ----------
        rx, tx : str
            The pins of the package that the UART has.
        tick : int
            Picoseconds of a tick.
        seed : int
            Of what isn't defined at power-up, of what a register takes that is too late, and of the moment in a clock at which
            the input changes.
        undefined : bool
            Whether registers start with anything, too, but for those that decide when the reset ends, and so do the contents of
            block RAMs that the bitstream fills with 0.

        Raises
        ------
        ToolError
            If the circuit has no such UART, or what timed.h doesn't know.
        """
        slowest = max((taken for _, _, taken in self.wires), default=0)
        if max(tick, slowest) > _AHEAD or max(self.skews, default=0) >= tick:
            raise ToolError(f"A tick must last up to {_AHEAD} ps, more than a clock's way, and no wire longer; not {tick} ps")
        netlist = self.netlist
        if undefined:
            choose = np.random.default_rng(seed)
            netlist = replace(
                netlist,
                registers=[
                    register if number in self.deciding else replace(register, start=choose.random() < 0.5)
                    for number, register in enumerate(netlist.registers)
                ],
                rams=[
                    ram if any(ram.words) else replace(ram, words=tuple(choose.integers(1 << 16, size=len(ram.words)).tolist()))
                    for ram in netlist.rams
                ],
            )
        base = table_of(netlist, rx, tx, seed)
        by_source: list[list[tuple[int, int]]] = [[] for _ in range(netlist.nets)]
        for source, pin, taken in self.wires:
            by_source[source].append((pin, taken))
        starts = np.concatenate([[0], np.cumsum([len(wires) for wires in by_source])])
        windows, guards = np.zeros(netlist.nets, np.uint32), np.zeros(netlist.nets, np.uint32)
        windows[[*self.windows]] = [*self.windows.values()]
        guards[[*self.guards]] = [*self.guards.values()]
        flat = [number for wires in by_source for wire in wires for number in wire]
        words = (base, [seed, tick], self.skews, starts, flat, windows, guards)
        return np.concatenate([np.asarray(word, np.uint32) for word in words])


def expanded(netlist: Netlist, delays: Delays) -> Timed:
    """A circuit of a bitstream with its delays.

    Raises
    ------
    ToolError
        If the delays are of another one: a pin without a delay, or one whose level comes from elsewhere.
    """
    foreign = [*netlist.lut_rams, *netlist.dual_port_rams, *netlist.multipliers]
    if foreign:
        raise ToolError("Delays are known of an iCE40's circuit alone")
    return _Expander(netlist, delays).timed()


class _Expander:
    """Gives each pin its delay."""

    def __init__(self, netlist: Netlist, delays: Delays) -> None:
        self._given, self._delays = netlist, delays
        self._netlist = replace(netlist, clocks=[], luts=[], registers=[], rams=[], macs=[], single_port_rams=[])
        self._timed = Timed(self._netlist)
        self._groups: dict[tuple[int, int], int] = {}
        # Of the place of each register: what its output takes behind its clock's edge.
        self._launches = {
            register.out: delays.path(self._place(register.out), "CLK", "O") for register in netlist.registers
        } | dict(self._block_launches())

    def _block_launches(self) -> Iterator[tuple[int, int]]:
        given = self._given
        for clock, outs in (
            *(("RCLK", ram.read_data) for ram in given.rams),
            *(("CLK", mac.pins["O"]) for mac in given.macs),
            *(("CLOCK", ram.pins["DATAOUT"]) for ram in given.single_port_rams),
        ):
            for net in outs:
                place, pin = given.origins[net]
                if (place, clock, pin) in self._delays.paths:  # nextpnr gives those alone that lead somewhere
                    yield net, self._delays.paths[place, clock, pin]

    def timed(self) -> Timed:
        """The whole."""
        given, made, timed = self._given, self._netlist, self._timed
        clocked = {self._place(register.out) for register in given.registers}
        for lut in given.luts:
            made.luts.append(self._lut(lut, clocked))
        for register in given.registers:
            place = self._place(register.out)
            made.registers.append(
                replace(
                    register,
                    enable=self._checked(register.enable, (place, "CEN")),
                    reset=self._checked(register.reset, (place, "SR")),
                    clock=self._clock(register.clock, (place, "CLK")),
                )
            )
        timed.places = [self._named(self._place(register.out)) for register in given.registers]
        self._rams()
        self._macs()
        self._single_ports()
        timed.crossing = frozenset(self._crossing())
        timed.deciding = frozenset(self._deciding())
        return timed

    def _place(self, net: int) -> str:
        return self._given.origins[net][0]

    def _named(self, place: str) -> str:
        return self._delays.names.get(place, place)

    # Pins

    def _pin(self, net: int, taken: int, window: int = 0, guard: int = 0) -> int:
        """A net for a pin, so many picoseconds behind a net."""
        pin = self._netlist.fresh()
        self._timed.wires.append((net, pin, taken + self._launches.get(net, 0)))
        if window:
            self._timed.windows[pin] = window
        if guard:
            self._timed.guards[pin] = guard
        return pin

    def _arrival(self, net: int, pin: Pin) -> int:
        """What a net takes to a pin."""
        found = self._delays.arrival(pin)
        if found is None or found[0] != self._given.origins.get(net):
            raise ToolError(
                f"The delays must be those of the bitstream, and {pin[1]} of {self._named(pin[0])} has another source there"
            )
        return found[1]

    def _checked(self, net: int, pin: Pin, guard: int = 0) -> int:
        """A pin that must have its level before a clock's edge."""
        if net in (LOW, HIGH):
            return net
        setup, hold = self._delays.check(pin)
        return self._pin(net, self._arrival(net, pin) + setup, setup + hold, guard)

    def _lut(self, lut: Lut, clocked: set[str]) -> Lut:
        place, out = self._given.origins.get(lut.out, ("", ""))
        if out == "LOCK" or not place:
            return lut  # of constants, or of a pad
        pins_of = _CARRY_PINS if out == "COUT" else _TABLE_PINS
        clocks = out != "COUT" and place in clocked
        a, b, c, d = (self._input(lut, number, (place, out), pins, clocks) for number, pins in enumerate(pins_of))
        return replace(lut, inputs=(a, b, c, d))

    def _input(self, lut: Lut, number: int, out: Pin, pins: tuple[str, ...], clocked: bool) -> int:
        """A table's input. Which of some pins of the cell it is, is told by its source."""
        net, place = lut.inputs[number], out[0]
        if net in (LOW, HIGH):
            return net
        arrivals = []
        for pin in pins:
            found = self._delays.arrival((place, pin))
            if found is not None and found[0] == self._given.origins.get(net):
                if clocked:
                    setup, hold = self._delays.check((place, pin))
                    arrivals.append((found[1] + setup, setup + hold))
                elif (place, pin, out[1]) in self._delays.paths:
                    arrivals.append((found[1] + self._delays.path(place, pin, out[1]), 0))
        if arrivals:
            return self._pin(net, *max(arrivals))
        if _depends(lut.table, number):
            raise ToolError(f"The delays must be those of the bitstream, and {self._named(place)} has another input there")
        return LOW

    def _clock(self, clock: int | None, pin: Pin) -> int | None:
        """A clock whose edges come as late as they do at this pin."""
        if clock is None:
            return None
        found = self._delays.wires.get(pin)
        if found is None:
            raise ToolError(f"The delays must be those of the bitstream, and lack the clock of {self._named(pin[0])}")
        key = clock, found[1]
        if key not in self._groups:
            self._groups[key] = len(self._groups)
            given = self._given.clocks[clock]
            self._netlist.clocks.append(Clock(given.name, given.ratio))
            self._timed.skews.append(found[1])
        return self._groups[key]

    # Blocks

    def _rams(self) -> None:
        for number, ram in enumerate(self._given.rams):
            place = self._place(ram.read_data[0])
            reads, writes = (1 + (number << 2 | owner) for owner in (_READS, _WRITES))
            self._netlist.rams.append(
                replace(
                    ram,
                    read_address=self._bus(ram.read_address, place, "RADDR", reads),
                    read_enable=self._pair(ram.read_enable, place, ("RE", "RCLKE"), reads),
                    write_address=self._bus(ram.write_address, place, "WADDR", writes),
                    write_data=self._bus(ram.write_data, place, "WDATA", writes),
                    mask=self._bus(ram.mask, place, "MASK", writes),
                    write_enable=self._pair(ram.write_enable, place, ("WE", "WCLKE"), writes),
                    clocks=(
                        self._clock(ram.clocks[0], (place, "RCLK")),
                        self._clock(ram.clocks[1], (place, "WCLK")),
                    ),
                )
            )
            self._timed.places += [f"{self._named(place)}, reading", f"{self._named(place)}, writing"]

    def _macs(self) -> None:
        for number, mac in enumerate(self._given.macs):
            place = self._place(mac.pins["O"][0])
            pins = self._block(mac.pins, "O", place, 1 + (number << 2 | _MULTIPLIES))
            self._netlist.macs.append(replace(mac, pins=pins, clock=self._clock(mac.clock, (place, "CLK"))))
            self._timed.places.append(self._named(place))

    def _single_ports(self) -> None:
        for number, ram in enumerate(self._given.single_port_rams):
            place = self._place(ram.pins["DATAOUT"][0])
            pins = self._block(ram.pins, "DATAOUT", place, 1 + (number << 2 | _SINGLE))
            self._netlist.single_port_rams.append(replace(ram, pins=pins, clock=self._clock(ram.clock, (place, "CLOCK"))))
            self._timed.places.append(self._named(place))

    def _block(self, pins: Mapping[str, tuple[int, ...]], out: str, place: str, guard: int) -> dict[str, tuple[int, ...]]:
        def at_pins(name: str, nets: tuple[int, ...]) -> tuple[int, ...]:
            return self._bus(nets, place, name, guard) if len(nets) > 1 else self._pins(nets, place, (name,), guard)

        return {name: nets if name == out else at_pins(name, nets) for name, nets in pins.items()}

    def _bus(self, nets: tuple[int, ...], place: str, name: str, guard: int) -> tuple[int, ...]:
        return self._pins(nets, place, tuple(f"{name}_{bit}" for bit in range(len(nets))), guard)

    def _pins(self, nets: tuple[int, ...], place: str, names: tuple[str, ...], guard: int) -> tuple[int, ...]:
        return tuple(self._checked(net, (place, name), guard) for net, name in zip(nets, names, strict=True))

    def _pair(self, nets: tuple[int, int], place: str, names: tuple[str, str], guard: int) -> tuple[int, int]:
        first, second = self._pins(nets, place, names, guard)
        return first, second

    # What comes from where

    def _sources(self) -> Callable[[tuple[int, ...]], frozenset[int]]:
        """Says of nets which clocks' registers their levels come from, through tables; `_INPUT` for what has no clock."""
        given = self._given
        clocked: dict[int, frozenset[int]] = {LOW: frozenset(), HIGH: frozenset()}
        clocked |= dict.fromkeys(given.inputs.values(), frozenset([_INPUT]))
        if given.locked is not None:
            clocked[given.locked] = frozenset([_INPUT])
        for clock, outs in (
            *((register.clock, (register.out,)) for register in given.registers),
            *((ram.clocks[0], ram.read_data) for ram in given.rams),
            *((mac.clock, mac.pins["O"]) for mac in given.macs),
            *((ram.clock, ram.pins["DATAOUT"]) for ram in given.single_port_rams),
        ):
            clocked |= dict.fromkeys(outs, frozenset(() if clock is None else (clock,)))
        made_by = {lut.out: lut for lut in given.luts if lut.out not in clocked}

        def sources(nets: tuple[int, ...]) -> frozenset[int]:
            stack = [*nets]
            while stack:
                net = stack[-1]
                if net in clocked:
                    stack.pop()
                    continue
                waiting = [one for one in made_by[net].inputs if one not in clocked and one not in stack]
                stack += waiting
                if not waiting:
                    clocked[net] = frozenset().union(*(clocked.get(one, frozenset()) for one in made_by[net].inputs))
                    stack.pop()
            return frozenset().union(*(clocked[net] for net in nets))

        return sources

    def _crossing(self) -> Iterator[int]:
        given, sources = self._given, self._sources()
        takes: list[tuple[int | None, tuple[int, ...]]] = [
            *((register.clock, (register.data, register.enable, register.reset)) for register in given.registers),
            *(part for ram in given.rams for part in _ports(ram)),
            *((mac.clock, _all_but("O", mac.pins)) for mac in given.macs),
            *((single.clock, _all_but("DATAOUT", single.pins)) for single in given.single_port_rams),
        ]
        for number, (clock, nets) in enumerate(takes):
            if sources(nets) - {clock}:
                yield number

    def _deciding(self) -> Iterator[int]:
        """The registers that an asynchronous reset depends on, and all that these depend on, up to those that such a reset
        reaches: these may start with anything."""
        given = self._given
        tables = {lut.out: lut.inputs for lut in given.luts}
        registers = {register.out: register for register in given.registers}

        def behind(nets: tuple[int, ...]) -> set[int]:
            """The registers behind nets, through tables."""
            reached: set[int] = set()
            stack = [*nets]
            while stack:
                net = stack.pop()
                if net not in reached:
                    reached.add(net)
                    stack += tables.get(net, ())
            return reached & registers.keys()

        sets = {net for net, register in registers.items() if register.asynchronous}
        found: set[int] = set()
        waiting = behind(tuple(registers[net].reset for net in sets))
        while waiting:
            net = waiting.pop()
            register = registers[net]
            if net not in found and not register.asynchronous and not behind((register.reset,)) & sets:
                found.add(net)
                waiting |= behind((register.data, register.enable, register.reset))
        yield from (number for number, register in enumerate(given.registers) if register.out in found)


def _all_but(out: str, pins: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(net for name, nets in pins.items() if name != out for net in nets)


def _ports(ram: Ram) -> Iterator[tuple[int | None, tuple[int, ...]]]:
    """The clock of a block RAM's port that reads, and of the one that writes, with their pins."""
    yield ram.clocks[0], (*ram.read_address, *ram.read_enable)
    yield ram.clocks[1], (*ram.write_address, *ram.write_data, *ram.mask, *ram.write_enable)


def _depends(table: int, number: int) -> bool:
    """Whether a look-up table's output depends on one of its inputs."""
    return any((table >> row ^ table >> (row ^ 1 << number)) & 1 for row in range(16))
