"""A netlist as the numbers that sim/runtime/fabric.h runs; the two must agree."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from convolver.errors import ToolError

from .circuit import DualPortRam, Lut, LutRam, MacBlock, Multiplier, Netlist, Ram, RamPort, Register, SinglePortRam

__all__ = ["table_of", "ticks_of"]

_LUT, _REGISTER, _MAC, _MULTIPLIER, _DUAL_PORT = range(5)
_KINDS = 3
"""Bits of these."""


def ticks_of(netlist: Netlist) -> Fraction:
    """Ticks in a clock of the oscillator: as few as all clocks are whole parts of. Where one is twice another they are the
    fastest's.

    Raises
    ------
    ToolError
        If there is no clock.
    """
    ratios = [clock.ratio for clock in netlist.clocks]
    if not ratios:
        raise ToolError("A bitstream must have a clock, and none of its registers has one")
    return Fraction(math.lcm(*(ratio.numerator for ratio in ratios)), math.gcd(*(ratio.denominator for ratio in ratios)))


def table_of(netlist: Netlist, rx: str, tx: str, seed: int = 0) -> NDArray[np.uint32]:
    """The numbers of a netlist.

    Parameters
    ----------
    netlist : Netlist
    rx, tx : str
        The pins of the package that the UART has.
    seed : int
        Of what is in single-port RAMs at power-up, which isn't defined.

    Raises
    ------
    ToolError
        If a pin isn't there, or the netlist has what fabric.h doesn't model.
    """
    if rx not in netlist.inputs or tx not in netlist.outputs:
        lacking = rx if rx not in netlist.inputs else tx
        raise ToolError(f"The bitstream doesn't use pin {lacking}, which the board's UART needs")
    if any(register.falling for register in netlist.registers) or any(any(ram.falling) for ram in netlist.rams):
        raise ToolError("Registers must take a clock's rising edge: the bitstream has some that take the falling one")
    first = ticks_of(netlist)
    dividers = [int(first / clock.ratio) for clock in netlist.clocks]
    read = [Lut(ram.out, ram.read_address, ram.table) for ram in netlist.lut_rams]
    luts = _in_order([*netlist.luts, *read], netlist.nets)
    place = {lut.out: number for number, lut in enumerate(luts)}
    never = len(dividers)
    words: list[int] = [
        *(netlist.nets, len(luts), len(netlist.registers), len(netlist.rams), len(netlist.macs)),
        *(len(netlist.single_port_rams), len(netlist.lut_rams), len(netlist.dual_port_rams), len(netlist.multipliers)),
        *(len(dividers), seed, netlist.inputs[rx], netlist.outputs[tx]),
        *dividers,
        *(word for lut in luts for word in (*lut.inputs, lut.out, lut.table)),
        *(word for register in netlist.registers for word in _register(register, never)),
        *(word for ram in netlist.rams for word in _ram(ram, never)),
        *(word for mac in netlist.macs for word in _mac(mac, never)),
        *(word for ram in netlist.single_port_rams for word in _single_port(ram, never)),
        *(word for ram in netlist.lut_rams for word in _lut_ram(ram, place[ram.out], never)),
        *(word for ram in netlist.dual_port_rams for word in _dual_port(ram, never)),
        *(word for multiplier in netlist.multipliers for word in _multiplier(multiplier, never)),
    ]
    fans = _fans(netlist, luts)
    starts = np.concatenate([[0], np.cumsum([len(items) for items in fans])])
    return np.array([*words, *starts, *(item for items in fans for item in items)], np.uint32)


def _clock(number: int | None, never: int) -> int:
    return never if number is None else number


def _register(register: Register, never: int) -> Iterator[int]:
    yield from (register.out, register.data, register.enable, register.reset)
    yield register.to_one | register.asynchronous << 1 | register.start << 2 | register.over << 3
    yield _clock(register.clock, never)


def _ram(ram: Ram, never: int) -> Iterator[int]:
    yield from (*ram.read_data, *ram.read_address, *ram.read_enable)
    yield from (*ram.write_address, *ram.write_data, *ram.mask, *ram.write_enable)
    yield from (*ram.modes, *(_clock(clock, never) for clock in ram.clocks))
    yield from ram.words


def _mac(mac: MacBlock, never: int) -> Iterator[int]:
    pins, of = mac.pins, mac.parameters
    controls = (f"{name}{half}" for name in ("IRST", "ORST", "OLOAD", "ADDSUB", "OHOLD") for half in ("TOP", "BOT"))
    for name in ("A", "B", "C", "D", "O", "CE", "AHOLD", "BHOLD", "CHOLD", "DHOLD", *controls, "CI"):
        yield from pins[name]
    registers = ("A_REG", "B_REG", "C_REG", "D_REG", "TOP_8x8_MULT_REG", "BOT_8x8_MULT_REG")
    modes = ("PIPELINE_16x16_MULT_REG1", "PIPELINE_16x16_MULT_REG2", "MODE_8x8", "A_SIGNED", "B_SIGNED")
    yield from (of[name] for name in (*registers, *modes))
    for what in ("OUTPUT_SELECT", "ADDSUB_LOWERINPUT", "ADDSUB_UPPERINPUT", "ADDSUB_CARRYSELECT"):
        yield from (of[f"{half}{what}"] for half in ("TOP", "BOT"))
    yield _clock(mac.clock, never)


def _single_port(ram: SinglePortRam, never: int) -> Iterator[int]:
    pins = ram.pins
    yield from (*pins["ADDRESS"], *pins["DATAIN"], *pins["DATAOUT"], *pins["MASKWREN"])
    yield from (pins[name][0] for name in ("CHIPSELECT", "WREN", "STANDBY", "SLEEP", "POWEROFF"))
    yield _clock(ram.clock, never)


def _lut_ram(ram: LutRam, lut: int, never: int) -> Iterator[int]:
    yield from (*ram.write_address, ram.data, ram.enable, lut, _clock(ram.clock, never))


def _dual_port(ram: DualPortRam, never: int) -> Iterator[int]:
    for port in ram.ports:
        yield from (*port.address, *port.data, *port.out, port.enable, port.out_enable, port.write, port.reset)
        yield from (_clock(port.clock, never), port.width, port.registered, port.mode)
    yield from ram.words


def _multiplier(multiplier: Multiplier, never: int) -> Iterator[int]:
    yield from (*multiplier.a, *multiplier.b, *multiplier.out, *multiplier.signed)
    for register in multiplier.registers:
        if register is None:
            yield from (0, 0, 0, 0)
        else:
            yield from (1, _clock(register.clock, never), register.enable, register.reset)


def _in_order(luts: Sequence[Lut], nets: int) -> list[Lut]:
    """Each table behind those that it reads, as far as there is no loop."""
    made_by = [-1] * nets
    for number, lut in enumerate(luts):
        made_by[lut.out] = number
    state = bytearray(len(luts))
    order: list[Lut] = []
    for start in range(len(luts)):
        stack = [start]
        while stack:
            number = stack[-1]
            if state[number] == 0:
                state[number] = 1
                stack.extend(below for net in luts[number].inputs if (below := made_by[net]) >= 0 and state[below] == 0)
            else:
                stack.pop()
                if state[number] == 1:
                    state[number] = 2
                    order.append(luts[number])
    return order


def _fans(netlist: Netlist, luts: Sequence[Lut]) -> list[list[int]]:
    """Of each net what must be looked at when it changes."""
    fans: list[list[int]] = [[] for _ in range(netlist.nets)]
    for number, lut in enumerate(luts):
        for net in {*lut.inputs}:
            fans[net].append(number << _KINDS | _LUT)
    for number, register in enumerate(netlist.registers):
        for net in {register.data, register.enable, register.reset}:
            fans[net].append(number << _KINDS | _REGISTER)
    for number, mac in enumerate(netlist.macs):
        for net in {net for name, nets in mac.pins.items() if name != "O" for net in nets}:
            fans[net].append(number << _KINDS | _MAC)
    for number, multiplier in enumerate(netlist.multipliers):
        controls = {net for register in multiplier.registers if register for net in (register.enable, register.reset)}
        for net in {*multiplier.a, *multiplier.b} | controls:
            fans[net].append(number << _KINDS | _MULTIPLIER)
    for number, ram in enumerate(netlist.dual_port_rams):
        for net in {net for port in ram.ports for net in (*port.address, *port.data, *_controls(port))}:
            fans[net].append(number << _KINDS | _DUAL_PORT)
    return fans


def _controls(port: RamPort) -> tuple[int, ...]:
    return port.enable, port.out_enable, port.write, port.reset
