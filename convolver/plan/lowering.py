"""The table of kinds: which function plans which design."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from ..designs import Conv2DDesign, Design, FIRDesign
from ..errors import DesignError
from .conv2d import lower_conv2d
from .fir import lower_fir
from .plan import Plan
from .target import Family, Target, target_of

__all__ = ["LOWERINGS", "lower"]

LOWERINGS: Mapping[type[Design], Callable[[Any, Target], Plan]] = {FIRDesign: lower_fir, Conv2DDesign: lower_conv2d}
"""What plans a design of each kind. A new kind is one more entry."""


def lower(design: Design, family: Family | None = None) -> Plan:
    """The plan of a design's core for a device family; by default for any device.

    Equal designs get one plan, which is made once.

    Raises
    ------
    DesignError
        If nothing plans designs of this kind, or there is no such family.
    """
    if type(design) not in LOWERINGS:
        known = ", ".join(kind.kind for kind in LOWERINGS)
        raise DesignError(f"A design to plan must be of one of the kinds {known}, not {type(design).__name__}")
    return _lower(design, target_of(family))


@lru_cache(maxsize=256)
def _lower(design: Design, target: Target) -> Plan:
    return LOWERINGS[type(design)](design, target)
