"""From a design to the plan of its core: rewritings, stages, and what each lane does."""

from .array import DotProduct
from .array_plan import ArrayPlan
from .coefficients import CoefficientStore, Multiplication
from .lowering import lower
from .plan import Plan
from .target import FAMILIES, TARGETS, Family, Target, TargetLike, target_of

__all__ = [
    "FAMILIES",
    "TARGETS",
    "ArrayPlan",
    "CoefficientStore",
    "DotProduct",
    "Family",
    "Multiplication",
    "Plan",
    "Target",
    "TargetLike",
    "lower",
    "target_of",
]
