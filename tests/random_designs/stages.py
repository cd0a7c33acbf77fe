"""Random stages: filters of all kinds whose samples are given."""

import contextlib

from convolver import Conv2DDesign, FIRDesign, MovingMaximumDesign, Pipeline
from convolver.errors import DesignError
from convolver.formats import Format

from . import conv2d, fir, moving_maximum

__all__ = ["IMAGES", "SIGNALS", "first_stage", "is_small", "next_stage", "some_width"]

PRODUCTS = 48
"""Products a clock of the largest design that compiles in time."""

SIGNALS = (fir.random_design, moving_maximum.random_design)
IMAGES = (conv2d.random_design,)


def first_stage(random, kinds, soak):
    """A first stage whose results another one can take."""
    while True:
        with contextlib.suppress(DesignError):
            stage = _fitting(random, random.choice(kinds)(random, soak))
            if stage.output_format.width <= 24 and stage.outputs * stage.planes <= 4:
                return Pipeline([stage]).stages[0]


def next_stage(random, kinds, taken, lanes, pixels, soak):
    """A stage for samples of a format, so many side by side, and so many pixels a clock; `DesignError` if that is none."""
    stage = _fitting(random, random.choice(kinds)(random, soak))
    match stage:
        case Conv2DDesign():
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


def is_small(design):
    """Whether a design of several filters compiles in a second or two."""
    return sum(len(part.weights) * part.pixels_per_clock * part.planes for part in design.parts) <= PRODUCTS


def some_width(random, before):
    """Pixels a clock of the stage behind another one: as many, most of the time."""
    return before.pixels_per_clock if before.rank == 1 or random.random() < 0.7 else random.choice((1, 2, 4))


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
        stage = stage.replace(symmetry=None, swap="frame")
    if isinstance(stage, Conv2DDesign):
        stage = stage.replace(rows=random.randint(12, 40), columns=random.randint(16, 60))
    return stage
