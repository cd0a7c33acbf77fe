# amaranth: UnusedElaboratable=no
"""The boards' data, against what amaranth-boards says of them, and the list that the command line prints."""

import importlib
from fractions import Fraction

import pytest

from convolver import BoardError, FIRDesign, boards
from convolver.boards.listing import describe
from convolver.boards.resources import check_fit, needs


@pytest.mark.parametrize("board", boards.BOARDS, ids=boards.names())
def test_data_is_the_platforms(board: boards.Board) -> None:
    module, name = board.platform.split(":")
    platform = getattr(importlib.import_module(module), name)()
    assert (platform.device, platform.package) == (board.device, board.package)
    assert getattr(platform, "speed", "") == board.speed
    assert platform.default_clk_frequency == board.clock_hz
    uart = platform.request("uart", 0, dir="-")
    assert (len(uart.rx), len(uart.tx)) == (1, 1)


def test_names() -> None:
    assert boards.names() == ("ulx3s-85f", "icebreaker", "arty-a7-35")
    for name in boards.names():
        assert boards.get(name).name == name


def test_unknown_board() -> None:
    with pytest.raises(BoardError, match=r"^Board must be one of ulx3s-85f, icebreaker, arty-a7-35, not 'ulx3s'$"):
        boards.get("ulx3s")
    with pytest.raises(BoardError, match=r"^Board must be one of"):
        boards.build("nexys")


@pytest.mark.parametrize("board", boards.BOARDS, ids=boards.names())
def test_link_divides_as_the_gateware_and_the_bridge_can(board: boards.Board) -> None:
    assert board.divisor == Fraction(board.clock_hz, board.uart.baud)
    assert board.divisor >= 4
    # What the bridges divide: FT231X 24 MHz by whole numbers (3 Mbaud and 2 Mbaud are its own), FT2232H 96 MHz.
    source = {"FT231X": 24_000_000, "FT2232H": 96_000_000}[board.uart.bridge]
    assert source % board.uart.baud == 0


@pytest.mark.parametrize("board", boards.BOARDS, ids=boards.names())
def test_default_design_fits_by_its_own_count(board: boards.Board) -> None:
    check_fit(board, board.design)


@pytest.mark.parametrize(
    ("weight", "multipliers"), [(2048, 0), (-2048, 0), (3 << 12, 1), (1, 0), (0, 0), (-3, 1), (11, 1), (30000, 1)]
)
def test_constants_that_are_wiring_take_no_multiplier(weight: int, multipliers: int) -> None:
    """A product of 12 bits or more takes one; trailing zeros are wiring. Yosys' netlists say the same."""
    used, _ = needs(boards.get("ulx3s-85f"), FIRDesign([weight, 1], data="s12"))
    assert used.used == multipliers


def test_narrow_constants_are_left_to_the_tools() -> None:
    check_fit(boards.get("ulx3s-85f"), FIRDesign([3, 5, 7] * 80, data="u4"))


def test_icebreaker_comes_with_a_constant_3x3() -> None:
    design = boards.get("icebreaker").design
    assert describe(design) == "3x3, constant u3, u8 pixels, 640 columns, edge"
    assert not design.loadable


def test_table_says_that_no_board_has_been_run() -> None:
    lines = boards.table().splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["board", *boards.names()]
    assert lines[-1].startswith("No physical board has been run yet")
