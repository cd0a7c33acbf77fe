"""The axes of a frame, as whoever cuts arrays into frames has to know them."""

from dataclasses import dataclass

from .words import Boundary

__all__ = ["FrameAxis", "PaddedAxis", "WindowAxis"]


@dataclass(frozen=True, slots=True)
class FrameAxis:
    """One axis; what stands outside the frame is made in the core.

    Parameters
    ----------
    window : (int, int)
        Inputs that a result needs in front of its own, and behind it.
    stride : int
        Inputs from one result to the next.
    least : int
        Fewest inputs that the core takes.
    most : int, optional
        Most inputs that the core takes; by default any number.
    boundary : str
        What stands outside, by `numpy.pad`'s names.
    margins : (int, int)
        Inputs that results reach outside, in front and behind.
    held : int
        Inputs of the frame before that the core keeps.
    up : int
        Results that belong to each `stride` inputs; `window` is then that of all of them, from the first one's own input on.
    """

    window: tuple[int, int]
    stride: int = 1
    least: int = 1
    most: int | None = None
    boundary: Boundary = "constant"
    margins: tuple[int, int] = (0, 0)
    held: int = 0
    up: int = 1

    @property
    def early(self) -> int:
        """Inputs by which what stands in front of a result is made a multiple of the stride: a core's frame begins with one."""
        return -self.window[0] % self.stride

    @property
    def around(self) -> tuple[int, int]:
        """Inputs that the host puts in front and behind."""
        return 0, 0

    @property
    def lost(self) -> int:
        """Places of a frame that have no result, with a stride of 1."""
        return 0

    @property
    def reach(self) -> tuple[int, int]:
        """Inputs that a result needs in front of its place and behind it, as the core counts places: result n belongs to input
        ``stride * n`` of what it is sent, that of the host's padding among them."""
        return self.window[0] + self.early, self.window[1]

    @property
    def ahead(self) -> int:
        """Inputs of `around` whose results are in front of the first one wanted."""
        return 0

    @property
    def widest(self) -> tuple[int, int]:
        """Inputs that the host puts in front of and behind a frame that is too short for the core to make its border."""
        return self.reach

    def stretched(self, start: int, stop: int, size: int) -> tuple[int, int]:  # noqa: ARG002  # where the host adds nothing
        """Of the inputs that a piece needs, from `start` on, those that it gets, of `size` in all."""
        return start, stop

    def results(self, size: int) -> int:
        """Results that the core gives for so many inputs, with all that the host adds to them."""
        return -((self.lost - size) * self.up // self.stride)


@dataclass(frozen=True, slots=True)
class WindowAxis(FrameAxis):
    """One axis; the core's first result is that of the first whole window, and the host makes what stands outside."""

    @property
    def around(self) -> tuple[int, int]:
        return self.margins

    @property
    def lost(self) -> int:
        return sum(self.window)

    @property
    def reach(self) -> tuple[int, int]:
        return 0, sum(self.window)

    @property
    def widest(self) -> tuple[int, int]:
        return self.around


@dataclass(frozen=True, slots=True)
class PaddedAxis(FrameAxis):
    """One axis; the host makes what stands outside, in front of a core that makes a border around that, with results before the
    first one that is wanted."""

    @property
    def around(self) -> tuple[int, int]:
        return self.margins[0] + self.early, self.margins[1]

    @property
    def reach(self) -> tuple[int, int]:
        return 0, sum(self.window) + self.early

    @property
    def ahead(self) -> int:
        return self.window[0] + self.early

    @property
    def widest(self) -> tuple[int, int]:
        return self.around
