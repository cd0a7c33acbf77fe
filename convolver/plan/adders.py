"""Constants without multipliers: a sum of products as one graph of shared adders.

All constants are made of 1 by additions and shifts, and share what they have in common (multiple constant multiplication).
Turned round, as any linear graph can be, the graph of one number times all constants is that of the sum of all numbers, each
times its constant, with as many adders as both sides differ in ends: nothing in it has to stall.
"""

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..counting import counted
from ..errors import DesignError
from ..formats import Format
from .arithmetic import Range, check_range
from .array import DotProduct
from .array_stages import GroupChain, OperandSum, Sums, Tree
from .constants import least_adders, made_of_one, odd_constants, odd_part
from .slots import slot_of
from .stages import Numbers, Stage

__all__ = ["AdderGraph", "AdderProduct", "GraphProduct", "Node", "Root", "summed", "summed_each"]


@dataclass(frozen=True, slots=True)
class Node:
    """A registered adder: ``first +- (second << shift)``, or ``(second << shift) - first``; of one number its negative.

    inputs : numbers of what it adds: lanes, then the nodes in their order.
    shift : by how many bits the second one is shifted.
    signs : of both.
    low, high : what it can give.
    time : cycles behind the lanes in which it gives that.
    """

    inputs: tuple[int, ...]
    shift: int
    signs: tuple[int, ...]
    low: int
    high: int
    time: int


@dataclass(frozen=True, slots=True)
class _Term:
    """What is added: a number of a lane or of a node, shifted, with a sign; and by which factor each lane is in it."""

    time: int
    source: int
    shift: int
    sign: int


@dataclass(frozen=True, slots=True)
class Root:
    """Where a graph has a sum.

    source : number of the lane or node that is the sum, but for its place; none where all constants are 0.
    shift : bits by which it is shifted up; or down, of which then all are 0.
    """

    source: int | None = None
    shift: int = 0


class _Turned:
    """Builds the nodes, sum by sum; sums that have a node in common share it.

    Parameters
    ----------
    lanes : int
    sample : Range
        What the lanes can be.
    """

    def __init__(self, lanes: int, sample: Range) -> None:
        self.nodes: list[Node] = []
        self.cycles = 0
        self._lanes, self._sample = lanes, sample
        self._shares: list[dict[int, int]] = [{lane: 1} for lane in range(lanes)]
        self._known: dict[tuple[object, ...], int] = {}

    def sum(self, weights: Sequence[int]) -> Root:
        """Builds a sum of products, of each lane's constant."""
        return self._rooted(self._summed([(_Term(0, lane, 0, 1), weight) for lane, weight in enumerate(weights)]), weights)

    def mirrored(self, one: Sequence[int], other: Sequence[int], span: int, sign: int) -> tuple[Root, Root]:
        """Builds two sums of `span` lanes, whose constants are mirrored, as half of what both add up to and half of what they
        differ by: these have half the products, of lanes that are added or subtracted first."""
        totals = []
        for side in (1, -1):
            factors = []
            for lane in range(-(-span // 2)):
                last, weight = span - 1 - lane, one[lane] + side * other[lane]
                both = _Term(0, lane, 0, 1)
                if weight and lane < last:
                    both = self._node((both, _Term(0, last, 0, 1)), (1, side * sign), 1)
                factors.append((both, weight))
            totals.append(self._summed(factors))
        roots = []
        for side, weights in ((1, one), (-1, other)):
            signs = zip((1, side), totals, strict=True)
            terms = [replace(total, sign=sign * total.sign) for sign, total in signs if total is not None]
            total = self._added(terms, positive=True) if terms else None
            roots.append(self._rooted(total and replace(total, shift=total.shift - 1), weights))
        return roots[0], roots[1]

    def _summed(self, factors: Sequence[tuple[_Term, int]]) -> _Term | None:
        """Of numbers, each times its constant, the sum or its negative; none where all constants are 0."""
        terms: dict[int, list[_Term]] = {1: []}
        for number, weight in factors:
            if weight:
                shift = (weight & -weight).bit_length() - 1
                found = replace(number, shift=shift, sign=1 if weight > 0 else -1)
                terms.setdefault(odd_part(weight), []).append(found)
        # What is made of others hands its sum on to these: the last one first.
        for made in reversed(made_of_one(frozenset(terms) - {1})):
            total = self._added(terms.pop(made.value), positive=False)
            for part, factor in ((made.a, made.a_factor), (made.b, made.b_factor)):
                shift, sign = total.shift - made.down + abs(factor).bit_length() - 1, total.sign * (1 if factor > 0 else -1)
                terms.setdefault(part, []).append(_Term(total.time, total.source, shift, sign))
        return self._added(terms[1], positive=True) if terms[1] else None

    def _rooted(self, total: _Term | None, weights: Sequence[int]) -> Root:
        """A sum, checked to be that of the lanes, each times its constant."""
        if total is None:
            return Root()
        root = self._positive(total)
        self.cycles = max(self.cycles, root.time)
        up, down = max(root.shift, 0), max(-root.shift, 0)
        found = {lane: factor << up for lane, factor in self._shares[root.source].items() if factor}
        if found != {lane: weight << down for lane, weight in enumerate(weights) if weight}:
            raise DesignError(f"A graph must add up what it is made for, and doesn't with the coefficients {list(weights)}")
        return Root(root.source, root.shift)

    def _added(self, terms: list[_Term], *, positive: bool = False) -> _Term:
        """All of them, in pairs: those that come first, first. With `positive` the sum itself where it can be, else it or its
        negative."""
        waiting = [(term.time, number, term) for number, term in enumerate(terms)]
        heapq.heapify(waiting)
        number = len(waiting)
        while len(waiting) > 1:
            (_, _, one), (_, _, other) = heapq.heappop(waiting), heapq.heappop(waiting)
            total = self._pair(one, other, positive=positive)
            heapq.heappush(waiting, (total.time, number, total))
            number += 1
        return waiting[0][2]

    def _pair(self, one: _Term, other: _Term, *, positive: bool) -> _Term:
        """The lower bits of a sum are those of what isn't shifted, if that isn't subtracted."""
        low, high = (one, other) if one.shift <= other.shift else (other, one)
        if low.shift == high.shift and low.sign < high.sign:
            low, high = high, low
        if positive and low.sign < high.sign:
            return self._node((low, high), (-1, 1), 1)
        return self._node((low, high), (1, low.sign * high.sign), low.sign)

    def _node(self, terms: Sequence[_Term], signs: tuple[int, ...], sign: int) -> _Term:
        low, shift = terms[0], terms[-1].shift - terms[0].shift
        sources = tuple(term.source for term in terms)
        if (known := self._known.get((sources, shift, signs))) is not None:
            return _Term(self.nodes[known].time, self._lanes + known, low.shift, sign)
        shares: Counter[int] = Counter()
        for term, its, up in zip(terms, signs, (0, shift), strict=False):
            for lane, factor in self._shares[term.source].items():
                shares[lane] += its * factor << up
        ends = [sorted((factor * self._sample[0], factor * self._sample[1])) for factor in shares.values()]
        reach = sum(end for end, _ in ends), sum(end for _, end in ends)
        time = max(term.time for term in terms) + 1
        self._known[sources, shift, signs] = len(self.nodes)
        self.nodes.append(Node(sources, shift, signs, *reach, time))
        self._shares.append(dict(shares))
        return _Term(time, self._lanes + len(self.nodes) - 1, low.shift, sign)

    def _positive(self, total: _Term) -> _Term:
        """The sum itself, by one more adder where all of it is subtracted."""
        return total if total.sign > 0 else self._node([total], (-1,), 1)


@dataclass(frozen=True, slots=True)
class AdderGraph(Stage):
    """Shared shifts and additions in the place of multipliers and adder trees.

    nodes : the adders; each behind what it adds.
    roots : where its sums are. All come as late as the last one.
    """

    name = "adder graph"
    nodes: tuple[Node, ...] = ()
    roots: tuple[Root, ...] = (Root(),)

    def ranges(self, ranges: Sequence[Range]) -> tuple[Range, ...]:
        reaches = [*ranges, *((node.low, node.high) for node in self.nodes)]
        ends = [((0, 0) if root.source is None else reaches[root.source], root.shift) for root in self.roots]
        return tuple((_moved(low, shift), _moved(high, shift)) for (low, high), shift in ends)

    def run(self, numbers: Numbers) -> Numbers:
        values = list(numbers)
        for node in self.nodes:
            terms = [values[source] for source in node.inputs]
            total = sum(
                (sign * (term << shift) for sign, term, shift in zip(node.signs, terms, (0, node.shift), strict=False)),
                np.zeros(np.shape(terms[0]), object),
            )
            check_range(total, node.low, node.high)
            values.append(total)
        return [numbers[0] * 0 if root.source is None else _moved(values[root.source], root.shift) for root in self.roots]

    def delays(self, lanes: int) -> Iterator[tuple[int, int]]:
        """How long each number has to wait at most for what it is added to, or for the last sum: numbers of lanes and nodes,
        and cycles."""
        times = [0] * lanes + [node.time for node in self.nodes]
        waits = dict.fromkeys(range(len(times)), 0)
        for node in self.nodes:
            for source in node.inputs:
                waits[source] = max(waits[source], node.time - 1 - times[source])
        for root in self.roots:
            if root.source is not None:
                waits[root.source] = max(waits[root.source], self.cycles - times[root.source])
        yield from waits.items()

    def flip_flops(self, sample: Format, lanes: int) -> int:
        """Bits of all registers: of sums, and of what waits for another."""
        widths = [sample.width] * lanes + [Format.holding(node.low, node.high).width for node in self.nodes]
        return sum(widths[lanes:]) + sum(widths[source] * cycles for source, cycles in self.delays(lanes))


def _moved(number: Any, shift: int) -> Any:
    """A number at another place."""
    return number << shift if shift >= 0 else number >> -shift


def summed(weights: Sequence[int], sample: Range) -> AdderGraph:
    """The graph of a sum of products.

    Parameters
    ----------
    weights : sequence of int
        Each lane's constant.
    sample : (int, int)
        What the lanes can be.
    """
    return summed_each([weights], sample)


def summed_each(sums: Sequence[Sequence[int]], sample: Range, pairs: Sequence[tuple[int, int, int, int]] = ()) -> AdderGraph:
    """The graph of several sums of products, of the same lanes.

    Parameters
    ----------
    sums : sequence of sequences of int
        Of each sum, each lane's constant.
    sample : (int, int)
        What the lanes can be.
    pairs : sequence of (int, int, int, int)
        Two sums each, which may be one, whose constants are mirrored: their numbers, lanes, and the sign. All sums are in one;
        that is made use of where it takes fewer adders.
    """
    plain, mirrored = _Turned(len(sums[0]), sample), _Turned(len(sums[0]), sample)
    found = [(plain, dict(enumerate(map(plain.sum, sums))))]
    if pairs:
        roots: dict[int, Root] = {}
        for one, other, span, sign in pairs:
            roots[one], roots[other] = mirrored.mirrored(sums[one], sums[other], span, sign)
        found.append((mirrored, roots))
    turned, roots = min(found, key=lambda way: len(way[0].nodes))
    return AdderGraph(turned.cycles, nodes=tuple(turned.nodes), roots=tuple(roots[number] for number in range(len(sums))))


class GraphProduct(DotProduct):
    """That of constants, without a multiplier."""

    @cached_property
    def graph(self) -> AdderGraph:
        """The adders."""
        raise NotImplementedError

    @cached_property
    def operands(self) -> OperandSum:
        return Sums(0, lanes=self._lanes)

    @cached_property
    def tree(self) -> Tree:
        return Tree(0, groups=self.groups, adders=((),))

    @cached_property
    def chain(self) -> GroupChain:
        return GroupChain(0)

    def told(self) -> Iterator[str]:
        """What it takes, for people."""
        graph = self.graph
        adders = counted(len(graph.nodes), "adder")
        yield f"{adders} in {counted(graph.cycles, 'level')}, for {counted(len(self.constants), 'odd constant')} above 1"
        yield f"{self.flip_flops} flip-flops, of sums and of what waits for another"

    @property
    def flip_flops(self) -> int:  # type: ignore[override]  # of each array others
        return self.graph.flip_flops(self.sample, self.lanes)

    @property
    def constants(self) -> frozenset[int]:
        """The odd parts of all weights, above 1."""
        return odd_constants(self.weights)

    @property
    def group_multipliers(self) -> tuple[int, ...]:
        return ()

    @property
    def hard_multipliers(self) -> int:
        return 0


class AdderProduct(GraphProduct):
    """That of one result: its form has one product for each place."""

    @cached_property
    def graph(self) -> AdderGraph:
        lanes = [self.weights[products[0].weight] for products in self._lanes]
        return summed(lanes, (self.sample.min, self.sample.max))

    def told(self) -> Iterator[str]:
        yield from super().told()
        if self.constants:
            yield f"{len(made_of_one(self.constants))} of these make the constants, {self.fewest()[1]}"

    def fewest(self, steps: int | None = None) -> tuple[int, str]:
        """With fewer adders its constants can't be made, as far as so many steps prove, by default a plan's; and in words."""
        least = least_adders(self.constants, steps)
        return least, "the fewest there are" if least == len(made_of_one(self.constants)) else f"at least {least} do"

    @cached_property
    def behind(self) -> tuple[Stage, ...]:
        return (self.graph, *slot_of(self.cycles).accumulated(self.accumulator_range))
