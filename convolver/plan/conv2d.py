"""The plan of a 2-D convolution."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate

from .. import structure
from ..designs import Conv2DDesign
from ..errors import DesignError
from ..formats import Format
from .array import DotProduct
from .array_plan import ArrayPlan, SeparablePlan
from .array_stages import slowest
from .bilinear import Form, Term, direct
from .coefficients import Coefficients, CoefficientStore
from .geometry import Geometry, geometry_of
from .output import BUFFER_LATENCY, credit_latency, output_buffer, rounding
from .rewritings import checked
from .slots import slot_of
from .stages import (
    Accept,
    BorderRows,
    ColumnFilter,
    LineBuffer,
    Magnitude,
    MagnitudeSum,
    Memory,
    Raster,
    Stage,
    Sums,
    Window,
    cycles_of,
    multipliers_of,
    needed,
)
from .target import Target
from .timing import RasterTiming

__all__ = ["lower_conv2d"]


def lower_conv2d(design: Conv2DDesign, target: Target) -> ArrayPlan:
    """Raster, line buffer and window in front of one array a kernel."""
    arrays, columns, plan_of = _arrays(design, target)
    store = _store_of(design, arrays)
    geometry = geometry_of(design)
    levels = max(array.sum_levels for array in arrays)
    body = (
        Accept(2),
        Raster(1),
        _line_buffer(geometry, target),
        BorderRows(1 + geometry.choosing),
        *_column_filters(columns),
        Window(1 + geometry.choosing),
        *_operand_stages(levels, store),
        *slowest(arrays),
        *_magnitude(design),
        *rounding(design),
    )
    timing = RasterTiming(design.slot, cycles_of(body) + BUFFER_LATENCY, geometry)
    stages = (*body, output_buffer(design, timing.buffer_depth(credit_latency(body))))
    return plan_of(design, target, stages, timing, arrays, store)


def _column_filters(columns: Sequence[DotProduct]) -> tuple[Stage, ...]:
    """What makes one number of each column, if kernels are separable; what takes fewer cycles than others waits for them."""
    filters = [(*_operand_stages(column.sum_levels, column.store), *slowest([column])) for column in columns]
    stages = [stage for found in filters for stage in found]
    memories = tuple(memory for stage in stages for memory in stage.memories)
    cycles = max(map(cycles_of, filters), default=0)
    return needed(ColumnFilter(cycles, memories, multipliers=multipliers_of(stages)))


def _operand_stages(levels: int, store: CoefficientStore) -> tuple[Stage, ...]:
    """From the places of a window, or of a column of it, to the operands of the lanes."""
    return (*needed(Sums(levels)), *slot_of(store.cycles).serialised(store.memories))


def _magnitude(design: Conv2DDesign) -> tuple[Stage, ...]:
    """What becomes of sums in front of the output stage; all of them take the same stages."""
    sums: list[tuple[Stage, ...]] = [()] * len(design.kernels)
    return design.combining.results(sums, lambda _: (Magnitude(1),), _magnitude_sum)[0]


def _magnitude_sum(magnitudes: Sequence[tuple[Stage, ...]]) -> tuple[Stage, ...]:
    """The stage that takes so many magnitudes, and adds them up."""
    return (MagnitudeSum(1 + (len(magnitudes) - 1).bit_length(), terms=len(magnitudes)),)


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
    coefficients = slot_of(design.slot).coefficients(design, design.coefficient_format, values)
    return CoefficientStore(coefficients, coefficients.loaded(range(len(values))), products, design.slot)


def _line_buffer(geometry: Geometry, target: Target) -> LineBuffer:
    """All lines that a result needs but the newest: one packed word a column; of all columns of a beat."""
    design, rows, words = geometry.design, geometry.above + geometry.below, geometry.line_beats
    width = rows * design.pixel.width * design.pixels_per_clock * design.planes
    rams = 0
    if target.single_port is not None and width * words > target.single_port.from_bits:
        side_by_side = math.ceil(width / target.single_port.width)
        rams = 2 * side_by_side if side_by_side <= target.single_port.side_by_side else 0
    memories = (Memory("line buffer", words, width, single_port=rams > 0),) if rows else ()
    return LineBuffer(2, memories, rows, width * words, rams)


# Arrays.


def _arrays(
    design: Conv2DDesign, target: Target
) -> tuple[tuple[DotProduct, ...], tuple[DotProduct, ...], Callable[..., ArrayPlan]]:
    """The arrays, the column filters in front of the window if kernels are separable, and what makes the plan of both."""
    kernels = design.sums
    before = sum(sum(map(bool, kernel)) for kernel in kernels)
    if (factors := design.factors) is not None:
        columns = tuple(_constant(design, column, design.sample, target) for column, _ in factors)
        rows = tuple(
            _constant(design, row, column.accumulator, target) for column, (_, row) in zip(columns, factors, strict=True)
        )
        _check_factors(design, kernels, columns, rows)
        after = sum(len(one.form.products) for one in (*columns, *rows))
        told = f"each kernel is a column times a row: {before} -> {after} products"
        return rows, columns, partial(SeparablePlan, columns=columns, rewritings=(told,))
    crowd = design.pixels_per_clock * design.planes if len(kernels) == 1 else 1
    arrays = tuple(
        _array(design, kernel, design.sample, design.coefficient_format, reach, target, crowd)
        for kernel, reach in zip(kernels, design.kernel_ranges, strict=True)
    )
    after = sum(len(array.form.products) for array in arrays)
    shared = (f"equal weights share a multiplication: {before} -> {after} products",) if after < before else ()
    return arrays, (), partial(ArrayPlan, rewritings=shared)


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
    coefficients = slot_of(design.slot).coefficients(design, coefficient, weights)
    form = _direct(design, len(weights))
    form = checked(form, _shared(design, form, coefficients, sample, target), [weights])
    copies = design.pixels_per_clock * design.planes
    return DotProduct(form, sample, coefficients, reach, design.slot, target, copies=copies, crowd=crowd)


def _direct(design: Conv2DDesign, count: int) -> Form:
    """A product for each place: a window meets the kernel as it stands when correlating, turned round when convolving."""
    return direct([range(count)[:: design.orientation.step]], count, count)


def _shared(design: Conv2DDesign, form: Form, coefficients: Coefficients, sample: Format, target: Target) -> Form:
    """The sums of places that take the fewest multipliers; the shortest of these."""
    weights, most = coefficients.weights, design.source.sharing(len(coefficients.weights))

    def multipliers(one: Form) -> int:
        return structure.multipliers_of([weights[product.weight[0][0]] for product in one.products], design.slot)

    plain, *ways = [coefficients.shared(form, 1 << doubled) for doubled in range((most - 1).bit_length() + 1)]
    best = min([plain, *ways], key=multipliers)
    if best.products and target.pairs(sample, coefficients.format):
        # Two products share a multiplier, unless sums make them wider.
        wide = [_operand_range(product.operand, sample) for product in best.products]
        operand = Format.holding(min(low for low, _ in wide), max(high for _, high in wide))
        if not target.pairs(operand, coefficients.format) and math.ceil(multipliers(plain) / 2) <= multipliers(best):
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
        vertical, horizontal = (one.form.response(one.weights) for one in (column, row))
        found = {
            (0, r * row.positions + c): one * other for (_, r), one in vertical.items() for (_, c), other in horizontal.items()
        }
        if found != _direct(design, len(kernel)).response(kernel):
            first, second = (list(one.weights) for one in (column, row))
            raise DesignError(f"Column {first} times row {second} must be the kernel {list(kernel)}")
