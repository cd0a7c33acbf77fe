"""The report's numbers against scipy's, and against sums written out here."""

import builtins
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.signal
from amaranth.back import rtlil
from PIL import Image

from convolver import (
    CICDesign,
    Conv2DDesign,
    DesignError,
    FileError,
    FIRDesign,
    MovingMaximumDesign,
    ResampleDesign,
    ToolError,
    s8,
    u8,
)
from convolver.formats import ROUNDINGS, Rounding, round_shift
from convolver.hw.cores.core import create
from convolver.measure import measure_response
from convolver.plan.lowering import lower
from convolver.plots import MEASURED, QUANTISED, plot
from convolver.report import report_of, rounding_error
from convolver.response import group_delay
from convolver.shell import FULL, Shell
from convolver.sim import golden
from convolver.sim.twin.core import TwinTransport
from convolver.sim.twin.streams import random_samples

FIR = FIRDesign([1, -3, 5, 5, -3, 1], shift=2)
LOW_PASS = FIRDesign.lowpass(6000, 12_000, fs=48_000, taps=15, attenuation_db=20, output="s16")
BLUR = Conv2DDesign([[1, 2, 1], [2, 3, 2], [1, 2, 1]], shift=4, boundary="edge", rows=480, columns=640, output=u8)
SEVERAL = Conv2DDesign([[[3, 5]], [[-4, -1]]], rows=8, columns=8)


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
    assert report_of(FIR).worst_gain * 4 == scipy.signal.lfilter(FIR.coefficients, 1.0, signs.astype(float))[-1] == 18
    assert report_of(FIR).gain * 4 == 6


def test_numbers_of_a_fir() -> None:
    numbers = report_of(FIR).to_dict()
    assert numbers["accumulator_width"] == 21  # 18 * 32768 = 589824 needs 20 bits and a sign
    assert numbers["multipliers"] == 2  # two of the three pairs of taps are no ones
    assert numbers["line_buffer_bits"] == 0
    assert (numbers["group_delay"], numbers["linear_phase"]) == (2.5, True)
    assert numbers["output"] == "s19"


def test_numbers_of_a_kernel() -> None:
    numbers = report_of(BLUR).to_dict()
    assert numbers["line_buffer_bits"] == 2 * 8 * 640
    assert numbers["multipliers"] == 1  # only the 3 isn't a power of two
    assert numbers["sum_range"] == [0, 15 * 255]
    assert numbers["frame_clocks"] == 480 * 640 + 640 + 1 + numbers["latency"]
    assert (numbers["lag_rows"], numbers["lag_columns"], numbers["flush_clocks"]) == (1, 1, 641)
    assert numbers["frame_interval"] == 480 * 640


def test_wide_numbers_take_several_hard_multipliers_each() -> None:
    told = report_of(FIRDesign([3, 5, 7], data="s32", coefficient="s20", loadable=True))
    assert "multipliers   3 for 3 products a clock, made of 12 hard ones of 18x18 bits" in told.text()
    assert (told.to_dict()["multipliers"], told.to_dict()["hard_multipliers"]) == (3, 12)
    # Constants take as many as their own bits need.
    assert report_of(FIRDesign([3, 5, 7], data="s32", coefficient="s20")).to_dict()["hard_multipliers"] == 6
    assert report_of(FIRDesign([3, 2**19 - 1, 7], data="s32")).to_dict()["hard_multipliers"] == 8


def test_loadable_coefficients_take_a_multiplier_each() -> None:
    assert report_of(BLUR.replace(loadable=True, coefficient=s8)).to_dict()["multipliers"] == 9


def test_text_of_a_kernel() -> None:
    report = report_of(BLUR)
    latency, buffer = report.plan.latency, report.plan.memory_bits("output buffer")
    assert report.text().splitlines() == [
        "design        convolve with a kernel of 3x3, mode same, boundary edge, images up to 480x640",
        "input         u8, 0 to 255",
        "coefficients  9 constant, u2",
        "accumulator   12 bits, for sums from 0 to 3825",
        "output        u8, results from 0 to 239, all of which fit",
        "rounding      half_up after 4 bits, noise of 0.288 LSB rms, variance 0.08301 LSB², mean 0.0312 LSB",
        "gain          0.9375 for a constant input, 0.9375 at worst",
        f"latency       {latency} clocks from the pixel that completes a result to the result",
        f"in Verilog    latency {latency - 2}, with a register slice in front; no registers",
        "throughput    1 pixel in 1 clock, without gaps between frames of one size",
        f"a frame       of 480x640 takes {307200 + 641 + latency} clocks alone, 307200 back to back; "
        "one of another size behind it waits 641 more; "
        "frames of up to 1 row wait for the one before to leave",
        "multipliers   1 for 9 products a clock",
        f"memory        {10240 + buffer} bits: line buffer 10240, output buffer {buffer}",
    ]


@pytest.mark.parametrize(
    ("design", "line"),
    [
        (FIR, "group delay   2.5 samples at every frequency"),
        (FIRDesign([0, 1]), "group delay   1 sample at every frequency"),
        (FIRDesign([1, 3]), "group delay   0.75 samples at frequency zero; differs by frequency"),
        (FIRDesign([1, 1, -2]), "group delay   differs by frequency; at frequency zero there is none, as the gain is zero"),
        (FIRDesign([4], shift=2), "rounding      none, results are exact"),
        (FIRDesign([4]), "rounding      none, results are exact"),
        (
            FIRDesign([4, 3], shift=1, rounding="floor"),
            "rounding      floor after 1 bit, noise of 0.25 LSB rms, variance 0.0625 LSB², mean -0.25 LSB",
        ),
        (
            LOW_PASS,
            "made as       low-pass, passband 0 to 6000 Hz, stopband 12000 to 24000 Hz, at 48000 samples a second",
        ),
        (FIRDesign([4], output="s16"), "output        s16, results from -131072 to 131068, saturated"),
        (FIRDesign([4], output="s16", overflow="wrap"), "output        s16, results from -131072 to 131068, wrapped"),
        (
            Conv2DDesign([[1, 1, 1]], boundary="wrap", rows=8, columns=8),
            "design        convolve with a kernel of 1x3, mode same, boundary wrap, which the host pads, images up to 8x8",
        ),
        (
            Conv2DDesign([[1, 1]], boundary="constant", fill=9, operation="correlate", rows=8, columns=8),
            "design        correlate with a kernel of 1x2, mode same, boundary constant 9, images up to 8x8",
        ),
        (
            SEVERAL,
            "design        convolve with 2 kernels of 1x2 in one pass, mode same, boundary constant 0, images up to 8x8",
        ),
        (
            SEVERAL.replace(stride=(2, 3)),
            "design        convolve with 2 kernels of 1x2 in one pass, mode same, stride 2x3, boundary constant 0, "
            "images up to 8x8",
        ),
        (SEVERAL.replace(pixels_per_clock=4), "multipliers   8 for 16 products a clock"),
        (SEVERAL.replace(planes=3), "multipliers   6 for 12 products a clock"),
        (
            SEVERAL.replace(planes=3),
            "design        convolve with 2 kernels of 1x2 in one pass, mode same, 3 planes side by side, boundary constant 0, "
            "images up to 8x8",
        ),
        (
            SEVERAL.replace(pixels_per_clock=4),
            "throughput    4 pixels in 1 clock, a line in whole clocks, without gaps between frames of one size",
        ),
        (SEVERAL, "coefficients  4 constant, s4"),
        (SEVERAL, "output        2 of s12 a pixel, results from -1275 to 2040, all of which fit"),
        (SEVERAL, "gain          8 for a constant input, 8 at worst"),
        (SEVERAL, "multipliers   2 for 4 products a clock"),
        (SEVERAL.replace(absolute=True), "magnitude     11 bits, up to 2040"),
        (SEVERAL.replace(combine="sum_abs", output=None), "magnitude     the sum of 2, 12 bits, up to 3315"),
        (
            SEVERAL.replace(combine="sum_abs", shift=1, threshold=99, output=None),
            "output        u1, results from 0 to 1658; 1 above 99, else 0",
        ),
    ],
)
def test_lines(design: FIRDesign | Conv2DDesign, line: str) -> None:
    assert line in report_of(design).text().splitlines()


def test_a_report_of_a_family_has_its_latency_and_multipliers() -> None:
    design = FIRDesign([1, -2, 3], data="s16", coefficient="s24", loadable=True)
    lines = {family: report_of(design, family).text().splitlines() for family in (None, "ecp5", "7-series")}
    assert lines[None] == lines["ecp5"]
    assert "latency       14 clocks from the sample that completes a result to the result" in lines["ecp5"]
    assert "multipliers   3 for 3 products a clock, made of 6 hard ones of 18x18 bits" in lines["ecp5"]
    assert "latency       10 clocks from the sample that completes a result to the result" in lines["7-series"]
    assert "in Verilog    latency 11, with a register slice in front" in lines["7-series"]
    assert "multipliers   3 for 3 products a clock" in lines["7-series"]
    numbers = report_of(design.replace(clocks_per_sample=3), "7-series").to_dict()
    assert (numbers["family"], numbers["block_latency"]) == ("7-series", [numbers["latency"] + 1, numbers["latency"] + 5])


@pytest.mark.parametrize("clocks", [1, 3, 64])
def test_clocks_of_a_frame(clocks: int) -> None:
    # The last of 10 samples enters 9 slots behind the first, and its result leaves a latency later.
    report = report_of(FIRDesign([5, 3, 7], clocks_per_sample=clocks))
    line = next(line for line in report.text().splitlines() if line.startswith("a frame"))
    slot, more = re.fullmatch(r"a frame +of N samples takes (\d*)N \+ (\d+) clocks, \1N back to back", line).groups()  # type: ignore[union-attr]
    assert int(slot or 1) == clocks
    assert 10 * clocks + int(more) == 9 * clocks + 1 + report.plan.latency == report.plan.timing.frame_clocks(10)


def test_clocks_of_a_frame_of_several_pixels_a_clock() -> None:
    report = report_of(BLUR.replace(columns=637, pixels_per_clock=4))
    numbers, latency = report.to_dict(), report.plan.latency
    # The products of four trees have a register of their own.
    assert latency == lower(BLUR).latency + 1
    assert f"of 480x637 takes {480 * 160 + 160 + 1 + latency} clocks alone, {480 * 160} back to back" in report.text()
    assert (numbers["pixels_per_clock"], numbers["clocks_per_sample"]) == (4, 0.25)
    assert (numbers["lag_rows"], numbers["lag_columns"]) == (1, 4)
    assert numbers["line_buffer_bits"] == 2 * 8 * 640
    valid = lower(Conv2DDesign([[1, 2, 1]] * 3, mode="valid", pixels_per_clock=4))
    # The last results of a row of 12 come with the next row's first beat, of 10 with its own last.
    assert valid.timing.frame_clocks(9, 12) - valid.timing.frame_clocks(9, 10) == 1
    assert valid.timing.frame_interval(9, 12) == valid.timing.frame_interval(9, 10) == 27


def test_a_padded_frame_is_counted_as_the_core_sees_it() -> None:
    report = report_of(Conv2DDesign([[1, 1, 1]] * 3, mode="full", rows=8, columns=10))
    assert f"of 12x14 takes {12 * 14 + report.plan.latency} clocks alone, 168 back to back" in report.text()


def test_a_pixel_in_several_clocks_takes_as_many_fewer_multipliers() -> None:
    report = report_of(Conv2DDesign([[1, 2, 3]] * 3, rows=8, columns=10, coefficient=s8, loadable=True, multipliers=4))
    latency = report.plan.latency
    assert report.to_dict()["clocks_per_sample"] == 3
    lines = report.text().splitlines()
    assert "throughput    1 pixel in 3 clocks, without gaps between frames of one size" in lines
    assert "multipliers   3 for 3 products a clock" in lines
    # The last pixel enters 79 slots behind the first; its result, and those of a line and a pixel, take 11 more.
    clocks = (79 + 11) * 3 + 1 + latency
    assert f"of 8x10 takes {clocks} clocks alone, 240 back to back" in report.text()


def test_a_structure_is_told() -> None:
    lines = report_of(Conv2DDesign(np.outer([3, 5, 3], [7, 9, 11]))).text().splitlines()
    assert "structure     separable, a column of 3 and a row of 3; equal weights share a multiplier, 2 at most" in lines
    assert "multipliers   5 for 5 products a clock" in lines
    report = report_of(Conv2DDesign([[3, 5, 3], [5, 3, 3]]))
    assert "structure     equal weights share a multiplier, 4 at most" in report.text().splitlines()
    assert "multipliers   2 for 2 products a clock" in report.text().splitlines()
    assert report.to_dict()["structure"] == "shared"
    assert report_of(BLUR).to_dict()["structure"] == "direct"
    assert "structure" not in report_of(BLUR).text()


def test_a_specified_filter_says_what_it_reaches() -> None:
    found = LOW_PASS.specified
    assert found is not None
    text = report_of(LOW_PASS).text()
    assert f"ripple {found.ripple_db:.3g} dB; {found.ideal_ripple_db:.3g} dB before quantisation" in text
    assert f"attenuation {found.attenuation_db:.2f} dB, 20 asked; {found.ideal_attenuation_db:.2f} dB before" in text
    numbers = report_of(LOW_PASS).to_dict()
    assert (numbers["ripple_db"], numbers["attenuation_db"]) == (found.ripple_db, found.attenuation_db)
    assert "ripple_db" not in report_of(FIR).to_dict()


# Rounding


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("shift", [0, 1, 2, 3, 8])
def test_the_rounding_error_is_that_of_all_values(rounding: Rounding, shift: int) -> None:
    one = 1 << shift
    errors = [round_shift(value, shift, rounding) - Fraction(value, one) for value in range(-4 * one, 4 * one)]
    mean = sum(errors) / len(errors)
    variance = sum(error**2 for error in errors) / len(errors) - mean**2
    assert rounding_error(shift, rounding) == (mean, variance)


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_the_rounding_noise_is_what_is_measured(rounding: Rounding) -> None:
    random = np.random.default_rng(17)
    for coefficients, shift in (([311, -207, 95, 1021], 9), ([8, -24, 40], 4)):
        design = FIRDesign(coefficients, shift=shift, rounding=rounding)
        samples = random.integers(-(2**15), 2**15, 100_000)
        exact = golden.fir(design.replace(shift=0, output=None), samples)
        errors = golden.fir(design, samples) - exact / 2.0**shift
        mean, variance = report_of(design).rounding_error
        assert errors.mean() == pytest.approx(float(mean), abs=0.005)
        assert errors.var() == pytest.approx(float(variance), rel=0.02)


# Memories


@pytest.mark.parametrize(
    "design",
    [
        FIR,
        BLUR,
        FIRDesign(range(1, 12), clocks_per_sample=4),
        FIRDesign([1, 2, 3, 3, 2, 1, 9, 1, 2, 3, 3, 2, 1], data="s12", clocks_per_sample=2),
        FIRDesign([3] * 16, data="s9", coefficient="s7", clocks_per_sample=16, loadable=True),
        FIRDesign([3] * 17, data="s9", coefficient="s7", multipliers=3, loadable=True, symmetry="symmetric"),
        SEVERAL,
        SEVERAL.replace(clocks_per_pixel=2, loadable=True, coefficient="s11"),
        Conv2DDesign(np.outer([1, 4, 6, 4, 1], [3, 5, 7]), columns=40),
        Conv2DDesign([np.outer([3, 5, 6, -9, 7], [5, 0, 7, 9])] * 2, columns=40, clocks_per_pixel=3),
    ],
    ids=[
        "plain",
        "2-D",
        "folded",
        "folded, symmetric",
        "folded, loadable",
        "folded, loadable, symmetric",
        "several kernels",
        "several kernels, folded",
        "separable",
        "separable, folded",
    ],
)
def test_the_memories_are_those_of_the_core(design: FIRDesign | Conv2DDesign) -> None:
    text = rtlil.convert(create(design))
    memories = re.findall(r"memory width (\d+) size (\d+)", text)
    assert memories
    assert report_of(design).to_dict()["memory_bits"] == sum(int(width) * int(size) for width, size in memories)


@pytest.mark.parametrize(
    ("design", "shell", "told"),
    [
        (FIR, Shell(), "memory 336 bits"),
        (FIR, Shell(handshake="valid"), "no memory"),
        (BLUR.replace(mode="valid"), Shell(handshake="valid"), "memory 10240 bits"),
        (FIR, FULL, None),
    ],
    ids=["lean", "valid", "image", "full"],
)
def test_a_shell_has_the_memories_of_its_core(design: FIRDesign | Conv2DDesign, shell: Shell, told: str | None) -> None:
    memories = re.findall(r"memory width (\d+) size (\d+)", rtlil.convert(create(design, shell=shell.of(design))))
    report = report_of(design, shell=shell)
    assert report.to_dict()["block_memory_bits"] == sum(int(width) * int(size) for width, size in memories)
    line = dict(report.lines())["in Verilog"]
    assert line.endswith(f"; {told}") if told else "memory" not in line


# The response


class Golden:
    """A device without hardware."""

    def __init__(self, design: FIRDesign | Conv2DDesign) -> None:
        self.design = design

    def __call__(self, samples: Any) -> Any:
        return golden.run(self.design, samples)


@pytest.mark.parametrize(
    ("design", "tolerance"),
    [
        (FIRDesign([3, -1, 4, 1, -5]), 1e-9),
        (FIRDesign([3, -1, 4, 1, -5], data="u8"), 1e-9),
        (FIRDesign([1, 0, -1], data="u8"), 1e-9),
        (LOW_PASS, 1e-4),
        (LOW_PASS.replace(data="u12", output="u12"), 2e-3),
        (FIRDesign([100, 200], shift=2, output="s8"), 0.5),  # only small sines fit: its gain is up to 75
    ],
)
def test_a_response_is_measured(design: FIRDesign, tolerance: float) -> None:
    frequencies, found = measure_response(Golden(design))  # type: ignore[arg-type]
    assert len(frequencies) == 128
    assert 0 < frequencies[0] < frequencies[-1] < 0.5
    wanted = abs(scipy.signal.freqz(design.coefficients, worN=2 * np.pi * frequencies)[1]) / 2.0**design.shift
    np.testing.assert_allclose(found, wanted, atol=tolerance)


def test_a_response_without_room_is_not_measured() -> None:
    # Its results are 0 or 1, and its gain a hundred.
    frequencies, found = measure_response(Golden(FIRDesign([100], output="u1")))  # type: ignore[arg-type]
    assert len(frequencies) == len(found) == 0


def test_a_kernel_has_no_measured_response() -> None:
    with pytest.raises(DesignError, match=r"^A response is measured of a fir design, not of a conv2d design$"):
        measure_response(Golden(BLUR))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("design", "size"),
    [
        (FIR, (900, 360)),
        (BLUR, (900, 360)),
        (FIRDesign([0]), (900, 360)),
        (Conv2DDesign([[0]]), (900, 360)),
        (SEVERAL, (900, 360)),
        (LOW_PASS, (1350, 360)),
        (FIRDesign.hilbert(1000, fs=8000, taps=15), (1350, 360)),
    ],
)
def test_plot_is_a_picture(design: FIRDesign | Conv2DDesign, size: tuple[int, int], tmp_path: Path) -> None:
    path = tmp_path / "plot.png"
    plot(design, path)
    with Image.open(path) as image:
        assert image.size == size
        assert len(set(image.convert("L").tobytes())) > 16


def colours(path: Path) -> set[tuple[int, ...]]:
    with Image.open(path) as image:
        return set(image.convert("RGB").get_flattened_data())


def test_a_plot_shows_what_was_measured(tmp_path: Path) -> None:
    plot(LOW_PASS, tmp_path / "without.png")
    plot(LOW_PASS, tmp_path / "with.png", measure_response(Golden(LOW_PASS)))  # type: ignore[arg-type]
    dots = tuple(bytes.fromhex(MEASURED[1:]))
    assert dots not in colours(tmp_path / "without.png")
    assert dots in colours(tmp_path / "with.png")
    assert tuple(bytes.fromhex(QUANTISED[1:])) in colours(tmp_path / "with.png")


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


@pytest.mark.parametrize("after", [(8, 13), (9, 12), (14, 11), (9, 13)])
@pytest.mark.parametrize(
    "design",
    [
        BLUR,
        Conv2DDesign([[1, 2]] * 7, loadable=True, clocks_per_pixel=2, boundary="edge"),
        Conv2DDesign([[1, 2, 3]] * 5, pixels_per_clock=4, boundary="reflect"),
        Conv2DDesign([[1, 2, 3]] * 3, mode="valid"),
    ],
    ids=["3x3", "2 clocks", "4 pixels", "valid"],
)
def test_a_frame_of_another_size_waits_as_long_as_the_report_says(design: Conv2DDesign, after: tuple[int, int]) -> None:
    """Seeded: a flush of a line less, or one behind every frame."""
    design = design.replace(rows=14, columns=13)
    plan, size = lower(design), (9, 13)
    with TwinTransport(design) as transport:
        transport.run_frames([random_samples(design.pixel, shape, 1) for shape in (size, after)])
        clocks = transport.status()["frame_clocks"]
    flush = 0 if after == size else plan.timing.flush_clocks(size[1])
    assert clocks == plan.timing.frame_interval(*size) + flush + plan.timing.frame_clocks(*after)
    if flush:
        assert f"; one of another size behind it waits {plan.timing.flush_clocks(13)} more" in report_of(design).text()


def test_one_of_something_has_no_plural():
    designs = [
        FIRDesign([1], data="u1", output="u1"),
        FIRDesign([1, 1], shift=1, multipliers=0),
        FIRDesign([3, 5], clocks_per_sample=2),
        Conv2DDesign([[1, 1]], rows=1, columns=1),
        CICDesign(stages=1, down=2, shift=1),
        ResampleDesign([1], down=2),
        MovingMaximumDesign(2),
    ]
    told = [f"{report_of(design).text()}\n{report_of(design).plan.explain()}\n{design.describe()}" for design in designs]
    assert re.findall(r"(?<!-> )(?<![\d.])\b1 \w+s\b.*", "\n".join(told)) == []
