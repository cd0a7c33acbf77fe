"""The plan of a 2-D convolution."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from ..designs import Choices, Conv2DDesign
from .array import DotProduct
from .array_plan import ArrayPlan
from .choices import fewest_clocks, weighed
from .coefficients import CoefficientStore
from .geometry import WindowGeometry, geometry_of
from .kernels import kernel_arrays, multipliers_of_kernels, operand_stages, slowest
from .output import BUFFER_LATENCY, credit_latency, output_buffer, rounding
from .slots import slot_of
from .stages import (
    Accept,
    BorderRows,
    LineBuffer,
    Magnitude,
    MagnitudeSum,
    Memory,
    Raster,
    Stage,
    Window,
    cycles_of,
)
from .structure import structure_of
from .target import Target
from .timing import RasterTiming

__all__ = ["conv2d_clocks", "lower_conv2d"]


def conv2d_clocks(design: Conv2DDesign, most: int) -> int:
    """The fewest clocks a pixel in which so many multipliers do."""
    return fewest_clocks(lambda clocks: multipliers_of_kernels(design, clocks), most)


def lower_conv2d(design: Conv2DDesign, choices: Choices, target: Target) -> ArrayPlan:
    """Raster, line buffer and window in front of one array a kernel."""
    choices = weighed(design, choices, lambda: multipliers_of_kernels(design, choices.clocks))
    arrays, column_filters, plan_of = kernel_arrays(design, choices, target)
    store = _store_of(design, choices, arrays)
    geometry, behind = geometry_of(design), (*_magnitude(design), *rounding(design))
    body = (
        Accept(2, sized=True),
        Raster(1),
        _line_buffer(geometry, target),
        BorderRows(1 + geometry.choosing),
        *column_filters,
        Window(1 + geometry.choosing),
        *operand_stages(arrays, store),
        *slowest(arrays),
        *behind,
    )
    timing = RasterTiming(choices.clocks, cycles_of(body) + BUFFER_LATENCY, geometry)
    stages = (*body, output_buffer(design, timing.buffer_depth(credit_latency(body))))
    return plan_of(design, target, stages, timing, arrays, store, behind)


def _magnitude(design: Conv2DDesign) -> tuple[Stage, ...]:
    """What becomes of sums in front of the output stage; all of them take the same stages."""
    sums: list[tuple[Stage, ...]] = [()] * len(design.kernels)
    greatest = design.stage_ranges[0][1]

    def added(magnitudes: Sequence[tuple[Stage, ...]]) -> tuple[Stage, ...]:
        """The stage that takes so many magnitudes, and adds them up."""
        return (MagnitudeSum(1 + (len(magnitudes) - 1).bit_length(), terms=len(magnitudes), greatest=greatest),)

    return design.combining.results(sums, lambda _: (Magnitude(1),), added)[0]


def _store_of(design: Conv2DDesign, choices: Choices, arrays: Sequence[DotProduct]) -> CoefficientStore:
    """The coefficients of all arrays, whose lanes and sets stand one behind the other."""
    lanes = accumulate((array.lanes for array in arrays[:-1]), initial=0)
    weights = accumulate((len(array.weights) for array in arrays[:-1]), initial=0)
    products = tuple(
        replace(product, lane=lane + product.lane, weight=weight + product.weight)
        for lane, weight, array in zip(lanes, weights, arrays, strict=True)
        for product in array.products
    )
    values = tuple(weight for array in arrays for weight in array.weights)
    coefficients = structure_of(design).coefficients(slot_of(choices.clocks), design.coefficient_format, values)
    return CoefficientStore(coefficients, coefficients.loaded(range(len(values))), products, choices.clocks)


def _line_buffer(geometry: WindowGeometry, target: Target) -> LineBuffer:
    """All lines that a result needs but the newest: one packed word a column; of all columns of a beat."""
    design, rows, words = geometry.design, geometry.above + geometry.below, geometry.line_beats
    width = rows * design.pixel.width * design.pixels_per_clock * design.planes
    rams = 0
    if target.single_port is not None and width * words > target.single_port.from_bits:
        side_by_side = math.ceil(width / target.single_port.width)
        rams = 2 * side_by_side if side_by_side <= target.single_port.side_by_side else 0
    memories = (Memory("line buffer", words, width, single_port=rams > 0),) if rows else ()
    return LineBuffer(2, memories, rows, width * words, rams)
