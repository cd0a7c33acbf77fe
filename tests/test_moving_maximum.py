"""Moving maxima as a user meets them: the description, scipy's function, the command line, the report."""

import inspect
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.ndimage
from PIL import Image

import convolver
from convolver import DataError, DesignError, Format, MovingMaximumDesign, load_design, opening, s8, s16, u8
from convolver.cli import main
from convolver.designs import design_from_dict, design_from_json
from convolver.plan.lowering import lower
from convolver.plots import plot
from convolver.rank_filters import BOUNDARIES
from convolver.report import report_of
from convolver.sim import golden

from .random_designs import seeded
from .test_arguments import of

MODES = ("reflect", "constant", "nearest", "mirror", "wrap", "grid-mirror", "grid-constant", "grid-wrap")


class TestDesign:
    def test_defaults(self) -> None:
        design = MovingMaximumDesign(9)
        assert (design.data, design.fill, design.history, design.output_format) == (s16, -32768, 8, s16)
        assert MovingMaximumDesign(9, data=u8).fill == 0

    @pytest.mark.parametrize(
        ("fields", "told"),
        [
            ({"size": 0}, "Size must be an integer between 1 and 256, not 0"),
            ({"size": 257}, "Size must be an integer between 1 and 256, not 257"),
            ({"size": 2.5}, "Size must be an integer between 1 and 256, not 2.5"),
            ({"size": 3, "data": Format(33, True)}, "Sample width must be an integer between 1 and 32, not 33"),
            ({"size": 3, "data": 8}, "Data must be a Format such as convolver.u8, or its name, not 8"),
            ({"size": 3, "data": s8, "fill": 128}, "Fill must be an integer between -128 and 127, not 128"),
            ({"size": 3, "data": u8, "fill": -1}, "Fill must be an integer between 0 and 255, not -1"),
        ],
    )
    def test_refusals(self, fields: dict[str, Any], told: str) -> None:
        with pytest.raises(DesignError, match=f"^{re.escape(told)}$"):
            MovingMaximumDesign(**fields)

    @pytest.mark.parametrize("design", [MovingMaximumDesign(5), MovingMaximumDesign(1, data=Format(3, True), fill=2)])
    def test_it_comes_back_from_its_files(self, design: MovingMaximumDesign, tmp_path: Path) -> None:
        path = tmp_path / "peaks.toml"
        path.write_text(design.to_toml())
        assert design_from_json(design.to_json()) == load_design(path) == design
        assert design.to_dict()["kind"] == "moving_maximum"

    @pytest.mark.parametrize(
        ("fields", "told"),
        [
            ({}, "A moving_maximum design must have 'size'"),
            ({"size": 3, "taps": 4}, "Unknown key 'taps' in a moving_maximum design; known are size, data, fill"),
        ],
    )
    def test_wrong_files(self, fields: dict[str, Any], told: str) -> None:
        with pytest.raises(DesignError, match=f"^{re.escape(told)}$"):
            design_from_dict({"kind": "moving_maximum"} | fields)

    @pytest.mark.parametrize(("size", "distances"), [(1, []), (2, [1]), (5, [1, 2, 1]), (16, [1, 2, 4, 8]), (9, [1, 2, 4, 1])])
    def test_windows_are_doubled(self, size: int, distances: list[int]) -> None:
        design = MovingMaximumDesign(size)
        numbers = report_of(design).to_dict()
        assert numbers["delayed_samples"] == sum(distances) == size - 1
        assert numbers["comparators"] == len(distances) == (size - 1).bit_length()
        assert numbers["latency"] == lower(design).latency == 4 + 2 * len(distances)
        assert numbers["multipliers"] == numbers["hard_multipliers"] == 0


class TestFunction:
    @pytest.fixture(autouse=True)
    def golden_devices(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(opening, "open", of)

    def test_the_signature_is_scipys(self) -> None:
        ours, theirs = (
            inspect.signature(function).parameters.values()
            for function in (convolver.maximum_filter1d, scipy.ndimage.maximum_filter1d)
        )
        assert [(one.name, one.default, one.kind) for one in ours] == [(one.name, one.default, one.kind) for one in theirs]

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("seed", range(12))
    def test_values_are_scipys(self, mode: str, seed: int) -> None:
        random = np.random.default_rng([seed, MODES.index(mode)])
        shape = tuple(random.integers(1, 9, random.integers(1, 4)).tolist())
        kind: Any = random.choice([np.int8, np.int16, np.uint8, np.int64, np.bool_])
        x = random.integers(-100, 100, shape).astype(kind)
        size = int(random.integers(1, 12))
        origin = int(random.integers(-(size // 2), (size - 1) // 2, endpoint=True))
        axis = int(random.integers(-len(shape), len(shape)))
        cval = int(random.integers(2)) if x.dtype.kind in "bu" else int(random.integers(-120, 120))
        want = scipy.ndimage.maximum_filter1d(x, size, axis, None, mode, cval, origin)
        got = convolver.maximum_filter1d(x, size, axis, None, mode, cval, origin)
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got, want)

    def test_all_of_scipys_words_are_known(self) -> None:
        assert set(BOUNDARIES) == set(MODES)

    def test_where_results_go(self) -> None:
        x = np.array([3, -1, 4, 1, -5, 9], np.int16)
        room = np.zeros(6, np.int32)
        assert convolver.maximum_filter1d(x, 3, output=room) is room
        np.testing.assert_array_equal(room, scipy.ndimage.maximum_filter1d(x, 3))
        wide = convolver.maximum_filter1d(x, 3, output=np.float64)
        assert wide.dtype == np.float64
        np.testing.assert_array_equal(wide, room)

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (([], 3), "input must not be empty; its shape is (0,)"),
            ((7, 3), "input must have 1 dimension or more, not 0"),
            (([1.5], 3), "input must be integers, not float64; scale and round the samples first"),
            (([1 << 40], 3), "input must be between 0 and 4294967295 to fit u32, not 1099511627776"),
            (([1], 0), "size must be an integer between 1 and 256, not 0"),
            (([1], 257), "size must be an integer between 1 and 256, not 257"),
            (([1], 3, 1), "axis must be an integer between -1 and 0, not 1"),
            (([1], 3, -1, None, "reflect", 0.0, 2), "origin must be an integer between -1 and 1, not 2"),
            (([1], 3, -1, None, "constant", 0.5), "cval must be an integer, not 0.5"),
            (([1], 3, -1, "nonsense"), "output must be a dtype or an array, not 'nonsense'"),
            (([1], 3, -1, np.zeros(2, int)), "output must have the shape of input, (1,), not (2,)"),
            (([300], 3, -1, np.uint8), "Results must be between 0 and 255 to fit uint8, not 300"),
            (
                ([1], 3, -1, None, "constant", 1 << 33),
                "input and cval must be between 0 and 4294967295 to fit u32, not 8589934592",
            ),
        ],
    )
    def test_refusals(self, arguments: tuple[Any, ...], told: str) -> None:
        with pytest.raises(DataError, match=f"^{re.escape(told)}$"):
            convolver.maximum_filter1d(*arguments)

    def test_a_word_that_is_no_mode(self) -> None:
        with pytest.raises(DesignError, match=r"^Mode must be one of reflect, constant, .*, not 'edge'$"):
            convolver.maximum_filter1d([1], 3, mode="edge")


DESIGN = MovingMaximumDesign(6, data=s8, fill=-20)


class TestTwin:
    def test_signals_stacks_and_streams(self) -> None:
        x = np.random.default_rng(4).integers(-128, 128, (3, 50))
        with convolver.open(DESIGN) as device:
            np.testing.assert_array_equal(device(x[0]), golden.run(DESIGN, x[0]))
            np.testing.assert_array_equal(device(x, stack=True), [golden.run(DESIGN, line) for line in x])
            pieces = list(device.stream([x[0, :7], x[0, 7:8], x[0, 8:]], joined=True))
            np.testing.assert_array_equal(np.concatenate(pieces), golden.run(DESIGN, x[0]))
            with pytest.raises(DataError, match=r"^A moving maximum has no boundary to choose$"):
                device(x[0], boundary="edge")
            with pytest.raises(DataError, match=r"^Coefficients can be loaded only into a design with loadable=True"):
                device.load([1])

    def test_a_short_core_takes_a_long_signal(self) -> None:
        x = np.random.default_rng(5).integers(-128, 128, 200)
        with convolver.open(DESIGN) as device:
            device._transport.frame_samples = 30
            np.testing.assert_array_equal(device(x), golden.run(DESIGN, x))

    def test_the_function_runs_on_it(self) -> None:
        x = np.random.default_rng(6).integers(-128, 128, (2, 30)).astype(np.int8)
        np.testing.assert_array_equal(convolver.maximum_filter1d(x, 6), scipy.ndimage.maximum_filter1d(x, 6))


class TestCommandLine:
    def test_run_report_generate_selftest(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        design, samples, results = tmp_path / "peaks.toml", tmp_path / "in.npy", tmp_path / "out.npy"
        design.write_text(DESIGN.to_toml())
        x = np.random.default_rng(7).integers(-128, 128, (40, 2))
        np.save(samples, x)
        assert main(["run", str(samples), "--design", str(design), "--output", str(results)]) == 0
        np.testing.assert_array_equal(np.load(results).T, [golden.run(DESIGN, channel) for channel in x.T])
        capsys.readouterr()
        assert main(["report", "--design", str(design), "--family", "ecp5", "--plan"]) == 0
        told = capsys.readouterr().out
        assert "comparators  3 of 8 bits, behind delays of 1 + 2 + 2 samples\n" in told
        assert "\n6 samples: the greater of two maxima of 4, 2 apart\n" in told
        assert main(["report", "--design", str(design), "--board", "ulx3s-85f", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["board"]["multiplier"] == 0
        assert main(["generate", "--design", str(design)]) == 0
        assert "module convolver_moving_maximum(" in capsys.readouterr().out
        assert main(["selftest", "--design", str(design), "--frames", "2"]) == 0
        assert "every result equals the golden model" in capsys.readouterr().out

    def test_what_it_has_not(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        design = tmp_path / "peaks.toml"
        design.write_text(DESIGN.to_toml())
        assert main(["report", "--design", str(design), "--plot", str(tmp_path / "plot.png")]) == 3
        assert capsys.readouterr().err == "convolver: A plot shows the response of a linear filter; a moving maximum has none\n"
        Image.new("L", (4, 4)).save(tmp_path / "in.png")
        assert main(["run", str(tmp_path / "in.png"), "--design", str(design), "--output", str(tmp_path / "out.npy")]) == 5
        told = "convolver: A 1-D design filters sounds, and in.png is a picture; give it a .wav or .npy file\n"
        assert capsys.readouterr().err == told
        with pytest.raises(DesignError, match=r"^A plot shows the response of a linear filter; a moving maximum has none$"):
            plot(DESIGN, tmp_path / "plot.png")


def test_the_random_designs_cover_every_choice() -> None:
    """Those that run in every test (`test_random_designs.py`)."""
    designs = [seeded(number, MovingMaximumDesign.kind) for number in range(8)]
    windows = {min(design.size, 3) if design.size.bit_count() == 1 else "between" for design in designs}
    assert windows == {1, 2, 3, "between"}
    assert {design.data.signed for design in designs} == {False, True}
    assert {design.fill == design.data.min for design in designs} == {False, True}
    assert any(design.data.width == 1 for design in designs)
    assert any(design.data.width > 30 for design in designs)
