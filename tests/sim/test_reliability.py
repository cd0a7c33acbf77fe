"""The board twin and the real host driver with everything going wrong between them: right answers, or one named error each.

docs/reliability.md says what is injected and what hours of it have shown. Time is the device's: nothing depends on how fast the
machine is.
"""

import itertools
import random
import time
from collections import Counter

import numpy as np
import pytest

from convolver import FIRDesign, s16
from convolver.boards import get
from convolver.boards.simulated import simulated_top
from convolver.errors import DeviceRestarted, LinkError, LinkTimeout, PortError, SessionLost
from convolver.host.device import Device
from convolver.host.frames import Frame
from convolver.host.link import LinkTransport
from convolver.host.session import Timing
from convolver.protocol import Type
from convolver.sim import golden
from convolver.sim.twin.board import BoardPipe, BoardTwin

DESIGN = FIRDesign([3, -7, 11, 60, 25, -9, 1], data=s16, coefficient=s16, output=s16, shift=6, loadable=True)
TIMING = Timing(progress=1.0)
"""Ten times as quick to give up as users' own: silence is what costs time here."""

KINDS = ("rubbish", "noise", "half_frame", "silence", "other_host", "goodbye", "reset", "unplug")
RATES = (0, 0, 1e-5, 1e-4, 1e-3)
"""Bytes that flip, get lost, double or are followed by another one, by seed."""
CALLS = 12
SOAK_SEEDS = 150


class WildPipe(BoardPipe):
    """A line on which bytes flip, get lost, double and appear; rubbish and half frames run into it, it falls silent, another
    host speaks, the device loses its power, the cable is pulled."""

    def __init__(self, seed, top=DESIGN):
        super().__init__(BoardTwin(top), self._pass)
        self.top = top
        self.chance = random.Random(seed)
        self.rate = RATES[seed % len(RATES)]
        self.before = 0.0  # time of the devices that have lost their power
        self.silent_until = 0.0
        self.unplugged_until = 0.0
        self.events = []
        self.injected = Counter()

    def time(self):
        return self.before + super().time()

    def write(self, data, deadline):
        self._check_plug()
        return super().write(data, deadline)

    def read(self, size, deadline):
        self._check_plug()
        return super().read(size, deadline)

    def reopen(self, timeout=None):
        """What a host's next call does: waits for the cable here, as a user would."""
        while self.time() < self.unplugged_until:
            self.twin.run(b"", self.twin.clock_hz // 100)
        self._inbox = b""
        return self

    def plan(self, count, seconds):
        """Lets `count` things go wrong within the next `seconds`."""
        for _ in range(count):
            self.events.append((self.time() + self.chance.random() * seconds, getattr(self, self.chance.choice(KINDS))))

    def calm(self):
        """From now on nothing goes wrong."""
        self.events.clear()
        self.rate = 0
        self.silent_until = 0.0

    def rubbish(self):
        self._outbox += self.chance.randbytes(self.chance.randrange(3000))

    def noise(self):
        self._inbox += self.chance.randbytes(self.chance.randrange(3000))

    def half_frame(self):
        frame = Frame(Type.DATA, 0, 0, 32, 9, bytes(200)).wire()
        self._outbox += frame[: self.chance.randrange(1, 200)]

    def silence(self):
        self.silent_until = self.time() + self.chance.choice([0.02, 0.2, 2.0])

    def other_host(self):
        self._outbox += b"\0" + Frame(Type.HELLO, limit=32, session=77, payload=b"\x01").wire()

    def goodbye(self):
        self._outbox += b"\0" + Frame(Type.BYE).wire()

    def reset(self):
        self.before = self.time()
        self.twin = BoardTwin(self.top)
        self._outbox = b""

    def unplug(self):
        self.unplugged_until = self.time() + 0.05
        self.reset()  # a board lives on its cable
        self._inbox = b""

    def _check_plug(self):
        if self.time() < self.unplugged_until:
            raise PortError("Port wild went away: unplugged")

    def _pass(self, data):
        for event in [event for event in self.events if event[0] <= self.time()]:
            self.events.remove(event)
            self.injected[event[1].__name__] += 1
            event[1]()
        if self.time() < self.silent_until:
            return b""
        out = bytearray()
        for byte in data:
            if not self.rate or self.chance.random() >= self.rate:
                out.append(byte)
                continue
            kind = self.chance.choice(["flip", "drop", "double", "insert"])
            self.injected[kind] += 1
            out += {
                "flip": bytes([byte ^ 1 << self.chance.randrange(8)]),
                "drop": b"",
                "double": bytes([byte, byte]),
                "insert": bytes([byte, self.chance.randrange(256)]),
            }[kind]
        return bytes(out)


def connect(pipe):
    """A host that comes anew: it may fail to get through, but not for ever."""
    for _ in range(50):
        try:
            return LinkTransport(pipe.reopen(), DESIGN, TIMING, pipe.time, pipe.reopen)
        except LinkError:
            continue
    raise AssertionError("No host gets through")


def work(pipe, transport, chance, numbers, held):
    """One piece of random work; whatever comes back is right. `held` are the coefficients of the calls from now on."""
    device = Device(transport)
    if chance.random() < 0.2:
        held[:] = numbers.integers(-500, 500, DESIGN.taps).tolist()
        device.load(held)
    design = DESIGN.replace(coefficients=held)
    count = 1 if chance.random() < 0.5 else chance.randrange(2, 8)
    signals = [numbers.integers(-(1 << 15), 1 << 15, chance.randrange(1, 900)) for _ in range(count)]
    if chance.random() < 0.7:
        # Within the time that the work takes, about.
        pipe.plan(chance.randrange(1, 4), max(sum(map(len, signals)) * 2 * pipe.byte_time, 0.05))
    source, results = iter(signals), []
    start = pipe.time()
    try:
        transport.stream(lambda: next(source, None), results.append)
    finally:
        for signal, result in zip(signals, results, strict=False):
            np.testing.assert_array_equal(result, golden.run(design, signal))
    assert len(results) == len(signals)
    # Nothing moves for a second at most, and each of the things that go wrong wins it another one.
    assert pipe.time() - start < 30


def wild(seed, calls, top=DESIGN):
    """Random work in wild weather; the outcomes, and what was injected."""
    chance, numbers = random.Random(seed), np.random.default_rng(seed)
    pipe = WildPipe(seed, top)
    transport, held = connect(pipe), list(DESIGN.coefficients)
    outcomes, messages = Counter(), []
    for _ in range(calls):
        try:
            work(pipe, transport, chance, numbers, held)
            outcomes["right"] += 1
        except LinkError as error:
            messages.append(str(error))
            outcomes[type(error).__name__] += 1
        if chance.random() < 0.1:
            # The host is killed: the next one comes without a farewell from it.
            outcomes["host killed"] += 1
            transport, held = connect(pipe), list(DESIGN.coefficients)
    assert not any("\n" in message for message in messages)
    # The storm is over: the device serves at once.
    pipe.calm()
    pipe.reopen()
    last = connect(pipe)
    signal = numbers.integers(-(1 << 15), 1 << 15, 500)
    np.testing.assert_array_equal(last.run(signal), golden.run(DESIGN, signal))
    return outcomes, pipe.injected


@pytest.mark.parametrize("seed", [0, 3, 4])
def test_random_work_with_everything_going_wrong(seed):
    outcomes, injected = wild(seed, CALLS)
    assert outcomes["right"] >= CALLS // 4
    assert sum(injected.values()) > 3


def test_every_kind_of_fault_is_injected_and_seen():
    """A bench in which nothing fails, or one kind never comes, would show nothing."""
    samples = np.arange(-1000, 1000, dtype=np.int64)
    expected = golden.run(DESIGN, samples)
    outcomes = {}
    for name in KINDS:
        pipe = WildPipe(1)
        pipe.rate = 0
        pipe.chance.choice = lambda options: options[-1]  # the longest silence
        transport = connect(pipe)
        pipe.events.append((pipe.time() + 0.03, getattr(pipe, name)))
        try:
            np.testing.assert_array_equal(transport.run(samples), expected)
            outcomes[name] = None
        except LinkError as error:
            outcomes[name] = type(error)
        assert pipe.injected == {name: 1}
        pipe.calm()
        np.testing.assert_array_equal(transport.run(samples), expected)
    assert outcomes == {
        "rubbish": None,
        "noise": None,
        "half_frame": None,
        "silence": LinkTimeout,
        "other_host": SessionLost,
        "goodbye": DeviceRestarted,
        "reset": DeviceRestarted,
        "unplug": PortError,
    }


def test_bursts_far_longer_than_any_buffer_overflow_nothing():
    """80 frames of samples, 32 times a ring's bytes, both ways at once: no flag of either end, and nothing sent twice."""
    numbers = np.random.default_rng(6)
    signals = [numbers.integers(-(1 << 15), 1 << 15, size) for size in itertools.chain([16_384], [1, 255, 257] * 20)]
    pipe = BoardPipe(BoardTwin(DESIGN))
    with Device(LinkTransport(pipe, clock=pipe.time)) as device:
        for signal, result in zip(signals, device.stream(signals), strict=True):
            np.testing.assert_array_equal(result, golden.run(DESIGN, signal))
        status = device.status()
    assert status["beats_in"] == status["beats_out"] == sum(map(len, signals))
    flags = ("error_", "device_dropped_", "link_dropped_", "link_stalls_", "failed_")
    zero = ("link_resent", "link_missed", "link_repeated", "link_tries", "link_old")
    assert {name: value for name, value in status.items() if value and (name.startswith(flags) or name in zero)} == {}
    assert pipe.twin.broken == 0


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(4))
def test_soak_random_work_with_everything_going_wrong(part):
    """For about an hour in all; prints what docs/reliability.md shows."""
    outcomes, injected = Counter(), Counter()
    for seed in range(1000 * (part + 1), 1000 * (part + 1) + SOAK_SEEDS):
        told, done = wild(seed, CALLS)
        outcomes += told
        injected += done
    print(dict(outcomes), dict(injected))
    assert outcomes["right"] > SOAK_SEEDS


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_soak_an_hour_on_the_top_of_a_board():
    """Random work with everything going wrong for an hour, on the top of the ULX3S; prints what docs/reliability.md shows."""
    top = simulated_top(get("ulx3s-85f"), DESIGN)
    outcomes, injected = Counter(), Counter()
    end = time.monotonic() + 3600
    seeds = itertools.takewhile(lambda _: time.monotonic() < end, itertools.count(10_000))
    for seed in seeds:
        told, done = wild(seed, CALLS, top)
        outcomes += told
        injected += done
        print(seed, dict(outcomes), dict(injected), flush=True)
    assert outcomes["right"] > 100
