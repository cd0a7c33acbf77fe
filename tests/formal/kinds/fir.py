"""The proofs of the FIR cores and of what feeds them."""

from dataclasses import replace

from formal.cores.fir import FIRCoreSpec
from formal.proof import Proof
from formal.seeds import Seed

from convolver.designs import FIRDesign
from convolver.formats import Format
from convolver.hw.cores.fir import FIRCore
from convolver.hw.cores.loading import loading_of
from convolver.hw.mac.mac_array import MACArray
from convolver.hw.mac.multiplier import Multiplier
from convolver.hw.mac.supply import Supply
from convolver.hw.stream.slot_timer import SlotTimer
from convolver.hw.window.delay_line import DelayLine, SampleMemory
from convolver.hw.window.signal_entry import SignalEntry
from convolver.plan import target_of
from convolver.plan.pace import Pace, Ways

__all__ = ["LINE", "PROOFS", "small_fir"]

STEPS = "with m.If(self.valid):\n            m.d.sync += [register.eq(before)"
CLEARS = "with m.If(self.clear):\n            m.d.sync += [register.eq(0)"
LINE = (
    Seed("steps in a gap", DelayLine, STEPS, STEPS.replace("self.valid", "1")),
    Seed("never cleared", DelayLine, CLEARS, CLEARS.replace("self.clear", "self.clear & samples[1][0]")),
)
LOADED = (
    Seed(
        "set taken by a frame's last result",
        FIRCore,
        "entry.o.valid & (entry.o.beat.first |",
        "entry.o.valid & (entry.o.beat.last |",
    ),
    Seed(
        "set taken a clock late",
        FIRCore,
        "array.swap.eq(entry.o.valid & (entry.o.beat.first",
        "array.swap.eq(array.i.valid & (array.i.marks.first",
    ),
    Seed("set taken in mid-frame", loading_of, "array.idle & ~array.open", "array.idle"),
    Seed("register takes what passes", Multiplier, "with m.If(self.load):", "with m.If(1):"),
)
CORE = (
    *LINE,
    Seed(
        "mark a clock early",
        FIRCore,
        "wiring.connect(m, feeder.o, array.i)",
        "wiring.connect(m, feeder.o, array.i); m.d.comb += array.i.marks.last.eq(self.i.payload.last)",
    ),
    Seed("sample outside a frame kept", SignalEntry, "self.available & (opened | self.i.payload.first)", "self.available"),
    Seed("frame never closed", SignalEntry, "opened.eq(~self.i.payload.last)", "opened.eq(1)"),
    Seed(
        "accepts without a credit",
        FIRCore,
        "timer.or_busy(array.spent)",
        "timer.or_busy(array.spent & ~self.o.ready)",
    ),
    Seed(
        "credit taken for a dropped beat", FIRCore, "array.claim.eq(entry.claim)", "array.claim.eq(self.i.valid & self.i.ready)"
    ),
    Seed("idle with results inside", FIRCore, "entry.open | ~array.idle", "entry.open"),
    Seed("idle a clock behind a sample", SignalEntry, "opened | self.o.valid)", "opened)"),
)

PAIRED = (
    Seed("mirrored sample left out", MACArray, "sample + mirror)", "sample)"),
    Seed(
        "pre-adder without its register",
        MACArray,
        "m.d.sync += operand.eq(sample",
        "m.d.comb += operand.eq(sample",
    ),
)
FOLDED = (
    Seed("slots overlap", SlotTimer, "self.free.eq(self.free_next)", "self.free.eq(1)"),
    Seed("silence a sample short", SampleMemory, "older.eq(min(1, positions - 1))", "older.eq(min(2, positions - 1))"),
    Seed("age of the sample before", SampleMemory, "spare_next.eq(older - filled[0])", "spare_next.eq(older - filled[0] + 1)"),
    Seed("marks a clock early", FIRCore, "Delay(marks.shape(), 2)", "Delay(marks.shape(), 0)"),
)


def small_fir(**changes: object) -> FIRDesign:
    return FIRDesign(**({"coefficients": [1, -2], "data": Format(2, True), "rounding": "floor"} | changes))


PAIR = small_fir(coefficients=[1, 1], coefficient=Format(2, True), loadable=True, symmetry="symmetric")
SLOT = small_fir(coefficients=[1, -2, 1], coefficient=Format(2, True), loadable=True, symmetry="none", clocks_per_sample=2)

# Two lanes whose multipliers count as far apart: samples and coefficients wait on their way.
FAR = replace(target_of(None), pace=Pace(16, 0, Ways(samples=1, sums=1), 0, adder_bits=24, segment_bits=20))
WAITING = (
    Seed("set taken before its samples", Supply, '[self.load], "load", ways.cycles', '[self.load], "load", 0'),
    Seed("coefficients behind their samples", Supply, '"weight", ways.cycles', '"weight", ways.cycles + 4'),
    Seed("sample not on its way", MACArray, 'later(m, operands, "near", stage.cycles)', 'later(m, operands, "near", 0)'),
    Seed("sum not on its way", MACArray, "range(array.ways.sums)", "range(0)"),
)

PROOFS: tuple[Proof, ...] = (
    Proof("FIR core", "2 taps, s2, buffer of 4", lambda: FIRCoreSpec(small_fir(), 4), 36, CORE),
    Proof(
        "FIR core, loaded",
        "2 taps, s2 by s2, buffer of 4",
        lambda: FIRCoreSpec(small_fir(loadable=True), 4),
        36,
        LOADED,
        22,
    ),
    Proof(
        "FIR core, loaded, far multipliers",
        "2 taps, s2 by s2, buffer of 4",
        lambda: FIRCoreSpec(small_fir(loadable=True), 4, FAR),
        40,
        WAITING,
        24,
    ),
    Proof("FIR core, symmetric", "2 taps, s2 by s2, buffer of 4", lambda: FIRCoreSpec(PAIR, 4), 36, PAIRED, 20),
    Proof("FIR core, folded", "3 taps, s2 by s2, buffer of 4", lambda: FIRCoreSpec(SLOT, 4), 44, FOLDED, 20),
)
