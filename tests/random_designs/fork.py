"""Random forks: branches of all kinds, alone and one behind the other, of the same samples."""

import contextlib

from convolver import Fork, Pipeline
from convolver.designs.joins import JOINS
from convolver.errors import DesignError

from .stages import IMAGES, SIGNALS, first_stage, is_small, next_stage, some_width

__all__ = ["beside", "random_design"]

TRIES = 60
"""Branches that are tried, at most."""


def random_design(random, soak=False):
    """A design; `soak` allows more branches, and sizes that take seconds to compile."""
    kinds = random.choice((SIGNALS, IMAGES, IMAGES))
    while True:
        with contextlib.suppress(DesignError):
            design = beside(random, kinds, first_stage(random, kinds, soak), soak)
            if soak or is_small(design):
                return design


def beside(random, kinds, first, soak):
    """A fork with a branch; `DesignError` if no other one is found."""
    join = random.choice(JOINS)
    wanted = random.choice((2, 3)) if soak and join != "difference" else 2
    branches = [first]
    for _ in range(TRIES):
        with contextlib.suppress(DesignError):
            branch = _branch(random, kinds, first, soak)
            if join == "planes" and "output" in branch.__dataclass_fields__:
                branch = branch.replace(output=first.output_format)
            if random.random() < 0.4:
                branch = _two(random, kinds, branch, soak)
            Fork([first, branch], join)
            branches.append(branch)
        if len(branches) == wanted:
            random.shuffle(branches)
            return Fork(branches, join)
    raise DesignError("none fits")


def _branch(random, kinds, first, soak):
    """A filter of the samples of another one, that gives as many results for a frame."""
    stage = next_stage(random, kinds, first.sample, first.planes, first.pixels_per_clock, soak)
    if stage.rank == 1:
        return stage
    if first.frame_axes[0].lost or first.frame_axes[1].lost:  # of the same size, other weights
        weights = [random.randint(-3, 3) for _ in first.weights]
        return first.replace(coefficient=None, output=None, threshold=None, shift=0, loadable=False).with_weights(weights)
    return stage.replace(mode="same", boundary=random.choice(("constant", "edge", "reflect")), fill=0, stride=first.stride)


def _two(random, kinds, branch, soak):
    """Another filter in front of a branch, that leaves a frame as it is."""
    stage = next_stage(random, kinds, branch.sample, branch.planes, branch.pixels_per_clock, soak)
    if stage.rank == 2:
        if random.random() < 0.3:  # the first one's width is that of the whole
            branch = branch.replace(pixels_per_clock=some_width(random, branch)) if branch.stride == (1, 1) else branch
        if stage.outputs > 1:
            stage = stage.replace(combine="sum_abs")
        stage = stage.replace(mode="same", boundary="edge", fill=0, stride=(1, 1))
    return Pipeline([stage.replace(output=branch.sample) if "output" in stage.__dataclass_fields__ else stage, branch])
