"""A netlist as Verilog that needs no vendor's cells: one clock, a net a wire, and the blocks written out."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from .circuit import HIGH, LOW, Netlist, Ram, Register
from .table import ticks_of

__all__ = ["verilog_of"]

_BLOCKS = Path(__file__).with_name("blocks.v")


def verilog_of(netlist: Netlist, name: str = "bitstream") -> str:
    """Verilog of a circuit. Its ports are `clk`, the ticks that all clocks are whole parts of, and ``pin_N`` for each pin of
    the package that is used.

    A slower clock is an enable that is 1 in every so many clocks, the first one included.
    """
    ports = [f"input {_pin(pin)}" for pin in netlist.inputs] + [f"output {_pin(pin)}" for pin in netlist.outputs]
    lines = [f"module {name}(input clk, {', '.join(ports)});", *_body(netlist), "endmodule", ""]
    blocks = _BLOCKS.read_text(encoding="utf-8") if netlist.rams or netlist.macs or netlist.single_port_rams else ""
    return "\n".join(lines) + blocks


def _pin(pin: str) -> str:
    return f"pin_{pin}"


def _net(net: int) -> str:
    return {LOW: "1'b0", HIGH: "1'b1"}.get(net, f"n[{net}]")


def _bus(nets: Sequence[int]) -> str:
    return "{" + ", ".join(_net(net) for net in reversed(nets)) + "}"


def _body(netlist: Netlist) -> Iterator[str]:
    yield f"  wire [{netlist.nets - 1}:0] n;"
    yield from _clocks(netlist)
    for pin, net in netlist.inputs.items():
        yield f"  assign n[{net}] = {_pin(pin)};"
    for pin, net in netlist.outputs.items():
        yield f"  assign {_pin(pin)} = {_net(net)};"
    for lut in netlist.luts:
        yield f"  assign n[{lut.out}] = 16'h{lut.table:04x} >> {_bus(lut.inputs)};"
    for number, register in enumerate(netlist.registers):
        yield from _register(number, register)
    for number, ram in enumerate(netlist.rams):
        yield from _ram(number, ram)
    for number, mac in enumerate(netlist.macs):
        parameters = ", ".join(f".{name}({value})" for name, value in mac.parameters.items())
        pins = ", ".join(f".{name}({_bus(nets)})" for name, nets in mac.pins.items())
        yield f"  mac_block #({parameters}) mac_{number}(.clk(clk), .rise({_rise(mac.clock)}), {pins});"
    for number, single in enumerate(netlist.single_port_rams):
        pins = ", ".join(f".{name}({_bus(nets)})" for name, nets in single.pins.items())
        yield f"  single_port_ram single_port_{number}(.clk(clk), .rise({_rise(single.clock)}), {pins});"


def _clocks(netlist: Netlist) -> Iterator[str]:
    first = ticks_of(netlist)
    for number, clock in enumerate(netlist.clocks):
        divider = int(first / clock.ratio)
        yield f"  // {clock.name}, {clock.ratio} of the oscillator's frequency"
        if divider == 1:
            yield f"  wire rise_{number} = 1'b1;"
            continue
        width = (divider - 1).bit_length()
        yield f"  reg [{width - 1}:0] count_{number} = 0;"
        yield f"  wire rise_{number} = count_{number} == 0;"
        yield f"  always @(posedge clk) count_{number} <= count_{number} == {divider - 1} ? 0 : count_{number} + 1;"


def _rise(clock: int | None) -> str:
    return "1'b0" if clock is None else f"rise_{clock}"


def _register(number: int, register: Register) -> Iterator[str]:
    name, level = f"q_{number}", f"1'b{int(register.to_one)}"
    rise, enable, reset, data = _rise(register.clock), *map(_net, (register.enable, register.reset, register.data))
    yield f"  reg {name} = 1'b0;"
    if register.asynchronous and register.reset != LOW:
        yield f"  always @(posedge clk or posedge {reset})"
        yield f"    if ({reset}) {name} <= {level}; else if ({rise} && {enable}) {name} <= {data};"
    else:
        yield f"  always @(posedge clk) if ({rise} && {enable}) {name} <= {reset} ? {level} : {data};"
    yield f"  assign n[{register.out}] = {name};"


def _ram(number: int, ram: Ram) -> Iterator[str]:
    words = ram.words
    init = "".join(f"{word:04x}" for word in reversed(words))
    pins = {
        "RDATA": ram.read_data,
        "RADDR": ram.read_address,
        "RE": ram.read_enable,
        "WADDR": ram.write_address,
        "WDATA": ram.write_data,
        "MASK": ram.mask,
        "WE": ram.write_enable,
    }
    told = ", ".join(f".{name}({_bus(nets)})" for name, nets in pins.items())
    modes = f".READ({ram.modes[0]}), .WRITE({ram.modes[1]}), .INIT(4096'h{init})"
    rises = f".read_rise({_rise(ram.clocks[0])}), .write_rise({_rise(ram.clocks[1])})"
    yield f"  block_ram #({modes}) ram_{number}(.clk(clk), {rises}, {told});"
