"""What was promised at each release is so today: files read the same and compute the same, numbers and names stay."""

import json
import re
import tomllib

import pytest

import convolver
from convolver import design_files, load_design, protocol
from convolver.designs import design_from_json
from convolver.host.frames import FrameReceiver
from convolver.hw.export.fusesoc import package
from convolver.page import page_of
from convolver.promises import OWNERSHIP
from convolver.testbench import bench_files

from .record import HERE, checksum, recorded

RELEASES = sorted(path.name for path in HERE.iterdir() if (path / "designs.json").exists())
NOW = json.loads(json.dumps(recorded(), default=str))
ROOT = HERE.parents[1]


def of(release, what):
    return json.loads((HERE / release / f"{what}.json").read_text(encoding="utf-8"))


def test_this_version_is_recorded():
    assert convolver.__version__ in RELEASES


@pytest.mark.parametrize("release", RELEASES)
def test_designs_read_and_compute_the_same(release, tmp_path):
    told = of(release, "designs")
    assert told["schema"] == NOW["designs"]["schema"] == 1
    assert len(told["designs"]) >= 3 * 6
    for number, each in enumerate(told["designs"]):
        path = tmp_path / f"{number}.toml"
        path.write_text(each["toml"], encoding="utf-8")
        design = load_design(path)
        assert design == design_from_json(each["json"])
        assert checksum(design) == each["results"], each["json"]
        # What was said then is said now; there may be more.
        assert kept(json.loads(each["json"]), json.loads(design.to_json())) == []


def kept(old, new, where=""):
    """What of some old plain values isn't so any more; there may be more in the new ones."""
    if isinstance(old, dict):
        return [
            fault
            for key in old
            for fault in (kept(old[key], new[key], f"{where}.{key}") if key in new else [f"{where}.{key} is gone"])
        ]
    return [] if old == new else [f"{where} is {new}, was {old}"]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("what", ["registers", "protocol"])
def test_numbers_stay(release, what):
    """Registers and types may be added; of a list, at its end."""
    old, new = of(release, what), NOW[what]
    for name in ("errors", "drops"):
        if name in old:
            assert new[name][: len(old[name])] == old[name]
    assert kept({key: value for key, value in old.items() if key not in ("errors", "drops")}, new) == []


@pytest.mark.parametrize("release", RELEASES)
def test_a_frame_of_a_release_is_read(release):
    (frame,) = FrameReceiver().feed(bytes.fromhex(of(release, "protocol")["frame"]))
    assert (frame.type, frame.seq, frame.payload) == (protocol.Type.WRITE, 3, bytes(range(12)))


@pytest.mark.parametrize("release", RELEASES)
def test_python_and_the_command_line_take_what_they_took(release):
    """Parameters keep their names, places and defaults; new ones have defaults. Commands keep their options."""
    old, new = of(release, "api"), NOW["api"]
    for name, parameters in old["calls"].items():
        found = new["calls"][name]
        positional = [one for one in parameters if one[1] != "KEYWORD_ONLY"]
        assert found[: len(positional)] == positional, name
        assert all(one in found for one in parameters), name
        assert all(one[2] for one in found if one not in parameters), name
    for name, options in old["commands"].items():
        assert set(options) <= set(new["commands"][name]), name
    assert kept({key: old[key] for key in ("errors", "formats", "exit_codes")}, new) == []


def test_a_broken_promise_is_found():
    old = {"a": 1, "b": {"c": 2, "d": 3}}
    assert kept(old, {"a": 1, "b": {"c": 2, "d": 3, "e": 4}, "f": 5}) == []
    assert kept(old, {"a": 1, "b": {"c": 4}}) == [".b.c is 4, was 2", ".b.d is gone"]


def test_each_generated_file_says_whose_it_is():
    design = convolver.FIRDesign([1, 2, 3])
    files = package(design, "filter", testbench=True) | bench_files(design, "filter", frames=0)
    told = {name: text for name, text in files.items() if not name.endswith(".hex")}
    assert len(told) == 6
    assert [name for name, text in told.items() if OWNERSHIP not in text] == []
    page = page_of(design, lambda _title, _share=None: None)
    assert OWNERSHIP in page


def test_the_page_names_the_versions():
    page = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
    versions = {
        "design files": NOW["designs"]["schema"],
        "register map": NOW["registers"]["version"],
        "link protocol": NOW["protocol"]["version"],
        "Python API and command line": NOW["api"]["version"],
    }
    assert dict(re.findall(r"^\| (.*?) \| (\d+) \|", page, re.MULTILINE)) == {name: str(one) for name, one in versions.items()}
    assert OWNERSHIP in " ".join(page.split())
    assert OWNERSHIP.partition(": ")[2].rstrip(".") in " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())


def test_a_design_of_another_schema_is_refused_in_one_line(tmp_path):
    told = tomllib.loads(of(RELEASES[0], "designs")["designs"][0]["toml"]) | {"schema": 2}
    with pytest.raises(convolver.DesignError, match=r"^Schema must be 1, not 2: the design was written by another version$"):
        design_files.parse_design(json.dumps(told), tmp_path / "a.json")
