"""A circuit by itself on a device, between registers: its clock and its size, without pins, a link or a board around it.

Every input bit of a circuit, its reset included, comes from a register behind a serial shift register; every output bit is
captured in a register and shifted out. So a path ends in the circuit, or in one register beside it. The harness isn't counted.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from amaranth.hdl import Cat, ClockDomain, ClockSignal, Elaboratable, Instance, Module, ResetSignal, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from convolver.designs import Design
from convolver.errors import BoardError, ToolError
from convolver.hw.bus.axi import ports
from convolver.hw.export.elaboration import rtlil_of
from convolver.hw.export.verilog import default_name, generate
from convolver.hw.primitives.families import FamilyPlatform
from convolver.plan.target import Family
from convolver.shell import Shell

from .cell_counts import FLIP_FLOPS
from .flow import OUT_OF_ROOM
from .registry import Board
from .timing import Cell, Clock, Limit, clocks, critical_path, limits
from .toolchain import run

__all__ = [
    "Alone",
    "Circuit",
    "GeneratedFile",
    "Harness",
    "Netlist",
    "alone",
    "circuit_of",
    "limits_of",
    "placed",
    "split",
    "synthesised",
]

SYNTHESIS = {
    "ecp5": "synth_ecp5 -top top -json {name}.json",
    "ice40": "synth_ice40 -top top -json {name}.json",
    "7-series": "synth_xilinx -family xc7 -flatten -top top; write_json {name}.json",
}
PLACERS = {"ecp5": "nextpnr-ecp5", "ice40": "nextpnr-ice40"}
"""No open tool places for the others."""

_ECP5_PACKAGES = {"BG256": "CABGA256", "BG381": "CABGA381", "BG554": "CABGA554", "BG756": "CABGA756"}


@dataclass(frozen=True)
class Alone:
    """A device that circuits are tried on.

    Parameters
    ----------
    family : {"ecp5", "ice40", "7-series"}
    part : str
    speed : str
        Grade; empty where there is one only.
    arguments : tuple of str
        How nextpnr is told of it.
    """

    family: Family
    part: str
    speed: str
    arguments: tuple[str, ...]


def alone(board: Board) -> Alone:
    """The device of a board."""
    if board.family == "ecp5":
        kind, _, size = board.device.lower().partition("-")
        prefix = kind.removeprefix("lfe5")
        option = f"--{'' if prefix == 'u' else f'{prefix}-'}{size.removesuffix('f')}k"
        arguments: tuple[str, ...] = (option, "--package", _ECP5_PACKAGES[board.package], "--speed", board.speed)
    elif board.family == "ice40":
        arguments = (f"--{board.device.lower().removeprefix('ice40')}", "--package", board.package.lower())
    else:
        arguments = ()
    return Alone(board.family, board.device, board.speed, arguments)


class Harness(Elaboratable):
    """A component between a serial input and a serial output, a register at each of its bits."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.clk = Signal()
        self.si = Signal()
        self.so = Signal()

    def elaborate(self, _platform: Any) -> Module:
        m = Module()
        m.domains.sync = ClockDomain()
        m.submodules.dut = self.dut
        inputs: list[Value] = []
        outputs: list[Value] = []
        for _path, member, value in self.dut.signature.flatten(self.dut):
            (inputs if member.flow is In else outputs).append(Value.cast(value))
        driven, seen = Cat(*inputs), Cat(*outputs)
        # Reset-less, so that the harness adds no load to the net that resets the core, which is the last of `held`.
        shift, held = (Signal(len(driven) + 1, reset_less=True, name=name) for name in ("shift", "held"))
        captured, out = (Signal(len(seen), reset_less=True, name=name) for name in ("captured", "out"))
        m.d.comb += [
            ClockSignal().eq(self.clk),
            ResetSignal().eq(held[-1]),
            driven.eq(held[:-1]),
            self.so.eq(out[-1]),
        ]
        m.d.sync += [
            shift.eq(Cat(self.si, shift)),
            held.eq(shift),
            captured.eq(seen),
            # A chain of exclusive-ors needs no load strobe that would fan out to every bit.
            out.eq(Cat(self.si, out) ^ captured),
        ]
        return m


class GeneratedFile(wiring.Component):
    """The module of a generated file, with the ports of its text but the clock."""

    def __init__(self, design: Design, shell: Shell) -> None:
        self.name = default_name(design)
        super().__init__({name: member for name, member in ports(design, shell=shell).items() if name != "aclk"})

    def elaborate(self, _platform: Any) -> Instance:
        connected = {
            f"{'i' if member.flow is In else 'o'}_{name}": getattr(self, name)
            for name, member in self.signature.members.items()
        }
        return Instance(self.name, i_aclk=ClockSignal(), **connected)


@dataclass(frozen=True)
class Circuit:
    """What is synthesised: text alone, so that any machine can do it, and equal texts are equal circuits.

    Parameters
    ----------
    family : {"ecp5", "ice40", "7-series"}
    harness : str
        RTLIL whose top module is ``top``.
    verilog : str
        What stands in it beside that; may be empty.
    """

    family: Family
    harness: str
    verilog: str = ""

    @classmethod
    def around(cls, dut: Any, device: Alone, verilog: str = "") -> "Circuit":
        """A component in its harness."""
        harness = Harness(dut)
        pins = [harness.clk, harness.si, harness.so]
        return cls(device.family, rtlil_of(harness, FamilyPlatform(device.family, device.part), pins), verilog)

    def script(self, name: str) -> str:
        """What Yosys is told."""
        verilog = f"read_verilog {name}.v; " if self.verilog else ""
        return f"read_rtlil {name}.il; {verilog}{SYNTHESIS[self.family].format(name=name)}"


def circuit_of(design: Design, device: Alone, shell: Shell) -> Circuit:
    """The Verilog that `generate` writes for a device's family, in its harness."""
    text = generate(design, family=device.family, shell=shell)
    # Without its comments, one of which has the design: what computes the same in the same way is the same circuit.
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))
    return Circuit.around(GeneratedFile(design, shell), device, text)


@dataclass(frozen=True)
class Netlist:
    """A synthesised circuit.

    Parameters
    ----------
    text : str
        The netlist that nextpnr reads.
    module : mapping
        Its top module, parsed.
    """

    text: str
    module: Mapping[str, Any]

    @classmethod
    def of(cls, text: str) -> "Netlist":
        """The netlist of a text that Yosys wrote."""
        return cls(text, json.loads(text)["modules"]["top"])


def synthesised(circuit: Circuit, directory: Path | None = None, name: str = "top") -> Netlist:
    """Synthesises a circuit, in a folder of its own unless one is given."""
    with _folder(directory) as folder:
        (folder / f"{name}.il").write_text(circuit.harness)
        if circuit.verilog:
            (folder / f"{name}.v").write_text(circuit.verilog)
        run("yosys", ["-q", "-l", f"{name}.rpt", "-p", circuit.script(name)], folder, logs=[f"{name}.rpt"])
        return Netlist.of((folder / f"{name}.json").read_text())


def placed(
    text: str,
    device: Alone,
    known: list[Limit],
    aim: float,
    seed: int,
    directory: Path | None = None,
    name: str = "top",
    *,
    pins: str = "",
) -> tuple[Clock, str]:
    """Places and routes a netlist; gives its clock, and its slowest path in the tools' words.

    Parameters
    ----------
    text : str
        The netlist.
    device : Alone
    known : list of Limit
        What the device allows.
    aim : float
        The clock that nextpnr aims at, in Hz.
    seed : int
    pins : str
        An ECP5's places of the harness' pins, as a constraints file (LPF); by default nextpnr chooses them.

    Raises
    ------
    BoardError
        If the device has no room for it.
    ToolError
        If nextpnr fails otherwise.
    """
    with _folder(directory) as folder:
        netlist, report, log = folder / f"{name}.json", folder / f"{name}.{seed}.report.json", f"{name}.{seed}.tim"
        netlist.write_text(text)
        wanted = ["--freq", f"{aim / 1e6:g}", "--timing-allow-fail", "--seed", str(seed)]
        if pins:
            (folder / f"{name}.lpf").write_text(pins)
            wanted += ["--lpf", f"{name}.lpf"]
        files = ("--json", netlist.name, "--report", report.name, "--log", log, "--quiet")
        try:
            run(PLACERS[device.family], [*device.arguments, *wanted, *files], folder, logs=[log])
        except ToolError as error:
            if any(words in str(error) for words in OUT_OF_ROOM):
                raise BoardError(f"A design must fit {device.part}: {error}") from None
            raise
        told = json.loads(report.read_text())
    return clocks(told, aim, known)[0], critical_path(told)


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    with TemporaryDirectory(prefix="convolver-") as temporary:
        try:
            yield Path(temporary)
        except ToolError as error:  # whose log goes with the folder; its end is told
            raise ToolError(re.sub(rf"; log {re.escape(temporary)}/[^:]*", "", str(error))) from None


def split(module: Mapping[str, Any], array: str = "") -> tuple[list[Cell], list[Cell]]:
    """The cells of a circuit without its harness, and those of a block in it.

    `array` is the block's name in the circuit, as a regular expression; of all that are numbered, where there are several.

    A cell is known by the nets that it drives: synthesis keeps their names.
    """
    nets = module["netnames"]
    ours = {bit for name in ("shift", "held", "captured", "out") for bit in nets[name]["bits"]}
    # The exclusive-ors in front of the harness' last registers drive nothing else.
    last = set(nets["out"]["bits"])
    ours |= {
        bit
        for cell in module["cells"].values()
        if cell["type"].startswith(FLIP_FLOPS) and cell["connections"]["Q"][0] in last
        for bit in cell["connections"]["DI" if "DI" in cell["connections"] else "D"]
    }
    of_array = re.compile(rf"dut\.{array}(_\d+)?\." if array else "(?!)").match
    inner = {bit for name, net in nets.items() if of_array(name) for bit in net["bits"]}
    core, block = [], []
    for name, cell in module["cells"].items():
        driven = {
            bit for port, bits in cell["connections"].items() if cell["port_directions"][port] == "output" for bit in bits
        }
        if driven & ours:
            continue
        one = Cell(cell["type"], cell["parameters"])
        core.append(one)
        # What enters the block has a name in it too; its driver is then named after where it stands.
        if of_array(name) or (driven & inner and not name.startswith("dut.")):
            block.append(one)
    return core, block


def limits_of(device: Alone, inside: list[Cell]) -> list[Limit]:
    """What a device allows for a circuit's cells, the lowest first."""
    return limits(device.family, device.speed, inside) if device.family in PLACERS else []
