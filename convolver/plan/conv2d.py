"""The plan of a 2-D convolution."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Literal

from ..designs import Conv2DDesign
from ..errors import DesignError
from ..formats import Format
from ..structure import multipliers_of
from .array import DotProduct
from .array_plan import ArrayPlan
from .array_stages import slowest
from .bilinear import Form, Term, direct
from .coefficients import CoefficientStore, coefficient_memories
from .output import CREDIT_LATENCY, output_buffer, rounding
from .rewritings import checked, share
from .stages import (
    Accept,
    BorderRows,
    ColumnFilter,
    LineBuffer,
    Magnitude,
    MagnitudeSum,
    Memory,
    Raster,
    Serialise,
    Stage,
    Sums,
    Window,
    cycles_of,
)
from .target import Target
from .timing import RasterTiming

__all__ = ["lower_conv2d"]

SERIALISE_LATENCY = 2
"""Cycles in which the places of a window are taken over and handed out, in slots of several cycles."""


def lower_conv2d(design: Conv2DDesign, target: Target) -> ArrayPlan:
    """Raster, line buffer and window in front of one array a kernel."""
    arrays, columns, told = _arrays(design, target)
    store = _store_of(design, arrays)
    folded, bordered = design.slot > 1, design.core_mode == "same"
    levels = max(array.sum_levels for array in arrays)
    body: list[Stage] = [Accept(2), Raster(1), _line_buffer(design, target), BorderRows(1 + bordered)]
    if columns:
        cycles = max(_column_latency(column) for column in columns)
        body.append(ColumnFilter(cycles, coefficient_memories(*(column.store for column in columns))))
    # A window with borders takes its columns through a register more.
    body.append(Window(1 + bordered))
    if levels:
        body.append(Sums(levels))
    if folded:
        body.append(Serialise(SERIALISE_LATENCY, coefficient_memories(store)))
    body += slowest(arrays)
    if design.combine == "sum_abs":
        body.append(MagnitudeSum(1 + (len(design.kernels) - 1).bit_length(), terms=len(design.kernels)))
    elif design.absolute:
        body.append(Magnitude(1))
    body += rounding(design)
    marks = 3 + (design.pixels_per_clock if design.pixels_per_clock > 1 else 0)
    latency = cycles_of(body) + output_buffer(design, 2, marks).cycles
    timing = RasterTiming(
        design.slot,
        latency,
        design.pixels_per_clock,
        design.core_below if bordered else 0,
        design.core_ahead if bordered else 0,
        (0, 0) if bordered else (design.kernel_rows - 1, design.kernel_columns - 1),
        design.stride,
        None if bordered else design.core_late,
    )
    # A folded raster looks at a register more.
    stages = (*body, output_buffer(design, timing.buffer_depth(CREDIT_LATENCY + folded), marks))
    structure: Literal["direct", "shared", "separable"] = "separable" if columns else "shared" if levels else "direct"
    return ArrayPlan(design, target, stages, timing, arrays, store, columns, told, structure)


def _store_of(design: Conv2DDesign, arrays: Sequence[DotProduct]) -> CoefficientStore:
    """The coefficients of all arrays, whose lanes and sets stand one behind the other."""
    lanes = accumulate((array.lanes for array in arrays[:-1]), initial=0)
    weights = accumulate((len(array.weights) for array in arrays[:-1]), initial=0)
    products = tuple(
        replace(product, lane=lane + product.lane, weight=weight + product.weight)
        for lane, weight, array in zip(lanes, weights, arrays, strict=True)
        for product in array.products
    )
    values = tuple(weight for array in arrays for weight in array.weights)
    loaded = tuple(range(len(values))) if design.loadable else ()
    return CoefficientStore(design.coefficient_format, values, loaded, products, design.slot)


def _column_latency(column: DotProduct) -> int:
    taking = SERIALISE_LATENCY if column.cycles > 1 else 0
    return column.sum_levels + taking + cycles_of(slowest([column]))


def _line_buffer(design: Conv2DDesign, target: Target) -> LineBuffer:
    """All lines that a result needs but the newest: one packed word a column; of all columns of a beat."""
    rows, words = design.core_above + design.core_below, design.core_beats
    width = rows * design.pixel.width * design.pixels_per_clock * design.planes
    rams = 0
    if target.single_port is not None and width * words > target.single_port.from_bits:
        side_by_side = math.ceil(width / target.single_port.width)
        rams = 2 * side_by_side if side_by_side <= target.single_port.side_by_side else 0
    memories = (Memory("line buffer", words, width, single_port=rams > 0),) if rows else ()
    return LineBuffer(2, memories, rows, width * words, rams)


# Arrays.


def _arrays(design: Conv2DDesign, target: Target) -> tuple[tuple[DotProduct, ...], tuple[DotProduct, ...], tuple[str, ...]]:
    """The arrays, the column filters in front of the window if kernels are separable, and what was rewritten."""
    kernels = design.sums
    if (factors := design.factors) is not None:
        columns = tuple(_constant(design, column, design.sample, target) for column, _ in factors)
        rows = tuple(
            _constant(design, row, column.accumulator, target) for column, (_, row) in zip(columns, factors, strict=True)
        )
        _check_factors(design, kernels, columns, rows)
        before = sum(sum(map(bool, kernel)) for kernel in kernels)
        after = sum(len(one.form.products) for one in (*columns, *rows))
        return rows, columns, (f"each kernel is a column times a row: {before} -> {after} products",)
    crowd = design.pixels_per_clock * design.planes if len(kernels) == 1 else 1
    arrays = tuple(
        _array(design, kernel, design.sample, design.coefficient_format, reach, target, crowd)
        for kernel, reach in zip(kernels, design.kernel_ranges, strict=True)
    )
    if design.loadable:
        return arrays, (), ()
    before, after = sum(sum(map(bool, kernel)) for kernel in kernels), sum(len(array.form.products) for array in arrays)
    told = (f"equal weights share a multiplication: {before} -> {after} products",) if after < before else ()
    return arrays, (), told


def _constant(design: Conv2DDesign, weights: Sequence[int], sample: Format, target: Target) -> DotProduct:
    """The array of a column or a row of constants."""
    ends = [sorted((weight * sample.min, weight * sample.max)) for weight in weights]
    reach = sum(low for low, _ in ends), sum(high for _, high in ends)
    return _array(design, weights, sample, Format.holding(min(weights), max(weights)), reach, target, 1)


def _array(
    design: Conv2DDesign,
    weights: Sequence[int],
    sample: Format,
    coefficient: Format,
    reach: tuple[int, int],
    target: Target,
    crowd: int,
) -> DotProduct:
    """The array of one kernel, of one column or of one row."""
    count = len(weights)
    # A window meets the kernel as it stands when correlating, turned round when convolving.
    places = range(count)[::-1] if design.operation == "convolve" else range(count)
    form = direct([places], count, count)
    if not design.loadable:
        form = checked(form, _shared(design, form, weights, sample, coefficient, target), [weights])
    return DotProduct(
        form,
        sample,
        coefficient,
        tuple(weights),
        design.loadable,
        reach,
        design.slot,
        target,
        copies=design.pixels_per_clock * design.planes,
        crowd=crowd,
    )


def _shared(
    design: Conv2DDesign, form: Form, weights: Sequence[int], sample: Format, coefficient: Format, target: Target
) -> Form:
    """The sums of places that take the fewest multipliers; the shortest of these."""
    if design.structure == "direct":
        return share(form, weights, 1)

    def multipliers(one: Form) -> int:
        return multipliers_of([weights[product.weight[0][0]] for product in one.products], design.slot)

    plain, *ways = [share(form, weights, 1 << doubled) for doubled in range((len(weights) - 1).bit_length() + 1)]
    best = min([plain, *ways], key=multipliers)
    if best.products and target.pairs(sample, coefficient):
        # Two products share a multiplier, unless sums make them wider.
        wide = [_operand_range(product.operand, sample) for product in best.products]
        operand = Format.holding(min(low for low, _ in wide), max(high for _, high in wide))
        if not target.pairs(operand, coefficient) and math.ceil(multipliers(plain) / 2) <= multipliers(best):
            return plain
    return best


def _operand_range(terms: Sequence[Term], sample: Format) -> tuple[int, int]:
    ends = [sorted((sign * sample.min, sign * sample.max)) for _, sign in terms]
    return sum(low for low, _ in ends), sum(high for _, high in ends)


def _check_factors(
    design: Conv2DDesign, kernels: Sequence[Sequence[int]], columns: Sequence[DotProduct], rows: Sequence[DotProduct]
) -> None:
    """Columns and rows together must give each place of the window the weight that the kernel gives it."""
    for kernel, column, row in zip(kernels, columns, rows, strict=True):
        vertical, horizontal = column.form.response(column.weights), row.form.response(row.weights)
        found = {
            (0, r * row.positions + c): one * other for (_, r), one in vertical.items() for (_, c), other in horizontal.items()
        }
        count = len(kernel)
        places = range(count)[::-1] if design.operation == "convolve" else range(count)
        if found != direct([places], count, count).response(kernel):
            raise DesignError(f"Column {list(column.weights)} times row {list(row.weights)} must be the kernel {list(kernel)}")
