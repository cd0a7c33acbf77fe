"""The plan of a FIR filter."""

from ..designs import FIRDesign
from .array import DotProduct
from .array_plan import ArrayPlan
from .array_stages import array_stages
from .bilinear import Form, direct
from .coefficients import CoefficientStore, coefficient_memories
from .output import CREDIT_LATENCY, output_buffer, rounding
from .rewritings import checked, drop_zeros, fold
from .stages import Accept, DelayLine, Memory, SampleMemory, cycles_of
from .target import Target
from .timing import SignalTiming

__all__ = ["lower_fir"]

MARKS = 2
"""`first` and `last`."""


def lower_fir(design: FIRDesign, target: Target) -> ArrayPlan:
    """A delay line, or memories of samples, in front of one array."""
    form, rewritings = _form(design)
    products = form.products
    if design.slot > 1:
        # The oldest first: in a folded core the newest sample is then read last.
        products = products[::-1]
    array = DotProduct(
        Form(form.positions, form.coefficients, form.results, products),
        design.sample,
        design.coefficient_format,
        design.weights,
        design.loadable,
        design.sum_range,
        design.slot,
        target,
        systolic=True,
    )
    loaded = tuple(product.weight[0][0] for product in form.products) if design.loadable else ()
    store = CoefficientStore(design.coefficient_format, design.weights, loaded, array.products, design.slot, len(array.groups))
    feeder = (Accept(1), _sample_memory(design, array, store) if design.slot > 1 else DelayLine(1))
    body = (*feeder, *array_stages(array), *rounding(design))
    latency = cycles_of(body) + output_buffer(design, 2, MARKS).cycles
    timing = SignalTiming(design.slot, latency)
    stages = (*body, output_buffer(design, timing.buffer_depth(CREDIT_LATENCY), MARKS))
    return ArrayPlan(design, target, stages, timing, (array,), store, rewritings=rewritings)


def _form(design: FIRDesign) -> tuple[Form, tuple[str, ...]]:
    """The products of one sample, tap by tap: x[n - k] meets coefficient k."""
    taps = design.taps
    form = plain = direct([range(taps)], taps, taps)
    told = []
    if design.symmetry in ("symmetric", "antisymmetric"):
        sign = 1 if design.symmetry == "symmetric" else -1
        form = fold(form, sign)
        # Every set of such coefficients is a sum of these.
        basis = [[int(tap == one) + sign * int(tap == taps - 1 - one) for tap in range(taps)] for one in range(taps)]
        checked(plain, form, [weights for weights in basis if design.symmetry == "symmetric" or any(weights)])
        told.append(f"{design.symmetry} taps share a multiplication: {len(plain.products)} -> {len(form.products)} products")
    if not design.loadable:
        before, form = form, drop_zeros(form, design.weights)
        checked(plain, form, [design.weights])
        if len(form.products) < len(before.products):
            told.append(f"taps of 0 have none: {len(before.products)} -> {len(form.products)} products")
    return form, tuple(told)


def _sample_memory(design: FIRDesign, array: DotProduct, store: CoefficientStore) -> SampleMemory:
    """The whole history for each lane, and again for its mirrored samples."""
    mirrors = sum(any(len(product.terms) > 1 for product in array.lane(lane)) for lane in range(array.lanes))
    memory = Memory("samples", 1 << array.positions.bit_length(), design.sample.width)
    return SampleMemory(3, (memory,) * (array.lanes + mirrors) + coefficient_memories(store))
