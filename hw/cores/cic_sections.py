"""The integrators and combs of a CIC filter. Wide sums are added in segments."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, Value, signed, unsigned
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convolver.designs.cic_directions import Section
from convolver.plan import cic as stages
from convolver.plan.cic import Half
from convolver.plan.stages import Stage

from ..primitives.masked_adder import masked_sum
from ..stream.data_register import DataRegister, later
from .rate_loading import number_sideband

__all__ = ["Combs", "Integrators", "Sections", "sections_of"]


@dataclass(frozen=True)
class _Number:
    """A number in segments, each one cycle later than the segment below.

    Parameters
    ----------
    low, high : int
        Its lowest bit, and the bit above its highest, counted from the first section's lowest.
    signed : bool
    segments : dict of Value
        The segments that have any bits, by their position.
    """

    low: int
    high: int
    signed: bool
    segments: dict[int, Value]

    @property
    def sign(self) -> Value:
        """The bit above its highest one, aligned with its topmost segment."""
        return self.segments[max(self.segments)][-1] if self.signed else Const(0, 1)


class Sections(wiring.Component):
    """Several sections of one kind in a chain: one number a cycle, no stall.

    Wide sums are added in segments, each one cycle after the segment below, so that no carry chain is longer than a
    segment. Latency: one cycle a section, and one cycle for each segment but the first.

    Parameters
    ----------
    stage : Half
    before : Shape
        Shape of the first section's input.

    Ports
    -----
    i, o : `number_sideband`
    """

    subtracts: ClassVar[bool]
    """Whether the sections subtract, rather than add."""

    def __init__(self, stage: Half, before: Shape) -> None:
        self._sections = sections = stage.sections
        self._delay = stage.delay
        self._edges = (0, *stage.carry_cuts, stage.bits)
        after = signed if sections[-1].signed else unsigned
        super().__init__({"i": In(number_sideband(before)), "o": Out(number_sideband(after(sections[-1].width)))})

    def _spans(self, low: int, high: int) -> Iterator[tuple[int, int, int]]:
        """The segments of a number with these bits: position, lowest bit, and the bit above the highest."""
        for place, (start, end) in enumerate(pairwise(self._edges)):
            if max(start, low) < min(end, high):
                yield place, max(start, low), min(end, high)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        last = len(self._edges) - 2
        marks = [(self.i.valid, self.i.clear)]
        for clock in range(len(self._sections) + last):
            after = [Signal(name=f"{name}_{clock}") for name in ("valid", "clear")]
            m.d.sync += [register.eq(mark) for register, mark in zip(after, marks[-1], strict=True)]
            marks.append((after[0], after[1]))
        number = self._entered(m)
        for place, section in enumerate(self._sections):
            number = self._section(m, platform, place, section, number, marks[place:])
        whole = [later(m, [segment], f"segment_{place}", last - place)[0] for place, segment in number.segments.items()]
        m.d.comb += [self.o.valid.eq(marks[-1][0]), self.o.clear.eq(marks[-1][1]), self.o.value.eq(Cat(*whole))]
        return m

    def _entered(self, m: Module) -> _Number:
        """The input in segments, without the bits that the first section drops."""
        gone, value = self._sections[0].dropped, self.i.value
        kept = value.shift_right(gone) if value.shape().signed or gone < len(value) else Const(0, 1)
        bits = kept[: self._edges[-1]]
        segments = {
            place: later(m, [bits[low:high]], f"entered_{place}", place)[0] for place, low, high in self._spans(0, len(bits))
        }
        return _Number(0, len(bits), value.shape().signed, segments)

    def _section(
        self, m: Module, platform: object, place: int, section: Section, number: _Number, marks: Sequence[tuple[Value, Value]]
    ) -> _Number:
        """The output of one section. Each segment uses the marks delayed by its own position."""
        low = number.low + (section.dropped if place else 0)
        spans = list(self._spans(low, low + section.width))
        carry: Value | None = None
        segments: dict[int, Value] = {}
        for segment, start, end in spans:
            valid, clear = marks[segment]
            result = DataRegister(end - start, name=f"section_{place}_{segment}")
            value = self._bits(m, number, segment, start, end)
            kept = self._kept(m, valid, clear, value, result)
            name = f"sum_{place}_{segment}"
            total = masked_sum(m, platform, name, value, kept, clear, carry, subtract=self.subtracts)
            carry = DataRegister(name=f"carry_{place}_{segment}")
            with m.If(valid):
                m.d.sync += Cat(result, carry if segment < spans[-1][0] else []).eq(total)
            segments[segment] = result
        return _Number(low, low + section.width, section.signed, segments)

    def _bits(self, m: Module, number: _Number, segment: int, start: int, end: int) -> Value:
        """These bits of a number; they lie in one segment."""
        top, sign = max(number.segments), number.sign
        if segment > top:
            (sign,) = later(m, [sign], f"sign_{top}_{segment}", segment - top)
            return sign.replicate(end - start)
        first = max(number.low, self._edges[segment])
        bits = number.segments[segment][start - first : end - first]
        return Cat(bits, sign.replicate(end - start - len(bits)))

    def _kept(self, m: Module, valid: Value, clear: Value, value: Value, result: Signal) -> Signal:
        """The second operand of a segment's adder or subtractor. A `clear` replaces it by 0."""
        raise NotImplementedError


class Integrators(Sections):
    """Each gives the sum of all numbers since the last `clear`, modulo its width."""

    makes = (stages.Integrators,)
    subtracts = False

    def _kept(self, m: Module, valid: Value, clear: Value, value: Value, result: Signal) -> Signal:
        return result


class Combs(Sections):
    """Each gives the difference between a number and the one `delay` before it; numbers before a `clear` count as 0."""

    makes = (stages.Combs,)
    subtracts = True

    def _kept(self, m: Module, valid: Value, clear: Value, value: Value, result: Signal) -> Signal:
        line = [DataRegister(result.shape(), name=f"{result.name}_line_{age}") for age in range(self._delay)]
        with m.If(valid):
            m.d.sync += line[0].eq(value)
            m.d.sync += [older.eq(Mux(clear, 0, newer)) for older, newer in zip(line[1:], line, strict=False)]
        return line[-1]


def sections_of(stage: Stage) -> type[Sections]:
    """The block for one half of a CIC filter."""
    return next(block for block in (Integrators, Combs) if isinstance(stage, block.makes))
