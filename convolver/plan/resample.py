"""The plan of a rate change: one array, of which each slot makes one result, of whichever phase is due.

Of `up` results for `down` samples, result n is that of phase ``n * down % up``: its coefficients are every `up`-th, and
the newest sample that they meet is number ``n * down // up``. A slot has as many cycles as a result has for itself, so
that no multiplier waits for a result that isn't due.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, singledispatch

from ..counting import counted
from ..designs import Choices, Rate, ResampleDesign
from ..designs.phasings import OnePhase, SeveralPhases
from ..designs.rates import SAME
from .array import TapProduct
from .array_plan import ArrayPlan
from .array_stages import OperandSum, PreAdd
from .bilinear import Form, direct
from .choices import fewest_clocks
from .coefficients import CoefficientStore
from .constants import adders_needed
from .mirrored import MirroredLine, MirroredMemory, mirrored
from .output import BUFFER_LATENCY, burst_buffer, credit_latency, rounding
from .pace import Ways
from .phase_product import PhaseProduct
from .phases import HeldLine, PhaseLine, PhaseMemory
from .rate_adders import PhaseAdders, TapAdders
from .rewritings import checked, fold
from .slots import OneCycle, SeveralCycles, Shifted, slot_for, slot_of
from .stages import Accept, Memory, Stage, cycles_of
from .structure import structure_of
from .target import Target
from .timing import FrameTiming

__all__ = ["RateTiming", "ResamplePlan", "lower_resample", "resample_clocks"]

LINE_LATENCY = 3
"""Cycles from the begin of a result to its samples, all in view: as many as its phase takes to the coefficients."""

MEMORY_LATENCY = 5
"""Cycles from the begin of a result to its first samples out of memories, and the same to its coefficients."""

PLACE_LATENCY = 1
"""Registers between the number of a loaded coefficient and where it goes: sets of many phases have large tables of that."""


FEEDERS = ((PhaseLine, PhaseMemory), (MirroredLine, MirroredMemory))
"""Where samples stand, of results that begin one by one or together."""

Planned = tuple[TapProduct, CoefficientStore, tuple[str, ...]]
"""An array with its coefficients, and what was rewritten."""

FeederOf = Callable[[ResampleDesign, TapProduct, CoefficientStore], Stage]


def resample_clocks(design: ResampleDesign, most: int) -> int:
    """The fewest clocks a result in which so many multipliers do, one a lane."""
    return fewest_clocks(lambda clocks: -(-design.depth // clocks), most)


class RecalledProduct(TapProduct):
    """That of samples which come out of memories: a block RAM is slow, so that a register stands in front of the
    pre-adders, or, where there are none, of the multipliers."""

    @property
    def ways(self) -> Ways:
        return Ways(samples=self.target.pace.recalled * (2 - self.lane_samples))

    @cached_property
    def operands(self) -> OperandSum:
        return PreAdd(2 * (self.lane_samples - 1), lanes=self._lanes, phases=self.cycles)


@dataclass(frozen=True)
class RateTiming(FrameTiming):
    """How frames follow one another where there is a result for some samples, or several for each.

    `cycles` are those of a result, `latency` those from a sample to the result that it completes. With more samples
    than results that is the last one in front of the next result's, or the frame's last, as only that one shows whether
    a result is the frame's last.

    Parameters
    ----------
    rate : Rate
    """

    rate: Rate = SAME

    @property
    def wait(self) -> int:
        """Fewest samples from one result's to the next one's, where there are more samples than results; else 0."""
        up, down = self.rate.up, self.rate.down
        return down // up if down > up else 0

    @property
    def clocks_a_sample(self) -> Fraction:
        return Fraction(self.period, self.rate.down)

    @property
    def period(self) -> int:
        """Cycles of `rate.down` samples, and `rate.up` results."""
        return max(self.rate.down, self.rate.up * self.cycles)

    @property
    def beat_cycles(self) -> int:
        return self.cycles * -(-self.rate.up // self.rate.down)

    def schedule(self, beats: int) -> tuple[list[int], list[int]]:
        up, down = self.rate.up, self.rate.down
        newest = [result * down // up for result in range(self.rate.results(beats) + 1)]
        if down > up:
            # What shows that a result isn't the last one, and what does that it is.
            newest = [min(place, beats) - 1 for place in newest[1:]]
        accepts: list[int] = []
        begins: list[int] = []
        for result in range(self.rate.results(beats)):
            while len(accepts) <= newest[result]:
                accepts.append(max(accepts[-1] + 1 if accepts else 0, begins[-1] if begins else 0))
            begins.append(max(accepts[newest[result]] + 1, begins[-1] + self.cycles if begins else 0))
        return accepts, [begin - 1 + self.latency for begin in begins]

    def _last_begin(self, samples: int) -> int:
        """When a frame's last result is begun, of a first sample in cycle 0."""
        last, wait = self.rate.results(samples) - 1, self.wait
        if not wait:
            return 1 + last * self.cycles
        if not last:
            return samples
        if self.cycles <= wait:
            return max(samples, last * self.rate.down // self.rate.up + self.cycles)
        return wait + last * self.cycles

    def frame_interval(self, rows: int, columns: int = 1) -> int:  # noqa: ARG002  # a signal's samples are its rows
        if not self.wait:
            return self.rate.results(rows) * self.cycles
        return self._last_begin(rows) + max(0, self.cycles - min(self.wait, rows))

    def frame_clocks(self, rows: int, columns: int = 1, frames: int = 1) -> int:
        last = (frames - 1) * self.frame_interval(rows, columns) + self._last_begin(rows)
        return last + self.latency


@dataclass(frozen=True)
class ResamplePlan(ArrayPlan):
    """How one core changes a rate."""

    design: ResampleDesign
    timing: RateTiming


def lower_resample(design: ResampleDesign, choices: Choices, target: Target) -> ResamplePlan:
    """A schedule of results in front of one array."""
    (array, store, rewritings), feeder_of = _made(slot_for(choices), design, choices.clocks, target)
    behind = rounding(design)
    body = (Accept(1), feeder_of(design, array, store), *array.stages, *behind)
    timing = RateTiming(choices.clocks, cycles_of(body) + BUFFER_LATENCY, design.rate)
    depth = timing.buffer_depth(credit_latency(body))
    stages = (*body, burst_buffer(design, depth, array.together))
    return ResamplePlan(design, target, stages, timing, (array,), store, behind, rewritings)


@singledispatch
def _made(slot: OneCycle, design: ResampleDesign, clocks: int, target: Target) -> tuple[Planned, FeederOf]:
    """The array, and what makes its feeder."""
    del slot
    if design.up < design.down:
        return _recalled(design, clocks, target)
    return _array(design.phasing).multiplied(design, clocks, target, TapProduct), _line


@_made.register
def _(slot: SeveralCycles, design: ResampleDesign, clocks: int, target: Target) -> tuple[Planned, FeederOf]:
    del slot
    return _recalled(design, clocks, target)


@_made.register
def _(slot: Shifted, design: ResampleDesign, clocks: int, target: Target) -> tuple[Planned, FeederOf]:
    return _array(design.phasing).added(slot, design, clocks, target), _held_line


def _recalled(design: ResampleDesign, clocks: int, target: Target) -> tuple[Planned, FeederOf]:
    """Where samples come out of memories."""
    array_of = RecalledProduct if target.slow_ram else TapProduct
    return _array(design.phasing).multiplied(design, clocks, target, array_of), _memory


class _OneArray:
    """Of results that all meet the same coefficients: a FIR filter's array, with as many cycles as a result has."""

    def multiplied(self, design: ResampleDesign, clocks: int, target: Target, array_of: type[TapProduct]) -> Planned:
        """The array with multipliers, and its store."""
        return _one_phase(design, clocks, target, array_of)

    def added(self, slot: Shifted, design: ResampleDesign, clocks: int, target: Target) -> Planned:
        """The array without a multiplier. Its sums are held where more samples follow."""
        coefficients = structure_of(design).coefficients(slot, design.coefficient_format, design.weights)
        form = coefficients.without_zeros(direct([range(design.taps)], design.taps, design.taps))
        array = TapAdders(form, design.sample, coefficients, design.sum_range, clocks, target, rate=design.rate)
        return array, CoefficientStore(coefficients, (), array.products, clocks), _told_adders(adders_needed(design.weights))


class _PhaseArray(_OneArray):
    """Of results that meet the coefficients of one phase after the other, which are in memories."""

    def multiplied(
        self,
        design: ResampleDesign,
        clocks: int,
        target: Target,
        array_of: type[TapProduct],  # noqa: ARG002  # of one phase
    ) -> Planned:
        words = design.up * clocks
        coefficients = structure_of(design).coefficients(slot_of(words), design.coefficient_format, design.weights)
        form, reach = _period(design), design.sum_range
        array = PhaseProduct(form, design.sample, coefficients, reach, clocks, target, rate=design.rate)
        found = mirrored(design, clocks, target)
        if found and found[0].hard_multipliers < array.hard_multipliers:
            return *found[:2], found[2:]
        loaded = coefficients.loaded(range(design.taps))
        return array, CoefficientStore(coefficients, loaded, array.products, words, early=PLACE_LATENCY), ()

    def added(self, slot: Shifted, design: ResampleDesign, clocks: int, target: Target) -> Planned:
        coefficients = structure_of(design).coefficients(slot, design.coefficient_format, design.weights)
        of = (_period(design), design.sample, coefficients, design.sum_range, clocks, target)
        array = PhaseAdders(*of, rate=design.rate)
        store = CoefficientStore(coefficients, (), array.products, design.up)
        return array, store, _told_adders(len(array.graph.nodes))


@singledispatch
def _array(phasing: OnePhase) -> _OneArray:
    """What makes the array of results of such phases."""
    del phasing
    return _OneArray()


@_array.register
def _(phasing: SeveralPhases) -> _OneArray:
    del phasing
    return _PhaseArray()


def _period(design: ResampleDesign) -> Form:
    """The products of a period: result n meets the samples from ``n * down // up`` back, positions being ages of its
    newest."""
    newest = [result * design.down // design.up for result in range(design.up)]
    positions = newest[-1] + len(design.phases[0])
    matrix: list[list[int | None]] = []
    for result, place in enumerate(newest):
        line: list[int | None] = [None] * positions
        for tap in range(result * design.down % design.up, design.taps, design.up):
            line[newest[-1] - place + tap // design.up] = tap
        matrix.append(line)
    return direct(matrix, positions, design.taps)


def _one_phase(design: ResampleDesign, clocks: int, target: Target, array_of: type[TapProduct]) -> Planned:
    """The array of a decimator."""
    coefficients = structure_of(design).coefficients(slot_of(clocks), design.coefficient_format, design.weights)
    taps, pairing, told = design.taps, design.pairing, []
    form = plain = direct([range(taps)], taps, taps)
    if (folded := fold(form, pairing)) != form:
        basis = [pairing.places(tap, taps - 1) for tap, _ in pairing.taps(taps)]
        form = checked(plain, folded, [[places.get(tap, 0) for tap in range(taps)] for places in basis])
        saved = f"{len(plain.products)} -> {len(form.products)} products"
        told.append(f"{design.symmetry} taps share a multiplication: {saved}")
    before, form = form, coefficients.without_zeros(form)
    checked(plain, form, [design.weights])
    if len(form.products) < len(before.products):
        told.append(f"taps of 0 have none: {len(before.products)} -> {len(form.products)} products")
    array = array_of(form, design.sample, coefficients, design.sum_range, clocks, target)
    loaded = coefficients.loaded([product.weight[0][0] for product in form.products])
    store = CoefficientStore(coefficients, loaded, array.products, clocks, len(array.groups), PLACE_LATENCY)
    return array, store, tuple(told)


def _told_adders(adders: int) -> tuple[str, ...]:
    return (f"constants are shifted and added, in {counted(adders, 'adder')} without a multiplier",)


def _held_line(design: ResampleDesign, array: TapProduct, store: CoefficientStore) -> Stage:  # noqa: ARG001  # as of all feeders
    """All samples of a result in view, as long as it needs them: until it begins, or until its sum is held."""
    return (HeldLine if design.down > design.up else PhaseLine)(LINE_LATENCY)


def _line(design: ResampleDesign, array: TapProduct, store: CoefficientStore) -> Stage:  # noqa: ARG001  # as of all feeders
    """All samples of a result in view."""
    return FEEDERS[array.together > 1][0](LINE_LATENCY, store.memories)


def _memory(design: ResampleDesign, array: TapProduct, store: CoefficientStore) -> Stage:
    """The whole history for each lane, and again for its mirrored samples.

    While a result's samples are read, those come in that show whether it is the frame's last, and as many for the next
    one.
    """
    mirrors = sum(any(len(product.terms) > 1 for product in array.lane(lane)) for lane in range(array.lanes))
    oldest = design.history
    words = 1 << (oldest + 3 + 2 * -(-design.down // design.up)).bit_length()
    memory = Memory("samples", words, design.sample.width)
    feeder = FEEDERS[array.together > 1][1]
    return feeder(MEMORY_LATENCY, (memory,) * (array.lanes + mirrors) + store.memories, words=words, oldest=oldest)
