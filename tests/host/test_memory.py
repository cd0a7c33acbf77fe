"""What a call or a stream has used is free when it ends, without the garbage collector, and a long stream needs no more than a
short one."""

import asyncio
import contextlib
import functools
import gc
import subprocess
import sys
import time
import tracemalloc
import weakref

import numpy as np
import pytest

from convolver import Conv2DDesign, FIRDesign
from convolver.errors import DataError, LinkError, LinkTimeout
from convolver.host.device import Device
from convolver.host.feeding import Feeder
from convolver.host.link import LinkTransport, _Frames, _Results
from convolver.host.streaming import Stream
from convolver.host.tiling import Work
from convolver.sim.twin.board import BoardPipe, BoardTwin
from convolver.sim.twin.core import Run, TwinTransport, simulate_designs
from convolver.sim.twin.streams import Beats

from .test_device import GoldenTransport

FIR = FIRDesign([3, -5, 7, 11, 2], data="s16", coefficient="s8", loadable=True, continuous=True)
IMAGES = Conv2DDesign([[1, 2], [3, 4]], rows=16, columns=16, boundary="edge")
OF_A_CALL = Work, Stream, Feeder, _Frames, _Results, Run, Beats
PIECE = 50_000


@functools.cache
def compiled():
    return dict(zip((FIR, IMAGES), (core.compiled for core in simulate_designs([FIR, IMAGES])), strict=True))


@functools.cache
def board(design):
    return BoardTwin(design)


def twin(design):
    return TwinTransport(design, compiled=compiled()[design])


def link(design):
    pipe = BoardPipe(board(design))
    return LinkTransport(pipe, clock=pipe.time)


class Model(GoldenTransport):
    def silence(self):
        pass


class Failing(Model):
    """Fails with every fourth frame."""

    def run(self, samples, timeout=None):
        if len(self.frames) % 4 == 3:
            self.frames.append(samples.shape)
            raise LinkTimeout("Nothing moved")
        return super().run(samples)


@contextlib.contextmanager
def without_a_collector():
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Arrays:
    """Arrays that a device is given and gives; `gone` says whether all of them are."""

    def __init__(self, design):
        self.design = design
        self.seen = []

    def __call__(self):
        return self.see(np.arange(100) if self.design is FIR else np.arange(20 * 18).reshape(20, 18) % 256)

    def see(self, array):
        self.seen.append(weakref.ref(array))
        return array

    @property
    def gone(self):
        return [array() is None for array in self.seen].count(False) == 0


class Leave(Exception):
    """Ends what a test does."""


def ways(device, arrays):
    """Everything that filters, to its end or up to an error."""

    def called(**options):
        arrays.see(device(arrays(), **options))

    def stacked():
        arrays.see(device(np.stack([arrays()] * 3), stack=True))

    def streamed(source, end=None, **options):
        for number, result in enumerate(device.stream(source, **options)):
            arrays.see(result)
            if number == end:
                break

    def loading():
        for result in device.stream(several(5), ahead=2):
            arrays.see(result)
            if device.design is FIR:
                device.load([5, 4, 3, 2, 1])

    def several(count, then=None):
        for _ in range(count):
            yield arrays()
        if then is Leave:
            raise Leave
        if then is not None:
            yield then

    async def astreamed(source, end=None):
        async with contextlib.aclosing(device.astream(source)) as results:
            number = 0
            async for result in results:
                arrays.see(result)
                if number == end:
                    break
                number += 1

    async def cancelled():
        call = asyncio.create_task(device.acall(np.stack([arrays()] * 9), stack=True))
        await asyncio.sleep(0.001)
        call.cancel()
        await asyncio.wait([call])
        if not call.cancelled():
            call.exception()  # it had failed before

    async def each(work):
        with contextlib.suppress(DataError, LinkError, Leave):
            await work

    def in_asyncio(work):
        return lambda: asyncio.run(each(work()))

    def stop(*_):
        raise Leave

    return {
        "call": called,
        "call with progress": lambda: called(progress=lambda *_: None),
        "call left": lambda: called(progress=stop),
        "call out of time": lambda: called(timeout=0),
        "stack": stacked,
        "stream": lambda: streamed(several(9)),
        "joined": lambda: streamed(several(9), joined=device.design is FIR),
        "stream left": lambda: streamed(several(9), 3),
        "stream with loads": loading,
        "stream refused": lambda: streamed(several(5, [0.5])),
        "source fails": lambda: streamed(several(5, Leave)),
        "stream out of time": lambda: streamed(several(500), timeout=0),
        "acall": in_asyncio(lambda: device.acall(arrays())),
        "acall cancelled": in_asyncio(cancelled),
        "astream": in_asyncio(lambda: astreamed(several(9))),
        "astream left": in_asyncio(lambda: astreamed(several(9), 3)),
        "astream refused": in_asyncio(lambda: astreamed(several(5, [0.5]))),
        "asynchronous source fails": in_asyncio(lambda: astreamed(several(5, Leave))),
    }


WAYS = list(ways(None, None))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("design", [FIR, IMAGES], ids=["fir", "conv2d"])
@pytest.mark.parametrize("kind", [twin, link, Failing])
def test_nothing_is_left_for_the_collector(kind, design, way):
    transport = kind(design)
    transport.frame_samples = 1
    device, arrays = Device(transport), Arrays(design)
    with without_a_collector():
        with contextlib.suppress(DataError, LinkError, Leave):
            ways(device, arrays)[way]()
        assert arrays.seen
        assert arrays.gone
        # What a circle holds is still among what the collector knows.
        assert [thing for thing in gc.get_objects() if type(thing) in OF_A_CALL] == []
    device.close()


def peak(work):
    """Bytes that some work needs at most, beyond what was there before, and that are left behind it."""
    with without_a_collector():
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        work()
        after, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return most - before, after - before


def pieces(count):
    return (np.full(PIECE, number) for number in range(count))


@pytest.mark.parametrize("joined", [False, True])
@pytest.mark.parametrize("ahead", [0, 3])
def test_a_stream_holds_a_few_arrays(joined, ahead):
    """Each that is under way as it was given or as results; one frame with all that the twin makes of it."""
    with Device(twin(FIR)) as device:

        def work(count):
            for result in device.stream(pieces(count), joined=joined, ahead=ahead):
                del result

        work(2)
        most, left = peak(lambda: work(30))
        assert most < (ahead + 8) * PIECE * 8
        assert left < PIECE


def gone(references, seconds=10):
    """Whether nothing holds them: the link's own thread may be about to let go of what it has just handed over."""
    end = time.monotonic() + seconds
    while any(reference() is not None for reference in references) and time.monotonic() < end:
        time.sleep(0.001)
    return all(reference() is None for reference in references)


@pytest.mark.parametrize("kind", [twin, link, Model])
@pytest.mark.parametrize("design", [FIR, IMAGES], ids=["fir", "conv2d"])
def test_a_stream_holds_nothing_that_has_left_it(kind, design):
    """Neither results that were yielded, nor arrays whose results were: the transport's last frame may be the newest one."""
    arrays = Arrays(design)
    with Device(kind(design)) as device, without_a_collector():
        results = device.stream((arrays() for _ in range(5)), ahead=0)
        for number in range(5):
            result = weakref.ref(next(results))
            assert gone([result])
            assert gone(arrays.seen[:number])


def test_calls_leave_nothing():
    with Device(twin(FIR)) as device:

        def work(count):
            for piece in pieces(count):
                device(piece)

        work(2)
        most, left = peak(lambda: work(10))
        assert most < 7 * PIECE * 8
        assert left < PIECE


def test_an_asynchronous_stream_holds_a_few_arrays():
    with Device(twin(FIR)) as device:

        async def main(count):
            async for result in device.astream(pieces(count), ahead=2):
                del result

        def work(count):
            asyncio.run(main(count))

        work(2)
        most, left = peak(lambda: work(30))
        assert most < 10 * PIECE * 8
        assert left < PIECE


SCRIPT = """
import gc, resource, sys
import numpy as np
import convolver

gc.disable()
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
with convolver.open(convolver.FIRDesign([3, -5, 7, 11, 2], data="s16")) as device:
    signal = np.arange(1_000_000) % 1000
    for number in range(int(sys.argv[1])):
        device(signal)
        if number == 2:
            first = peak()
    calls = peak()
    for result in device.stream(np.full(4_000_000, number) for number in range(int(sys.argv[2]))):
        del result
    print(first, calls, peak())
"""


def peaks(calls, arrays):
    """Megabytes of a process after three calls, after all of them, and after a stream."""
    ran = subprocess.run([sys.executable, "-c", SCRIPT, str(calls), str(arrays)], capture_output=True, text=True, check=True)
    return [float(number) for number in ran.stdout.split()]


def test_a_process_grows_no_more_after_its_first_calls():
    first, calls, _ = peaks(12, 0)
    assert calls < first + 16  # two arrays


@pytest.mark.soak
def test_soak_a_process_that_filters_for_long():
    """Two hundred million samples in calls, and as many in a stream; prints what docs/reliability.md shows."""
    first, calls, stream = peaks(200, 50)
    print(f"{first:.0f} MB after 3 calls, {calls:.0f} MB after 200, {stream:.0f} MB in a stream of 50 arrays of 4 M samples")
    assert calls < first + 16
    assert stream < 600
