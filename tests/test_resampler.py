"""The chain with the fewest multiplications: what it reaches, what else was weighed, what it refuses; and compensators."""

import json
import math
import re
import sys

import numpy as np
import pytest
import scipy.signal

import convolver
from convolver import CICDesign, DesignError, FIRDesign, Pipeline, ResampleDesign, load_design, s16, u8
from convolver.cli import main
from convolver.designs import Rate
from convolver.plan.lowering import lower
from convolver.rate_response import rate_response
from convolver.report import report_of
from convolver.shaped import half_band_taps, shaped_taps
from convolver.sim import golden


def found_extremes(taps, low, high):
    gains = np.abs(scipy.signal.freqz(taps, worN=np.linspace(low, high, 5000), fs=1)[1])
    return gains.min(), gains.max()


class TestShaped:
    @pytest.mark.parametrize("count", [11, 24, 61, 80])
    def test_it_errs_as_little_as_remez(self, count):
        """But for a few parts in a hundred; scipy isn't asked to do it, but knows how good it can be."""
        taps, _ = shaped_taps(count, 0.1, np.ones_like, [(0.16, 0.5)], (0.01, 0.001))
        best = scipy.signal.remez(count, [0, 0.1, 0.16, 0.5], [1, 0], weight=[1, 10], fs=1)
        errors = []
        for each in (taps, best):
            (low, high), (_, stopped) = found_extremes(each, 0, 0.1), found_extremes(each, 0.16, 0.5)
            errors.append(max(1 - low, high - 1, 10 * stopped))
        assert errors[0] <= 1.06 * errors[1]
        np.testing.assert_array_equal(taps, taps[::-1])

    def test_any_shape(self):
        taps, error = shaped_taps(31, 0.2, lambda places: 1 + places, [(0.3, 0.5)], (0.01, 0.01))
        gains = np.abs(scipy.signal.freqz(taps, worN=np.linspace(0, 0.2, 100), fs=1)[1])
        assert np.abs(gains / (1 + np.linspace(0, 0.2, 100)) - 1).max() <= 0.0102 * error

    def test_a_half_band_has_its_zeros(self):
        taps, error = half_band_taps(19, 0.18, 0.001)
        assert [place for place, tap in enumerate(taps) if tap == 0] == [place for place in range(1, 18, 2) if place != 9]
        assert taps[9] == 0.5
        assert found_extremes(taps, 0.32, 0.5)[1] == pytest.approx(0.001 * error, rel=0.02)


ASKED = [
    (1e6, 250e3, 100e3, {}),
    (48_000, 8_000, 3_400, {"ripple_db": 0.2, "attenuation_db": 50}),
    (8_000, 48_000, 3_400, {"format": "s12"}),
    (64e6, 1e6, 400e3, {"attenuation_db": 80}),
    (3, 2, 0.8, {}),
    (10, 35, 3, {"attenuation_db": 40, "stopband": 4.5}),
    (1000, 7, 2, {"attenuation_db": 50}),
]


@pytest.mark.parametrize(("fs_in", "fs_out", "passband", "more"), ASKED)
class TestChains:
    @pytest.fixture(autouse=True)
    def chain(self, fs_in, fs_out, passband, more):
        self.found = made(fs_in, fs_out, passband, **more)
        self.design = self.found.design

    def test_the_quantised_whole_does_what_was_asked(self, fs_in, fs_out, passband, more):
        """By the taps of the whole, in numpy's FFT: not by the response that the search looks at."""
        found, rate = self.found, self.design.rate
        taps = np.convolve(rate_response(self.design).taps, [1.0])
        size = 1 << (16 * len(taps)).bit_length()
        gains = np.abs(np.fft.rfft(taps, size))
        hertz = np.arange(size // 2 + 1) / size * fs_in * math.prod(stage.rate.up for stage in self.design.stages)
        passed, stopped = gains[hertz <= passband], gains[hertz >= found.stopband]
        assert 20 * np.log10(passed.max() / passed.min()) <= more.get("ripple_db", 0.1) + 1e-6
        assert 20 * np.log10(passed.min() / stopped.max()) >= more.get("attenuation_db", 60) - 0.02
        assert found.ripple_db <= more.get("ripple_db", 0.1)
        assert found.attenuation_db >= more.get("attenuation_db", 60)
        assert (rate.up / rate.down) == pytest.approx(fs_out / fs_in)

    def test_nothing_is_cheaper_of_what_was_weighed(self, fs_in, fs_out, passband, more):
        good = [one.multiplications for one in self.found.alternatives if not one.missed]
        assert good == sorted(good)
        assert good[0] == self.found.multiplications
        if len(self.design.stages) == 1:
            return
        # What it says is what its plans multiply: of a stage's products so many a result.
        rate, total = float(fs_in), 0.0
        for stage in self.design.stages:
            rate *= stage.rate.up / stage.rate.down
            plan = lower(stage)
            products = max((len({number for number, _ in enumerate(array.products)}) for array in plan.filters), default=0)
            total += products / max(stage.rate.up, 1) * rate
        assert total == pytest.approx(self.found.multiplications, rel=0.1)

    def test_it_keeps_up_with_one_sample_a_clock(self, fs_in, fs_out, passband, more):
        clocks = report_of(self.design).to_dict()["clocks_per_sample"]
        assert clocks <= max(1, fs_out / fs_in) * 1.0001


KEPT = {}


def made(fs_in, fs_out, passband, **more):
    """Each is designed once."""
    key = (fs_in, fs_out, passband, tuple(more.items()))
    if key not in KEPT:
        KEPT[key] = convolver.resampler(fs_in, fs_out, passband, **more)
    return KEPT[key]


RULE = "fs_out / fs_in must be a fraction whose parts have factors of at most 64"


def test_a_tone_stays_and_another_one_goes():
    design = made(1e6, 250e3, 100e3).design
    seconds = np.arange(20_000) / 1e6
    for hertz, least, most in ((60_000, 29_000, 31_000), (190_000, 0, 32)):
        results = golden.run(design, np.rint(30_000 * np.sin(2 * np.pi * hertz * seconds)).astype(int))
        assert least <= np.abs(results[200:]).max() <= most


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((0, 1, 1), "fs_in must be a positive number, not 0"),
        ((4, 0, 1), "fs_out must be a positive number, not 0"),
        ((4, 2, 1), "Edges must be 0 < passband < stopband <= half of the lower rate, 1, not 1 and 1"),
        ((1e3, 1e3, 100), "fs_in and fs_out must differ, not both be 1000.0"),
        (
            (48_000, 16_000, 7_999),
            "Passband must leave room below stopband for filters of at most 1024 taps, not 7999 of 8000",
        ),
        ((67, 1, 0.4), f"{RULE}, with room between passband and stopband, not 1/67"),
    ],
)
def test_refusals(arguments, told):
    with pytest.raises(DesignError, match=f"^{re.escape(told)}"):
        convolver.resampler(*arguments)


@pytest.mark.parametrize(("part", "whole"), [(2, 3), (10, 3), (5, 7)])
def test_a_rate_that_floats_have_no_digits_for(part, whole):
    """It's the one that they stand for."""
    assert made(48e3, 48e3 * part / whole, 1e3, attenuation_db=20).design.rate == Rate(part, whole)


def test_a_format_that_is_none():
    with pytest.raises(DesignError, match=r"^Format must be a signed one of 2 to 28 bits, or its name, not u8$"):
        convolver.resampler(4, 2, 0.8, format=u8)


def test_too_few_bits_say_what_they_reach(monkeypatch):
    monkeypatch.setattr(sys.modules["convolver.resampler"], "TIGHTER", (0.9,))
    monkeypatch.setattr(sys.modules["convolver.resampler"], "MADE", 1)
    told = (
        r"^A chain must have ripple of at most 0.1 dB and attenuation of at least 170 dB; .* has ripple .*, attenuation 1[0-6]"
    )
    with pytest.raises(DesignError, match=told):
        convolver.resampler(4, 2, 0.3, attenuation_db=170)


class TestCommand:
    def test_a_sentence_becomes_a_design(self, tmp_path, capsys):
        file = tmp_path / "quarter.toml"
        line = ["resampler", "1M", "250k", "--passband", "100k", "--attenuation", "60", "--output", str(file)]
        assert main(line) == 0
        told = capsys.readouterr().out
        assert "aliases and images, from 125 kHz on: " in told
        assert told.startswith("1 MHz to 250 kHz, rate times 1/4\n")
        assert "multiplications/s; weighed:\n" in told
        assert load_design(file) == made(1e6, 250e3, 100e3).design
        assert main([*line[:-2], "--json"]) == 0
        numbers = json.loads(capsys.readouterr().out)
        assert numbers["design"]["kind"] == "pipeline"
        assert numbers["attenuation_db"] >= 60
        assert main([*line, "--clock", "100M"]) == 0  # 100 clocks a sample
        told = capsys.readouterr().out
        shared, fast = load_design(file), made(1e6, 250e3, 100e3).design
        assert f"as Verilog:  convolver generate --design {file}" in told
        assert shared == convolver.at_rate(fast, clock=100e6, rate=1e6) != fast

    def test_an_error_is_one_line(self, capsys):
        assert main(["resampler", "1M", "250k", "--passband", "200k"]) == 3
        assert capsys.readouterr().err.startswith("convolver: Edges must be 0 < passband < stopband <= half of the lower rate")


class TestCompensator:
    @pytest.mark.parametrize(
        "cic", [CICDesign(4, down=8, data=s16, shift=12, output=s16), CICDesign(3, up=8, delay=2, shift=7)]
    )
    def test_the_two_are_flat(self, cic):
        made = convolver.compensator(cic, 0.15 * 8, 0.3 * 8, fs=8, ripple_db=0.1, attenuation_db=50, output=s16)
        assert made.taps < 40
        chain = Pipeline([cic.replace(output=s16), made.replace(data=s16)] if cic.down > 1 else [made, cic])
        gains = rate_response(chain).response(np.linspace(0, 0.15, 500) / cic.down)
        assert 20 * np.log10(gains.max() / gains.min()) <= 0.11
        assert gains[0] == pytest.approx(1, abs=0.01)

    def test_refusals(self):
        cic = CICDesign(4, down=8)
        with pytest.raises(DesignError, match=r"^A compensator is of a CICDesign, not FIRDesign\("):
            convolver.compensator(FIRDesign([1]), 0.1)
        with pytest.raises(DesignError, match=r"^Edges must be 0 < passband < stopband <= fs / 2, not 0.3 and 0.2 at fs 1$"):
            convolver.compensator(cic, 0.3, 0.2)
        with pytest.raises(DesignError, match=r"^A compensator must do with 256 taps; "):
            convolver.compensator(cic, 0.2, 0.2001)

    def test_stages_of_a_chain_are_folded(self):
        stages = made(64e6, 1e6, 400e3, attenuation_db=80).design.stages
        assert [stage.choices.clocks for stage in stages if isinstance(stage, ResampleDesign)] == [32, 64]
