# amaranth: UnusedElaboratable=no
"""Every kind has all that a kind must have; and each part of it is missed when it is taken away."""

import importlib
import shutil
import sys
from pathlib import Path

import pytest
from kinds import completeness
from kinds.completeness import examples_of, lacking

from convolver import plan
from convolver.designs import KINDS, Design
from convolver.errors import DesignError
from convolver.plan.lowering import lower
from convolver.plan.stages import Stage

PROOF = "proof with a seeded bug in its core"
FILES = {
    "convolver.sim.golden": ["golden model"],
    "convolver.plan": ["plan"],
    "convolver.hw.cores": ["core", PROOF],
    "convolver.report": ["report"],
    "formal.kinds": [PROOF],
    "named_designs": ["named design whose Verilog is simulated"],
    "random_designs": ["generator of random designs"],
}
"""The layers with a file of each kind, and what is lacking without it."""

STAGES = [(kind, stage) for kind, cls in KINDS.items() for stage in sorted(examples_of(cls), key=lambda stage: stage.name)]

kinds = pytest.mark.parametrize("kind", KINDS)


@kinds
def test_a_kind_is_complete(kind):
    assert lacking(KINDS[kind]) == []


class NothingDesign(Design):
    """A kind of which there is no more than its class."""

    kind = "nothing"


def test_a_kind_of_nothing_lacks_everything(monkeypatch):
    monkeypatch.setitem(KINDS, "nothing", NothingDesign)
    assert lacking(NothingDesign) == [
        "golden model",
        "plan",
        "core",
        "report",
        PROOF,
        "named design whose Verilog is simulated",
        "page in docs",
        "link from README.md to its page",
        "generator of random designs",
    ]


def test_what_asks_for_a_kind_that_is_not_listed_is_told_so():
    with pytest.raises(DesignError, match=r"^A design to plan must be of one of the kinds fir, conv2d, .*, not NothingDesign$"):
        lower(NothingDesign())


@kinds
@pytest.mark.parametrize("layer", FILES)
def test_a_file_is_missed(kind, layer, monkeypatch):
    lacking(KINDS[kind])  # every layer is imported: none is missed because another can't be
    importlib.import_module(f"{layer}.{kind}")
    monkeypatch.setitem(sys.modules, f"{layer}.{kind}", None)
    assert lacking(KINDS[kind]) == FILES[layer]


@kinds
@pytest.mark.parametrize(
    ("layer", "name", "empty"),
    [("formal.kinds", "PROOFS", ()), ("named_designs", "DESIGNS", {})],
)
def test_an_empty_file_is_missed(kind, layer, name, empty, monkeypatch):
    monkeypatch.setattr(importlib.import_module(f"{layer}.{kind}"), name, empty)
    assert lacking(KINDS[kind]) == FILES[layer]


@pytest.mark.parametrize("kind", [kind for kind, cls in KINDS.items() if cls.cycles_field])
def test_the_clocks_for_a_limit_are_missed(kind, monkeypatch):
    lacking(KINDS[kind])
    monkeypatch.delattr(f"convolver.plan.{kind}.{kind}_clocks")
    assert lacking(KINDS[kind]) == [completeness.CLOCKS]


def test_every_stage_is_in_the_plan_of_an_example():
    files = [importlib.import_module(f"convolver.plan.{path.stem}") for path in Path(plan.__file__).parent.glob("*.py")]
    stages = {part for file in files for part in vars(file).values() if isinstance(part, type) and issubclass(part, Stage)}
    named = {stage for stage in stages if hasattr(stage, "name")}
    assert len(named) > 25
    assert named == {stage for cls in KINDS.values() for stage in examples_of(cls)}


@kinds
def test_the_worst_case_is_missed(kind, monkeypatch):
    monkeypatch.setattr(KINDS[kind], "worst_windows", Design.worst_windows)
    assert lacking(KINDS[kind]) == ["worst case"]


@kinds
def test_the_page_is_missed(kind, monkeypatch, tmp_path):
    pages = shutil.copytree(completeness.DOCS, tmp_path / "docs")
    readme = Path(shutil.copy(completeness.README, tmp_path))
    monkeypatch.setattr(completeness, "DOCS", pages)
    monkeypatch.setattr(completeness, "README", readme)
    assert lacking(KINDS[kind]) == []
    text = readme.read_text(encoding="utf-8")
    readme.write_text(text.replace(f"docs/{kind}.md", "elsewhere"), encoding="utf-8")
    assert lacking(KINDS[kind]) == ["link from README.md to its page"]
    readme.write_text(text, encoding="utf-8")
    (pages / f"{kind}.md").unlink()
    assert lacking(KINDS[kind]) == ["page in docs"]


@pytest.mark.parametrize(("kind", "stage"), STAGES, ids=lambda value: value if isinstance(value, str) else value.name)
def test_a_stages_block_is_missed(kind, stage, monkeypatch):
    lacking(KINDS[kind])  # its cores are made, and so their blocks are imported
    modules = [module for name, module in sys.modules.items() if name.startswith("convolver.hw.")]
    blocks = {block for module in modules for block in vars(module).values() if stage in getattr(block, "makes", ())}
    for block in blocks:
        monkeypatch.setattr(block, "makes", tuple(made for made in block.makes if made is not stage))
    assert lacking(KINDS[kind]) == [f"block for the stage {stage.name}"]
