"""Changes of rate as a user meets them: the description, scipy's functions, the twin, the command line, the report."""

import importlib.util
import inspect
import json
import math
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.signal
from PIL import Image

import convolver
from convolver import (
    DataError,
    DesignError,
    FileError,
    Format,
    ResampleDesign,
    load_design,
    opening,
    s8,
    s16,
    sounds,
)
from convolver.arguments import KERNEL_HINT
from convolver.cli import main
from convolver.designs import Rate, design_from_json
from convolver.media import Source
from convolver.plan.lowering import lower
from convolver.plan.mirrored import Unmirror
from convolver.plan.phases import PhaseMemory
from convolver.plan.resample import RateTiming
from convolver.plots import plot
from convolver.plots.resample import folded, measured, response
from convolver.report import report_of
from convolver.run import Target, check_target
from convolver.sim import golden
from convolver.sim.golden.resample import upfirdn
from convolver.sim.twin.core import TwinTransport

from .continued_checks import check_calls, check_frames
from .random_designs import seeded
from .test_arguments import of

RATES = [(up, down) for up in range(1, 9) for down in range(1, 12) if math.gcd(up, down) == 1]


class TestDesign:
    def test_defaults(self) -> None:
        design = ResampleDesign(range(32), down=8)
        assert (design.data, design.choices.clocks, design.depth, design.history) == (
            s16,
            8,
            31,
            31,
        )  # a constant 0 has no product
        assert (ResampleDesign(range(1, 33), 3, 8).choices.clocks, ResampleDesign(range(1, 33), 8, 3).choices.clocks) == (2, 1)
        assert ResampleDesign(range(1, 33), 8, multipliers=2).choices.clocks == 2
        assert ResampleDesign(range(1, 33), 1, 8, multipliers=9).choices.clocks == 8

    @pytest.mark.parametrize(
        ("fields", "told"),
        [
            ({"coefficients": []}, "A rate change must have 1 to 2048 taps, not 0"),
            ({"coefficients": [0] * 2049}, "A rate change must have 1 to 2048 taps, not 2049"),
            ({"up": 0}, "Up must be an integer between 1 and 64, not 0"),
            ({"down": 65}, "Down must be an integer between 1 and 64, not 65"),
            (
                {"up": 4, "down": 6},
                "Up and down must share no factor, not 4 and 6; 2 and 3 with every second coefficient compute the same",
            ),
            ({"data": Format(33, True)}, "Sample width must be an integer between 1 and 32, not 33"),
            (
                {"up": 2, "symmetry": "symmetric"},
                "Symmetry must be 'none' where up is above 1, not 'symmetric': "
                "mirrored phases of constant taps are found by themselves",
            ),
            ({"symmetry": "symmetric"}, "Coefficients must be symmetric: tap 0 must be tap 2, not 1 against 3"),
            ({"clocks_per_result": 0}, "Clocks per result must be an integer between 1 and 1024, not 0"),
            (
                {"coefficients": range(1, 2049), "down": 64, "multipliers": 1},
                "Multipliers must be enough for 1024 clocks, not 1, which take 2048",
            ),
            ({"clocks_per_result": 1, "multipliers": 2}, "Clocks per result must be at least 2 for 2 multipliers, not 1"),
        ],
    )
    def test_refusals(self, fields: dict[str, Any], told: str) -> None:
        with pytest.raises(DesignError, match=f"^{re.escape(told)}$"):
            ResampleDesign(**{"coefficients": [1, 2, 3]} | fields)

    @pytest.mark.parametrize("design", [ResampleDesign([1, -2, 3], 2, 3), ResampleDesign([1, 2, 1], down=64, loadable=True)])
    def test_it_comes_back_from_its_files(self, design: ResampleDesign, tmp_path: Path) -> None:
        path = tmp_path / "rate.toml"
        path.write_text(design.to_toml())
        assert design_from_json(design.to_json()) == load_design(path) == design

    @pytest.mark.parametrize(("up", "down"), RATES)
    def test_worst_windows_reach_the_extremes(self, up: int, down: int) -> None:
        random = np.random.default_rng([up, down])
        design = ResampleDesign(random.integers(-99, 99, 17), up, down, data=s8)
        low, high = design.sum_range
        frames = []
        for window in design.worst_windows().values():
            assert len(window) % down == 0
            frames += [np.tile(np.where(np.array(window) >= 0, a, b), 9) for a, b in ((-128, 127), (127, -128))]
        results = np.concatenate([golden.run(design, frame) for frame in frames])
        assert (results.min(), results.max()) == (low, high)


class TestGolden:
    @pytest.mark.parametrize(("up", "down"), RATES)
    def test_values_and_count_are_scipys(self, up: int, down: int) -> None:
        random = np.random.default_rng([up, down, 1])
        for _ in range(5):
            h, x = random.integers(-99, 99, random.integers(1, 30)), random.integers(-99, 99, random.integers(1, 40))
            want = scipy.signal.upfirdn(h, x, up, down)
            np.testing.assert_array_equal(upfirdn(h, x, up, down), want)
            got = golden.run(ResampleDesign(h, up, down, data=s8), x)
            assert len(got) == -(-len(x) * up // down)
            padded = np.pad(want, (0, max(len(got) - len(want), 0)))
            np.testing.assert_array_equal(got, padded[: len(got)])


class TestPlan:
    @pytest.mark.parametrize(("up", "down"), RATES)
    def test_clocks_of_frames_are_those_of_the_schedule(self, up: int, down: int) -> None:
        for cycles in (1, 2, 3, 5, 8, 11):
            timing = RateTiming(cycles, 10, Rate(up, down))
            for samples in (*range(1, 30), 97):
                assert timing.frame_clocks(samples) == timing.schedule(samples)[1][-1] + 1

    @pytest.mark.parametrize(("up", "down", "clocks"), [(3, 2, 1), (2, 3, 2), (5, 7, 3), (8, 1, 1), (4, 3, 1)])
    def test_the_array_computes_a_period(self, up: int, down: int, clocks: int) -> None:
        random = np.random.default_rng([up, down])
        h, x = random.integers(-99, 99, 3 * up - 1), random.integers(-128, 128, 10 * down)
        plan = lower(ResampleDesign(h, up, down, data=s8, clocks_per_result=clocks))
        positions, newest = plan.arrays[0].positions, (up - 1) * down // up
        padded = np.concatenate([np.zeros(positions, int), x, np.zeros(down, int)])
        ages = positions + newest - np.arange(positions)
        periods = np.stack([padded[ages + period * down] for period in range(10)])
        np.testing.assert_array_equal(plan.run(periods).reshape(-1), golden.run(plan.design, x))

    @pytest.mark.parametrize(
        ("fields", "multipliers", "use"),
        [
            ({"down": 8}, 4, 1),
            ({"up": 8}, 4, 1),
            ({"down": 8, "loadable": True, "symmetry": "symmetric"}, 2, 2),
            ({"up": 3, "down": 2}, 11, 32 / 33),
            ({"up": 8, "multipliers": 1}, 1, 1),
            ({"down": 5}, 7, 32 / 35),
        ],
    )
    def test_how_much_multipliers_have_to_do(self, fields: dict[str, Any], multipliers: int, use: float) -> None:
        half = list(range(1, 17))
        taps = [*half, *reversed(half)] if "symmetry" in fields else range(1, 33)
        design = ResampleDesign(taps, **fields)
        numbers = report_of(design).to_dict()
        assert numbers["multipliers"] == multipliers
        assert numbers["multiplier_use"] == pytest.approx(use)

    def test_memories_hold_what_is_read_and_what_comes(self) -> None:
        stage = lower(ResampleDesign(range(1, 33), down=8)).find(PhaseMemory)
        assert stage is not None
        assert stage.words == 64


class TestMirroredPhases:
    """Constant interpolators whose taps are mirrored: half the multipliers, the same results."""

    @staticmethod
    def taps(count: int, sign: int = 1) -> list[int]:
        half = list(range(1, count // 2 + 1))
        return [*half, *[9 if sign > 0 else 0] * (count % 2), *(sign * tap for tap in reversed(half))]

    @pytest.mark.parametrize(
        ("taps", "fields", "multipliers", "use"),
        [
            (32, {"up": 8}, 2, 2),
            (32, {"up": 8, "clocks_per_result": 2}, 1, 2),
            (33, {"up": 8}, 3, 33 / 24),  # phase 0 has five taps, the others four
            (23, {"up": 2}, 6, 23 / 12),  # a half-band's: each phase is its own mirror
            (32, {"up": 8, "loadable": True}, 4, 1),  # a host loads the taps, not their sums
            (32, {"up": 8, "down": 3}, 4, 1),  # the two results meet different samples
            (15, {"up": 8}, 1, 15 / 8),  # of two points: one phase has one tap
            (8, {"up": 8}, 1, 1),  # nothing to share
        ],
    )
    def test_multipliers(self, taps: int, fields: dict[str, Any], multipliers: int, use: float) -> None:
        numbers = report_of(ResampleDesign(self.taps(taps), **fields)).to_dict()
        assert numbers["multipliers"] == multipliers
        assert numbers["multiplier_use"] == pytest.approx(use)

    def test_only_where_the_bit_more_fits_the_multiplier(self) -> None:
        fits, wide = (ResampleDesign(self.taps(32), up=8, data=Format(width, True)) for width in (17, 18))
        assert (lower(fits, "ecp5").hard_multipliers, lower(wide, "ecp5").hard_multipliers) == (2, 4)
        assert lower(fits, "ecp5").find(Unmirror) is not None
        assert lower(wide, "ecp5").find(Unmirror) is None

    @pytest.mark.parametrize("seed", range(30))
    def test_the_plan_computes_a_period(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        up, sign = int(random.integers(2, 9)), int(random.choice([1, -1]))
        taps = self.taps(int(random.integers(up + 1, 6 * up)), sign)
        design = ResampleDesign(taps, up=up, data=Format(9, bool(seed % 3)), clocks_per_result=int(random.integers(1, 3)))
        plan = lower(design)
        samples = random.integers(design.data.min, design.data.max + 1, (5, plan.arrays[0].positions))
        want = [golden.run(design, line[::-1])[-up:] for line in samples]
        np.testing.assert_array_equal(plan.run(samples), want)

    def test_plan_tells(self) -> None:
        told = lower(ResampleDesign(self.taps(32), up=8)).explain()
        assert told.startswith("mirrored phases share multiplications, by their sums and differences: 32 -> 16 products\n")

    def test_random_designs_have_some(self) -> None:
        assert any(lower(seeded(number, "resample")).find(Unmirror) for number in range(8))


class TestFunctions:
    @pytest.fixture(autouse=True)
    def golden_devices(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(opening, "open", of)

    @pytest.mark.parametrize("name", ["upfirdn", "resample_poly", "decimate"])
    def test_signatures_are_scipys(self, name: str) -> None:
        ours, theirs = (inspect.signature(getattr(module, name)).parameters.values() for module in (convolver, scipy.signal))
        assert [(one.name, one.default, one.kind) for one in ours] == [(one.name, one.default, one.kind) for one in theirs]

    @pytest.mark.parametrize("seed", range(40))
    def test_values_are_scipys(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        shape = tuple(random.integers(2, 9, random.integers(1, 4)).tolist())
        axis = int(random.integers(-len(shape), len(shape)))
        x, h = random.integers(-99, 99, shape), random.integers(-50, 50, random.integers(1, 20))
        up, down = random.integers(1, 9, 2).tolist()
        mode = str(random.choice(["constant", "wrap", "edge", "symmetric", "reflect"]))
        cval = int(random.integers(-5, 5)) if mode == "constant" else 0
        want = scipy.signal.upfirdn(h.astype(float), x.astype(float), up, down, axis, mode, cval)
        got = convolver.upfirdn(h, x, up, down, axis, mode, cval)
        assert got.dtype == np.int64
        np.testing.assert_array_equal(got, want)
        padtype = str(random.choice([mode, "minimum", "maximum"]))
        want = scipy.signal.resample_poly(x.astype(float), up, down, axis, h.astype(float), padtype)
        np.testing.assert_allclose(convolver.resample_poly(x, up, down, axis, h, padtype), want, rtol=0, atol=1e-9)

    @pytest.mark.parametrize("seed", range(4))
    def test_designed_filters_are_scipys_but_for_rounding(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        x, (up, down) = random.integers(-(1 << 15), 1 << 15, (2, 50)), random.integers(1, 7, 2).tolist()
        want = scipy.signal.resample_poly(x.astype(float), up, down, 1)
        assert np.abs(convolver.resample_poly(x, up, down, 1) - want).max() <= 0.51
        phase = bool(seed % 2)
        want = scipy.signal.decimate(x.astype(float), down + 1, ftype="fir", zero_phase=phase)
        assert np.abs(convolver.decimate(x, down + 1, ftype="fir", zero_phase=phase) - want).max() <= 0.51

    @pytest.mark.parametrize(
        ("call", "told"),
        [
            (lambda: convolver.upfirdn([1.5], [1]), f"h must be integers, not float64; {KERNEL_HINT}"),
            (lambda: convolver.upfirdn([[1]], [1]), "h must have 1 dimension, not 2"),
            (lambda: convolver.upfirdn([1], 5), "x must have 1 dimension or more, not 0"),
            (lambda: convolver.upfirdn([1], [1], 0), "up must be an integer from 1, not 0"),
            (
                lambda: convolver.upfirdn([1], [1], 65),
                "up and down must be at most 64 without the factors that they share, not 65 and 1",
            ),
            (lambda: convolver.upfirdn([1], [1], cval=0.5), "cval must be an integer, not 0.5"),
            (lambda: convolver.decimate([1, 2], 1, ftype="fir"), "q must be an integer between 2 and 64, not 1"),
            (
                lambda: convolver.resample_poly([1, 2], 2, 1, padtype="edge", cval=1),
                "cval must be left out unless padtype is 'constant', not 1 beside 'edge'",
            ),
        ],
    )
    def test_refusals(self, call: Any, told: str) -> None:
        with pytest.raises(DataError, match=f"^{re.escape(told)}$"):
            call()

    def test_words_that_are_none(self) -> None:
        with pytest.raises(DesignError, match=r"^Mode must be one of constant, wrap, edge, symmetric, reflect, not 'line'$"):
            convolver.upfirdn([1], [1], mode="line")
        with pytest.raises(DesignError, match=r"^ftype must be 'fir', as there is no feedback, not 'iir'$"):
            convolver.decimate([1, 2, 3], 2)
        with pytest.raises(
            DesignError, match=r"^Window must be one that scipy.signal.firwin knows, or integer taps, not 'glass'$"
        ):
            convolver.resample_poly([1, 2, 3], 2, 1, window="glass")


DESIGN = ResampleDesign([3, -1, 4, 1, -5, 9, 2, 6, -5, 3], 3, 4, data=s8)


class TestTwin:
    def test_signals_stacks_and_streams(self) -> None:
        x = np.random.default_rng(4).integers(-128, 128, (3, 90))
        with convolver.open(DESIGN) as device:
            np.testing.assert_array_equal(device(x, stack=True), [golden.run(DESIGN, line) for line in x])
            for cuts in ([7, 8, 8, 30], [1, 2, 3, 4, 5], [44]):
                pieces = list(device.stream(np.split(x[0], cuts), joined=True))
                np.testing.assert_array_equal(np.concatenate(pieces), golden.run(DESIGN, x[0]))
            # A core that takes few samples at once gets pieces.
            for samples in (12, 13, 30):
                device._transport.frame_samples = samples
                np.testing.assert_array_equal(device(x[0]), golden.run(DESIGN, x[0]))

    def test_a_middle_tap_stands_alone(self) -> None:
        x = np.random.default_rng(5).integers(-128, 128, 60)
        for down in (2, 4):  # beside a pair in its lane, and alone
            design = ResampleDesign([1, -2, 3, 40, 3, -2, 1], down=down, data=s8)
            with TwinTransport(design) as transport:
                np.testing.assert_array_equal(transport.run(x), golden.run(design, x))

    @pytest.mark.parametrize(
        ("design", "use"),
        [
            (ResampleDesign(range(1, 33), down=8, data=s8), 1.0),
            (ResampleDesign([*range(1, 17), *range(16, 0, -1)], down=8, data=s8), 2.0),
            (ResampleDesign(range(1, 33), 8, data=s8), 1.0),
        ],
    )
    def test_no_multiplier_waits(self, design: ResampleDesign, use: float) -> None:
        samples = 100_000 // design.up
        with TwinTransport(design) as transport:
            transport.run(np.zeros(samples, np.int64))
            clocks = int(transport.status()["frame_clocks"]) - lower(design).latency
        taps = design.taps // design.up * design.rate.results(samples)
        assert taps / (lower(design).multipliers * clocks) == pytest.approx(use, rel=1e-3)


class TestCommandLine:
    def test_run_report_generate_selftest(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        design, samples, results = tmp_path / "rate.toml", tmp_path / "in.npy", tmp_path / "out.npy"
        design.write_text(DESIGN.to_toml())
        x = np.random.default_rng(7).integers(-128, 128, (40, 2))
        np.save(samples, x)
        assert main(["run", str(samples), "--design", str(design), "--output", str(results)]) == 0
        np.testing.assert_array_equal(np.load(results).T, [golden.run(DESIGN, channel) for channel in x.T])
        capsys.readouterr()
        assert main(["report", "--design", str(design), "--family", "ecp5"]) == 0
        told = capsys.readouterr().out
        assert "throughput    4 samples, 3 results in 4 clocks, without gaps between frames\n" in told
        assert (
            "\nmultipliers   4 for 4 products a clock\ntheir use     0.625 taps a multiplier a clock, without stalls\n" in told
        )
        assert main(["report", "--design", str(design), "--board", "ulx3s-85f", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["clocks_per_sample"] == 1
        assert main(["generate", "--design", str(design)]) == 0
        assert "module convolver_resample(" in capsys.readouterr().out
        assert main(["selftest", "--design", str(design), "--frames", "2"]) == 0
        assert "every result equals the golden model" in capsys.readouterr().out

    def test_a_sound_has_its_new_rate(self, tmp_path: Path) -> None:
        design = load_design(Path(__file__).parents[1] / "examples" / "half_rate.toml")
        file, source, target = tmp_path / "d.toml", tmp_path / "in.wav", tmp_path / "out.wav"
        file.write_text(design.to_toml())
        x = np.random.default_rng(8).integers(-(1 << 15), 1 << 15, 4001)
        source.write_bytes(sounds.encode(sounds.KINDS[".wav"], x, 48000, s16))
        assert main(["run", str(source), "--design", str(file), "--output", str(target)]) == 0
        sound = sounds.decode(target.read_bytes(), target)
        assert sound.rate == 24000
        np.testing.assert_array_equal(sound.samples, golden.run(design, x))

    def test_a_rate_that_no_sound_has(self, tmp_path: Path) -> None:
        design = ResampleDesign([1 << 8], 1, 7, data=s8)
        target, samples = Target.of(tmp_path / "out.wav"), np.zeros(70, int)
        for source in (Source("in.wav", samples, stacked=False), Source("in.wav", samples, stacked=False, rate=48000)):
            with pytest.raises(
                FileError, match=r"^A sound's rate must be a whole number, not 48000 times 1/7; name a .npy file$"
            ):
                check_target(target, design, source)
        # Of a sound that isn't read yet it isn't known, and 44100 is seven times a whole number.
        assert check_target(target, design) == check_target(target, design, replace(source, rate=44100)) == []


class TestPlot:
    def test_what_is_measured_is_what_is_drawn(self) -> None:
        random = np.random.default_rng(3)
        for up, down in ((1, 4), (3, 1), (3, 2)):
            design = ResampleDesign(random.integers(-200, 200, 21), up, down, data=s16, shift=4)
            frequencies, levels = measured(lambda design=design: of(design), lambda *_: None)
            assert frequencies.max() > 0.45 * up
            np.testing.assert_allclose(levels, response(design, frequencies), atol=1e-3 * levels.max())

    def test_what_folds_back(self, quarter_rate: Any) -> None:
        design = quarter_rate.design()
        wanted, aliases = (curve(design, np.linspace(0, 0.4, 200)) for curve in (lambda d, f: response(d, f / 4), folded))
        assert wanted.min() > 0.94
        assert aliases.max() < 10 ** (-60 / 20) * 1.05

    def test_a_picture(self, tmp_path: Path) -> None:
        plot(DESIGN, tmp_path / "plot.png")
        with Image.open(tmp_path / "plot.png") as image:
            assert image.size == (1350, 360)


@pytest.fixture
def quarter_rate() -> Any:
    """The example's script."""
    path = Path(__file__).parents[1] / "examples" / "quarter_rate.py"
    spec = importlib.util.spec_from_file_location("quarter_rate", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TestExample:
    def test_what_would_fold_back_is_gone(self, quarter_rate: Any) -> None:
        design = quarter_rate.design()
        assert design.rate == Rate(1, 4)
        seconds = np.arange(40_000) / quarter_rate.IN_HZ
        for hertz, least, most in ((20_000, 28_000, 32_000), (150_000, 0, 30)):
            tone = np.rint(30_000 * np.sin(2 * np.pi * hertz * seconds)).astype(int)
            results = golden.run(design, tone)
            assert least <= np.abs(results[100:]).max() <= most

    @pytest.mark.soak
    @pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog isn't installed")
    def test_it_goes_the_whole_way(self, quarter_rate: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        quarter_rate.walk(tmp_path)
        assert "PASS: " in capfd.readouterr().out
        before, after = (sounds.decode((tmp_path / name).read_bytes(), tmp_path / name) for name in ("in.wav", "out.wav"))
        assert after.rate == quarter_rate.OUT_HZ
        np.testing.assert_array_equal(after.samples, golden.run(quarter_rate.design(), before.samples))


def test_the_random_designs_cover_every_choice() -> None:
    """Those that run in every test (`test_random_designs.py`)."""
    designs = [seeded(number, ResampleDesign.kind) for number in range(8)]
    assert {(design.up > design.down, design.up == 1, design.down == 1) for design in designs} >= {
        (True, False, True),
        (False, True, False),
        (True, False, False),
        (False, False, False),
    }
    assert {design.loadable for design in designs} == {design.choices.clocks > 1 for design in designs} == {False, True}
    assert any(design.symmetry != "none" for design in designs)


CONTINUED = {
    "memories": ResampleDesign([3, -1, 4, 1, -5, 9, 2, 6, -5, 3, 5], 1, 4, data=s8, continuous=True),
    "folded": ResampleDesign([3, -1, 4, 9, 4, -1, 3], 1, 3, data=s8, loadable=True, symmetry="symmetric", continuous=True),
    "line": ResampleDesign([3, -1, 4, 1, -5, 9, 2, 6, -5, 3], 4, 1, data=s8, continuous=True),
    "both": ResampleDesign([3, -1, 4, 1, -5, 9, 2, 6, -5, 3, 7, 8, 9], 3, 2, data=s8, clocks_per_result=3, continuous=True),
}


class TestContinuous:
    @pytest.mark.parametrize("name", CONTINUED)
    def test_calls_are_one_signal_until_silence(self, name: str) -> None:
        check_calls(CONTINUED[name])

    @pytest.mark.parametrize("name", CONTINUED)
    def test_frames_back_to_back_with_every_kind_of_stall(self, name: str) -> None:
        check_frames(CONTINUED[name])

    def test_a_frame_has_whole_periods(self) -> None:
        with convolver.open(CONTINUED["memories"]) as device:
            told = r"^A continuous rate change takes samples by 4, not 7 of them$"
            with pytest.raises(DataError, match=told):
                device(np.zeros(7, int))

    def test_selftest_and_testbench(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "rate.toml"
        file.write_text(CONTINUED["memories"].to_toml())
        assert main(["selftest", "--design", str(file), "--frames", "2"]) == 0
        assert "every result equals the golden model" in capsys.readouterr().out
        assert main(["generate", "--design", str(file), "--output", str(tmp_path / "rate.v"), "--testbench"]) == 0
        if shutil.which("iverilog"):
            command = ["iverilog", "-g2005", "-o", "bench", "rate_tb.v", "rate.v"]
            subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
            told = subprocess.run(["vvp", "-n", "bench"], cwd=tmp_path, check=False, capture_output=True, text=True).stdout
            assert told.startswith("PASS: ")
