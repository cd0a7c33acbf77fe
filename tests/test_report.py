"""The report's numbers against scipy's, and against sums written out here."""

import builtins
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.signal
from PIL import Image

from convolver import Conv2DDesign, FileError, FIRDesign, ToolError, s8, u8
from convolver.report import Report, group_delay, plot

FIR = FIRDesign([1, -3, 5, 5, -3, 1], shift=2)
BLUR = Conv2DDesign([[1, 2, 1], [2, 3, 2], [1, 2, 1]], shift=4, boundary="edge", rows=480, columns=640, output=u8)


@pytest.mark.parametrize(
    ("coefficients", "delay", "linear"),
    [
        ([7], Fraction(0), True),
        ([0, 0, 7], Fraction(2), True),
        ([1, -3, 5, 5, -3, 1], Fraction(5, 2), True),
        ([0, 1, 0, -1], Fraction(2), True),  # anti-symmetric, behind a pure delay
        ([1, 2], Fraction(2, 3), False),
        ([1, 1, -2], None, False),
        ([0, 0], None, False),
    ],
)
def test_group_delay(coefficients: list[int], delay: Fraction | None, linear: bool) -> None:
    assert group_delay(coefficients) == (delay, linear)


def test_group_delay_equals_scipys() -> None:
    random = np.random.default_rng(11)
    for _ in range(20):
        taps = [int(tap) for tap in random.integers(1, 100, random.integers(1, 12))]
        delay, _linear = group_delay(taps)
        assert delay is not None
        assert float(delay) == pytest.approx(scipy.signal.group_delay((taps, [1]), w=[0.0])[1][0])


def test_worst_gain_is_reached() -> None:
    # The input whose signs are the taps', turned round, gives the sum of their magnitudes.
    signs = np.sign(FIR.coefficients)[::-1]
    assert Report(FIR).worst_gain * 4 == scipy.signal.lfilter(FIR.coefficients, 1.0, signs.astype(float))[-1] == 18
    assert Report(FIR).gain * 4 == 6


def test_numbers_of_a_fir() -> None:
    numbers = Report(FIR).to_dict()
    assert numbers["accumulator_width"] == 21  # 18 * 32768 = 589824 needs 20 bits and a sign
    assert numbers["multipliers"] == 2  # two of the three pairs of taps are no ones
    assert numbers["line_buffer_bits"] == 0
    assert (numbers["group_delay"], numbers["linear_phase"]) == (2.5, True)
    assert numbers["output"] == "s19"


def test_numbers_of_a_kernel() -> None:
    numbers = Report(BLUR).to_dict()
    assert numbers["line_buffer_bits"] == 2 * 8 * 640
    assert numbers["multipliers"] == 1  # only the 3 isn't a power of two
    assert numbers["sum_range"] == [0, 15 * 255]
    assert numbers["frame_clocks"] == 480 * 640 + 640 + 1 + numbers["latency"]
    assert (numbers["lag_rows"], numbers["lag_columns"]) == (1, 1)


def test_loadable_coefficients_take_a_multiplier_each() -> None:
    assert Report(BLUR.replace(loadable=True, coefficient=s8)).to_dict()["multipliers"] == 9


def test_text_of_a_kernel() -> None:
    report = Report(BLUR)
    latency = report.schedule.latency
    assert report.text().splitlines() == [
        "design        convolve with a kernel of 3x3, mode same, boundary edge, images up to 480x640",
        "input         u8, 0 to 255",
        "coefficients  9 constant, u2",
        "accumulator   12 bits, for sums from 0 to 3825",
        "output        u8, results from 0 to 239, all of which fit",
        "gain          0.9375 for a constant input, 0.9375 at worst",
        f"latency       {latency} clocks from the sample that completes a result to the result",
        "throughput    1 sample in 1 clock, without gaps between frames",
        f"a frame       of 480x640 takes {307200 + 641 + latency} clocks alone, 307200 back to back",
        "multipliers   1 for 9 products a clock",
        f"memory        {10240 + report.schedule.output_buffer_bits} bits: "
        f"line buffer 10240, output buffer {report.schedule.output_buffer_bits}",
    ]


@pytest.mark.parametrize(
    ("design", "line"),
    [
        (FIR, "group delay   2.5 samples at every frequency"),
        (FIRDesign([0, 1]), "group delay   1 sample at every frequency"),
        (FIRDesign([1, 3]), "group delay   0.75 samples at frequency zero; differs by frequency"),
        (FIRDesign([1, 1, -2]), "group delay   differs by frequency; at frequency zero there is none, as the gain is zero"),
        (FIRDesign([4], output="s16"), "output        s16, results from -131072 to 131068, saturated"),
        (FIRDesign([4], output="s16", overflow="wrap"), "output        s16, results from -131072 to 131068, wrapped"),
        (
            Conv2DDesign([[1, 1, 1]], boundary="reflect", rows=8, columns=8),
            "design        convolve with a kernel of 1x3, mode same, boundary reflect, which the host pads, images up to 8x8",
        ),
        (
            Conv2DDesign([[1, 1]], boundary="constant", fill=9, operation="correlate", rows=8, columns=8),
            "design        correlate with a kernel of 1x2, mode same, boundary constant 9, images up to 8x8",
        ),
    ],
)
def test_lines(design: FIRDesign | Conv2DDesign, line: str) -> None:
    assert line in Report(design).text().splitlines()


def test_a_padded_frame_is_counted_as_the_core_sees_it() -> None:
    report = Report(Conv2DDesign([[1, 1, 1]] * 3, mode="full", rows=8, columns=10))
    assert f"of 12x14 takes {12 * 14 + report.schedule.latency} clocks alone, 168 back to back" in report.text()


@pytest.mark.parametrize("design", [FIR, BLUR, FIRDesign([0]), Conv2DDesign([[0]])])
def test_plot_is_a_picture(design: FIRDesign | Conv2DDesign, tmp_path: Path) -> None:
    path = tmp_path / "plot.png"
    plot(design, path)
    with Image.open(path) as image:
        assert image.size == (900, 360)
        assert len(set(image.convert("L").tobytes())) > 16


def test_plot_into_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"^Plot .*/none/plot\.png can't be written: "):
        plot(FIR, tmp_path / "none" / "plot.png")


def test_plot_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without(name: str, *arguments: Any, **more: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ModuleNotFoundError(name=name)
        return imported(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ToolError, match=r"^A plot needs matplotlib, which isn't installed; pip install 'convolver\[demo\]'$"):
        plot(FIR, tmp_path / "plot.png")
