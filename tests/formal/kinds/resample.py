"""The proofs of what changes a rate: its schedule for all time, whole cores for their first clocks."""

from formal.cores.resample import ResampleCoreSpec
from formal.mac.mirrored_array import PairsSpec
from formal.mac.rate_graph import RateGraphSpec
from formal.proof import Proof
from formal.seeds import Seed
from formal.stream.output_buffer import BurstBufferSpec
from formal.window.result_schedule import ResultScheduleSpec, WholeSamplesSpec

from convolver.designs import ResampleDesign
from convolver.formats import Format
from convolver.hw.cores.resample import ResampleCore
from convolver.hw.mac.mirrored_array import Pairs
from convolver.hw.mac.rate_graph import RateGraph
from convolver.hw.stream.burst_buffer import BurstBuffer
from convolver.hw.window.phase_feeder import HeldLine, PhaseLine, PhaseMemory
from convolver.hw.window.result_schedule import FewerResults, MoreResults
from convolver.hw.window.whole_samples import WholeSamples

__all__ = ["PROOFS"]

BIT = Format(1, False)
TAPS = (1, 1, -1)
THRICE = ResampleDesign([1] * 3, 3, clocks_per_result=2)

MORE = (
    Seed("phase not begun anew", MoreResults, "phase.eq(0), self.o_first", "self.o_first"),
    Seed("first mark twice", MoreResults, "self.o_first.eq(0), held", "held"),
    Seed("last mark at the sample's first result", MoreResults, "self.o_last.eq(final & ends)", "self.o_last.eq(final)"),
    Seed("sample let in too early", MoreResults, "(self.free & self.available & ends)", "(self.free & self.available)"),
    Seed(
        "begins without room",
        MoreResults,
        "self.begin.eq(held & self.free & self.available)",
        "self.begin.eq(held & self.free)",
    ),
    Seed("sample ends a phase early", MoreResults, "int(one + down >= up)", "int(one + down >= up - 1)"),
)
FEWER = (
    Seed("result a sample late", FewerResults, "(one + down) // up - 1 for", "(one + down) // up for"),
    Seed("last mark forgotten", FewerResults, "self.o_last.eq(self.last & ~flush)", "self.o_last.eq(0)"),
    Seed("frame's end forgotten", FewerResults, "ends = self.last | Mux", "ends = Mux"),
    Seed("count not begun anew", FewerResults, "self.due.eq(self.first | none_left)", "self.due.eq(none_left)"),
    Seed(
        "phase not begun anew",
        FewerResults,
        "now = Mux(self.first, 0, following)",
        "now = Mux(self.first, following, following)",
    ),
    Seed("sample let in over a result", FewerResults, "self.take.eq(may & ~breaks)", "self.take.eq(~breaks)"),
)

DECIMATES = ResampleDesign(TAPS, 1, 2, data=BIT, rounding="floor")
INTERPOLATES = ResampleDesign(TAPS, 2, 1, data=BIT, rounding="floor")
CLEARED = 'with m.If(late["due"]):\n                m.d.sync += [base.eq(word)'
CORE = (
    Seed("samples of the frame before", PhaseMemory, 'behind.eq(Mux(late["first"], 0, ', "behind.eq(Mux(0, 0, "),
    Seed("sample taken that is newer", PhaseMemory, CLEARED, CLEARED.replace('late["due"]', "1")),
    Seed("old for ever", PhaseMemory, '~late["first"] & (aged |', "(aged |"),
    Seed("the newest sample for all", PhaseMemory, "address.eq(place - youngest)", "address.eq(place)"),
    Seed("the way not begun anew", PhaseMemory, "place.eq(base + nearer)", "place.eq(place + step)"),
    Seed("credit for a sample", ResampleCore, "array.claim.eq(schedule.begin)", "array.claim.eq(entry.claim)"),
    Seed("idle with a result due", ResampleCore, "is_open = entry.open | schedule.busy", "is_open = entry.open"),
)
LINE = (
    Seed("sample a clock early", PhaseLine, "Delay(value.shape(), 2)", "Delay(value.shape(), 1)"),
    Seed("mark a clock late", ResampleCore, "Delay(marks.shape(), late - 1)", "Delay(marks.shape(), late)"),
)


TOGETHER = (
    Seed("each waits for room", WholeSamples, "(inside | self.available)", "self.available"),
    Seed("none waits for room", WholeSamples, "(inside | self.available)", "1"),
    Seed(
        "sample let in too early", WholeSamples, "self.take.eq(~held | (self.free & ends))", "self.take.eq(~held | self.free)"
    ),
    Seed("last mark at the sample's first result", WholeSamples, "self.o_last.eq(final & ends)", "self.o_last.eq(final)"),
    Seed("first mark twice", WholeSamples, "self.o_first.eq(0), held", "held"),
)
BURSTS = (
    Seed("too few credits", BurstBuffer, "bit_length() - 2 :][:2]", "bit_length() - 3 :][:3]"),
    Seed("too many credits", BurstBuffer, "bit_length() - 2 :][:2]", "bit_length() - 1 :][:1]"),
)
PAIRS = (
    Seed("sign of the second result", Pairs, "^ minus.replicate(len(other))", "^ (~minus).replicate(len(other))"),
    Seed("no carry", Pairs, "carry.eq(minus),", "carry.eq(0),"),
    Seed("one half for all samples", Pairs, "half.eq(~half)", "half.eq(half)"),
    Seed("sum and difference in one place", Pairs, "int(side == which)", "1"),
    Seed("a slot too early", Pairs, "self._stage.waits * self._cycles", "max(self._stage.waits - 1, 0) * self._cycles"),
    Seed("segments not brought together", Pairs, "last - number)", "0)"),
)

PICKED = (
    Seed("phase of the clock before", RateGraph, '"phase", late + 2)', '"phase", late + 3)'),
    Seed("sum of another phase", RateGraph, "Array(sums)[phase]", "Array(sums[::-1])[phase]"),
)
HELD = (
    Seed("held a clock early", RateGraph, '"start", late)', '"start", late - 1)'),
    Seed("held as picked", RateGraph, "late += stage.cycles", "late += 0"),
    Seed("not held", RateGraph, "with m.If(start):", "with m.If(1):"),
)
GOES_ON = (
    Seed("held with any sample", HeldLine, "start.i.eq(self.claim & self.due)", "start.i.eq(self.claim)"),
    Seed("held a clock late", HeldLine, "Delay(1, 4)", "Delay(1, 5)"),
    Seed("credit for a sample", ResampleCore, "array.claim.eq(schedule.begin)", "array.claim.eq(entry.claim)"),
)
PHASES = (
    Seed("one phase for all", PhaseLine, "self.phase.eq(self.place)", "self.phase.eq(0)"),
    Seed("one phase for all", ResampleCore, "feeder.place.eq(schedule.place)", "feeder.place.eq(0)"),
)


def added(up: int, down: int, taps: tuple[int, ...] = TAPS, data: Format = BIT) -> ResampleDesign:
    """A change of rate by constants without multipliers."""
    return ResampleDesign(taps, up, down, data=data, rounding="floor", multipliers=0)


def graph(design: ResampleDesign, seeds: tuple[Seed, ...], bounded: int | None = None) -> Proof:
    """That of its array."""
    size = f"rate times {design.rate}, {design.taps} taps, {design.data}"
    return Proof("adder graph of a rate change", size, lambda: RateGraphSpec(design), 12, seeds, bounded)


def schedule(up: int, down: int, clocks: int, most: int, seeds: tuple[Seed, ...] = ()) -> Proof:
    """That of a rate, for frames of so many samples."""
    design = ResampleDesign([1] * up, up, down, clocks_per_result=clocks)
    size = f"rate times {design.rate}, slots of {clocks}, frames of {most}"
    return Proof("schedule of results", size, lambda: ResultScheduleSpec(design, most), 24, seeds)


PROOFS: tuple[Proof, ...] = (
    schedule(1, 1, 1, 3),
    schedule(2, 1, 1, 4),
    schedule(3, 2, 2, 4, MORE),
    schedule(1, 2, 2, 6),
    schedule(1, 4, 4, 9),
    schedule(2, 3, 1, 6),
    schedule(3, 7, 2, 8, FEWER),
    Proof("schedule of whole samples", "rate times 2, slots of 1", lambda: WholeSamplesSpec(INTERPOLATES, 4), 24),
    Proof("schedule of whole samples", "rate times 3, slots of 2", lambda: WholeSamplesSpec(THRICE, 4), 24, TOGETHER),
    Proof("burst buffer", "depth 8, 1 in flight, pairs", lambda: BurstBufferSpec(8, 1), 32, BURSTS, bounded=16),
    Proof("mirrored phases", "2 phases, slots of 2", lambda: PairsSpec(((0, 1),), 1, 2), 24),
    Proof("mirrored phases", "3 phases, in segments", lambda: PairsSpec(((0, 2), (1, 1)), 1, 1, (2,)), 24, PAIRS),
    graph(added(3, 1, (3, 11, -5, -2, 0, 0, 7), Format(3, True)), PICKED),
    graph(added(3, 1, (3, 11, -5, 2, 2, -5, 11, 3), Format(3, True)), ()),
    graph(added(2, 3, (3, 11, -5, -2, 0, 7), Format(3, True)), HELD, 14),
    graph(added(1, 2, (3, 0, -5, 11), Format(3, True)), HELD[2:], 14),
    Proof("rate change core", "rate times 2, 3 taps, u1", lambda: ResampleCoreSpec(INTERPOLATES, 4), 30, LINE, bounded=24),
    Proof("rate change core", "rate times 1/2, 3 taps, u1", lambda: ResampleCoreSpec(DECIMATES, 4), 44, CORE, bounded=24),
    Proof(
        "rate change core, adders",
        "rate times 2, 3 taps, u1",
        lambda: ResampleCoreSpec(added(2, 1), 4),
        30,
        PHASES[:1],
        bounded=24,
    ),
    Proof(
        "rate change core, adders",
        "rate times 1/2, 3 taps, u1",
        lambda: ResampleCoreSpec(added(1, 2), 4),
        44,
        GOES_ON,
        bounded=24,
    ),
    Proof(
        "rate change core, adders",
        "rate times 2/3, 4 taps, u1",
        lambda: ResampleCoreSpec(added(2, 3, (1, 1, -1, 1)), 4),
        44,
        PHASES[1:],
        bounded=24,
    ),
)
