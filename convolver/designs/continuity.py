"""How the frames of a filter follow one another: each for itself, or as one signal."""

from dataclasses import dataclass
from typing import Protocol

from ..errors import DataError, DesignError

__all__ = ["UNJOINED", "Continued", "Separate", "continuity_of"]

UNJOINED = "Only the pieces of one signal, for a 1-D design, can be joined"


class Silenced(Protocol):
    """What holds a core whose next frame can be made to start from silence."""

    def silence(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Separate:
    """Each frame starts from silence, or is an image.

    Parameters
    ----------
    held : int
        Samples that the core keeps of a frame, in front of the next one.
    """

    held: int = 0

    @property
    def trial_pieces(self) -> dict[str, int]:
        """In how many frames a quick test also sends one signal, by a name for that."""
        return {}

    def check(self) -> None:
        """Raises `DataError` where nothing is kept from frame to frame."""
        raise DataError("Only a design with continuous=True keeps samples between calls; this one starts from silence")

    def check_apart(self) -> None:
        """Raises `DesignError` where frames can't be filtered apart, each on another device."""

    def start(self, core: Silenced) -> None:
        """Has the next frame start from silence, where it wouldn't by itself."""


@dataclass(frozen=True, slots=True)
class Continued(Separate):
    """A frame goes on where the one before ended."""

    @property
    def trial_pieces(self) -> dict[str, int]:
        return {"one signal in seven calls": 7}

    def check(self) -> None:
        pass

    def check_apart(self) -> None:
        raise DesignError(
            "A pool of boards needs frames that start from silence; a design with continuous=True goes on in one board"
        )

    def start(self, core: Silenced) -> None:
        core.silence()


def continuity_of(continuous: bool, held: int) -> Separate:
    """How frames follow one another; where they continue, with so many samples that the core keeps."""
    return Continued(held) if continuous else Separate()
