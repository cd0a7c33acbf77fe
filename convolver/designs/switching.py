"""What a design says of a border that is chosen at run time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..formats import Format
from .borders import NoBorder

if TYPE_CHECKING:
    from .base import Design

__all__ = ["Switching"]


class Switching:
    """Of one filter."""

    switchable: bool = False
    """Whether boundary and fill can be chosen for each frame."""

    @property
    def sample(self) -> Format:
        """Format of one input sample or pixel."""
        raise NotImplementedError

    @property
    def border(self) -> NoBorder:
        """What stands outside a frame, and whether that is chosen at run time."""
        return NoBorder()

    @property
    def wraps(self) -> bool:
        """Whether the border, where none is chosen, is one that the host has to make."""
        return self.border.outside.padded

    @property
    def switchable_parts(self) -> Mapping[int, Design]:
        """The filters whose border is chosen at run time, by their numbers; one alone has the number 0."""
        return dict.fromkeys(self.border.chosen_in, self)  # type: ignore[arg-type]  # it is mixed into designs

    @property
    def fill_range(self) -> tuple[int, int]:
        """The least and the greatest fill that can be chosen."""
        return self.sample.min, self.sample.max
