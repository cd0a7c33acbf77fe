"""Filters from a specification: what is promised of the quantised taps, against scipy's own response; what is refused."""

import builtins
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.signal

from convolver import DesignError, FIRDesign, ToolError, load_design
from convolver.designs import design_from_dict, design_from_json
from convolver.response import gain_extremes, gains

FS = 48_000


def response(design: FIRDesign, low: float, high: float, points: int = 20_000) -> np.ndarray:
    """The gains of a design from `low` to `high` Hz, by scipy."""
    taps = np.array(design.coefficients, float) / 2.0**design.shift
    return np.abs(scipy.signal.freqz(taps, worN=np.linspace(low, high, points), fs=FS)[1])


MADE = {
    "low-pass": lambda **more: FIRDesign.lowpass(3000, 5000, fs=FS, ripple_db=0.1, attenuation_db=60, **more),
    "low-pass, q1_15": lambda: MADE["low-pass"](coefficient="q1_15"),
    "low-pass, estimated too long": lambda: FIRDesign.lowpass(
        100, 900, fs=FS, ripple_db=0.5, attenuation_db=50, coefficient="s24"
    ),
    "high-pass": lambda: FIRDesign.highpass(5000, 3000, fs=FS, ripple_db=0.1, attenuation_db=60),
    "band-pass": lambda: FIRDesign.bandpass((6000, 9000), (4000, 11000), fs=FS, ripple_db=0.2, attenuation_db=50),
    "half-band": lambda: FIRDesign.halfband(9000, fs=FS, attenuation_db=60),
    "half-band by ripple": lambda: FIRDesign.halfband(9000, fs=FS, ripple_db=0.02),
    "Hilbert": lambda: FIRDesign.hilbert(2000, fs=FS, ripple_db=0.05),
}


@pytest.mark.parametrize("name", MADE)
def test_a_filter_has_what_was_asked(name: str) -> None:
    design = MADE[name]()
    found = design.specified
    assert found is not None
    passed = response(design, *found.passband)
    assert 20 * math.log10(passed.max() / passed.min()) == pytest.approx(found.ripple_db, abs=1e-3)
    assert found.passband_gain == pytest.approx((passed.min(), passed.max()), abs=1e-5)
    if found.asked_ripple_db is not None:
        assert found.ripple_db <= found.asked_ripple_db
    stopped = [response(design, low, high).max() for low, high in found.stopbands]
    if stopped:
        assert -20 * math.log10(max(stopped)) == pytest.approx(found.attenuation_db, abs=1e-3)
    if found.asked_attenuation_db is not None:
        assert found.attenuation_db is not None
        assert found.attenuation_db >= found.asked_attenuation_db
    # The integers are the real taps, and nothing but a power of two lies between them.
    np.testing.assert_array_less(
        np.abs(np.array(design.coefficients) / 2.0**design.shift - found.ideal), 0.51 * 2.0**-design.shift
    )
    assert (design.coefficient, design.shift) == (found.format, found.format.fraction)


@pytest.mark.parametrize(("low", "high"), [(5500, 14_000), (5000, 13_000), (5000, 11_000), (3000, 9500)])
def test_no_gain_rises_above_the_passband_s_where_one_transition_is_wider(low: float, high: float) -> None:
    """Seeded: with the wider transition left to itself the gain there is 4.6 dB, or scipy's taps fit no format."""
    design = FIRDesign.bandpass((6000, 9000), (low, high), fs=FS, ripple_db=0.5, attenuation_db=40)
    assert response(design, 0, FS / 2).max() <= response(design, 6000, 9000).max() * (1 + 1e-6)


@pytest.mark.parametrize("name", [name for name in MADE if "half" not in name and "Hilbert" not in name])
def test_a_few_taps_fewer_do_not_do(name: str) -> None:
    design = MADE[name]()
    found = design.specified
    assert found is not None
    (low, high), stopbands = found.passband, found.stopbands
    edges: dict[str, Any] = {
        "low-pass": lambda: {"passband": high, "stopband": stopbands[0][0]},
        "high-pass": lambda: {"passband": low, "stopband": stopbands[0][1]},
        "band-pass": lambda: {"passband": (low, high), "stopband": (stopbands[0][1], stopbands[1][0])},
    }[found.kind]()
    step = 2 if found.kind == "high-pass" else 1
    method = {"low-pass": FIRDesign.lowpass, "high-pass": FIRDesign.highpass, "band-pass": FIRDesign.bandpass}[found.kind]
    asked: dict[str, Any] = {"ripple_db": found.asked_ripple_db, "attenuation_db": found.asked_attenuation_db}
    with pytest.raises(DesignError, match=rf"^The quantised filter must have .* as {design.taps - step} taps in "):
        method(**edges, fs=FS, taps=design.taps - step, coefficient=found.format, **asked)


def test_a_format_without_a_fraction_gets_the_largest() -> None:
    design = MADE["low-pass"]()
    assert design.coefficient_format.width == 16
    assert max(map(abs, design.coefficients)) > 2**14
    assert MADE["low-pass, q1_15"]().shift == 15


@pytest.mark.parametrize("taps", [3, 7, 31, 63])
def test_a_half_band_filter_is_half_zeros(taps: int) -> None:
    design = FIRDesign.halfband(11_000, fs=FS, taps=taps)
    middle = taps // 2
    assert design.symmetry == "symmetric"
    assert design.coefficients[middle] * 2 == 2**design.shift
    zeros = [place != middle and place % 2 == middle % 2 for place in range(taps)]
    assert [tap == 0 for tap in design.coefficients] == zeros
    # The zeros cost nothing, the pairs half, the middle tap wiring.
    assert len(design.terms) == (taps + 1) // 4 + 1
    # Its gain at a frequency and at the frequency's mirror image add up to one: without the delay, gains have their sign.
    turns = np.outer(np.linspace(0, 0.25, 50), np.arange(taps) - middle)
    low, high = (
        np.exp(-2j * np.pi * part) @ np.array(design.coefficients) / 2.0**design.shift
        for part in (turns, 0.5 * (np.arange(taps) - middle) - turns)
    )
    np.testing.assert_allclose(low + high, 1, atol=1e-9)


@pytest.mark.parametrize("taps", [3, 7, 31, 63])
def test_a_hilbert_transformer_turns_a_cosine_into_a_sine(taps: int) -> None:
    design = FIRDesign.hilbert(1000, fs=FS, taps=taps)
    middle = taps // 2
    assert design.symmetry == "antisymmetric"
    assert all((tap == 0) == (abs(place - middle) % 2 == 0) for place, tap in enumerate(design.coefficients))
    assert len(design.terms) == (taps + 1) // 4
    assert design.specified is not None
    low, high = design.specified.passband_gain
    phases = 2 * np.pi * 7000 / FS * np.arange(400)
    result = scipy.signal.lfilter(np.array(design.coefficients) / 2.0**design.shift, 1, np.cos(phases))[taps:]
    sine = np.sin(phases[taps - middle : -middle])
    gain = result @ sine / (sine @ sine)
    assert low - 1e-3 <= gain <= high + 1e-3
    np.testing.assert_allclose(result, gain * sine, atol=1e-3)


def test_a_window_has_half_its_gain_at_the_cutoff() -> None:
    for design, cutoffs in (
        (FIRDesign.lowpass(cutoff=6000, fs=FS, taps=64), (6000,)),
        (FIRDesign.highpass(cutoff=6000, fs=FS, taps=65), (6000,)),
        (FIRDesign.bandpass(cutoff=(6000, 12_000), fs=FS, taps=64), (6000, 12_000)),
    ):
        assert gains(np.array(design.coefficients) / 2.0**design.shift, np.array(cutoffs) / FS) == pytest.approx(0.5, abs=0.01)
        found = design.specified
        assert found is not None
        assert found.attenuation_db is not None
        assert 45 < found.attenuation_db < 60  # a Hamming window's
        assert found.ripple_db < 0.1
        assert found.asked_ripple_db is found.asked_attenuation_db is None


def test_extremes_are_found_between_the_points_of_a_plain_grid() -> None:
    random = np.random.default_rng(3)
    for _ in range(5):
        taps = random.normal(size=int(random.integers(2, 40)))
        low, high = np.sort(random.uniform(0, 0.5, 2))
        fine = gains(taps, np.linspace(low, high, 40_001))
        assert gain_extremes(taps, low, high)[1] == pytest.approx(fine.max(), rel=1e-4)
        assert gain_extremes(taps, low, high)[0] <= fine.min() + 1e-3 * fine.max()


def test_the_specification_is_no_part_of_the_design() -> None:
    design = MADE["low-pass"]()
    plain = FIRDesign(design.coefficients, coefficient=design.coefficient, shift=design.shift)
    assert design == plain
    assert hash(design) == hash(plain)
    assert design.to_json() == plain.to_json()
    assert design_from_json(design.to_json()) == design
    assert plain.specified is None
    assert design.replace(rounding="floor").specified is design.specified
    assert design.replace(coefficients=[1, 1]).specified is None
    assert design.replace(shift=design.shift - 1).specified is None


def test_other_fields_are_taken() -> None:
    design = MADE["low-pass"](data="s12", output="s12", multipliers=3, rounding="half_even")
    assert (str(design.data), str(design.output), design.multipliers, design.rounding) == ("s12", "s12", 3, "half_even")


def test_a_file_may_hold_the_specification(tmp_path: Path) -> None:
    path = tmp_path / "filter.toml"
    path.write_text(
        'kind = "fir"\ndata = "s12"\ncoefficient = "s14"\nmultipliers = 4\n\n'
        "[bandpass]\npassband = [6000, 9000]\nstopband = [4000, 11000]\nfs = 48000\nripple_db = 0.2\nattenuation_db = 50\n"
    )
    design = load_design(path)
    assert isinstance(design, FIRDesign)
    assert design == FIRDesign.bandpass(
        (6000, 9000), (4000, 11000), fs=FS, ripple_db=0.2, attenuation_db=50, coefficient="s14", data="s12", multipliers=4
    )
    assert design.specified is not None
    assert design.specified.kind == "band-pass"


def test_the_documentation_says_what_is_so() -> None:
    text = (Path(__file__).parent.parent / "docs" / "fir.md").read_text(encoding="utf-8")
    calls = [line for line in text.split("```python\n")[1].split("```")[0].splitlines() if line.startswith("FIRDesign")]
    assert len(calls) == 6
    designs = [eval(line) for line in calls]
    assert all(design.specified is not None for design in designs)
    assert designs[0].shift == 17
    assert max(map(abs, designs[0].coefficients)) < 2**17 / 4
    with pytest.raises(DesignError) as caught:
        FIRDesign.lowpass(3000, 4000, fs=48_000, ripple_db=0.1, attenuation_db=60, coefficient="q1_11")
    assert str(caught.value) in " ".join(text.split())


# Refusals

LOW: dict[str, Any] = {"passband": 3000, "stopband": 4000, "fs": FS}
EITHER = "filter must have either passband and stopband, or cutoff and taps"


def of(method: str, **fields: Any) -> Any:
    return lambda: getattr(FIRDesign, method)(**fields)


def plain(**fields: Any) -> Any:
    return lambda: design_from_dict({"kind": "fir", **fields})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (of("lowpass", **LOW | {"fs": 0}, taps=9), "fs must be a positive number, not 0"),
        (of("lowpass", **LOW | {"fs": math.inf}, taps=9), "fs must be a positive number, not inf"),
        (of("lowpass", **LOW | {"fs": "48k"}, taps=9), "fs must be a positive number, not '48k'"),
        (
            of("lowpass", **LOW | {"stopband": 3000}, taps=9),
            "Edges must be 0 < passband < stopband < fs / 2, not 3000, 3000 at fs 48000",
        ),
        (
            of("lowpass", **LOW | {"stopband": 24000}, taps=9),
            "Edges must be 0 < passband < stopband < fs / 2, not 3000, 24000 at fs 48000",
        ),
        (
            of("highpass", **LOW, taps=9),
            "Edges must be 0 < stopband < passband < fs / 2, not 4000, 3000 at fs 48000",
        ),
        (
            of("bandpass", passband=(4, 9), stopband=(5, 10), fs=48, taps=9),
            "Edges must be 0 < stopband[0] < passband[0] < passband[1] < stopband[1] < fs / 2, not 5, 4, 9, 10 at fs 48",
        ),
        (
            of("bandpass", passband=4, stopband=(5, 10), fs=48, taps=9),
            "passband must be two frequencies, the lower and the upper edge, not 4",
        ),
        (of("lowpass", passband=-1, stopband=4, fs=48, taps=9), "passband must be a positive number, not -1"),
        (of("lowpass", passband=math.nan, stopband=4, fs=48, taps=9), "passband must be a positive number, not nan"),
        (of("lowpass", fs=FS, taps=9), f"A low-pass {EITHER}"),
        (of("lowpass", passband=4, fs=FS, taps=9), f"A low-pass {EITHER}"),
        (of("highpass", cutoff=4, passband=4, fs=FS, taps=9), f"A high-pass {EITHER}"),
        (
            of("lowpass", cutoff=4000, fs=FS, ripple_db=1),
            "A low-pass filter with a cutoff must have taps; with passband and stopband they are found",
        ),
        (
            of("lowpass", cutoff=3000, fs=FS, taps=8),
            "A low-pass filter with this cutoff must have more taps than 8: they leave a transition of 24000 Hz, and no room "
            "for a band",
        ),
        (of("lowpass", **LOW), "A low-pass filter must have taps, or ripple_db and attenuation_db to find them"),
        (of("lowpass", **LOW, ripple_db=1), "A low-pass filter must have taps, or ripple_db and attenuation_db to find them"),
        (of("lowpass", **LOW, taps=2), "A low-pass filter must have 3 to 256 taps, not 2"),
        (of("lowpass", **LOW, taps=257), "A low-pass filter must have 3 to 256 taps, not 257"),
        (of("lowpass", **LOW, taps=9.5), "A low-pass filter must have 3 to 256 taps, not 9.5"),
        (of("lowpass", **LOW, taps=True), "A low-pass filter must have 3 to 256 taps, not True"),
        (
            of("highpass", passband=4000, stopband=3000, fs=FS, taps=64),
            "A high-pass filter must have an odd number of taps, 3 to 255, not 64",
        ),
        (of("lowpass", **LOW, taps=9, ripple_db=0), "ripple_db must be a positive number, not 0"),
        (of("lowpass", **LOW, taps=9, attenuation_db=-60), "attenuation_db must be a positive number, not -60"),
        (
            of("lowpass", **LOW, taps=9, coefficient="u16"),
            "A filter's coefficients must be a signed Format of 2 to 32 bits, or its name, not u16",
        ),
        (
            of("lowpass", **LOW, taps=9, coefficient=16),
            "A filter's coefficients must be a signed Format of 2 to 32 bits, or its name, not 16",
        ),
        (
            of("lowpass", passband=21_000, stopband=22_000, fs=FS, taps=9, coefficient="q0_16"),
            "Coefficients must be between -0.5 and 0.4999847412 to fit q0_16, not 0.9250091213; "
            "take a format with more bits before the point",
        ),
        (
            of("halfband", passband=9000, fs=FS, taps=33),
            "A half-band filter must have 3, 7, 11 and so on to 255 taps, so that its ends aren't zero, not 33",
        ),
        (
            of("halfband", passband=9000, fs=FS, taps=32),
            "A half-band filter must have 3, 7, 11 and so on to 255 taps, so that its ends aren't zero, not 32",
        ),
        (of("halfband", passband=12_000, fs=FS, taps=31), "Edges must be 0 < passband < fs / 4, not 12000 at fs 48000"),
        (
            of("halfband", passband=9000, fs=FS),
            "A half-band filter must have taps, or ripple_db or attenuation_db to find them",
        ),
        (of("hilbert", passband=12_001, fs=FS, taps=31), "Edges must be 0 < passband < fs / 4, not 12001 at fs 48000"),
        (of("hilbert", passband=1000, fs=FS), "A Hilbert transformer must have taps, or ripple_db to find them"),
        (
            of("hilbert", passband=1000, fs=FS, taps=30),
            "A Hilbert filter must have 3, 7, 11 and so on to 255 taps, so that its ends aren't zero, not 30",
        ),
        (
            of("lowpass", **LOW, taps=9, coefficients=[1]),
            "A filter from a specification has its own coefficients; leave it out",
        ),
        (of("lowpass", **LOW, taps=9, shift=3), "A filter from a specification has its own shift; leave it out"),
        (
            of("lowpass", **LOW, taps=9, speed=3),
            "Unknown field 'speed'; known are coefficients, data, coefficient, output, shift, rounding, overflow, loadable, "
            "symmetry, clocks_per_sample, multipliers, continuous, swap",
        ),
        (
            plain(lowpass={**LOW, "taps": 9}, coefficients=[1]),
            "A fir design must have one of coefficients, lowpass, highpass, bandpass, halfband, hilbert, not lowpass and "
            "coefficients",
        ),
        (
            plain(lowpass={**LOW, "taps": 9, "order": 8}),
            "Unknown key 'order' in lowpass; known are passband, stopband, fs, cutoff, taps, ripple_db, attenuation_db",
        ),
        (plain(hilbert=9), "hilbert must be a table of passband, fs, taps, ripple_db, not 9"),
        (plain(lowpass={"taps": 9}), "lowpass must have 'fs'"),
        (plain(halfband={"fs": 9}), "halfband must have 'passband'"),
    ],
)
def test_refusals(call: Any, message: str) -> None:
    with pytest.raises(DesignError) as caught:
        call()
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (  # 64 taps can't
            {"taps": 64, "attenuation_db": 80},
            r"The quantised filter must have an attenuation of at least 80 dB, not a ripple of 0\.\d+ dB and an attenuation of "
            r"30\.\d\d dB, as 64 taps in q-1_17 have; take more taps or a wider transition",
        ),
        (  # 12 bits can't, whatever the taps
            {"ripple_db": 0.1, "attenuation_db": 60, "coefficient": "q1_11"},
            r"The quantised filter must have a ripple of at most 0\.1 dB and an attenuation of at least 60 dB, not a ripple of "
            r"0\.\d+ dB and an attenuation of 4\d\.\d\d dB, as \d+ taps in q1_11 have; take wider coefficients than 12 bits",
        ),
        (  # 256 taps can't
            {"stopband": 3100, "ripple_db": 0.1, "attenuation_db": 60},
            r"The quantised filter must have a ripple of at most .*, as 256 taps in q-1_17 have; "
            r"take a wider transition",
        ),
    ],
)
def test_a_filter_that_falls_short_is_refused_with_its_figures(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(DesignError, match=rf"\A{message}\Z"):
        FIRDesign.lowpass(**LOW | asked)


def test_what_is_short_by_less_than_is_printed_is_printed_as_short() -> None:
    found = FIRDesign.lowpass(**LOW, taps=64).specified
    assert found is not None
    assert found.attenuation_db is not None
    above = math.ceil(found.attenuation_db * 1e6) / 1e6
    with pytest.raises(DesignError) as caught:
        FIRDesign.lowpass(**LOW, taps=64, attenuation_db=above)
    printed = float(str(caught.value).split("an attenuation of ")[2].split(" dB")[0])
    assert printed < above


def test_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without(name: str, *arguments: Any, **more: Any) -> Any:
        if name.startswith("scipy"):
            raise ModuleNotFoundError(name=name)
        return imported(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    for call in (
        of("lowpass", **LOW, taps=9),
        of("halfband", passband=9000, fs=FS, taps=7),
        of("hilbert", passband=9, fs=FS, taps=7),
    ):
        with pytest.raises(
            ToolError, match=r"^Designing a filter needs scipy, which isn't installed; pip install 'convolver\[design\]'$"
        ):
            call()
