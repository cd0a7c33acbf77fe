"""The tables of docs/mutants.md: a run replaces the rows of its own targets, and says of which gateware they are."""

from collections.abc import Collection, Iterable, Sequence

from page_tables import Row, rows, table

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
        found = [row for row in rows(below, head) if row[0] not in ran] + [(*row, of) for row in new]
        tables.append(table(head, sorted((row for row in found if row[0] in targets), key=lambda row: targets.index(row[0]))))
    first, second = tables
    return f"{text}{MARK}\n\n{first}\n\n## Survivors\n\nThose that aren't proved equal or harmless.\n\n{second}\n"
