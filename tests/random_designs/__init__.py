"""Random designs, a file a kind, each with `random_design(random, soak)`.

The linear kinds are drawn together as long as their netlists' digests are kept by number; each further kind for itself.
"""

import importlib
from random import Random

from convolver.designs import KINDS

from .conv2d import some_conv2d
from .fir import some_fir
from .formats import some_sample

__all__ = ["MIXED", "OTHERS", "generator", "mixed", "seeded"]

MIXED = ("fir", "conv2d")
"""Kinds that are drawn together."""

OTHERS = tuple(kind for kind in KINDS if kind not in MIXED)
"""All others."""


def generator(kind):
    """What makes random designs of a kind."""
    return importlib.import_module(f"{__name__}.{kind}").random_design


def mixed(random, soak=False):
    """A design of one of the kinds that are drawn together."""
    sample, wide = some_sample(random)
    return (some_fir if random.random() < 0.4 else some_conv2d)(random, sample, wide, soak)


def seeded(number, kind=None):
    """The design of a number: a mixed one, or one of a kind."""
    return mixed(Random(2560 + number)) if kind is None else generator(kind)(Random(f"{kind} {number}"))
