"""What is mutated: parts alone, and whole cores, in whose mutants their parts are counted apart."""

from formal import specs
from mutants.mutation import Target

from convolver.designs import FIRDesign
from convolver.formats import Format

__all__ = ["TARGETS", "part"]

S3, S4, S9, S15 = Format(3, True), Format(4, True), Format(9, True), Format(15, True)
SET = FIRDesign([1, -2, 3], coefficient=S3, loadable=True)
EVEN = FIRDesign([1, -1], data=S15, output=S9, shift=6, rounding="half_even")
AWAY = FIRDesign([1, -1], data=S15, output=S9, shift=6, rounding="half_away", overflow="wrap")
LANES = FIRDesign([1, 2, 3], data=S4, coefficient=S4, loadable=True)
FILTER = FIRDesign([1, -2, 3], data=S4, coefficient=S3, output=Format(5, True), shift=1, rounding="floor", loadable=True)
TARGETS = (
    Target("skid buffer", lambda: specs.SkidBufferSpec(8), 100),
    Target("output buffer", lambda: specs.OutputBufferSpec(12, 3, sustains=True), 200),
    Target("coefficient bank", lambda: specs.CoefficientBankSpec(SET), 200),
    Target("requantiser, half_even, saturate", lambda: specs.RequantiserSpec(EVEN), 200),
    Target("requantiser, half_away, wrap", lambda: specs.RequantiserSpec(AWAY), 150),
    Target("MAC array", lambda: specs.MACArraySpec(LANES), 200, bounded=12, feeds_forward=True),
    Target("FIR core", lambda: specs.FIRCoreSpec(FILTER), 400, 60_000, 30),
)

PARTS = {
    "top.dut.array.array": "MACArray",
    "top.dut.array.bank": "CoefficientBank",
    "top.dut.array.beside": "Delay",
    "top.dut.array.buffer": "OutputBuffer",
    "top.dut.array.requantiser": "Requantiser",
    "top.dut.array": "ArrayCore",
    "top.dut.border": "RowBorder",
    "top.dut.borders": "Borders",
    "top.dut.entry": "Entry",
    "top.dut.line": "DelayLine",
    "top.dut.lines": "LineBuffer",
    "top.dut.raster": "Raster",
    "top.dut.window": "Window",
}


def part(module: str) -> str:
    """The component of a core to which a module of its netlist belongs."""
    found = [path for path in PARTS if module == path or module.startswith(f"{path}.")]
    return PARTS[max(found, key=len)] if found else "itself"
