"""The kinds of designs, and what each layer has of one.

A kind has a file of its name in each layer: "fir" has ``convolver/designs/fir.py``, ``sim/golden/fir.py``,
``convolver/plan/fir.py``, ``hw/cores/fir.py`` and so on. A new kind is one more entry of `KINDS`.
"""

import importlib
from collections.abc import Mapping
from typing import Any

from ..errors import DesignError
from .base import Design
from .cic import CICDesign
from .conv2d import Conv2DDesign
from .fir import FIRDesign
from .fork import Fork
from .moving_maximum import MovingMaximumDesign
from .pipeline import Pipeline
from .resample import ResampleDesign

__all__ = ["KINDS", "of_kind"]

KINDS: Mapping[str, type[Design]] = {
    cls.kind: cls for cls in (FIRDesign, Conv2DDesign, MovingMaximumDesign, Pipeline, Fork, ResampleDesign, CICDesign)
}


def of_kind(cls: type[Design], layer: str, name: str, what: str) -> Any:
    """What a layer has of a kind: a class or function of the layer's file of that kind.

    Parameters
    ----------
    cls : type of Design
    layer : str
        The layer's package.
    name : str
        Its name: ``{kind}`` stands for the kind, ``{Kind}`` for the class without ``Design``.
    what : str
        What it is for, in an error.

    Raises
    ------
    DesignError
        If the class is none of `KINDS`.
    """
    if KINDS.get(cls.kind) is not cls:
        raise DesignError(f"A design {what} must be of one of the kinds {', '.join(KINDS)}, not {cls.__name__}")
    module = importlib.import_module(f"{layer}.{cls.kind}")
    return getattr(module, name.format(kind=cls.kind, Kind=cls.__name__.removesuffix("Design")))
