"""The tables of docs/performance.md: what is measured anew takes the place of what stood there."""

from argparse import ArgumentParser
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

__all__ = ["PAGE", "as_row", "check_known", "renew"]

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"


def check_known(parser: ArgumentParser, what: str, given: Iterable[str], known: Collection[str]) -> None:
    """Ends a command that was given the name of a row, or of what else it measures, that there isn't."""
    for name in given:
        if name not in known:
            parser.error(f"a {what} must be one of {', '.join(known)}, not {name!r}")


def as_row(cells: Sequence[str]) -> str:
    """A row of a table in Markdown."""
    return " ".join(f"| {cell}" if cell else "|" for cell in cells) + " |"


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def renew(heading: str, lines: Sequence[str], keys: int, page: Path = PAGE) -> None:
    """Puts rows into the first table below a heading: each in the place of the row whose first `keys` cells are the same, or
    at the table's end."""
    text = page.read_text(encoding="utf-8").splitlines()
    begin = next(at for at in range(text.index(heading), len(text)) if text[at].startswith("|"))
    end = next((at for at in range(begin, len(text)) if not text[at].startswith("|")), len(text))
    columns, table = len(_cells(text[begin])), {tuple(_cells(line)[:keys]): line for line in text[begin + 2 : end]}
    for line in lines:
        cells = _cells(line)
        if len(cells) != columns:
            raise ValueError(f"A row of {heading!r} must have {columns} cells, not {len(cells)}")
        table[tuple(cells[:keys])] = as_row(cells)
    text[begin + 2 : end] = table.values()
    page.write_text("\n".join(text) + "\n", encoding="utf-8")
