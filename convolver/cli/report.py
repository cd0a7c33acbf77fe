"""`convolver report`."""

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from ..atomic import STANDARD
from ..design_files import load_design
from ..designs import Design
from ..plan import Plan
from ..plan.target import Family
from ..shell import FULL, Shell
from .answers import AsJson, answer
from .devices import open_device, planned, shared
from .options import (
    Description,
    DesignFile,
    FrameSize,
    MaybeBoard,
    MaybeRate,
    OfDevice,
    OfFamily,
    PlannedClock,
    Registers,
    Streams,
)

__all__ = ["EXAMPLES", "report"]

EXAMPLES = (
    "convolver report --design examples/blur.toml --family ecp5",
    "convolver report --design examples/lowpass.toml --clock 100M --rate 1M --plan",
    "convolver report --design benchmarks/size/lowpass-64-16.toml --prove 30000000",
    "convolver report --design examples/lowpass.toml --plot lowpass.svg",
    "convolver report --design examples/edges.toml --html edges.html --on photo.png",
)


def report(
    design: DesignFile,
    clock: PlannedClock = None,
    rate: MaybeRate = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Also draw the response into this picture.")] = None,
    measure: Annotated[bool, typer.Option(help="Draw a FIR's response as measured on the twin too.")] = True,
    as_json: AsJson = False,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Also write all of it as one page: block diagram, boards, response, example."),
    ] = None,
    on: Annotated[
        Path | None,
        typer.Option(metavar="IN", help="The picture, sound or array that --html shows before and after; else the demo's."),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Also the plan: what was rewritten and what that saved, stages, lanes, adder trees.")
    ] = False,
    prove: Annotated[
        int | None,
        typer.Option(min=1, metavar="STEPS", help="Prove how many adders constants take at the least, in so many steps."),
    ] = None,
    board: MaybeBoard = None,
    family: OfFamily = None,
    device: OfDevice = None,
    registers: Registers = None,
    description: Description = None,
    handshake: Streams = "back-pressure",
    frame: FrameSize = None,
) -> None:
    """Prints what a design costs and does: latency, multipliers, memory, widths, gain, rounding noise, delay."""
    from ..plan.fit import check_fpga, fpga_needs, in_adders
    from ..plan.fpgas import named_fpga
    from ..plan.lowering import lower
    from ..plan.places import reached_by
    from ..plan.target import target_of
    from ..report import reported

    if board is not None and (family is not None or device is not None):
        raise typer.BadParameter("give --board NAME, or --device NAME or --family NAME; a board has its own device")
    shell = Shell(registers, description, handshake, frame)
    if board is not None and shell != Shell():
        raise typer.BadParameter(
            "give --board NAME without --registers, --description, --handshake, --frame; a board has everything around its core"
        )
    if on is not None and html is None:
        raise typer.BadParameter("--on is what --html shows before and after; give --html FILE.html")
    if html is not None:
        from .. import atomic

        atomic.check(html, "Page")
    given, hertz, target = load_design(design), None, None
    if board is None:
        given, hertz = planned(given, clock, rate)
    else:
        given = shared(given, clock, rate)  # its core runs at the board's clock, and is planned for full speed
        from .. import boards as known

        target = known.get(board)
        family = target.family
    fpga = None if device is None else named_fpga(device, family)
    holder = fpga or target
    own = lower(given, (target_of(family) if holder is None else holder.target).at(hertz))
    fitted = own if holder is None else in_adders(own, holder.multipliers)
    loaded = fitted.design
    around = (shell if target is None else FULL).of(loaded)
    told = reported(fitted, around, hertz)
    numbers, text = told.to_dict(), told.text()
    if fpga is None and target is None:
        text += "".join(f"\n{line.removesuffix('.')}" for line in reached_by(told.plan))
    if holder is not None and loaded != given:
        had = f"{holder.multipliers} of the {own.hard_multipliers} multipliers"
        text += f"\n{holder.name} has {had}: constants are shifted and added instead"
    if fpga is not None:
        check_fpga(fpga, fitted, around)
        used = fpga_needs(fpga, fitted, around)
        numbers["device"] = {"name": fpga.name} | {use.what: use.used for use in used}
        text += f"\n{fpga.name} has room: at the least {', '.join(map(str, used))}; look-up tables aren't counted here"
    if target is not None:
        known.check_fit(target, fitted)
        needed = known.needs(target, fitted)
        numbers["board"] = {"name": board} | {use.what: use.used for use in needed}
        text += f"\n{board} has room: at the least {', '.join(map(str, needed))}; convolver build counts look-up tables"
    if plot is not None:
        _plot(loaded, plot, measure)
    if html is not None:
        _page(loaded, html, design.stem, told.family, on, measure)
    if plan:
        numbers["plan"] = told.plan.explain()
        text += f"\n\n{told.plan.explain()}"
    if prove is not None:
        numbers["adders"], proofs = _proofs(told.plan, prove)
        text += f"\n\n{proofs}"
    if written := [str(path) for path in (plot, html) if path is not None and path != STANDARD]:
        text += f"\nwritten: {', '.join(written)}"
    answer(as_json, text, numbers)


def _proofs(plan: Plan, most: int) -> tuple[list[dict[str, int]], str]:
    """Of all constants that are shifted and added: adders, and how many they take at the least."""
    from ..plan.explained import proofs_of
    from ..progress import steps

    with steps() as advance:
        advance("proving how many adders constants take")
        found = list(proofs_of((array for core in plan.cores for array in core.filters), most))
    if not found:
        raise typer.BadParameter("--prove is for constants that are shifted and added; the design's file needs multipliers = 0")
    return [{"made": adders, "least": least} for adders, least, _ in found], "\n".join(told for *_, told in found)


def _plot(design: Design, path: Path, measure: bool) -> None:
    """Draws a design; a FIR's response is measured on its twin first."""
    from ..plots import check_plot, measured, plot
    from ..progress import steps

    check_plot(path, design)
    with steps() as advance:
        found = measured(design, lambda: open_device(design, None, advance), advance) if measure else None
        advance("drawing")
        plot(design, path, found)


def _page(design: Design, path: Path, name: str, family: Family | None, on: Path | None, measure: bool) -> None:
    """Writes the page; a FIR's response is measured on its twin first."""
    from .. import atomic
    from ..errors import ConvolverError
    from ..page import page_of
    from ..plots import measured
    from ..progress import steps

    with steps() as advance:
        found = None
        if measure:
            with contextlib.suppress(ConvolverError):  # without a compiler, or a response, the page does without
                design.check_plotted()
                found = measured(design, lambda: open_device(design, None, advance), advance)
        atomic.write({path: page_of(design, advance, name=name, family=family, example=on, measured=found)}, "Page")
