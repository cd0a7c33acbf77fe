"""The boards as a table, and the figures of builds as another, for docs/boards.md."""

import datetime
import re
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from convolver import atomic

from .clocks import clocks_of
from .flow import BuildResult
from .registry import BOARDS, Board

__all__ = ["figures", "listed", "table", "update"]

NOT_RUN = "No physical board has been run yet: bitstreams are built and timed, never tried."
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def table() -> str:
    """All boards, for the command line: name, device, clocks, link and default design."""
    rows = [("board", "device", "core", "link", "default design")]
    rows += [
        (
            board.name,
            f"{board.device}{'-' if board.speed else ''}{board.speed}",
            f"{float(clocks_of(board).core.hertz) / 1e6:g} MHz",
            str(board.link),
            board.design.describe(),
        )
        for board in BOARDS
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, "", NOT_RUN])


def listed() -> list[dict[str, Any]]:
    """All boards, as plain values."""
    return [
        {
            "name": board.name,
            "title": board.title,
            "family": board.family,
            "device": board.device,
            "core_hz": float(clocks_of(board).core.hertz),
            "link": str(board.link),
            "default_design": board.design.describe(),
        }
        for board in BOARDS
    ]


COLUMNS = (
    "board", "design", "LUT", "FF", "multipliers", "block RAMs", "clocks needed", "reached", "limit", "link expected",
    "on the board twin", "physical board",
)  # fmt: skip


def figures(results: Sequence[BuildResult], shares: Sequence[float], date: datetime.date) -> str:
    """Builds as a Markdown table, with versions and date.

    Parameters
    ----------
    results : sequence of BuildResult
    shares : sequence of float
        How much of the line samples fill on each one's board twin, while as many results come back.
    date : datetime.date
    """
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    for result, share in zip(results, shares, strict=True):
        use = {one.what: f"{one.used:g} of {one.available}" for one in result.use}
        cells = [result.board.name, result.design.describe()]
        cells += [use.get(what, "none") for what in ("LUT", "FF", "multiplier", "block RAM")]
        cells.append(", ".join(f"{domain.name} {float(domain.hertz) / 1e6:g}" for domain in result.domains) + " MHz")
        if result.clocks:
            reached = [f"{clock.name} {clock.hertz / 1e6:.1f} (nextpnr {clock.reported / 1e6:.1f})" for clock in result.clocks]
            limits = dict.fromkeys(
                f"{clock.limit.what} {clock.limit.hertz / 1e6:.0f} MHz" for clock in result.clocks if clock.limit is not None
            )
            cells += [", ".join(reached) + " MHz", "; ".join(limits)]
        else:
            cells += ["not timed: after synthesis, for Vivado", ""]
        cells += [_rate(result.board, PAYLOAD), _rate(result.board, share) + f" ({100 * share:.1f} % of the line)", "not run"]
        lines.append("| " + " | ".join(cells) + " |")
    versions = sorted({f"{name} {version}" for result in results for name, version in result.versions.items()})
    built = f"Built on {date.isoformat()} with {', '.join(versions)}. {NOT_RUN}"
    return "\n".join([*lines, "", *textwrap.wrap(built, 120, break_on_hyphens=False)])


PAYLOAD = 256 / 271
"""Payload's share of a line that carries full frames and nothing else (docs/link.md, "A frame")."""


def _rate(board: Board, share: float) -> str:
    return f"{float(share * board.link.bytes_per_second / 1000):.0f} kB/s"


def update(page: Path, text: str) -> None:
    """Puts `text` between the marks of a Markdown page."""
    old = page.read_text(encoding="utf-8")
    new, places = re.subn(f"{BEGIN}.*?{END}", lambda _: f"{BEGIN}\n{text}\n{END}", old, flags=re.DOTALL)
    if places != 1:
        raise ValueError(f"{page} must have one place for the figures, not {places}")
    atomic.write({page: new}, "Page")
