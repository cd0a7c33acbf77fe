"""`explore` and `fit`: what is built, what is kept, which points are best; with quick programs in the places of the tools."""

import json
import re
import shlex
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from distributed import LocalCluster

from convolver import BoardError, DesignError, FIRDesign, PortError, ToolError, cli, cluster
from convolver.boards import alone, registry
from convolver.boards.cell_counts import FLIP_FLOPS, Size, size_of
from convolver.exploring import Exploration, Trial, explore, fit, space
from convolver.exploring.space import Point, points, values_of
from convolver.exploring.trial import Run
from convolver.exploring.work import synthesise
from convolver.plots.explored import _names as names_of
from convolver.shell import Shell

from .fake_tools import FakeTools

pytestmark = pytest.mark.usefixtures("finalized")
ROOT = Path(__file__).parent.parent
TAPS = FIRDesign([3, -5, 7, 11], data="s8")
BOARD = registry.get("ulx3s-85f")
HERE = {"processes": False, "protocol": "tcp", "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
HERE["worker_dashboard_address"] = HERE["dashboard_address"]


made = cache(alone.circuit_of)
"""Each circuit is elaborated once for all tests."""


@pytest.fixture
def tools(tmp_path, monkeypatch):
    monkeypatch.setattr("convolver.exploring.builder.circuit_of", made)
    return FakeTools(tmp_path, monkeypatch)


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "design.toml"
    path.write_text(TAPS.to_toml())
    return path


def trial(luts, hertz, multipliers=0, taps=TAPS, board=BOARD):
    return Trial(Point(taps, {}), board, Size(luts, 0, multipliers, 0), None, [Run(1, hertz, "")])


def test_all_foldings_once(tools):
    found = explore(TAPS, "ulx3s-85f", seeds=2)
    told = [(str(one.point), one.size.multipliers, one.samples_a_clock) for one in found.trials]
    assert told == [
        ("as given", 4, 1.0),
        ("multipliers 0", 0, 1.0),
        ("clocks_per_sample 2", 2, 0.5),
        ("clocks_per_sample 4", 1, 0.25),
    ]
    assert tools.ran == ["NEXTPNR_ECP5"] * 8 + ["YOSYS"] * 4
    assert found.built == 12
    # The second seed's clock is lower by 40 MHz; the median of two lies between them.
    assert [run.hertz for run in found.trials[0].runs] == [206e6, 166e6]
    assert found.trials[0].reported == found.trials[0].hertz == 186e6
    assert found.trials[2].rate == 188e6 / 2


def test_a_second_run_builds_nothing_and_more_seeds_build_only_these(tools):
    first = explore(TAPS, "ulx3s-85f", vary={"multipliers": [1, 4]}, seeds=1)
    assert tools.ran == ["NEXTPNR_ECP5"] * 2 + ["YOSYS"] * 2
    second = explore(TAPS, "ulx3s-85f", vary={"multipliers": [1, 4]}, seeds=1)
    assert (tools.ran, second.built) == ([], 0)
    assert [one.to_dict() for one in first.trials] == [one.to_dict() for one in second.trials]
    third = explore(TAPS, "ulx3s-85f", vary={"multipliers": [1, 4]}, seeds=[1, 5])
    assert (tools.ran, third.built) == (["NEXTPNR_ECP5"] * 2, 2)
    assert [[run.seed for run in one.runs] for one in third.trials] == [[1, 5], [1, 5]]


def test_a_run_that_failed_goes_on_where_it_was(tools, tmp_path, monkeypatch):
    nextpnr = tmp_path / "nextpnr_ecp5"
    good = nextpnr.read_text()
    nextpnr.write_text(good.replace("mults = ", "assert given['--seed'] != '2'\nmults = "))
    first = explore(TAPS, "ulx3s-85f", vary={"multipliers": [1]}, seeds=3)
    assert [run.seed for run in first.trials[0].runs] == [1, 3]
    assert len(first.notes) == 1
    assert first.notes[0].startswith("multipliers 1: nextpnr-ecp5 must succeed, and ended with exit code 1: AssertionError")
    nextpnr.write_text(good)
    assert tools.ran == ["NEXTPNR_ECP5"] * 3 + ["YOSYS"]
    assert [run.seed for run in explore(TAPS, "ulx3s-85f", vary={"multipliers": [1]}, seeds=3).trials[0].runs] == [1, 2, 3]
    assert tools.ran == ["NEXTPNR_ECP5"]


def test_equal_circuits_are_built_once(tools):
    found = explore(TAPS, "ulx3s-85f", vary={"multipliers": [4, None]}, seeds=1)
    assert tools.ran == ["NEXTPNR_ECP5", "YOSYS"]
    assert [str(one.point) for one in found.trials] == ["multipliers 4", "multipliers none"]
    assert [one.reported for one in found.trials] == [206e6, 206e6]


def test_what_no_tool_places_has_sizes(tools, written, tmp_path, capsys):
    yosys = tmp_path / "yosys"
    yosys.write_text(yosys.read_text().replace("-json (", "write_json ("))
    found = explore(TAPS, "arty-a7-35", vary={"multipliers": [4]})
    assert tools.ran == ["YOSYS"]
    assert (found.trials[0].hertz, found.trials[0].rate) == (None, None)
    with pytest.raises(BoardError, match=r"^A plot of a search needs points with a clock, and none for arty-a7-35 has one$"):
        found.plot(tmp_path / "plot.png")
    picture = str(tmp_path / "plot.png")
    assert cli.main(["explore", "-d", str(written), "-b", "arty-a7-35", "--vary", "multipliers=4", "--plot", picture]) == 7
    assert "multipliers 4" in capsys.readouterr().out  # what was found is told all the same


def test_without_room():
    found = Exploration(BOARD, [trial(100_000, 1e8), trial(10, 1e8)], {}, 0)
    assert [one.fits for one in found.trials] == [False, True]
    assert found.front == [found.trials[1]]


def test_no_room_by_the_placer(tools):
    long = FIRDesign([3, 5, 7, 9, 11, 13, 15], data="s8")
    found = explore(long, "ulx3s-85f", vary={"multipliers": [1, 7]}, seeds=1)
    assert [one.fits for one in found.trials] == [True, False]
    assert found.trials[1].refused.startswith("A design must fit LFE5U-85F: nextpnr-ecp5 must succeed")
    assert "no room" in str(found)
    assert explore(long, "ulx3s-85f", vary={"multipliers": [1, 7]}, seeds=1).built == 0


def test_the_front():
    """Of cost, rate and errors of coefficients: none may be given up for nothing."""
    cheap, fast, beaten = trial(100, 100e6), trial(200, 200e6), trial(200, 150e6)
    scarce = trial(50, 120e6, multipliers=100)  # few look-up tables, but most of the multipliers
    found = Exploration(BOARD, [fast, beaten, cheap, scarce], {}, 0)
    assert found.front == [cheap, fast]
    assert (scarce.scarcest, scarce.cost) == ("multiplier", 100 / 156)
    assert fast.beats(beaten)
    assert not fast.beats(fast)


def test_the_device_limits_what_can_be_relied_on():
    one = Trial(
        Point(TAPS, {}), BOARD, Size(1, 0, 0, 0), 212e6, [Run(seed, hertz, "") for seed, hertz in enumerate((3e8, 1e8, 2.5e8))]
    )
    assert (one.reported, one.hertz) == (2.5e8, 2.12e8)
    assert one.meets(2.12e8)
    assert not one.meets(2.13e8)


def test_fit_takes_the_cheapest_that_does(tools):
    found = fit(TAPS, "ulx3s-85f", 40e6, seeds=1)
    assert found.design.clocks_per_sample == 4
    assert found.point.aim == 160e6
    # All are synthesised; the only one placed is the cheapest.
    assert tools.ran == ["NEXTPNR_ECP5"] + ["YOSYS"] * 4
    quicker = fit(TAPS, "ulx3s-85f", 60e6, seeds=1)
    assert (quicker.samples_a_clock, quicker.point.aim) == (0.5, 120e6)


def test_fit_says_what_is_the_fastest(tools):
    with pytest.raises(BoardError) as caught:
        fit(TAPS, "ulx3s-85f", 220e6, seeds=1)
    assert str(caught.value) == (
        "A design for ulx3s-85f must take 220 million samples a second; of 2 placed the fastest takes 210: multipliers 0"
    )
    with pytest.raises(
        BoardError, match=r"^A design for ulx3s-85f must take 300 million samples a second, and no clock up to 257"
    ):
        fit(TAPS, "ulx3s-85f", 300e6)
    with pytest.raises(
        BoardError, match=r"^A board to fit must have a device that open tools time, not arty-a7-35, whose is xc7a35"
    ):
        fit(TAPS, "arty-a7-35", 1e6)


def test_on_the_workers_of_a_scheduler(tools):
    """It holds the only worker, and this process none."""
    with LocalCluster(n_workers=1, threads_per_worker=1, **HERE) as elsewhere:
        found = explore(TAPS, "ulx3s-85f", vary={"multipliers": [4]}, seeds=2, scheduler=elsewhere.scheduler_address)
    assert [run.hertz for run in found.trials[0].runs] == [206e6, 166e6]
    assert tools.ran == ["NEXTPNR_ECP5"] * 2 + ["YOSYS"]


def test_a_scheduler_without_workers(tools, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    with LocalCluster(n_workers=0, **HERE) as empty:
        address = empty.scheduler_address
        with pytest.raises(PortError) as caught:
            explore(TAPS, "ulx3s-85f", vary={"multipliers": [4]}, scheduler=address)
    assert str(caught.value) == f"Scheduler {address} must have workers; dask worker {address} starts one"


def test_a_scheduler_that_isnt_there(tools, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECTING", 0.5)
    with pytest.raises(PortError, match=r"^Scheduler tcp://127\.0\.0\.1:9 doesn't answer: .*; dask scheduler starts one$"):
        explore(TAPS, "ulx3s-85f", vary={"multipliers": [4]}, scheduler="tcp://127.0.0.1:9")
    with pytest.raises(PortError, match=r"^A scheduler's address must be as tcp://HOST:8786, not 'host'$"):
        explore(TAPS, "ulx3s-85f", scheduler="host")
    with pytest.raises(PortError, match=r"^Jobs are this machine's; those of a scheduler are its workers'$"):
        explore(TAPS, "ulx3s-85f", scheduler="tcp://host:1", jobs=2)


def test_a_worker_with_other_tools(tools):
    device = alone.alone(BOARD)
    with pytest.raises(ToolError, match=r"^A worker must have yosys 0\.1, not "):
        synthesise(made(TAPS, device, Shell().of(TAPS)), device, {"yosys": "0.1"})


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"board": "nowhere"}, r"Board must be one of .*, not 'nowhere'"),
        ({"board": 3}, r"A board must be a name, not 3"),
        ({"vary": {"multiplier": [1]}}, r"Unknown field 'multiplier'; known are .*; did you mean multipliers\?"),
        ({"vary": {"multipliers": 1}}, r"Values of multipliers must be a list, not 1"),
        ({"vary": [1]}, r"What is varied must be a mapping of fields to values, not \[1\]"),
        ({"seeds": 0}, r"Seeds must be an integer between 1 and 1000, not 0"),
        ({"seeds": "three"}, r"Seeds must be an integer between 1 and 1000, not 'three'"),
        ({"rate": 1e6}, r"A rate picks the folding at each clock: give clocks too"),
        ({"clocks": [0]}, r"Clock must be .*, not 0.*"),
        ({"clocks": [1e6], "rate": 2e6}, r"Samples of a fir design must come at least 1 clock apart, not 0\.5; .*"),
        ({"jobs": 0}, r"Jobs must be an integer between 1 and 1024, not 0"),
        ({"shell": "lean"}, r"A shell must be a Shell, not 'lean'"),
        ({"design": "fir"}, r"What is explored must be a design, not 'fir'"),
    ],
)
def test_bad_input_is_one_line(tools, given, error):
    with pytest.raises((DesignError, BoardError)) as caught:
        explore(**{"design": TAPS, "board": "ulx3s-85f"} | given)
    assert re.fullmatch(error, str(caught.value)), str(caught.value)
    assert tools.ran == []


def test_values():
    assert values_of("multipliers=1,4, none") == ("multipliers", [1, 4, None])
    assert values_of("structure=auto,direct") == ("structure", ["auto", "direct"])
    assert values_of("loadable=true") == ("loadable", [True])
    for wrong in ("multipliers", "=1", "multipliers=", "multipliers=1,,2"):
        with pytest.raises(DesignError, match=r"^What is varied must be as multipliers=1,4,16, not "):
            values_of(wrong)


def test_what_cannot_be_made_is_left_out():
    found, refused = points(lambda change: TAPS.replace(**change), {"data": ["s8", "s64"], "shift": [1, 2]}, (), None)
    assert [str(point) for point in found] == ["data s8, shift 1", "data s8, shift 2"]
    assert refused == ["data s64, shift 1 and 1 more left out: Sample width must be an integer between 1 and 32, not 64"]


def test_too_many(monkeypatch):
    monkeypatch.setattr(space, "MOST", 3)
    with pytest.raises(DesignError, match=r"^A search must have at most 3 points, not more; vary less$"):
        points(lambda change: TAPS.replace(**change), {"shift": range(9)}, (), None)


def test_clocks_and_a_rate():
    found, _ = points(lambda _change: TAPS, {}, [10e6, 20e6, 80e6], 10e6)
    assert [(str(point), point.aim) for point in found] == [
        ("clock 10 MHz", 10e6),
        ("clock 20 MHz, clocks_per_sample 2", 20e6),
        ("clock 80 MHz, clocks_per_sample 4", 80e6),
    ]


def test_the_command_line(tools, written, tmp_path, capsys):
    plot, fitted = tmp_path / "plot.svg", tmp_path / "fitted.toml"
    more = ["--vary", "multipliers=1,4", "--seeds", "1", "--plot", str(plot), "--json"]
    assert cli.main(["explore", "-d", str(written), "-b", "ulx3s-85f", *more]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [point["multipliers"] for point in told["points"]] == [1, 4]
    assert [point["front"] for point in told["points"]] == [True, True]
    drawn = plot.read_text()
    assert "million samples a second" in drawn
    assert "multipliers 4" in drawn
    tools.ran  # noqa: B018  # forgotten
    assert cli.main(["fit", "-d", str(written), "-b", "ulx3s-85f", "--rate", "40M", "--seeds", "1", "-o", str(fitted)]) == 0
    assert "clocks_per_sample = 4" in fitted.read_text()
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-2].startswith("clocks_per_sample 4: ")
    assert captured.out.splitlines()[-1] == f"design: {fitted}"
    assert "elaborating 1 of 4\n" in captured.err


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["explore", "--rate", "1M"], "--rate picks the folding at each clock: give --clock too, such as 50M,100M"),
        (["explore", "--seeds", "x"], "--seeds must be a number, or seeds such as 1,5,7, not 'x'"),
        (["explore", "--vary", "a=1", "--vary", "a=2"], "a field that is varied must be named once, with all its values"),
        (["explore", "--vary", "taps"], "What is varied must be as multipliers=1,4,16, not 'taps'"),
        (["explore", "--plot", "plot.doc"], "A plot must end in one of "),
        (["explore", "--scheduler", "here"], "A scheduler's address must be as tcp://HOST:8786, not 'here'"),
        (["fit", "--rate", "fast"], "Rate must be a number such as 100M, 48k or 1e6, in hertz, not 'fast'"),
        (["fit", "--rate", "1M", "-o", "a.v"], "A design must go to a file that ends in .toml or .json, not 'a.v'"),
    ],
)
def test_the_command_line_says_what_is_wrong(tools, written, arguments, error, capsys):
    assert cli.main([*arguments, "-d", str(written), "-b", "ulx3s-85f"]) in (2, 3, 5, 9)
    captured = capsys.readouterr()
    last = [line for line in captured.err.splitlines() if not line.startswith("elaborating")]
    assert len(last) == 1
    assert error in last[0]
    assert captured.out == ""


def test_widths_are_those_of_the_file(tools, tmp_path):
    """Real taps are quantised anew for each, and what that loses is a cost of its own."""
    path = tmp_path / "real.toml"
    path.write_text('kind = "fir"\ncoefficients = [0.3, 0.61, 0.1]\ncoefficient = "s12"\n')
    from convolver.design_files import changed_design

    changed = changed_design(path)
    narrow, wide = (
        Trial(Point(changed({"coefficient": form}), {}), BOARD, Size(1, 0, 0, 0), None, [Run(1, 1e8, "")])
        for form in ("s6", "s12")
    )
    assert narrow.error > 10 * wide.error > 0
    assert not narrow.beats(wide)
    assert wide.beats(narrow)


@pytest.mark.parametrize("board", ["ulx3s-12f", pytest.param("icebreaker", marks=pytest.mark.soak)])
def test_the_harness_is_not_counted(board):
    """With the tools themselves: what is left out are the harness' registers, and an exclusive-or for each output."""
    device = alone.alone(registry.get(board))
    found = alone.synthesised(made(TAPS, device, Shell().of(TAPS)))
    inside, _ = alone.split(found.module)
    nets = found.module["netnames"]
    around = len({bit for name in ("shift", "held", "captured", "out") for bit in nets[name]["bits"]} - {"0", "1", "x"})
    every = [cell["type"] for cell in found.module["cells"].values()]
    registers = [sum(kind.startswith(FLIP_FLOPS) for kind in kinds) for kinds in (every, [cell.type for cell in inside])]
    assert around > 40
    assert registers[0] - registers[1] == around
    assert 0 < size_of(every).luts - size_of(cell.type for cell in inside).luts <= len(nets["out"]["bits"])


@pytest.mark.parametrize(
    ("board", "arguments"),
    [
        ("ulx3s-12f", "--12k --package CABGA381 --speed 6"),
        ("ecpix5-45f", "--um5g-45k --package CABGA554 --speed 8"),
        ("colorlight-5a-75b", "--25k --package CABGA256 --speed 6"),
        ("icebreaker", "--up5k --package sg48"),
        ("ice40-hx8k", "--hx8k --package ct256"),
        ("arty-a7-35", ""),
    ],
)
def test_how_nextpnr_is_told_of_a_device(board, arguments):
    assert " ".join(alone.alone(registry.get(board)).arguments) == arguments


COMMANDS = re.findall(
    r"^    (convolver .*)$", (ROOT / "docs" / "howto" / "explore.md").read_text(encoding="utf-8"), re.MULTILINE
)


def test_the_commands_of_the_page_run(tools, tmp_path, monkeypatch):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    commands = [one for one in COMMANDS if "tcp://" not in one]
    assert len(commands) > 3
    assert {command: cli.main(shlex.split(command)[1:]) for command in commands} == dict.fromkeys(commands, 0)


def test_points_at_one_place_have_their_names_below_each_other():
    trials = [SimpleNamespace(point=name, cost=cost, rate=78e6) for name, cost in (("a", 0.13), ("b", 0.130001), ("c", 0.25))]
    assert list(names_of(trials).values()) == ["a\nb", "c"]
