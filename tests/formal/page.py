"""The table of docs/proofs.md: a proof that was run renews its row, which says of which gateware it is."""

from collections.abc import Sequence

from page_tables import Row, rows, table

__all__ = ["MARK", "merged"]

MARK = "<!-- made by make proofs -->"
HEAD = ("part", "size", "proved for", "covers within", "seeded bugs, all seen", "s", "of")


def merged(page: str, names: Sequence[tuple[str, str]], ran: tuple[str, str], row: Row | None, tools: str) -> str:
    """The page with the row of the proof that `ran`, part and size; without one if it failed.

    The rows of other proofs stay, in the order of `names`.
    """
    text, _, below = page.partition(MARK)
    found = {(one[0], one[1]): one for one in map(tuple, rows(below, HEAD))}
    found.pop(ran, None)
    if row is not None:
        found[ran] = tuple(row)
    body = [found[name] for name in names if name in found]
    return f"{text}{MARK}\n\nTools of the newest row: {tools}.\n\n{table(HEAD, body)}\n"
