"""What goes into any design on its page, beat by beat, and what the golden model says must come out."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ..designs import Boundary, Design, boundary_code

__all__ = ["example_of"]

SIZES = {"length": 48, "rows": 12, "columns": 16}
"""Of the examples, or as much as the core takes."""

LONGEST = 512
"""Samples of an example of a filter with a long response, at most; the impulse stands at a third of it."""

LARGEST = 1 << 53
"""JavaScript's numbers have all integers up to here."""


def example_of(design: Design) -> list[dict[str, Any]]:
    """Frames of several sorts: an impulse, a step, the extremes, noise."""
    return [_frame(design, name, samples) for name, samples in _inputs(design).items()]


def _inputs(design: Design) -> dict[str, npt.NDArray[np.int64]]:
    reach = sum(factor.power * (len(factor.taps) - 1) for link in design.links for factor in link.factors)
    whole = SIZES | {"length": max(SIZES["length"], min(3 * (reach // 2 + 4), LONGEST))}
    size = [
        max(axis.least, min(whole[name], axis.most or whole[name]))
        for name, axis in zip(design.axes, design.frame_axes, strict=True)
    ]
    form = design.sample
    # A window's worth of numbers, so that a product can be told from another.
    loud = form.max // 2 or form.max or form.min
    shape = (*size, *design.sample_axes)
    impulse, step = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    impulse[tuple(side // 3 for side in size)] = loud
    along = np.arange(size[-1]) >= size[-1] // 3
    step += loud * along.reshape(-1, *(1 for _ in design.sample_axes))
    random = np.random.default_rng(1)
    extremes = np.where(random.random(shape) < 0.5, form.min, form.max)
    noise = random.integers(form.min, form.max, shape, dtype=np.int64, endpoint=True)
    return {"impulse": impulse, "step": step, "extremes": extremes, "noise": noise}


def _frame(design: Design, name: str, samples: npt.NDArray[np.int64]) -> dict[str, Any]:
    from ..sim.twin.core import frame_shape
    from ..sim.twin.streams import beats_of, marks_of

    pixels, told = design.pixels_per_clock, Told(design).fields
    beats = beats_of([samples], pixels=pixels)
    shape = frame_shape(design, samples.shape)
    marks = marks_of(shape, pixels)
    return {
        "name": name,
        "size": list(samples.shape[: design.rank]),
        "boundary": boundary_code(told.get("boundary", "constant")),
        "fill": told.get("fill", 0),
        "beats": beats.samples.reshape(len(beats), -1).tolist(),
        "marks": beats.marks.tolist(),
        "expected": _expected(design, samples, shape),
        "resultMarks": marks.tolist(),
        "resultSize": list(shape),
    }


def _expected(design: Design, samples: npt.NDArray[np.int64], shape: tuple[int, ...]) -> list[list[int | str]]:
    """The results of each beat, by the golden model, with nothing behind a line's end; as text beyond JavaScript's numbers."""
    from ..sim.golden import run

    results = run(in_core(design), samples)
    own = len(design.result_axes)
    results = np.moveaxis(results, range(own), range(-own, 0))
    lanes = design.outputs * design.planes
    lines = np.asarray(results, object).reshape(-1, shape[-1], lanes)
    pixels = design.pixels_per_clock
    return [
        [int(value) if abs(int(value)) < LARGEST else str(value) for value in line[begin : begin + pixels].reshape(-1)]
        for line in lines
        for begin in range(0, shape[-1], pixels)
    ]


class Told:
    """What a core is told of its frames' border, where that can be chosen."""

    def __init__(self, design: Design) -> None:
        self.fields: dict[str, Any] = {}
        design.border.tell(self)

    def switch(self, boundary: Boundary, fill: int, stage: int = 0) -> None:  # noqa: ARG002  # of one filter
        self.fields = {"boundary": boundary, "fill": fill}


def in_core(design: Any) -> Any:
    """The design as its core sees it: without what the host pads."""
    from ..plan.geometry import geometry_of

    if design.parts:
        return design.with_members([in_core(member) for member in design.members])
    changed = {"mode": geometry_of(design).mode} | Told(design).fields
    return design.replace(**{name: value for name, value in changed.items() if name in design.to_dict()})
