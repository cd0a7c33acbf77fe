"""On which boards a design has room, how fast it is there, and why not on the others."""

from collections.abc import Iterator
from dataclasses import dataclass

from ..designs import Design
from ..errors import BoardError
from ..plan.fit import Use, in_adders
from ..plan.lowering import lower
from ..plan.target import Family
from ..progress import Advance

__all__ = ["OnBoard", "boards_of"]


UNTIMED: tuple[Family, ...] = ("7-series",)
"""Families that no open tool places."""


@dataclass(frozen=True)
class OnBoard:
    """A design on one board.

    uses : what it needs of multipliers, block RAMs and, if any, single-port RAMs.
    refused : why it isn't built for the board; nothing where it is.
    rate : samples or pixels a second in the core.
    link_rate : those that the link carries at the most.
    """

    name: str
    title: str
    device: str
    clock_hz: int
    timed: bool
    uses: tuple[Use, ...]
    refused: str
    rate: float
    link: str
    link_rate: float


def boards_of(whole: Design, advance: Advance) -> Iterator[OnBoard]:
    """The design on every board; what stands around its core there is elaborated, which takes a second a board."""
    from .. import boards

    for name in boards.names():
        board = boards.get(name)
        plan = in_adders(lower(whole, board.target), board.multipliers)
        design = plan.design
        advance(f"counting what {name} has room for")
        try:
            uses, refused = boards.needs(board, plan), ""
            if not all(use.fits for use in uses):
                boards.check_fit(board, plan)
        except BoardError as error:
            refused = str(error)
            uses = boards.needs(board, plan)
        bytes_each = max(design.sample.bytes * design.planes, design.result_bytes)
        yield OnBoard(
            name,
            board.title,
            board.device,
            board.core_hz,
            board.family not in UNTIMED,
            uses,
            refused,
            board.core_hz * plan.pixels / plan.cycles,
            str(board.link),
            float(board.link.bytes_per_second) / bytes_each,
        )
