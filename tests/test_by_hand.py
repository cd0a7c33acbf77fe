"""The hand-written Verilog of benchmarks/size computes what the generated files beside it do: each passes their testbench."""

import random
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from convolver.design_files import load_design
from convolver.hw.export.verilog import generate
from convolver.shell import Shell
from convolver.sim import golden
from convolver.testbench import bench_files

SIZE = Path(__file__).parents[1] / "benchmarks" / "size"
icarus = pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog isn't installed")
SMALL = {"rows": 5, "columns": 9}
FILES = {"gaussian": SMALL, "taps-8": {}, "lowpass-31": {}, "lowpass-64": {}, "fir-64": {}}
SHELLS = {"fir-64": Shell(registers="coefficients")}


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


LOADED = """
module bench;
    reg aclk = 0, aresetn = 0, valid = 0, last;
    reg [15:0] sample;
    reg [13:0] address;
    reg [31:0] value;
    reg [3:0] strobes;
    reg writes = 0, reads = 0;
    wire [39:0] found;
    wire signed [37:0] result = found[37:0];
    wire ready, leaves, ends, awready, wready, bvalid, arready, rvalid;
    wire [1:0] bresp, rresp;
    wire [31:0] rdata;
    fir_64 dut (.aclk(aclk), .aresetn(aresetn), .s_axis_tdata(sample), .s_axis_tvalid(valid), .s_axis_tready(ready),
        .s_axis_tlast(last), .m_axis_tdata(found), .m_axis_tvalid(leaves), .m_axis_tready(1'b1), .m_axis_tlast(ends),
        .s_axi_awaddr(address), .s_axi_awprot(3'b0), .s_axi_awvalid(writes), .s_axi_awready(awready), .s_axi_wdata(value),
        .s_axi_wstrb(strobes), .s_axi_wvalid(writes), .s_axi_wready(wready), .s_axi_bresp(bresp), .s_axi_bvalid(bvalid),
        .s_axi_bready(1'b1), .s_axi_araddr(address), .s_axi_arprot(3'b0), .s_axi_arvalid(reads), .s_axi_arready(arready),
        .s_axi_rdata(rdata), .s_axi_rresp(rresp), .s_axi_rvalid(rvalid), .s_axi_rready(1'b1));
    always #1 aclk = ~aclk;
    always @(posedge aclk) if (leaves) $display("result %0d %0d", result, ends);
    task pause(input integer clocks); repeat (clocks) @(negedge aclk); endtask
    task send(input [15:0] what, input closes);
        begin
            {{valid, last, sample}} = {{1'b1, closes, what}};
            @(posedge aclk);
            while (!ready) @(posedge aclk);
            @(negedge aclk) valid = 0;
        end
    endtask
    task write(input [13:0] where, input [31:0] what, input [3:0] bytes);
        begin
            {{writes, address, value, strobes}} = {{1'b1, where, what, bytes}};
            @(posedge aclk);
            while (!(awready & wready)) @(posedge aclk);
            @(negedge aclk) writes = 0;
            while (!bvalid) @(negedge aclk);
            if (bresp) $display("%h refused", where);
            @(negedge aclk);
        end
    endtask
    task read(input [13:0] where);
        begin
            {{reads, address}} = {{1'b1, where}};
            @(posedge aclk);
            while (!arready) @(posedge aclk);
            @(negedge aclk) reads = 0;
            while (!rvalid) @(negedge aclk);
            $display("%h %h %h", where, rdata, rresp);
            @(negedge aclk);
        end
    endtask
    initial begin
        pause(8);
        aresetn = 1;
        pause(8);
        {steps}
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
    for file, told in bench_files(design, name, module, frames=4, shell=SHELLS.get(name, Shell()).of(design)).items():
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
        ("lowpass-64", "e[k] <= x[k] + x[63-k];", "e[k] <= x[k] + x[62-k];"),
        ("fir-64", "next[63-k]", "next[k]"),
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


def loading():
    """Accesses of the registers of 64 taps that are loaded, frames between them, and what must come: of sets that come before
    a frame, in it and behind a reset, and of what is refused."""
    rng = random.Random(5)
    design = load_design(SIZE / "fir-64.toml")
    first, second = ([rng.randint(-(2**15), 2**15 - 1) for _ in range(64)] for _ in range(2))
    frames = [[rng.choice([-(2**15), 2**15 - 1, rng.randint(-99, 99)]) for _ in range(count)] for count in (80, 70, 66)]
    steps, told = [], []

    def read(address, value, response="0"):
        steps.append(f"read({address});")
        told.append(f"{address:04x} {value:08x} {response}")

    def write(address, value, strobes=15, refused=False):
        steps.append(f"write({address}, {value & 0xFFFFFFFF}, {strobes});")
        told.extend([f"{address:04x} refused"] * refused)

    def send(samples, last):
        steps.extend(
            f"send({sample & 0xFFFF}, {int(last and place == len(samples) - 1)});" for place, sample in enumerate(samples)
        )

    read(0x1C, 64)
    read(0x0C, 0)
    for address in (0x00, 0x08, 0x20, 0x24, 0x2000):
        read(address, 0, "2")
    for address, value, strobes in ((0x1C, 1, 15), (0x20, 2**15, 15), (0x20, -(2**15) - 1, 15), (0x20, 5, 7), (0x2C, 0, 15)):
        write(address, value, strobes, refused=True)
    write(0x0C, 31)
    write(0x20, 77)
    write(0x24, 0)
    for value in first:
        write(0x20, value)
    steps.append("pause(40);")
    read(0x0C, 0)
    send(frames[0][:30], False)
    steps.append("pause(40);")
    results = golden.run(design.replace(coefficients=first), np.array(frames[0])).tolist()
    told += [f"result {value} 0" for value in results[:30]]
    for value in second:
        write(0x20, value)
    read(0x0C, 0x30000)
    write(0x20, 5, refused=True)
    send(frames[0][30:], True)
    send(frames[1], True)
    steps.append("pause(40);")
    told += [f"result {value} {int(place == 49)}" for place, value in enumerate(results[30:])]
    results = golden.run(design.replace(coefficients=second), np.array(frames[1])).tolist()
    told += [f"result {value} {int(place == 69)}" for place, value in enumerate(results)]
    read(0x0C, 0)
    steps += ["aresetn = 0;", "pause(8);", "aresetn = 1;", "pause(8);"]
    send(frames[2], True)
    steps.append("pause(40);")
    results = golden.run(design, np.array(frames[2])).tolist()
    told += [f"result {value} {int(place == 65)}" for place, value in enumerate(results)]
    return "\n".join(steps), told


def loaded(folder, text):
    """What comes of `loading`."""
    steps, _ = loading()
    (folder / "fir-64.v").write_text(text)
    (folder / "bench.v").write_text(LOADED.format(steps=steps))
    return run(folder, "bench.v", "fir-64.v").splitlines()


@icarus
@pytest.mark.parametrize("by", ["hand", "convolver"])
def test_both_files_of_loaded_taps_keep_one_contract(by, tmp_path):
    text = (SIZE / "fir-64.v").read_text()
    if by == "convolver":
        text = generate(load_design(SIZE / "fir-64.toml"), "fir_64", shell=SHELLS["fir-64"])
    assert loaded(tmp_path, text) == loading()[1]


@icarus
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("if (fresh & pending)", "if (pending)"),
        ("& fits & ~pending,", "& fits,"),
        ("if (write & restart) count <= 0;", ""),
        ("~fresh | |valid", "|valid"),
        ("c[k] <= 1;  //", "c[k] <= c[k];  //"),
    ],
)
def test_a_fault_of_its_registers_is_found(right, wrong, tmp_path):
    text = (SIZE / "fir-64.v").read_text()
    assert text.count(right) == 1
    assert loaded(tmp_path, text.replace(right, wrong)) != loading()[1]
