"""The frames of a filter that changes the rate of a signal."""

from typing import Any, ClassVar

from ..errors import DataError
from .rates import Rate
from .signal_geometry import SignalGeometry
from .words import Plane

__all__ = ["RateFrames"]


class RateFrames(SignalGeometry):
    """Of N samples a frame has the results that begin in it. One that is to go on has whole periods, so that the next one's
    first sample has a result."""

    title: ClassVar[str]
    down: Any
    rate: Rate

    def brought(self, stack: bool | None) -> int:
        return max(super().brought(stack), 0)

    @property
    def frame_multiple(self) -> int:
        return int(self.down) if self.continuity.held else 1

    def frames_in(self, shape: tuple[int, ...], stack: bool | None) -> list[Plane]:
        found = super().frames_in(shape, stack)
        if shape[-1] % self.frame_multiple:
            raise DataError(f"A continuous {self.title} takes samples by {self.frame_multiple}, not {shape[-1]} of them")
        return found

    @property
    def least_shape(self) -> tuple[int, ...]:
        return (self.frame_multiple,)

    @property
    def trial_shape(self) -> tuple[int, ...]:
        return self.shape_within(*super().trial_shape)

    def shape_within(self, samples: int) -> tuple[int, ...]:
        return (max(samples // self.frame_multiple, 1) * self.frame_multiple,)

    def output_shape(self, *sizes: int) -> tuple[int, ...]:
        return tuple(self.rate.results(size) for size in sizes)
