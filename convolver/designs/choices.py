"""HOW a design is computed, as far as its flat fields say so: apart from what is computed, which they don't change.

What the choices cost is the plan's to say, and so is how many clocks a limit of multipliers takes. A design asks for that once,
when it is made, so that what can't be kept is refused at once. The plan is a layer above: it is found by its name, as every
layer's part of a kind is.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..arguments import between, index
from ..errors import DesignError
from .words import Structure

__all__ = ["Choices", "settled", "shifted"]

PLAN = "convolver.plan"
"""The layer that knows what choices cost."""


@dataclass(frozen=True, slots=True)
class Choices:
    """How a core computes.

    Parameters
    ----------
    clocks : int
        Clocks of a slot: of a sample, or a pixel.
    multipliers : int, optional
        Most multipliers to use; 0 for constants that are shifted and added.
    samples : int
        Samples, or pixels, a clock.
    structure : {"auto", "direct"}
        Whether the structure of constant coefficients may be used where that takes fewer multipliers.
    usual : int
        Clocks of a slot where none are chosen.
    """

    clocks: int = 1
    multipliers: int | None = None
    samples: int = 1
    structure: Structure = "auto"
    usual: int = 1

    @property
    def are_open(self) -> bool:
        """Whether nothing was chosen, but the samples a clock."""
        return self == Choices(self.usual, samples=self.samples, usual=self.usual)

    @property
    def are_clocks(self) -> bool:
        """Whether nothing was chosen but the clocks of a slot, if that."""
        return replace(self, clocks=self.usual).are_open


def shifted(design: Any) -> Any:
    """A filter with its constants shifted and added, in the usual clocks; as it is where none can be."""
    if not design.cycles_field:
        return design
    try:
        return design.replace(**{design.cycles_field: None, "multipliers": 0})
    except DesignError:
        return design


def settled(
    design: Any, name: str, clocks: int | None, multipliers: int | None, limits: tuple[int, int]
) -> tuple[int, int | None]:
    """The clocks of a slot, as given or the fewest that do with so many multipliers; and these.

    Parameters
    ----------
    design : LinearDesign
        What is computed; complete but for these.
    name : str
        What the field of the clocks is called.
    clocks, multipliers : int, optional
        As they are given.
    limits : (int, int)
        Of `multipliers`.

    Raises
    ------
    DesignError
        If one is out of its range, or so many clocks don't do with so many multipliers.
    """
    needed, most, usual = 1, 1024, design.usual_clocks
    same: dict[int, int] = {}  # clocks that stand for others
    if multipliers is not None:
        if design.source.shifted and index(multipliers) == 0:
            # Constants that are shifted and added take one clock; a copy of another design has the usual ones.
            multipliers, most, same = 0, 1, {usual: 1}
        else:
            multipliers = between("Multipliers", multipliers, *limits)
            needed = _fewest_clocks(design)(design, multipliers)
            if needed > most:
                raise DesignError(f"Multipliers must be enough for {most} clocks, not {multipliers}, which take {needed}")
    clocks = between(name, max(needed, usual) if clocks is None else clocks, 1, 1024)
    clocks = same.get(clocks, clocks)
    if not needed <= clocks <= most:
        rule = f"at least {needed}" if clocks < needed else f"{most}"
        raise DesignError(f"{name} must be {rule} for {multipliers} multipliers, not {clocks}")
    return clocks, multipliers


def _fewest_clocks(design: Any) -> Callable[[Any, int], int]:
    # It needs the table of kinds, and their designs need this.
    from .kinds import of_kind

    found: Callable[[Any, int], int] = of_kind(type(design), PLAN, "{kind}_clocks", "to plan")
    return found
