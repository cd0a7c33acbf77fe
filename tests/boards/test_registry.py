# amaranth: UnusedElaboratable=no
"""The boards' data, against what amaranth-boards says of them, and the list that the command line prints."""

import importlib
import re

import pytest

from convolver import BoardError, Conv2DDesign, FIRDesign, boards
from convolver.boards.clocks import clocks_of
from convolver.boards.flow import _prepared
from convolver.boards.registry import Fifo, Uart
from convolver.boards.resources import check_fit, needs
from convolver.plan.lowering import lower


@pytest.mark.parametrize("board", boards.BOARDS, ids=boards.names())
def test_data_is_the_platforms(board: boards.Board) -> None:
    module, name = board.platform.split(":")
    platform = getattr(importlib.import_module(module), name)()
    assert (platform.device, platform.package) == (board.device, board.package)
    assert getattr(platform, "speed", "") == board.speed
    assert platform.default_clk_frequency == board.clock_hz
    if isinstance(board.link, Uart):
        uart = platform.request("uart", 0, dir="-")
        assert (len(uart.rx), len(uart.tx)) == (1, 1)


NAMES = (
    "ulx3s-12f", "ulx3s-25f", "ulx3s-45f", "ulx3s-85f", "icebreaker", "ice40-hx8k", "ecpix5-45f", "ecpix5-85f",
    "colorlight-5a-75b", "versa-ecp5-5g", "arty-a7-35", "arty-a7-100", "alchitry-pt-v2",
)  # fmt: skip


def test_names() -> None:
    assert boards.names() == NAMES
    for name in boards.names():
        assert boards.get(name).name == name


def test_unknown_board() -> None:
    with pytest.raises(BoardError, match=rf"^Board must be one of {', '.join(NAMES)}, not 'ulx3s'$"):
        boards.get("ulx3s")
    with pytest.raises(BoardError, match=r"^Board must be one of"):
        boards.build("nexys")


@pytest.mark.parametrize("board", boards.BOARDS, ids=boards.names())
def test_link_divides_as_the_gateware_and_the_bridge_can(board: boards.Board) -> None:
    clocks = clocks_of(board)
    uart = clocks.get("line") or clocks.link
    link = board.link
    # The fastest rate of each: FTDI's data sheets and AN_120.
    if isinstance(link, Fifo):
        assert (link.bridge, link.bytes_per_second) == ("FT2232H", 8_000_000)
        return
    assert uart.hertz / link.baud >= 4
    assert link.baud <= 2 * clocks.link.hertz
    assert link.baud == {"FT231X": 3_000_000, "FT232R": 3_000_000, "FT2232H": 12_000_000}[link.bridge]


def test_the_pins_of_a_fifo_are_the_makers() -> None:
    """All of them, each at its place, and at 3.3 V, in the constraints that Vivado gets; the UART at the same pins is not."""
    board = boards.get("alchitry-pt-v2")
    plan = _prepared(board, FIRDesign([1]), clocks_of(board), None, 1)
    text = plan.files["top.xdc"]
    constraints = text if isinstance(text, str) else text.decode()
    places = dict(re.findall(r'set_property LOC (\w+) \[get_ports "fifo245_0__(\w+)__io"\]', constraints))
    data = re.findall(r'set_property LOC (\w+) \[get_ports "fifo245_0__data__io\\\[(\d)\]"\]', constraints)
    assert data == list(zip(["AA20", "AA21", "W21", "W22", "Y21", "Y22", "F15", "U7"], "01234567", strict=True))
    assert places == {"F21": "rxf_n", "T3": "txe_n", "T16": "rd_n", "U16": "wr_n", "Y17": "siwu_n"}
    ports = re.findall(r'set_property IOSTANDARD "?LVCMOS33"? \[get_ports "(fifo245_0__\w+)', constraints)
    assert len(ports) == 13
    assert "uart" not in constraints
    # Both strobes' registers and the bytes' are to lie in their pads.
    text = plan.files["top.v"]
    verilog = text if isinstance(text, str) else text.decode()
    packed = re.findall(r'\(\* IOB = "TRUE" \*\)(?:\s*\(\*[^*]*\*\))*\s*(?:output|reg) (?:\[7:0\] )?(\S+) *;', verilog)
    assert set(packed) == {"rd_n", "wr_n", "data_o", "o__payload"}


@pytest.mark.parametrize("board", boards.BOARDS, ids=boards.names())
def test_default_design_fits_by_its_own_count(board: boards.Board) -> None:
    check_fit(board, lower(board.design, board.target))


@pytest.mark.parametrize(
    ("weight", "multipliers"), [(2048, 0), (-2048, 0), (3 << 12, 1), (1, 0), (0, 0), (-3, 1), (11, 1), (30000, 1)]
)
def test_constants_that_are_wiring_take_no_multiplier(weight: int, multipliers: int) -> None:
    board = boards.get("ulx3s-85f")
    used, _ = needs(board, lower(FIRDesign([weight, 1], data="s12"), board.target))
    assert used.used == multipliers


def test_narrow_constants_take_one_too() -> None:
    message = "A design for ulx3s-85f must need at most 156 multipliers, not 240; clocks_per_sample=3 needs 80 multipliers"
    board = boards.get("ulx3s-85f")
    with pytest.raises(BoardError, match=f"^{message} and 165 block RAMs$"):
        check_fit(board, lower(FIRDesign([3, 5, 7] * 80, data="u4"), board.target))


def test_long_lines_of_an_icebreaker_take_its_single_port_rams() -> None:
    board, other = boards.get("icebreaker"), boards.get("ulx3s-85f")
    design = Conv2DDesign([[1] * 3] * 5, columns=16384)
    plan = lower(design, board.target)
    check_fit(board, plan)
    assert [str(use) for use in needs(board, plan)][1:] == ["block RAM 15 of 30 (50 %)", "single-port RAM 4 of 4 (100 %)"]
    assert [use.what for use in needs(board, lower(design.replace(columns=640), board.target))] == ["multiplier", "block RAM"]
    assert [use.what for use in needs(other, lower(design, other.target))] == ["multiplier", "block RAM"]


def test_icebreaker_comes_with_a_constant_3x3() -> None:
    design = boards.get("icebreaker").design
    assert design.describe() == "3x3, constant u3, u8 pixels, 640 columns, edge"
    assert not design.loadable


def test_table_says_that_no_board_has_been_run() -> None:
    lines = boards.table().splitlines()
    assert [line.split()[0] for line in lines[: len(NAMES) + 1]] == ["board", *NAMES]
    assert lines[-1].startswith("No physical board has been run yet")


@pytest.mark.parametrize("board", boards.BOARDS, ids=boards.names())
def test_every_board_elaborates_with_its_clocks(board: boards.Board) -> None:
    """All that can be checked of a build without synthesis: pins, domains, constraints. The largest part, the core, is the
    default design's on one board of each family, and a small one on the others."""
    clocks = clocks_of(board)
    full = board.name in ("ulx3s-12f", "icebreaker", "arty-a7-35")
    plan = _prepared(board, board.design if full else FIRDesign([1]), clocks, None, 1)
    constraints = next(text for name, text in plan.files.items() if name.endswith((".lpf", ".pcf", ".xdc")))
    text = constraints if isinstance(constraints, str) else constraints.decode()
    for domain in clocks.domains:
        megahertz = float(domain.hertz) / 1e6
        found = re.search(rf"{domain.name}_clk\S* +(?:-period )?([\d.]+)", text)
        assert found is not None, domain
        told = float(found[1])
        wanted = {"ecp5": megahertz * 1e6, "ice40": megahertz, "7-series": 1e3 / megahertz}[board.family]
        assert told == pytest.approx(wanted), domain
