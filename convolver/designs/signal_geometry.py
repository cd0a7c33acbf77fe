"""The frames of a signal: one axis, of any length, and as many results as samples."""

from ..errors import DataError
from .axes import FrameAxis
from .continuity import UNJOINED, Separate
from .words import Plane

__all__ = ["SignalGeometry"]

TRIAL_SAMPLES = 1000
"""Samples of the longest signal of a quick test."""


class SignalGeometry:
    """The geometry of a causal filter of a signal: each result needs the `history` samples in front of its own."""

    @property
    def history(self) -> int:
        """Samples that a result needs in front of its own."""
        raise NotImplementedError

    @property
    def continuity(self) -> Separate:
        """How frames follow one another."""
        return Separate()

    def brought(self, stack: bool | None) -> int:
        """See `Design.brought`."""
        if stack:
            raise DataError(UNJOINED)
        return self.history - self.continuity.held

    @property
    def frame_axes(self) -> tuple[FrameAxis, ...]:
        return (FrameAxis((self.history, 0), held=self.continuity.held),)

    def output_shape(self, *sizes: int) -> tuple[int, ...]:
        return sizes

    def frames_in(self, shape: tuple[int, ...], stack: bool | None) -> list[Plane]:
        if len(shape) != 1 + bool(stack):
            rule = "A stack of signals must have 2 dimensions" if stack else "A signal must have 1 dimension"
            raise DataError(f"{rule}, not {len(shape)}")
        return [(number, slice(None)) for number in range(shape[0])] if stack else [(slice(None),)]

    @property
    def least_shape(self) -> tuple[int, ...]:
        return (1,)

    @property
    def trial_shape(self) -> tuple[int, ...]:
        return (TRIAL_SAMPLES,)

    def shape_within(self, samples: int) -> tuple[int, ...]:
        return (samples,)
