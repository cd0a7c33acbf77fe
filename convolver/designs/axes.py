"""The axes of a frame, as whoever cuts arrays into frames has to know them."""

from dataclasses import dataclass

from .words import Boundary

__all__ = ["FrameAxis"]


@dataclass(frozen=True, slots=True)
class FrameAxis:
    """One axis.

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
    core_border : bool
        Whether the core makes what stands outside the frame; else its first result is that of the first whole window.
    padded : bool
        Whether the host puts a border around the frame.
    margins : (int, int)
        Inputs of that border, in front and behind.
    boundary : str
        What stands outside, by `numpy.pad`'s names.
    """

    window: tuple[int, int]
    stride: int = 1
    least: int = 1
    most: int | None = None
    core_border: bool = True
    padded: bool = False
    margins: tuple[int, int] = (0, 0)
    boundary: Boundary = "constant"

    @property
    def early(self) -> int:
        """Inputs by which what stands in front of a result is made a multiple of the stride: a core's frame begins with one."""
        return -self.window[0] % self.stride

    @property
    def around(self) -> tuple[int, int]:
        """Inputs that the host puts in front and behind; more in front of a core that makes borders, and gives other results
        before the first one that is wanted."""
        return (self.margins[0] + (self.early if self.core_border else 0), self.margins[1]) if self.padded else (0, 0)

    @property
    def lost(self) -> int:
        """Places of a frame that have no result, a stride apart."""
        return 0 if self.core_border else sum(self.window)

    @property
    def reach(self) -> tuple[int, int]:
        """Inputs that a result needs in front of its place and behind it, as the core counts places: result n belongs to input
        ``stride * n`` of what it is sent, that of the host's padding among them."""
        before, after = self.window
        if not self.core_border:
            return 0, before + after
        return (0, before + after + self.early) if self.padded else (before + self.early, after)

    @property
    def ahead(self) -> int:
        """Inputs of `around` whose results are in front of the first one wanted."""
        return self.window[0] + self.early if self.padded and self.core_border else 0

    @property
    def rebuilt(self) -> bool:
        """Whether the host can put the core's border around a frame that is too short for the core to make it."""
        return self.core_border and not self.padded and self.least > 1
