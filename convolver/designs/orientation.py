"""How a kernel meets the pixels: turned round under ``convolve``, as it stands under ``correlate``."""

from collections.abc import Mapping
from dataclasses import dataclass

from .words import Kernel, Operation

__all__ = ["CONVOLVE", "CORRELATE", "Orientation", "orientation_of"]


@dataclass(frozen=True, slots=True)
class Orientation:
    """One of the two.

    Parameters
    ----------
    step : {1, -1}
        From one weight to the next, as the window meets them.
    later : {0, 1}
        Which of the two middle places of an even window is its centre: the earlier or the later one.
    """

    step: int
    later: int

    def window(self, side: int) -> tuple[int, int]:
        """Places in front of a window's centre, and behind it."""
        before = (side - 1 + self.later) // 2
        return before, side - 1 - before

    def turned(self, kernel: Kernel) -> Kernel:
        """The kernel as the window meets it."""
        return tuple(line[:: self.step] for line in kernel[:: self.step])


CONVOLVE, CORRELATE = Orientation(-1, 1), Orientation(1, 0)

_ORIENTATIONS: Mapping[Operation, Orientation] = {"convolve": CONVOLVE, "correlate": CORRELATE}


def orientation_of(operation: Operation) -> Orientation:
    """How the kernels of an operation meet the pixels."""
    return _ORIENTATIONS[operation]
