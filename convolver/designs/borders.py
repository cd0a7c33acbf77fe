"""What stands outside a frame: nothing, one border for all frames, or one that is chosen for each."""

from dataclasses import dataclass
from typing import Any, Protocol

from .words import BOUNDARIES, Boundary

__all__ = ["ChosenBorder", "FixedBorder", "NoBorder", "PaddedBorder"]


class Switched(Protocol):
    """What holds a core whose border can be chosen."""

    def switch(self, boundary: Boundary, fill: int) -> None: ...


class NoBorder:
    """No result reaches outside the frame, or what stands there can't be said."""

    choices: tuple[Boundary, ...] = ()
    """The boundaries that a frame can have, where they can be chosen at run time."""

    @property
    def asked(self) -> dict[str, Any]:
        """What a call of a device asks for to get this border, where it can be chosen at run time."""
        return {}

    def tell(self, core: Switched) -> None:
        """Tells the core which boundary it makes, and with which fill, where they can be chosen."""

    def __str__(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class FixedBorder(NoBorder):
    """One border for all frames.

    Parameters
    ----------
    boundary : str
        What stands outside, by `numpy.pad`'s names.
    fill : int
        The pixel there under ``constant``.
    """

    boundary: Boundary
    fill: int

    @property
    def stated(self) -> dict[str, Any]:
        """Boundary and fill; a fill is only for the boundary ``constant``."""
        return {"boundary": self.boundary} | ({"fill": self.fill} if self.boundary == "constant" else {})

    def __str__(self) -> str:
        return f", boundary {' '.join(map(str, self.stated.values()))}"


@dataclass(frozen=True, slots=True)
class PaddedBorder(FixedBorder):
    """One border for all frames, which the host puts around them."""

    def __str__(self) -> str:
        return f", boundary {' '.join(map(str, self.stated.values()))}, which the host pads"


@dataclass(frozen=True, slots=True)
class ChosenBorder(FixedBorder):
    """A border that is chosen for each frame; this one where nothing is said."""

    choices = BOUNDARIES

    @property
    def asked(self) -> dict[str, Any]:
        return self.stated

    def tell(self, core: Switched) -> None:
        # An image under ``wrap`` is padded by the host: what the core puts around that doesn't matter.
        core.switch("constant" if self.boundary == "wrap" else self.boundary, self.fill)

    def __str__(self) -> str:
        return f", boundary switchable, first {' '.join(map(str, self.stated.values()))}"
