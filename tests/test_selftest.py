"""The self-test's frames: they reach what they are made for, and a device with one fault fails."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convolver import Conv2DDesign, FIRDesign, s8, s16, selftest, u8
from convolver.errors import LinkTimeout
from convolver.sim import golden

FIR = FIRDesign((3, -5, 0, 7), output=s16, shift=1)
LOADABLE = FIR.replace(loadable=True, coefficient=s8)
KERNEL = Conv2DDesign(((1, -2, 3), (-4, 5, 6)), pixel=u8, boundary="edge", rows=30, columns=20)
DESIGNS = [FIR, LOADABLE, KERNEL, KERNEL.replace(operation="correlate"), KERNEL.replace(mode="valid"),
           KERNEL.replace(loadable=True, coefficient=s8), KERNEL.replace(switchable=True), KERNEL.replace(planes=3),
           *(KERNEL.replace(stride=(4, 3), mode=mode) for mode in ("same", "valid", "full"))]  # fmt: skip
SEVERAL = KERNEL.replace(kernel=(KERNEL.kernel, ((6, 0, -3), (2, 2, -8)), ((-1, 4, 0), (0, 0, 1))), output=None)
MAGNITUDE = SEVERAL.replace(combine="sum_abs", output=None)


class Golden:
    """A device that is the golden model, but for a `fault` that its results go through."""

    def __init__(self, design: Any, fault: Callable[[Any], Any] = lambda results: results) -> None:
        self.design, self.active, self.fault = design, design, fault

    def __call__(self, samples: Any, **border: Any) -> Any:
        return self.fault(golden.run(self.active.replace(**border), samples))

    def stream(self, arrays: Any) -> Any:
        return (self(array) for array in arrays)

    def load(self, coefficients: Any) -> None:
        field = "coefficients" if isinstance(self.design, FIRDesign) else "kernel"
        self.active = self.design.replace(**{field: coefficients})


@pytest.mark.parametrize("design", DESIGNS)
def test_a_right_device_passes(design: Any) -> None:
    device = Golden(design)
    count = 11 + 12 * design.loadable + 10 * getattr(design, "switchable", False)
    assert [selftest.check(device, case) for case in selftest.cases(design, 4, 1)] == [None] * count
    assert device.active == design  # its own coefficients are back


@pytest.mark.parametrize("design", DESIGNS)
def test_the_whole_range_of_sums_is_reached(design: Any) -> None:
    exact = design.replace(shift=0, output=None)
    found = [
        golden.run(exact, case.samples) for case in selftest.cases(design, 1, 1) if not case.load and case.design == design
    ]
    constant = exact.replace(loadable=False)
    assert min(int(results.min()) for results in found) == constant.sum_range[0]
    assert max(int(results.max()) for results in found) == constant.sum_range[1]


def test_every_kernel_of_several_is_tried_at_its_extremes() -> None:
    found = np.concatenate([golden.run(SEVERAL, case.samples).reshape(3, -1) for case in selftest.cases(SEVERAL, 1, 1)], axis=1)
    assert list(zip(found.min(axis=1), found.max(axis=1), strict=True)) == list(SEVERAL.kernel_ranges)
    magnitudes = [golden.run(MAGNITUDE, case.samples) for case in selftest.cases(MAGNITUDE, 1, 1)]
    assert max(int(results.max()) for results in magnitudes) == MAGNITUDE.stage_ranges[0][1]
    loadable = SEVERAL.replace(loadable=True, coefficient=s8, output=s16)
    device = Golden(loadable)
    assert not any(selftest.check(device, case) for case in selftest.cases(loadable, 2, 1))
    assert device.active == loadable


def test_random_frames_follow_the_seed() -> None:
    first, again, other = ([case.samples for case in selftest.cases(KERNEL, 3, seed)][-3:] for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(a.shape == b.shape and np.array_equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("side", [1, 2])
def test_frames_stay_within_a_small_core(side: int) -> None:
    for design in (KERNEL.replace(rows=side, columns=side), KERNEL.replace(rows=2, columns=3, mode="valid")):
        for case in selftest.cases(design, 5, 1):
            assert case.samples.shape <= (design.rows, design.columns)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (lambda results: results + (results == results.max()), "all zero: 1 instead of 0 at [0], 1000 of 1000 results differ"),
        (lambda results: np.minimum(results, 32766), "all at the minimum: 32766 instead of 32767 at [1], 2 of"),
        (lambda results: results[:-1], "all zero: a result of shape (999,) instead of (1000,)"),
        (lambda results: np.concatenate([[0], results[:-1]]), "all at the minimum: 0 instead of -32768 at [0]"),
    ],
)
def test_a_faulty_device_fails(fault: Any, says: str) -> None:
    told = [selftest.check(Golden(FIR, fault), case) for case in selftest.cases(FIR, 1, 1)]
    assert next(line for line in told if line).startswith(says)


def test_a_device_that_takes_no_new_coefficients_fails() -> None:
    device = Golden(LOADABLE)
    device.load = lambda _coefficients: None  # type: ignore[method-assign]
    told = [selftest.check(device, case) for case in selftest.cases(LOADABLE, 1, 1)]
    assert any(line and line.startswith("all coefficients at the minimum") for line in told)


def test_lfsr_is_eight_registers_of_x31_x28_1() -> None:
    data = selftest.lfsr(5000, 3)
    assert np.array_equal(data[31:], data[:-31] ^ data[3:-28])
    assert all(np.unpackbits(data[:31, None], axis=1).any(axis=0))
    assert np.array_equal(selftest.lfsr(70, 3), data[:70])
    assert np.array_equal(selftest.lfsr(9, 3), data[:9])
    assert not np.array_equal(selftest.lfsr(70, 4), data[:70])
    # No byte is rare, as it would be if registers ran in step.
    assert np.bincount(selftest.lfsr(1 << 16), minlength=256).min() > 150


WIDE = FIRDesign((1, -2), data="s12", output=s16)


@pytest.mark.parametrize("design", [FIR, KERNEL, WIDE, KERNEL.replace(mode="valid")])
def test_lfsr_loopback_passes_a_right_device(design: Any) -> None:
    seen, shares = [], []

    def note(results: Any) -> Any:
        seen.append(results.size)
        return results

    count = 3 * selftest.LOOPBACK_FRAME if design.kind == "fir" else 5000
    assert selftest.loopback(Golden(design, note), count, 1, shares.append) is None
    assert shares[-1] == 1
    assert len(seen) == len(shares) > 1


def test_lfsr_samples_fill_their_format() -> None:
    extremes = []

    def note(results: Any) -> Any:
        extremes.append((results.min(), results.max()))
        return results

    assert selftest.loopback(Golden(FIRDesign((1,), data="s12"), note), 1 << 18) is None
    assert (min(low for low, _ in extremes), max(high for _, high in extremes)) == (-2048, 2047)


def test_lfsr_loopback_finds_a_late_fault() -> None:
    calls = []

    def fault(results: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            results = results.copy()
            results[-1] ^= 1
        return results

    found = selftest.loopback(Golden(FIR, fault), 1 << 20)
    assert found is not None
    assert found.startswith("LFSR frame 3: ")
    assert "1 of 65536 results differ" in found


@pytest.mark.parametrize(("clock", "count"), [(1_000_000, 1 << 20), (100_000_000, 8 << 20), (None, 8 << 20)])
def test_a_simulated_board_gets_less(clock: int | None, count: int) -> None:
    device = Golden(FIR)
    device.status = lambda: {} if clock is None else {"clock_frequency": clock}  # type: ignore[attr-defined]
    assert selftest.loopback_bytes(device) == count  # type: ignore[arg-type]


CONTINUOUS = FIRDesign((3, -5, 0, 7), data=s8, continuous=True)


class Told(Golden):
    """A device with registers that are right, but for what `fault` makes of them; `frames` is how many it has had."""

    def __init__(
        self, design: Any, fault: Callable[[dict[str, Any], int], dict[str, Any]] = lambda told, _frames: told
    ) -> None:
        super().__init__(design)
        self.wrong, self.frames, self.beats = fault, 0, (1 << 32) - 500

    def __call__(self, samples: Any, **border: Any) -> Any:
        self.frames, self.beats = self.frames + 1, self.beats + samples.size & 0xFFFFFFFF
        return super().__call__(samples, **border)

    def status(self) -> dict[str, Any]:
        told = {"clocks": self.beats, "beats_in": self.beats, "beats_out": self.beats, "pending": False, "error_lost": False}
        return self.wrong(told | {"device_dropped_overrun": False, "device_dropped_crc": True}, self.frames)


def test_registers_that_are_right_pass() -> None:
    """Counts begin again behind 32 bits; what a line's noise has made isn't the device's."""
    assert selftest.check_registers(Told(FIR)) is None
    assert selftest.check_registers(Told(FIR), clean=True) == "flags: device_dropped_crc"


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (
            lambda told, frames: told | {"beats_in": told["beats_in"] & ~64},
            r"counts of beats for equal frames: \d+ and \d+, .*",
        ),
        (lambda told, frames: told | {"beats_out": 7}, r"counts of beats for equal frames: \d+ and 0, .*"),
        (lambda told, frames: told | {"clocks": 7}, r"counts of clocks for equal frames of \d+ beats: 0, 0, 0, 0"),
        (lambda told, frames: told | {"clocks": 1 << 20 - frames}, r"counts of clocks for equal frames of \d+ beats: .*"),
        (lambda told, frames: told | {"clocks": told["clocks"] & ~128}, r"counts of clocks for equal frames of \d+ beats: .*"),
        (lambda told, frames: told | {"error_lost": frames > 2}, "flags: error_lost"),
        (lambda told, frames: told | {"pending": True}, "flags: pending"),
        (lambda told, frames: {} if frames == 0 else told, "registers: the device didn't say what they hold"),
        (lambda told, frames: {} if frames == 4 else told, "registers: the device didn't say what they hold"),
        (lambda told, frames: told | {"device_dropped_overrun": True}, "flags: device_dropped_overrun"),
    ],
)
def test_wrong_registers_fail(fault: Any, says: str) -> None:
    assert re.fullmatch(says, selftest.check_registers(Told(FIR, fault)) or "")


def test_a_device_that_was_waited_for_may_have_counted_round() -> None:
    """What looks like a count that runs backwards is one of a fast clock and a slow host."""

    def waited(told: dict[str, Any], frames: int) -> dict[str, Any]:
        return told | {"clocks": (told["clocks"] + 3_000_000_000 * frames) & 0xFFFFFFFF, "clock_frequency": 10**15}

    assert selftest.check_registers(Told(FIR, waited)) is None


def test_a_wrong_result_is_told_by_the_check_of_registers() -> None:
    device = Told(FIR)
    device.fault = lambda results: results + 1
    assert (selftest.check_registers(device) or "").startswith("random frame 1: ")


class Sessions(Golden):
    """A device behind a link, whose calls with a timeout are broken off; behind that its result is `wrong` by so much."""

    def __init__(self, design: Any, wrong: int = 0, **told: Any) -> None:
        super().__init__(design)
        self.wrong, self.broken, self.told = wrong, 0, told

    def __call__(self, samples: Any, timeout: float | None = None, **border: Any) -> Any:
        if timeout is not None:
            self.broken += 1
            raise LinkTimeout("The call wasn't done")
        return super().__call__(samples, **border) + self.wrong * (self.broken > 1)

    def status(self) -> dict[str, Any]:
        return self.told


def test_a_device_that_begins_anew_passes() -> None:
    device = Sessions(FIR, answers=True)
    assert selftest.check_sessions(device, tries=3) is None
    assert device.broken == 3


def test_a_device_that_keeps_something_of_a_lost_session_fails() -> None:
    assert (selftest.check_sessions(Sessions(FIR, 1, answers=True)) or "").startswith("random frame 1: ")


def test_what_has_no_link_has_no_sessions() -> None:
    device = Sessions(FIR, 1)
    assert selftest.check_sessions(device) is None
    assert device.broken == 0


class Continuous(Golden):
    """The golden model of a signal that goes on from call to call; with `forgets`, one that doesn't, and with `keeps`, one that
    knows no silence."""

    def __init__(self, design: Any, *, forgets: bool = False, keeps: bool = False) -> None:
        super().__init__(design)
        self.before, self.forgets, self.keeps = np.zeros(0, np.int64), forgets, keeps

    def __call__(self, samples: Any, **border: Any) -> Any:
        joined = np.concatenate([self.before, samples])
        results = golden.run(self.design, joined)[len(self.before) :]
        self.before = np.zeros(0, np.int64) if self.forgets else joined[-len(self.design.coefficients) :]
        return results

    def silence(self) -> None:
        if not self.keeps:
            self.before = np.zeros(0, np.int64)


def test_a_continuous_filter_goes_on_and_starts_anew() -> None:
    def found(device: Continuous) -> list[str]:
        results = [selftest.check(device, case) for case in selftest.cases(CONTINUOUS, 2, 1)]
        return [result.partition(":")[0] for result in results if result is not None]

    assert found(Continuous(CONTINUOUS)) == []
    assert found(Continuous(CONTINUOUS, forgets=True)) == ["one signal in seven calls"]
    assert "all at the maximum" in found(Continuous(CONTINUOUS, keeps=True))
    assert selftest.loopback(Continuous(CONTINUOUS), 1 << 18) is None
    forgot = selftest.loopback(Continuous(CONTINUOUS, forgets=True), 1 << 18)
    assert forgot is not None
    assert forgot.startswith("LFSR frame 2: ")
