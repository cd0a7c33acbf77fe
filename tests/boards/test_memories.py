# amaranth: UnusedElaboratable=no
"""The block RAMs that are counted before a build, against those that Yosys makes."""

import json
from pathlib import Path

import pytest
from amaranth.back import rtlil

from convolver import Conv2DDesign, FIRDesign, boards
from convolver.boards.clocks import clocks_of
from convolver.boards.memories import shell_memories
from convolver.boards.registry import Family
from convolver.boards.resources import needs
from convolver.boards.toolchain import run
from convolver.boards.top import device_on
from convolver.hw.primitives.families import FamilyPlatform
from convolver.plan.block_rams import Memory, block_rams, core_memories
from convolver.plan.lowering import lower

GAUSSIAN = [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
FOLDED = FIRDesign([3] * 256, data="s8", coefficient="s8", loadable=True, multipliers=16, output="s16", shift=9)
SKEWED = [[101, 2, 1], [2, 44, 2], [1, 52, 3]]

COUNTED = {
    "folded filter": ("icebreaker", FOLDED, 45),
    "loadable 3x3": (
        "icebreaker",
        Conv2DDesign(GAUSSIAN, coefficient="s12", loadable=True, multipliers=8, rows=480, columns=640, boundary="reflect"),
        20,
    ),
    "default": ("icebreaker", None, 18),
    "marks take a block more": ("icebreaker", Conv2DDesign(SKEWED, columns=320, output="u16"), 19),
    "zeros at the end": (
        "icebreaker",
        Conv2DDesign([[2 * weight for weight in line] for line in SKEWED], columns=320, output="u17"),
        19,
    ),
    "six results a place": ("icebreaker", Conv2DDesign([[*GAUSSIAN[:2], [1, 2, i]] for i in range(1, 7)], columns=320), 25),
    "ecp5, default": ("ulx3s-85f", None, 7),
    "ecp5, folded filter": ("ulx3s-85f", FOLDED, 37),
    "7-series, rings of 64 slots": ("alchitry-pt-v2", None, 10),
}
"""Block RAMs that Yosys 0.69 made of each, in units of 36 kbit on 7-series."""


@pytest.mark.parametrize("name", COUNTED)
def test_as_many_as_yosys_made(name: str) -> None:
    board, design, blocks = COUNTED[name]
    known = boards.get(board)
    assert needs(known, lower(design or known.design, known.target))[1].used == blocks


@pytest.mark.parametrize(
    ("family", "words", "bits", "blocks"),
    [
        ("ice40", 16, 5, 1), ("ice40", 16, 4, 0), ("ice40", 8, 9, 0), ("ice40", 5, 16, 1), ("ice40", 8, 17, 0),
        ("ice40", 4, 40, 0), ("ice40", 8, 33, 3), ("ice40", 16, 17, 2), ("ice40", 2048, 8, 4), ("ice40", 640, 17, 5),
        ("ecp5", 128, 8, 0), ("ecp5", 32, 36, 0), ("ecp5", 256, 16, 1), ("ecp5", 512, 36, 1), ("ecp5", 16384, 8, 8),
        ("7-series", 1024, 2, 0), ("7-series", 256, 8, 0), ("7-series", 64, 64, 0), ("7-series", 512, 8, 0.5),
        ("7-series", 16384, 8, 4),
    ],
)  # fmt: skip
def test_a_memory_alone(family: Family, words: int, bits: int, blocks: float) -> None:
    assert block_rams(family, Memory(words, bits)) == blocks


def test_read_only_and_hard_memories() -> None:
    assert block_rams("ice40", Memory(256, 16, written=False)) == 0
    assert block_rams("ice40", Memory(69, 32, written=False, hard=True)) == 2
    assert block_rams("ecp5", Memory(512, 36, hard=True)) == 2
    assert block_rams("7-series", Memory(69, 32, hard=True)) == 0.5


def test_the_gateware_around_the_core() -> None:
    """The link's rings have the board's slots, and the description is the longer, the longer the design."""
    small, large = (shell_memories(boards.get("icebreaker"), design) for design in (FIRDesign([1]), FIRDesign(range(1, 200))))
    wide = shell_memories(boards.get("alchitry-pt-v2"), FIRDesign([1]))
    assert [memory.words for memory in small if memory.words >= 2048] == [2048, 2048]
    assert [memory.words for memory in wide if memory.words >= 2048] == [16384, 16384]
    assert [memory.words for memory in small if not memory.written and not memory.hard] == [16]  # what a host is greeted with
    (before,), (after,) = ([memory for memory in found if memory.hard] for found in (small, large))
    assert after.words > before.words


def test_result_bits_that_never_change_do_not_count() -> None:
    """Of 14 bits the lowest of even weights is 0 and the 8 of a threshold are one; beside them are three marks."""

    def bits(kernel: list[list[int]], **changes: int) -> int:
        return core_memories(lower(Conv2DDesign(kernel, output="u14", **changes), "ice40"))[-1].bits

    odd, even = [[11, 2, 1], [2, 4, 2], [1, 2, 31]], [[22, 4, 2], [4, 8, 4], [2, 4, 6]]
    assert (bits(odd), bits(even), bits(even, shift=1), bits(odd, threshold=20)) == (17, 16, 16, 4)
    assert bits([[1, 2]]) == 13  # 10 bits of 14


SYNTHESIS = {
    "icebreaker": ("synth_ice40 -device u", {"SB_RAM40_4K": 1}),
    "ulx3s-85f": ("synth_ecp5", {"DP16KD": 1}),
    "arty-a7-35": ("synth_xilinx -family xc7 -flatten", {"RAMB36E1": 1, "RAMB18E1": 0.5}),
}


@pytest.mark.builds
@pytest.mark.parametrize("name", SYNTHESIS)
def test_yosys_makes_as_many(name: str, tmp_path: Path) -> None:
    board, design = (
        boards.get(name),
        FIRDesign(range(-40, 40), data="s16", loadable=True, coefficient="s16", clocks_per_sample=16),
    )
    synthesis, sizes = SYNTHESIS[name]
    device = device_on(board, design, clocks_of(board))
    ports = [getattr(device, port) for port in device.signature.members]
    (tmp_path / "top.il").write_text(rtlil.convert(device, platform=FamilyPlatform(board.family), ports=ports))
    before_gates = "map_ffram" if board.family == "7-series" else "map_gates"
    script = f"read_rtlil top.il; {synthesis} -run begin:{before_gates}; tee -q -o stat.json stat -json"
    run("yosys", ["-q", "-p", script], tmp_path)
    types = json.loads((tmp_path / "stat.json").read_text())["design"]["num_cells_by_type"]
    assert needs(board, lower(design, board.target))[1].used == sum(size * types.get(type_, 0) for type_, size in sizes.items())
