"""Tables in the pages under docs/, which a command renews row by row."""

from collections.abc import Iterable, Sequence

__all__ = ["Row", "rows", "table"]

Row = Sequence[str]


def table(head: Row, body: Iterable[Row]) -> str:
    """Its text."""
    return "\n".join([_line(head), "|---" * len(head) + "|", *map(_line, body)])


def rows(text: str, head: Row) -> list[tuple[str, ...]]:
    """The rows of the table with that head; none if there is no such table."""
    lines = text.splitlines()
    if _line(head) not in lines:
        return []
    found = []
    for line in lines[lines.index(_line(head)) + 2 :]:
        if not line.startswith("|"):
            break
        found.append(tuple(line.removeprefix("| ").removesuffix(" |").split(" | ")))
    return found


def _line(cells: Row) -> str:
    return f"| {' | '.join(cells)} |"
