"""Random 2-D convolutions."""

import functools
import itertools
import math
from random import Random

import numpy as np

from convolver import Conv2DDesign, Format
from convolver.designs import BOUNDARIES, COMBINATIONS, MODES, OPERATIONS

from .formats import some_numbers, some_sample, some_weights

__all__ = ["random_design", "some_conv2d"]


def random_design(random, soak=False):
    """A design; `soak` allows sizes that take seconds to compile."""
    return some_conv2d(random, *some_sample(random), soak)


def some_conv2d(random, sample, wide, soak):
    """A kernel, or several, of any size that compiles in time."""
    rows, columns = (random.randint(1, 9 if soak else 5) for _ in range(2))
    if random.random() < 0.1:
        rows, columns = random.choice(((1, 15), (15, 1)))
    form, weights = some_weights(random, rows * columns, wide)
    weights = some_structure(Random(f"kernel {rows} {columns} {weights}"), rows, columns, weights, form)
    boundary = random.choices(BOUNDARIES, (3, 4, 7, 4, 3))[0]
    mode = random.choices(MODES, (1, 3, 1))[0]
    design = some_numbers(
        random,
        functools.partial(
            Conv2DDesign,
            np.array(weights, dtype=object).reshape(rows, columns).tolist(),
            pixel=sample,
            coefficient=form,
            operation=random.choice(OPERATIONS),
            mode=mode,
            switchable=mode == "same" and max(rows, columns) <= 7 and random.random() < 0.35,
            boundary=boundary,
            fill=random.randint(sample.min, sample.max) if boundary == "constant" else 0,
            rows=random.randint(1, 29),
            columns=random.randint(1, 39),
        ),
    )
    design = some_planes(random, some_clocks(random, some_kernels(random, design), soak), soak)
    return some_products(Random(f"products {design}"), design)


def some_products(random, design):
    """The design, or the same of kernels that are columns times rows, in numbers narrow enough to be taken apart."""
    most = 120 // (len(design.kernels) * design.pixels_per_clock * design.planes)  # products that don't take long to compile
    sizes = [size for size in itertools.product(range(2, 7), repeat=2) if math.prod(size) <= most]
    large = max(design.kernel_rows, design.kernel_columns) > 7
    if design.loadable or design.choices.clocks > 1 or large or not sizes or random.random() < 0.25:
        return design
    rows, columns = random.choice(sizes)
    kernels = []
    for _ in design.kernels:
        column, row = ([random.choice((-7, -6, -5, -3, 0, 1, 3, 5, 7, 9, 10)) for _ in range(side)] for side in (rows, columns))
        column[0], row[0] = 3, 7
        kernels.append(np.outer(column, row).tolist())
    pixel = Format(min(design.pixel.width, random.randint(2, 8)), design.pixel.signed)
    exact = design.replace(
        kernel=kernels if design.stacked else kernels[0],
        pixel=pixel,
        fill=max(min(design.fill, pixel.max), pixel.min),
        switchable=design.switchable or (design.mode == "same" and design.pixels_per_clock == 1 and random.random() < 0.5),
        **dict.fromkeys(("coefficient", "output", "threshold", "multipliers")),
        shift=0,
    )
    return exact.replace(shift=min(design.shift, exact.stage_input.width // 2))


def some_planes(random, design, soak):
    """The design, or the same of several planes side by side."""
    planes = random.choice((1, 1, 2, 3, 4))
    large = len(design.weights) * design.pixels_per_clock * planes > 64 and not soak
    if design.choices.clocks > 1 or design.multipliers is not None or large:
        return design
    return design.replace(planes=planes)


def some_structure(random, rows, columns, weights, form):
    """The weights, or some that have a structure."""
    if random.random() < 0.35:
        reach = math.isqrt(form.max)
        column, row = ([random.randint(-reach if form.signed else 0, reach) for _ in range(side)] for side in (rows, columns))
        return np.outer(column, row).reshape(-1).tolist()
    kernel = np.array(weights, dtype=object).reshape(rows, columns)
    axes = random.choice(((), (), (0,), (1,), (0, 1), (0, 1)))
    for axis in axes:
        half = kernel.shape[axis] // 2
        mirrored = np.flip(kernel.take(range(half), axis), axis)
        if random.random() < 0.3 and form.signed:
            mirrored = np.minimum(-mirrored, form.max)
        middle = kernel.take(range(half, kernel.shape[axis] - half), axis)
        kernel = np.concatenate([kernel.take(range(half), axis), middle, mirrored], axis)
    return kernel.reshape(-1).tolist()


def some_clocks(random, design, soak):
    """The design, or the same in several clocks a pixel, as said or as a budget of multipliers asks, or at several pixels a
    clock."""
    size = design.kernel_rows * design.kernel_columns
    if random.random() < 0.55:
        return some_pixels(random, design, soak)
    if random.random() < 0.5:
        return design.replace(clocks_per_pixel=random.choice((2, 3, min(size, 9))))
    lanes = len(design.kernels) * random.randint(-(-size // 8), size)
    return design.replace(clocks_per_pixel=None, multipliers=lanes)


def some_pixels(random, design, soak):
    """The design, or the same at several pixels a clock; not of the largest kernels, which take long to compile."""
    pixels = random.choice((1, 2, 4))
    if design.stride != (1, 1) or (len(design.weights) * pixels > 64 and not soak):
        return design
    return design.replace(pixels_per_clock=pixels)


def some_kernels(random, design):
    """The design, or the same with more kernels, magnitudes, a threshold or a stride."""
    form = design.coefficient_format
    kernels = [design.kernel]
    if len(design.weights) <= 9:
        for _ in range(random.choice((0, 0, 1, 2))):
            weights = [random.randint(form.min, form.max) for _ in design.weights]
            kernels.append(design.replace(shift=0).with_weights(weights).kernel)
    changes = {"kernel": tuple(kernels) if len(kernels) > 1 or random.random() < 0.1 else design.kernel}
    changes["absolute"] = random.random() < 0.3
    if random.random() < 0.3:
        changes["stride"] = tuple(random.choice((1, 2, 3, 7)) for _ in range(2))
    if isinstance(changes["kernel"][0][0], tuple):
        changes["combine"] = random.choice(COMBINATIONS)
    if random.random() < 0.3:
        changes["output"] = None
    least = design.replace(**changes, shift=0)
    changed = design.replace(**changes, shift=min(design.shift, least.stage_input.width))
    if random.random() < 0.2:
        return changed.replace(threshold=random.randint(*changed.result_range))
    return changed
