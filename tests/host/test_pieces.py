"""One signal in pieces, by calls, streams, joined streams and stacks in any order: its results are those of the golden model
on the whole, on every transport, and everything that ends early ends in silence."""

import asyncio
import functools

import numpy as np
import pytest

from convolver import FIRDesign
from convolver.errors import DataError, DeviceRestarted, PortError
from convolver.host.device import Device
from convolver.host.link import LinkTransport
from convolver.host.session import Timing
from convolver.sim import golden
from convolver.sim.twin.board import BoardPipe, BoardTwin
from convolver.sim.twin.core import TwinTransport, simulate_designs
from convolver.sim.twin.streams import random_samples

from .test_device import GoldenTransport

ISSUE = FIRDesign([1, 10, 100, 1000], data="s16", continuous=True)
DESIGNS = {
    "continuous": ISSUE,
    "from silence": ISSUE.replace(continuous=False),
    "one tap": FIRDesign([7], data="s8", continuous=True),
    "folded": FIRDesign([3, -5, 7, 11, 2, -9, 1], data="s12", continuous=True, multipliers=2),
    "symmetric": FIRDesign([3, -5, 7, 7, -5, 3], data="u8", shift=3, output="s10", continuous=True),
    "loadable": FIRDesign([3, -5, 7, 11, 2], data="s12", coefficient="s6", loadable=True, continuous=True),
    "loaded at any sample": FIRDesign(
        [3, -5, 7, 11, 2], data="s12", coefficient="s6", loadable=True, continuous=True, swap="sample"
    ),
    "loaded, from silence": FIRDesign([3, -5, 7, 11, 2], data="s12", coefficient="s6", loadable=True),
}


class Held(GoldenTransport):
    """A core that holds its last samples, if its design does."""

    def __init__(self, design):
        super().__init__(design)
        self.held = np.zeros(0, np.int64)

    def run(self, samples, timeout=None):
        before = len(self.held)
        whole = np.concatenate([self.held, samples])
        if self.design.continuous:
            self.held = whole[max(len(whole) - self.design.taps + 1, 0) :]
        return golden.fir(self.now, whole)[before:]

    def load(self, coefficients, timeout=None, stage=0):
        super().load(self.design.complete(coefficients), timeout, stage)

    def silence(self):
        self.held = self.held[:0]


class Leave(Exception):
    """Ends a stream early."""


class Signal:
    """What a user does with a device, at random, and what is to come of it."""

    def __init__(self, device, seed):
        self.device = device
        self.design = self.now = device.design
        self.random = np.random.default_rng(seed)
        self.before = np.zeros(0, np.int64)
        """The samples since the last silence."""
        self.compared = 0

    def piece(self, least=1, most=40):
        return random_samples(self.design.data, (int(self.random.integers(least, most)),), int(self.random.integers(1e9)))

    def length(self):
        """The long ones are cut into several frames."""
        return self.piece(150, 400) if self.random.random() < 0.1 else self.piece()

    def silence(self):
        self.before = self.before[:0]

    def compare(self, design, piece, result, goes_on):
        """`result` is that of `piece`, which `goes_on` from what was there before."""
        before = self.before if goes_on else self.before[:0]
        whole = np.concatenate([before, piece])
        assert result.shape == np.shape(piece)
        if len(piece):
            np.testing.assert_array_equal(result, golden.fir(design, whole)[len(before) :])
        if goes_on:
            self.before = whole
        self.compared += 1

    def load(self):
        if self.design.loadable:
            weights = self.random.integers(-32, 32, self.design.taps)
            self.device.load(weights)
            self.now = self.design.replace(coefficients=weights.tolist())

    def call(self):
        piece = self.length()
        result = asyncio.run(self.device.acall(piece)) if self.random.random() < 0.3 else self.device(piece)
        self.compare(self.now, piece, result, self.design.continuous)

    def stack(self):
        stack = np.stack([self.piece(9, 10) for _ in range(self.random.integers(1, 5))])
        for row, result in zip(stack, self.device(stack, stack=True), strict=True):
            self.compare(self.now, row, result, False)
        self.silence()

    def stream(self, joined):
        """To its end, to an array that is refused, or up to where the loop or the source fails."""
        count = int(self.random.integers(0, 12))
        pieces = [self.piece(0, 9) if joined and self.random.random() < 0.6 else self.length() for _ in range(count)]
        end = self.random.choice(["whole", "whole", "refused", "left", "source"])
        stop = int(self.random.integers(0, count + 1)) if end != "whole" else count
        sets = []
        loads = self.random.random() < 0.5

        def source():
            for number, piece in enumerate(pieces):
                if number == stop and end == "refused":
                    yield [1 << 40]
                if number == stop and end == "source":
                    raise Leave
                if loads:
                    self.load()
                sets.append(self.now)
                yield piece
            if stop == count and end == "refused":
                yield [[1]]
            if stop == count and end == "source":
                raise Leave

        results = []

        def take(result):
            results.append(result)
            if end == "left" and len(results) > stop:
                raise Leave

        run = self.in_asyncio if self.random.random() < 0.3 else self.in_a_loop
        try:
            run(source(), take, {"joined": joined, "ahead": int(self.random.integers(0, 9))})
            early = False
        except DataError:
            assert end == "refused"
            early = False
        except Leave:
            assert end in ("left", "source")
            early = True
        if joined and not self.design.continuous:
            self.silence()
        for design, piece, result in zip(sets, pieces, results, strict=False):
            self.compare(design, piece, result, joined or self.design.continuous)
        if not early:
            assert len(results) == (stop if end == "refused" else count)
        if early or not self.design.continuous:
            self.silence()

    def in_a_loop(self, items, take, options):
        results = self.device.stream(items, **options)
        try:
            for result in results:
                take(result)
        finally:
            results.close()

    def in_asyncio(self, items, take, options):
        async def main():
            results = self.device.astream(items, **options)
            try:
                async for result in results:
                    take(result)
            finally:
                await results.aclose()

        asyncio.run(main())

    def be_silent(self):
        if self.design.continuous:
            self.device.silence()
            self.silence()

    def fail(self):
        """A call that ends in mid-way."""
        if self.design.continuous:
            with pytest.raises(Leave):
                self.device(self.piece(200, 300), progress=self.stop)
            self.silence()

    def stop(self, *_):
        raise Leave

    def go(self, turns):
        for _ in range(turns):
            kind = self.random.choice(
                ["call", "joined", "stream", "stack", "silence", "load", "fail"], p=[0.3, *[0.2] * 2, *[0.075] * 4]
            )
            match kind:
                case "joined" | "stream":
                    self.stream(kind == "joined")
                case "silence":
                    self.be_silent()
                case _:
                    getattr(self, kind)()


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("name", DESIGNS)
def test_pieces_in_any_order(name, seed):
    transport = Held(DESIGNS[name])
    transport.frame_samples = 1  # as short frames as the core's taps let it
    signal = Signal(Device(transport), seed)
    signal.go(40)
    assert signal.compared > 40


@functools.cache
def compiled():
    """All in one library."""
    return {name: twin.compiled for name, twin in zip(DESIGNS, simulate_designs(list(DESIGNS.values())), strict=True)}


@pytest.mark.parametrize("name", DESIGNS)
def test_pieces_in_any_order_on_the_twin(name):
    transport = TwinTransport(DESIGNS[name], compiled=compiled()[name])
    transport.frame_samples = 1
    with Device(transport) as device:
        signal = Signal(device, 100)
        signal.go(60)
        assert signal.compared > 60


@functools.cache
def board(name):
    return BoardTwin(DESIGNS[name])


@pytest.mark.parametrize("name", ["continuous", "loadable"])
def test_pieces_in_any_order_through_the_link(name):
    pipe = BoardPipe(board(name))
    transport = LinkTransport(pipe, clock=pipe.time)
    transport.frame_samples = 1
    with Device(transport) as device:
        signal = Signal(device, 200)
        signal.go(20)
        assert signal.compared > 20


@pytest.mark.parametrize("name", ["twin", "link", "model"])
def test_joined_pieces_of_a_continuous_filter(name):
    """Shorter ones than the filter, and one that is empty, after a call and in front of another."""
    transport = {"twin": twin, "link": link, "model": lambda: Held(ISSUE)}[name]()
    with Device(transport) as device:
        for _ in range(2):
            results = [device([1]), *device.stream([[2], [], [3], [4]], joined=True), device([5])]
            assert [result.tolist() for result in results] == [[1], [12], [], [123], [1234], [2345]]
            device.silence()
        assert device([[1, 2], [3, 4]], stack=True).tolist() == [[1, 12], [3, 34]]
        assert device([5]).tolist() == [5]


def twin():
    return TwinTransport(ISSUE, compiled=compiled()["continuous"])


def link():
    pipe = BoardPipe(board("continuous"))
    return LinkTransport(pipe, clock=pipe.time)


@pytest.mark.parametrize("name", ["twin", "link"])
@pytest.mark.parametrize("ahead", [0, 3])
def test_a_continuous_stream_that_is_left_ends_in_silence(name, ahead):
    """Else it would depend on the moment which of the arrays that were read ahead the core has seen."""
    with Device({"twin": twin, "link": link}[name]()) as device:
        for result in device.stream([[1], [2], [3], [4], [5]], ahead=ahead):
            assert result.tolist() == [1]
            break
        assert device([7]).tolist() == [7]
        assert device([8]).tolist() == [78]


def test_a_piece_that_is_refused_leaves_the_signal_as_it_is():
    with Device(twin()) as device:
        results = device.stream([[1], [0.5], [2]], joined=True)
        assert next(results).tolist() == [1]
        with pytest.raises(DataError, match=r"^Samples must be integers, not float64; round and scale them first$"):
            next(results)
        assert device([2]).tolist() == [12]


def test_a_twin_that_is_closed_stays_closed():
    device = Device(twin())
    device.close()
    device.silence()
    with pytest.raises(PortError, match=r"^The twin is closed; open it again$"):
        device([1])


class Deaf(BoardPipe):
    """A line that can fall silent."""

    deaf = False

    def read(self, size, deadline):
        if not self.deaf:
            return super().read(size, deadline)
        while self.time() < deadline:
            super().read(size, min(deadline, self.time() + 0.1))
        return b""


@pytest.mark.parametrize("asked_again", [False, True])
def test_samples_that_are_lost_unseen_are_told(asked_again):
    """`status` never raises, so the call behind it does."""
    pipe = Deaf(board("continuous"))
    with Device(LinkTransport(pipe, timing=Timing(progress=0.5), clock=pipe.time)) as device:
        pipe.deaf = True
        assert not device.status()["answers"]
        pipe.deaf = False
        assert device([1]).tolist() == [1]  # nothing was there to be lost
        pipe.deaf = True
        device.status()
        pipe.deaf = False
        if asked_again:
            assert device.status()["answers"]
        with pytest.raises(
            DeviceRestarted,
            match=r"^The filter lost its last samples while its status was asked; the next call starts anew$",
        ):
            device([2])
        assert device([3]).tolist() == [3]
        pipe.deaf = True
        device.status()
        pipe.deaf = False
        device.silence()
        assert device([4]).tolist() == [4]
