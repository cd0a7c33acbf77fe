"""From a configuration to its circuit.

The way goes backward, from the pads that are driven: each wire has one switch closed, which leads to another wire, until one is
a cell's output. Where the bits of a cell stand is nextpnr's knowledge (its ice40/bitstream.cc), which is Project IceStorm's.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from convolver.errors import ToolError

from .chip import Bel, Chip
from .circuit import HIGH, LOW, Clock, Lut, MacBlock, Netlist, Ram, Register, SinglePortRam
from .configuration import Configuration

__all__ = ["netlist_of"]

_LUT_BITS = (4, 14, 15, 5, 6, 16, 17, 7, 3, 13, 12, 2, 1, 11, 10, 0)
"""Where a logic cell's 20 bits have its table; the others say what else is in it."""
_CARRY, _REGISTER, _SET, _ASYNCHRONOUS = 8, 9, 18, 19

_MAJORITY, _PULLED_UP = 0xE8E8, 0xBBBB
"""Tables: of three bits, and of a level and its enable, without which the level is high."""

_PLAIN, _TRISTATE, _INPUT = 0b0110, 0b1010, 0b01
"""Types of a pad: always driven, driven while its enable is 1; read without a register."""

_ENABLES = {"CEN", "CE", "RCLKE", "WCLKE"}
"""Pins that are 1 where no wire leads to them; all others are 0."""

_OUTPUTS = {
    "IO": ("D_IN_0",),
    "GB": ("GLOBAL_BUFFER_OUTPUT",),
    "LC": ("COUT", "LO", "O"),
    "PLL": ("LOCK",),
    "RAM": tuple(f"RDATA_{bit}" for bit in range(16)),
    "MAC16": tuple(f"O_{bit}" for bit in range(32)),
    "SPRAM": tuple(f"DATAOUT_{bit}" for bit in range(16)),
}
"""Pins that a cell drives. D_IN_1 and the carries between two SB_MAC16 are in none of our designs."""

_MAC_BUSES = {"A": 16, "B": 16, "C": 16, "D": 16}
_MAC_PINS = (
    *("CE", "AHOLD", "BHOLD", "CHOLD", "DHOLD", "CI"),
    *(f"{name}{half}" for name in ("IRST", "ORST", "OLOAD", "ADDSUB", "OHOLD") for half in ("TOP", "BOT")),
)
_MAC_PARAMETERS = {
    **dict.fromkeys(("A_REG", "B_REG", "C_REG", "D_REG", "TOP_8x8_MULT_REG", "BOT_8x8_MULT_REG"), 1),
    **dict.fromkeys(("PIPELINE_16x16_MULT_REG1", "PIPELINE_16x16_MULT_REG2", "MODE_8x8", "A_SIGNED", "B_SIGNED"), 1),
    **{
        f"{half}{name}": bits
        for half in ("TOP", "BOT")
        for name, bits in (
            ("OUTPUT_SELECT", 2),
            ("ADDSUB_LOWERINPUT", 2),
            ("ADDSUB_UPPERINPUT", 1),
            ("ADDSUB_CARRYSELECT", 2),
        )
    },
}
"""Parameters of a SB_MAC16, and their bits."""


def netlist_of(chip: Chip, configuration: Configuration, package: str) -> Netlist:
    """The circuit that a configuration makes of a chip.

    Parameters
    ----------
    chip : Chip
    configuration : Configuration
    package : str
        Its pins name the pads.

    Raises
    ------
    ToolError
        If the configuration is damaged, or has what the project's designs don't: another kind of pad, or of output of the PLL.
    """
    pads = chip.pads(package)
    tracer = _Tracer(chip, configuration, {index: pin for pin, index in pads.items()})
    for pin, index in pads.items():
        tracer.drive(pin, chip.bels[index])
    return tracer.finish()


class _Tracer:
    """Follows wires backward, and makes a cell of each output that it meets."""

    def __init__(self, chip: Chip, configuration: Configuration, pin_of: Mapping[int, str]) -> None:
        self.chip, self.configuration = chip, configuration
        self.netlist = Netlist()
        self._pin_of = pin_of
        self._driver = _drivers(chip, configuration)
        self._source = {bel.pins[pin]: (bel, pin) for bel in chip.bels for pin in _OUTPUTS.get(bel.cell, ()) if pin in bel.pins}
        self._nets: dict[int, int] = {}
        self._tables: dict[int, int] = {}
        self._blocks: set[int] = set()
        self._clocks: dict[int, int | None] = {}
        # Cells whose inputs are still to be followed.
        self._pending: list[Callable[[], None]] = []
        pads = {(bel.x, bel.y, bel.z): bel for bel in chip.bels if bel.cell == "IO"}
        self._straight = [pads[chip.straight[bit]] for bit in configuration.pads if bit in chip.straight]
        self._plls = [bel for bel in chip.bels if bel.cell == "PLL" and self._parameter(bel, "PLLTYPE", 3)]

    def drive(self, pin: str, pad: Bel) -> None:
        """Follows what a pad drives, if it drives anything."""
        drives = self._pad_type(pad) >> 2
        if drives == 0:
            return
        if drives not in (_PLAIN, _TRISTATE):
            raise ToolError(f"Pin {pin} must be an output without registers, and is one of type {drives:04b}")
        net = self.net(pad.pins["D_OUT_0"])
        if drives == _TRISTATE:
            net = self.netlist.gate(_PULLED_UP, net, self.net(pad.pins["OUTPUT_ENABLE"]))
        self.netlist.outputs[pin] = net

    def finish(self) -> Netlist:
        """The circuit, when all that leads to the pads has been followed."""
        while self._pending:
            self._pending.pop()()
        return self.netlist

    def net(self, wire: int | None, default: int = LOW) -> int:
        """The net of a wire; `default` if nothing drives it."""
        root = -1 if wire is None else self._root(wire)
        if root not in self._source:
            return default
        if root not in self._nets:
            bel, pin = self._source[root]
            self._nets[root] = net = self._made(bel, pin)
            # What a global buffer drives has its name from before.
            self.netlist.origins.setdefault(net, (bel.name, pin))
        return self._nets[root]

    def _root(self, wire: int) -> int:
        """The wire from which a wire has its level; -1 in a ring of switches, which only a damaged configuration has."""
        for _ in range(10_000):
            before = int(self._driver[wire])
            if before < 0:
                return wire
            wire = before
        return -1

    def _made(self, bel: Bel, pin: str) -> int:
        make = {
            "LC": self._logic_cell,
            "IO": self._input,
            "GB": self._global_buffer,
            "PLL": self._lock,
            "RAM": self._ram,
            "MAC16": self._mac,
            "SPRAM": self._single_port_ram,
        }
        return make[bel.cell](bel, pin)

    def _bit(self, bel: Bel, name: str, up: int = 0) -> bool:
        return self.configuration.bit(self.chip, bel.x, bel.y + up, name)

    def _parameter(self, bel: Bel, name: str, width: int) -> int:
        """A parameter of a cell whose bits are spread over tiles."""
        places = self.chip.special[bel.index]
        prefix = "PLL." if bel.cell == "PLL" else "IpConfig."
        bits = [places.get(name if width == 1 else f"{name}_{bit}") for bit in range(width)]
        return sum(
            self.configuration.bit(self.chip, place[0], place[1], prefix + place[2]) << bit
            for bit, place in enumerate(bits)
            if place is not None
        )

    # Logic cells

    def _logic_cell(self, bel: Bel, pin: str) -> int:
        bits = self.configuration.field(self.chip, bel.x, bel.y, f"LC_{bel.z}")
        if pin == "COUT":
            return self._carry(bel) if bits[_CARRY] else LOW
        if pin == "O" and bits[_REGISTER]:
            return self._register(bel, bits)
        return self._table(bel, bits)

    def _table(self, bel: Bel, bits: list[bool]) -> int:
        """The look-up table's output, of which there is one, whether the register or the next cell takes it, too."""
        if bel.index not in self._tables:
            self._tables[bel.index] = net = self.netlist.fresh()
            self.netlist.origins[net] = bel.name, "O"
            table = sum(bits[place] << row for row, place in enumerate(_LUT_BITS))

            def finish() -> None:
                a, b, c, d = (self.net(wire) for wire in self.chip.lut_inputs(bel))
                self.netlist.luts.append(Lut(net, (a, b, c, d), table))

            self._pending.append(finish)
        return self._tables[bel.index]

    def _carry(self, bel: Bel) -> int:
        net = self.netlist.fresh()

        def finish() -> None:
            _, a, b, _ = (self.net(wire) for wire in self.chip.lut_inputs(bel))
            first = bel.z == 0 and self._bit(bel, "CarryInSet")
            self.netlist.luts.append(Lut(net, (a, b, HIGH if first else self.net(bel.pins["CIN"]), LOW), _MAJORITY))

        self._pending.append(finish)
        return net

    def _register(self, bel: Bel, bits: list[bool]) -> int:
        net, data = self.netlist.fresh(), self._table(bel, bits)

        def finish() -> None:
            enable, reset = self.net(bel.pins["CEN"], HIGH), self.net(bel.pins["SR"])
            clock, falling = self._clock(bel.pins["CLK"]), self._bit(bel, "NegClk")
            self.netlist.registers.append(Register(net, data, enable, reset, bits[_SET], bits[_ASYNCHRONOUS], clock, falling))

        self._pending.append(finish)
        return net

    # Memories and multipliers

    def _ram(self, bel: Bel, pin: str) -> int:
        def finish(out: tuple[int, ...]) -> None:
            modes = [sum(self._bit(bel, f"RamConfig.CBIT_{bit + high}", 1) << high for high in (0, 1)) for bit in (2, 0)]
            words = self.configuration.rams.get((bel.x, bel.y))
            self.netlist.rams.append(
                Ram(
                    out,
                    self._bus(bel, "RADDR", 11),
                    (self._pin(bel, "RE"), self._pin(bel, "RCLKE")),
                    self._bus(bel, "WADDR", 11),
                    self._bus(bel, "WDATA", 16),
                    self._bus(bel, "MASK", 16),
                    (self._pin(bel, "WE"), self._pin(bel, "WCLKE")),
                    (modes[0], modes[1]),
                    (self._clock(bel.pins["RCLK"]), self._clock(bel.pins["WCLK"])),
                    (self._bit(bel, "NegClk"), self._bit(bel, "NegClk", 1)),
                    (0,) * 256 if words is None else tuple(map(int, words)),
                )
            )

        return self._block(bel, pin, finish)

    def _mac(self, bel: Bel, pin: str) -> int:
        def finish(out: tuple[int, ...]) -> None:
            buses = {name: self._bus(bel, name, width) for name, width in _MAC_BUSES.items()}
            single = {name: (self._pin(bel, name),) for name in _MAC_PINS}
            parameters = {name: self._parameter(bel, name, width) for name, width in _MAC_PARAMETERS.items()}
            self.netlist.macs.append(MacBlock(buses | single | {"O": out}, parameters, self._clock(bel.pins["CLK"])))

        return self._block(bel, pin, finish)

    def _single_port_ram(self, bel: Bel, pin: str) -> int:
        def finish(out: tuple[int, ...]) -> None:
            buses = {name: self._bus(bel, name, width) for name, width in (("ADDRESS", 14), ("DATAIN", 16), ("MASKWREN", 4))}
            single = {name: (self._pin(bel, name),) for name in ("CHIPSELECT", "WREN", "STANDBY", "SLEEP", "POWEROFF")}
            self.netlist.single_port_rams.append(
                SinglePortRam(buses | single | {"DATAOUT": out}, self._clock(bel.pins["CLOCK"]))
            )

        return self._block(bel, pin, finish)

    def _block(self, bel: Bel, pin: str, finish: Callable[[tuple[int, ...]], None]) -> int:
        """Makes a cell of several outputs, when the first of them is met."""
        wires = [bel.pins[name] for name in _OUTPUTS[bel.cell]]
        if bel.index not in self._blocks:
            self._blocks.add(bel.index)
            made = {wire: self.netlist.fresh() for wire in wires}
            self._nets |= made
            self.netlist.origins |= {net: (bel.name, name) for net, name in zip(made.values(), _OUTPUTS[bel.cell], strict=True)}
            self._pending.append(lambda: finish(tuple(self._nets[wire] for wire in wires)))
        return self._nets[bel.pins[pin]]

    def _bus(self, bel: Bel, name: str, width: int) -> tuple[int, ...]:
        return tuple(self.net(bel.pins[f"{name}_{bit}"]) for bit in range(width))

    def _pin(self, bel: Bel, name: str) -> int:
        return self.net(bel.pins.get(name), HIGH if name in _ENABLES else LOW)

    # Pads, global nets and clocks

    def _pad_type(self, pad: Bel) -> int:
        return sum(self._bit(pad, f"IOB_{pad.z}.PINTYPE_{bit}") << bit for bit in range(6))

    def _input(self, pad: Bel, pin: str) -> int:
        del pin
        name = self._pin_of.get(pad.index, f"at {pad.x},{pad.y},{pad.z}")
        if self._pad_type(pad) & 3 != _INPUT:
            raise ToolError(f"Pin {name} must be an input without registers, and is one of type {self._pad_type(pad) & 3:02b}")
        net = self.netlist.fresh()
        self.netlist.inputs[name] = net
        return net

    def _global_buffer(self, bel: Bel, pin: str) -> int:
        del pin
        return self.net(bel.pins["USER_SIGNAL_TO_GLOBAL_BUFFER"])

    def _lock(self, pll: Bel, pin: str) -> int:
        """The PLL has locked from the beginning."""
        del pll, pin
        if self.netlist.locked is None:
            self.netlist.locked = self.netlist.gate(0xFFFF)
        return self.netlist.locked

    def _clock(self, wire: int) -> int | None:
        """The number of the clock on a wire; None if there is none."""
        root = self._root(wire)
        if root not in self._clocks:
            found = self._clock_at(root)
            if found is not None and found not in self.netlist.clocks:
                self.netlist.clocks.append(found)
            self._clocks[root] = None if found is None else self.netlist.clocks.index(found)
        return self._clocks[root]

    def _clock_at(self, root: int) -> Clock | None:
        straight = next((pad for pad in self._straight if pad.pins.get("GLOBAL_BUFFER_OUTPUT") == root), None)
        for pll in self._plls:
            for port in ("A", "B"):
                taken = pll.pins.get(f"PLLOUT_{port}_GLOBAL") == root and straight is not None
                if taken or pll.pins[f"PLLOUT_{port}"] == root:
                    return Clock(f"output {port} of the PLL", self._ratio(pll, port))
        return None if straight is None else Clock(f"pin {self._pin_of.get(straight.index, '')}", Fraction(1))

    def _ratio(self, pll: Bel, port: str) -> Fraction:
        """Lattice TN1251, figure of the PLL: the feedback is the VCO's, which `DIVQ` divides behind it."""
        widths = {"DIVF": 7, "DIVR": 4, "DIVQ": 3}
        feedback, reference, divider = (self._parameter(pll, name, width) for name, width in widths.items())
        half = self._parameter(pll, f"PLLOUT_SELECT_{port}", 2)
        if half > 1:
            raise ToolError(f"Output {port} of the PLL must be its clock or half of it, and is of kind {half}")
        return Fraction(feedback + 1, (reference + 1) << (divider + half))


def _drivers(chip: Chip, configuration: Configuration) -> NDArray[np.int32]:
    """For each wire the one that a closed switch joins to it, or -1.

    Raises
    ------
    ToolError
        If two switches drive one wire.
    """
    switches, pips = chip.switches, chip.pips
    places = switches["places"].astype(np.int64)
    x, y = switches["x"].astype(np.int64), switches["y"].astype(np.int64)
    value = np.zeros(len(switches), np.int64)
    for bit in range(places.shape[1]):
        there = bit < switches["bits"]
        level = configuration.bits[y[there], x[there], places[there, bit, 0], places[there, bit, 1]]
        value[there] = 2 * value[there] + level
    of_fabric = switches["bel"][pips["switch"]] < 0
    closed = pips[of_fabric & (pips["mask"] != 0) & (value[pips["switch"]] == pips["mask"])]
    times = np.bincount(closed["dst"], minlength=chip.wires)
    if times.max() > 1:
        raise ToolError(f"Each wire must have one driver, and {int((times > 1).sum())} have several: the bitstream is damaged")
    driver = np.full(chip.wires, -1, np.int32)
    driver[closed["dst"]] = closed["src"]
    return driver
