"""What stands outside a frame: nothing, one border for all frames, or one that is chosen for each.

Of the window along an axis, `before` and `after` are the lines in front of a result's own and behind it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import DataError, DesignError
from .axes import FrameAxis, WindowAxis
from .outside import IN_CORE, Outside, outside_of
from .words import BOUNDARIES, Boundary, Mode

__all__ = ["ChosenBorder", "FixedBorder", "FullBorder", "NoBorder", "border_of"]

SWITCHABLE_SIDE = 7
"""Most rows and columns of a kernel whose boundary is chosen at run time."""


class Switched(Protocol):
    """What holds a core whose border can be chosen."""

    def switch(self, boundary: Boundary, fill: int, stage: int = 0) -> None: ...


@dataclass(frozen=True, slots=True)
class NoBorder:
    """No result reaches outside the frame, or what stands there can't be said.

    Parameters
    ----------
    outside : Outside
        What stands outside.
    fill : int
        The pixel there under ``constant``.
    """

    outside: Outside = IN_CORE[0]
    fill: int = 0

    @property
    def choices(self) -> tuple[Boundary, ...]:
        """The boundaries that a frame can have, where they can be chosen at run time."""
        return ()

    @property
    def chosen_in(self) -> tuple[int, ...]:
        """Of one filter alone the number, 0, where its border can be chosen at run time."""
        return ()

    def check_choosable(self) -> None:
        """Raises `DataError` if none can be chosen."""
        boundary = self.outside.boundary
        raise DataError(f"A boundary can be chosen only of a design with switchable=True; this one's is {boundary}")

    @property
    def stated(self) -> dict[str, Any]:
        """What holds of boundary and fill; a fill is only for the boundary ``constant``."""
        return {}

    @property
    def asked(self) -> dict[str, Any]:
        """What a call of a device asks for to get this border, where it can be chosen at run time."""
        return {}

    def tell(self, core: Switched) -> None:
        """Tells the core which boundary it makes, and with which fill, where they can be chosen."""

    @property
    def in_core(self) -> tuple[Outside, ...]:
        """What the core itself makes outside a frame: one boundary, one of several, or none, where all results are those of
        windows inside the frame."""
        return ()

    def least(self, before: int, after: int) -> int:
        """Fewest lines of a frame that the core takes."""
        return max((outside.least(before, after) for outside in self.in_core), default=before + after + 1)

    def awaited(self, before: int, after: int) -> int:
        """Lines that come behind a result's own before the core can make it. Without a border of the core's own that line is
        the window's first."""
        return max((outside.kept(before, after)[1] for outside in self.in_core), default=before + after)

    @property
    def host_pads(self) -> bool:
        """Whether the host pads every frame before the core sees it."""
        return False

    @property
    def axis(self) -> type[FrameAxis]:
        """The axes of a frame."""
        return WindowAxis

    def margins(self, before: int, after: int) -> tuple[int, int]:  # noqa: ARG002  # where there are some
        """Lines outside the frame that its results reach, in front and behind."""
        return 0, 0

    def check(self, rows: int, columns: int) -> None:
        """Raises `DesignError` if a window is too large for it."""

    def room(self, before: int, after: int, stride: int) -> int:  # noqa: ARG002  # where there are some
        """Lines that the host may add to the largest frame, where there is a result every `stride` lines."""
        return 0

    def __str__(self) -> str:
        return ""


class FixedBorder(NoBorder):
    """One border for all frames, in the core or, where that can't make it, around the frame."""

    __slots__ = ()

    @property
    def stated(self) -> dict[str, Any]:
        return self.outside.stated(self.fill)

    @property
    def in_core(self) -> tuple[Outside, ...]:
        return self.outside.in_core

    @property
    def host_pads(self) -> bool:
        return self.outside.padded

    @property
    def axis(self) -> type[FrameAxis]:
        return self.outside.axis

    def margins(self, before: int, after: int) -> tuple[int, int]:
        return before, after

    def room(self, before: int, after: int, stride: int) -> int:  # noqa: ARG002  # the core's first result is wanted
        return self.outside.room(before + after)

    def __str__(self) -> str:
        return f", boundary {' '.join(map(str, self.stated.values()))}{self.outside.note}"


class FullBorder(FixedBorder):
    """One border for all frames, which the host puts around them as far as any result reaches."""

    __slots__ = ()

    @property
    def in_core(self) -> tuple[Outside, ...]:
        return ()

    @property
    def host_pads(self) -> bool:
        return True

    @property
    def axis(self) -> type[FrameAxis]:
        return WindowAxis

    def margins(self, before: int, after: int) -> tuple[int, int]:
        return before + after, before + after

    def room(self, before: int, after: int, stride: int) -> int:  # noqa: ARG002  # the core's first result is wanted
        return 2 * (before + after)

    def __str__(self) -> str:
        return f", boundary {' '.join(map(str, self.stated.values()))}, which the host pads"


class ChosenBorder(FixedBorder):
    """A border that is chosen for each frame; this one where nothing is said."""

    __slots__ = ()

    @property
    def choices(self) -> tuple[Boundary, ...]:
        return BOUNDARIES

    @property
    def chosen_in(self) -> tuple[int, ...]:
        return (0,)

    def check_choosable(self) -> None:
        pass

    @property
    def asked(self) -> dict[str, Any]:
        return self.stated

    def tell(self, core: Switched) -> None:
        core.switch(self.outside.made, self.fill)

    @property
    def in_core(self) -> tuple[Outside, ...]:
        return IN_CORE

    @property
    def host_pads(self) -> bool:
        return False

    @property
    def axis(self) -> type[FrameAxis]:
        return self.outside.chosen_axis

    def check(self, rows: int, columns: int) -> None:
        if max(rows, columns) > SWITCHABLE_SIDE:
            most = f"{SWITCHABLE_SIDE} rows and columns"
            raise DesignError(f"A kernel with a switchable boundary must have at most {most}, not {rows}x{columns}")

    def room(self, before: int, after: int, stride: int) -> int:
        # The core makes a border around the host's too: an image with one begins up to a stride earlier.
        return before + after + stride - 1

    def __str__(self) -> str:
        return f", boundary switchable, first {' '.join(map(str, self.stated.values()))}"


_BORDERS: Mapping[tuple[Mode, bool], type[NoBorder]] = {
    ("full", False): FullBorder,
    ("same", False): FixedBorder,
    ("same", True): ChosenBorder,
    ("valid", False): NoBorder,
}


def border_of(mode: Mode, boundary: Boundary, fill: int = 0, *, switchable: bool = False) -> NoBorder:
    """The border of a mode and a boundary; only in ``same`` mode it may be `switchable`."""
    return _BORDERS[mode, switchable](outside_of(boundary), fill)
