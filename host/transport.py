"""What a device is reached through: `Transport` carries frames of samples, `Pipe` carries bytes."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from convolver.designs import Boundary, Design

__all__ = ["Pipe", "Samples", "Transport", "arranged"]

Samples = npt.NDArray[Any]
"""Samples or results: ``int64``, or ``object`` (Python integers) where a result may not fit 64 bits."""


def arranged(design: Design, results: Samples, shape: Sequence[int]) -> Samples:
    """Results in the order in which they come, as an array of this shape, with an axis behind it for several planes; those of
    several outputs, which come together, as one such array each, along the first axis."""
    shape = (*shape, *design.sample_axes)
    return np.moveaxis(results.reshape(*shape, design.outputs), -1, 0).reshape(*design.result_axes, *shape)


class Transport(Protocol):
    """A core somewhere: in this process, behind a wire, in a test."""

    design: Design
    """What the far end says it is."""
    frame_samples: int
    """About so many samples are a good frame, where there are more to send: progress is told between two of them."""

    def run(self, samples: Samples, timeout: float | None = None) -> Samples:
        """Sends one frame through the core and gives its results.

        `samples` is a C-contiguous ``int64`` array, 1-D for a signal, 2-D for an image, 3-D for one of several planes, checked
        and of a size that the core takes; the result has the shape of the core's output.
        """

    def stream(
        self,
        take: Callable[[], Samples | None],
        give: Callable[[Samples], None],
        timeout: float | None = None,
        check: Callable[[], None] | None = None,
    ) -> None:
        """Sends frames as `take` gives them, several at a time, and gives the results of each to `give`, in order.

        Returns once `take` has given None and all results were given. `check` is called ten times a second or more often, where
        the transport can; what it raises ends the call.
        """

    def load(self, coefficients: Sequence[int], timeout: float | None = None, stage: int = 0) -> None:
        """Gives the core the coefficients for the frames of the next call and those behind it: `design.independent` of a whole
        set for a FIR, all of `design.weights` in 2-D. Of several filters as one design they are those of the `stage` of that
        number, from 1 on. Not while `run` or `stream` goes on."""

    def settle(self, timeout: float | None = None) -> None:
        """Sends what `load` was given, for a far end whose frames come from elsewhere. Not while `run` or `stream` goes on."""

    def silence(self) -> None:
        """Makes a continuous filter start from silence with the next frame."""

    def switch(self, boundary: Boundary, fill: int, stage: int = 0) -> None:
        """Chooses what stands outside the frames from the next call on, one of `GATEWARE_BOUNDARIES`, where the design is
        switchable; until then it's the design's own. Of several filters as one design it is for the `stage` of that number."""

    def status(self, *, ask: bool = True) -> dict[str, float | bool | str]:
        """Says how the far end and the way to it are; with `ask` False what this end knows, at once, from any thread."""

    def close(self) -> None:
        """Releases what the transport holds; closing twice does nothing."""


class Pipe(Protocol):
    """Bytes both ways, in order; some may get lost or changed. Deadlines are times of the clock that the link uses."""

    byte_time: float
    """Seconds that a byte takes on its way, or 0 where that isn't known or doesn't matter."""

    def read(self, size: int, deadline: float) -> bytes:
        """Gives 1 to `size` bytes as soon as there are any, or none at the deadline.

        Raises `PortError` if the other side is gone.
        """

    def write(self, data: bytes, deadline: float) -> int:
        """Sends `data` and gives the number of bytes that went out by the deadline.

        Raises `PortError` if the other side is gone.
        """

    def discard(self) -> None:
        """Drops what was written and hasn't left this machine, as far as the system can.

        Raises `PortError` if the other side is gone.
        """

    def close(self) -> None:
        """Releases the port; closing twice does nothing."""
