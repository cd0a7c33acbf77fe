"""Random pipelines: stages of all kinds, each one's samples the results of the one before."""

import contextlib

from convolver import Conv2DDesign, FIRDesign, MovingMaximumDesign, Pipeline
from convolver.errors import DesignError
from convolver.formats import Format

from . import conv2d, fir, moving_maximum

__all__ = ["random_design"]

SIGNALS = (fir.random_design, moving_maximum.random_design)
IMAGES = (conv2d.random_design,)
TRIES = 40
"""Stages that are tried, at most: behind some, none of those that are drawn fits."""


def random_design(random, soak=False):
    """A design; `soak` allows more stages, and sizes that take seconds to compile."""
    kinds = random.choice((SIGNALS, IMAGES, IMAGES))
    wanted = random.choices((1, 2, 3, 4, 5), (1, 6, 4, 2, 1) if soak else (1, 6, 3, 0, 0))[0]
    stages = [_first(random, kinds, soak)]
    for _ in range(TRIES):
        if len(stages) == wanted:
            break
        with contextlib.suppress(DesignError):
            stages = list(Pipeline([*stages, _next(random, kinds, stages[-1], soak)]).stages)
    return Pipeline(stages)


def _first(random, kinds, soak):
    """A first stage whose results another one can take."""
    while True:
        with contextlib.suppress(DesignError):
            stage = _fitting(random, random.choice(kinds)(random, soak))
            if stage.output_format.width <= 24 and stage.outputs * stage.planes <= 4:
                return Pipeline([stage]).stages[0]


def _next(random, kinds, before, soak):
    """A stage for the results of the one before; `DesignError` if that is none."""
    stage = _fitting(random, random.choice(kinds)(random, soak))
    taken, lanes = before.output_format, before.planes * before.outputs
    match stage:
        case Conv2DDesign():
            pixels = before.pixels_per_clock
            fill = min(max(stage.fill, taken.min), taken.max)
            clocks = {"clocks_per_pixel": None, "multipliers": None} if pixels > 1 or lanes > 1 else {}
            strides = {"stride": (1, 1)} if pixels > 1 else {}
            bordered = {"mode": "same", "boundary": random.choice(("constant", "edge", "reflect", "symmetric"))}
            modes = random.choice(({"mode": "valid"}, bordered))
            free = dict.fromkeys(("output", "threshold"))
            made = stage.replace(
                pixel=taken, planes=lanes, pixels_per_clock=pixels, fill=fill, shift=0, **modes, **clocks, **strides, **free
            )
            return _narrowed(random, made)
        case FIRDesign():
            return _narrowed(random, stage.replace(data=taken, output=None, shift=0))
        case MovingMaximumDesign():
            return stage.replace(data=taken, fill=None)
    raise TypeError(stage)


def _narrowed(random, exact):
    """The stage with results that a further one can take, most of the time."""
    width = exact.output_format.width
    shift = random.randint(0, exact.stage_input.width // 2)
    if random.random() < 0.3 and width <= 24:
        return exact
    return exact.replace(shift=shift, output=Format(random.randint(1, min(width, 16)), random.random() < 0.5))


def _fitting(random, stage):
    """A stage without what only a filter alone has."""
    changes = {name: False for name in ("switchable", "continuous") if hasattr(type(stage), name)}
    fields = stage.__dataclass_fields__
    stage = stage.replace(**{name: value for name, value in changes.items() if name in fields})
    if isinstance(stage, FIRDesign):
        stage = stage.replace(symmetry=None)
    if isinstance(stage, Conv2DDesign):
        stage = stage.replace(rows=random.randint(12, 40), columns=random.randint(16, 60))
    return stage
