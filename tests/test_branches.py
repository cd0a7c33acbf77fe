"""The command that counts branches on a design's form: what it counts and what it doesn't."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COMMAND = ROOT / ".ci" / "branches.py"


@pytest.fixture(scope="module")
def branches():
    spec = importlib.util.spec_from_file_location("branches", COMMAND)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def project(branches):
    return branches.branches(ROOT)


KIND = {
    "if isinstance(design, FIRDesign): pass": 1,
    "signals = [one for one in designs if isinstance(one, convolver.FIRDesign)]": 1,
    "images = isinstance(design, FIRDesign | Conv2DDesign)": 1,
    "assert type(design) is Conv2DDesign": 1,
    "if isinstance(design, AnyOtherDesign): pass": 1,
    "if design.kind == 'fir': pass": 1,
    "x = TABLE[design.kind]": 1,
    "x = TABLE[type(design)]": 1,
    "x = TABLE.get(self.design.kind)": 1,
    "x = getattr(self, f'_run_{design.kind}')": 1,
    # a class of a kind by its bases, whatever it is called
    "class Fork(Composite): pass\nclass Composite(Design): pass\nif isinstance(branch, Fork): pass": 1,
    "class Chain(Plan): pass\nmatch plan:\n    case Chain(): pass": 1,
    "match design:\n    case FIRDesign(): pass\n    case Conv2DDesign(rows=1): pass\n    case _: pass": 2,
    "match design.kind:\n    case 'fir': pass\n    case _: pass": 1,
    "if axes == ('length',): pass": 1,
    "if type(design) not in TABLE: pass": 1,
}
FORM = {
    "if design.loadable: pass": 1,
    "x = 1 if geometry.mode == 'same' else 2": 1,
    "while not schedule.mirrored: pass": 1,
    "x = [one for one in designs if one.switchable]": 1,
    "with m.If(design.continuous): pass": 1,
    "if schedule.clocks > 1 and design.loadable or other: pass": 2,
    "if 1 == design.pixels_per_clock: pass": 1,
    "if len(design.kernels) > 1: pass": 1,
    "if design.stride != (1, 1): pass": 1,
    "if design.stride[0] > 1: pass": 1,
    "folded = schedule.clocks > 1": 1,
    "def f():\n    folded = schedule.clocks > 1\n    if folded: pass": 2,
    "def f():\n    if (folded := schedule.clocks > 1) or x: pass\n    return 3 if folded else 4": 2,
    "def f(self):\n    self._folded = self.clocks > 1\ndef g(self):\n    return 1 if self._folded else 2": 2,
    "class A:\n    @property\n    def folded(self):\n        return self.clocks > 1\nif design.folded: pass": 2,
    "if design.threshold is not None: pass": 1,
    "x = {'full': 1, 'same': 0}[design.mode]": 1,
    "x = GATEWARE_BOUNDARIES.index(design.boundary)": 1,
    "x = TABLE[choice('Mode', mode, list(TABLE))]": 1,
    "if getattr(design, name) == plain: pass": 1,
    "x = TABLE[design.rank] if design.rank != 1 else None": 2,
    "x = 3 if design.sample_axes else 2": 1,
    "if (history := design.history) is None or stack: pass": 1,
    "match design.mode:\n    case 'same' if design.switchable: pass": 2,
    # where coefficients come from
    "class Loaded(Coefficients): pass\nmatch array.coefficients:\n    case Loaded(): pass\n    case _: pass": 1,
    "class Wired(Factor): pass\nx = [one for one in factors if isinstance(one, Wired)]": 1,
    "x = TABLE[type(store.coefficients)](store)": 1,
    # which stages a plan has
    "if plan.find(Sums) is None: pass": 1,
    "x = self.find(LineBuffer) or LineBuffer(0)": 1,
    "def f(plan):\n    stage = plan.find(Magnitude)\n    return stage.told() if stage else ''": 1,
    "class Own(Stage): pass\nclass Mine(Own): pass\nx = any(isinstance(one, Mine) for one in plan.stages)": 1,
    # what is marked
    "if 'keep' in marks_of(design): pass": 1,
    "x = [name for name in names if name not in beat.marks]": 1,
    # kinds of rates, of joins, of sets that are loaded
    "if design.up == 1: pass": 1,
    "if rate.down > 1: pass": 1,
    "if stage.rate != SAME: pass": 1,
    "x = 2 if self.join == 'planes' else 1": 1,
    "if design.set_size: pass": 1,
    "if any(design.pruning): pass": 1,
    "if name and hasattr(design, name): pass": 1,
    "x = design.phasing.either(one, several)(design)": 1,
    "x = (Gate(1),) * design.continuous": 1,
    # which array or timing a plan has
    "class Graph(DotProduct): pass\nif isinstance(array, Graph): pass": 1,
    "class Chain(FrameTiming): pass\nassert isinstance(timing, Chain)": 1,
    "if not timing.exact: pass": 1,
    # what a function tells
    "def folded(plan):\n    return plan.clocks > 1\nx = 2 if folded(plan) else 1": 2,
}
NONE = [
    "if isinstance(target, Design): pass",
    "core = create(design, family)",
    "count = rows * design.planes + schedule.clocks",
    "x = (0,) * len(design.kernels)",
    "samples = count * design.down // design.up",
    "told = ', '.join(names) or 'none'",
    "if done < schedule.clocks: pass",
    "if isinstance(design, str): pass",
    "x = FIRDesign([1], loadable=design.loadable)",
    "if array.dtype.kind == 'f': pass",
    "if getattr(error, name) == plain or getattr(self, 'name', None): pass",
    "if type(error) in TABLE: pass",
    "if array.ndim > design.rank: pass",
    "x = TABLE[choice('Unit', unit, list(TABLE))]",
    "x = weights[design.pixels]",
    "x = text.find('design') < 0",
    "class Own(Stage): pass\nmatch stage:\n    case Own(): pass",
    "block = block_of(plan, TABLE)(plan)",
    "if name in names: pass",
    "def first(plan):\n    return plan.stage or plan.make(1)\nx = first(plan) and 1",
    "match value:\n    case 1: pass",
    "def f():\n    folded = schedule.clocks > other\n    if folded: pass",
]


@pytest.mark.parametrize("text", KIND)
def test_class_and_kind(branches, text):
    found = branches.places({"file.py": text})["file.py"]
    assert [column for _, column, _ in found] == ["class or kind"] * KIND[text]


@pytest.mark.parametrize("text", FORM)
def test_form(branches, text):
    found = branches.places({"file.py": text})["file.py"]
    assert [column for _, column, _ in found] == ["form"] * FORM[text]


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_branch(branches, text):
    assert branches.places({"file.py": text}) == {"file.py": []}


DESIGNS = {
    "convolver/designs/base.py": "class Design: pass",
    "convolver/designs/borders.py": "class NoBorder: pass\nclass Chosen(NoBorder): pass",
    "convolver/designs/fir.py": "class FIRDesign(Design): pass",
    "convolver/plan/slots.py": "class OneCycle: pass",
}
"""Files with classes of designs and of a plan's objects."""

DISPATCHED = {
    # one for each class of what a design answers with, of whatever name, and one function alone
    "from ..designs.borders import NoBorder\n@singledispatch\ndef f(border: NoBorder, x: int): pass": [
        "form: border: NoBorder"
    ],
    "from convolver.designs.borders import Chosen as Own\n@functools.singledispatch\ndef f(border: object): pass\n"
    "@f.register\ndef _(border: Own): pass\n@f.register\ndef _(border: Own | int): pass": ["form: border: object"],
    "from ..designs import Chosen\n@singledispatch\ndef f(border): pass\n@f.register(Chosen)\ndef _(border): pass": [
        "form: border"
    ],
    "from ..designs import Chosen\nfrom .other import f\n@f.register\ndef _(one: Chosen): pass\n"
    "@f.register\ndef _(two: Chosen): pass": ["form: one: Chosen"],
    "from ..designs import NoBorder\nclass A:\n    @singledispatchmethod\n    def f(self, border: NoBorder): pass": [
        "form: border: NoBorder"
    ],
    # one for each kind
    "from ..designs import FIRDesign\n@singledispatch\ndef f(design: FIRDesign): pass": ["class or kind: design: FIRDesign"],
    # by the class of a plan's object, of one of the same name, or of none
    "from .slots import OneCycle\n@singledispatch\ndef f(slot: OneCycle, border: NoBorder): pass": [],
    "class NoBorder: pass\n@singledispatch\ndef f(border: NoBorder): pass": [],
    "from ..pictures import NoBorder\n@singledispatch\ndef f(border: NoBorder): pass": [],
    "from ..designs.borders import NoBorder\ndef f(border: NoBorder): pass\n@other.register\ndef g(): pass": [],
}


@pytest.mark.parametrize("text", DISPATCHED)
def test_what_is_registered_for_a_class(branches, text):
    found = branches.places(DESIGNS | {"file.py": text})["file.py"]
    assert [f"{column}: {what}" for _, column, what in found] == DISPATCHED[text]


def test_what_is_registered_beside_the_classes(branches):
    text = "class Own: pass\n@singledispatch\ndef f(own: Own): pass"
    assert branches.places({"convolver/designs/own.py": text})["convolver/designs/own.py"] == [(3, "form", "own: Own")]


def test_family(branches):
    text = "if family == 'ecp5' or self.family in X: pass\nx = TABLE[board.hardware]"
    assert [column for _, column, _ in branches.places({"file.py": text})["file.py"]] == ["family"] * 3


def test_a_name_that_means_something_else(branches):
    text = "if kind == 1: pass"
    assert branches.places({"hw/link/link.py": text, "hw/cores/fir.py": text}) == {
        "hw/link/link.py": [],
        "hw/cores/fir.py": [(1, "class or kind", "kind == 1")],
    }


def test_a_property_of_another_file(branches):
    one = "class A:\n    @cached_property\n    def cheap(self):\n        return self.symmetry != 'none'"
    assert branches.places({"one.py": one, "two.py": "if plan.cheap: pass"})["two.py"] == [(1, "form", "plan.cheap")]


def test_there_are_none_where_users_meet_designs(branches, project):
    found = {file: told for file, told in project.items() if file.startswith(branches.FRONTS)}
    assert {"host/device.py", "boards/flow.py", "convolver/cli/report.py", "convolver/report/conv2d.py"} < found.keys()
    assert [text for told in found.values() for _, column, text in told if column != "family"] == []


def test_there_are_no_more_in_all(project):
    """There should be fewer than 60: this limit only falls."""
    found = [column for told in project.values() for _, column, _ in told if column != "family"]
    assert 0 < len(found) <= 59


GROUPS = {
    "`convolver/designs/`": ("convolver/designs/",),
    "`convolver/plan/`, before `schedule.py` and `structure.py`": ("convolver/plan/",),
    "report, self-test, command line": ("convolver/report", "convolver/selftest", "convolver/cli"),
    "others of `convolver/`": ("convolver/",),
    "`hw/`": ("hw/",),
    "`sim/`": ("sim/",),
    "`host/`, `boards/`": ("host/", "boards/"),
}
"""The lines of the table in docs/architecture.md: what the names of their files begin with, where no line above has them."""


def test_the_page_has_todays_numbers(project):
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("## Branches on a design's form")[2]
    table = {line.split(" | ")[0].strip("| "): line.split(" | ")[-1].strip("| ") for line in page.splitlines() if " | " in line}
    counts = {name: [0, 0] for name in (*GROUPS, "all")}
    for file, told in project.items():
        group = next(name for name, begins in GROUPS.items() if file.startswith(begins))
        for name in (group, "all"):
            for place, wanted in enumerate(("class or kind", "form")):
                counts[name][place] += sum(column == wanted for _, column, _ in told)
    assert {name: table[name] for name in counts} == {name: "{}, {}".format(*found) for name, found in counts.items()}
    assert f"there are {sum(counts['all'])} in all" in page


def test_the_command(tmp_path):
    (tmp_path / "host").mkdir()
    (tmp_path / "hw" / "cores").mkdir(parents=True)
    (tmp_path / "host" / "device.py").write_text("if isinstance(design, FIRDesign): pass\nif design.loadable: pass\n")
    (tmp_path / "hw" / "cores" / "fir.py").write_text("if design.loadable: pass\nif design.family: pass\n")
    (tmp_path / "hw" / "cores" / "core.py").write_text("pass\n")
    end = subprocess.run([sys.executable, COMMAND, "--list", tmp_path], capture_output=True, text=True, check=True)
    assert end.stdout.splitlines() == [
        "hw/cores/fir.py:1: form: design.loadable",
        "hw/cores/fir.py:2: family: design.family",
        "host/device.py:1: class or kind: isinstance(design, FIRDesign)",
        "host/device.py:2: form: design.loadable",
        "| file | class or kind | form | family |",
        "|---|---|---|---|",
        "| `host/device.py` | 1 | 1 | 0 |",
        "| `hw/cores/fir.py` | 0 | 1 | 1 |",
        "| all | 1 | 2 | 1 |",
        "| host/, boards/, command line, report, selftest | 1 | 1 | 0 |",
    ]
