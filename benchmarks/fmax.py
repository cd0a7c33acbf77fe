"""Fmax and size of what `convolver generate` writes, on an ECP5-85, speed grade 6, beside its bare core and an inferred direct
form built in the same run.

    python benchmarks/fmax.py                                  # the default rows, all forms
    python benchmarks/fmax.py fir-16 --form file --form direct # one row, two of its forms
    python benchmarks/fmax.py fir-64 --form file --clock 150M  # with the registers that this clock needs
    python benchmarks/fmax.py fir-16 --write                   # one row, also into the tables of docs/performance.md

Forms: `file`, the Verilog that ``generate --family ecp5 --registers full`` gives, read back from its text; `lean`, of what
can't change at run time, that which it gives by itself, without registers; `device`, the first with the places of the
LFE5U-85F, which a file of more than 72 multipliers always has; `unplaced`, such a file if several dies had so many: without
places, and with the registers for that; `core`, the core without its registers and its AXI; `direct`, what one writes first.

Every input bit of a circuit, its reset included, comes from a register behind a serial shift register, every output bit is
captured in a register and shifted out, so that a path ends in the circuit or in one register beside it. `synth_ecp5`, then
nextpnr aims at 300 MHz with three seeds. The median counts; the lesser of it and the device's limit can be relied on. Sizes are
the circuit's alone, and its MAC array's alone: the harness is not in them. nextpnr puts the harness' three pins into one corner
of the die; with ``--apart`` they are in two corners and at an edge.
"""

import argparse
import datetime
import sys
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from tables import as_row, check_known, renew

from convolver.boards.alone import Circuit, GeneratedFile, alone, limits_of, placed, split, synthesised
from convolver.boards.cell_counts import Size, size_of
from convolver.boards.registry import get
from convolver.boards.timing import Clock
from convolver.boards.toolchain import versions
from convolver.design_files import load_design
from convolver.designs import CICDesign, Conv2DDesign, Design, FIRDesign, Pipeline, ResampleDesign
from convolver.folding import hertz
from convolver.formats import s8, s16, u8
from convolver.hw.cores import core
from convolver.hw.export import verilog
from convolver.hw.stream.layouts import shape_of
from convolver.plan import lower, target_of
from convolver.plan.array import scattered
from convolver.plan.array_plan import ArrayPlan
from convolver.plan.places import only_die
from convolver.shell import FULL, Shell

TARGET = 300e6
DEVICE = alone(get("ulx3s-85f"))
FORMS = {
    "file": "with registers",
    "lean": "without registers",
    "device": "with places",
    "unplaced": "without places",
    "core": "bare core",
    "direct": "direct form",
}
APART = "".join(f'LOCATE COMP "{pin}" SITE "{site}";\n' for pin, site in (("si", "A6"), ("so", "U18"), ("clk", "G2")))
"""Pins in the top left corner, the bottom right one, and at the left edge, of package CABGA381."""
FILES = ("file", "lean", "device", "unplaced")
SECTIONS = {"### Generated files": FILES, "### Cores beside what one writes first": ("core", "direct")}
"""Where docs/performance.md has which forms."""
MARKS = {
    "file": {
        "fir-16": 250,
        "fir-64": 225,
        "fir-64 at 150 MHz": 150,
        "fir-64 at 100 MHz": 100,
        "fir-64-on-1": 215,
        "lowpass-31": 240,
        "conv-3x3": 220,
        "conv-5x5": 212,
        "conv-7x7": 205,
        "conv-3x3-4px": 210,
        "gaussian": 230,
        "sobel": 230,
        "decimate-8": 220,
        "interpolate-8": 220,
        "halfband-23": 230,
        "rational-3-2": 215,
        "cic-decimate-64": 250,
        "outlines-720p": 212,
    },
    "lean": {"lowpass-31-shifts": 230, "lowpass-64-shifts": 220},
    "device": {"fir-64": 235, "fir-128": 225},
    "unplaced": {"fir-128": 210},
}
"""What the project has set itself, in MHz by nextpnr's figure."""


def _tree(m: Module, terms: list[Any]) -> Any:
    """A registered adder tree, as wide as its inputs make it."""
    while len(terms) > 1:
        sums = []
        for index in range(0, len(terms), 2):
            total = sum(terms[index + 1 : index + 2], terms[index])
            node = Signal(total.shape())
            m.d.sync += node.eq(total)
            sums.append(node)
        terms = sums
    return terms[0]


class DirectForm(wiring.Component):
    """What one writes first: a delay line or a window, products and sums left to inference; no back-pressure, no borders."""

    def __init__(self, design: FIRDesign | Conv2DDesign) -> None:
        self.design = design
        sample, coefficient, result = design.sample, design.coefficient_format, design.accumulator
        members = {"data": In(shape_of(sample)), "valid": In(1), "result": Out(shape_of(result)), "result_valid": Out(1)}
        if design.loadable:
            members |= {"coefficient": In(shape_of(coefficient)), "load": In(1)}
        super().__init__(members)

    def elaborate(self, _platform: Any) -> Module:
        m = Module()
        design = self.design
        count = len(design.weights)
        coefficients: list[Any] = [Const(weight) for weight in design.weights]
        if design.loadable:
            coefficients = [Signal(shape_of(design.coefficient_format), name=f"c{index}") for index in range(count)]
            with m.If(self.load):
                before = [self.coefficient, *coefficients[:-1]]
                m.d.sync += [register.eq(value) for register, value in zip(coefficients, before, strict=True)]
        m.submodules.array = array = Module()
        samples = self._delays(m) if isinstance(design, FIRDesign) else self._window(m, design)
        products = []
        for index, (sample, coefficient) in enumerate(zip(samples, coefficients, strict=True)):
            product = Signal((sample * coefficient).shape(), name=f"p{index}")
            array.d.sync += product.eq(sample * coefficient)
            products.append(product)
        total = _tree(array, products)
        valid = Signal(2 + (count - 1).bit_length())
        m.d.sync += valid.eq(Cat(self.valid, valid))
        m.d.comb += [self.result.eq(total), self.result_valid.eq(valid[-1])]
        return m

    def _delays(self, m: Module) -> list[Any]:
        line = [Signal(shape_of(self.design.sample), name=f"x{index}") for index in range(len(self.design.weights))]
        with m.If(self.valid):
            m.d.sync += [register.eq(value) for register, value in zip(line, [self.data, *line[:-1]], strict=True)]
        return line

    def _window(self, m: Module, design: Conv2DDesign) -> list[Any]:
        width, lines = design.pixel.width, design.kernel_rows - 1
        m.submodules.memory = memory = Memory(shape=lines * width, depth=design.columns, init=[])
        read, write = memory.read_port(), memory.write_port()
        column, before, pixel, valid = Signal(range(design.columns)), Signal(range(design.columns)), Signal(width), Signal()
        with m.If(self.valid):
            m.d.sync += [column.eq(column + 1), before.eq(column), pixel.eq(self.data)]
            with m.If(column == design.columns - 1):
                m.d.sync += column.eq(0)
        m.d.sync += valid.eq(self.valid)
        stack = Cat(read.data, pixel)
        m.d.comb += [
            read.addr.eq(column),
            read.en.eq(self.valid),
            write.addr.eq(before),
            write.data.eq(stack[width:]),
            write.en.eq(valid),
        ]
        places = []
        for row in range(design.kernel_rows):
            line = [Signal(shape_of(design.pixel), name=f"w{row}_{index}") for index in range(design.kernel_columns)]
            with m.If(valid):
                m.d.sync += [
                    place.eq(after) for place, after in zip(line, [*line[1:], stack.word_select(row, width)], strict=True)
                ]
            places += line
        return places


# scipy.signal.firwin(31, 0.25), in Q15.
LOWPASS = (
    *(-39, -67, -68, 0, 156, 324, 327, 0, -621, -1189, -1139, 0, 2249, 5022, 7322, 8216),
    *(7322, 5022, 2249, 0, -1139, -1189, -621, 0, 327, 324, 156, 0, -68, -67, -39),
)

SOBEL = [[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]]
GAUSS = [[row * column for column in (1, 4, 6, 4, 1)] for row in (1, 4, 6, 4, 1)]
HD: dict[str, Any] = {"boundary": "edge", "rows": 720, "columns": 1280, "pixels_per_clock": 2, "output": u8}

SIZE = Path(__file__).with_name("size")

ROWS: dict[str, Design] = {
    "conv-3x3": Conv2DDesign([[1] * 3] * 3, coefficient=s8, boundary="edge", switchable=True, loadable=True),
    "conv-3x3-4px": Conv2DDesign(
        [[1] * 3] * 3, coefficient=s8, boundary="edge", switchable=True, loadable=True, pixels_per_clock=4
    ),
    "conv-5x5": Conv2DDesign([[1] * 5] * 5, coefficient=s8, boundary="edge", switchable=True, loadable=True),
    "conv-7x7": Conv2DDesign([[1] * 7] * 7, coefficient=s8, boundary="edge", switchable=True, loadable=True),
    "fir-16": FIRDesign([1] * 16, coefficient=s16, loadable=True),
    "fir-64": FIRDesign([1] * 64, coefficient=s16, loadable=True),
    "fir-64-on-1": FIRDesign([1] * 64, coefficient=s16, loadable=True, multipliers=1),
    "fir-128": FIRDesign([1] * 128, coefficient=s16, loadable=True),
    "decimate-8": ResampleDesign([1] * 32, down=8, coefficient=s16, loadable=True, symmetry="none"),
    "interpolate-8": ResampleDesign([1] * 32, up=8, coefficient=s16, loadable=True),
    "interpolate-8-mirrored": ResampleDesign([*LOWPASS[:16], *LOWPASS[15::-1]], up=8, coefficient=s16),
    "halfband-23": ResampleDesign([1] * 23, down=2, coefficient=s16, loadable=True, symmetry="symmetric"),
    "rational-3-2": ResampleDesign([1] * 48, 3, 2, coefficient=s16, loadable=True),
    "cic-decimate-64": CICDesign(4, down=64, shift=24, output=s16),
    "lowpass-31": FIRDesign(LOWPASS, output=s16, shift=15),
    "lowpass-31-shifts": load_design(SIZE / "lowpass-31.toml"),
    "lowpass-64-shifts": load_design(SIZE / "lowpass-64.toml"),
    "taps-8": load_design(SIZE / "taps-8.toml"),
    "gaussian": Conv2DDesign([[1, 2, 1], [2, 4, 2], [1, 2, 1]], shift=4, output=u8, boundary="edge"),
    "sobel": Conv2DDesign(SOBEL, operation="correlate", combine="sum_abs", output=u8, boundary="edge"),
    "outlines-720p": Pipeline(
        [
            Conv2DDesign(GAUSS, shift=8, **HD),
            Conv2DDesign(SOBEL, operation="correlate", combine="sum_abs", threshold=100, **HD),
        ]
    ),
}
DEFAULT = ("conv-3x3", "conv-5x5", "fir-16")


@dataclass(frozen=True)
class Figures:
    """What one form of a design costs and reaches: each seed's clock and slowest path, the size of all of it and of its MAC
    array."""

    name: str
    form: str
    runs: tuple[Clock, ...]
    size: Size
    array: Size
    paths: tuple[str, ...]

    @property
    def median(self) -> Clock:
        """The run of the median figure."""
        ordered = sorted(self.runs, key=lambda clock: clock.reported)
        return ordered[len(ordered) // 2]


_STAGE = r"(?:stage_\d+\.)?"
"""What stands in front of the names of a pipeline's stage."""


def circuit(form: str, design: Design, clock: float | None) -> tuple[Any, str, str]:
    """One form of a design: the component, the name of the MAC array in it, and the Verilog that it needs beside it."""
    if form == "core":
        return core.create(design, target_of("ecp5").at(clock)), rf"{_STAGE}array\.array", ""
    if form == "direct":
        assert isinstance(design, FIRDesign | Conv2DDesign)
        return DirectForm(design), "array", ""
    shell = Shell().of(design) if form == "lean" else FULL
    device = DEVICE.part if form == "device" else None
    dies = patch.object(verilog, "only_die", return_value=None) if form == "unplaced" else nullcontext()
    with dies:
        text = verilog.generate(design, family="ecp5", device=device, shell=shell, clock=clock)
    return GeneratedFile(design, shell), rf"accelerator\.core\.{_STAGE}array\.array", text


def measure(
    row: str, form: str, design: Design, directory: Path, seeds: int, clock: float | None = None, pins: str = ""
) -> Figures:
    """Synthesises a form of a design in its harness once, and places it with seeds 1 to `seeds`."""
    dut, array, text = circuit(form, design, clock)
    name = f"{row}-{form}".replace(" ", "-")
    netlist = synthesised(Circuit.around(dut, DEVICE, text), directory, name)
    inside, mac = split(netlist.module, array)
    known = limits_of(DEVICE, inside)
    runs, paths = [], []
    for seed in range(1, seeds + 1):
        print(f"{name}: placing with seed {seed}", file=sys.stderr)
        clock, path = placed(netlist.text, DEVICE, known, TARGET, seed, directory, name, pins=pins)
        runs.append(clock)
        paths.append(path)
        print(f"{name}: {clock}; {path}", file=sys.stderr)
    size, of_array = (size_of(cell.type for cell in cells) for cells in (inside, mac))
    return Figures(row, form, tuple(runs), size, of_array, tuple(paths))


def told(size: Size) -> list[str]:
    """A size's numbers, as columns."""
    return [f"{number:g}" for number in (size.luts, size.flip_flops, size.multipliers, size.block_rams)]


def page_row(one: Figures) -> str:
    """A row of docs/performance.md, without what is only of use to whoever looks for a slow path."""
    middle, mark = one.median, MARKS.get(one.form, {}).get(one.name)
    seeds = " ".join(f"{clock.reported / 1e6:.0f}" for clock in one.runs)
    missed = ", **missed**" if mark and middle.reported < mark * 1e6 else ""
    cells = [one.name, FORMS[one.form], f"**{middle.reported / 1e6:.0f}** ({seeds})", f"{mark}{missed}" if mark else ""]
    cells += [f"{middle.hertz / 1e6:.0f}", *told(one.size), str(datetime.datetime.now(datetime.UTC).date())]
    return as_row(cells)


def table(found: Iterable[Figures]) -> str:
    """The rows as Markdown, each compared with the direct form of the same row, if there is one."""
    found = list(found)
    heads = (
        "design",
        "form",
        "nextpnr MHz, median (seeds)",
        "to rely on",
        "device's limit MHz",
        "ratio",
        "LUT",
        "FF",
        "MULT18",
        "block RAM",
        "of these the MAC array",
    )
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    notes = []
    direct = {figures.name: figures.median.reported for figures in found if figures.form == "direct"}
    for one in found:
        middle, array = one.median, one.array
        seeds = " ".join(f"{clock.reported / 1e6:.0f}" for clock in one.runs)
        limit = f"{middle.limit.hertz / 1e6:.0f}: {middle.limit.what} ({middle.limit.source})" if middle.limit else ""
        ratio = f"{middle.reported / direct[one.name]:.2f}" if one.name in direct else ""
        cells = [one.name, FORMS[one.form], f"**{middle.reported / 1e6:.0f}** ({seeds})", f"{middle.hertz / 1e6:.0f}", limit]
        cells += [ratio, *told(one.size), f"{array.luts} LUT, {array.flip_flops} FF"]
        lines.append("| " + " | ".join(cells) + " |")
        notes.append(f"- {one.name}, {FORMS[one.form]}: {one.paths[one.runs.index(middle)]}")
    return "\n".join([*lines, "", "Slowest paths of the median runs:", "", *notes])


def forms_of(design: Design) -> list[str]:
    """The forms in which a design is measured."""
    forms, plan = list(FORMS), lower(design, "ecp5")
    if not isinstance(plan, ArrayPlan):
        return ["file", "core"]  # of several filters
    if Shell().of(design).has_registers:
        forms.remove("lean")
    forms.remove("unplaced" if only_die(plan) is None else "file")  # which has places
    if not scattered(plan.arrays[0]):
        forms.remove("device")
    if plan.copies > 1 or plan.coefficients.cycles > 1 or len(plan.arrays) > 1:
        forms.remove("direct")  # which has one kernel, one set of coefficients, and a beat of one sample in each clock
    return forms


def main() -> None:
    """Prints the table; with ``--write`` its rows take the place of those in docs/performance.md."""
    parser = argparse.ArgumentParser(description="Fmax and size on an ECP5-85, speed grade 6.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; by default {', '.join(DEFAULT)}")
    parser.add_argument("--form", action="append", choices=FORMS, help="only this form; may be given several times")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--clock", metavar="HZ", help="the clock that it is planned for, such as 150M; by default full speed")
    parser.add_argument("--apart", action="store_true", help="put the harness' pins apart")
    parser.add_argument("--write", action="store_true", help="put the rows into docs/performance.md, too")
    parser.add_argument("--keep", type=Path, help="folder for netlists, logs and reports")
    arguments = parser.parse_args()
    check_known(parser, "row", arguments.rows, ROWS)
    clock = None if arguments.clock is None else hertz(arguments.clock, "Clock")
    planned = "" if clock is None else f" at {clock / 1e6:g} MHz"
    pins = APART if arguments.apart else ""
    found: list[Figures] = []
    with TemporaryDirectory() as temporary:
        directory = arguments.keep or Path(temporary)
        directory.mkdir(parents=True, exist_ok=True)
        for row in arguments.rows or DEFAULT:
            design = ROWS[row]
            forms = [form for form in forms_of(design) if form in (arguments.form or FORMS)]
            found += [measure(row + planned, form, design, directory, arguments.seeds, clock, pins) for form in forms]
    used = ", ".join(f"{name} {version}" for name, version in versions(["yosys", "nextpnr-ecp5"]).items())
    print(f"ECP5-85, speed grade 6, {datetime.datetime.now(datetime.UTC).date()}: {used}.\n\n{table(found)}")
    if arguments.write:
        for heading, forms in SECTIONS.items():
            renew(heading, [page_row(one) for one in found if one.form in forms], keys=2)


if __name__ == "__main__":
    main()
