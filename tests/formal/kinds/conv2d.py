"""The proofs of the 2-D cores and of their parts."""

from formal.cores.conv2d import Conv2DCoreSpec
from formal.proof import Proof
from formal.seeds import Seed
from formal.window.frame_check import FrameCheckSpec
from formal.window.free_raster import FreeRasterSpec
from formal.window.line_buffer import LineBufferSpec
from formal.window.line_ring import LineRingSpec
from formal.window.raster import RasterSpec
from formal.window.window import WindowSpec

from convolver.designs import Conv2DDesign
from convolver.formats import Format
from convolver.hw.cores.conv2d import Conv2DCore
from convolver.hw.window.beats import beats_of
from convolver.hw.window.border import Borders, filled
from convolver.hw.window.comparison import equal
from convolver.hw.window.fixed_check import FixedCheck
from convolver.hw.window.frame_check import FrameCheck
from convolver.hw.window.frame_size import KeptSize
from convolver.hw.window.free_raster import FreeRaster
from convolver.hw.window.line_buffer import LineBuffer
from convolver.hw.window.line_ring import LineRing
from convolver.hw.window.raster import Raster
from convolver.hw.window.scan import scan_of
from convolver.hw.window.window import RowBorder, window_of
from convolver.plan.geometry import geometry_of

__all__ = ["FIXED", "FREE", "LINES", "PROOFS", "RASTER", "WAITS", "WINDOW"]

LINES = (
    Seed("written a clock early", LineBuffer, "memory.write.eq(self.o.valid)", "memory.write.eq(valid)"),
    Seed("written in a gap", LineBuffer, "memory.write.eq(self.o.valid)", "memory.write.eq(1)"),
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
    Seed("border a column late", Borders, "self.i.step.near[when]", "self.i.step.near[when + 1]"),
    Seed(
        "row begun a column early",
        Borders,
        "self.i.step.near[geometry_of(design).ahead]",
        "self.i.step.near[geometry_of(design).ahead - 1]",
    ),
    Seed("top taken for bottom", Borders, "step.top if offset < 0 else step.bottom", "step.bottom if offset < 0 else step.top"),
    Seed(
        "row beside the border's",
        RowBorder,
        "column[geometry.above + source]",
        "column[geometry.above + source - 1]",
    ),
    Seed("chain steps in a gap", window_of, "with m.If(self.i.valid):", "with m.If(1):"),
    Seed(
        "window steps in a gap",
        window_of,
        "with m.If(valid):\n                m.d.sync += [place.eq(after)",
        "with m.If(1):\n                m.d.sync += [place.eq(after)",
    ),
    Seed("row never begun", window_of, "Mux(choice.load, load, shift)", "shift"),
    Seed("gap shown as a result", window_of, "self.o.valid.eq(valid & choice.result)", "self.o.valid.eq(choice.result)"),
)
CHOSEN = (
    Seed(
        "fill of the next frame", RowBorder, "filled(design, self._form, kept.choice", "filled(design, self._form, self.choice"
    ),
    Seed("filled where nothing is", filled, "sources.index(None)].replicate", "0].replicate"),
    Seed("fill of the row in front", filled, "fill(choice.border_before)", "fill(choice.border)"),
)
MANY_ROWS, MANY_COLUMNS = (
    (
        Seed("last source left out", block, "reduce(or_, pairs)", "reduce(or_, pairs[:-1])"),
        Seed("one of each two left out", block, "masked[first : first + 2]", "masked[first : first + 1]"),
    )
    for block in (RowBorder, window_of)
)
CHECK = (
    Seed("size of the next frame", FrameCheck, '"rows_left": first.rows - 2', '"rows_left": self.rows - 2'),
    Seed("half a size checked", FrameCheck, "first.fits.all()", "first.fits.any()"),
    Seed("size too wide to be kept", FrameCheck, "~exceeds(asked, most)", "~exceeds(now_kept, most)"),
    Seed("half of the rows compared", FrameCheck, "first.rows_repeat.all()", "first.rows_repeat[0]"),
    Seed("half of the columns compared", FrameCheck, "first.columns_repeat.all()", "first.columns_repeat[1]"),
    Seed("size of any beat remembered", FrameCheck, "with m.If(opens):", "with m.If(there):"),
    Seed("joins one that was refused", FrameCheck, "fitted.eq(~opens & (begun | fitted))", "fitted.eq(~opens)"),
    Seed("joins one that was cut", FrameCheck, "fitted.eq(~opens & (begun | fitted))", "fitted.eq(begun | fitted)"),
    Seed("joins none behind three pixels", FrameCheck, "fitted.eq(~opens & (begun | fitted))", "fitted.eq(~opens & begun)"),
    Seed("place left while stalled", FrameCheck, "get.eq(get ^ (self.o.valid & self.o.ready))", "get.eq(get ^ self.o.valid)"),
    Seed("both in one place", FrameCheck, "with m.If(moved & (put == index))", "with m.If(moved & (index == 0))"),
    Seed("beat in front overwritten", FrameCheck, "(~second.i.ready | there)", "~second.i.ready"),
    Seed("a place too few", FrameCheck, "full | (self.i.valid & self.o.valid", "full | (self.i.valid"),
    Seed("refused what isn't there", FrameCheck, "refused.eq(there & ~starts)", "refused.eq(~starts)"),
    Seed("not waiting with a beat in front", FrameCheck, "waiting.eq(there | second.o.valid)", "waiting.eq(second.o.valid)"),
)
WIDE = (Seed("one bit of each two compared", equal, "one[low : low + 2] == other[low : low + 2]", "one[low] == other[low]"),)
BORDERS = (
    Seed("border of the next frame", FrameCheck, '"border": Value.cast(first.border)', '"border": Value.cast(given.border)'),
)
RASTER = (
    Seed("frame a line short", scan_of, "last_line.eq(rows_given[-1])", "last_line.eq((rows_given - 1)[-1])"),
    Seed(
        "step without a credit",
        Raster,
        "(entering & ~more))),",
        "(entering & ~more)) | flushing | completing),",
    ),
    Seed("cut frame never completed", Raster, "(completing | cut) & ~frame_end", "cut & ~frame_end"),
    Seed("size not checked", Raster, "(idle & starts)", "(idle & first)"),
    Seed("orphan not told", Raster, "self.errors.orphan.eq(drop & ~first & ~skipping)", "self.errors.orphan.eq(0)"),
    Seed("line's end not told", beats_of, "return eol != line_end", "return eol & ~line_end"),
    Seed(
        "line's end a column early", scan_of, "columns_given, checked.columns_left,", "columns_given, checked.columns_left - 1,"
    ),
    Seed("length of the frame on offer", Raster, "self.o.length.eq(scan.columns_given)", "self.o.length.eq(beat.columns_left)"),
)

SHORT = (
    Seed("frame follows a short one, and no other", scan_of, "self.short, short_given,", "self.short, ~short_given,"),
    Seed("short by the frame on offer", Raster, "frame_end & ~scan.short)", "frame_end & ~beat.short)"),
)
LAST = (
    Seed(
        "frame's end a row late",
        scan_of,
        "self.line_end & last_row_now if before == 1",
        "self.line_end & last_before if before == 1",
    ),
    Seed("first pixel of another size lost", Raster, "(refused | (available & beat.joins))", "(refused | available)"),
    Seed("end driven out though a frame may follow", KeptSize, "closing.eq(frame_end & short)", "closing.eq(frame_end)"),
)
WHOLE = (
    Seed(
        "size of the next frame",
        FrameCheck,
        '"rows_left": first.rows - 2',
        '"rows_left": self.rows - 2',
    ),
    Seed("half a size checked", FrameCheck, "first.fits.all()", "first.fits.any()"),
    Seed(
        "end of the frame for the line's",
        Conv2DCore,
        "wiring.connect(m, beside.o, feeder.i)",
        "wiring.connect(m, beside.o, feeder.i); m.d.comb += feeder.i.marks.eol.eq(beside.o.marks.last)",
    ),
)
WAITS = (
    Seed(
        "first pixel of a frame never taken",
        Conv2DCore,
        "raster.available.eq(array.available)",
        "raster.available.eq(array.available & raster.open)",
    ),
    Seed("busy for ever", Conv2DCore, "self.busy.eq(check.waiting", "self.busy.eq(1 | check.waiting"),
    Seed("errors not told", Conv2DCore, "self.errors[name].eq(raster.errors[name])", "self.errors[name].eq(0)"),
)
ONE_RESULT = (
    Seed("idle in front of a frame's only result", Conv2DCore, "raster.open | raster.o.valid | ~array", "raster.open | ~array"),
)
FREE = (
    Seed("beat outside a frame taken", FreeRaster, "starts | (beat.more & inside)", "starts | beat.more"),
    Seed("frame goes on behind its end", FreeRaster, "inside.eq(~over)", "inside.eq(1)"),
    Seed("new frame in the old one's row", FreeRaster, "row.eq(Mux(starts, 0, row + line_end))", "row.eq(row + line_end)"),
    Seed("result in a frame's first row", FreeRaster, "live = served & ~starts", "live = served"),
    Seed("result in a line's first column", FreeRaster, "reached = passed & ~fresh", "reached = passed"),
    Seed("every result the first", FreeRaster, "given.eq(unlike | result)", "given.eq(0)"),
    Seed("last mark in each line", FreeRaster, "eol & (row == last_row) & ~starts if", "eol if"),
    Seed("line's end not told", FreeRaster, "beat.beat.eol != line_end", "beat.beat.eol & ~line_end"),
    Seed("frame that is cut not told", FreeRaster, "self.errors.first.eq(starts & inside)", "self.errors.first.eq(0)"),
    Seed(
        "orphan among first beats", FixedCheck, "checked.more.eq(self.i.valid & ~beat.first)", "checked.more.eq(self.i.valid)"
    ),
    Seed("beat that isn't there", FixedCheck, "checked.starts.eq(self.i.valid & beat.first)", "checked.starts.eq(beat.first)"),
)
STRIDES = (
    Seed("stride counted from another row", FreeRaster, "now.eq(Mux(anew, 0, place))", "now.eq(place)"),
    Seed("stride too long", FreeRaster, "Mux(now == step - 1, 0, now + 1)", "now + 1"),
    Seed("end of a line at its last column", FreeRaster, "eol = at(last_column)", "eol = at(columns - 1)"),
)
FIXED = (
    Seed("frame a row longer", FixedCheck, "checked.rows_left.eq(rows - 2)", "checked.rows_left.eq(rows - 1)"),
    Seed("line a column longer", FixedCheck, "checked.columns_left.eq(whole - 3)", "checked.columns_left.eq(whole - 2)"),
    Seed("frame that follows waits", FixedCheck, "checked.joins.eq(self.i.valid & beat.first)", "checked.joins.eq(0)"),
    Seed("refused what it takes", FixedCheck, "refused.eq(self.i.valid & ~beat.first)", "refused.eq(self.i.valid)"),
)


def _raster(
    name: str,
    kernel: tuple[int, int],
    seeds: tuple[Seed, ...] = (),
    bounded: int | None = None,
    *,
    fixed: bool = False,
    **changes: object,
) -> Proof:
    design = Conv2DDesign([[1] * kernel[1]] * kernel[0], pixel=Format(1, False), **({"rows": 1, "columns": 1} | changes))
    reach = "of" if fixed else "to"
    size = f"kernel {kernel[0]}x{kernel[1]}, frames {reach} {design.frame_axes[0].most}x{design.frame_axes[1].most}"
    return Proof(f"raster {name}", size, lambda: RasterSpec(design, fixed=fixed), 40, seeds, bounded)


def _free(rows: int, columns: int, kernel: tuple[int, int], seeds: tuple[Seed, ...], **changes: object) -> Proof:
    weights = [[1] * kernel[1]] * kernel[0]
    design = Conv2DDesign(weights, pixel=Format(1, False), mode="valid", rows=rows, columns=columns, **changes)
    size = f"kernel {kernel[0]}x{kernel[1]}, frames of {rows}x{columns}" + f", stride {design.stride[0]}x{design.stride[1]}" * (
        design.stride != (1, 1)
    )
    return Proof("free raster", size, lambda: FreeRasterSpec(design), 40, seeds)


def _image(kernel: tuple[int, int], **changes: object) -> tuple[Conv2DDesign, str]:
    weights = [[1 + row * kernel[1] + column for column in range(kernel[1])] for row in range(kernel[0])]
    changes = {"pixel": Format(1, False), "rows": 4, "columns": 4} | changes
    design = Conv2DDesign(weights, **changes)
    words = [
        f"kernel {kernel[0]}x{kernel[1]}",
        geometry_of(design).mode if geometry_of(design).mode == "valid" else design.boundary,
    ]
    words += ["chosen"] * design.switchable + ["correlated"] * (design.operation == "correlate")
    return design, f"{', '.join(words)}, lines to {design.frame_axes[1].most}"


def _check(kernel: tuple[int, int], rows: int, columns: int, seeds: tuple[Seed, ...] = (), **changes: object) -> Proof:
    design = Conv2DDesign([[1] * kernel[1]] * kernel[0], pixel=Format(1, False), rows=rows, columns=columns, **changes)
    border = "chosen border" if design.switchable else geometry_of(design).mode if design.mode == "valid" else design.boundary
    size = f"kernel {kernel[0]}x{kernel[1]}, {border}, frames to {design.frame_axes[0].most}x{design.frame_axes[1].most}"
    return Proof("frame check", size, lambda: FrameCheckSpec(design), 20, seeds)


def _core(kernel: list[list[int]], seeds: tuple[Seed, ...], bounded: int, covers: int, **changes: object) -> Proof:
    settings = {"pixel": Format(1, False), "rounding": "floor", "rows": 1, "columns": 3} | changes
    design = Conv2DDesign(kernel, **settings)
    size = f"kernel {len(kernel)}x{len(kernel[0])}, {settings.get('mode', settings.get('boundary'))}"
    return Proof(
        "2-D core",
        f"{size}, frames to {design.frame_axes[0].most}x{design.frame_axes[1].most}, buffer of 4",
        lambda: Conv2DCoreSpec(design, 4),
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


PROOFS: tuple[Proof, ...] = (
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
    _window((2, 4), CHOSEN, switchable=True, columns=5),
    _window((1, 5), MANY_COLUMNS, boundary="reflect", switchable=True, columns=4),
    _window((9, 1), MANY_ROWS, boundary="symmetric", columns=2),
    _check((3, 3), 3, 5, CHECK, boundary="edge"),
    _check((2, 2), 3, 4, boundary="reflect"),
    _check((2, 3), 480, 640, WIDE, mode="valid"),
    _check((3, 2), 3, 4, BORDERS, switchable=True),
    _raster("same", (2, 2), RASTER),
    _raster("same", (1, 1), rows=3, columns=3),
    _raster("valid", (2, 2), RASTER[2:], mode="valid"),
    _raster("valid", (3, 2), mode="valid"),
    _raster("same", (3, 3), SHORT),
    _raster("same", (1, 3), LAST),
    _raster("same", (3, 1)),
    _raster("fixed", (2, 2), FIXED, fixed=True, operation="correlate"),
    _raster("fixed", (2, 2), FIXED[:2], fixed=True, mode="valid"),
    _free(3, 4, (2, 2), FREE),
    _free(4, 6, (2, 2), STRIDES[1:], stride=(2, 3)),
    _free(4, 5, (1, 1), STRIDES[:1], stride=(3, 3)),
    _core([[1], [-2]], WHOLE + WAITS, 20, 60, boundary="edge", rows=2),
    _core([[1, -2, 1]], ONE_RESULT + WAITS, 20, 60, mode="valid"),
)
