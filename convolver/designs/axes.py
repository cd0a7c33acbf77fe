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
