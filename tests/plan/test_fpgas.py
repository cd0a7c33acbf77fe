"""Devices by name."""

import re

import pytest

from convolver import Conv2DDesign, DesignError, FIRDesign, Pipeline, ResampleDesign, boards
from convolver.designs import Design
from convolver.hw.export.verilog import generate
from convolver.plan.fit import check_fpga, fpga_needs
from convolver.plan.fpgas import FPGAS, named_fpga
from convolver.plan.lowering import lower
from convolver.shell import FULL, Shell


@pytest.mark.parametrize("board", boards.BOARDS, ids=boards.names())
def test_a_boards_device_is_a_part_with_the_same_resources(board: boards.Board) -> None:
    fpga = named_fpga(board.device)
    assert fpga.family == board.family
    assert (fpga.multipliers, fpga.block_rams, fpga.single_port_rams) == (
        board.multipliers,
        board.block_rams,
        board.single_port_rams,
    )
    assert fpga.target == board.target


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("LFE5U-85F", "LFE5U-85F"),
        ("lfe5um5g-45f-8bg381", "LFE5UM5G-45F"),
        ("ice40up5k-sg48", "iCE40UP5K"),
        ("xc7a35ticsg324", "XC7A35T"),
    ],
)
def test_package_and_grade_may_follow(text: str, name: str) -> None:
    assert named_fpga(text).name == name


@pytest.mark.parametrize("name", ["", "LFE5U", "xc7z020", "85F"])
def test_an_unknown_device_is_refused(name: str) -> None:
    known = ", ".join(fpga.name for fpga in FPGAS)
    with pytest.raises(DesignError, match=f"^Device must be one of {re.escape(known)}, not {name!r}$"):
        named_fpga(name)


def test_names_are_no_beginnings_of_each_other() -> None:
    names = [fpga.name for fpga in FPGAS]
    assert not [(one, other) for one in names for other in names if one != other and other.startswith(one)]


def test_what_just_fits_is_taken_and_one_more_refused() -> None:
    fpga = named_fpga("LFE5U-25F")
    design = FIRDesign([1] * 28, data="s16", coefficient="s16", loadable=True)
    plan = lower(design, fpga.family)
    check_fpga(fpga, plan)
    assert [str(use) for use in fpga_needs(fpga, plan)] == [
        "multiplier 28 of 28 (100 %)",
        "block RAM 0 of 56 (0 %)",
    ]
    message = "A design for LFE5U-25F must need at most 28 multipliers, not 29; clocks_per_sample=2 needs 15 multipliers"
    with pytest.raises(DesignError, match=f"^{message} and 30 block RAMs$"):
        check_fpga(fpga, lower(design.replace(coefficients=[1] * 29), fpga.family))


WIDE = Conv2DDesign([[1] * 7] * 7, coefficient="s8", loadable=True, pixels_per_clock=4)
PLANES = WIDE.replace(pixels_per_clock=1, planes=3)


@pytest.mark.parametrize(
    ("design", "device", "told"),
    [
        (WIDE, "LFE5U-85F", "156 multipliers, not 196; pixels_per_clock=2 needs 98 multipliers and 6 block RAMs"),
        (WIDE, "LFE5U-45F", "72 multipliers, not 196; pixels_per_clock=1 needs 49 multipliers and 3 block RAMs"),
        (
            WIDE,
            "LFE5U-25F",
            "28 multipliers, not 196; pixels_per_clock=1, clocks_per_pixel=2 needs 25 multipliers and 28 block RAMs",
        ),
        (PLANES, "LFE5U-45F", "72 multipliers, not 147; planes=1 needs 49 multipliers and 3 block RAMs"),
        (
            PLANES,
            "LFE5U-25F",
            "28 multipliers, not 147; planes=1, clocks_per_pixel=2 needs 25 multipliers and 28 block RAMs",
        ),
    ],
    ids=["fewer pixels", "one pixel", "clocks", "a plane", "clocks for a plane"],
)
def test_fewer_pixels_a_clock_and_one_plane_come_before_more_clocks_a_pixel(design: Design, device: str, told: str) -> None:
    """Several pixels a clock, and several planes, take one clock."""
    with pytest.raises(DesignError, match=f"^A design for {device} must need at most {told}$"):
        check_fpga(named_fpga(device), lower(design, "ecp5"))


SLOW = ResampleDesign(range(3, 17, 2), down=2, data="s16", clocks_per_result=4)
LOADED = FIRDesign([1, 2], data="s16", loadable=True)


@pytest.mark.parametrize(
    ("design", "told"),
    [
        (SLOW, "2; multipliers=0 without clocks_per_result needs 0 multipliers and 4 block RAMs"),
        (Pipeline([SLOW]), "2; multipliers=0 without clocks in its stages needs 0 multipliers and 4 block RAMs"),
        (Pipeline([LOADED, FIRDesign([3], data=LOADED.output)]), "4; use constant coefficients, which need none"),
    ],
    ids=["one", "stages", "loadable"],
)
def test_a_device_without_multipliers_says_what_adders_would_do(design: Design, told: str) -> None:
    """Here nothing shifts and adds constants by itself."""
    with pytest.raises(DesignError, match=f"^A design for iCE40HX8K must need at most 0 multipliers, not {told}$"):
        check_fpga(named_fpga("iCE40HX8K"), lower(design, "ice40"))


def test_what_is_told_fits() -> None:
    check_fpga(named_fpga("iCE40HX8K"), lower(Pipeline([SLOW.replace(multipliers=0, clocks_per_result=None)]), "ice40"))


def test_long_lines_need_rams_that_a_device_may_not_have() -> None:
    """Of the family's plan; shorter ones stand in block RAM, and so do all in a plan for such a device."""
    design = Conv2DDesign([[1, 4, 6, 4, 1]] * 5, multipliers=0, columns=1920)
    hx8k = named_fpga("iCE40HX8K")
    message = "A design for iCE40HX8K must need at most 0 single-port RAMs, not 4; use fewer columns, or a smaller kernel"
    with pytest.raises(DesignError, match=f"^{message}$"):
        check_fpga(hx8k, lower(design, "ice40"))
    check_fpga(hx8k, lower(design.replace(columns=640), "ice40"))
    check_fpga(hx8k, lower(design, hx8k.target))
    assert lower(design, named_fpga("iCE40UP5K").target) is lower(design, "ice40")
    message = "A design for iCE40HX8K must need at most 32 block RAMs, not 34; use fewer columns"
    with pytest.raises(DesignError, match=f"^{message}$"):
        generate(design.replace(columns=4096), device="iCE40HX8K")


def test_a_file_tells_of_single_port_rams_and_of_devices_without() -> None:
    design = Conv2DDesign([[1, 2, 1]] * 3, columns=4096, rows=8)
    told = "Its lines lie in 2 single-port RAMs; for a device without these, name it: --device."
    assert told in generate(design, family="ice40")
    for device in ("iCE40UP5K", "iCE40HX8K"):
        text = generate(design, device=device)
        assert told not in text
        assert ("SB_SPRAM256KA" in text) == (device == "iCE40UP5K")


@pytest.mark.parametrize(
    ("shell", "blocks"), [(FULL, 5), (Shell(), 4), (Shell(handshake="valid"), 3)], ids=["full", "lean", "without back-pressure"]
)
def test_a_shell_needs_the_block_rams_of_its_core(shell: Shell, blocks: int) -> None:
    """Two output buffers in turn, one, none; what `synth_ice40` makes of the last two is in docs/performance.md."""
    design = Conv2DDesign([[1, 2, 1], [2, 4, 2], [1, 2, 1]], mode="valid", shift=4, output="u8", columns=640)
    fpga = named_fpga("iCE40HX8K")
    assert fpga_needs(fpga, lower(design, "ice40"), shell.of(design))[1].used == blocks
    assert f"{blocks} of 32 block RAMs" in generate(design, device="iCE40HX8K", shell=shell)
