"""What several commands do: they read a design, and open what runs it."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ..design_files import load_design
from ..designs import Design

if TYPE_CHECKING:
    from fractions import Fraction

    from ..host.device import Device
    from ..hw.link.one_clock import OneClockTop

__all__ = ["load", "note", "open_device", "planned", "shared", "twin_top"]


def load(path: Path, clock: "str | Fraction | int | None" = None, rate: str | None = None) -> Design:
    """A design's file, its multipliers shared as `shared` does; says what its real taps lost as integers."""
    design = shared(load_design(path), clock, rate)
    if design.quantized is not None:
        note([f"the taps of {path.name} were quantised: {design.quantized}"])
    return design


def planned(design: Design, clock: str | None, rate: str | None) -> tuple[Design, float | None]:
    """A design as it is planned for a clock, its multipliers shared where a rate is given too; and that clock in hertz."""
    from ..folding import hertz

    if rate is not None or clock is None:
        design = shared(design, clock, rate)
    return design, None if clock is None else hertz(clock, "Clock")


def shared(design: Design, clock: "str | Fraction | int | None", rate: str | None) -> Design:
    """A design with its multipliers shared for a clock and a rate, if they are given."""
    if rate is None and isinstance(clock, str):
        raise typer.BadParameter("--clock picks how multipliers are shared for a rate: give --rate too, such as 1M")
    if rate is not None and clock is None:
        raise typer.BadParameter("--rate picks how multipliers are shared at a clock: give --clock too, such as 100M")
    if rate is None or clock is None:
        return design
    from ..folding import at_rate, hertz

    return at_rate(design, clock=hertz(clock, "Clock") if isinstance(clock, str) else float(clock), rate=hertz(rate, "Rate"))


def note(notes: Sequence[str]) -> None:
    for text in notes:
        print(f"convolver: note: {text}", file=sys.stderr)


def open_device(design: Design | None, port: str | None, advance: Callable[[str], None], waves: Path | None = None) -> "Device":
    """The board at `port`, which must carry `design` if that is given, or the twin of `design`."""
    import convolver

    if port is None:
        if design is None:
            raise typer.BadParameter("give --design FILE for the twin, which convolver new writes, or --port URL for a board")
        advance("opening the twin")
        return convolver.open(design, waves=waves)
    from ..host.address import shown

    advance(f"opening {shown(port)}")
    return convolver.open(port, design)


def twin_top(design: Path | None, board: str | None) -> "Design | OneClockTop":
    """What a board twin is made of: a board's top, or a design on no board."""
    from ..selftest import DEFAULT

    loaded = None if design is None else load(design)
    if board is None:
        return DEFAULT if loaded is None else loaded
    from ..boards import get
    from ..boards.simulated import simulated_top

    return simulated_top(get(board), loaded)
