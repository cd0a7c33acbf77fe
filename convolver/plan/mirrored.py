"""Mirrored pairs of phases: an interpolator whose taps are mirrored makes two results of half the products of each.

The mirror of a phase's taps are those of another one, or its own. The sums of such a pair's coefficients are symmetric,
the differences antisymmetric (of antisymmetric taps the other way round), so that both have pre-adders: with ``S`` and
``D`` the sums of products by these, the pair's results are ``(S + D) / 2`` and ``(S - D) / 2``, exactly. A phase that is
its own mirror has ``S`` alone, by twice its coefficients.

Source: Z.-J. Mou, "Symmetry exploitation in digital interpolators/decimators", IEEE Trans. Signal Processing 44, 1996.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..designs import ResampleDesign
from ..designs.symmetries import pairing_of
from ..formats import Format
from .arithmetic import Range, check_range
from .array import TapProduct
from .array_stages import GroupChain, Multiply, Tree, summed_range
from .bilinear import Form, Product, Term, direct
from .coefficients import CoefficientStore, Multiplication
from .phase_product import SlotsProduct
from .phases import PhaseLine, PhaseMemory
from .rewritings import checked
from .slots import slot_of
from .stages import Numbers, Stage
from .structure import structure_of
from .target import Target

__all__ = ["MirrorAdd", "MirroredLine", "MirroredMemory", "MirroredProduct", "Pairs", "Unmirror", "mirrored", "pairs_of"]

T = TypeVar("T")

ADD_LATENCY = 2
"""Cycles in which samples and their mirrors are added or subtracted."""

REORDER_LATENCY = 4
"""Cycles of an address, of a memory, of a sign and of a sum, behind the slots for which results wait for each other."""


Pairs = tuple[tuple[int, int], ...]
"""Pairs of phases; one that is its own mirror is both."""


@dataclass(frozen=True, slots=True)
class MirroredLine(PhaseLine):
    """A delay line whose mirrored samples stand at other ages in phases of fewer taps."""


@dataclass(frozen=True, slots=True)
class MirroredMemory(PhaseMemory):
    """The same of sample memories."""


@dataclass(frozen=True, slots=True)
class MirrorAdd(Stage):
    """Adds the samples of two taps in one slot, and subtracts them in the next.

    operands : of each slot, positions with signs: what is added.
    due : the slot.
    """

    name = "pre-adder"
    operands: tuple[tuple[tuple[Term, ...], ...], ...] = ()
    due: int = 0

    def in_slot(self, slot: int) -> Stage:
        return replace(self, due=slot)

    def ranges(self, ranges: Sequence[Range]) -> tuple[Range, ...]:
        return tuple(summed_range(ranges, terms) for terms in self.operands[self.due])

    def run(self, numbers: Numbers) -> Numbers:
        nothing = np.zeros(np.shape(numbers[0]), object)
        return [sum((sign * numbers[place] for place, sign in terms), nothing) for terms in self.operands[self.due]]


@dataclass(frozen=True, slots=True)
class Unmirror(Stage):
    """Makes two results of each sum and difference, and gives them in their order.

    pairs : phases that are each other's mirrors, in the order in which their sums and differences come.
    waits : slots for which a result waits.
    carry_cuts : where sums are cut that are added in segments, a cycle apart.
    """

    name = "pairs"
    pairs: Pairs = ()
    waits: int = 0
    carry_cuts: tuple[int, ...] = ()

    def ranges(self, ranges: Sequence[Range]) -> tuple[Range, ...]:
        found = {}
        for (one, other), (total, *differences) in self._sorted(ranges):
            low, high = (differences or [(0, 0)])[0]
            found[other] = (total[0] - high) // 2, (total[1] - low) // 2
            found[one] = (total[0] + low) // 2, (total[1] + high) // 2
        return tuple(found[phase] for phase in range(len(found)))

    def run(self, numbers: Numbers) -> Numbers:
        found = {}
        for (one, other), (total, *differences) in self._sorted(numbers):
            difference = (differences or [total * 0])[0]
            found[other] = (total - difference) // 2
            found[one] = (total + difference) // 2
        return [found[phase] for phase in range(len(found))]

    def _sorted(self, numbers: Sequence[T]) -> Iterator[tuple[tuple[int, int], list[T]]]:
        """What came of each pair: the sum, and the difference where it has one."""
        left = iter(numbers)
        for pair in self.pairs:
            yield pair, list(islice(left, len(set(pair))))


@dataclass(frozen=True)
class MirroredProduct(TapProduct):
    """That of mirrored pairs of phases: of each pair the sum in one slot, the difference in the next.

    Its form is that of a period, whose results are doubled; its coefficients are the sums and differences.

    Parameters
    ----------
    sign : int
        With which samples are added whose coefficients are added: -1 if the taps are antisymmetric.
    pairs : Pairs
    """

    sign: int = 1
    pairs: Pairs = ()

    @cached_property
    def slots(self) -> tuple[tuple[int, int], ...]:
        """Of each slot the number of its pair, and 0 for the sum, 1 for the difference."""
        return tuple((pair, side) for pair, both in enumerate(self.pairs) for side in range(len(set(both))))

    @property
    def slot_signs(self) -> tuple[int, ...]:
        """With which the mirrored samples of each slot are added."""
        return tuple((1, -1)[side] * self.sign for _, side in self.slots)

    @cached_property
    def spans(self) -> tuple[int, ...]:
        """Samples that the results of each slot meet."""
        ages: dict[int, int] = {}
        for product in self.products:
            slot = product.phase // self.cycles
            ages[slot] = max(ages.get(slot, 0), *(age + 1 for age, _ in product.terms))
        return tuple(ages[slot] for slot in range(self.together))

    @property
    def together(self) -> int:
        return self.form.results

    @cached_property
    def products(self) -> tuple[Multiplication, ...]:
        found = []
        slots = {slot: number for number, slot in enumerate(self.slots)}
        pair_of = {both: number for number, both in enumerate(self.pairs)}
        for number, product in enumerate(self.form.products):
            one, other = product.results[0], product.results[-1]
            slot, tap = slots[pair_of[one[0], other[0]], int(other[1] < 0)], product.operand[0][0]
            place = slot * self.cycles + tap % self.cycles
            reach = self._reach(number, product.operand)
            found.append(Multiplication(place, tap // self.cycles, product.operand, number, *reach))
        return tuple(sorted(found, key=lambda product: (product.lane, product.phase)))

    @cached_property
    def mirror_add(self) -> MirrorAdd:
        """What adds and subtracts the samples of each slot."""
        slots: list[list[tuple[Term, ...]]] = [[] for _ in self.slots]
        for product in sorted(self.products, key=lambda product: product.position):
            slots[product.phase // self.cycles].append(product.terms)
        return MirrorAdd(ADD_LATENCY, operands=tuple(map(tuple, slots)))

    @cached_property
    def inner(self) -> "Doubled":
        """What multiplies the operands and adds the products."""
        slots: dict[int, list[Multiplication]] = {}
        for product in self.products:
            slots.setdefault(product.phase // self.cycles, []).append(product)
        ends = [(sum(one.low for one in slot), sum(one.high for one in slot)) for slot in slots.values()]
        reach = min(low for low, _ in ends), max(high for _, high in ends)
        return Doubled(self.form, self.operand, self.coefficients, reach, self.cycles, self.target, given=self.products)

    @property
    def stages(self) -> tuple[Stage, ...]:
        return (self.mirror_add, *self.inner.stages, self.unmirror)

    @cached_property
    def unmirror(self) -> Unmirror:
        """What makes results of sums and differences."""
        known = {self.pairs[pair]: slot for slot, (pair, _) in enumerate(self.slots)}
        waits = max(slot - result for both, slot in known.items() for result in both)
        carry_cuts = self.target.pace.carry_cuts(self.inner.accumulator.width + 1)
        cycles = waits * self.cycles + REORDER_LATENCY + len(carry_cuts)
        return Unmirror(cycles, pairs=self.pairs, waits=waits, carry_cuts=carry_cuts)

    @property
    def multiply(self) -> Multiply:
        return self.inner.multiply

    @property
    def tree(self) -> Tree:
        return self.inner.tree

    @property
    def chain(self) -> GroupChain:
        return self.inner.chain

    @property
    def ranges(self) -> tuple[Range, ...]:
        return (self.accumulator_range,)

    def run(
        self,
        samples: NDArray[np.object_],
        weights: Sequence[int] | None = None,  # noqa: ARG002  # they are constant
    ) -> NDArray[np.object_]:
        """The exact sums of a period's results, along a last axis, of a period's samples and those in front of them, the newest
        first: by sums and differences, stage by stage."""
        numbers = list(np.moveaxis(samples, -1, 0))
        operands = (self.mirror_add.in_slot(slot).run(numbers) for slot in range(self.together))
        sums = np.stack(self.unmirror.run([*map(self.inner.run_slot, range(self.together), operands)]), axis=-1)
        check_range(sums, *self.accumulator_range)
        return sums


@dataclass(frozen=True)
class Doubled(SlotsProduct):
    """The sums and differences themselves, of operands.

    Parameters
    ----------
    given : tuple of Multiplication
        What is multiplied; an operand stands for its sum.
    """

    given: tuple[Multiplication, ...] = ()

    @cached_property
    def products(self) -> tuple[Multiplication, ...]:
        return tuple(replace(product, terms=product.terms[:1]) for product in self.given)


def mirrored(design: ResampleDesign, clocks: int, target: Target) -> tuple[MirroredProduct, CoefficientStore, str] | None:
    """The array of an interpolator's mirrored pairs of phases, its coefficients, and what that saved; None where it has none.

    Taps must be constant, as those that a host loads are the filter's own, and each phase must have one or more. Where
    `down` isn't 1 the two results of a pair meet different samples.
    """
    pairing = pairing_of(design.source.symmetry(design.coefficients))
    if design.down > 1 or design.taps <= design.up or len(pairing.taps(2)) == 2:
        return None
    sign = pairing.places(0, design.taps - 1)[design.taps - 1]
    pairs = pairs_of(design.up, design.taps)
    form = _form(design, sign, pairs)
    plain = direct([range(phase, design.taps, design.up) for phase in range(design.up)], form.positions, design.taps)
    twice = tuple(replace(product, results=((product.results[0][0], 2),)) for product in plain.products)
    checked(replace(plain, products=twice), form, [design.weights])
    values = tuple(sum(factor * design.weights[tap] for tap, factor in product.weight) for product in form.products)
    held = Format.holding(min(*values, 0), max(*values, 0))
    words = design.up * clocks
    coefficients = structure_of(design).coefficients(slot_of(words), held, values)
    array = MirroredProduct(form, design.sample, coefficients, design.sum_range, clocks, target, sign=sign, pairs=pairs)
    saved = f"{len(plain.products)} -> {len(form.products)} products"
    told = f"mirrored phases share multiplications, by their sums and differences: {saved}"
    return array, CoefficientStore(coefficients, (), array.products, words), told


def pairs_of(up: int, taps: int) -> Pairs:
    """The phases that are each other's mirrors: those of one more tap, then the others."""
    last = (taps - 1) % up
    longer = [(phase, last - phase) for phase in range(last // 2 + 1)]
    shorter = [(phase, last + up - phase) for phase in range(last + 1, (last + up) // 2 + 1)]
    return (*longer, *shorter)


def _form(design: ResampleDesign, sign: int, pairs: Pairs) -> Form:
    """Twice a period's results: of each pair of phases the sum, then the difference; where a phase is its own mirror, its sum
    with itself."""
    products = []
    for one, other in pairs:
        count = len(design.phases[one])
        for side in (1, -1)[: len({one, other})]:
            results = tuple({one: (one, 1), other: (other, side if one != other else 1)}.values())
            for age in range(-(-count // 2)):
                last = count - 1 - age
                operand = ((age, 1), (last, side * sign)) if age < last else ((age, 1),)
                weight = ((one + age * design.up, 1), (other + age * design.up, side))
                products.append(Product(operand, weight, results))
    return Form(len(design.phases[0]), design.taps, design.up, tuple(products))
