"""Specifications at the edge of what can be: each gives a filter that holds what it states, or one line, and never a crash."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.signal

from convolver import DesignError, FIRDesign, equiripple, load_design
from convolver.report import report_of
from convolver.response import gain_extremes

FS = 48_000
CASES = Path(__file__).parent / "filter_cases.py"


def run_cases(first: int, count: int) -> None:
    """Runs them in a process of their own, where a crash is seen."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(CASES), str(first), str(count)], capture_output=True, text=True, check=False
    )
    told = done.stdout.splitlines()
    assert done.returncode == 0, f"ended with {done.returncode} in case {told[-1]}: {done.stderr}"
    assert told == [*map(str, range(first, first + count)), "done"]


def test_random_specifications() -> None:
    """Seeded: with the grid not counted, case 109 ends the process."""
    run_cases(0, 120)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_many_random_specifications() -> None:
    run_cases(10_000, 6000)


@pytest.mark.parametrize(
    ("method", "edges", "taps"),
    [
        ("lowpass", (10_000, 23_990), 101),  # remez gives a single tap
        ("lowpass", (100, 23_000), 31),  # NaN
        ("lowpass", (100, 23_000), 256),
        ("lowpass", (1e-9, 12_000), 64),
        ("highpass", (23_990, 10), 101),
        ("highpass", (23_999.999, 5), 255),
        ("bandpass", ((11_999, 12_001), (10, 23_990)), 101),
        ("halfband", (10,), 31),  # a crash
        ("halfband", (1e-6,), 255),
        ("hilbert", (11_990,), 31),  # a crash
        ("hilbert", (11_999.9999,), 255),
    ],
)
def test_so_many_taps_are_given_as_were_asked(method: str, edges: tuple[Any, ...], taps: int) -> None:
    design = getattr(FIRDesign, method)(*edges, fs=FS, taps=taps)
    found = design.specified
    assert design.taps == taps
    assert found.ripple_db < 0.05
    assert found.attenuation_db is None or found.attenuation_db > 70
    assert found.idle <= taps // 3
    assert f": {taps} taps in {found.format}" in str(found)
    assert (", the outer " in str(found)) == (found.idle > 0)
    assert str(found).endswith(found.figures())  # nothing was asked


def test_a_lax_specification_takes_few_taps() -> None:
    assert FIRDesign.halfband(500, fs=FS, attenuation_db=60).coefficients == (8201, 16384, 8201)
    assert FIRDesign.lowpass(100, 23_000, fs=FS, ripple_db=0.01, attenuation_db=60).taps <= 5


def test_a_narrow_passband_takes_no_more_taps_than_it_needs() -> None:
    """Seeded: on scipy's own grid, on which that passband is one point, the search ends with 149 taps."""
    assert FIRDesign.lowpass(20, 1000, fs=FS, ripple_db=0.01, attenuation_db=40).taps <= 84


def test_what_separates_nothing_is_no_filter() -> None:
    with pytest.raises(DesignError) as caught:
        FIRDesign.lowpass(1, 2, fs=FS, taps=101)
    assert str(caught.value) == (
        "A low-pass filter must pass more than it stops: with 101 taps in q-1_17 the passband's gain goes down to 0.5, the "
        "stopband's up to 0.5; take more taps, wider coefficients or a wider transition"
    )
    with pytest.raises(DesignError) as caught:
        FIRDesign.lowpass(100, 900, fs=FS, taps=256, coefficient="q31_1")
    assert str(caught.value) == (
        "A low-pass filter must pass more than it stops: with 256 taps in q31_1 the passband's gain goes down to 0, the "
        "stopband's up to 0; take wider coefficients or a wider transition"
    )


def test_a_gain_that_is_not_one_is_told() -> None:
    assert ", a gain of 0.539 to 0.566, a ripple of " in str(FIRDesign.lowpass(20, 40, fs=FS, taps=255).specified)
    assert "a gain of" not in str(FIRDesign.lowpass(3000, 4000, fs=FS, taps=31).specified)


def test_taps_that_the_format_makes_zero_are_told(tmp_path: Path) -> None:
    path = tmp_path / "filter.toml"
    path.write_text(
        'kind = "fir"\n\n[lowpass]\npassband = 10000\nstopband = 23990\nfs = 48000\ntaps = 101\nattenuation_db = 95\n'
    )
    design = load_design(path)
    assert isinstance(design, FIRDesign)
    assert design.specified is not None
    idle = next(place for place, weight in enumerate(design.coefficients) if weight)
    assert design.specified.idle == 2 * idle > 0
    assert f": 101 taps in q1_15, the outer {2 * idle} taps zero, a ripple of " in str(design.specified)
    assert f"at 48000 samples a second, the outer {2 * idle} taps zero\n" in report_of(design).text()


@pytest.mark.parametrize("count", [3, 4, 31, 64, 256])
def test_the_grid_has_room_for_the_extremes(count: int) -> None:
    """The grid that scipy makes, step by step, has a point more than there are cosines."""
    random = np.random.default_rng(count)
    cosines = (count + 1) // 2
    none = 0
    for _ in range(200):
        edges = np.sort(10 ** random.uniform(-8, 0, random.choice([2, 4, 6]))) / 2
        density = equiripple._density(count, edges.tolist())
        if density is None:
            none += 1
            continue
        step = 0.5 / (density * cosines)
        points = []
        for low, high in zip(edges[::2], edges[1::2], strict=True):
            point, band = low, []
            while not band or point <= high:
                band.append(point)
                point += step
            points += [*band[:-1], high]
        if count % 2 == 0 and points[-1] > 0.5 - step:
            points.pop()
        assert cosines < len(points) <= density * (count / 2 + 2)
        assert (np.diff(np.cos(2 * np.pi * np.array(points))) < 0).all()
    assert 0 < none < 150


@pytest.mark.parametrize(
    "broken",
    [
        lambda count, *_, **__: np.full(count, np.nan),
        lambda count, *_, **__: np.eye(count)[count // 2],
        lambda count, *_, **__: np.zeros(count),
        lambda *_, **__: (_ for _ in ()).throw(ValueError("Failure to converge")),
    ],
)
def test_what_remez_gives_is_not_trusted(broken: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {"fs": FS, "ripple_db": 0.1, "attenuation_db": 60}
    best = FIRDesign.lowpass(3000, 5000, **asked)
    monkeypatch.setattr(scipy.signal, "remez", broken)
    windowed = FIRDesign.lowpass(3000, 5000, **asked)
    assert best.taps < windowed.taps < 1.3 * best.taps
    assert windowed.specified is not None
    assert windowed.specified.meets
    for design in (
        FIRDesign.halfband(9000, fs=FS, attenuation_db=60),
        FIRDesign.hilbert(2000, fs=FS, ripple_db=0.05),
        FIRDesign.bandpass((6000, 9000), (4000, 11_000), **asked),
    ):
        assert design.specified is not None
        assert design.specified.meets


def test_extremes_are_found_in_bands_narrower_than_a_grid() -> None:
    taps = np.array([-1025, 0, 9217, 16384, 9217, 0, -1025]) / 2**15
    fine = np.abs(scipy.signal.freqz(taps, worN=np.linspace(0.4949, 0.5, 20_001), fs=1)[1])
    assert gain_extremes(taps, 0.4949, 0.5)[1] == pytest.approx(fine.max(), rel=1e-4)


def test_frequencies_and_taps_of_any_type() -> None:
    plain = FIRDesign.bandpass((6000, 9000), (4000, 11_000), fs=FS, taps=63)
    for passband, taps in (
        (np.array([6000, 9000]), np.int8(63)),
        (np.array([6e3, 9e3], np.float32), 63.0),
        ([np.int16(6000), 9000.0], np.array(63)),
        (iter([6000, 9000]), np.float32(63)),
    ):
        assert FIRDesign.bandpass(passband, [4000, 11_000], fs=np.float64(FS), taps=taps) == plain  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("passband", "told"),
    [
        (np.array([6000, 9000, 9500]), "array([6000, 9000, 9500])"),
        (np.array([6000]), "array([6000])"),
        (np.array(6000), "array(6000)"),
        (np.array([[6000, 9000]]), "array([[6000, 9000]])"),
        ("69", "'69'"),
        ({6000: 9000}, "{6000: 9000}"),
    ],
)
def test_other_than_two_frequencies_are_refused(passband: Any, told: str) -> None:
    with pytest.raises(DesignError) as caught:
        FIRDesign.bandpass(passband, (4000, 11_000), fs=FS, taps=63)
    assert str(caught.value) == f"passband must be two frequencies, the lower and the upper edge, not {told}"
