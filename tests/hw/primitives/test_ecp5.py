"""ECP5's primitives against what Yosys makes of the plain form."""

import json
import random
from pathlib import Path

import pytest
from amaranth.back import rtlil
from amaranth.hdl import unsigned

from convolver.boards.toolchain import run
from convolver.hw.primitives.block_ram import BlockRAM
from convolver.hw.primitives.families import FamilyPlatform


def initial_words(folder: Path, depth: int, width: int, platform: object) -> dict[str, int]:
    """The initial contents of the one DP16KD that a memory becomes; the same seed gives the same words."""
    words = random.Random(depth)
    memory = BlockRAM(unsigned(width), depth, [words.getrandbits(width) for _ in range(depth)])
    (folder / "top.il").write_text(rtlil.convert(memory, name="top", platform=platform, emit_src=False))
    run("yosys", ["-q", "-p", "read_rtlil top.il; synth_ecp5 -top top; write_json top.json"], folder)
    cells = json.loads((folder / "top.json").read_text())["modules"]["top"]["cells"].values()
    (block,) = (cell["parameters"] for cell in cells if cell["type"] == "DP16KD")
    assert int(block["DATA_WIDTH_B"], 2) == width
    return {name: int(bits.replace("x", "0"), 2) for name, bits in block.items() if name.startswith("INITVAL_")}


@pytest.mark.parametrize(("depth", "width"), [(1024, 18), (4096, 4)])
def test_initial_words_lie_where_yosys_puts_them(tmp_path: Path, depth: int, width: int) -> None:
    inferred = initial_words(tmp_path, depth, width, None)
    assert len(inferred) == 64
    assert any(inferred.values())
    assert initial_words(tmp_path, depth, width, FamilyPlatform("ecp5")) == inferred
