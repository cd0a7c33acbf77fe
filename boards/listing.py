"""The boards as a table, and the figures of their default designs, built today, for docs/boards.md."""

import datetime
import re
from collections.abc import Sequence
from pathlib import Path

from convolver.designs import Conv2DDesign, FIRDesign

from .flow import BuildResult, Step, build
from .registry import BOARDS

__all__ = ["describe", "figures", "table", "update"]

NOT_RUN = "No physical board has been run yet: bitstreams are built and timed, never tried."
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def describe(design: FIRDesign | Conv2DDesign) -> str:
    """A design in a few words."""
    coefficients = f"{'loadable' if design.loadable else 'constant'} {design.coefficient_format}"
    if isinstance(design, FIRDesign):
        return f"{design.taps} taps, {coefficients}, {design.data} samples"
    size = f"{design.kernel_rows}x{design.kernel_columns}"
    return f"{size}, {coefficients}, {design.pixel} pixels, {design.columns} columns, {design.boundary}"


def table() -> str:
    """All boards, for the command line: name, device, clock, link and default design."""
    rows = [("board", "device", "clock", "link", "default design")]
    rows += [
        (
            board.name,
            f"{board.device}{'-' if board.speed else ''}{board.speed}",
            f"{board.clock_hz / 1e6:g} MHz",
            f"{board.uart.bridge} UART, {board.uart.baud / 1e6:g} Mbaud",
            describe(board.design),
        )
        for board in BOARDS
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, "", NOT_RUN])


def figures(results: Sequence[BuildResult], date: datetime.date) -> str:
    """Builds as a Markdown table, with versions and date."""
    lines = ["| board | design | LUT | FF | multipliers | block RAMs | clock needed | reached | limit |", "|" + "---|" * 9]
    for result in results:
        use = {one.what: f"{one.used:g} of {one.available}" for one in result.use}
        cells = [result.board.name, describe(result.design)]
        cells += [use[what] for what in ("LUT", "FF", "multiplier", "block RAM")]
        cells.append(f"{result.board.clock_hz / 1e6:g} MHz")
        if result.clocks:
            clock = min(result.clocks, key=lambda one: one.hertz - one.needed)
            limit = (
                f"{clock.limit.what} {clock.limit.hertz / 1e6:.0f} MHz ({clock.limit.source})" if clock.limit else "none known"
            )
            cells += [f"{clock.hertz / 1e6:.1f} MHz (nextpnr {clock.reported / 1e6:.1f})", limit]
        else:
            cells += ["not timed: after synthesis, for Vivado", ""]
        lines.append("| " + " | ".join(cells) + " |")
    versions = sorted({f"{name} {version}" for result in results for name, version in result.versions.items()})
    return "\n".join([*lines, "", f"Built on {date.isoformat()} with {', '.join(versions)}. {NOT_RUN}"])


def update(page: Path, text: str) -> None:
    """Puts `text` between the marks of a Markdown page."""
    old = page.read_text(encoding="utf-8")
    new, places = re.subn(f"{BEGIN}.*?{END}", lambda _: f"{BEGIN}\n{text}\n{END}", old, flags=re.DOTALL)
    if places != 1:
        raise ValueError(f"{page} must have one place for the figures, not {places}")
    page.write_text(new, encoding="utf-8")


def main(step: Step = print) -> None:
    """Builds all default designs into ``build/`` and writes their figures into docs/boards.md."""
    results = []
    for board in BOARDS:
        results.append(build(board, step=lambda title, name=board.name: step(f"{name}: {title}")))  # type: ignore[misc]
        step(str(results[-1]))
    update(Path("docs", "boards.md"), figures(results, datetime.datetime.now(datetime.UTC).date()))


if __name__ == "__main__":
    main()
