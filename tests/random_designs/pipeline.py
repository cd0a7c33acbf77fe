"""Random pipelines: stages of all kinds, each one's samples the results of the one before."""

import contextlib

from convolver import Pipeline
from convolver.errors import DesignError

from .fork import beside
from .stages import IMAGES, SIGNALS, first_stage, is_small, next_stage, some_width

__all__ = ["random_design"]

TRIES = 40
"""Stages that are tried, at most: behind some, none of those that are drawn fits."""


def random_design(random, soak=False):
    """A design; `soak` allows more stages, and sizes that take seconds to compile."""
    while True:
        design = _some_stages(random, soak)
        if soak or is_small(design):
            with contextlib.suppress(DesignError):
                return Pipeline([_switchable(random, stage) for stage in design.stages])
            return design


def _some_stages(random, soak):
    kinds = random.choice((SIGNALS, IMAGES, IMAGES))
    wanted = random.choices((1, 2, 3, 4, 5), (1, 6, 4, 2, 1) if soak else (1, 6, 3, 0, 0))[0]
    stages = [first_stage(random, kinds, soak)]
    for _ in range(TRIES):
        if len(stages) == wanted:
            break
        with contextlib.suppress(DesignError):
            stages = list(Pipeline([*stages, _next(random, kinds, stages[-1], soak)]).stages)
    return Pipeline(stages)


def _switchable(random, stage):
    """The stage, its boundary every now and then chosen at run time."""
    if random.random() < 0.15 and stage.kind == "conv2d" and stage.mode == "same":
        with contextlib.suppress(DesignError):
            return stage.replace(switchable=True, boundary="edge" if stage.wraps else stage.boundary)
    return stage


def _next(random, kinds, before, soak):
    """A stage for the results of the one before, every now and then a fork; `DesignError` if that is none."""
    lanes = before.planes * before.outputs
    stage = next_stage(random, kinds, before.output_format, lanes, some_width(random, before), soak)
    return beside(random, kinds, stage, soak) if random.random() < 0.2 else stage
