"""The proofs of CIC filters: their schedules for all time, whole cores for their first clocks."""

from formal.cores.cic import CICCoreSpec
from formal.proof import Proof
from formal.seeds import Seed
from formal.window.rate_schedule import RateScheduleSpec

from convolver.designs import CICDesign
from convolver.formats import Format
from convolver.hw.cores.cic import CICCore, Combs, Held, Integrators
from convolver.hw.window.rate_schedule import Decimation, Interpolation

__all__ = ["PROOFS"]

BIT = Format(1, False)

FEWER = (
    Seed("result a sample late", Decimation, "Mux(self.due, self.less, left - 1)", "Mux(self.due, self.less + 1, left - 1)"),
    Seed("last mark forgotten", Decimation, "held.eq(~ends), self.o_last.eq(self.last)", "held.eq(~ends)"),
    Seed("frame's end forgotten", Decimation, "ends = self.last | (after == 0)", "ends = after == 0"),
    Seed("count not begun anew", Decimation, "self.due.eq(self.first | soon)", "self.due.eq(soon)"),
    Seed("sample let in over a result", Decimation, "((~known | self.available) & ~flush)", "(~flush)"),
)
MORE = (
    Seed("a result too few", Interpolation, "ends.eq(left == 1)", "ends.eq(left == 2)"),
    Seed("first mark twice", Interpolation, "self.fresh.eq(0), self.o_first.eq(0)", "self.fresh.eq(0)"),
    Seed("last mark at the sample's first result", Interpolation, "self.o_last.eq(final & ends)", "self.o_last.eq(final)"),
    Seed("sample let in too early", Interpolation, "(self.available & ends)", "(self.available)"),
    Seed("begins without room", Interpolation, "self.begin.eq(held & self.available)", "self.begin.eq(held)"),
    Seed("each result a sample's first", Interpolation, "held.eq(~ends), self.fresh.eq(0)", "held.eq(~ends)"),
)

DECIMATES = CICDesign(2, down=2, data=BIT, rounding="floor")
TWICE = CICDesign(1, down=3, delay=2, data=BIT, rounding="floor")
INTERPOLATES = CICDesign(2, up=2, data=Format(2, True), rounding="floor")
CORE = (
    Seed("samples of the frame before", Integrators, "Mux(clear, 0, result) + value", "result + value"),
    Seed(
        "sum steps in a gap",
        Integrators,
        "with m.If(valid):\n            m.d.sync += result",
        "if True:\n            m.d.sync += result",
    ),
    Seed("results of the frame before", Combs, "value - Mux(clear, 0, line[-1])", "value - line[-1]"),
    Seed("number taken that is newer", Held, "with m.If(self.take):", "with m.If(1):"),
    Seed("begins a clock early", CICCore, '"last": 1}), ahead)', '"last": 1}), ahead - 1)'),
    Seed("credit for a sample", CICCore, "buffer.claim.eq(schedule.begin)", "buffer.claim.eq(entry.claim)"),
    Seed("idle with a result due", CICCore, "entry.open | schedule.busy", "entry.open"),
)
OLDER = (Seed("a delay of one in front of two", Combs, "line[-1])", "line[0])"),)
ZEROS = (
    Seed("each sample again", CICCore, "Mux(begun.o.fresh, held.o, 0)", "held.o"),
    Seed("mark a clock early", CICCore, "written = Delay(1, later)", "written = Delay(1, later - 1)"),
)


def schedule(design: CICDesign, most: int, seeds: tuple[Seed, ...] = ()) -> Proof:
    """That of a rate, for frames of so many samples."""
    size = f"rate times {design.rate}, frames of {most}"
    return Proof("schedule of a CIC filter", size, lambda: RateScheduleSpec(design, most), 24, seeds)


PROOFS: tuple[Proof, ...] = (
    schedule(CICDesign(1, down=2), 6),
    schedule(CICDesign(1, down=4), 9, FEWER),
    schedule(CICDesign(1, up=2), 4),
    schedule(CICDesign(1, up=3), 4, MORE),
    Proof("CIC core", "2 stages by 1/2, u1", lambda: CICCoreSpec(DECIMATES, 4), 48, CORE, bounded=20),
    Proof("CIC core", "1 stage of delay 2 by 1/3, u1", lambda: CICCoreSpec(TWICE, 4), 48, OLDER, bounded=20),
    Proof("CIC core", "2 stages by 2, s2", lambda: CICCoreSpec(INTERPOLATES, 4), 36, ZEROS, bounded=20),
)
