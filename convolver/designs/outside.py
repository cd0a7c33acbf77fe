"""What stands outside an image: a class a boundary, by `numpy.pad`'s names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .axes import FrameAxis, PaddedAxis, WindowAxis
from .words import Boundary

__all__ = ["IN_CORE", "Outside", "boundary_code", "outside_of"]


@dataclass(frozen=True, slots=True)
class Outside:
    """A boundary that a core makes; of pixels that it has anyway, where nothing else is said.

    Parameters
    ----------
    boundary : str
        Its name.
    code : int
        What a core's register is told of it.
    """

    boundary: Boundary
    code: int

    @property
    def in_core(self) -> tuple["Outside", ...]:
        """What a core makes of it: itself, or nothing where the host has to."""
        return (self,)

    @property
    def axis(self) -> type[FrameAxis]:
        """The axes of such a core's frames."""
        return FrameAxis

    @property
    def chosen_axis(self) -> type[FrameAxis]:
        """The axes of a frame where it is one of several."""
        return FrameAxis

    @property
    def made(self) -> Boundary:
        """What a core of several is told to make."""
        return self.boundary

    @property
    def padded(self) -> bool:
        """Whether the host puts it around each image."""
        return False

    @property
    def note(self) -> str:
        """What a report says of it."""
        return ""

    def room(self, margin: int) -> int:  # noqa: ARG002  # where it is the host's
        """Lines that the host adds to a frame, of those that results reach outside."""
        return 0

    def stated(self, fill: int) -> dict[str, Any]:  # noqa: ARG002  # where there is one
        """Boundary and, where it has one, its fill."""
        return {"boundary": self.boundary}

    def named(self, samples: str, fill: str) -> str:  # noqa: ARG002  # where there is one
        """What values come from, in words: the samples and, where there is one, the fill."""
        return samples

    def kept(self, before: int, after: int) -> tuple[int, int]:
        """Lines in front of a result's own and behind it that the core has at hand."""
        return before, after

    def least(self, before: int, after: int) -> int:  # noqa: ARG002  # where it reaches into the frame
        """Fewest lines of a frame."""
        return 1

    def inward(self, places: int) -> int | None:  # noqa: ARG002  # of the outermost line itself
        """How far inside the frame's outermost line the line is found that stands so many places, 1 or more, beyond it: by
        `numpy.pad`'s rule, in a frame of the least lines or more; None is the fill."""
        return 0


class Constant(Outside):
    """One pixel everywhere: the fill."""

    __slots__ = ()

    def stated(self, fill: int) -> dict[str, Any]:
        return {"boundary": self.boundary, "fill": fill}

    def named(self, samples: str, fill: str) -> str:
        return f"{samples} and {fill}"

    def inward(self, places: int) -> None:  # noqa: ARG002  # everywhere
        return None


class Symmetric(Outside):
    """The frame, mirrored behind its last line."""

    __slots__ = ()

    def least(self, before: int, after: int) -> int:
        return max(before, after, 1)

    def inward(self, places: int) -> int:
        return places - 1


class Reflect(Outside):
    """The frame, mirrored at its last line: it may reach a line further than an even window does."""

    __slots__ = ()

    def kept(self, before: int, after: int) -> tuple[int, int]:
        return (max(before, after),) * 2

    def least(self, before: int, after: int) -> int:
        return max(before, after) + 1

    def inward(self, places: int) -> int:
        return places


class Wrap(Outside):
    """The frame once more: the host puts it there. What a core puts around that doesn't matter."""

    __slots__ = ()

    @property
    def in_core(self) -> tuple[Outside, ...]:
        return ()

    @property
    def axis(self) -> type[FrameAxis]:
        return WindowAxis

    @property
    def chosen_axis(self) -> type[FrameAxis]:
        return PaddedAxis

    @property
    def made(self) -> Boundary:
        return "constant"

    @property
    def padded(self) -> bool:
        return True

    @property
    def note(self) -> str:
        return ", which the host pads"

    def room(self, margin: int) -> int:
        return margin


IN_CORE = (Constant("constant", 0), Outside("edge", 1), Reflect("reflect", 2), Symmetric("symmetric", 3))
"""The boundaries that a core makes, as `GATEWARE_BOUNDARIES` names them."""

_OUTSIDES: Mapping[Boundary, Outside] = {outside.boundary: outside for outside in (*IN_CORE, Wrap("wrap", 0))}


def outside_of(boundary: Boundary) -> Outside:
    """What stands outside under a boundary."""
    return _OUTSIDES[boundary]


def boundary_code(boundary: Boundary) -> int:
    """What a core's register is told of a boundary: the place in `GATEWARE_BOUNDARIES`."""
    return outside_of(boundary).code
