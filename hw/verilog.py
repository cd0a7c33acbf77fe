"""Verilog of a design, in one file, for any tool that reads Verilog; and a template that instantiates it."""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import amaranth
from amaranth.back import verilog
from amaranth.hdl import Shape
from amaranth.lib.wiring import In, Member

import convolver.hw
from convolver.clocking import AxiClock, Clocking, Reset, ResetStyle
from convolver.designs import Conv2DDesign, FIRDesign
from convolver.hw.axi import AXIAccelerator, ports
from convolver.hw.elaboration import without_collection, yosys_has_home
from convolver.hw.families import FamilyPlatform
from convolver.hw.module_names import check_name
from convolver.hw.verilog_blocks import without_combinational_blocks
from convolver.plan.target import Family
from convolver.version import __version__

__all__ = ["default_name", "generate", "template"]

_PACKAGER = re.compile(r"^ *\(\* X_INTERFACE_\w+ = .*\n", re.MULTILINE)
_INNER = re.compile(r"(?:^ *\(\* X_INTERFACE_\w+ = .*\n)+((?: *\(\* src = .*\n)* *wire )", re.MULTILINE)
_EMPTY = re.compile(r"^(?: *\(\* .* \*\)\n)* *wire \[-1:0\] .*;\n", re.MULTILINE)
_SOURCE = re.compile(r'\(\* src = "([^"]*)" \*\)')
_ROOTS = {
    **{str(Path(folder).resolve()): "convolver/hw" for folder in convolver.hw.__path__},
    **{str(Path(folder).resolve()): "amaranth" for folder in amaranth.__path__},
}


def default_name(design: FIRDesign | Conv2DDesign) -> str:
    """The module's name unless another is asked for: ``convolver_fir`` or ``convolver_conv2d``."""
    return f"convolver_{design.kind}"


def generate(
    design: FIRDesign | Conv2DDesign,
    name: str | None = None,
    family: Family | None = None,
    *,
    axi_clock: AxiClock = "shared",
    reset: Reset = "active-low",
    reset_style: ResetStyle = "sync",
) -> str:
    """Makes the Verilog of a design: an AXI4-Stream block with AXI4-Lite registers (`convolver.hw.axi.AXIAccelerator`).

    The same design and the same versions give the same text, on any machine.

    Parameters
    ----------
    design : FIRDesign or Conv2DDesign
        What to compute.
    name : str, optional
        Name of the top module, by default ``convolver_fir`` or ``convolver_conv2d``; the names of all modules under it begin
        with it. Two designs in one system need two names.
    family : {"ecp5", "ice40", "7-series"}, optional
        Device to write it for, with its primitives; by default for any.
    axi_clock, reset, reset_style
        Clocks and resets; see `convolver.clocking.Clocking`.

    Raises
    ------
    DesignError
        If a language or a tool has the name already (`convolver.hw.module_names`), the description is too long for its
        memory, or an option isn't known.
    """
    name = _checked(design, name)
    top = AXIAccelerator(design, family, Clocking(axi_clock, reset, reset_style))
    platform = None if family is None else FamilyPlatform(family)
    with _builtin_yosys(), without_collection():
        body = verilog.convert(top, name=name, platform=platform)
    body = without_combinational_blocks(body)
    body = _SOURCE.sub(lambda match: f'(* src = "{_relative(match[1])}" *)', body)
    # A signal of no bits is declared, and never used, as [-1:0]: two bits to Verilog, and a warning from its tools.
    body = _EMPTY.sub("", body)
    # What the IP packager reads belongs to the top module's ports; Amaranth repeats it with the clock in every module, and with
    # whatever else has a port's net.
    module, end, others = body.partition("endmodule\n")
    return _header(design, top, name) + _INNER.sub(r"\1", module) + end + _PACKAGER.sub("", others)


def template(
    design: FIRDesign | Conv2DDesign,
    name: str | None = None,
    *,
    axi_clock: AxiClock = "shared",
    reset: Reset = "active-low",
    reset_style: ResetStyle = "sync",
) -> str:
    """Makes the Verilog that instantiates a design's module, every port by its name: what vendors' tools keep in a .veo file.

    Parameters and errors are those of `generate`.
    """
    name = _checked(design, name)
    lines = [
        f"// How {name} is instantiated: put this where it belongs, and your own signals into the parentheses.",
        "",
        *_instance(design, name, Clocking(axi_clock, reset, reset_style)),
    ]
    return "".join(f"{line}\n" for line in lines)


def _checked(design: FIRDesign | Conv2DDesign, name: str | None) -> str:
    """The module's name, if it can be one."""
    if name is None:
        return default_name(design)
    check_name(name)
    return name


@contextmanager
def _builtin_yosys() -> Iterator[None]:
    """Makes Amaranth use the Yosys that is installed with it, whatever else is on the PATH, without a home folder too."""
    with ExitStack() as stack:
        wanted = {"AMARANTH_USE_YOSYS": "builtin"}
        if not yosys_has_home():
            wanted["XDG_CACHE_HOME"] = stack.enter_context(TemporaryDirectory())
        before = {name: os.environ.get(name) for name in wanted}
        os.environ.update(wanted)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def _relative(places: str) -> str:
    """Source places (``path:line|path:line``) without what is only true on this machine."""
    return "|".join(_shortened(place) for place in places.split("|"))


def _shortened(place: str) -> str:
    path, _, line = place.partition(":")
    for root, short in _ROOTS.items():
        if path.startswith(root + os.sep):
            return f"{short}/{Path(path).relative_to(root).as_posix()}:{line}"
    return Path(path).name  # a part of Python itself, whose lines differ from version to version


def _header(design: FIRDesign | Conv2DDesign, top: AXIAccelerator, name: str) -> str:
    """How the file was made, what it does, and how to instantiate it."""
    lines = [
        f"{name}: made by convolver {__version__} with Amaranth {version('amaranth')}.",
        "Don't edit: change the design, and make it again.",
        "",
        f"Design: {design.to_json()}",
        *([f"Device: {top.family}, with its primitives."] if top.family else []),
        "",
        *_timing(design, top.latency),
        "Ports, timing and registers: docs/verilog.md and docs/registers.md of convolver.",
        "",
        "Instantiation:",
        "",
        *(f"    {line}" for line in _instance(design, name, top.clocking)),
    ]
    return "".join(f"// {line}".rstrip() + "\n" for line in lines) + "\n"


def _timing(design: FIRDesign | Conv2DDesign, latency: int) -> list[str]:
    if (pixels := design.pixels_per_clock) > 1:
        return [
            f"{pixels} pixels a clock. Without stalls the results that a beat completes are offered",
            f"{latency} clocks after the beat was accepted.",
        ]
    return [
        "One sample a clock. Without stalls the result that a sample completes is offered",
        f"{latency} clocks after the sample was accepted.",
    ]


def _instance(design: FIRDesign | Conv2DDesign, name: str, clocking: Clocking) -> list[str]:
    """The lines that instantiate a module, each port with its direction and width."""
    members = ports(design, clocking)
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
