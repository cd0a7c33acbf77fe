"""From the netlist that nextpnr has routed for an ECP5 to its circuit.

What each cell does is said in Yosys' cells_sim_ecp5.v (TRELLIS_COMB, TRELLIS_FF) and in Lattice's FPGA-TN-02204 (DP16KD),
FPGA-TN-02205 (MULT18X18D) and FPGA-TN-02200 (EHXPLLL); what an input is that no net drives, in nextpnr's ecp5/bitstream.cc.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from convolver.errors import ToolError

from .circuit import (
    HIGH,
    LOW,
    Clock,
    DualPortRam,
    Lut,
    LutRam,
    Multiplier,
    MultiplierRegister,
    Netlist,
    RamPort,
    Register,
)

__all__ = ["netlist_of", "parse"]

_NOT, _SAME, _XOR, _CHOICE, _CARRY = 0x5555, 0xAAAA, 0x6666, 0xCACA, 0xE4E4
"""Tables: of one bit, turned round or not; of two; of two and which of them; of a sum's bit, the carry that the place makes,
and the one before it, which goes on if the bit is set."""

_WRITE_MODES = {"NORMAL": 0, "WRITETHROUGH": 1, "READBEFOREWRITE": 2}
_WIDTHS = (1, 2, 4, 9, 18)


@dataclass(frozen=True)
class _Cell:
    """A cell of nextpnr's file."""

    name: str
    type: str
    parameters: Mapping[str, Any]
    attributes: Mapping[str, Any]
    connections: Mapping[str, list[Any]]

    def word(self, name: str, default: str) -> str:
        """A parameter that is a word."""
        return str(self.parameters.get(name, default)).strip()

    def number(self, name: str, default: int = 0) -> int:
        """A parameter that is a number: binary digits where nextpnr writes them, else decimal ones."""
        value = str(self.parameters.get(name, default)).strip()
        bits = value.replace("x", "0")
        return int(bits, 2) if len(bits) >= 8 and set(bits) <= {"0", "1"} else int(value)


def parse(path: Path) -> list[_Cell]:
    """The cells of a routed netlist.

    Raises
    ------
    ToolError
        If the file is none.
    """
    try:
        modules = json.loads(path.read_text(encoding="utf-8"))["modules"]
        (top,) = (module for module in modules.values() if module.get("attributes", {}).get("top"))
        return [
            _Cell(name, cell["type"], cell["parameters"], cell["attributes"], cell["connections"])
            for name, cell in top["cells"].items()
        ]
    except (OSError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise ToolError(f"A routed netlist must be a file of nextpnr's --write, and {path} isn't: {error}") from None


def netlist_of(cells: list[_Cell]) -> Netlist:
    """The circuit of a routed netlist.

    Raises
    ------
    ToolError
        If it has what the project's designs don't.
    """
    maker = _Maker(cells)
    for cell in cells:
        maker.make(cell)
    return maker.netlist


def _is_constant(cell: _Cell) -> bool:
    """Whether a table has the same level in all its rows, and no other use."""
    table = cell.type == "TRELLIS_COMB" and cell.word("MODE", "LOGIC") == "LOGIC" and not cell.connections.get("OFX")
    return table and cell.number("INITVAL") in (0, 0xFFFF)


class _Maker:
    """Makes a circuit's cells of nextpnr's."""

    def __init__(self, cells: list[_Cell]) -> None:
        self.netlist = Netlist()
        self._nets: dict[int, int] = {}
        self._drivers: dict[int, tuple[_Cell, str]] = {}
        self._clocks: dict[int, int | None] = {}
        for cell in cells:
            for port in _OUTPUTS.get(cell.type, ()):
                for net in cell.connections.get(port, ()):
                    self._drivers[net] = cell, port
                    if cell.type == "VCC_DRV":
                        self._nets[net] = HIGH
                    elif _is_constant(cell) and port == "F":
                        self._nets[net] = HIGH if cell.number("INITVAL") else LOW

    def make(self, cell: _Cell) -> None:
        """Makes one."""
        makers = {
            "TRELLIS_COMB": self._comb,
            "TRELLIS_FF": self._register,
            "TRELLIS_RAMW": self._write_port,
            "TRELLIS_IO": self._pad,
            "DP16KD": self._ram,
            "MULT18X18D": self._multiplier,
            "EHXPLLL": self._pll,
            "DCCA": self._nothing,
            "VCC_DRV": self._nothing,
        }
        if cell.type not in makers:
            raise ToolError(f"A routed netlist must be of the project's own cells, and {cell.name} is a {cell.type}")
        makers[cell.type](cell)

    def _net(self, cell: _Cell, port: str, default: int = LOW) -> int:
        """The net at a port; `default` if there is none."""
        bits = cell.connections.get(port) or [None]
        if bits[0] is None:
            return default
        if isinstance(bits[0], str):
            return HIGH if bits[0] == "1" else LOW
        if bits[0] not in self._drivers:
            return default
        if bits[0] not in self._nets:
            self._nets[bits[0]] = self.netlist.fresh()
        return self._nets[bits[0]]

    def _used(self, cell: _Cell, port: str) -> bool:
        return bool(cell.connections.get(port))

    def _lut(self, out: int, table: int, *inputs: int) -> None:
        a, b, c, d = (*inputs, *(LOW,) * (4 - len(inputs)))
        self.netlist.luts.append(Lut(out, (a, b, c, d), table))

    def _inverted(self, net: int) -> int:
        return {LOW: HIGH, HIGH: LOW}.get(net) if net in (LOW, HIGH) else self.netlist.gate(_NOT, net)  # type: ignore[return-value]

    # Logic

    def _comb(self, cell: _Cell) -> None:
        use = cell.word("MODE", "LOGIC")
        if use == "RAMW_BLOCK" or _is_constant(cell):
            return
        table = cell.number("INITVAL")
        # Inputs without a net are tied to 1.
        a, b, c, d = (self._net(cell, port, HIGH) for port in "ABCD")
        out = self._net(cell, "F") if self._used(cell, "F") else self.netlist.fresh()
        if use == "DPRAM":
            if cell.word("WREMUX", "WRE") != "WRE" or cell.word("WCKMUX", "WCK") != "WCK":
                raise ToolError(f"A look-up table that is written must have its enable and clock as they are: {cell.name}")
            # nextpnr puts address 3, 1, 2, 0 on A, B, C, D.
            address = tuple(self._net(cell, f"WAD{bit}") for bit in (3, 1, 2, 0))
            clock = self._clock(cell, "WCK")
            written = self._net(cell, "WD"), self._net(cell, "WRE", HIGH)
            self.netlist.lut_rams.append(LutRam(out, (a, b, c, d), address, *written, clock, table))  # type: ignore[arg-type]
        elif use == "CCU2":
            first = cell.word("CCU2_INJECT1", "NO") == "YES"
            sum_bit = self.netlist.gate(table, a, b, c, d)
            carry = LOW if first else self._net(cell, "FCI")
            self._lut(out, _XOR, sum_bit, carry)
            if self._used(cell, "FCO"):
                low = LOW if first else self.netlist.gate((table & 15) * 0x1111, a, b)
                self._lut(self._net(cell, "FCO"), _CARRY, sum_bit, low, self._net(cell, "FCI"))
        elif use == "LOGIC":
            self._lut(out, table, a, b, c, d)
        else:
            raise ToolError(f"A look-up table must be logic, carry or memory, and {cell.name} is {use}")
        if self._used(cell, "OFX"):
            # Of a slice's lower table the choice of two tables, of its upper one that of two such choices.
            upper = self._used(cell, "FXA") or self._used(cell, "FXB")
            zero, one = (self._net(cell, "FXA"), self._net(cell, "FXB")) if upper else (out, self._net(cell, "F1"))
            self._lut(self._net(cell, "OFX"), _CHOICE, zero, one, self._net(cell, "M"))

    def _register(self, cell: _Cell) -> None:
        if cell.word("LSRMODE", "LSR") != "LSR":
            raise ToolError(f"A register must be set or reset by its own level, and {cell.name} isn't")
        data = self._net(cell, "DI") if self._used(cell, "DI") else self._net(cell, "M")
        enable = {"1": HIGH, "0": LOW}.get(cell.word("CEMUX", "1"))
        if enable is None:
            enable = self._net(cell, "CE", HIGH)
            if cell.word("CEMUX", "1") == "INV":
                enable = self._inverted(enable)
        reset = self._net(cell, "LSR")
        if cell.word("LSRMUX", "LSR") == "INV" and self._used(cell, "LSR"):
            reset = self._inverted(reset)
        to_one, asynchronous = cell.word("REGSET", "RESET") == "SET", cell.word("SRMODE", "LSR_OVER_CE") == "ASYNC"
        out, falling = self._net(cell, "Q"), cell.word("CLKMUX", "CLK") == "INV"
        clock = self._clock(cell, "CLK")
        self.netlist.registers.append(
            Register(out, data, enable, reset, to_one, asynchronous, clock, falling, start=to_one, over=True)
        )

    def _write_port(self, cell: _Cell) -> None:
        """A block that hands the write address and data of four tables on."""
        for out, port in _WRITE_PORT.items():
            if self._used(cell, out):
                self._lut(self._net(cell, out), _SAME, self._net(cell, port, HIGH))

    # Blocks

    def _control(self, cell: _Cell, port: str, default: int) -> int:
        """A pin with an inverter of its own, and its level where no net leads to it."""
        if not self._used(cell, port):
            mux = cell.parameters.get(f"{port}MUX")
            return default if mux is None else LOW if str(mux).strip() in ("INV", "0") else HIGH
        net = self._net(cell, port)
        return self._inverted(net) if cell.word(f"{port}MUX", port) == "INV" else net

    def _bus(self, cell: _Cell, name: str, width: int) -> tuple[int, ...]:
        return tuple(self._control(cell, f"{name}{bit}", LOW) for bit in range(width))

    def _outputs(self, cell: _Cell, name: str, width: int) -> tuple[int, ...]:
        ports = (f"{name}{bit}" for bit in range(width))
        return tuple(self._net(cell, port) if self._used(cell, port) else self.netlist.fresh() for port in ports)

    def _ram(self, cell: _Cell) -> None:
        ports = []
        for letter in "AB":
            width, use = cell.number(f"DATA_WIDTH_{letter}", 18), cell.word(f"WRITEMODE_{letter}", "NORMAL")
            select = self._bus(cell, f"CS{letter}", 3)
            wanted = cell.word(f"CSDECODE_{letter}", "0b000").removeprefix("0b")[::-1]
            if any(net != (HIGH if level == "1" else LOW) for net, level in zip(select, wanted, strict=True)):
                raise ToolError(f"A block RAM must always be selected, and {cell.name} isn't")
            reset = self._control(cell, f"RST{letter}", LOW)
            if width not in _WIDTHS or use not in _WRITE_MODES or (reset != LOW and cell.word("RESETMODE", "SYNC") != "SYNC"):
                raise ToolError(f"A block RAM must have 1 to 18 bits and no asynchronous reset, and {cell.name} hasn't")
            if cell.word(f"CLK{letter}MUX", f"CLK{letter}") == "INV" and self._used(cell, f"CLK{letter}"):
                raise ToolError(f"A block RAM must take its clock's rising edge, and {cell.name} doesn't")
            ports.append(
                RamPort(
                    self._bus(cell, f"AD{letter}", 14),
                    self._bus(cell, f"DI{letter}", 18),
                    self._outputs(cell, f"DO{letter}", 18),
                    self._control(cell, f"CE{letter}", HIGH),
                    self._control(cell, f"OCE{letter}", HIGH),
                    self._control(cell, f"WE{letter}", LOW),
                    reset,
                    self._clock(cell, f"CLK{letter}"),
                    width,
                    cell.word(f"REGMODE_{letter}", "NOREG") == "OUTREG",
                    _WRITE_MODES[use],
                )
            )
        # Each parameter has 16 words of 18 bits, on 20 places each.
        rows = [cell.number(f"INITVAL_{row:02X}") for row in range(64)]
        words = tuple(row >> 20 * place & 0x3FFFF for row in rows for place in range(16))
        self.netlist.dual_port_rams.append(DualPortRam((ports[0], ports[1]), words))

    def _multiplier(self, cell: _Cell) -> None:
        if any(self._net(cell, f"SOURCE{letter}") != LOW for letter in "AB"):
            raise ToolError(f"A multiplier's factors must come over its own pins, and {cell.name}'s don't")
        signed = [self._net(cell, f"SIGNED{letter}") for letter in "AB"]
        if not {*signed} <= {LOW, HIGH}:
            raise ToolError(f"A multiplier's signs must be fixed, and {cell.name}'s aren't")
        registers = tuple(self._multiplier_register(cell, name) for name in ("INPUTA", "INPUTB", "PIPELINE", "OUTPUT"))
        a, b, out = self._bus(cell, "A", 18), self._bus(cell, "B", 18), self._outputs(cell, "P", 36)
        self.netlist.multipliers.append(Multiplier(a, b, out, (signed[0] == HIGH, signed[1] == HIGH), registers))

    def _multiplier_register(self, cell: _Cell, name: str) -> MultiplierRegister | None:
        clock = cell.word(f"REG_{name}_CLK", "NONE")
        if clock == "NONE":
            return None
        enable, reset = cell.word(f"REG_{name}_CE", "CE0"), cell.word(f"REG_{name}_RST", "RST0")
        return MultiplierRegister(self._clock(cell, clock), self._net(cell, enable, HIGH), self._net(cell, reset))

    # Pads and clocks

    def _pad(self, cell: _Cell) -> None:
        pin, direction = str(cell.attributes.get("LOC", cell.name)), cell.word("DIR", "INPUT")
        if direction == "INPUT":
            if self._used(cell, "O"):
                self.netlist.inputs[pin] = self._net(cell, "O")
        elif direction == "OUTPUT" and self._net(cell, "T") == LOW:
            self.netlist.outputs[pin] = self._net(cell, "I")
        else:
            raise ToolError(f"Pin {pin} must be an input or an output without an enable, and is {direction}")

    def _pll(self, cell: _Cell) -> None:
        """It has locked from the beginning."""
        if self._used(cell, "LOCK"):
            self._lut(self._net(cell, "LOCK"), 0xFFFF)

    def _nothing(self, cell: _Cell) -> None:
        """What clocks go through."""

    def _clock(self, cell: _Cell, port: str) -> int | None:
        """The number of the clock at a port; None if there is none."""
        bits = cell.connections.get(port)
        if not bits or isinstance(bits[0], str):
            return None
        if bits[0] not in self._clocks:
            found = self._clock_of(bits[0])
            if found is not None and found not in self.netlist.clocks:
                self.netlist.clocks.append(found)
            self._clocks[bits[0]] = None if found is None else self.netlist.clocks.index(found)
        return self._clocks[bits[0]]

    def _clock_of(self, net: int) -> Clock | None:
        if net not in self._drivers:
            return None
        cell, port = self._drivers[net]
        if cell.type == "DCCA":
            return self._clock_of(cell.connections["CLKI"][0])
        if cell.type == "TRELLIS_IO":
            return Clock(f"pin {cell.attributes.get('LOC', cell.name)}", Fraction(1))
        if cell.type == "EHXPLLL":
            source = self._clock_of(cell.connections["CLKI"][0])
            if source is None or cell.word("FEEDBK_PATH", "CLKOP") != "CLKOP":
                raise ToolError(f"A PLL must run from a pin, with its first output for feedback, and {cell.name} doesn't")
            ratio = source.ratio * cell.number("CLKFB_DIV", 1) / cell.number("CLKI_DIV", 1)
            first, own = cell.number("CLKOP_DIV", 8), cell.number(f"{port}_DIV", 8)
            return Clock(f"output {port} of the PLL", ratio * first / own)
        raise ToolError(f"A clock must come from a pin or a PLL, and {cell.name} is a {cell.type}")


_WRITE_PORT = {
    "WADO0": "D0",
    "WADO1": "B0",
    "WADO2": "C0",
    "WADO3": "A0",
    "WDO0": "C1",
    "WDO1": "A1",
    "WDO2": "D1",
    "WDO3": "B1",
}
"""Where nextpnr puts a memory's write address and data (its ecp5/cells.cc)."""

_OUTPUTS = {
    "TRELLIS_COMB": ("F", "FCO", "OFX"),
    "TRELLIS_FF": ("Q",),
    "TRELLIS_RAMW": tuple(_WRITE_PORT),
    "TRELLIS_IO": ("O",),
    "DP16KD": tuple(f"DO{letter}{bit}" for letter in "AB" for bit in range(18)),
    "MULT18X18D": tuple(f"P{bit}" for bit in range(36)),
    "EHXPLLL": ("CLKOP", "CLKOS", "LOCK"),
    "DCCA": ("CLKO",),
    "VCC_DRV": ("Z",),
}
"""Pins that a cell drives."""
