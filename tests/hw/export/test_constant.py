# amaranth: UnusedElaboratable=no
"""No register of a lean core for frames of one size is constant, as far as Yosys finds out by its own rules."""

import json

import pytest

from convolver import Conv2DDesign, Fork, Pipeline, u8
from convolver.boards.toolchain import run
from convolver.hw.cores import conv2d
from convolver.hw.export.verilog import generate
from convolver.hw.window.frame_size import KeptSize
from convolver.plan.pipeline import PipelinePlan

# Odd factors: a product of an even one has constant bits.
IMAGE = Conv2DDesign([[3, 5, 7], [9, -11, 13]], boundary="edge", rows=20, columns=45, shift=5, output=u8)
VALID = IMAGE.replace(mode="valid", boundary="constant")
TALL = IMAGE.replace(kernel=[[3], [5], [7], [9]])
DESIGNS = {
    "border": IMAGE,
    "valid": VALID,
    "stride": IMAGE.replace(stride=(2, 3)),
    "pixels": VALID.replace(pixels_per_clock=2),
    "pipeline": Pipeline([VALID, IMAGE, TALL]),
    "fork": Fork([IMAGE, TALL], join="planes"),
}

FOLD = "opt_expr; opt_dff -simple-dffe; "


def constant(folder, text):
    """The registers of a text, and those of which Yosys finds a bit that never changes."""
    (folder / "top.v").write_text(text)
    script = f"read_verilog top.v; hierarchy -auto-top; proc; flatten; write_json before.json; {FOLD}write_json after.json"
    run("yosys", ["-q", "-p", script], folder)
    before, after = (json.loads((folder / f"{name}.json").read_text())["modules"] for name in ("before", "after"))
    (name,) = after
    registers = {bit for cell in before[name]["cells"].values() if "dff" in cell["type"] for bit in cell["connections"]["Q"]}
    nets = [
        (net, signal["bits"], after[name]["netnames"].get(net, {"bits": []})["bits"])
        for net, signal in before[name]["netnames"].items()
    ]
    return registers, {
        net
        for net, old, new in nets
        for one, other in zip(old, new, strict=False)
        if one in registers and isinstance(other, str)
    }


@pytest.mark.parametrize("name", DESIGNS)
def test_no_register_is_constant(name, tmp_path):
    registers, found = constant(tmp_path, generate(DESIGNS[name], "core"))
    assert len(registers) > 100
    assert found == set()


def test_constant_registers_are_found(tmp_path, monkeypatch):
    """Those of a size that never changes: kept in the raster, and told from stage to stage."""
    monkeypatch.setattr(conv2d, "SIZES", {(): lambda _plan: KeptSize()})
    _, kept = constant(tmp_path, generate(IMAGE, "core"))
    assert any(net.endswith("columns_given") for net in kept)
    monkeypatch.undo()
    monkeypatch.setattr(PipelinePlan, "fixed", lambda plan, _plans: plan)
    _, told = constant(tmp_path, generate(DESIGNS["pipeline"], "core"))
    assert any(".gate." in net for net in told)
