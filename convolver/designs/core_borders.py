"""What a core makes of a frame's ends: results of whole windows alone, or borders of its own.

Of the window along an axis, `before` and `after` are the lines in front of a result's own and behind it.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from .words import Boundary

__all__ = ["OwnBorder", "WholeWindows"]


class Made(Protocol):
    """A boundary that a core makes."""

    @property
    def boundary(self) -> Boundary: ...

    def kept(self, before: int, after: int) -> tuple[int, int]: ...

    def least(self, before: int, after: int) -> int: ...


class WholeWindows:
    """A core whose results are those of the windows that lie inside the frame; its own line is a window's first."""

    mode: ClassVar[Literal["same", "valid"]] = "valid"

    @property
    def boundaries(self) -> tuple[Boundary, ...]:
        """Boundaries that the core makes."""
        return ()

    def lost(self, before: int, after: int) -> int:
        """Results that a frame has fewer than lines."""
        return before + after

    def kept(self, before: int, after: int) -> tuple[int, int]:
        """Lines around a result's centre that the core has at hand."""
        return before, after

    def least(self, before: int, after: int) -> int:
        """Fewest lines of a frame."""
        return before + after + 1

    def reach(self, before: int, after: int) -> int:
        """Lines behind a result's own that its window needs."""
        return before + after

    def awaited(self, before: int, after: int) -> int:
        """Lines behind a result's own that the core waits for."""
        return before + after

    def moved(self, late: int) -> int:
        """Pixels by which beats of results lie behind the beats of a line, of `late` that the core waits for too many."""
        return late


@dataclass(frozen=True, slots=True)
class OwnBorder(WholeWindows):
    """A core that makes what stands outside the frame: one of some boundaries.

    Parameters
    ----------
    made : tuple of Outside
    """

    made: tuple[Made, ...]
    mode: ClassVar[Literal["same", "valid"]] = "same"

    @property
    def boundaries(self) -> tuple[Boundary, ...]:
        return tuple(outside.boundary for outside in self.made)

    def lost(self, before: int, after: int) -> int:  # noqa: ARG002  # all are there
        return 0

    def kept(self, before: int, after: int) -> tuple[int, int]:
        sides = [outside.kept(before, after) for outside in self.made]
        return max(front for front, _ in sides), max(back for _, back in sides)

    def least(self, before: int, after: int) -> int:
        return max(outside.least(before, after) for outside in self.made)

    def reach(self, before: int, after: int) -> int:  # noqa: ARG002  # a result's own line is the window's centre
        return after

    def awaited(self, before: int, after: int) -> int:
        return self.kept(before, after)[1]

    def moved(self, late: int) -> int:  # noqa: ARG002  # they begin with the line's
        return 0
