"""What `explore` and `fit` do alike: they read what is varied, and search."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ..shell import Handshake, Shell

if TYPE_CHECKING:
    from ..exploring import Exploration

__all__ = ["searched"]


def searched(
    design: Path,
    board: str,
    vary: Sequence[str] | None,
    seeds: str,
    scheduler: str | None,
    jobs: int | None,
    handshake: Handshake,
    clocks: Sequence[float],
    rate: float | None,
    wanted: float | None,
) -> "Exploration":
    """What was found, for the options as they are written."""
    from ..design_files import changed_design
    from ..exploring.explorer import searched as search
    from ..exploring.space import values_of
    from ..progress import steps

    told = dict(values_of(one) for one in vary or ())
    if len(told) < len(vary or ()):
        raise typer.BadParameter("a field that is varied must be named once, with all its values")
    with steps(log=True) as advance:
        return search(
            changed_design(design),
            board,
            told,
            clocks,
            rate,
            wanted,
            _seeds(seeds),
            Shell(handshake=handshake),
            scheduler,
            jobs,
            advance,
        )


def _seeds(text: str) -> int | list[int]:
    """How many seeds, or which."""
    words = text.split(",")
    if not all(word.strip().isdigit() for word in words):
        raise typer.BadParameter(f"--seeds must be a number, or seeds such as 1,5,7, not {text!r}")
    numbers = [int(word) for word in words]
    return numbers[0] if len(numbers) == 1 else numbers
