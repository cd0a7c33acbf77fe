"""Joins several streams into one."""

from collections.abc import Callable, Sequence
from functools import reduce

from amaranth.hdl import Cat, Const, Module, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Design, Fork
from convolver.plan import fork

from .layouts import marks_of, result_layout
from .skid_buffer import SkidBuffer

__all__ = ["Join"]


class Join(wiring.Component):
    """Joins the results of a fork's branches, place by place: one beat a cycle, latency one cycle, full back-pressure,
    no path from `o.ready` to `i.ready`.

    Beats are taken from all branches at once, when each has one. Their marks are equal.

    Parameters
    ----------
    design : Fork

    Ports
    -----
    i_0, i_1, ... : streams of `result_layout`, one a branch
    o : stream of `result_layout`
    """

    makes = (fork.Join,)

    def __init__(self, design: Fork) -> None:
        self._design = design
        self._layout = result_layout(design)
        ends = {f"i_{number}": In(stream.Signature(result_layout(branch))) for number, branch in enumerate(design.branches)}
        super().__init__({**ends, "o": Out(stream.Signature(self._layout))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        ends = [getattr(self, f"i_{number}") for number in range(len(design.branches))]
        m.submodules.skid = skid = SkidBuffer(self._layout)
        wiring.connect(m, skid.o, wiring.flipped(self.o))
        m.d.comb += skid.i.valid.eq(Cat(end.valid for end in ends).all())
        for end in ends:
            others = Cat(other.valid for other in ends if other is not end)
            m.d.comb += end.ready.eq(skid.i.ready & others.all())
        places = [self._places(end, branch) for end, branch in zip(ends, design.branches, strict=True)]
        m.d.comb += [
            *(skid.i.p[name].eq(ends[0].p[name]) for name in marks_of(design)),
            Value.cast(skid.i.p.data).eq(Cat(self._joined(list(each)) for each in zip(*places, strict=True))),
        ]
        return m

    def _places(self, end: stream.Interface, branch: Design) -> list[list[Value]]:
        """The results of a branch: a list for each plane of each pixel."""
        data, each = Value.cast(end.p.data), branch.outputs
        count, width = branch.pixels_per_clock * branch.planes * each, branch.output_format.width
        words: list[Value] = [data.word_select(place, width) for place in range(count)]
        if branch.output_format.signed:
            words = [word.as_signed() for word in words]
        return [words[first : first + each] for first in range(0, len(words), each)]

    def _joined(self, branches: Sequence[Sequence[Value]]) -> Value:
        """The joined results of one place, from the results of each branch."""
        return self._design.joining.joined(branches, _beside, self._combined)

    def _combined(self, operation: Callable[[Value, Value], Value], branches: Sequence[Sequence[Value]]) -> Value:
        """The results of all branches, combined one by one."""
        width = self._design.output_format.width
        return Cat(_word(reduce(operation, values), width) for values in zip(*branches, strict=True))


def _beside(branches: Sequence[Sequence[Value]]) -> Value:
    """The results of all branches, concatenated."""
    return Cat(value for values in branches for value in values)


def _word(value: Value, width: int) -> Value:
    """A number, extended or cut to `width` bits."""
    sign = value[-1] if value.shape().signed else Const(0, 1)
    return Cat(value, sign.replicate(max(width - len(value), 0)))[:width]
