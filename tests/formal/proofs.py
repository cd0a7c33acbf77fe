"""The proofs: for each part its specifications, how far they go, and the bugs that must break them."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from time import monotonic

from amaranth.lib import wiring
from formal import specs
from formal.prover import Verdict, prove, reach
from formal.seeds import Seed, planted

from convolver.designs import Conv2DDesign, FIRDesign
from convolver.formats import OVERFLOWS, ROUNDINGS, Format
from convolver.hw.array_core import ArrayCore
from convolver.hw.coefficients import CoefficientBank
from convolver.hw.conv2d import Conv2DCore
from convolver.hw.delay import Delay
from convolver.hw.fir import DelayLine, FIRCore
from convolver.hw.line_buffer import LineBuffer
from convolver.hw.mac_array import MACArray
from convolver.hw.multiplier import Multiplier
from convolver.hw.output_buffer import OutputBuffer
from convolver.hw.raster import Raster
from convolver.hw.requantiser import Requantiser
from convolver.hw.stream import SkidBuffer
from convolver.hw.window import RowBorder, Window

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
    Seed("beat doubled", SkidBuffer, "                full.eq(0),\n", ""),
    Seed("beats swapped", SkidBuffer, "with m.If(full):", "with m.If(full & ~self.i.valid):"),
    Seed(
        "offer changes while stalled",
        SkidBuffer,
        "[skid.eq(self.i.payload), full.eq(1)]",
        "[self.o.payload.eq(self.i.payload), full.eq(1)]",
    ),
    Seed(
        "offer withdrawn",
        SkidBuffer,
        "with m.If(self.o.ready | ~self.o.valid)",
        "with m.If(self.o.ready | ~self.o.valid | full)",
    ),
    Seed("valid waits for ready", SkidBuffer, "with m.If(self.o.ready | ~self.o.valid)", "with m.If(self.o.ready)"),
    Seed("half speed", SkidBuffer, "self.i.ready.eq(~full)", "self.i.ready.eq(~full & ~self.o.valid)"),
    Seed("ready follows ready", SkidBuffer, "self.i.ready.eq(~full)", "self.i.ready.eq(~full | self.o.ready)"),
)

BUFFER = (
    Seed("credit back with the write", OutputBuffer, "(self.o.valid & self.o.ready) - self.take", "self.write - self.take"),
    Seed("credit back before the transfer", OutputBuffer, "(self.o.valid & self.o.ready)", "self.o.valid"),
    Seed("credit never back", OutputBuffer, "(self.o.valid & self.o.ready)", "(self.o.valid & self.o.ready & (credit != 1))"),
    Seed("one credit too many", OutputBuffer, "self.available.eq(left != 0)", "self.available.eq(left + 1 != 0)"),
    Seed("credits a clock late", OutputBuffer, "self.available.eq(left != 0)", "self.available.eq(credit != 0)"),
    Seed("queue too small", OutputBuffer, "depth=self.depth + 1", "depth=self.depth - 1"),
    Seed("home too early", OutputBuffer, "left == self.depth", "credit == self.depth"),
    Seed("result taken twice", OutputBuffer, "queue.r_en.eq(self.o.ready)", "queue.r_en.eq(self.o.ready & ~self.write)"),
)

BANK = (
    Seed("short set loaded", CoefficientBank, "with m.If(self.i.payload.last & complete):", "with m.If(self.i.payload.last):"),
    Seed("long set loaded", CoefficientBank, "with m.If(self.i.payload.last & complete):", "with m.If(complete):"),
    Seed("rest of a long set taken", CoefficientBank, "overlong.eq(~self.i.payload.last)]", "overlong.eq(0)]"),
    Seed("changes while pending", CoefficientBank, "self.i.ready.eq(~self.pending & ~initial)", "self.i.ready.eq(~initial)"),
    Seed("handed over a clock late", CoefficientBank, "(self.pending & (self.swap | self.idle))", "(self.pending & self.idle)"),
    Seed("handed over in mid-frame", CoefficientBank, "(self.pending & (self.swap | self.idle))", "self.pending"),
    Seed("handed over twice", CoefficientBank, "m.d.sync += self.pending.eq(0)", "m.d.sync += self.pending.eq(~self.swap)"),
    Seed("restart forgotten", CoefficientBank, "[count.eq(0), overlong.eq(0)]", "overlong.eq(0)"),
    Seed(
        "order turned",
        CoefficientBank,
        "Cat(*(self.weights[index] for index in range(1, self._count)), self.i.payload.data)",
        "Cat(self.i.payload.data, *(self.weights[index] for index in range(self._count - 1)))",
    ),
    Seed("not there after reset", CoefficientBank, "self.load.eq(initial | ", "self.load.eq("),
)


def _requantiser(rounding: str, overflow: str, shift: int, output: Format, data: Format) -> Proof:
    design = FIRDesign([1, -1], data=data, output=output, shift=shift, rounding=rounding, overflow=overflow)
    seeds = []
    if rounding == "floor":
        seeds.append(
            Seed("a bit too few dropped", Requantiser, "value = self.i >> design.shift", "value = self.i >> design.shift - 1")
        )
    else:
        seeds.append(Seed("sticky bit lost", Requantiser, "value[: shift - 1].any()", "value[1 : shift - 1].any()"))
        seeds.append(Seed("half bit of the place above", Requantiser, "value[shift - 1], ", "value[shift], "))
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


ARRAY = (
    Seed(
        "product too narrow",
        MACArray,
        "design.sample, coefficient, Format.holding(product.low, product.high)",
        "design.sample, coefficient, Format.holding(product.low // 2, product.high // 2)",
    ),
    Seed(
        "sum too narrow",
        MACArray,
        "Signal(shape_of(Format.holding(adder.low, adder.high))",
        "Signal(shape_of(Format.holding(adder.low // 2, adder.high // 2))",
    ),
    Seed("lane left out", MACArray, "self.samples[product.position]", "self.samples[max(product.position, 1)]"),
    Seed("adder without its register", MACArray, "m.d.sync += node.eq", "m.d.comb += node.eq"),
)
LOADED_ARRAY = (*ARRAY, Seed("weights crossed", MACArray, "self.weights[product.weight]", "self.weights[product.position - 1]"))

LINE = (
    Seed("steps in a gap", DelayLine, "with m.If(self.valid):", "with m.If(1):"),
    Seed("never cleared", DelayLine, "with m.If(self.clear):", "with m.If(self.clear & self.samples[1][0]):"),
)
LOADED = (
    Seed("set taken by a frame's last result", ArrayCore, "self.valid & self.marks.first", "self.valid & self.marks.last"),
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
        "self.i.ready.eq(array.available)",
        "self.i.ready.eq(array.available | self.o.ready)",
    ),
    Seed("credit taken for a dropped beat", FIRCore, "array.take.eq(keep)", "array.take.eq(accept)"),
    Seed("idle with results inside", FIRCore, "self.busy.eq(opened | ~array.home)", "self.busy.eq(opened)"),
)

RASTER = (
    Seed(
        "frame a line short",
        Raster,
        "(current_line == current_last_row) & (entering | begin)",
        "(current_line + 1 == current_last_row) & (entering | begin)",
    ),
    Seed(
        "step without a credit",
        Raster,
        "m.d.comb += [begin.eq(1), advance.eq(1), consume.eq(1)]",
        "m.d.comb += [begin.eq(1), advance.eq(1), consume.eq(1)]\n"
        "                with m.Else():\n                    m.d.comb += consume.eq(skipping)",
    ),
    Seed(
        "cut frame never completed",
        Raster,
        "m.d.comb += advance.eq(self.available)\n        with m.Elif(entering):",
        "m.d.comb += advance.eq(self.i.valid & ~head.first)\n        with m.Elif(entering):",
    ),
    Seed(
        "size not checked",
        Raster,
        "with m.Elif(self.i.valid & ~size_fits):",
        "with m.Elif(self.i.valid & ~size_fits & skipping):",
    ),
    Seed("orphan not told", Raster, "self.errors.orphan.eq(~skipping)", "self.errors.orphan.eq(0)"),
    Seed("line's end not told", Raster, "self.errors.eol.eq(head.eol != (column == last_column))", "self.errors.eol.eq(0)"),
)
TAIL = (
    Seed(
        "flush never ends",
        Raster,
        "m.d.sync += [flushing.eq(0), column.eq(0), live.eq(0), live_before.eq(0), last_before.eq(0)]",
        "m.d.sync += column.eq(0)",
    ),
    Seed("next frame during another size", Raster, "head.first & size_fits & (size_same | ~leaving)", "head.first & size_fits"),
    Seed("bubble between frames", Raster, "(size_same | ~leaving)", "(~leaving)"),
    Seed("credit for every step", Raster, "self.take.eq(advance & result)", "self.take.eq(advance)"),
    Seed(
        "flush waits for a pixel",
        Raster,
        "[advance.eq(self.available), flush.eq(1)]\n        with m.Else():",
        "[advance.eq(self.available & self.i.valid), flush.eq(1)]\n        with m.Else():",
    ),
)


IMAGE = (
    Seed("size of another frame", Conv2DCore, "raster.rows.eq(skid.o.p.rows)", "raster.rows.eq(self.rows)"),
    Seed(
        "border on the wrong side",
        Window,
        "loaded = [outside] * left + first_columns",
        "loaded = first_columns + [outside] * left",
    ),
    Seed("row of the border one too far", RowBorder, "self.step.top < above - place", "self.step.top <= above - place"),
    Seed("line written back late", LineBuffer, "write.en.eq(self.o_valid)", "write.en.eq(self.o_valid & ~read_valid)"),
)


def _fir(**changes: object) -> FIRDesign:
    return FIRDesign(**({"coefficients": [1, -2], "data": Format(2, True), "rounding": "floor"} | changes))


def _array(name: str, design: FIRDesign | Conv2DDesign, seeds: tuple[Seed, ...]) -> Proof:
    size = f"{len(design.weights)} lanes, {design.sample} by {design.coefficient_format}"
    return Proof(name, size, lambda: specs.MACArraySpec(design), 12, seeds, bounded=12)


def _raster(name: str, kernel: tuple[int, int], seeds: tuple[Seed, ...] = (), **changes: object) -> Proof:
    design = Conv2DDesign([[1] * kernel[1]] * kernel[0], pixel=Format(1, False), **({"rows": 1, "columns": 1} | changes))
    size = f"kernel {kernel[0]}x{kernel[1]}, frames to {design.core_rows}x{design.core_columns}"
    return Proof(f"raster {name}", size, lambda: specs.RasterSpec(design), 40, seeds)


def _buffer(depth: int, flight: int, sustains: bool, seeds: tuple[Seed, ...] = ()) -> Proof:
    size = f"depth {depth}, {flight} in flight{', sustained' * sustains}"
    return Proof("output buffer", size, lambda: specs.OutputBufferSpec(depth, flight, sustains=sustains), 2 * depth + 16, seeds)


IMAGE_DESIGN = Conv2DDesign([[1, -2], [3, -1]], pixel=Format(1, False), rounding="floor", boundary="edge", rows=2, columns=2)

REQUANTISED = tuple(
    _requantiser(rounding, overflow, 6, Format(9, True), Format(15, True))
    for rounding, overflow in product(ROUNDINGS, OVERFLOWS)
)

PROOFS: tuple[Proof, ...] = (
    Proof("skid buffer", "8 bits", lambda: specs.SkidBufferSpec(8), 12, SKID),
    _buffer(1, 1, False),
    _buffer(6, 3, True, BUFFER),
    _buffer(4, 6, False),
    _buffer(8, 5, True),
    Proof(
        "delay",
        "3 clocks, 2 bits",
        lambda: specs.DelaySpec(3),
        8,
        (Seed("clock missing", Delay, "range(self._clocks)", "range(1, self._clocks)"),),
    ),
    Proof(
        "coefficient bank",
        "3 of s3",
        lambda: specs.CoefficientBankSpec(_fir(coefficients=[1, -2, 3], coefficient=Format(3, True), loadable=True)),
        24,
        BANK,
    ),
    Proof(
        "coefficient bank",
        "1 of s2",
        lambda: specs.CoefficientBankSpec(_fir(coefficients=[1], coefficient=Format(2, True), loadable=True)),
        24,
    ),
    *REQUANTISED,
    _array("MAC array", FIRDesign([3, -4, 0, 2], data=Format(4, True)), ARRAY),
    _array("MAC array", FIRDesign([5], data=Format(8, False)), ()),
    _array(
        "MAC array, loaded", FIRDesign([1, 0], data=Format(3, True), coefficient=Format(3, True), loadable=True), LOADED_ARRAY
    ),
    Proof("FIR core", "2 taps, s2, buffer of 4", lambda: specs.FIRCoreSpec(_fir(), 4), 30, CORE),
    Proof(
        "FIR core, loaded", "2 taps, s2 by s2, buffer of 4", lambda: specs.FIRCoreSpec(_fir(loadable=True), 4), 30, LOADED, 26
    ),
    Proof(
        "2-D core",
        "kernel 2x2, edge, u1, frames to 2x4, buffer of 4",
        lambda: specs.Conv2DCoreSpec(IMAGE_DESIGN, 4),
        26,
        IMAGE,
        21,
    ),
    _raster("same", (2, 2), RASTER),
    _raster("same", (3, 3), TAIL),
    _raster("same", (1, 1), rows=3, columns=3),
    _raster("same", (1, 3), rows=3),
    _raster("same", (3, 1), columns=4),
    _raster("valid", (2, 2), RASTER[2:], mode="valid"),
    _raster("valid", (3, 2), mode="valid"),
)
