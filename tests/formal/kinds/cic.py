"""The proofs of CIC filters: their schedules for all time, whole cores for their first clocks."""

from formal.cores.cic import CICCoreSpec
from formal.cores.cic_sections import SectionsSpec
from formal.cores.rate_loading import LoadedRateSpec
from formal.proof import Proof
from formal.seeds import Seed
from formal.window.rate_schedule import RateScheduleSpec

from convolver.designs import CICDesign
from convolver.designs.cic_directions import Section
from convolver.formats import Format
from convolver.hw.cores.cic import CICCore, Held
from convolver.hw.cores.cic_sections import Combs, Integrators
from convolver.hw.cores.rate_loading import LoadedRate
from convolver.hw.primitives.masked_adder import masked_sum
from convolver.hw.window.rate_schedule import Decimation, Interpolation

__all__ = ["PROOFS"]

BIT = Format(1, False)

FEWER = (
    Seed("result a sample late", Decimation, "self.less == 1, left == 2", "self.less == 0, left == 1"),
    Seed("last mark forgotten", Decimation, "self.o_last.eq(self.last & ~flush)", "self.o_last.eq(0)"),
    Seed("frame's end forgotten", Decimation, "ends = self.last | Mux", "ends = Mux"),
    Seed("count not begun anew", Decimation, "self.due.eq(self.first | none_left)", "self.due.eq(none_left)"),
    Seed("sample let in over a result", Decimation, "self.take.eq(free & ~breaks)", "self.take.eq(~breaks)"),
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
    Seed("samples of the frame before", masked_sum, "kept = Mux(clear, 0, kept)", "kept = Mux(0, 0, kept)"),
    Seed(
        "sum steps in a gap",
        Integrators,
        "with m.If(valid):\n                m.d.sync += Cat(result",
        "if True:\n                m.d.sync += Cat(result",
    ),
    Seed("number taken that is newer", Held, "with m.If(self.take):", "with m.If(1):"),
    Seed("begins a clock early", CICCore, "dict.fromkeys(names, 1)), ahead)", "dict.fromkeys(names, 1)), ahead - 1)"),
    Seed("credit for a sample", CICCore, "buffer.claim.eq(schedule.begin)", "buffer.claim.eq(entry.claim)"),
    Seed("idle with a result due", CICCore, "entry.open | schedule.busy", "entry.open"),
)
OLDER = (
    Seed("a delay of one in front of two", Combs, "return line[-1]", "return line[0]"),
    Seed("results of the frame before", Combs, "Mux(clear, 0, newer)", "newer"),
)
ZEROS = (
    Seed("each sample again", Interpolation, "return Mux(fresh, number, 0)", "return number"),
    Seed("mark a clock early", CICCore, "written = Delay(1, later)", "written = Delay(1, later - 1)"),
)


LOADED = CICDesign(2, down=4, data=BIT, shift=4, rounding="floor", loadable=True)
LOADS = (
    Seed("set of three taken", LoadedRate, "pending.eq(place == 1)", "pending.eq(place != 0)"),
    Seed("set of one not flagged", LoadedRate, "wrong.eq(place != 1)", "wrong.eq(place == 2)"),
    Seed("rate beyond its room", LoadedRate, "(rate <= limit)", "(rate <= limit + 1)"),
    Seed("rate of 0", LoadedRate, "(rate != 0) & ", ""),
    Seed("in the middle of a frame", LoadedRate, "(schedule.opens | ~entry.open)", "1"),
    Seed("with a result due", LoadedRate, "~entry.o.valid & ~schedule.busy", "~entry.o.valid"),
    Seed("a frame of the rate before", LoadedRate, "waits.eq(pending & schedule.opens)", "waits.eq(0)"),
    Seed("a set begun is not dropped", LoadedRate, "with m.If(core.restart):", "with m.If(0):"),
    Seed("shifted by the design's shift", LoadedRate, "self._bits.eq(design.shift - shift)", "self._bits.eq(design.shift)"),
)

WIDE = tuple(Section("integrator", width, True, dropped) for width, dropped in ((5, 0), (4, 1)))
GROWING = tuple(Section("comb", width, True) for width in (4, 5))
DROPPING = tuple(Section("comb", width, True, dropped) for width, dropped in ((4, 1), (3, 1)))
DROPPED = (
    Seed("bits of what comes not dropped", Combs, "gone, value = self._sections[0].dropped", "gone, value = 0"),
    Seed("bits in between not dropped", Combs, "(section.dropped if place else 0)", "0"),
)
IN_SEGMENTS = (
    Seed(
        "carry a clock late",
        Integrators,
        "segments[segment] = result",
        "(carry,) = later(m, [carry], 'late')\n            segments[segment] = result",
    ),
    Seed(
        "those of the frame before",
        Integrators,
        "valid, clear = marks[segment]",
        "valid, clear = marks[segment][0], marks[0][1]",
    ),
    Seed("carry forgotten", masked_sum, "Cat(carry, ~kept", "Cat(Const(0, 1), ~kept"),
    Seed("segments not brought together", Integrators, 'f"segment_{place}", last - place', 'f"segment_{place}", 0'),
)
OF_DIFFERENCES = (
    Seed("added", Combs, "subtracts = True", "subtracts = False"),
    Seed("sign a clock early", Combs, "segment - top)", "segment - top - 1)"),
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
    Proof("CIC sections in segments", "integrators of 5 and 4 bits", lambda: SectionsSpec(WIDE, 3, (2, 4)), 16, IN_SEGMENTS),
    Proof("CIC sections in segments", "combs of 4 and 5 bits", lambda: SectionsSpec(GROWING, 3, (2, 4)), 12, OF_DIFFERENCES),
    Proof("CIC sections in segments", "combs that drop bits", lambda: SectionsSpec(DROPPING, 4, (2,)), 12, DROPPED),
    Proof("CIC core", "2 stages by 1/2, u1", lambda: CICCoreSpec(DECIMATES, 4), 48, CORE, bounded=20),
    Proof("CIC core", "1 stage of delay 2 by 1/3, u1", lambda: CICCoreSpec(TWICE, 4), 48, OLDER, bounded=20),
    Proof("CIC core", "2 stages by 2, s2", lambda: CICCoreSpec(INTERPOLATES, 4), 36, ZEROS, bounded=20),
    Proof("rate loaded into a CIC filter", "2 stages by up to 1/4", lambda: LoadedRateSpec(LOADED), 24, LOADS),
)
