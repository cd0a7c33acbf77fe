"""Changes of rate by constants without multipliers: what asks for them, what is planned, and what the twin's cores give."""

import itertools
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

import convolver
from convolver import CICDesign, DesignError, FIRDesign, Pipeline, ResampleDesign, load_design, s8, s12, s16
from convolver.cli import main
from convolver.designs import design_from_json
from convolver.host.description import is_expected
from convolver.hw.cores.core import create
from convolver.hw.export.verilog import generate
from convolver.page.diagram import groups_of
from convolver.plan.adders import summed_each
from convolver.plan.constants import adders_needed
from convolver.plan.lowering import lower
from convolver.plan.phases import HeldLine, PhaseLine
from convolver.plan.rate_adders import HeldSum, PickedSum
from convolver.report import report_of
from convolver.sim import golden
from convolver.sim.bench import run_stream
from convolver.sim.libraries.compiler import compile_designs

from .composite_checks import check
from .continued_checks import check_calls, check_frames
from .fitted import in_adders
from .random_designs import seeded
from .test_random_designs import check as check_core

HALF_RATE = Path(__file__).parents[1] / "examples" / "half_rate.toml"
HALF = load_design(HALF_RATE)
ADDED = HALF.replace(multipliers=0)


class TestDesign:
    def test_a_result_takes_one_clock_whatever_is_usual(self) -> None:
        plain = ResampleDesign([3, 5, 7], down=4)
        added = ResampleDesign([3, 5, 7], down=4, multipliers=0)
        assert (plain.choices.clocks, added.choices.clocks) == (4, 1)
        assert plain.choices.are_open
        assert not added.choices.are_open
        assert plain.replace(multipliers=0) == plain.replace(multipliers=0, clocks_per_result=None) == added
        assert design_from_json(added.to_json()) == added
        assert lower(added).timing.clocks_a_sample == lower(plain).timing.clocks_a_sample == 1

    @pytest.mark.parametrize(
        ("fields", "told"),
        [
            ({"clocks_per_result": 2}, "Clocks per result must be 1 for 0 multipliers, not 2"),
            ({"loadable": True}, "Multipliers must be an integer between 1 and 2048, not 0"),
        ],
    )
    def test_refusals(self, fields: dict[str, object], told: str) -> None:
        with pytest.raises(DesignError, match=f"^{re.escape(told)}$"):
            ResampleDesign([3, 5, 7], down=3, multipliers=0, **fields)

    def test_what_was_chosen_stays(self) -> None:
        for chosen in ({"clocks_per_result": 3}, {"multipliers": 4}, {"clocks_per_result": 1}):
            design = ResampleDesign(range(3, 17, 2), down=2, data=s16, **chosen)
            assert lower(design, "ice40").hard_multipliers > 1
            assert in_adders(design, "ice40", 1) == design

    def test_without_multipliers_there_are_none_to_share(self) -> None:
        """Chosen clocks don't count there, a chosen number of multipliers does."""
        free = ResampleDesign(range(3, 17, 2), down=2, data=s16)
        for clocks in (1, 3):
            design = free.replace(clocks_per_result=clocks)
            found = in_adders(design, "ice40", 0)
            assert found == free.replace(multipliers=0)
            assert is_expected(found, design)
            assert not is_expected(design, found)
        limited = free.replace(multipliers=4)
        assert in_adders(limited, "ice40", 0) == limited


class TestPlan:
    def test_a_half_band_filter(self) -> None:
        plan = lower(ADDED)
        assert (plan.multipliers, plan.hard_multipliers, plan.multiplications) == (0, 0, 0)
        told = plan.explain()
        assert told.startswith("constants are shifted and added, in 21 adders without a multiplier\n")
        assert "\n21 adders in 7 levels, for 7 odd constants above 1\n" in told
        assert plan.latency < lower(HALF).latency
        assert plan.memory_bits("samples", "coefficients") == 0

    @pytest.mark.parametrize(
        ("up", "down", "line", "behind"),
        [
            (1, 1, PhaseLine, []),
            (1, 2, HeldLine, [HeldSum]),
            (3, 1, PhaseLine, [PickedSum]),
            (3, 2, PhaseLine, [PickedSum]),
            (2, 3, HeldLine, [PickedSum, HeldSum]),
        ],
    )
    def test_only_what_the_rate_needs_stands_behind_the_graph(self, up: int, down: int, line: type, behind: list[type]) -> None:
        plan = lower(ResampleDesign([3, 5, 7, 9], up, down, multipliers=0))
        assert type(plan.stage(PhaseLine)) is line
        assert [type(stage) for stage in plan.arrays[0].stages[1:]] == behind

    @pytest.mark.parametrize(("up", "down"), [(3, 1), (3, 2), (2, 3), (5, 7), (8, 1)])
    @pytest.mark.parametrize("shape", ["random", "extreme", "zeros"])
    def test_the_array_computes_a_period_in_its_ranges(self, up: int, down: int, shape: str) -> None:
        random = np.random.default_rng([up, down])
        taps = {"random": random.integers(-99, 99, 3 * up - 1), "extreme": random.choice([-128, 127], 17), "zeros": [0] * up}
        design = ResampleDesign(taps[shape], up, down, data=s8, multipliers=0)
        plan = lower(design)
        assert plan.sum_ranges == (design.sum_range,)
        positions, newest = plan.arrays[0].positions, (up - 1) * down // up
        x = random.integers(-128, 128, 10 * down)
        padded = np.concatenate([np.zeros(positions, int), x, np.zeros(down, int)])
        ages = positions + newest - np.arange(positions)
        periods = np.stack([padded[ages + period * down] for period in range(10)])
        np.testing.assert_array_equal(plan.run(periods).reshape(-1), golden.run(design, x))

    def test_of_one_phase_it_computes_a_result(self) -> None:
        plan = lower(ADDED)
        x = np.random.default_rng(1).integers(-(1 << 15), 1 << 15, (20, 23))
        np.testing.assert_array_equal(plan.run(x), x @ np.array(ADDED.coefficients))
        low, high = ADDED.sum_range
        worst = np.where(np.array(ADDED.coefficients) > 0, s16.max, s16.min)
        assert plan.sum_ranges == ((low, high),)
        assert plan.run(worst) == high

    def test_phases_share_adders(self) -> None:
        """Two phases of the same taps are one sum, and a phase of one power of two has no adder."""
        same = lower(ResampleDesign([3, 3, 5, 5, 7, 7], 2, multipliers=0)).arrays[0].graph
        assert len(same.nodes) == adders_needed([3, 5, 7])
        assert len(lower(ResampleDesign([3, 8, 5, 0, 7], 2, multipliers=0)).arrays[0].graph.nodes) == len(same.nodes)

    @pytest.mark.parametrize("sign", [1, -1])
    @pytest.mark.parametrize("shape", ["plain", "zeros", "few"])
    def test_mirrored_phases_share_adders(self, sign: int, shape: str) -> None:
        """Where that takes fewer: sums and differences of both phases have half the products."""
        random = np.random.default_rng([sign + 1, len(shape)])
        for up, down in [(2, 1), (3, 1), (4, 3), (5, 1), (7, 5)]:
            count = up - 1 if shape == "few" else int(random.integers(2 * up, 6 * up))
            half = random.integers(-999, 999, count // 2).tolist()
            if shape == "zeros":
                half[::2] = [0] * len(half[::2])
            middle = [77 if sign > 0 else 0] * (count % 2)
            taps = [*half, *middle, *(sign * tap for tap in reversed(half))]
            design = ResampleDesign(taps, up, down, data=s8, multipliers=0)
            array = lower(design).arrays[0]
            x = random.integers(-128, 128, (9, array.lanes))
            phases = [[*taps[phase::up], *[0] * array.lanes][: array.lanes] for phase in range(up)]
            sums = array.graph.run(list(x.astype(object).T))
            np.testing.assert_array_equal(np.stack(sums), np.array(phases) @ x.T)
            plain = summed_each(phases, (-128, 127))
            assert array.graph.ranges([(-128, 127)] * array.lanes) == plain.ranges([(-128, 127)] * array.lanes)
            assert len(array.graph.nodes) <= len(plain.nodes)
            if shape == "plain" and up > 2:
                assert len(array.graph.nodes) < len(plain.nodes)

    def test_a_sum_that_comes_early_waits_in_flip_flops(self) -> None:
        """Three times a sample has 18 bits and takes a cycle; for the other phase the sample waits."""
        graph = lower(ResampleDesign([3, 8], 2, multipliers=0)).arrays[0].graph
        assert (graph.cycles, graph.flip_flops(s16, 1)) == (1, 18 + 16)


class TestBoards:
    @pytest.mark.parametrize("fields", [{"down": 2}, {"up": 2}, {"up": 3, "down": 2}, {"up": 2, "down": 5}])
    def test_a_device_without_multipliers_takes_it_by_itself(self, fields: dict[str, int]) -> None:
        design = ResampleDesign(range(3, 23, 2), data=s16, **fields)
        found = in_adders(design, "ice40", 0)
        assert found == design.replace(multipliers=0)
        assert lower(found, "ice40").hard_multipliers == 0
        assert is_expected(found, design)
        assert not is_expected(design, found)
        assert in_adders(design, "ice40", lower(design, "ice40").hard_multipliers) == design

    def test_a_stage_of_a_pipeline_gives_up_its_multipliers(self) -> None:
        small = HALF.replace(coefficients=[3, 5, 3], shift=3)
        chain = Pipeline([small, HALF])
        few, most = (lower(design, "ice40").hard_multipliers for design in (small, chain))
        assert in_adders(chain, "ice40", most - 1) == in_adders(chain, "ice40", few) == Pipeline([small, ADDED])
        assert in_adders(chain, "ice40", few - 1) == Pipeline([small.replace(multipliers=0), ADDED])

    def test_report_and_verilog(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["report", "--design", str(HALF_RATE), "--board", "ice40-hx8k"]) == 0
        told = capsys.readouterr().out
        assert "\nmultipliers   0 for 0 products a clock\n" in told
        assert "their use" not in told
        assert "\nice40-hx8k has 0 of the 8 multipliers: constants are shifted and added instead\n" in told
        assert main(["report", "--design", str(HALF_RATE), "--board", "ice40-hx8k", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["multiplier_use"] is None
        verilog = tmp_path / "half.v"
        assert main(["generate", "--design", str(HALF_RATE), "--device", "iCE40HX8K", "--output", str(verilog)]) == 0
        assert "at the least, 0 of 0 multipliers" in verilog.read_text()
        assert " * " not in verilog.read_text().split("*/", 1)[1]

    def test_arrows_of_the_block_diagram(self) -> None:
        (group,) = groups_of(lower(ADDED.replace(coefficients=[3, 0, 5, 8], symmetry=None)))
        assert [str(box.behind) for box in group.boxes[1:4]] == ["3 × s16", "s20", "s20"]  # a tap of 0 has none
        (group,) = groups_of(lower(ADDED.replace(up=2, down=3, coefficients=[3, 1, 5, 8], symmetry=None)))
        assert [str(box.behind) for box in group.boxes[1:4]] == ["2 × s16", "2 × s20", "s20"]


class TestTwin:
    def test_random_designs(self) -> None:
        """Values, marks, clocks and stalls of each kind of rate."""
        designs = [seeded(number, "resample") for number in range(20)]
        designs = [design.replace(multipliers=0, clocks_per_result=None) for design in designs if not design.loadable][:7]
        designs.append(ResampleDesign([3, 99, -5, 2, 7, -7, -2, 5, -99, -3], 3, data=s8, multipliers=0))  # mirrored phases
        assert {(d.up > 1, d.down > d.up) for d in designs} == {(False, True), (True, False), (True, True)}
        for design, core in zip(designs, compile_designs(designs), strict=True):
            print(design)  # pytest shows it with a failure
            check_core(design, core)

    @pytest.mark.parametrize(("up", "down"), [(1, 3), (2, 3)])
    def test_a_signal_goes_on_from_frame_to_frame(self, up: int, down: int) -> None:
        design = ResampleDesign([3, -1, 4, 1, -5, 9, 2], up, down, data=s8, continuous=True, multipliers=0)
        check_frames(design)
        check_calls(design)

    def test_a_chain_on_a_board_without_multipliers(self) -> None:
        first = ResampleDesign([-3, 0, 19, 32, 19, 0, -3], down=2, data=s12, shift=6, output=s12)
        chain = Pipeline([first, ResampleDesign([3, 5, -7, 9, 11], 3, 2, data=s12, shift=5, output=s12)])
        added = in_adders(chain, "ice40", 0)
        assert lower(added, "ice40").hard_multipliers == 0
        (core,) = compile_designs([added])
        check(added, core)
        x = np.random.default_rng(2).integers(-2048, 2048, 50)
        with convolver.open(added) as device:
            np.testing.assert_array_equal(device(x), golden.run(chain, x))


class TestSlowerStages:
    """What stands behind a decimator, or in front of an interpolator, has several clocks a sample, and chosen clocks."""

    @pytest.mark.parametrize("rates", [(48_000, 8_000), (8_000, 48_000)])
    def test_the_cheapest_chain_on_a_board_without_multipliers(self, rates: tuple[float, float]) -> None:
        chain = convolver.resampler(*rates, 3_000, attenuation_db=40, format="s12").design
        assert any(stage.choices.clocks > stage.choices.usual for stage in chain.stages)
        added = in_adders(chain, "ice40", 0)
        assert lower(added, "ice40").hard_multipliers == 0
        assert lower(added).timing.clocks_a_sample == lower(chain).timing.clocks_a_sample
        assert is_expected(added, chain)
        (core,) = compile_designs([added])
        check(added, core)
        x = np.random.default_rng(3).integers(-2048, 2048, 120)
        with convolver.open(added) as device:
            np.testing.assert_array_equal(device(x), golden.run(chain, x))

    def test_where_multipliers_are_too_few_the_cheapest_adders_take_their_place(self) -> None:
        """On a device that has some: of all choices the one of the fewest flip-flops, and results are the same."""
        first = ResampleDesign(range(3, 27, 2), down=2, data=s12, shift=8, output=s12, clocks_per_result=3)
        second = FIRDesign([99, -77, 1001, 45, -333], s12, shift=11, output=s12, clocks_per_sample=2)
        third = FIRDesign([3, 5, 7, 9, 11, 13, 15, 17], s12, shift=6, output=s12, clocks_per_sample=2)
        limited = FIRDesign([3, 5, 7], s12, shift=4, output=s12, multipliers=2)
        chain = Pipeline([first, Pipeline([second, third]), limited])
        needed = [lower(part, "ice40").hard_multipliers for part in chain.parts]
        assert needed == [4, 3, 4, 2]
        prices = []
        for part in chain.parts[:3]:
            (array,) = lower(part.replace(multipliers=0, **{part.cycles_field: None}), "ice40").filters
            prices.append(array.graph.flip_flops(array.sample, array.lanes))
        chosen = {}
        for available in range(13, 1, -1):
            found = in_adders(chain, "ice40", available)
            chosen[available] = tuple(number for number, part in enumerate(found.parts) if part.choices.multipliers == 0)
            ways = [way for size in range(4) for way in itertools.combinations(range(3), size)]
            enough = [way for way in ways if sum(needed) - sum(needed[number] for number in way) <= available]
            assert chosen[available] == min(enough, key=lambda way: sum(prices[number] for number in way))
            assert lower(found, "ice40").hard_multipliers <= available
            assert is_expected(found, chain)
        assert len(set(chosen.values())) > 4
        assert in_adders(chain, "ice40", 1) == chain
        mixed = in_adders(chain, "ice40", 9)
        assert 0 < len(chosen[9]) < 3
        (core,) = compile_designs([mixed])
        check(mixed, core)
        x = np.random.default_rng(6).integers(-2048, 2048, 77)
        with convolver.open(mixed) as device:
            np.testing.assert_array_equal(device(x), golden.run(chain, x))

    def test_a_chain_for_a_device_of_few_multipliers(self) -> None:
        """Its second stage, in six clocks a result, needs ten."""
        chain = convolver.resampler(48_000, 8_000, 3_000, attenuation_db=60, format="s16").design
        assert lower(chain, "ice40").hard_multipliers == 10
        assert "It takes, at the least, 0 of 8 multipliers" in generate(chain, device="iCE40UP5K")
        last = chain.stages[-1].replace(clocks_per_result=1)
        with pytest.raises(DesignError, match="must need at most 8 multipliers, not 50; clocks_per_result=7 needs 8 "):
            generate(last, device="iCE40UP5K")  # alone it may take more clocks

    def test_in_amaranths_simulator(self) -> None:
        """Random samples and extremes, with stalls; a FIR filter behind two decimators, in four clocks a sample and more."""
        halves = CICDesign(2, down=2, data=s8, shift=2, output=s8)
        thirds = ResampleDesign([3, -5, 7, 7, -5, 3], down=3, data=s8, shift=3, output=s8, clocks_per_result=6)
        chain = Pipeline([halves, thirds, FIRDesign([9, -4, 5, 11], data=s8, clocks_per_sample=4)])
        added = in_adders(chain, "ice40", 0)
        assert [stage.choices.multipliers for stage in added.stages] == [None, 0, 0]
        random = np.random.default_rng(4)
        frames = [random.choice([-128, 127, *random.integers(-128, 128, 4)], size) for size in (50, 1, 31)]
        beats = [
            {"data": int(value), "first": place == 0, "last": place == len(frame) - 1}
            for frame in frames
            for place, value in enumerate(frame)
        ]
        wanted = [int(value) for frame in frames for value in golden.run(chain, frame)]
        core = create(added)
        for stalls in ({}, {"gap": (0.5, 0, 0), "stall": (0, 0.5, 0.9)}):
            run = run_stream(core, beats, len(wanted), settle=300, read=lambda payload: int(payload.data), seed=5, **stalls)
            assert run.beats == wanted


def test_no_rate_takes_longer_than_with_multipliers() -> None:
    for up, down in [(up, down) for up in range(1, 6) for down in range(1, 6) if math.gcd(up, down) == 1]:
        design = ResampleDesign([3, -1, 4, 1, -5, 9, 2], up, down, data=s8)
        clocks = [report_of(one).to_dict()["clocks_per_sample"] for one in (design, design.replace(multipliers=0))]
        assert clocks[0] == clocks[1]
