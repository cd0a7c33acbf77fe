"""Designs of several filters can be taken out: every other kind gives what it gave, without any of their files.

Their lines in the tables of kinds and of names are all that goes with the files.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from kinds.what_it_gives import given
from random_designs import generator
from test_imports import FOLDERS, ROOT, all_imports, sources

from convolver.designs import KINDS

SEVERAL = {kind: cls for kind, cls in KINDS.items() if cls.stages_field is not None}
OTHERS = [kind for kind in KINDS if kind not in SEVERAL]

SHARED = "convolver.designs.composite"
"""Their base class."""

CLIENTS = ("convolver.resampler", "convolver.chain_stages", "convolver.live")
"""What makes designs of them for a user: rate changes in several stages, and the pages of lessons."""

TABLES = ("convolver", "convolver.designs", "convolver.designs.kinds")
"""Where they are listed."""


def of_several():
    """Their modules: those of their names, and what nobody but these imports."""
    modules = sources()
    users = {name: set() for name in modules}
    for item in all_imports():
        if item.target in modules and item.target != item.importer:
            users[item.target].add(item.importer)
    layers = [name.rpartition(".") for name in modules if not name.startswith("convolver.live")]
    found = {SHARED, *(f"{layer}.{name}" for layer, _, name in layers if name in SEVERAL)}
    while more := {name for name, by in users.items() if by and by <= found} - found:
        found |= more
    return found


def unlisted(text):
    """A table's text without their lines, and without their clients'."""
    files = "|".join([*SEVERAL, "resampler"])
    names = "|".join([*(cls.__name__ for cls in SEVERAL.values()), "Resampler", "resampler"])
    text = re.sub(rf"^(from \.({files}) import .*| +\"({names})\",)\n", "", text, flags=re.MULTILINE)
    return re.sub(rf"\b({names})\b, ?", "", text)


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A copy of the package, as it is installed, without them."""
    root = tmp_path_factory.mktemp("without") / "package"
    for name, folder in FOLDERS.items():
        shutil.copytree(ROOT / folder, root.joinpath(*name.split(".")), ignore=shutil.ignore_patterns("__pycache__"))
    for name in {*of_several(), *CLIENTS}:
        path = root.joinpath(*name.split("."))
        shutil.rmtree(path) if path.is_dir() else path.with_suffix(".py").unlink()
    for name in TABLES:
        path = root.joinpath(*name.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        path.write_text(unlisted(path.read_text(encoding="utf-8")), encoding="utf-8")
    return root


def test_their_files_are_theirs_alone():
    layers = ("designs", "plan", "hw.cores", "report", "plots", "sim.golden")
    theirs = {f"convolver.{layer}.{kind}" for layer in layers for kind in SEVERAL} | {
        *("convolver.plan.composite", "convolver.plan.pipeline_timing", "convolver.plan.widths"),
        *("convolver.report.composite", "convolver.report.whole", "convolver.hw.cores.parts", "convolver.hw.output.queue"),
        *("convolver.hw.stream.join", "convolver.hw.stream.split", "convolver.hw.stream.widths"),
        *("convolver.hw.window.idle_wait", "convolver.hw.window.silence_gate"),
        *("convolver.hw.window.size_check", "convolver.hw.window.size_gate"),
    }
    assert theirs - of_several() == set()


def test_the_other_kinds_give_the_same_without_them(package, tmp_path):
    paths = []
    for kind in OTHERS:
        paths.append(tmp_path / f"{kind}.json")
        paths[-1].write_text(generator(kind)(Random(f"{kind} 0")).to_json(), encoding="utf-8")
    script = Path(sys.modules[given.__module__].__file__)
    command = [sys.executable, "-W", "error", script, package, *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["elsewhere"] == []
    assert told["given"] == {path.stem: given(path) for path in paths}
    assert OTHERS == ["fir", "conv2d", "moving_maximum", "resample", "cic"]
