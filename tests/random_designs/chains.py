"""Random pipelines that change the rate of a signal: changes of rate, CIC filters and filters that keep it."""

import contextlib

from convolver import CICDesign, FIRDesign, Format, MovingMaximumDesign, Pipeline, ResampleDesign
from convolver.designs.rates import SAME
from convolver.errors import DesignError

from . import cic, fir, moving_maximum, resample

__all__ = ["random_chain"]

CHANGES = (resample.random_design, cic.random_design)
KEEPS = (fir.random_design, moving_maximum.random_design)


def random_chain(random, soak=False):
    """A pipeline of which at least one stage changes the rate."""
    count = random.choice((2, 2, 3, 4)) if soak else random.choice((1, 2, 2, 3))
    while True:
        with contextlib.suppress(DesignError):
            taken, stages = Format(random.randint(1, 16), random.random() < 0.5), []
            for _ in range(count):
                stages.append(_stage(random, random.choice((*CHANGES, *CHANGES, *KEEPS)), taken, soak))
                taken = stages[-1].output_format
            # An interpolator behind another one gives results for hours.
            if any(stage.rate != SAME for stage in stages) and Pipeline(stages).rate.up <= 64:
                return Pipeline(stages)


def _stage(random, made, taken, soak):
    stage = made(random, soak)
    match stage:
        case FIRDesign():
            stage = stage.replace(symmetry=None, swap="frame", continuous=False, data=taken, output=None, shift=0)
        case MovingMaximumDesign():
            return stage.replace(data=taken, fill=None)
        case ResampleDesign():
            stage = stage.replace(data=taken, output=None, shift=0)
        case CICDesign():
            stage = stage.replace(data=taken, output=None, shift=0, pruned=False)
    width = stage.accumulator.width
    pruned = {"pruned": stage.up == 1 and random.random() < 0.3} if isinstance(stage, CICDesign) else {}
    output = Format(random.randint(1, min(width, 20)), random.random() < 0.5)
    return stage.replace(shift=random.randint(0, width // 2), output=output, **pruned)
