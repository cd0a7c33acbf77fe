"""Loading of a CIC filter's rate into its core: none, or through ports."""

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Array, Const, Module, Shape, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Member, Out

from convolver.designs import CICDesign
from convolver.plan import cic as stages
from convolver.plan.stages import Stage

from ..mac.coefficients import coefficient_layout
from ..stream.data_register import DataRegister
from ..stream.delay import Delay
from ..stream.sideband import Sideband

__all__ = ["LOADING", "FixedRate", "LoadedRate", "Scale", "number_sideband"]


def number_sideband(shape: Shape) -> Sideband:
    """Numbers inside a CIC core. `clear` marks a frame's first number; it counts only with `valid`."""
    return Sideband(clear=Out(1), value=Out(shape))


class Scale(wiring.Component):
    """Shifts numbers left by a variable number of bits: one number a cycle, latency two cycles, no stall.

    Parameters
    ----------
    before, after : Shape
        Shapes of input and output; the output's upper bits are cut off.
    most : int
        Greatest shift, in bits.

    Ports
    -----
    i, o : `number_sideband`
    bits : In
        The shift.
    """

    makes = (stages.Scale,)

    def __init__(self, before: Shape, after: Shape, most: int) -> None:
        numbers = {"i": In(number_sideband(before)), "o": Out(number_sideband(after))}
        super().__init__({**numbers, "bits": In(range(most + 1))})
        self._after = after

    def elaborate(self, platform: object) -> Module:
        m = Module()
        half = min(3, len(self.bits))
        first, second = DataRegister(self._after), DataRegister(self._after)
        valid, clear = Signal(), Signal()
        m.d.sync += [
            first.eq(self.i.value << self.bits[:half]),
            second.eq(first << (self.bits[half:] << half)),
            valid.eq(self.i.valid),
            clear.eq(self.i.clear),
            self.o.valid.eq(valid),
            self.o.clear.eq(clear),
        ]
        m.d.comb += self.o.value.eq(second)
        return m


class FixedRate:
    """The rate is constant: there are no ports for it."""

    ports: dict[str, Member]
    """Additional ports of the core."""

    def __init__(self, design: CICDesign) -> None:
        self._design = design
        self.ports = {}

    def connect(self, m: Module, core: Any, entry: Any, schedule: Any) -> Value:
        """Drives the schedule's rate. Returns whether a frame's first sample has to wait."""
        m.d.comb += schedule.less.eq(self._design.change - 1)
        return Const(0)

    def scaled(self, m: Module, numbers: Any, after: Shape, clocks: int) -> Any:
        """The numbers that are summed, from numbers that come `clocks` cycles after the entry."""
        return numbers


class LoadedRate(FixedRate):
    """A rate and its shift are loaded as a set of two. It takes effect between two frames: the next frame's first
    sample waits for it.

    A set of another length, with a rate of 0 or with a rate beyond `CICDesign.limits` is dropped, and flagged.
    """

    def __init__(self, design: CICDesign) -> None:
        super().__init__(design)
        sets = stream.Signature(coefficient_layout(design.coefficient_format))
        self.ports = {"coefficients": In(sets), "restart": In(1), "pending": Out(1)}
        self._bits = Signal(range(design.shift + 1), name="scale_bits")

    def connect(self, m: Module, core: Any, entry: Any, schedule: Any) -> Value:
        design, given = self._design, core.coefficients
        less = Signal(range(design.change), init=design.change - 1)
        rate, shift = (DataRegister(given.p.data.shape(), name=name) for name in ("new_rate", "new_shift"))
        place = Signal(range(3))  # numbers of the set that have come; 2 means no more may come
        pending, checked, good = Signal(), Signal(2), Signal()
        limit, known = DataRegister(range(design.change + 1), name="limit"), DataRegister(name="known")
        wrong, waits, free = Signal(), Signal(), Signal()

        m.d.comb += [given.ready.eq(~pending), core.pending.eq(pending), core.errors.coefficients.eq(wrong)]
        m.d.sync += wrong.eq(0)
        with m.If(given.valid & ~pending):
            m.d.sync += place.eq(place + (place != 2))
            with m.If(place == 0):
                m.d.sync += rate.eq(given.p.data)
            with m.If(place == 1):
                m.d.sync += shift.eq(given.p.data)
            with m.If(given.p.last):
                m.d.sync += [place.eq(0), pending.eq(place == 1), wrong.eq(place != 1), checked.eq(0)]
        with m.If(core.restart):
            m.d.sync += place.eq(0)
        # First the greatest rate for this shift; one cycle later the comparison; then the set waits for a frame's end.
        m.d.sync += [
            limit.eq(Array(Const(most, range(design.change + 1)) for most in design.limits)[shift]),
            known.eq(shift <= design.shift),
            good.eq(known & (rate != 0) & (rate <= limit)),
        ]
        m.d.comb += free.eq(~entry.o.valid & ~schedule.busy & (schedule.opens | ~entry.open))
        with m.If(pending):
            m.d.sync += checked.eq(checked + (checked != 3))
        with m.If(pending & (checked == 3) & (free | ~good)):
            m.d.sync += [pending.eq(0), wrong.eq(~good)]
            with m.If(good):
                m.d.sync += [less.eq(rate - 1), self._bits.eq(design.shift - shift)]
        m.d.comb += [schedule.less.eq(less), waits.eq(pending & schedule.opens)]
        return waits

    def scaled(self, m: Module, numbers: Any, after: Shape, clocks: int) -> Any:
        m.submodules.scale = scale = Scale(numbers.value.shape(), after, self._design.shift)
        # Numbers of the frame before may still be on their way to the scaler.
        m.submodules.scale_bits = bits = Delay(self._bits.shape(), clocks)
        wiring.connect(m, numbers, scale.i)
        m.d.comb += [bits.i.eq(self._bits), scale.bits.eq(bits.o)]
        return scale.o


LOADING: Mapping[tuple[type[Stage], ...], type[FixedRate]] = {(stages.Scale,): LoadedRate, (): FixedRate}
"""The loading of the rate, by the plan's stages."""
