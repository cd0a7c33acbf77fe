"""What is mutated: parts alone, and whole cores, in whose mutants their parts are counted apart."""

from formal import specs
from mutants.mutation import Target

from convolver.designs import Conv2DDesign, FIRDesign
from convolver.formats import Format

__all__ = ["TARGETS", "part"]

S3, S4, S9, S15, U2 = Format(3, True), Format(4, True), Format(9, True), Format(15, True), Format(2, False)
SET = FIRDesign([1, -2, 3], coefficient=S3, loadable=True)
EVEN = FIRDesign([1, -1], data=S15, output=S9, shift=6, rounding="half_even")
AWAY = FIRDesign([1, -1], data=S15, output=S9, shift=6, rounding="half_away", overflow="wrap")
LANES = FIRDesign([1, 2, 3], data=S4, coefficient=S4, loadable=True)
FILTER = FIRDesign([1, -2, 3], data=S4, coefficient=S3, output=Format(5, True), shift=1, rounding="floor", loadable=True)
EDGE = Conv2DDesign([[1, -2, 3], [2, 1, -1], [3, -3, 2]], pixel=U2, rounding="floor", boundary="edge", rows=4, columns=5)
FILL = Conv2DDesign([[1, -2], [3, -1], [2, 3]], pixel=U2, rounding="floor", fill=2, output=S4, rows=4, columns=4)
VALID = Conv2DDesign(
    [[1, -2, 1, 3], [3, -1, 2, -2]], pixel=U2, rounding="floor", mode="valid", operation="correlate", rows=4, columns=5
)

TARGETS = (
    Target("skid buffer", lambda: specs.SkidBufferSpec(8), 100),
    Target("output buffer", lambda: specs.OutputBufferSpec(6, 3, sustains=True), 200),
    Target("coefficient bank", lambda: specs.CoefficientBankSpec(SET), 200),
    Target("requantiser, half_even, saturate", lambda: specs.RequantiserSpec(EVEN), 200),
    Target("requantiser, half_away, wrap", lambda: specs.RequantiserSpec(AWAY), 150),
    Target("MAC array", lambda: specs.MACArraySpec(LANES), 200, bounded=12, feeds_forward=True),
    Target("FIR core", lambda: specs.FIRCoreSpec(FILTER), 400, 60_000, 30),
    Target("2-D core, edge", lambda: specs.Conv2DCoreSpec(EDGE), 600, 100_000, 30),
    Target("2-D core, constant", lambda: specs.Conv2DCoreSpec(FILL), 600, 100_000, 30),
    Target("2-D core, valid", lambda: specs.Conv2DCoreSpec(VALID), 500, 100_000, 30),
)

PARTS = {
    "top.dut.array.array": "MACArray",
    "top.dut.array.bank": "CoefficientBank",
    "top.dut.array.beside": "Delay",
    "top.dut.array.buffer": "OutputBuffer",
    "top.dut.array.requantiser": "Requantiser",
    "top.dut.array": "ArrayCore",
    "top.dut.border": "RowBorder",
    "top.dut.line": "DelayLine",
    "top.dut.lines": "LineBuffer",
    "top.dut.raster": "Raster",
    "top.dut.skid": "SkidBuffer",
    "top.dut.window": "Window",
}


def part(module: str) -> str:
    """The component of a core to which a module of its netlist belongs."""
    found = [path for path in PARTS if module == path or module.startswith(f"{path}.")]
    return PARTS[max(found, key=len)] if found else "itself"
