"""The proofs of whole cores in lean shells: without registers, with frames of one size, with and without back-pressure."""

from formal.cores.conv2d import Conv2DCoreSpec
from formal.cores.fir import FIRCoreSpec
from formal.cores.free_conv2d import FreeConv2DCoreSpec
from formal.cores.free_fir import FreeFIRCoreSpec
from formal.kinds.conv2d import FIXED, FREE, LINES, RASTER, WAITS, WINDOW
from formal.kinds.fir import LINE, small_fir
from formal.proof import Proof
from formal.seeds import Seed, named
from formal.stream.compact_seeds import COMPACT

from convolver.designs import Conv2DDesign
from convolver.formats import Format
from convolver.hw.bus.bare import BareAccelerator
from convolver.hw.cores.conv2d import Conv2DCore
from convolver.hw.cores.fir import FIRCore
from convolver.hw.mac.multiplier import Multiplier
from convolver.hw.stream.direct_output import DirectOutput
from convolver.hw.window.signal_entry import SignalEntry
from convolver.shell import Shell

__all__ = ["PROOFS"]

DIRECT = (
    Seed(
        "result waits for its receiver",
        DirectOutput,
        "self.o.valid.eq(self.write)",
        "self.o.valid.eq(self.write & self.o.ready)",
    ),
    Seed("errors not told", BareAccelerator, "self.errors.eq(core.errors)", "self.errors.eq(0)"),
)
FREE_FIR = (
    *LINE,
    *DIRECT,
    Seed("no more taken while one is inside", DirectOutput, "self.available.eq(1)", "self.available.eq(flying == 0)"),
    Seed("sample outside a frame kept", SignalEntry, "self.available & (opened | self.i.payload.first)", "self.available"),
    Seed("frame never closed", SignalEntry, "opened.eq(~self.i.payload.last)", "opened.eq(1)"),
    Seed("first sample told as an orphan", SignalEntry, "accepted & ~self.o.valid", "accepted & ~inside"),
    Seed("frame that is cut not told", SignalEntry, "self.o.beat.first & inside", "self.o.beat.last & inside"),
    Seed("idle with results inside", FIRCore, "entry.open | ~array.idle", "entry.open"),
    Seed(
        "mark a clock early",
        FIRCore,
        "wiring.connect(m, feeder.o, array.i)",
        "wiring.connect(m, feeder.o, array.i); m.d.comb += array.i.marks.last.eq(self.i.payload.last)",
    ),
)
FREE_LOADED = (
    Seed(
        "set taken by a frame's last result",
        FIRCore,
        "entry.o.valid & (entry.o.beat.first |",
        "entry.o.valid & (entry.o.beat.last |",
    ),
    Seed("register takes what passes", Multiplier, "with m.If(self.load):", "with m.If(1):"),
)
FREE_IMAGES = (
    *DIRECT,
    *named(
        FREE,
        "beat outside a frame taken",
        "frame goes on behind its end",
        "new frame in the old one's row",
        "result in a frame's first row",
        "result in a line's first column",
        "every result the first",
        "line's end not told",
        "frame that is cut not told",
        "beat that isn't there",
    ),
    *named(LINES, "written in a gap", "written a clock early"),
    *named(WINDOW, "window steps in a gap", "gap shown as a result"),
    Seed("idle with results inside", Conv2DCore, "raster.open | raster.o.valid | ~array.idle", "raster.open | raster.o.valid"),
)
TURNED = (Seed("kernel turned round", Conv2DCore, "zip(sums.places, places, strict=True)", "zip(sums.places, places[::-1])"),)
WAITING = named(
    COMPACT, "credit back with the transfer", "one credit too few in reserve", "result taken twice", "offer withdrawn"
)
FIXED_FRAMES = (
    *named(FIXED, "frame a row longer", "line a column longer"),
    *named(RASTER, "orphan not told", "cut frame never completed"),
    *named(WAITS, "busy for ever"),
)


def _fir(seeds: tuple[Seed, ...], bounded: int | None = None, **changes: object) -> Proof:
    """Of a core with back-pressure."""
    design = small_fir(**changes)
    shell = Shell("coefficients" if design.loadable else "none").of(design)
    name = f"lean FIR core{', loaded' * design.loadable}"
    return Proof(name, "2 taps, s2, buffer of 4", lambda: FIRCoreSpec(design, 4, shell=shell), 36, seeds, bounded)


def _image(kernel: list[list[int]], **changes: object) -> tuple[Conv2DDesign, str]:
    design = Conv2DDesign(kernel, **({"pixel": Format(1, False), "rounding": "floor"} | changes))
    rows, columns = (axis.most for axis in design.frame_axes)
    words = [f"kernel {len(kernel)}x{len(kernel[0])}", "valid" if design.mode == "valid" else design.boundary]
    return design, ", ".join([*words, *["correlated"] * (design.operation == "correlate"), f"frames of {rows}x{columns}"])


def _free(kernel: list[list[int]], seeds: tuple[Seed, ...] = (), bounded: int | None = None, **changes: object) -> Proof:
    design, size = _image(kernel, mode="valid", **changes)
    return Proof("2-D core without back-pressure", size, lambda: FreeConv2DCoreSpec(design), 40, seeds, bounded)


def _lean(kernel: list[list[int]], seeds: tuple[Seed, ...], bounded: int, **changes: object) -> Proof:
    design, size = _image(kernel, **changes)
    shell = Shell().of(design)
    return Proof("lean 2-D core", f"{size}, buffer of 4", lambda: Conv2DCoreSpec(design, 4, shell), 60, seeds, bounded)


SQUARE = [[1, -2], [2, -1]]

PROOFS: tuple[Proof, ...] = (
    Proof("FIR core without back-pressure", "2 taps, s2", lambda: FreeFIRCoreSpec(small_fir()), 30, FREE_FIR),
    Proof("FIR core without back-pressure", "3 taps, s2", lambda: FreeFIRCoreSpec(small_fir(coefficients=[1, -2, 1])), 30),
    Proof(
        "FIR core without back-pressure, loaded",
        "2 taps, s2 by s2",
        lambda: FreeFIRCoreSpec(small_fir(loadable=True)),
        30,
        FREE_LOADED,
        22,
    ),
    _fir(WAITING),
    _fir(FREE_LOADED, 22, loadable=True),
    _free(SQUARE, FREE_IMAGES, rows=3, columns=4),
    _free(SQUARE, TURNED, rows=3, columns=4, operation="correlate"),
    _free([[1], [-2], [1]], rows=4, columns=3),
    _free([[1, -2, 1], [2, -1, 1], [0, 1, -1]], bounded=24, rows=4, columns=4),
    _lean(SQUARE, (*FIXED_FRAMES, *WAITING[1:]), 20, boundary="edge", rows=2, columns=4),
    _lean(SQUARE, FIXED_FRAMES[:2], 24, mode="valid", rows=3, columns=4),
)
