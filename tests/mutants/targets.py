"""What is mutated: parts alone, and whole cores, in whose mutants their parts are counted apart."""

from formal.bus.axi_lite import AXILiteFrontSpec
from formal.cores.conv2d import Conv2DCoreSpec
from formal.cores.fir import FIRCoreSpec
from formal.cores.moving_maximum import MovingMaximumCoreSpec
from formal.mac.coefficients import CoefficientBankSpec, CoefficientMemorySpec
from formal.mac.mac_array import MACArraySpec
from formal.mac.rate_graph import RateGraphSpec
from formal.output.requantiser import RequantiserSpec
from formal.stream.delay import DelaySpec
from formal.stream.direct_output import DirectOutputSpec
from formal.stream.output_buffer import CompactBufferSpec, OutputBufferSpec
from formal.stream.skid_buffer import SkidBufferSpec
from formal.window.frame_check import FrameCheckSpec
from formal.window.free_raster import FreeRasterSpec
from formal.window.line_buffer import LineBufferSpec
from formal.window.raster import RasterSpec
from formal.window.window import WindowSpec
from mutants.mutation import Target

from convolver.designs import Conv2DDesign, FIRDesign, MovingMaximumDesign, ResampleDesign
from convolver.formats import Format, Overflow, Rounding

__all__ = ["TARGETS"]

U1 = Format(1, False)
S2, S3, S4, S5, S9, S15 = (Format(width, True) for width in (2, 3, 4, 5, 9, 15))
SET = FIRDesign([1, -2, 3], coefficient=S3, loadable=True)
FOLDED_SET = FIRDesign([1, -2, 1], data=S2, coefficient=S2, loadable=True, clocks_per_sample=2)
LANES = FIRDesign([1, 2, 3], data=S4, coefficient=S4, loadable=True)
CONSTANTS = FIRDesign([3, -4, 0, 2], data=S4)
SHIFTED = FIRDesign([3, 0, -5, 11], data=S3, multipliers=0)
PHASES = ResampleDesign([3, -5, 7, 2, 7, -5, 3], 3, 1, data=S3, multipliers=0)
HELD = ResampleDesign([3, 5, -7, 2, 1, -3], 2, 3, data=S3, multipliers=0)
SLOTS = FIRDesign([1, 2, 3, 1], data=S3, coefficient=S3, loadable=True, clocks_per_sample=2)
HALVES = FIRDesign([1, -2], data=S3, coefficient=S3, loadable=True, symmetry="none")
FILTER = FIRDesign([1, -2, 3], data=S4, coefficient=S3, output=S5, shift=1, rounding="floor", loadable=True)
PAIRS = FIRDesign([1, -2, 3, -2, 1], data=S4, coefficient=S3, rounding="floor", loadable=True, symmetry="symmetric")
SHARED = FIRDesign(
    [1, -2, 3, 3, -2, 1],
    data=S4,
    coefficient=S3,
    rounding="floor",
    loadable=True,
    symmetry="symmetric",
    clocks_per_sample=2,
)
UNEVEN = FIRDesign([1, -2, 3, 0, 2, 1, -1], data=S4, rounding="floor", clocks_per_sample=4)
FILTER_PARTS = {
    "entry": "SignalEntry",
    "feeder.line_0": "DelayLine",
    "feeder.line_1": "DelayLine",
    "feeder.memory": "SampleMemory",
    "array": "ArrayCore",
    "array.array": "MACArray",
    "array.beside": "Delay",
}
IMAGE_PARTS = {"array": "ArrayCore", "array.beside": "Delay"}
WINDOW_PARTS = {"borders": "Borders", "border": "RowBorder", "window": "Window"}
GROUPS = FIRDesign(
    [1, -2, 1, 0, -1, 1, -2, 0, 1, -1],
    data=S3,
    coefficient=S2,
    rounding="floor",
    loadable=True,
    continuous=True,
    swap="sample",
)
FREE = Conv2DDesign([[1] * 2] * 2, pixel=U1, mode="valid", rows=4, columns=6, stride=(2, 3))
PEAKS = MovingMaximumDesign(5, data=S4, fill=-3)
PEAK_PARTS = {"entry": "SignalEntry", "beside": "Delay"} | {f"window_{stage}": "WindowMaximum" for stage in range(3)}
# What stands behind every feeder is mutated alone.
ALONE = ("array.array", "array.bank", "array.buffer", "array.requantiser", "skid")


def _requantiser(rounding: Rounding, overflow: Overflow, mutants: int) -> Target:
    design = FIRDesign([1, -1], data=S15, output=S9, shift=6, rounding=rounding, overflow=overflow)
    return Target(f"requantiser, {rounding}, {overflow}", lambda: RequantiserSpec(design), mutants)


def _array(name: str, design: FIRDesign, mutants: int, cuts: tuple[int, ...] = ()) -> Target:
    return Target(name, lambda: MACArraySpec(design, cuts), mutants, bounded=14, feeds_forward=True)


def _filter(name: str, design: FIRDesign, mutants: int, without: tuple[str, ...] = ALONE) -> Target:
    return Target(
        f"FIR core, {name}",
        lambda: FIRCoreSpec(design),
        mutants,
        60_000,
        24,
        without=without,
        buffer="array.buffer",
        parts=FILTER_PARTS,
    )


def _image(kernel: list[list[int]], **changes: object) -> Conv2DDesign:
    return Conv2DDesign(kernel, **({"pixel": U1, "rounding": "floor", "rows": 4, "columns": 4} | changes))


EDGE = _image([[1, -2, 3], [2, 1, -1], [3, -3, 2]], boundary="edge", rows=3, columns=5)
FILL = _image([[1, -2], [3, -1], [2, 3]], fill=1, output=S4, rows=3)
MIRROR = _image([[1, -2], [3, 2]], boundary="reflect", rows=3)
VALID = _image([[1, -2, 1], [3, -1, 2]], mode="valid", operation="correlate", rows=3, columns=5)


def _image_targets(name: str, design: Conv2DDesign) -> tuple[Target, ...]:
    """The parts in front of the array alone, and the core that they make."""
    return (
        Target(f"line buffer, {name}", lambda: LineBufferSpec(design), 80, 200_000),
        Target(f"window, {name}", lambda: WindowSpec(design), 200, parts=WINDOW_PARTS),
        Target(f"raster, {name}", lambda: RasterSpec(design), 250, 200_000),
        Target(f"frame check, {name}", lambda: FrameCheckSpec(design), 250, 60_000),
        Target(
            f"2-D core, {name}",
            lambda: Conv2DCoreSpec(design),
            250,
            200_000,
            14,
            without=(*ALONE, "check", "lines", "borders", "border", "window", "raster"),
            buffer="array.buffer",
            parts=IMAGE_PARTS,
        ),
    )


TARGETS = (
    Target("skid buffer", lambda: SkidBufferSpec(8), 100),
    Target("output buffer of 4", lambda: OutputBufferSpec(4, 1), 250),
    Target("output buffer of 5", lambda: OutputBufferSpec(5, 1), 250),
    Target("compact buffer of 4", lambda: CompactBufferSpec(4, 1), 250),
    Target("direct output", lambda: DirectOutputSpec(3), 50),
    Target("free raster", lambda: FreeRasterSpec(FREE), 150),
    Target("delay", lambda: DelaySpec(3), 30),
    Target("AXI4-Lite front", AXILiteFrontSpec, 250),
    Target("coefficient bank", lambda: CoefficientBankSpec(SET), 250, 300_000),
    Target("coefficient memory", lambda: CoefficientMemorySpec(FOLDED_SET), 250),
    _requantiser("floor", "saturate", 80),
    _requantiser("half_up", "wrap", 100),
    _requantiser("half_even", "saturate", 200),
    _requantiser("half_away", "wrap", 150),
    _requantiser("toward_zero", "saturate", 150),
    _array("MAC array, constants", CONSTANTS, 100),
    _array("adder graph", SHIFTED, 100),
    Target("adder graph, rate times 3", lambda: RateGraphSpec(PHASES), 150, bounded=14, feeds_forward=True),
    Target("adder graph, rate times 2/3", lambda: RateGraphSpec(HELD), 150),
    _array("MAC array, loaded", LANES, 200),
    _array("MAC array, folded", SLOTS, 150),
    _array("MAC array, in segments", HALVES, 200, cuts=(2, 4)),
    _filter("plain", FILTER, 200),
    _filter("symmetric", PAIRS, 200),
    _filter("in groups", GROUPS, 200, without=ALONE[1:]),
    _filter("folded, symmetric", SHARED, 300),
    _filter("folded, uneven", UNEVEN, 200),
    Target(
        "moving maximum core",
        lambda: MovingMaximumCoreSpec(PEAKS),
        200,
        60_000,
        24,
        without=("buffer",),
        buffer="buffer",
        parts=PEAK_PARTS,
    ),
    *_image_targets("edge 3x3", EDGE),
    *_image_targets("constant 3x2", FILL),
    *_image_targets("reflect 2x2", MIRROR),
    *_image_targets("valid 2x3", VALID),
)
