"""The specification of how a rate and its shift get into a CIC filter's core."""

from types import SimpleNamespace

from amaranth.hdl import Array, Assert, Const, Cover, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In

from convolver.designs import CICDesign
from convolver.hw.cores import rate_loading
from convolver.hw.mac.coefficients import coefficient_layout

__all__ = ["LoadedRateSpec"]

PATIENCE = 6
"""Clocks in which a set is taken or flagged where nothing stands in its way."""


class LoadedRateSpec(wiring.Component):
    """A set of exactly two numbers for which there is room takes effect, whole; every other one is flagged, and changes
    nothing. It takes effect where no sample is behind the entry, no result is due, and no frame is open, or another one's first
    sample is offered, which waits meanwhile. What the entry and the schedule say is free in every clock.

    Parameters
    ----------
    design : CICDesign
        Loadable.
    """

    def __init__(self, design: CICDesign) -> None:
        self._design = design
        states = dict.fromkeys(("entered", "open", "opens", "busy", "restart", "valid"), In(1))
        super().__init__({**states, "number": In(coefficient_layout(design.coefficient_format))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        loading = rate_loading.LoadedRate(design)
        given = stream.Signature(coefficient_layout(design.coefficient_format)).create(path=("given",))
        wrong, pending, less, waits = Signal(), Signal(), Signal(range(design.change)), Signal()
        core = SimpleNamespace(
            coefficients=given, pending=pending, restart=self.restart, errors=SimpleNamespace(coefficients=wrong)
        )
        entry = SimpleNamespace(o=SimpleNamespace(valid=self.entered), open=self.open)
        schedule = SimpleNamespace(opens=self.opens, busy=self.busy, less=less)
        m.d.comb += [
            given.valid.eq(self.valid),
            given.payload.eq(self.number),
            waits.eq(loading.connect(m, core, entry, schedule)),
        ]

        # The last number but one, and how many have come since a set's end, or since it was dropped.
        width = len(self.number.data)
        before, came, now = Signal(width), Signal(range(4)), Signal(range(4))
        rate, shift = Signal(width, name="set_rate"), Signal(width, name="set_shift")
        waited, ended, fits = Signal(), Signal(), Signal()
        m.d.comb += now.eq(came + (came != 3))
        m.d.sync += [waited.eq(pending), ended.eq(0)]
        with m.If(self.valid & given.ready):
            m.d.sync += [before.eq(self.number.data), came.eq(now)]
            with m.If(self.number.last):
                m.d.sync += [came.eq(0), ended.eq(1), fits.eq(now == 2), rate.eq(before), shift.eq(self.number.data)]
        with m.If(self.restart):
            m.d.sync += came.eq(0)

        room = Array(Const(most, width) for most in [*design.limits, 0])
        good, fell = Signal(), Signal()
        change, bits = Signal(range(design.change + 1), init=design.change), Signal(range(design.shift + 1))
        m.d.comb += [
            good.eq((shift <= design.shift) & (rate > 0) & (rate <= room[shift])),
            fell.eq(waited & ~pending),
        ]
        effect, less_bits = Signal.like(change), Signal.like(bits)
        m.d.comb += [
            effect.eq(Mux(fell & good, rate, change)),
            less_bits.eq(Mux(fell & good, design.shift - shift, bits)),
        ]
        m.d.sync += [change.eq(effect), bits.eq(less_bits)]
        clear, was_clear, quiet = Signal(), Signal(), Signal(range(PATIENCE + 2))
        m.d.comb += clear.eq(~self.entered & ~self.busy & (self.opens | ~self.open))
        m.d.sync += [was_clear.eq(clear), quiet.eq(Mux(pending & clear, quiet + (quiet != PATIENCE + 1), 0))]
        m.d.comb += [
            Assert(given.ready == ~pending),
            Assert(~ended | (pending == fits)),
            Assert(~pending | waited | ended),
            Assert(wrong == ((ended & ~fits) | (fell & ~good))),
            Assert(waits == (pending & self.opens)),
            Assert(less == effect - 1),
            Assert(loading._bits == less_bits),
            Assert(~(fell & good) | was_clear),
            Assert(quiet <= PATIENCE),
            Cover(fell & good & (rate == 1) & (shift != design.shift)),
            Cover(fell & ~good & (rate != 0) & (shift == 0)),
            Cover(ended & ~fits),
        ]
        return m
