"""The hand-written Verilog of benchmarks/size computes what the generated files beside it do: each passes their testbench."""

import random
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from convolver.design_files import load_design
from convolver.shell import Shell
from convolver.sim import golden
from convolver.testbench import bench_files

SIZE = Path(__file__).parents[1] / "benchmarks" / "size"
icarus = pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog isn't installed")
SMALL = {"rows": 5, "columns": 9}
FILES = {"gaussian": SMALL, "taps-8": {}, "lowpass-31": {}}


FREE = """
module bench;
    reg aclk = 0, aresetn = 0, valid = 0, last, user;
    reg [7:0] data;
    reg [10:0] beats [0:{last}];
    wire [7:0] found;
    wire leaves, ends, begins;
    integer n;
    gaussian_valid #(.ROWS(5), .COLUMNS(9)) dut (.aclk(aclk), .aresetn(aresetn), .s_axis_tdata(data), .s_axis_tvalid(valid),
        .s_axis_tlast(last), .s_axis_tuser(user), .m_axis_tdata(found), .m_axis_tvalid(leaves), .m_axis_tlast(ends),
        .m_axis_tuser(begins));
    always #1 aclk = ~aclk;
    always @(negedge aclk) if (leaves) $display("%0d %0d %0d", found, begins, ends);
    initial begin
        $readmemh("beats.hex", beats);
        repeat (4) @(negedge aclk);
        aresetn = 1;
        for (n = 0; n <= {last}; n = n + 1) begin
            @(negedge aclk);
            {{valid, user, last, data}} = beats[n];
        end
        repeat (20) begin
            @(negedge aclk);
            valid = 0;
        end
        $finish;
    end
endmodule
"""


def run(folder, *files):
    """What a simulation prints."""
    subprocess.run(["iverilog", "-g2005-sv", "-o", "bench", *files], cwd=folder, check=True, capture_output=True)
    return subprocess.run(["vvp", "-N", "bench"], cwd=folder, check=False, capture_output=True, text=True).stdout


def simulated(folder, name, text):
    """What the generated testbench says of a hand-written file."""
    design, module = load_design(SIZE / f"{name}.toml").replace(**FILES[name]), name.replace("-", "_")
    for number, side in ((480, "rows"), (640, "columns")):
        text = text.replace(f"{side.upper()} = {number}", f"{side.upper()} = {FILES[name].get(side)}")
    (folder / f"{name}.v").write_text(text)
    for file, told in bench_files(design, name, module, frames=4, shell=Shell().of(design)).items():
        (folder / file).write_text(told)
    return run(folder, f"{name}_tb.v", f"{name}.v")


@icarus
@pytest.mark.parametrize("name", FILES)
def test_a_file_by_hand_gives_the_golden_model_s_results(name, tmp_path):
    assert re.match(r"PASS: \d+ frames?,", simulated(tmp_path, name, (SIZE / f"{name}.v").read_text()))


@icarus
@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("gaussian", "top_1 ? above[7:0]", "top_1 ? above[15:8]"),
        ("gaussian", "left_3 ? near", "left_3 ? far"),
        ("taps-8", "fresh ? 9'sd0 : x[k-1]", "x[k-1]"),
        ("lowpass-31", "(e[4] <<< 5)", "(e[4] <<< 4)"),
    ],
)
def test_a_fault_in_one_is_found(name, right, wrong, tmp_path):
    text = (SIZE / f"{name}.v").read_text()
    assert text.count(right) == 1
    assert simulated(tmp_path, name, text.replace(right, wrong)).startswith("FAIL")


@icarus
def test_the_file_by_hand_without_back_pressure(tmp_path):
    """Frames back to back, the last with gaps; each starts anew."""
    rng = random.Random(4)
    design = load_design(SIZE / "gaussian-valid.toml").replace(**SMALL)
    beats, wanted = [], []
    for gap in (0, 0, 0.5):
        frame = np.array([[rng.choice([0, 255, rng.randrange(256)]) for _ in range(9)] for _ in range(5)])
        for row, column in np.ndindex(frame.shape):
            while rng.random() < gap:
                beats.append(rng.randrange(1024))
            marks = ((row, column) == (0, 0)) << 1 | (column == 8)
            beats.append(1 << 10 | marks << 8 | int(frame[row, column]))
        results = golden.run(design, frame)
        wanted += [f"{results[place]} {int(place == (0, 0))} {int(place[1] == 6)}" for place in np.ndindex(results.shape)]
    (tmp_path / "beats.hex").write_text("\n".join(f"{beat:x}" for beat in beats))
    (tmp_path / "bench.v").write_text(FREE.format(last=len(beats) - 1))
    assert run(tmp_path, "bench.v", str(SIZE / "gaussian-valid.v")).splitlines() == wanted
