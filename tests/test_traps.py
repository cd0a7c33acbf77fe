"""Where Python is started decides nothing: beside a clone, in it, and without an install's help the same package is found."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from convolver.checkout import BESIDE, found_beside

ROOT = Path(__file__).parent.parent
SHOWS = """\
import sys
sys.meta_path = [finder for finder in sys.meta_path if "ditable" not in str(finder)] if {alone} else sys.meta_path
import convolver, convolver.hw.cores.core, convolver.host.device, convolver.sim.golden, convolver.boards
print(convolver.FIRDesign([1]).taps, convolver.FIRDesign is sys.modules["convolver.designs"].FIRDesign)
print(convolver.__file__)
print(convolver.hw.__file__)
"""


def shown(folder: Path, *, alone: bool) -> list[str]:
    result = subprocess.run(
        [sys.executable, "-c", SHOWS.format(alone=alone)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.splitlines()


@pytest.mark.parametrize("alone", [False, True], ids=["editable", "not installed"])
def test_beside_a_clone_of_the_packages_name(alone, tmp_path):
    (tmp_path / "convolver").symlink_to(ROOT)
    told, package, hw = shown(tmp_path, alone=alone)
    assert told == "1 True"
    assert Path(package).resolve() == ROOT / "convolver" / "__init__.py"
    assert Path(hw).resolve() == ROOT / "hw" / "__init__.py"


@pytest.mark.parametrize("alone", [False, True], ids=["editable", "not installed"])
def test_in_the_checkout(alone):
    told, package, hw = shown(ROOT, alone=alone)
    assert (told, Path(package)) == ("1 True", ROOT / "convolver" / "__init__.py")
    assert Path(hw) == ROOT / "hw" / "__init__.py"


def test_importing_it_loads_no_plan_and_no_tool():
    code = "import convolver, sys; print([name for name in sys.modules if name.startswith(('convolver.plan', 'convolver.hw'))])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


def test_nothing_is_added_to_a_whole_package(tmp_path, monkeypatch):
    package = tmp_path / "convolver"
    for folder in BESIDE:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
    package.mkdir()
    monkeypatch.setattr("convolver.checkout.__file__", str(package / "checkout.py"))
    assert found_beside([]) == [str(tmp_path)]
    assert found_beside([str(tmp_path)]) == []
    (package / "hw").mkdir()
    assert found_beside([]) == []
    (package / "hw").rmdir()
    (tmp_path / "sim" / "__init__.py").unlink()
    assert found_beside([]) == []


def test_the_demos_environment_runs_every_example():
    """A specification needs `design`; nothing else that an example imports or names needs another extra."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    (ours,) = [re.findall(r"\[(.*)\]", item)[0].split(",") for item in extras["demo"] if item.startswith("convolver[")]
    assert {"sim", "design"} <= set(ours)
    assert any("[lowpass]" in path.read_text(encoding="utf-8") for path in (ROOT / "examples").glob("*.toml"))
