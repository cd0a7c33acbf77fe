"""The plan of a FIR filter."""

from collections.abc import Callable
from dataclasses import replace
from functools import singledispatch

from ..counting import counted
from ..designs import Choices, FIRDesign
from ..formats import Format
from .adders import AdderProduct
from .arithmetic import Range
from .array import CascadedProduct, ChainedProduct, DotProduct, TapProduct
from .array_plan import ArrayPlan
from .bilinear import Form, direct
from .choices import fewest_clocks
from .coefficients import Coefficients, CoefficientStore
from .constants import adders_needed
from .output import BUFFER_LATENCY, credit_latency, output_buffer, rounding
from .rewritings import checked, fold
from .slots import OneCycle, SeveralCycles, Shifted, slot_for
from .stages import Accept, DelayLine, Memory, SampleMemory, Stage, cycles_of
from .structure import structure_of
from .target import Target
from .timing import SignalTiming

__all__ = ["fir_clocks", "lower_fir"]

_Ways = tuple[Callable[..., tuple[Form, tuple[str, ...]]], Callable[..., DotProduct], Callable[..., Stage]]


def fir_clocks(design: FIRDesign, most: int) -> int:
    """The fewest clocks a sample in which so many multipliers do, one a lane."""
    return fewest_clocks(lambda clocks: -(-len(design.terms) // clocks), most)


def lower_fir(design: FIRDesign, choices: Choices, target: Target) -> ArrayPlan:
    """A delay line, or memories of samples, in front of one array."""
    slot = slot_for(choices)
    coefficients = structure_of(design).coefficients(slot, design.coefficient_format, design.weights)
    form_of, array_of, feeder_of = _ways(slot)
    form, rewritings = form_of(design, coefficients)
    array = array_of(form, design.sample, coefficients, design.sum_range, choices.clocks, target)
    loaded = coefficients.loaded([product.weight[0][0] for product in form.products])
    store = CoefficientStore(coefficients, loaded, array.products, choices.clocks, len(array.groups))
    behind = rounding(design)
    body = (Accept(1), feeder_of(design, array, store), *array.stages, *behind)
    timing = SignalTiming(choices.clocks, cycles_of(body) + BUFFER_LATENCY)
    stages = (*body, output_buffer(design, timing.buffer_depth(credit_latency(body))))
    return ArrayPlan(design, target, stages, timing, (array,), store, behind, rewritings)


@singledispatch
def _ways(slot: OneCycle) -> _Ways:
    """What makes the form, the array and what feeds it, in slots of one cycle."""
    del slot
    return _form, _unfolded, _delay_line


@_ways.register
def _(slot: SeveralCycles) -> _Ways:
    del slot
    return _form, _folded, _sample_memory


@_ways.register
def _(slot: Shifted) -> _Ways:
    del slot
    return _plain, AdderProduct, _delay_line


def _form(design: FIRDesign, coefficients: Coefficients) -> tuple[Form, tuple[str, ...]]:
    """The products of one sample, tap by tap: x[n - k] meets coefficient k."""
    taps = design.taps
    form = plain = direct([range(taps)], taps, taps)
    told = []
    if (folded := fold(form, design.pairing)) != form:
        # Every set of such coefficients is a sum of these.
        basis = [design.pairing.places(tap, taps - 1) for tap, _ in design.pairing.taps(taps)]
        form = checked(plain, folded, [[places.get(tap, 0) for tap in range(taps)] for places in basis])
        told.append(f"{design.symmetry} taps share a multiplication: {len(plain.products)} -> {len(form.products)} products")
    before, form = form, coefficients.without_zeros(form)
    checked(plain, form, [design.weights])
    if len(form.products) < len(before.products):
        told.append(f"taps of 0 have none: {len(before.products)} -> {len(form.products)} products")
    return form, tuple(told)


def _plain(design: FIRDesign, coefficients: Coefficients) -> tuple[Form, tuple[str, ...]]:
    """The products of one sample as they are: what they have in common is found by the adders that make them."""
    form = direct([range(design.taps)], design.taps, design.taps)
    added = adders_needed(design.weights)
    return coefficients.without_zeros(form), (
        f"constants are shifted and added, in {counted(added, 'adder')} without a multiplier",
    )


def _unfolded(form: Form, sample: Format, coefficients: Coefficients, reach: Range, clocks: int, target: Target) -> DotProduct:
    """The array in slots of one cycle: a cascade of multipliers where the device has one that does."""
    array = ChainedProduct(form, sample, coefficients, reach, clocks, target)
    if target.cascades(array.operand, array.coefficient, array.accumulator, pre_added=array.pre_added):
        return CascadedProduct(form, sample, coefficients, reach, clocks, target)
    return array


def _delay_line(design: FIRDesign, array: DotProduct, store: CoefficientStore) -> Stage:  # noqa: ARG001  # as of all feeders
    """All samples in view."""
    return DelayLine(1)


def _folded(form: Form, sample: Format, coefficients: Coefficients, reach: Range, clocks: int, target: Target) -> DotProduct:
    """The array in longer slots: it takes the oldest sample first, so that the newest is read last."""
    form = replace(form, products=form.products[::-1])
    return TapProduct(form, sample, coefficients, reach, clocks, target)


def _sample_memory(design: FIRDesign, array: DotProduct, store: CoefficientStore) -> Stage:
    """The whole history for each lane, and again for its mirrored samples."""
    mirrors = sum(any(len(product.terms) > 1 for product in array.lane(lane)) for lane in range(array.lanes))
    memory = Memory("samples", 1 << array.positions.bit_length(), design.sample.width)
    return SampleMemory(3, (memory,) * (array.lanes + mirrors) + store.memories)
