"""The tables that docs/boards.md and the command line show."""

import datetime
from fractions import Fraction

import pytest

from convolver import boards
from convolver.boards.clocks import Domain
from convolver.boards.flow import BuildResult
from convolver.boards.listing import BEGIN, END, figures, update
from convolver.boards.resources import Use
from convolver.boards.timing import Clock, Limit

BOARD = boards.get("icebreaker")
USE = (Use("LUT", 10, 5280), Use("FF", 20, 5280), Use("multiplier", 0, 8), Use("block RAM", 3, 30))
DOMAINS = (Domain("line", Fraction(48_000_000)), Domain("sync", Fraction(24_000_000)))
CLOCKS = (Clock("line", 48e6, 160e6, Limit(150e6, "block RAM", "data sheet")), Clock("sync", 24e6, 30.1e6, None))


def test_figures_are_those_of_the_build(tmp_path):
    result = BuildResult(BOARD, BOARD.design, DOMAINS, tmp_path / "top.bin", USE, CLOCKS, "", {"tool": "1.2"})
    lines = figures([result], [0.9], datetime.date(2026, 1, 2)).splitlines()
    assert [cell.strip() for cell in lines[2].split("|")[1:-1]] == [
        "icebreaker", "3x3, constant u3, u8 pixels, 640 columns, edge", "10 of 5280", "20 of 5280", "0 of 8", "3 of 30",
        "line 48, sync 24 MHz", "line 150.0 (nextpnr 160.0), sync 30.1 (nextpnr 30.1) MHz", "block RAM 150 MHz",
        "1134 kB/s", "1080 kB/s (90.0 % of the line)", "not run",
    ]  # fmt: skip
    assert lines[0].count("|") == lines[1].count("|") == lines[2].count("|")
    assert lines[-1].startswith("Built on 2026-01-02 with tool 1.2. No physical board has been run yet")


def test_the_rate_of_a_fifo_is_that_of_its_chip(tmp_path):
    board = boards.get("alchitry-pt-v2")
    result = BuildResult(board, board.design, DOMAINS, tmp_path / "build_top.sh", USE, (), "", {"tool": "1.2"})
    cells = [cell.strip() for cell in figures([result], [0.75], datetime.date(2026, 1, 2)).splitlines()[2].split("|")[1:-1]]
    assert cells[-5:] == [
        "not timed: after synthesis, for Vivado",
        "",
        "7557 kB/s",
        "6000 kB/s (75.0 % of the line)",
        "not run",
    ]
    assert str(result).splitlines()[0] == ("Alchitry Pt V2: xc7a100t, FT2232H FIFO, 8 MB/s, clocks line 48 MHz, sync 24 MHz")


def test_a_board_without_multipliers_has_none_in_the_table(tmp_path):
    board, use = boards.get("ice40-hx8k"), tuple(one for one in USE if one.what != "multiplier")
    result = BuildResult(board, board.design, DOMAINS, tmp_path / "top.bin", use, CLOCKS, "", {"tool": "1.2"})
    line = figures([result], [0.9], datetime.date(2026, 1, 2)).splitlines()[2]
    assert [cell.strip() for cell in line.split("|")][3:7] == ["10 of 5280", "20 of 5280", "none", "3 of 30"]


def test_a_page_with_one_place_is_updated(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nbehind\n")
    update(page, "new")
    assert page.read_text() == f"before\n{BEGIN}\nnew\n{END}\nbehind\n"
    page.write_text("nothing")
    with pytest.raises(ValueError, match="must have one place for the figures, not 0"):
        update(page, "new")
