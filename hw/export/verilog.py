# amaranth: UnusedElaboratable=no
"""Verilog of a design in one file, for any tool that reads Verilog, and a template that instantiates it."""

import os
import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import amaranth
from amaranth.back import rtlil
from amaranth.hdl import Shape
from amaranth.lib.wiring import In, Member

from convolver.clocking import AxiClock, Clocking, Reset, ResetStyle
from convolver.designs import Design
from convolver.plan.fit import check_fpga, check_lines, fpga_needs, in_adders
from convolver.plan.fpgas import FPGA, named_fpga
from convolver.plan.lowering import lower
from convolver.plan.places import only_die, reached_by
from convolver.plan.plan import Plan
from convolver.plan.shell import block_latency
from convolver.plan.target import Family
from convolver.promises import OWNERSHIP
from convolver.shell import Shell
from convolver.version import __version__

from ..bus.axi import AXIAccelerator, ports
from ..primitives.families import FamilyPlatform
from .elaboration import verilog_of, without_collection
from .module_names import check_name
from .unread import without_unread
from .verilog_blocks import without_combinational_blocks

__all__ = ["default_name", "generate", "template"]

_PACKAGER = re.compile(r"^ *\(\* X_INTERFACE_\w+ = .*\n", re.MULTILINE)
_INNER = re.compile(r"(?:^ *\(\* X_INTERFACE_\w+ = .*\n)+((?: *\(\* src = .*\n)* *wire )", re.MULTILINE)
_SOURCE = re.compile(r'\(\* src = "([^"]*)" \*\)')
_ROOTS = {
    str(Path(__file__).resolve().parents[1]): "convolver/hw",
    **{str(Path(folder).resolve()): "amaranth" for folder in amaranth.__path__},
}


def default_name(design: Design) -> str:
    """The default name of a module: ``convolver_KIND``."""
    return f"convolver_{design.kind}"


def generate(
    design: Design,
    name: str | None = None,
    family: Family | None = None,
    *,
    device: str | None = None,
    axi_clock: AxiClock = "shared",
    reset: Reset = "active-low",
    reset_style: ResetStyle = "sync",
    shell: Shell | None = None,
    clock: float | None = None,
) -> str:
    """Makes the Verilog of a design: an AXI4-Stream block (`convolver.hw.bus.axi.AXIAccelerator`), with AXI4-Lite
    registers if it needs any.

    The same design and versions give the same text on every machine.

    Parameters
    ----------
    design : Design
        What to compute.
    name : str, optional
        Name of the top module, by default `default_name`; the names of all other modules begin with it. Two designs in
        one system need two names.
    family : {"ecp5", "ice40", "7-series"}, optional
        Device family whose primitives are used; by default none, for any device.
    device : str, optional
        A device of a family (`convolver.plan.fpgas`). A design without room on it is refused. If the sites of its
        multipliers are known, the Verilog has them; also without `device`, if only one die of the family has enough
        multipliers.
    axi_clock, reset, reset_style
        Clocks and resets; see `convolver.clocking.Clocking`.
    shell : Shell, optional
        The shell around the core: registers, the description in them, the handshake, a frame's size. By default what
        the design needs: see `convolver.shell.Shell.of`.
    clock : float, optional
        The streams' clock, in hertz. A slower clock needs fewer pipeline registers. By default there are enough for the
        devices' full speed.

    Raises
    ------
    DesignError
        If the name is taken by a language or a tool (`convolver.hw.export.module_names`), the description is too long
        for its memory, an option isn't known, the shell doesn't suit the design, or the device has no room.
    """
    name = _checked(design, name)
    fpga = None if device is None else named_fpga(device, family)
    family = family if fpga is None else fpga.family
    plan = lower(design, family if fpga is None else fpga.target)  # at full speed
    check_lines(plan, str(family))
    if fpga is not None:
        plan = in_adders(plan, fpga.multipliers)
        check_fpga(fpga, plan, (shell or Shell()).of(plan.design))
    clocking = Clocking(axi_clock, reset, reset_style)
    device = (only_die(plan) or "") if fpga is None else fpga.name
    top = AXIAccelerator(plan.design, plan.target.at(clock), clocking, shell)
    platform = None if family is None else FamilyPlatform(family, device)
    with without_collection():
        circuit = without_unread(rtlil.convert(top, name=name, platform=platform))
    body = without_combinational_blocks(verilog_of(circuit))
    body = _SOURCE.sub(lambda match: f'(* src = "{_relative(match[1])}" *)', body)
    # The IP packager reads the attributes of the top module's ports only. Amaranth repeats them on the clock of every
    # module, and on other signals of a port's net.
    module, end, others = body.partition("endmodule\n")
    return _header(plan, top, name, fpga) + _INNER.sub(r"\1", module) + end + _PACKAGER.sub("", others)


def template(
    design: Design,
    name: str | None = None,
    *,
    axi_clock: AxiClock = "shared",
    reset: Reset = "active-low",
    reset_style: ResetStyle = "sync",
    shell: Shell | None = None,
) -> str:
    """Makes the Verilog that instantiates a design's module, every port by name: the content of vendors' .veo files.

    Parameters and errors are those of `generate`.
    """
    name = _checked(design, name)
    lines = [
        f"// How {name} is instantiated: put this where it belongs, and your own signals into the parentheses.",
        f"// {OWNERSHIP}",
        "",
        *_instance(name, ports(design, Clocking(axi_clock, reset, reset_style), shell)),
    ]
    return "".join(f"{line}\n" for line in lines)


def _checked(design: Design, name: str | None) -> str:
    """The module's name, checked."""
    if name is None:
        return default_name(design)
    check_name(name)
    return name


def _relative(places: str) -> str:
    """Source places (``path:line|path:line``), without the parts that depend on this machine."""
    return "|".join(_shortened(place) for place in places.split("|"))


def _shortened(place: str) -> str:
    path, _, line = place.partition(":")
    for root, short in _ROOTS.items():
        if path.startswith(root + os.sep):
            return f"{short}/{Path(path).relative_to(root).as_posix()}:{line}"
    return Path(path).name  # a part of Python itself; its lines change with the version


def _header(plan: Plan, top: AXIAccelerator, name: str, fpga: FPGA | None) -> str:
    """The comment at the top: how the file was made, what it does, and how to instantiate it. `plan` is that at full speed."""
    design, family = plan.design, plan.target.family
    lines = [
        f"{name}: made by convolver {__version__} with Amaranth {version('amaranth')}.",
        OWNERSHIP,
        "Don't edit: change the design, and make it again.",
        "",
        f"Design: {design.to_json()}",
        *([f"Device: {family if fpga is None else fpga.name}, with its primitives."] if family else []),
        "",
        *_timing(top),
        *_pace(top),
        *_room(plan, top, fpga),
        *_caution(top),
        *_around(top),
        "",
        "Instantiation:",
        "",
        *(f"    {line}" for line in _instance(name, top.signature.members)),
    ]
    return "".join(f"// {line}".rstrip() + "\n" for line in lines) + "\n"


def _around(top: AXIAccelerator) -> list[str]:
    """The shell around the core, and the documents about it."""
    shell = top.shell
    if not shell.has_registers:
        return ["It has no registers. Ports and timing: docs/verilog.md of convolver."]
    few = ["Its registers are those that load coefficients."] if shell.registers == "coefficients" else []
    told = {"hash": ["They tell the CRC-32 of the design's JSON."], "none": ["They don't tell the design."]}
    return [
        *few,
        *told.get(shell.description or "", []),
        "Ports, timing and registers: docs/verilog.md and docs/registers.md of convolver.",
    ]


def _timing(top: AXIAccelerator) -> list[str]:
    """Throughput and latency of the block."""
    plan = top.plan
    unit = top.design.element
    beat = plan.beat.named(unit)
    least, most = block_latency(plan, top.shell)
    lines = [
        f"{plan.paced(unit)}. Without stalls what a {beat} completes is offered",
        f"{least if least == most else f'{least} to {most}'} clocks after the {beat} was accepted"
        + (f": {least} where it finds the input empty," if least < most else "."),
    ]
    if least < most:
        lines.append(f"the more, the more {beat}s wait before it.")
    if not top.shell.waits:
        lines.append("There is no back-pressure: every beat is taken, and results are there for one clock.")
    if sizes := [axis.most for axis in top.design.frame_axes if axis.most is not None]:
        rows, columns = sizes
        if flush := plan.timing.flush_clocks(columns):
            lines += [
                f"A frame that comes while the end of the one before leaves waits for that, up to {flush} clocks"
                + ("; so does one" if top.shell.resizes else "."),
                *(["of another size."] if top.shell.resizes else []),
            ]
        until = " until ROWS and COLUMNS are written" if top.shell.resizes else ""
        lines.append(f"Frames have {rows} rows of {columns} pixels{until}.")
        if not top.shell.waits:
            lines.append("Each starts anew at its first pixel.")
    return lines


def _pace(top: AXIAccelerator) -> list[str]:
    """The clock that the pipeline registers are made for, if a slower one was requested."""
    hertz = top.plan.target.pace.hertz
    return [] if hertz is None else [f"It has the registers that a clock of up to {hertz / 1e6:g} MHz needs."]


def _room(plan: Plan, top: AXIAccelerator, fpga: FPGA | None) -> list[str]:
    """Resources of the device that the core takes, or multipliers of the family."""
    if fpga is not None:
        needs = ", ".join(f"{use.used:g} of {use.available} {use.what}s" for use in fpga_needs(fpga, plan, top.shell))
        return [f"It takes, at the least, {needs}."]
    if top.plan.target.family is None:
        return []
    count, rams = top.plan.hard_multipliers, top.plan.single_port_rams
    told = [f"It takes {count} hard multiplier{'s' * (count != 1)}."]
    large = [f"Its lines lie in {rams} single-port RAMs; for a device without these, name it: --device."] * bool(rams)
    return [*told, *large, *reached_by(top.plan)]


def _caution(top: AXIAccelerator) -> list[str]:
    """A caution for the synthesis of the multipliers."""
    return [top.plan.target.caution] * bool(top.plan.target.caution and top.plan.hard_multipliers)


def _instance(name: str, members: Mapping[str, Member]) -> list[str]:
    """The lines that instantiate a module with these ports, each with direction and width."""
    longest, last = max(map(len, members)), list(members)[-1]
    return [
        f"{name} {name}_0 (",
        *(
            f"    .{port:{longest}} ({port}){' ' if port == last else ','} // {_direction(member)}"
            for port, member in members.items()
        ),
        ");",
    ]


def _direction(member: Member) -> str:
    width = Shape.cast(member.shape).width
    return f"{'input ' if member.flow is In else 'output'} {f'[{width - 1}:0]' if width > 1 else ''}".rstrip()
