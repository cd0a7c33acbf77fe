"""What frames there can be, where that isn't all: of some designs it changes with a set that is loaded."""

from collections.abc import Mapping, Sequence
from typing import Self

__all__ = ["Reloading"]


class Reloading:
    """What a design says of its frames once coefficients are loaded: here nothing changes."""

    frame_multiple: int = 1
    """What a frame's length has to be a multiple of."""

    @property
    def shaping_sets(self) -> Mapping[int, tuple[int, ...]]:
        """The design's own sets, where a set decides how many results a frame has, by the numbers of their filters; a filter
        alone has the number 0."""
        return {}

    def reloaded(self, coefficients: Sequence[int], stage: int = 0) -> Self:  # noqa: ARG002  # where frames change with them
        """The design of a core's frames once a set is loaded into a stage of it."""
        return self
