"""CIC filters as a user meets them: the description, the oracle, the twin, the command line, the report, the plot."""

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.signal

from convolver import CICDesign, DataError, DesignError, Format, load_design, s8, s16, u8
from convolver import open as open_device
from convolver.cli import main
from convolver.designs import design_from_json
from convolver.host.device import Device
from convolver.host.link import LinkTransport
from convolver.plan.lowering import lower
from convolver.plots import plot
from convolver.plots.cic import measured
from convolver.rate_response import rate_response
from convolver.report import report_of
from convolver.response import gains
from convolver.sim import golden
from convolver.sim.libraries.compiler import compile_designs
from convolver.sim.twin.board import BoardPipe, BoardTwin
from convolver.sim.twin.core import Simulation
from convolver.sim.twin.streams import STALLS, beats_of, random_samples, stalls

from .continued_checks import check_calls, check_frames
from .random_designs import seeded
from .test_arguments import of

CASES = [
    (stages, "down" if decimates else "up", change, delay, data)
    for stages in (1, 2, 5)
    for decimates in (True, False)
    for change in (1, 2, 3, 8)
    for delay in (1, 2)
    for data in (s8, u8)
]


def made(stages: int, side: str, change: int, delay: int, data: Format, **fields: Any) -> CICDesign:
    return CICDesign(stages, **{side: change}, delay=delay, data=data, **fields)


class TestDesign:
    @pytest.mark.parametrize(
        ("fields", "told"),
        [
            ({"stages": 0}, "Stages must be an integer between 1 and 8, not 0"),
            ({"stages": 9}, "Stages must be an integer between 1 and 8, not 9"),
            ({"down": 0}, "Down must be an integer between 1 and 4096, not 0"),
            ({"up": 5000}, "Up must be an integer between 1 and 4096, not 5000"),
            ({"up": 3, "down": 2}, "A CIC filter decimates or interpolates: up or down must be 1, not 3 and 2"),
            ({"delay": 3}, "Delay must be an integer between 1 and 2, not 3"),
            ({"up": 2, "pruned": True}, "Only a CIC filter that decimates can be pruned, not one with up=2"),
            ({"data": Format(33, True)}, "Sample width must be an integer between 1 and 32, not 33"),
            (
                {"stages": 5, "down": 1024},
                "The sums of a CIC filter must have at most 64 bits, not 66: a gain of 1125899906842624 of s16 samples",
            ),
            ({"shift": 29}, "Shift must be an integer between 0 and 28, not 29"),
        ],
    )
    def test_refusals(self, fields: dict[str, Any], told: str) -> None:
        with pytest.raises(DesignError, match=f"^{re.escape(told)}$"):
            CICDesign(**{"stages": 3, "down": 16 if "up" not in fields else fields.get("down", 1)} | fields)

    def test_it_comes_back_from_its_files(self, tmp_path: Path) -> None:
        path = tmp_path / "cic.toml"
        for design in (CICDesign(3, up=8), CICDesign(4, down=64, shift=24, output=s16, pruned=True)):
            path.write_text(design.to_toml())
            assert design_from_json(design.to_json()) == load_design(path) == design

    @pytest.mark.parametrize("case", CASES)
    def test_the_gain_is_an_integer(self, case: tuple[Any, ...]) -> None:
        design = made(*case)
        assert sum(design.coefficients) == design.gain * design.up == (design.change * design.delay) ** design.stages
        assert {sum(phase) for phase in design.phases} == {design.gain}
        assert len(design.coefficients) == design.taps

    @pytest.mark.parametrize("case", CASES)
    def test_no_section_is_wider_than_hogenauer_has_it(self, case: tuple[Any, ...]) -> None:
        design = made(*case)
        count, bits = design.stages, design.data.width
        widths = [section.width for section in design.sections]
        if design.up == 1:
            assert set(widths) == {bits + math.ceil(count * math.log2(design.span))}
            return
        for number, width in enumerate(widths, 1):
            gain = 2**number if number <= count else 2 ** (2 * count - number) * design.span ** (number - count) / design.up
            # A comb makes signed numbers of unsigned samples, which have a bit more.
            assert width <= bits + math.ceil(math.log2(gain)) + (number < 2 * count and not design.data.signed)
        assert widths[-1] == bits + math.ceil(math.log2(design.gain))


class TestGolden:
    @pytest.mark.parametrize("case", CASES)
    def test_values_are_scipys(self, case: tuple[Any, ...]) -> None:
        design = made(*case)
        x = np.random.default_rng(len(str(case))).integers(design.data.min, design.data.max + 1, 40)
        want = scipy.signal.upfirdn(np.array(design.coefficients), x, design.up, design.down)
        got = golden.run(design, x)
        assert len(got) == -(-40 * design.up // design.down)
        padded = np.pad(want, (0, max(len(got) - len(want), 0)))
        np.testing.assert_array_equal(got, padded[: len(got)])


class TestPruning:
    DESIGN = CICDesign(4, down=64, data=s16, shift=24, rounding="floor", output=Format(18, True), pruned=True)

    @pytest.mark.parametrize(("stages", "down", "delay", "shift"), [(4, 25, 1, 19), (4, 64, 1, 24), (3, 5, 2, 7), (1, 2, 1, 3)])
    def test_what_is_dropped_is_hogenauers(self, stages: int, down: int, delay: int, shift: int) -> None:
        """By his formula as he writes it: ``floor(-log2(F) + log2(sigma) + log2(6 / N) / 2)``."""
        found = CICDesign(stages, down=down, delay=delay, shift=shift, pruned=True).pruning
        moving, comb = np.ones(down * delay), np.array([1, *[0] * (delay - 1), -1])
        turn = np.array([1, *[0] * (down * delay - 1), -1])
        for number, bits in enumerate(found):
            taps = np.ones(1)
            for _ in range(stages - number):
                taps = np.convolve(taps, moving)
            for _ in range(min(number, 2 * stages - number)):
                taps = np.convolve(taps, turn if number < stages else comb)
            sigma = 2**shift / math.sqrt(12)
            wanted = -math.log2(np.linalg.norm(taps)) + math.log2(sigma) + math.log2(6 / stages) / 2
            assert bits == max(math.floor(wanted + 1e-9), 0)

    def test_the_noise_is_what_is_measured(self) -> None:
        design = self.DESIGN
        random = np.random.default_rng(5)
        exact = CICDesign(4, down=64, data=s16)
        x = random.integers(-20_000, 20_000, 64 * 6000)
        # What is pruned in front of the rounding, which isn't pruning's.
        error = golden.run(design.replace(shift=design.shift, output=None), x) - golden.run(exact, x) / 2**24
        error = error[10:]
        mean, variance = design.noise
        floor_mean, floor_variance = (float(value) for value in report_of(design).rounding_error)
        assert error.mean() == pytest.approx(mean + floor_mean, abs=0.02)
        assert error.var() == pytest.approx(variance + floor_variance, rel=0.1)

    def test_results_stay_within_the_stated_range(self) -> None:
        for stages, down, delay, shift in ((1, 2, 2, 3), (2, 3, 1, 4), (3, 2, 2, 6)):
            design = CICDesign(stages, down=down, delay=delay, data=Format(4, True), shift=shift, rounding="floor", pruned=True)
            low, high = design.sum_range
            x = np.random.default_rng(shift).integers(-8, 8, 20_000)
            assert any(design.pruning)
            results = golden.run(design, x)
            assert low >> shift <= results.min()
            assert results.max() <= high >> shift

    def test_nothing_is_dropped_unasked(self) -> None:
        assert CICDesign(4, down=64, shift=24).pruning == (0,) * 8
        assert CICDesign(4, down=64, shift=24).noise == (0.0, 0.0)


DESIGN = CICDesign(3, down=5, delay=2, data=s8, shift=6)


class TestTwin:
    def test_signals_stacks_and_streams(self) -> None:
        x = np.random.default_rng(4).integers(-128, 128, (3, 90))
        with open_device(DESIGN) as device:
            np.testing.assert_array_equal(device(x, stack=True), [golden.run(DESIGN, line) for line in x])
            for cuts in ([7, 8, 8, 30], [1, 2, 3, 4, 5], [44]):
                pieces = list(device.stream(np.split(x[0], cuts), joined=True))
                np.testing.assert_array_equal(np.concatenate(pieces), golden.run(DESIGN, x[0]))
            device._transport.frame_samples = 60
            np.testing.assert_array_equal(device(x[0]), golden.run(DESIGN, x[0]))

    def test_a_pruned_one_is_never_cut(self) -> None:
        """What its running sums lose depends on all samples of a frame: as few as the core is said to take at once make one."""
        design = CICDesign(3, down=4, data=s8, shift=6, pruned=True)
        assert design.pruning[-1] > design.pruning[0]
        x = np.random.default_rng(6).integers(-128, 128, 300)
        with open_device(design) as device:
            device._transport.frame_samples = 40
            np.testing.assert_array_equal(device(x), golden.run(design, x))
            pieces = list(device.stream(np.split(x, [7, 44, 200]), joined=True))
            np.testing.assert_array_equal(np.concatenate(pieces), golden.run(design, x))


class TestCommandLine:
    def test_run_report_generate_selftest(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        design, samples, results = tmp_path / "slow.toml", tmp_path / "in.npy", tmp_path / "out.npy"
        design.write_text(DESIGN.to_toml())
        x = np.random.default_rng(7).integers(-128, 128, (40, 2))
        np.save(samples, x)
        assert main(["run", str(samples), "--design", str(design), "--output", str(results)]) == 0
        np.testing.assert_array_equal(np.load(results).T, [golden.run(DESIGN, channel) for channel in x.T])
        capsys.readouterr()
        assert main(["report", "--design", str(design), "--family", "ecp5", "--plan"]) == 0
        told = capsys.readouterr().out
        assert "integer gain  1000 = (5 * 2)^3, 9.966 bits\n" in told
        assert "throughput    5 samples, 1 result in 5 clocks, without gaps between frames\n" in told
        assert "\nadders        6 of 108 bits in all\nmultipliers   none\n" in told
        assert "\nintegrator: 18 bits\n" in told
        assert main(["report", "--design", str(design), "--board", "ulx3s-85f", "--json"]) == 0
        numbers = json.loads(capsys.readouterr().out)
        assert (numbers["integer_gain"], numbers["board"]["multiplier"]) == (1000, 0)
        assert main(["generate", "--design", str(design)]) == 0
        assert "module convolver_cic(" in capsys.readouterr().out
        assert main(["selftest", "--design", str(design), "--frames", "2"]) == 0
        assert "every result equals the golden model" in capsys.readouterr().out

    def test_a_report_tells_what_is_pruned(self) -> None:
        told = report_of(TestPruning.DESIGN).text()
        assert "2, 7, 12, 17, 19, 20, 21, 22 low bits gone in front of the sections" in told
        assert "adds 0.216 LSB rms, variance 0.0467 LSB², mean -1.5 LSB" in told
        assert "pruning" not in report_of(DESIGN).text()


class TestPlot:
    @pytest.mark.parametrize("design", [DESIGN, CICDesign(4, up=8, data=s8), CICDesign(2, down=300, data=s16)])
    def test_the_closed_form_is_that_of_the_taps(self, design: CICDesign) -> None:
        places = np.linspace(0, 0.5, 101)
        want = gains(np.array(design.coefficients, float) / 2.0**design.shift, places)
        np.testing.assert_allclose(rate_response(design).gains(places), want, rtol=1e-6, atol=1e-6 * want[0])

    def test_what_is_measured_is_what_is_drawn(self) -> None:
        for design in (CICDesign(3, down=8, data=s16), CICDesign(2, up=4, data=s16), CICDesign(2, down=200, data=s8)):
            frequencies, levels = measured(lambda design=design: of(design), lambda *_: None)  # type: ignore[misc]
            assert frequencies.max() > 0.45 * design.up
            np.testing.assert_allclose(levels, rate_response(design).response(frequencies), atol=2e-3 * levels.max())

    def test_a_picture(self, tmp_path: Path) -> None:
        plot(DESIGN, tmp_path / "plot.png")
        assert (tmp_path / "plot.png").stat().st_size > 10_000


def test_latency_and_cost_are_of_the_sections() -> None:
    assert lower(CICDesign(4, down=2, data=s8)).latency == 5 + 2 * 4
    plan = lower(CICDesign(4, down=64))  # sums of 40 bits in four segments
    assert plan.latency == 5 + 2 * (4 + 4)
    assert (plan.multipliers, plan.memory_bits("samples")) == (0, 0)


def test_the_random_designs_cover_every_choice() -> None:
    """Those that run in every test (`test_random_designs.py`)."""
    designs = [seeded(number, CICDesign.kind) for number in range(8)]
    assert {(design.up > 1, design.down > 1) for design in designs} == {(True, False), (False, True), (False, False)}
    assert {design.delay for design in designs} == {1, 2}
    assert {any(design.pruning) for design in designs} == {False, True}
    assert {design.data.signed for design in designs} == {False, True}
    assert any(design.stages > 3 for design in designs)


CONTINUED = {
    "decimates": CICDesign(4, down=16, data=s16, shift=16, output=s16, continuous=True),
    "sums in segments, delay 2": CICDesign(8, down=3, delay=2, data=s8, continuous=True),
    "interpolates": CICDesign(3, up=5, delay=2, data=u8, continuous=True),
    "rate 1": CICDesign(2, data=s8, continuous=True),
}


class TestContinuous:
    @pytest.mark.parametrize("name", CONTINUED)
    def test_calls_are_one_signal_until_silence(self, name: str) -> None:
        check_calls(CONTINUED[name])

    @pytest.mark.parametrize("name", CONTINUED)
    def test_frames_back_to_back_with_every_kind_of_stall(self, name: str) -> None:
        check_frames(CONTINUED[name])

    def test_refusals(self) -> None:
        with open_device(CONTINUED["decimates"]) as device:
            with pytest.raises(DataError, match=r"^A continuous CIC filter takes samples by 16, not 7 of them$"):
                device(np.zeros(7, int))
        told = r"^A pruned CIC filter must start each frame from silence, not continuous=True: what is lost never ends$"
        with pytest.raises(DesignError, match=told):
            CICDesign(3, down=8, shift=9, pruned=True, continuous=True)
        told = r"^A CIC filter whose rate is loaded must start each frame from silence, not continuous=True$"
        with pytest.raises(DesignError, match=told):
            CICDesign(3, down=8, shift=9, loadable=True, continuous=True)

    def test_selftest(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "cic.toml"
        file.write_text(CONTINUED["decimates"].to_toml())
        assert load_design(file) == CONTINUED["decimates"]
        assert main(["selftest", "--design", str(file), "--frames", "2"]) == 0
        assert "every result equals the golden model" in capsys.readouterr().out


LOADED = [
    CICDesign(3, down=8, data=s8, shift=9, loadable=True),
    CICDesign(4, up=8, delay=2, data=s8, shift=12, loadable=True),
    CICDesign(2, down=5, delay=2, data=s16, loadable=True),
]


class TestLoadedRates:
    @pytest.mark.parametrize("design", LOADED)
    def test_what_there_is_room_for_keeps_its_range(self, design: CICDesign) -> None:
        low, high = design.sum_range
        for shift, limit in enumerate(design.limits):
            for rate in range(1, limit + 1):
                least, most = design.with_weights((rate, shift)).sum_range
                more = design.shift - shift
                assert low <= least << more
                assert most << more <= high
            with pytest.raises(
                DesignError, match=f"^A loaded rate must be 1 to {limit} with a shift of {shift}, not {limit + 1}$"
            ):
                design.with_weights((limit + 1, shift))
        assert design.limits[-1] == design.change

    def test_refusals(self) -> None:
        with pytest.raises(DesignError, match=r"^A pruned CIC filter must have one rate, not loadable=True$"):
            CICDesign(3, down=8, shift=9, pruned=True, loadable=True)
        with pytest.raises(DesignError, match=r"^Loaded shift must be an integer between 0 and 9, not 10$"):
            LOADED[0].with_weights((1, 10))
        with pytest.raises(DesignError, match=r"^A loaded rate and its shift must be 2 integers, not 1$"):
            LOADED[0].with_weights((1,))

    @pytest.mark.parametrize("design", LOADED)
    def test_a_set_takes_effect_between_two_frames(self, design: CICDesign) -> None:
        """Whenever it comes, with every kind of stall: each frame is by the old rate or by the new one, and none that is behind
        one by the new rate is by the old one."""
        random = np.random.default_rng(design.stages)
        (core,) = compile_designs([design])
        simulation, now = Simulation(core), design
        frames = [random_samples(design.sample, (int(size),), int(size)) for size in random.integers(1, 40, 6)]
        for turn in range(24):
            shift = int(random.integers(0, design.shift + 1))
            if not design.limits[shift]:
                continue
            new = design.with_weights((int(random.integers(1, design.limits[shift] + 1)), shift))
            before, after = ([golden.run(one, frame) for frame in frames] for one in (now, new))
            run = simulation.run(
                beats=beats_of(frames),
                wanted=1 << 14,
                coefficients=new.coefficient_set,
                coefficient_clock=int(random.integers(0, 200)) if turn % 2 else 0,
                gaps=stalls(STALLS[turn % 6], turn),
                stalls=stalls(STALLS[turn // 4], turn + 9),
                limit=20_000,
            )
            results = run.results[: run.delivered]
            mixes = [np.concatenate([*before[:place], *after[place:]]) for place in range(len(frames) + 1)]
            assert any(len(mix) == len(results) and (mix == results).all() for mix in mixes)
            assert not any(run.errors.values())
            assert (run.violations, run.overflows, run.pending, run.busy) == (0, 0, False, False)
            now = new
        for rate, shift in ((0, design.shift), (design.change + 1, design.shift), (1, design.shift + 1)):
            if max(rate, shift) in design.coefficient_format and design.shift:
                run = simulation.run(beats=beats_of([]), wanted=0, coefficients=[rate, shift], settle=20)
                assert run.errors["coefficients"]
                assert not run.pending
        want = np.concatenate([golden.run(now, frame) for frame in frames])
        run = simulation.run(beats=beats_of(frames), wanted=len(want))
        np.testing.assert_array_equal(run.results, want)

    def test_a_device_takes_it_between_calls(self) -> None:
        design, x = LOADED[0], np.random.default_rng(3).integers(-128, 128, 100)
        with open_device(design) as device:
            for rate, shift in ((8, 9), (3, 5), (1, 0), (8, 9)):
                device.load([rate, shift])
                want = golden.run(design.with_weights((rate, shift)), x)
                np.testing.assert_array_equal(device(x), want)
                np.testing.assert_array_equal(device(x), want)
            with pytest.raises(DesignError, match=r"^A loaded rate must be 1 to 8 with a shift of 9, not 0$"):
                device.load([0, 9])

    def test_a_board_takes_it_over_the_link(self) -> None:
        design, x = LOADED[0], np.random.default_rng(3).integers(-128, 128, 60)
        with LinkTransport(BoardPipe(BoardTwin(design))) as transport:
            device = Device(transport)
            for rate, shift in ((8, 9), (3, 5), (7, 9)):
                device.load([rate, shift])
                np.testing.assert_array_equal(device(x), golden.run(design.with_weights((rate, shift)), x))
