"""Coefficients that are loaded in the middle of a stream: each array is filtered with the set that was the last one when the
stream took it from its source, whatever is under way, on every transport."""

import asyncio
import itertools
import queue
import re
import threading

import numpy as np
import pytest

from convolver import Conv2DDesign, FIRDesign, s8, s16
from convolver.errors import DataError, DesignError, LinkError, LinkTimeout
from convolver.host.device import Device
from convolver.host.link import connect
from convolver.host.streaming import Stream
from convolver.sim import golden
from convolver.sim.twin.core import TwinTransport
from convolver.sim.twin.streams import random_samples

from .test_device import GoldenTransport
from .test_serial import Board
from .test_streaming import Gated, fail_at, threads

FIR = FIRDesign([3, -7, 11, 60, 25], data=s16, coefficient=s8, loadable=True)
ODD = FIR.replace(coefficients=[4, 9, 0, -9, -4], symmetry="antisymmetric")
ONE = FIRDesign([1], data=s16, coefficient=s8, loadable=True)
"""Gives as results what shows the set."""
STATE = FIR.replace(continuous=True)
IMAGES = Conv2DDesign([[1, -2, 3], [4, 5, 6]], loadable=True, coefficient=s8, boundary="edge", rows=20, columns=16)
DESIGNS = [FIR, FIR.replace(swap="sample"), ODD, IMAGES, IMAGES.replace(kernel=[[[1, 2]], [[3, 4]]])]


def loaded(design, random):
    """The design with another set."""
    weights = [int(weight) for weight in random_samples(design.coefficient, (len(design.weights),), int(random.integers(1e9)))]
    if getattr(design, "symmetry", None) == "antisymmetric":
        first, second = (max(weight, -design.coefficient.max) for weight in weights[:2])
        weights = [first, second, 0, -second, -first]
    return design.with_weights(weights)


def set_of(design):
    """What `Device.load` takes."""
    return design.kernel if isinstance(design, Conv2DDesign) else design.coefficients


def arrays_for(design, count, random):
    """Signals, or images of which some are larger than the core."""
    for _ in range(count):
        size = random.integers(1, 50, 1 if isinstance(design, FIRDesign) else 2)
        yield random_samples(design.sample, tuple(int(length) for length in size), int(random.integers(1e9)))


class Golden(GoldenTransport):
    """Takes half of a symmetric set, as a core does."""

    def load(self, coefficients, timeout=None, stage=0):
        whole = self.design.complete(coefficients) if isinstance(self.design, FIRDesign) else coefficients
        super().load(whole, timeout, stage)


class Loads:
    """A source of arrays that notes with which set each is to be filtered."""

    def __init__(self, device, arrays):
        self.device, self.arrays, self.now = device, list(arrays), device.design
        self.taken = []

    def __iter__(self):
        for array in self.arrays:
            self.taken.append((self.now, array))
            yield array

    def load(self, design):
        self.device.load(set_of(design))
        self.now = design

    def check(self, results):
        assert len(results) == len(self.taken) == len(self.arrays)
        for (design, array), result in zip(self.taken, results, strict=True):
            np.testing.assert_array_equal(result, golden.run(design, array))


def filtered(device, ahead, seed, count=24):
    """A stream with many loads: several in a row, none for a while; and what comes behind it."""
    random = np.random.default_rng(seed)
    source = Loads(device, arrays_for(device.design, count, random))
    source.load(device.design)
    results = []
    for result in device.stream(source, ahead=ahead):
        results.append(result)
        for _ in range(int(random.choice([0, 0, 0, 1, 1, 2]))):
            source.load(loaded(device.design, random))
    source.check(results)
    assert len({design.weights for design, _ in source.taken}) > 2
    np.testing.assert_array_equal(device(source.arrays[0]), golden.run(source.now, source.arrays[0]))


@pytest.mark.parametrize("ahead", [0, 3, 8])
@pytest.mark.parametrize("design", DESIGNS)
def test_each_array_has_the_set_it_was_taken_with(design, ahead):
    with Device(Golden(design)) as device:
        filtered(device, ahead, ahead)
        filtered(device, ahead, ahead + 1)
    assert not threads()


@pytest.mark.parametrize("design", DESIGNS)
def test_on_the_twin(design):
    with Device(TwinTransport(design)) as device:
        filtered(device, 8, 3)
        filtered(device, 0, 4)


@pytest.mark.parametrize("design", [DESIGNS[0], *DESIGNS[3:]])
def test_through_a_port(design):
    with Board(design) as board, Device(connect(board.url)) as device:
        filtered(device, 8, 5)
        filtered(device, 0, 6)
        status = device.status()
    assert status["link_sessions"] == 1
    assert not [name for name in status if name.startswith("failed_")]


@pytest.mark.parametrize("swap", ["sample", "frame"])
@pytest.mark.parametrize("joined", [False, True])
def test_a_new_set_meets_the_samples_before_it(swap, joined):
    """A signal in pieces, of one sample too, with a set for each piece that is loaded in its source."""
    random = np.random.default_rng(7)
    design = (FIR if joined else STATE).replace(swap=swap)
    signal = random_samples(design.data, (400,), 8)
    cuts = [0, 1, 2, *sorted(int(cut) for cut in random.choice(np.arange(3, 400), 30, replace=False)), 400]
    sets = [loaded(design, random) for _ in cuts[1:]]
    with Device(TwinTransport(design)) as device:

        def source():
            for coefficients, piece in zip(sets, itertools.pairwise(cuts), strict=True):
                device.load(set_of(coefficients))
                yield signal[slice(*piece)]

        results = list(device.stream(source(), joined=joined))
    for coefficients, (start, stop), result in zip(sets, itertools.pairwise(cuts), results, strict=True):
        np.testing.assert_array_equal(result, golden.run(coefficients, signal[:stop])[start:])


@pytest.mark.parametrize(
    ("design", "coefficients", "error", "message"),
    [
        (FIR, [1, 2], DataError, "Coefficients must have the shape of the design's, 5, not 2"),
        (FIR, [1, 2, 128, 0, 0], DataError, "Coefficients must be between -128 and 127 to fit s8, not 128"),
        (FIR, [0.5] * 5, DataError, "Coefficients must be integers, not float64; round and scale them first"),
        (ODD, [1, 2, 3, -2, -1], DesignError, "Coefficients must be antisymmetric: the middle one, tap 2, must be 0, not 3"),
        (IMAGES, [[1, 2], [3, 4]], DataError, "Coefficients must have the shape of the design's, 2x3, not 2x2"),
        (
            FIR.replace(loadable=False),
            [1] * 5,
            DataError,
            "Coefficients can be loaded only into a design with loadable=True; this one's are constant",
        ),
    ],
)
def test_a_set_that_is_refused_changes_nothing(design, coefficients, error, message):
    random = np.random.default_rng(9)
    with Device(Golden(design)) as device:
        source = Loads(device, arrays_for(design, 6, random))
        results = []
        for result in device.stream(source, ahead=1):
            results.append(result)
            if design.loadable and len(results) == 2:
                source.load(loaded(design, random))
            with pytest.raises(error, match=f"^{re.escape(message)}$"):
                device.load(coefficients)
        source.check(results)


class Windowed(Golden):
    """Takes frames as long as there are any, before it gives a result; `gate` lets each result out."""

    def __init__(self, design):
        super().__init__(design)
        self.gate, self.under_way = threading.Semaphore(0), []
        self.looks = queue.SimpleQueue()
        """How many frames are under way, whenever there is no other to be taken."""

    def stream(self, take, give, timeout=None, check=None):
        try:
            while True:
                if (samples := take()) is not None:
                    self.under_way.append(samples)
                elif not self.under_way:
                    return
                else:
                    self.looks.put(len(self.under_way))
                    if check is not None:
                        check()
                    if self.gate.acquire(timeout=0.01):
                        give(self.run(self.under_way.pop(0)))
        finally:
            self.under_way.clear()

    def load(self, coefficients, timeout=None, stage=0):
        assert not self.under_way
        super().load(coefficients, timeout, stage)

    def wait_for(self, count):
        """Until so many are under way, and twice nothing more came; never more."""
        while not self.looks.empty():
            self.looks.get()
        seen = [0, 0]
        while seen[-2:] != [count] * 2:
            seen.append(self.looks.get(timeout=10))
            assert seen[-1] <= count


def test_a_set_waits_for_the_results_before_it():
    transport = Windowed(ONE)

    def source():
        yield [1]
        yield [2]
        transport.wait_for(2)
        device.load([7])
        yield [3]
        device.load([5])
        device.load([6])
        yield [4]
        transport.wait_for(2)
        assert transport.now == ONE
        transport.gate.release(4)

    with Device(transport) as device:
        assert [result.tolist() for result in device.stream(source())] == [[1], [2], [21], [24]]


@pytest.mark.parametrize("sets", [[7], [7, 8], [7, 8, 9, 10]])
def test_a_set_outlives_a_stream_that_ends_in_front_of_it(sets):
    transport = Windowed(ONE)

    def source():
        yield [1]
        for number in sets:
            device.load([number])
            yield [2]
            transport.wait_for(1)
        raise ZeroDivisionError

    with Device(transport) as device:
        with pytest.raises(ZeroDivisionError):
            list(device.stream(source()))
        transport.gate.release()
        assert device([10]).tolist() == [10 * sets[-1]]
    assert not threads()


def test_a_stream_takes_sets_until_it_is_finished():
    transport = Golden(ONE)
    stream = Stream(transport)
    assert stream.load([2])
    stream.stop()
    assert stream.load([3])
    assert stream.load([4])
    stream.finish()
    assert transport.now.coefficients == (4,)
    assert not stream.load([5])
    stream.stop()
    stream.finish()
    assert transport.now.coefficients == (4,)


def test_a_set_outlives_its_stream():
    transport = Gated(ONE)
    transport.gate.release(100)
    with Device(transport) as device:
        for result in device.stream([[1], [2], [3]], ahead=0):
            device.load([int(result[0]) + 5])
            break
        assert device([10]).tolist() == [60]
        assert [result.tolist() for result in device.stream([[1]])] == [[6]]
        for _ in device.stream([[1]]):
            device.load([8])
        assert device([10]).tolist() == [80]
        # Behind what is under way when the loop ends: never reached, but loaded.
        results = device.stream([[1]] * 9, ahead=8)
        next(results)
        device.load([9])
        device.load([11])
        results.close()
        assert device([10]).tolist() == [110]


def test_a_set_outlives_a_stream_that_failed():
    transport = Golden(ONE)
    device = Device(transport)
    fail_at(transport, 2)
    results = device.stream([[1], [2], [3], [4]])
    assert next(results).tolist() == [1]
    device.load([7])
    with pytest.raises(LinkTimeout, match=r"^Nothing moved$"):
        next(results)
    assert device([3]).tolist() == [21]
    assert not threads()


def test_another_thread_loads():
    with Device(Golden(ONE)) as device:
        results = device.stream(itertools.repeat([1]), ahead=2)
        for number in range(1, 20):
            next(results)
            loader = threading.Thread(target=device.load, args=([number],))
            loader.start()
            loader.join()
            ahead = [next(results).tolist() for _ in range(3)]
            assert ahead[-1] == [number]


class Unfair:
    """A lock that one thread never gets."""

    def __init__(self):
        self.lock, self.refused, self.waits = threading.Lock(), None, threading.Event()
        self.release = self.lock.release

    def acquire(self, *options, **more):
        if threading.current_thread() is self.refused:
            self.waits.set()
            return self.lock.locked() and not self.waits.wait(0.01)
        return self.lock.acquire(*options, **more)


def test_a_load_that_waits_for_a_call_goes_into_the_stream_behind_it():
    device = Device(Golden(ONE))
    lock = device._turns._lock = Unfair()
    lock.refused = loader = threading.Thread(target=device.load, args=([5],), daemon=True)
    loader.start()
    assert lock.waits.wait(10)
    results = device.stream(itertools.repeat([1]), ahead=0)
    next(results)
    loader.join(10)
    assert not loader.is_alive()
    assert [next(results).tolist() for _ in range(2)][-1] == [5]
    results.close()


def test_a_load_within_a_call_is_refused():
    device = Device(Golden(ONE))
    with pytest.raises(LinkError, match=r"^The device is in the middle of a stream; end it first, or open another device$"):
        device([1], progress=lambda *_: device.load([2]))
    assert device([3]).tolist() == [3]


def test_a_task_loads_whatever_others_do():
    """At every step of the calls of another task: none is refused, and the last set holds."""

    async def main():
        device = Device(Golden(ONE))
        calls = asyncio.create_task(many(device))
        number = 0
        while not calls.done():
            number = number % 100 + 1
            device.load([number])
            await asyncio.sleep(0)
        await calls
        assert device([1]).tolist() == [number]

    async def many(device):
        for _ in range(50):
            assert 0 < (await device.acall([1]))[0] <= 100

    asyncio.run(main())


@pytest.mark.parametrize("ahead", [0, 3])
def test_in_asyncio(ahead):
    async def main():
        random = np.random.default_rng(ahead)
        async with Device(Golden(IMAGES)) as device:
            source = Loads(device, arrays_for(IMAGES, 20, random))
            results = []
            async for result in device.astream(source, ahead=ahead):
                results.append(result)
                source.load(loaded(IMAGES, random))
                await asyncio.sleep(0.001)
            source.check(results)
            assert len({design.weights for design, _ in source.taken}) > 5

    asyncio.run(main())
    assert not threads()
