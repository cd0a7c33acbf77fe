"""The proofs: for each part its specifications, how far they go, and the bugs that must break them."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from time import monotonic

from amaranth.lib import wiring
from formal import specs
from formal.fifo_specs import FIFO245Spec
from formal.prover import Verdict, prove, reach
from formal.seeds import Seed, planted
from formal.window_specs import LineBufferSpec, LineRingSpec, WindowSpec

from convolver.designs import Conv2DDesign, FIRDesign
from convolver.formats import OVERFLOWS, ROUNDINGS, Format
from convolver.hw.cores.array_core import ArrayCore
from convolver.hw.cores.conv2d import Conv2DCore
from convolver.hw.cores.fir import FIRCore
from convolver.hw.link.fifo245 import FIFO245
from convolver.hw.mac.coefficients import CoefficientBank, CoefficientLoader, CoefficientMemory
from convolver.hw.mac.mac_array import MACArray
from convolver.hw.mac.multiplier import Multiplier
from convolver.hw.output.requantiser import Requantiser
from convolver.hw.stream.delay import Delay
from convolver.hw.stream.output_buffer import OutputBuffer
from convolver.hw.stream.skid_buffer import SkidBuffer
from convolver.hw.stream.slot_timer import Pace
from convolver.hw.window.border import Borders
from convolver.hw.window.delay_line import DelayLine, SampleMemory
from convolver.hw.window.frame_check import Entry
from convolver.hw.window.line_buffer import LineBuffer
from convolver.hw.window.line_ring import LineRing
from convolver.hw.window.raster import Raster
from convolver.hw.window.window import RowBorder, Window
from convolver.plan.lowering import lower

__all__ = ["PROOFS", "Proof", "Result"]


@dataclass(frozen=True)
class Result:
    """What became of a proof: its verdict, and the bugs that it did not see."""

    verdict: Verdict
    reached: bool
    missed: tuple[str, ...]
    seconds: float

    @property
    def good(self) -> bool:
        return self.verdict.holds and self.reached and not self.missed


@dataclass(frozen=True)
class Proof:
    """A specification, its size in words, and its seeded bugs; `bounded` if it is followed for so many clocks only."""

    name: str
    size: str
    make: Callable[[], wiring.Component]
    covers: int
    seeds: tuple[Seed, ...] = ()
    bounded: int | None = None

    def run(self, folder: Path) -> Result:
        start = monotonic()
        folder.mkdir(parents=True, exist_ok=True)
        verdict = prove(self.make(), folder, self.bounded)
        reached = reach(self.make(), folder, self.covers)
        missed = []
        for seed in self.seeds:
            with planted(seed):
                inside = folder / seed.name.replace(" ", "-")
                inside.mkdir(exist_ok=True)
                if prove(self.make(), inside, self.bounded).holds:
                    missed.append(seed.name)
        return Result(verdict, reached, tuple(missed), monotonic() - start)


SKID = (
    Seed("beat lost while stalled", SkidBuffer, "self.i.ready.eq(~full)", "self.i.ready.eq(1)"),
    Seed("beat doubled", SkidBuffer, "(full | self.i.valid) & ~moves", "full | (self.i.valid & ~moves)"),
    Seed("beats swapped", SkidBuffer, "Mux(full, skid", "Mux(full & ~self.i.valid, skid"),
    Seed("offer changes while stalled", SkidBuffer, "skid.eq(self.i.payload)", "self.o.payload.eq(self.i.payload)"),
    Seed("kept beat overwritten", SkidBuffer, "with m.If(~full)", "with m.If(1)"),
    Seed("offer withdrawn", SkidBuffer, "with m.If(moves)", "with m.If(moves | full)"),
    Seed("valid waits for ready", SkidBuffer, "moves.eq(self.o.ready | ~self.o.valid)", "moves.eq(self.o.ready)"),
    Seed("half speed", SkidBuffer, "self.i.ready.eq(~full)", "self.i.ready.eq(~full & ~self.o.valid)"),
    Seed("ready follows ready", SkidBuffer, "self.i.ready.eq(~full)", "self.i.ready.eq(~full | self.o.ready)"),
)

BUFFER = (
    Seed("credit back with the write", OutputBuffer, "self.take - (self.o.valid & self.o.ready)", "self.take - self.write"),
    Seed("credit back before the transfer", OutputBuffer, "(self.o.valid & self.o.ready))", "self.o.valid)"),
    Seed("credit never back", OutputBuffer, "(self.o.valid & self.o.ready))", "(self.o.valid & self.o.ready & (credit != 1)))"),
    Seed("take forgotten", OutputBuffer, "lent.eq(self.take -", "lent.eq((self.take & ~lent[1]) -"),
    Seed("one credit too few in reserve", OutputBuffer, "available.eq(_three_or_more(credit))", "available.eq(credit >= 2)"),
    Seed("one credit too many in reserve", OutputBuffer, "available.eq(_three_or_more(credit))", "available.eq(credit > 3)"),
    Seed("queue too small", OutputBuffer, "_BANKS, -(-self.depth // _BANKS)", "_BANKS, self.depth // _BANKS - 1"),
    Seed("home too early", OutputBuffer, "all_here & (lent != 1)", "all_here"),
    Seed("result taken twice", OutputBuffer, "(there & ~skid.i.ready)", "there"),
    Seed("result lost at the slice", OutputBuffer, "(there & ~skid.i.ready)", "(there & ~read & written)"),
    Seed("banks out of turn", OutputBuffer, "with m.If(read & (get_bank == bank))", "with m.If(read & (get_bank != bank))"),
    Seed(
        "bank stepped without a read",
        OutputBuffer,
        "with m.If(read & (get_bank == bank))",
        "with m.If(there & (get_bank == bank))",
    ),
    Seed("second result forgotten", OutputBuffer, " | (level[0] & moved[0] & ~moved[1])", ""),
    Seed("third result forgotten", OutputBuffer, "_three_or_more(level) |", "level[2:].any() |"),
)

BANK = (
    Seed("short set loaded", CoefficientLoader, "(self.write & beat.last & final)", "(self.write & beat.last)"),
    Seed("long set loaded", CoefficientLoader, "(self.write & beat.last & final)", "(self.write & final)"),
    Seed(
        "rest of a long set taken",
        CoefficientLoader,
        "beat.last & (overlong | final), overlong)",
        "beat.last & final, overlong)",
    ),
    Seed("changes while pending", CoefficientLoader, "(~self.pending & ~held & ~ended)", "(~held & ~ended)"),
    Seed("ready too early", CoefficientLoader, "(~self.pending & ~held & ~ended)", "(~self.pending & ~ended)"),
    Seed("ready before it begins anew", CoefficientLoader, "(~self.pending & ~held & ~ended)", "(~self.pending & ~held)"),
    Seed("handed over by idle alone", CoefficientLoader, "(self.pending & (self.swap | idle))", "(self.pending & idle)"),
    Seed("handed over in mid-frame", CoefficientLoader, "(self.pending & (self.swap | idle))", "(self.pending)"),
    Seed("handed over twice", CoefficientLoader, "(self.pending & ~self.load)", "(self.pending & ~self.swap)"),
    Seed(
        "restart forgotten",
        CoefficientLoader,
        "ended.eq(self.restart | (self.write & (beat.last | final)))",
        "ended.eq(self.write & (beat.last | final))",
    ),
    Seed("restart keeps its beat", CoefficientLoader, "self.i.ready & ~self.restart", "self.i.ready"),
    Seed("order turned", CoefficientBank, "(index[:low] == place)", "(index[:low] == len(shadow) - 1 - place)"),
    Seed("not there after reset", CoefficientBank, "initial | loader.load", "loader.load"),
    Seed("ready in the first clock", CoefficientBank, "with m.If(initial):", "with m.If(initial & self.restart):"),
)


MEMORY = (
    Seed("set written over the active one", CoefficientMemory, "Mux(active == 1, 2, 1)", "Mux(active == 1, 1, 2)"),
    Seed("written into every lane's memory", CoefficientMemory, "loader.write & here[loader.index]", "loader.write"),
    Seed("handed over before its reason", CoefficientMemory, "with m.If(loader.load):", "with m.If(loader.pending):"),
    Seed("reset keeps the set", CoefficientMemory, "Signal(range(banks))  #", "Signal(range(banks), reset_less=True)  #"),
    Seed("written to a clock behind", CoefficientMemory, "clocks[loader.index], spare", "~clocks[loader.index], spare"),
)


def _requantiser(rounding: str, overflow: str, shift: int, output: Format, data: Format) -> Proof:
    design = FIRDesign([1, -1], data=data, output=output, shift=shift, rounding=rounding, overflow=overflow)
    seeds = []
    if rounding == "floor":
        seeds.append(
            Seed("a bit too few dropped", Requantiser, "value = self.i >> design.shift", "value = self.i >> design.shift - 1")
        )
    else:
        seeds.append(Seed("sticky bit lost", Requantiser, "bits[: shift - 1].any()", "bits[1 : shift - 1].any()"))
        seeds.append(Seed("half bit of the place above", Requantiser, "bits[shift - 1], ", "bits[shift], "))
        if rounding == "half_up":
            seeds = seeds[1:]
    if overflow == "saturate":
        seeds.append(
            Seed(
                "clips one too low",
                Requantiser,
                "Mux(value > output.max, output.max",
                "Mux(value >= output.max, output.max - 1",
            )
        )
        seeds.append(Seed("wraps below", Requantiser, "Mux(value < output.min, output.min, value)", "value"))
    name = f"requantiser {rounding} {overflow}"
    return Proof(
        name, f"{design.accumulator} to {output}, shift {shift}", lambda: specs.RequantiserSpec(design), 6, tuple(seeds)
    )


PRODUCT = Seed(
    "product too narrow",
    MACArray,
    "_holding(*array.lane_ranges[lane], sign)",
    "_holding(*(reach // 2 for reach in array.lane_ranges[lane]), sign)",
)
SUM = "node = DataRegister(shape_of(_holding(adder.low, adder.high, sign))"
ARRAY = (
    PRODUCT,
    Seed("sum too narrow", MACArray, SUM, SUM.replace("low", "low // 2").replace("high", "high // 2")),
    Seed("lane left out", MACArray, "return [self.samples[lane] for", "return [self.samples[max(lane, 1)] for"),
    Seed("adder without its register", MACArray, "m.d.sync += node.eq(added)", "m.d.comb += node.eq(added)"),
)
LOADED_ARRAY = (
    *ARRAY,
    Seed("coefficients crossed", MACArray, "b.eq(coefficients[lane])", "b.eq(coefficients[lane - 1])"),
)
FOLDED_ARRAY = (
    PRODUCT,
    Seed("slots run together", MACArray, "Mux(start, 0, accumulator)", "accumulator"),
    Seed("slot begins late", MACArray, "range(array.start_latency)", "range(array.start_latency + 1)"),
)
SIGNED_ARRAY = (
    Seed("added instead of subtracted", MACArray, "added + other if alike", "added + other if 1"),
    Seed("sign lost on the way", MACArray, "return node, sign", "return node, 1"),
)
SIGNED_PARTS = (
    Seed("negative of one less", MACArray, "else Const(1, 1)", "else Const(0, 1)"),
    Seed("part not turned over", MACArray, "else _turned(part)", "else part"),
)
WIDE_ARRAY = (
    Seed("carry between parts lost", MACArray, "zip((Const(1, 1), carry), terms", "zip((Const(1, 1), Const(0, 1)), terms"),
    Seed("upper parts early", MACArray, "for clock in range(place + 1)", "for clock in range(min(place + 1, 2))"),
    Seed("lower parts early", MACArray, "range(len(cuts) - place)", "range(min(len(cuts) - place, 1))"),
)

STEPS = "with m.If(self.valid):\n            m.d.sync += [register.eq(before)"
CLEARS = "with m.If(self.clear):\n            m.d.sync += [register.eq(0)"
LINE = (
    Seed("steps in a gap", DelayLine, STEPS, STEPS.replace("self.valid", "1")),
    Seed("never cleared", DelayLine, CLEARS, CLEARS.replace("self.clear", "self.clear & samples[1][0]")),
)
LOADED = (
    Seed("set taken by a frame's last result", FIRCore, "step & (beat.first |", "step & (beat.last |"),
    Seed(
        "set taken a clock late", FIRCore, "array.swap.eq(step & (beat.first", "array.swap.eq(array.valid & (array.marks.first"
    ),
    Seed("set taken in mid-frame", ArrayCore, "self.home & ~self.open", "self.home"),
    Seed("register takes what passes", Multiplier, "with m.If(self.load):", "with m.If(1):"),
)
CORE = (
    *LINE,
    Seed("mark a clock early", FIRCore, "array.marks.last.eq(beat.last)", "array.marks.last.eq(self.i.payload.last)"),
    Seed("sample outside a frame kept", FIRCore, "keep.eq(accept & (opened | self.i.payload.first))", "keep.eq(accept)"),
    Seed("frame never closed", FIRCore, "opened.eq(~self.i.payload.last)", "opened.eq(1)"),
    Seed(
        "accepts without a credit",
        FIRCore,
        "self.i.ready.eq(array.available),",
        "self.i.ready.eq(array.available | self.o.ready),",
    ),
    Seed("credit taken for a dropped beat", FIRCore, "array.take.eq(keep)", "array.take.eq(accept)"),
    Seed("idle with results inside", FIRCore, "opened | step | ~array.home", "opened | step"),
    Seed("idle a clock behind a sample", FIRCore, "opened | step | ~array.home", "opened | ~array.home"),
)

PAIRED = (
    Seed("mirrored sample left out", MACArray, "self.samples[lane] + mirror)", "self.samples[lane])"),
    Seed(
        "pre-adder without its register",
        MACArray,
        "m.d.sync += operand.eq(self.samples",
        "m.d.comb += operand.eq(self.samples",
    ),
)
FOLDED = (
    Seed("slots overlap", Pace, "self.free.eq(self.soon)", "self.free.eq(1)"),
    Seed("silence a sample short", SampleMemory, "older.eq(min(1, positions - 1))", "older.eq(min(2, positions - 1))"),
    Seed("age of the sample before", SampleMemory, "spare_next.eq(older - filled[0])", "spare_next.eq(older - filled[0] + 1)"),
    Seed("marks a clock early", FIRCore, "Delay(array.marks.shape(), 2)", "Delay(array.marks.shape(), 0)"),
)
PACE = (
    Seed("a clock early", Pace, "self.free.eq(self.soon)", "self.free.eq(self.soon | (left == 1))"),
    Seed("a clock late", Pace, "left.eq(self._clocks - 2)", "left.eq(self._clocks - 1)"),
    Seed("begins whatever is", Pace, "~self.begin & (left == 0)", "left == 0"),
)
BUS = (
    Seed("status of the byte before", FIFO245, "blind = timing.settle + 1", "blind = timing.settle"),
    Seed("read without room", FIFO245, "(read_blind == 0) & ~self.o.valid", "(read_blind == 0)"),
    Seed("write without a byte", FIFO245, "(write_blind == 0) & full", "(write_blind == 0)"),
    Seed("bus driven right behind RD#", FIFO245, "_leave(m, timer, timing.settle)", "_leave(m, timer, 1)"),
    Seed("bus never let go", FIFO245, "self.data_oe.eq(0), full.eq(0)", "full.eq(0)"),
    Seed("data gone with WR#", FIFO245, "timer.eq(timing.hold - 1)", "timer.eq(0)"),
    Seed(
        "RD# too short", FIFO245, "self.rd_n.eq(0), timer.eq(timing.strobe - 1)", "self.rd_n.eq(0), timer.eq(timing.strobe - 2)"
    ),
    Seed("byte taken over in the middle", FIFO245, "with m.If(self.i.valid & ~full):", "with m.If(self.i.valid):"),
    Seed("offer withdrawn", FIFO245, "with m.If(self.o.ready):", "with m.If(self.o.ready | rxf_n):"),
    Seed("driven behind a reset", FIFO245, "init=blind)\n        for", "init=0)\n        for"),
    Seed("reads wait for writes", FIFO245, "(read_blind == 0) & ~self.o.valid", "(read_blind == 0) & ~self.o.valid & ~full"),
    Seed("write waits for a read", FIFO245, "(write_blind == 0) & full", "(write_blind == 0) & full & self.o.valid"),
)
LINES = (
    Seed("written a clock early", LineBuffer, "memory.write.eq(self.o_valid)", "memory.write.eq(valid)"),
    Seed("written in a gap", LineBuffer, "memory.write.eq(self.o_valid)", "memory.write.eq(1)"),
    Seed("lines not moved up", LineBuffer, "word[len(newest) :]", "word[: self._lines * len(newest)]"),
    Seed(
        "written to the next step's column", LineBuffer, "memory.write_address.eq(o_column)", "memory.write_address.eq(column)"
    ),
)
RING = (
    Seed("waiting word forgotten", LineRing, "ram.write.eq((mine | waits)", "ram.write.eq(mine"),
    Seed("written while its bank is read", LineRing, "(mine | waits) & ~here[bank])", "(mine | waits))"),
    Seed("next word for the one that waits", LineRing, "Mux(waits, waiting, self.write_data)", "self.write_data"),
    Seed("bank out of turn", LineRing, "(turn == bank)", "(turn != bank)"),
    Seed("address moved while its word waits", LineRing, "with m.If(comes & turn):", "with m.If(comes & ~turn):"),
    Seed("a step too far back", LineRing, "(1 << bits) - 3", "(1 << bits) - 4"),
    Seed("out of the bank that is read now", LineRing, "Mux(shown,", "Mux(place[0],"),
    Seed("word gone in a gap", LineRing, "with m.If(shows):", "with m.If(1):"),
)
WINDOW = (
    Seed("border a column late", Borders, "self.step.near[when]", "self.step.near[when + 1]"),
    Seed(
        "row begun a column early",
        Borders,
        "self.step.near[design.core_ahead]",
        "self.step.near[design.core_ahead - 1]",
    ),
    Seed("top taken for bottom", Borders, "step.top if offset < 0 else step.bottom", "step.bottom if offset < 0 else step.top"),
    Seed(
        "row beside the border's",
        RowBorder,
        "pixels[(design.core_above + source) * lanes + lane]",
        "pixels[(design.core_above + source - 1) * lanes + lane]",
    ),
    Seed("chain steps in a gap", Window, "with m.If(self.i.valid):", "with m.If(1):"),
    Seed(
        "window steps in a gap",
        Window,
        "with m.If(valid):\n                    for place, load",
        "with m.If(1):\n                    for place, load",
    ),
    Seed("row never begun", Window, "Mux(choice.load, load, shift)", "shift"),
    Seed("gap shown as a result", Window, "self.valid.eq(valid & choice.result)", "self.valid.eq(choice.result)"),
)
RASTER = (
    Seed("frame a line short", Raster, "last_line.eq(rows_given[-1])", "last_line.eq((rows_given - 1)[-1])"),
    Seed(
        "step without a credit",
        Raster,
        "(taking & ~self.more))),",
        "(taking & ~self.more)) | flushing | completing),",
    ),
    Seed("cut frame never completed", Raster, "(completing | cut) & ~frame_end", "cut & ~frame_end"),
    Seed("size not checked", Raster, "(idle & self.starts)", "(idle & head.first)"),
    Seed("orphan not told", Raster, "self.errors.orphan.eq(drop & ~head.first & ~skipping)", "self.errors.orphan.eq(0)"),
    Seed("line's end not told", Raster, "head.eol != place.line_end", "head.eol & ~place.line_end"),
    Seed("line's end a column early", Raster, "eq(raster.columns_left)\n", "eq(raster.columns_left - 1)\n"),
    Seed("length of the frame on offer", Raster, "self.length.eq(place.columns_given)", "self.length.eq(self.columns_left)"),
)

LAST = (
    Seed(
        "frame's end a row late",
        Raster,
        "self.line_end & last_row_now if before == 1",
        "self.line_end & last_before if before == 1",
    ),
)
WHOLE = (
    Seed(
        "size of the next frame",
        Entry,
        '"rows_left": first.o.p.rows - 2',
        '"rows_left": first.i.p.rows - 2',
    ),
    Seed("half a size checked", Entry, "first.o.p.fits.all()", "first.o.p.fits.any()"),
    Seed(
        "end of the frame for the line's",
        Conv2DCore,
        "{name: getattr(window, name) for name in shapes}",
        '{name: getattr(window, name.replace("eol", "last")) for name in shapes}',
    ),
)
ONE_RESULT = (
    Seed("idle in front of a frame's only result", Conv2DCore, "raster.open | raster.valid | ~array", "raster.open | ~array"),
)


def _fir(**changes: object) -> FIRDesign:
    return FIRDesign(**({"coefficients": [1, -2], "data": Format(2, True), "rounding": "floor"} | changes))


def _array(name: str, design: FIRDesign, seeds: tuple[Seed, ...], cuts: tuple[int, ...] = ()) -> Proof:
    plan = lower(design)
    lanes = f"{plan.lanes} lanes" + f", slots of {plan.cycles}" * (plan.cycles > 1)
    size = (
        f"{lanes}, {design.sample} by {design.coefficient_format}, sum {design.accumulator}"
        + f", cut at bits {' and '.join(map(str, cuts))}" * bool(cuts)
    )
    return Proof(name, size, lambda: specs.MACArraySpec(design, cuts), 16, seeds, bounded=14)


def _raster(
    name: str, kernel: tuple[int, int], seeds: tuple[Seed, ...] = (), bounded: int | None = None, **changes: object
) -> Proof:
    design = Conv2DDesign([[1] * kernel[1]] * kernel[0], pixel=Format(1, False), **({"rows": 1, "columns": 1} | changes))
    size = f"kernel {kernel[0]}x{kernel[1]}, frames to {design.core_rows}x{design.core_columns}"
    return Proof(f"raster {name}", size, lambda: specs.RasterSpec(design), 40, seeds, bounded)


def _image(kernel: tuple[int, int], **changes: object) -> tuple[Conv2DDesign, str]:
    weights = [[1 + row * kernel[1] + column for column in range(kernel[1])] for row in range(kernel[0])]
    changes = {"pixel": Format(1, False), "rows": 4, "columns": 4} | changes
    design = Conv2DDesign(weights, **changes)
    words = [f"kernel {kernel[0]}x{kernel[1]}", design.core_mode if design.core_mode == "valid" else design.boundary]
    words += ["correlated"] * (design.operation == "correlate")
    return design, f"{', '.join(words)}, lines to {design.core_columns}"


def _core(kernel: list[list[int]], seeds: tuple[Seed, ...], bounded: int, covers: int, **changes: object) -> Proof:
    settings = {"pixel": Format(1, False), "rounding": "floor", "rows": 1, "columns": 3} | changes
    design = Conv2DDesign(kernel, **settings)
    size = f"kernel {len(kernel)}x{len(kernel[0])}, {settings.get('mode', settings.get('boundary'))}"
    return Proof(
        "2-D core",
        f"{size}, frames to {design.core_rows}x{design.core_columns}, buffer of 4",
        lambda: specs.Conv2DCoreSpec(design, 4),
        covers,
        seeds,
        bounded,
    )


def _window(kernel: tuple[int, int], seeds: tuple[Seed, ...] = (), **changes: object) -> Proof:
    design, size = _image(kernel, **changes)
    return Proof("window", size, lambda: WindowSpec(design), 24, seeds)


def _lines(kernel: tuple[int, int], seeds: tuple[Seed, ...] = (), **changes: object) -> Proof:
    design, size = _image(kernel, **changes)
    return Proof("line buffer", size, lambda: LineBufferSpec(design), 24, seeds)


def _ring(width: int, beats: int, seeds: tuple[Seed, ...] = ()) -> Proof:
    return Proof("line ring", f"words of {width}, lines to {beats}", lambda: LineRingSpec(width, beats), 24, seeds)


def _buffer(depth: int, flight: int, sustains: bool, seeds: tuple[Seed, ...] = ()) -> Proof:
    size = f"depth {depth}, {flight} in flight{', sustained' * sustains}"
    return Proof("output buffer", size, lambda: specs.OutputBufferSpec(depth, flight, sustains=sustains), 2 * depth + 16, seeds)


PAIR = _fir(coefficients=[1, 1], coefficient=Format(2, True), loadable=True, symmetry="symmetric")
SLOT = _fir(coefficients=[1, -2, 1], coefficient=Format(2, True), loadable=True, symmetry="none", clocks_per_sample=2)
REQUANTISED = tuple(
    _requantiser(rounding, overflow, 6, Format(9, True), Format(15, True))
    for rounding, overflow in product(ROUNDINGS, OVERFLOWS)
)

PROOFS: tuple[Proof, ...] = (
    Proof("skid buffer", "8 bits", lambda: specs.SkidBufferSpec(8), 12, SKID),
    _buffer(3, 1, False),
    _buffer(5, 1, False, BUFFER),
    Proof(
        "delay",
        "3 clocks, 2 bits",
        lambda: specs.DelaySpec(3),
        8,
        (Seed("clock missing", Delay, "range(self._clocks)", "range(1, self._clocks)"),),
    ),
    Proof("pace", "4 clocks", lambda: specs.PaceSpec(4), 12, PACE),
    Proof("pace", "2 clocks", lambda: specs.PaceSpec(2), 8),
    Proof("FIFO bus", "100 MHz", lambda: FIFO245Spec(100_000_000, 13), 60, BUS),
    Proof("FIFO bus", "60 MHz", lambda: FIFO245Spec(60_000_000, 13), 60),
    Proof(
        "coefficient bank",
        "3 of s3",
        lambda: specs.CoefficientBankSpec(_fir(coefficients=[1, -2, 3], coefficient=Format(3, True), loadable=True)),
        30,
        BANK,
    ),
    Proof(
        "coefficient bank",
        "1 of s2",
        lambda: specs.CoefficientBankSpec(_fir(coefficients=[1], coefficient=Format(2, True), loadable=True)),
        24,
    ),
    Proof(
        "coefficient memory",
        "3 of s2 in 2 lanes",
        lambda: specs.CoefficientMemorySpec(
            _fir(coefficients=[1, -2, 1], coefficient=Format(2, True), loadable=True, symmetry="none", clocks_per_sample=2)
        ),
        30,
        MEMORY,
    ),
    *REQUANTISED,
    _array("MAC array", FIRDesign([3, -4, 0, 2], data=Format(4, True)), ARRAY),
    _array("MAC array", FIRDesign([5], data=Format(8, False)), ()),
    _array("MAC array, signs", FIRDesign([-1, 2, -4, 3, -8], data=Format(3, True)), SIGNED_ARRAY),
    _array("MAC array, signs", FIRDesign([-1, -2, -4], data=Format(3, False)), ()),
    _array("MAC array, signs in parts", FIRDesign([-1, -2, 4, -1, -3], data=Format(3, True)), SIGNED_PARTS, cuts=(2, 4)),
    _array("MAC array, signs in parts", FIRDesign([-2, -1, -4], data=Format(3, True)), (), cuts=(2, 4)),
    _array(
        "MAC array, loaded", FIRDesign([1, 0], data=Format(3, True), coefficient=Format(3, True), loadable=True), LOADED_ARRAY
    ),
    _array(
        "MAC array, folded",
        FIRDesign([1, 2, 3, 1], data=Format(3, True), coefficient=Format(3, True), loadable=True, clocks_per_sample=2),
        FOLDED_ARRAY,
    ),
    _array(
        "MAC array, in parts",
        FIRDesign([1, -2], data=Format(3, True), coefficient=Format(3, True), loadable=True, symmetry="none"),
        WIDE_ARRAY,
        cuts=(2, 4),
    ),
    _array(
        "MAC array, folded, in parts",
        FIRDesign([1, 2], data=Format(3, True), coefficient=Format(3, True), loadable=True, clocks_per_sample=2),
        (Seed("start early for upper parts", MACArray, "start = late", "start = start"),),
        cuts=(2, 4),
    ),
    Proof("FIR core", "2 taps, s2, buffer of 4", lambda: specs.FIRCoreSpec(_fir(), 4), 36, CORE),
    Proof(
        "FIR core, loaded", "2 taps, s2 by s2, buffer of 4", lambda: specs.FIRCoreSpec(_fir(loadable=True), 4), 36, LOADED, 22
    ),
    Proof("FIR core, symmetric", "2 taps, s2 by s2, buffer of 4", lambda: specs.FIRCoreSpec(PAIR, 4), 36, PAIRED, 20),
    Proof("FIR core, folded", "3 taps, s2 by s2, buffer of 4", lambda: specs.FIRCoreSpec(SLOT, 4), 44, FOLDED, 20),
    _lines((3, 3), LINES),
    _lines((2, 2), boundary="reflect", operation="correlate"),
    _lines((2, 3), mode="valid"),
    _ring(1, 4),
    _ring(2, 5, RING),
    _ring(1, 8),
    _window((3, 3), WINDOW, boundary="edge"),
    _window((3, 3), fill=1),
    _window((3, 3), boundary="reflect"),
    _window((3, 3), boundary="symmetric"),
    _window((2, 2), boundary="reflect"),
    _window((2, 2), boundary="reflect", operation="correlate"),
    _window((1, 4), boundary="symmetric", columns=5),
    _window((2, 3), mode="valid"),
    _raster("same", (2, 2), RASTER),
    _raster("same", (1, 1), rows=3, columns=3),
    _raster("valid", (2, 2), RASTER[2:], mode="valid"),
    _raster("valid", (3, 2), mode="valid", bounded=12),
    _raster("same", (3, 3), bounded=12),
    _raster("same", (1, 3), LAST, bounded=12),
    _raster("same", (3, 1), bounded=12),
    _core([[1], [-2]], WHOLE, 20, 60, boundary="edge", rows=2),
    _core([[1, -2, 1]], ONE_RESULT, 20, 60, mode="valid"),
)
