"""What frames there can be, where that isn't all: of some designs it changes with a set that is loaded."""

from collections.abc import Sequence
from typing import Self

__all__ = ["Reloading"]


class Reloading:
    """What a design says of its frames once coefficients are loaded: here nothing changes."""

    reshapes: bool = False
    """Whether a set that is loaded changes how many results a frame has."""

    frame_multiple: int = 1
    """What a frame's length has to be a multiple of."""

    def reloaded(self, coefficients: Sequence[int], stage: int = 0) -> Self:  # noqa: ARG002  # where frames change with them
        """The design of a core's frames once a set is loaded into a stage of it."""
        return self
