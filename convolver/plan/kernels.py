"""The arrays of kernels: how each is computed with the fewest multipliers, as a whole or as a column times a row."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, singledispatch

from ..designs import Choices, Conv2DDesign
from ..errors import DesignError
from ..formats import Format
from .adders import AdderProduct
from .arithmetic import Range
from .array import DotProduct
from .array_plan import ArrayPlan, SeparablePlan
from .bilinear import Form, direct
from .coefficients import Coefficients, CoefficientStore
from .column_filter import ColumnFilter
from .constants import adders_needed
from .rewritings import checked
from .slots import OneCycle, Shifted, slot_for, slot_of
from .stages import Stage, cycles_of, multipliers_of, needed
from .structure import Direct, Factors, reach_of, structure_of
from .target import Target

__all__ = ["cheaper_factors", "kernel_arrays", "multipliers_of_kernels", "operand_stages", "slowest"]


def multipliers_of_kernels(design: Conv2DDesign, clocks: int) -> int:
    """The fewest multipliers that do in so many clocks a pixel."""
    return min(_costs(design, clocks, design.choices.samples * design.planes))


def cheaper_factors(design: Conv2DDesign, clocks: int) -> Factors | None:
    """Column and row of each kernel, if all are separable and that takes fewer multipliers."""
    whole, *apart = _costs(design, clocks, 1)
    return next((pairs for pairs, cost in zip(_separations(design), apart, strict=True) if cost < whole), None)


def _costs(design: Conv2DDesign, clocks: int, copies: int) -> list[int]:
    """Multipliers of the kernels as they are, and of columns and rows in their place."""
    structure, slot = structure_of(design), slot_of(clocks)
    ways = [design.sums, *([factor for pair in pairs for factor in pair] for pairs in _separations(design))]
    return [sum(structure.multipliers(weights, slot, copies) for weights in way) for way in ways]


def _separations(design: Conv2DDesign) -> tuple[Factors, ...]:
    """Columns and rows that could take the kernels' place."""
    return structure_of(design).separations(design.kernels, design.pixel)


def fewest_adders(design: Conv2DDesign) -> Factors | None:
    """Column and row of each kernel, if all are separable and that takes fewer adders."""
    whole = sum(map(adders_needed, design.sums))
    ways = [(sum(adders_needed(one) for pair in pairs for one in pair), pairs) for pairs in _separations(design)]
    cost, pairs = min(ways, key=lambda way: way[0], default=(whole, None))
    return pairs if cost < whole else None


def kernel_arrays(
    design: Conv2DDesign, choices: Choices, target: Target
) -> tuple[tuple[DotProduct, ...], tuple[ColumnFilter, ...], Callable[..., ArrayPlan]]:
    """The arrays, the stage in front of the window if kernels are separable, and what makes the plan of both."""
    kernels = design.sums
    before = sum(sum(map(bool, kernel)) for kernel in kernels)
    factors = _factors(slot_for(choices), design, choices.clocks)
    if factors is not None:
        column_arrays = tuple(_constant(design, choices, column, design.sample, target) for column, _ in factors)
        row_arrays = tuple(
            _constant(design, choices, row, column.accumulator, target)
            for column, (_, row) in zip(column_arrays, factors, strict=True)
        )
        _check_factors(design, kernels, column_arrays, row_arrays)
        after = sum(len(one.form.products) for one in (*column_arrays, *row_arrays))
        told = f"each kernel is a column times a row: {before} -> {after} products"
        stage = _column_filter(column_arrays)
        return row_arrays, (stage,), partial(SeparablePlan, column_filter=stage, rewritings=(told,))
    crowd = choices.samples * design.planes if len(kernels) == 1 else 1
    arrays = tuple(
        _array(design, choices, kernel, design.sample, design.coefficient_format, reach, target, crowd)
        for kernel, reach in zip(kernels, design.kernel_ranges, strict=True)
    )
    after = sum(len(array.form.products) for array in arrays)
    shared = (f"equal weights share a multiplication: {before} -> {after} products",) if after < before else ()
    return arrays, (), partial(ArrayPlan, rewritings=shared)


def _constant(design: Conv2DDesign, choices: Choices, weights: Sequence[int], sample: Format, target: Target) -> DotProduct:
    """The array of a column or a row of constants."""
    coefficient, reach = Format.holding(min(weights), max(weights)), reach_of(weights, sample)
    return _array(design, choices, weights, sample, coefficient, reach, target, 1)


def _array(
    design: Conv2DDesign,
    choices: Choices,
    weights: Sequence[int],
    sample: Format,
    coefficient: Format,
    reach: Range,
    target: Target,
    crowd: int,
) -> DotProduct:
    """The array of one kernel, of one column or of one row."""
    slot = slot_for(choices)
    coefficients = structure_of(design).coefficients(slot, coefficient, weights)
    return _product(slot, design, coefficients, _Place(choices, sample, reach, target, crowd))


@dataclass(frozen=True)
class _Place:
    """Where an array's sums stand: what comes in, how far they reach, on which device, and beside how many others."""

    choices: Choices
    sample: Format
    reach: Range
    target: Target
    crowd: int


@singledispatch
def _product(slot: OneCycle, design: Conv2DDesign, coefficients: Coefficients, place: _Place) -> DotProduct:
    """The array, with multipliers."""
    form, choices = _direct(design, len(coefficients.weights)), place.choices
    shared = _shared(structure_of(design), slot, form, coefficients, place.sample, place.target)
    form, copies = checked(form, shared, [coefficients.weights]), choices.samples * design.planes
    of = (form, place.sample, coefficients, place.reach, choices.clocks, place.target)
    return DotProduct(*of, copies=copies, crowd=place.crowd)


@_product.register
def _(slot: Shifted, design: Conv2DDesign, coefficients: Coefficients, place: _Place) -> DotProduct:
    del slot
    form, choices = coefficients.without_zeros(_direct(design, len(coefficients.weights))), place.choices
    copies = choices.samples * design.planes
    return AdderProduct(form, place.sample, coefficients, place.reach, choices.clocks, place.target, copies)


@singledispatch
def _factors(slot: OneCycle, design: Conv2DDesign, clocks: int) -> Factors | None:
    """Column and row of each kernel, where those cost less."""
    del slot
    return cheaper_factors(design, clocks)


@_factors.register
def _(slot: Shifted, design: Conv2DDesign, clocks: int) -> Factors | None:
    del slot, clocks
    return fewest_adders(design)


def _direct(design: Conv2DDesign, count: int) -> Form:
    """A product for each place: a window meets the kernel as it stands when correlating, turned round when convolving."""
    return direct([range(count)[:: design.orientation.step]], count, count)


def _shared(structure: Direct, slot: OneCycle, form: Form, coefficients: Coefficients, sample: Format, target: Target) -> Form:
    """The sums of places that take the fewest multipliers; the shortest of these."""
    weights, most = coefficients.weights, structure.sharing(len(coefficients.weights))

    def multipliers(one: Form) -> int:
        return slot.constant_multipliers([weights[product.weight[0][0]] for product in one.products])

    plain, *ways = [coefficients.shared(form, 1 << doubled) for doubled in range((most - 1).bit_length() + 1)]
    best = min([plain, *ways], key=multipliers)
    if best.products and target.pairs(sample, coefficients.format):
        # Two products share a multiplier, unless sums make them wider.
        wide = [reach_of([sign for _, sign in product.operand], sample) for product in best.products]
        operand = Format.holding(min(low for low, _ in wide), max(high for _, high in wide))
        if not target.pairs(operand, coefficients.format) and math.ceil(multipliers(plain) / 2) <= multipliers(best):
            return plain
    return best


def _column_filter(arrays: tuple[DotProduct, ...]) -> ColumnFilter:
    """The stage that these make; what takes fewer cycles than others waits for them."""
    filters = [(*operand_stages([array], array.store), *slowest([array])) for array in arrays]
    stages = [stage for found in filters for stage in found]
    memories = tuple(memory for stage in stages for memory in stage.memories)
    cycles = max(map(cycles_of, filters))
    return ColumnFilter(cycles, memories, filters=arrays, multipliers=multipliers_of(stages))


def operand_stages(arrays: Sequence[DotProduct], store: CoefficientStore) -> tuple[Stage, ...]:
    """From the places of a window, or of a column of it, to the operands of the lanes: the sums of all arrays take as long as
    the largest."""
    sums = max((array.operands for array in arrays), key=lambda stage: stage.cycles)
    return (*needed(sums), *slot_of(store.cycles).serialised(store.memories))


def slowest(arrays: Sequence[DotProduct]) -> tuple[Stage, ...]:
    """The stages of the slowest of several arrays, for which the sums of the others wait; with the multipliers of all."""
    total = multipliers_of(stage for array in arrays for stage in array.stages)
    stages = max((array.stages for array in arrays), key=cycles_of)
    return tuple(stage.with_multipliers(total) for stage in stages)


def _check_factors(
    design: Conv2DDesign,
    kernels: Sequence[Sequence[int]],
    column_arrays: Sequence[DotProduct],
    row_arrays: Sequence[DotProduct],
) -> None:
    """Columns and rows together must give each place of the window the weight that the kernel gives it."""
    for kernel, column, row in zip(kernels, column_arrays, row_arrays, strict=True):
        vertical, horizontal = (one.form.response(one.weights) for one in (column, row))
        found = {
            (0, r * row.positions + c): one * other for (_, r), one in vertical.items() for (_, c), other in horizontal.items()
        }
        if found != _direct(design, len(kernel)).response(kernel):
            first, second = (list(one.weights) for one in (column, row))
            raise DesignError(f"Column {first} times row {second} must be the kernel {list(kernel)}")
