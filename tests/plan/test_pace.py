"""Registers by the clock that was asked for: which clocks need fewer, and where that is said."""

import json
import re

import numpy as np
import pytest

import convolver
from convolver import CICDesign, Conv2DDesign, DesignError, FIRDesign, Fork, Pipeline, ResampleDesign, s8, s16
from convolver.cli import main
from convolver.hw.export.verilog import generate
from convolver.plan import lower, target_of
from convolver.plan.array_stages import Align, GroupChain, ProductRegisters, RoutingRegisters, Tree
from convolver.plan.pace import FULL_SPEED, HX, PACES, pace_of
from convolver.report import report_of

LONG = FIRDesign([1] * 64, coefficient=s16, data=s16, loadable=True)
SLOW = target_of("ecp5").at(100e6)


@pytest.mark.parametrize("paces", [*PACES.values(), HX])
def test_a_clock_takes_the_slowest_pace_that_reaches_it(paces):
    clocks = [pace.hertz for pace in paces]
    assert clocks == sorted(clocks)
    for pace in paces:
        assert pace_of(paces, pace.hertz) == pace
        assert pace_of(paces, pace.hertz + 1) != pace
    assert pace_of(paces, 1) == paces[0]
    assert pace_of(paces, 1e9) == pace_of(paces, None) == FULL_SPEED


def test_a_device_may_be_faster_than_its_family():
    """Sums of a CIC filter are added whole at clocks that the family's slowest devices don't reach so."""
    design = CICDesign(4, down=64, data=s16, shift=24, output=s16)
    widths = {}
    for device in ("iCE40HX8K", "iCE40LP8K", "iCE40UP5K"):
        texts = [generate(design, device=device, clock=clock) for clock in (80e6, 40e6, None)]
        widths[device] = [sum(map(int, re.findall(r"^  reg (?:signed )?\[(\d+):0\]", text, re.MULTILINE))) for text in texts]
    assert widths["iCE40UP5K"] == widths["iCE40LP8K"]
    slow, slower, full = widths["iCE40HX8K"]
    assert slow == slower < full
    assert widths["iCE40UP5K"] == [full, slow, full]


def test_clocks_of_one_pace_share_a_plan():
    assert lower(LONG, target_of("ecp5").at(80e6)) is lower(LONG, SLOW)
    assert lower(LONG, target_of("ecp5").at(400e6)) is lower(LONG, "ecp5")


def test_a_long_filter_at_100_mhz():
    """Nothing stands on the way to the multipliers and from them, and sums are added whole; at 150 MHz products have one."""
    fast, slow = lower(LONG, "ecp5"), lower(LONG, SLOW)
    assert [fast.cycles_in(stage) for stage in (RoutingRegisters, ProductRegisters, Align)] == [0, 1, 1]
    assert slow.cycles_in(RoutingRegisters, ProductRegisters, Align) == 0
    assert (fast.cycles_in(Tree, GroupChain), slow.cycles_in(Tree, GroupChain)) == (3 + 9, 3 + 8)
    assert fast.latency - slow.latency == 3
    between = lower(LONG, target_of("ecp5").at(150e6))
    assert between.cycles_in(RoutingRegisters, ProductRegisters, Align) == between.cycles_in(ProductRegisters) == 1
    assert between.latency - slow.latency == 1


@pytest.mark.parametrize(
    "design",
    [
        LONG,
        FIRDesign(list(range(-20, 20)), data=s16, coefficient=s16, loadable=True, clocks_per_sample=4),
        Conv2DDesign([[1, 2, 3, 4, 5]] * 5, coefficient=s16, loadable=True),
        Pipeline([FIRDesign([1, 2], data=s16, output=s16), LONG]),
        Fork([FIRDesign([1, 2], data=s16, output=LONG.output_format), LONG], join="sum"),
    ],
    ids=["long", "folded", "window", "pipeline", "fork"],
)
def test_it_is_sooner_there_and_costs_no_more(design):
    fast, slow = lower(design, "ecp5"), lower(design, SLOW)
    assert slow.latency < fast.latency
    assert (slow.hard_multipliers, slow.cycles) == (fast.hard_multipliers, fast.cycles)
    assert slow.memory_bits() <= fast.memory_bits()


def test_the_plan_computes_the_same():
    design = FIRDesign(list(range(-30, 30)), data=s16, coefficient=s16, loadable=True)
    samples = np.random.default_rng(5).integers(-(1 << 15), 1 << 15, (9, 60)).astype(object)
    slow = lower(design, SLOW)
    assert slow.run(samples).tolist() == lower(design, "ecp5").run(samples).tolist()
    assert slow.ranges == lower(design, "ecp5").ranges


def test_what_comes_out_of_memories_waits_at_full_speed_alone():
    design = ResampleDesign([1] * 32, down=8, coefficient=s16, loadable=True)
    waits = [lower(design, target_of("ecp5").at(clock)).cycles_in(RoutingRegisters) for clock in (None, 150e6, 100e6)]
    assert waits == [1, 0, 0]


def test_no_clock_is_in_the_design():
    assert "clock" not in {*LONG.to_dict()} - {"clocks_per_sample"}
    assert report_of(LONG, "ecp5", clock=1e8).design == LONG


def test_the_report_says_it():
    told = report_of(LONG, "ecp5", clock=100e6)
    assert told.to_dict()["clock"] == 100e6
    assert "registers     as many as a clock of up to 100 MHz needs" in told.text()
    assert "registers     as many as the devices' full speed needs" in report_of(LONG, "ecp5", clock=400e6).text()
    assert "registers  " not in report_of(LONG, "ecp5").text()
    inner = report_of(Pipeline([LONG]), "ecp5", clock=100e6)
    assert inner.members[0].plan is lower(LONG, SLOW)


def test_the_file_has_fewer_registers():
    design = LONG.replace(coefficients=[1] * 17)
    fast, between, slow = (generate(design, family="ecp5", clock=clock) for clock in (None, 150e6, 100e6))
    assert [("segment_0_0_0" in text, "product_0_0" in text) for text in (fast, between, slow)] == [
        (True, False),
        (False, True),
        (False, False),
    ]


def test_the_file_says_it():
    design = FIRDesign([3, 5, 7], data=s16, coefficient=s16)
    text = generate(design, family="ecp5", clock=100e6)
    assert "// It has the registers that a clock of up to 100 MHz needs.\n" in text
    latency = report_of(design, "ecp5", clock=100e6).to_dict()["block_latency"][0]
    assert f"// {latency} clocks after the sample was accepted" in text
    assert "clock of up to" not in generate(design, family="ecp5", clock=400e6)
    assert generate(design, family="ecp5", clock=400e6) == generate(design, family="ecp5")


@pytest.mark.parametrize("clock", [0, -1, float("nan"), "fast"])
def test_a_clock_that_is_none(clock):
    with pytest.raises(DesignError, match=r"^Clock must be a positive number, not "):
        target_of("ecp5").at(clock)


def test_the_command_line(tmp_path, capsys):
    file = tmp_path / "taps.json"
    file.write_text(json.dumps(FIRDesign([3, 5, 7], data=s16, coefficient=s8).to_dict()))
    assert main(["report", "--design", str(file), "--clock", "100M", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["clock"], found["clocks_per_sample"]) == (100e6, 1)
    assert main(["report", "--design", str(file), "--clock", "100M", "--rate", "30M", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["clock"], found["clocks_per_sample"]) == (100e6, 3)
    assert main(["generate", "--design", str(file), "--clock", "100M", "--family", "ecp5"]) == 0
    assert capsys.readouterr().out == generate(convolver.load_design(file), family="ecp5", clock=100e6)
