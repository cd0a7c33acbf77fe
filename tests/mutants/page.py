"""The tables of docs/mutants.md: a run replaces the rows of its own targets, and says of which gateware they are."""

from collections.abc import Collection, Iterable, Sequence

__all__ = ["MARK", "merged"]

MARK = "<!-- made by make mutants -->"
COUNTS = (
    "target",
    "part",
    "mutants",
    "killed",
    "proved equal",
    "proved harmless",
    "found by proof only",
    "open",
    "score",
    "of",
)
LEFT = ("target", "part", "mutation", "what is known", "of")

Row = Sequence[str]


def merged(page: str, targets: Sequence[str], ran: Collection[str], counts: Iterable[Row], left: Iterable[Row], of: str) -> str:
    """The page with the rows of the targets that `ran`. The rows of other targets stay, in the order of `targets`.

    Parameters
    ----------
    counts, left : rows of the two tables, without their last cell: what became of the mutants of each part, and each survivor
        that isn't proved equal or harmless.
    of : the gateware of which they are, for the last cell.
    """
    text, _, below = page.partition(MARK)
    tables = []
    for head, new in ((COUNTS, counts), (LEFT, left)):
        rows = [row for row in _rows(below, head) if row[0] not in ran] + [(*row, of) for row in new]
        rows = sorted((row for row in rows if row[0] in targets), key=lambda row: targets.index(row[0]))
        tables.append("\n".join([_line(head), "|---" * len(head) + "|", *map(_line, rows)]))
    first, second = tables
    return f"{text}{MARK}\n\n{first}\n\n## Survivors\n\nThose that aren't proved equal or harmless.\n\n{second}\n"


def _line(cells: Row) -> str:
    return f"| {' | '.join(cells)} |"


def _rows(text: str, head: Row) -> list[tuple[str, ...]]:
    """The rows of the table with that head."""
    lines = text.splitlines()
    if _line(head) not in lines:
        return []
    rows = []
    for line in lines[lines.index(_line(head)) + 2 :]:
        if not line.startswith("|"):
            break
        rows.append(tuple(line.removeprefix("| ").removesuffix(" |").split(" | ")))
    return rows
