"""Frames that a device must filter as the golden model does: extremes by construction, random ones, and much LFSR data."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .designs import Boundary, Conv2DDesign, Design
from .designs.outside import outside_of
from .errors import LinkTimeout
from .formats import u8
from .run import Filter

__all__ = [
    "DEFAULT",
    "LOOPBACK_BYTES",
    "Case",
    "Device",
    "cases",
    "check",
    "check_registers",
    "lfsr",
    "loopback",
    "loopback_bytes",
]

DEFAULT = Conv2DDesign(
    ((1, 2, 3), (-4, 5, 6), (7, -8, 9)), pixel=u8, shift=2, output=u8, boundary="edge", rows=480, columns=640
)
"""What is tested if no design is given: a kernel that is its own mirror image in no way, with results beyond both ends."""

LOOPBACK_BYTES = 8 << 20
"""Bytes of LFSR data that go through a board."""

SIMULATED_BYTES = 1 << 20
"""Bytes of LFSR data that go through a simulated board, which takes longer."""

SIMULATED_HZ = 1_000_000
"""The clock that a simulated board tells (`convolver.hw.link.one_clock.CLOCK_HZ`); no board of ours has so slow a one."""

_COUNTS, _COUNT = ("beats_in", "beats_out"), 0xFFFFFFFF
_SLOWER = 20
"""How many times as fast as it says a simulated board may be."""

_FLAGS, _LOSSES = ("error_", "pending", "device_dropped_overrun"), ("device_dropped_",)

LOOPBACK_FRAME = 1 << 16
"""Samples of a frame of LFSR data."""


class Device(Filter, Protocol):
    """A `Filter` whose coefficients can be loaded and whose boundary can be switched, if its design says so."""

    def __call__(
        self,
        samples: NDArray[Any],
        /,
        timeout: float | None = None,
        *,
        stack: bool | None = None,
        progress: Callable[[int, int], None] | None = None,
        boundary: Boundary | None = None,
        fill: int | None = None,
    ) -> NDArray[Any]: ...

    def load(self, coefficients: NDArray[np.int64], /, *, stage: int = ...) -> None: ...

    def silence(self) -> None: ...

    def status(self) -> Mapping[str, float | bool | str]: ...

    def stream(self, arrays: Iterable[NDArray[Any]], /) -> Iterator[NDArray[Any]]: ...


@dataclass(frozen=True)
class Case:
    """One frame, what it tries, and the design that states its results: its boundary, and with `load` its coefficients, which
    go in before it; those of its `stage`, if it is made of several. With `pieces` it goes in as so many, of a signal that goes
    on from one to the next."""

    name: str
    samples: NDArray[np.int64]
    design: Design
    load: bool = False
    pieces: int = 1
    stage: int = 0

    @property
    def loaded(self) -> Design:
        """The filter whose coefficients go in."""
        return self.design.parts[self.stage - 1] if self.stage else self.design


def cases(design: Design, frames: int, seed: int, shape: tuple[int, ...] | None = None) -> Iterator[Case]:
    """Yields the frames that find the most faults first, then `frames` random ones; loadable coefficients are tried at their
    extremes and at random, and put back at the end. Of several planes each is another one, moved by a pixel. No frame is larger
    than `shape`, by default the design's `trial_shape`."""
    for case in _cases(design, frames, seed, shape or design.trial_shape):
        axes = tuple(range(case.samples.ndim))
        planes = [np.roll(case.samples, plane, axes) for plane in range(design.planes)]
        yield replace(case, samples=np.stack(planes, axis=-1).reshape(*case.samples.shape, *design.sample_axes))


def _cases(design: Design, frames: int, seed: int, shape: tuple[int, ...]) -> Iterator[Case]:
    random = np.random.default_rng(seed)
    sample = design.sample
    places = np.indices(shape).sum(axis=0)
    yield Case("all zero", np.zeros(shape, np.int64), design)
    yield Case("all at the minimum", np.full(shape, sample.min, np.int64), design)
    yield Case("all at the maximum", np.full(shape, sample.max, np.int64), design)
    yield Case("alternating extremes", np.where(places % 2, sample.max, sample.min).astype(np.int64), design)
    yield Case("one impulse, one tap at a time", _impulse(shape, sample.max), design)
    yield from _worst_cases(design, shape)
    for number in range(frames):
        yield Case(f"random frame {number + 1}", _random(design, shape, random), design)
    for name, pieces in design.continuity.trial_pieces.items():
        yield Case(name, _random(design, shape, random), design, pieces=pieces)
    for boundary in design.border.choices:
        low, high = design.fill_range
        switched = design.with_border(**outside_of(boundary).stated(int(random.integers(low, high + 1))))
        yield Case(f"boundary {boundary}, random frame", _random(design, shape, random), switched)
        yield Case(f"boundary {boundary}, smallest frame", np.full(design.least_shape, sample.max), switched)
    for stage, part in design.loadable_parts.items():
        of_stage = f"stage {stage}, " if stage else ""
        for name, weights in part.trial_sets(random).items():
            changed = design.with_part(stage, part.with_weights(weights))
            title = of_stage + name
            yield Case(f"{title}, random frame", _random(design, shape, random), changed, load=True, stage=stage)
            for case in _worst_cases(changed, shape):
                yield Case(f"{title}, {case.name}", case.samples, changed)


def check(device: Device, case: Case) -> str | None:
    """Filters one frame; None if the result is the golden model's, or what differs and where."""
    from .sim import golden

    if case.load:
        of_stage = {"stage": case.stage} if case.stage else {}
        device.load(np.array(case.loaded.coefficient_set, np.int64), **of_stage)
    case.design.continuity.start(device)
    expected = golden.run(case.design, case.samples)
    border = case.design.border.asked
    result = np.concatenate([np.asarray(device(piece, **border)) for piece in pieces_of(case)])
    return _differs(case.name, result, expected)


def check_registers(device: Device, seed: int = 1, *, clean: bool = False) -> str | None:
    """Compares what a device's registers tell: as many beats for each of some equal frames, in as many clocks or more, which
    run forwards; then no error, nothing dropped, and no set of coefficients that waits. None if all is so, or what isn't.
    On a `clean` line no byte or frame was lost."""
    design = device.design
    case = next(case for case in cases(design, 1, seed) if case.name == "random frame 1")
    told, counted, clocks = device.status(), [], []
    for _ in range(4):
        before, begun = told, time.monotonic()
        if wrong := check(device, case):
            return wrong
        told = device.status()
        if not before.keys() & told.keys() >= {"clocks", *_COUNTS}:
            return "registers: the device didn't say what they hold"
        counted.append(tuple(int(told[name]) - int(before[name]) & _COUNT for name in _COUNTS))
        # More than half of what is counted to is a count that ran backwards, unless the host has waited as long.
        waited = (time.monotonic() - begun) * int(told.get("clock_frequency", 0)) * _SLOWER > _COUNT // 2
        clocks.append((int(told["clocks"]) - int(before["clocks"]) & _COUNT, _COUNT if waited else _COUNT // 2))
    if len(set(counted)) > 1 or 0 in counted[0]:
        return f"counts of beats for equal frames: {', '.join(f'{one} and {other}' for one, other in counted)}"
    if any(not max(counted[0]) <= count <= most for count, most in clocks):
        return f"counts of clocks for equal frames of {max(counted[0])} beats: {', '.join(str(count) for count, _ in clocks)}"
    if errors := [name for name, value in told.items() if name.startswith((*_FLAGS, *_LOSSES * clean)) and value]:
        return f"flags: {', '.join(errors)}"
    return None


def check_sessions(device: Device, seed: int = 1, tries: int = 4) -> str | None:
    """Breaks calls off in the middle, behind which the next one begins a new session, and compares that one's results. None if
    they are right, or what isn't; only a device behind a link has sessions."""
    if "answers" not in device.status():
        return None
    case = next(case for case in cases(device.design, 1, seed) if case.name == "random frame 1")
    begun = time.monotonic()
    wrong = check(device, case)
    taken = time.monotonic() - begun
    for number in range(tries):
        with suppress(LinkTimeout):
            device(case.samples, timeout=taken * (number + 1) / (tries + 1))
        wrong = wrong or check(device, case)
    return wrong


def pieces_of(case: Case) -> list[NDArray[Any]]:
    """The frames in which a case is sent; those of a signal that goes on have whole periods of results."""
    if case.pieces == 1:
        return [case.samples]
    step = case.design.frame_axes[0].stride
    places = np.array_split(np.arange(len(case.samples) // step), case.pieces)
    return [case.samples[part[0] * step : (part[-1] + 1) * step] for part in places if part.size]


def _differs(name: str, result: NDArray[Any], expected: NDArray[Any]) -> str | None:
    if result.shape != expected.shape:
        return f"{name}: a result of shape {result.shape} instead of {expected.shape}"
    wrong = np.argwhere(result != expected)
    if not len(wrong):
        return None
    where = tuple(int(index) for index in wrong[0])
    found = f"{result[where]} instead of {expected[where]} at {list(where)}"
    return f"{name}: {found}, {len(wrong)} of {result.size} results differ"


def lfsr(count: int, seed: int = 1) -> NDArray[np.uint8]:
    """The first `count` bytes of eight shift registers side by side, each with the polynomial x^31 + x^28 + 1 (PRBS31 of ITU-T
    O.150) and a start of its own.

    Since the polynomial's square is that of x^2, a block as long as all before it comes of two earlier ones.
    """
    start = np.random.default_rng(seed).integers(1, 256, 31, np.uint8)
    start[0] = 0xFF  # no register is all zero
    out = np.empty(max(count, 31), np.uint8)
    out[:31] = start
    done, step = 31, 1
    while done < count:
        while 31 * step * 2 <= done:
            step *= 2
        more = min(28 * step, count - done)
        out[done : done + more] = out[done - 31 * step :][:more] ^ out[done - 28 * step :][:more]
        done += more
    return out[:count]


def loopback_bytes(device: Device) -> int:
    """How many bytes of LFSR data suit a device: fewer for one that says that it is simulated, by its clock."""
    return SIMULATED_BYTES if device.status().get("clock_frequency") == SIMULATED_HZ else LOOPBACK_BYTES


def loopback(device: Device, count: int, seed: int = 1, progress: Callable[[float], None] | None = None) -> str | None:
    """Streams `count` bytes of LFSR data through a device, frame behind frame without a pause, and compares every result.

    Parameters
    ----------
    device : Device
    count : int
        Bytes of samples on the link, rounded up to whole frames.
    seed : int
    progress : callable, optional
        Gets the share that is done.

    Returns
    -------
    str or None
        What differs and where; None if nothing does.
    """
    from .sim import golden

    design = device.design
    size = design.sample.bytes
    shape = (*design.shape_within(LOOPBACK_FRAME), *design.sample_axes)
    samples = int(np.prod(shape))
    frames = -(-count // (size * samples))
    data = lfsr(frames * samples * size, seed)

    def frame(number: int) -> NDArray[np.int64]:
        raw = data[number * samples * size :][: samples * size].reshape(samples, size).astype(np.int64)
        value: NDArray[np.int64] = (raw << (8 * np.arange(size))).sum(axis=1) & ((1 << design.sample.width) - 1)
        if design.sample.signed:
            value -= (value >> (design.sample.width - 1)) << design.sample.width
        return value.reshape(shape)

    before = np.zeros((0, *shape[1:]), np.int64)  # what the core keeps of the frames before
    design.continuity.start(device)
    results = device.stream(frame(number) for number in range(frames))
    for number, result in enumerate(results):
        given = np.concatenate([before, frame(number)])
        expected = golden.run(design, given)[len(before) :]
        before = given[max(0, len(given) - design.continuity.held) :]
        wrong = _differs(f"LFSR frame {number + 1}", np.asarray(result), expected)
        if wrong is not None:
            return wrong
        if progress is not None:
            progress((number + 1) / frames)
    return None


def _random(design: Design, most: tuple[int, ...], random: np.random.Generator) -> NDArray[np.int64]:
    sizes = [(low, int(random.integers(low, high + 1))) for low, high in zip(design.least_shape, most, strict=True)]
    shape = tuple(size - (size - low) % design.frame_multiple for low, size in sizes)
    return random.integers(design.sample.min, design.sample.max + 1, shape, np.int64)


def _worst_cases(design: Design, shape: tuple[int, ...]) -> Iterator[Case]:
    for name, window in design.worst_windows().items():
        yield Case(f"greatest {name}", _worst(design, np.array(window), shape, design.sample.max), design)
        yield Case(f"least {name}", _worst(design, np.array(window), shape, design.sample.min), design)


def _impulse(shape: Sequence[int], height: int) -> NDArray[np.int64]:
    frame = np.zeros(shape, np.int64)
    frame[tuple(side // 2 for side in shape)] = height
    return frame


def _worst(design: Design, window: NDArray[np.int64], shape: Sequence[int], wanted: int) -> NDArray[np.int64]:
    """A frame in which one window at least meets every positive coefficient with `wanted`, and every negative one with the
    other extreme: the sum that needs the accumulator's whole width."""
    sample = design.sample
    other = sample.min if wanted == sample.max else sample.max
    tile = np.where(window >= 0, wanted, other)
    repeats = [-(-side // length) for side, length in zip(shape, tile.shape, strict=True)]
    return np.tile(tile, repeats)[tuple(slice(side) for side in shape)].astype(np.int64)
