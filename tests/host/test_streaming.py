"""Streams: results in order as they come, arrays ahead of them, and an end at any moment that leaves the device ready."""

import asyncio
import gc
import itertools
import queue
import signal
import threading

import numpy as np
import pytest

from convolver import FIRDesign, s16
from convolver.errors import DataError, LinkError, LinkTimeout, PortError
from convolver.host.device import Device
from convolver.host.link import connect
from convolver.sim import golden

from .test_device import FIR, SAME, GoldenTransport
from .test_serial import BLUR, IMAGE, QUICK, Board

CLOSED = r"^The device was closed in the middle of a stream; open it again$"
LONG = FIRDesign([3, -7, 11, 60, 25], data=s16)


class Gated(GoldenTransport):
    """Gives the results of a frame only once the test has let it through."""

    def __init__(self, design):
        super().__init__(design)
        self.gate = threading.Semaphore(0)
        self.taken = queue.SimpleQueue()
        self.ended = 0

    def stream(self, take, give, timeout=None, check=None):
        try:
            while (samples := take()) is not None:
                self.taken.put(samples.shape)
                while not self.gate.acquire(timeout=0.01):
                    if check is not None:
                        check()
                give(self.run(samples, timeout))
        finally:
            self.ended += 1


def images(count, seed=1):
    random = np.random.default_rng(seed)
    return [random.integers(0, 256, random.integers(1, 40, 2)) for _ in range(count)]


def same(results, design, arrays):
    return len(results) == len(arrays) and all(
        np.array_equal(result, golden.run(design, array)) for result, array in zip(results, arrays, strict=True)
    )


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "stream to a device"]


@pytest.mark.parametrize("ahead", [0, 1, 8, 100])
@pytest.mark.parametrize("count", [0, 1, 2, 30])
def test_results_come_in_order(ahead, count):
    arrays = images(count)
    with Device(GoldenTransport(SAME)) as device:
        assert same(list(device.stream(arrays, ahead=ahead)), SAME, arrays)
        assert same([device(array) for array in arrays], SAME, arrays)
    assert not threads()


@pytest.mark.parametrize("ahead", [0, 3])
def test_arrays_are_read_no_further_ahead(ahead):
    read = []

    def source():
        for number in itertools.count():
            read.append(number)
            yield [number]

    with Device(GoldenTransport(FIR)) as device:
        for number, result in enumerate(device.stream(source(), ahead=ahead)):
            assert result.tolist() == [number]
            assert len(read) <= number + 1 + ahead
            if number == 20:
                break
        # The loop has ended, and with it the stream.
        assert device([1]).tolist() == [1]
    assert not threads()


def test_what_is_refused_comes_behind_the_results_before_it():
    device = Device(GoldenTransport(FIR))
    results = device.stream([[1], [2], [0.5], [4]])
    assert [next(results).tolist(), next(results).tolist()] == [[1], [2]]
    with pytest.raises(DataError, match=r"^Samples must be integers, not float64"):
        next(results)
    assert device([1]).tolist() == [1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ahead": -1}, "Ahead must be an integer from 0, not -1"),
        ({"joined": True}, "Only the pieces of one signal, for a 1-D design, can be joined"),
    ],
)
def test_options_are_checked_before_anything_is_read(options, message):
    device = Device(GoldenTransport(SAME))
    with pytest.raises(DataError, match=f"^{message}$"):
        device.stream([], **options)
    with pytest.raises(DataError, match=f"^{message}$"):
        device.astream([], **options)


def test_an_error_of_the_source_ends_the_stream():
    def source():
        yield [1]
        raise ZeroDivisionError

    device = Device(GoldenTransport(FIR))
    with pytest.raises(ZeroDivisionError):
        list(device.stream(source()))
    assert device([1]).tolist() == [1]
    assert not threads()


def fail_at(transport, sample):
    """Makes a transport fail with the frame that begins with `sample`."""
    run = transport.run

    def fail(samples, timeout=None):
        if samples[0] == sample:
            raise LinkTimeout("Nothing moved")
        return run(samples)

    transport.run = fail


def test_an_error_of_the_link_is_raised_where_the_results_are():
    transport = GoldenTransport(FIR)
    device = Device(transport)
    fail_at(transport, 3)
    results = device.stream([[1], [2], [3], [4]])
    assert [next(results).tolist(), next(results).tolist()] == [[1], [2]]
    with pytest.raises(LinkTimeout, match=r"^Nothing moved$"):
        next(results)
    assert device([1]).tolist() == [1]
    assert not threads()


def test_a_call_within_a_stream_is_refused_rather_than_waited_for():
    device = Device(GoldenTransport(FIR))
    results = device.stream([[1], [2]])
    next(results)
    with pytest.raises(LinkError, match=r"^The device is in the middle of a stream; end it first, or open another device$"):
        device([1])
    assert device.status() == {"frames": 2} or device.status() == {"frames": 1}
    assert next(results).tolist() == [2]
    results.close()
    assert device([1]).tolist() == [1]


def test_calls_from_several_threads_take_turns():
    device = Device(GoldenTransport(SAME))
    arrays = images(24)
    results = [None] * len(arrays)

    def work(start):
        for place in range(start, len(arrays), 4):
            results[place] = device(arrays[place])

    workers = [threading.Thread(target=work, args=(start,)) for start in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert same(results, SAME, arrays)


def test_closing_the_device_ends_a_stream():
    transport = Gated(FIR)
    device = Device(transport)
    results = device.stream([[1], [2]], ahead=0)
    transport.gate.release()
    next(results)
    device.close()
    assert not threads()
    assert transport.closed == 1
    with pytest.raises(PortError, match=CLOSED):
        next(results)
    assert list(results) == []


def test_a_stream_that_waits_is_told_that_another_thread_closed_the_device():
    """Behind the results that were there."""
    transport = Gated(FIR)
    device = Device(transport)
    results = device.stream([[1], [2], [3]])
    transport.gate.release()
    closes = threading.Timer(0.1, device.close)
    closes.start()
    assert next(results).tolist() == [1]
    with pytest.raises(PortError, match=CLOSED):
        next(results)
    closes.join()
    assert not threads()


def test_a_task_that_waits_for_a_stream_is_told_that_the_device_was_closed():
    async def main():
        transport = Gated(FIR)
        device = Device(transport)
        results = device.astream([[1], [2]])
        transport.gate.release()
        assert (await anext(results)).tolist() == [1]
        waiting = asyncio.create_task(anext(results))
        await asyncio.sleep(0)
        await asyncio.to_thread(device.close)
        with pytest.raises(PortError, match=CLOSED):
            await waiting

    asyncio.run(main())
    assert not threads()


def test_ctrl_c_in_a_stream_leaves_the_device_ready():
    with Board(BLUR) as board, Device(connect(board.url, timing=QUICK)) as device:
        main = threading.main_thread().ident

        def interrupted():
            board.silent = True
            threading.Timer(0.2, lambda: signal.pthread_kill(main, signal.SIGINT)).start()
            list(device.stream(itertools.repeat(IMAGE)))

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        board.silent = False
        assert not threads()
        assert np.array_equal(device(IMAGE), golden.conv2d(BLUR, IMAGE))


def test_a_stream_through_a_port_with_calls_in_between():
    arrays = images(20)
    with Board(BLUR) as board, Device(connect(board.url)) as device:
        for _ in range(2):
            assert same(list(device.stream(arrays)), BLUR, arrays)
            assert np.array_equal(device(IMAGE), golden.conv2d(BLUR, IMAGE))
        # Far larger than the core: 64 rows and columns.
        large = np.random.default_rng(3).integers(0, 256, (100, 150, 3))
        assert np.array_equal(device(large)[..., 2], golden.conv2d(BLUR, large[..., 2]))
        status = device.status()
    assert status["link_sessions"] == 1
    assert not [name for name in status if name.startswith("failed_")]


def test_a_timeout_of_the_whole_stream():
    with Board(BLUR) as board, Device(connect(board.url)) as device:
        with pytest.raises(LinkTimeout, match=r"^The call wasn't done within 0.\d+ s; it was waiting for "):
            list(device.stream(itertools.repeat(IMAGE), timeout=0.3))
        assert np.array_equal(device(IMAGE), golden.conv2d(BLUR, IMAGE))


# asyncio


def test_async_results_come_in_order():
    arrays = images(20)

    async def source():
        for array in arrays:
            await asyncio.sleep(0)
            yield array

    async def main():
        async with Device(GoldenTransport(SAME)) as device:
            for items in (arrays, source()):
                assert same([result async for result in device.astream(items)], SAME, arrays)
            assert [result async for result in device.astream([])] == []
            together = await asyncio.gather(*(device.acall(array) for array in arrays))
            assert same(together, SAME, arrays)

    asyncio.run(main())
    assert not threads()


def test_an_async_result_does_not_wait_for_the_next_array():
    async def main():
        more = asyncio.Event()

        async def source():
            yield [1]
            await more.wait()
            yield [2]

        seen = []
        async for result in Device(GoldenTransport(FIR)).astream(source()):
            seen.append(result.tolist())
            more.set()  # only now goes the source on
        return seen

    assert asyncio.run(main()) == [[1], [2]]


def test_arrays_are_read_no_further_ahead_in_asyncio():
    async def main():
        read = []

        def source():
            for number in itertools.count():
                read.append(number)
                yield [number]

        async with Device(GoldenTransport(FIR)) as device:
            results = device.astream(source(), ahead=2)
            for number in range(10):
                assert (await anext(results)).tolist() == [number]
                await asyncio.sleep(0.001)
                assert len(read) <= number + 5
            await results.aclose()
            assert (await device.acall([1])).tolist() == [1]

    asyncio.run(main())
    assert not threads()


def test_other_tasks_go_on_during_a_call():
    async def main():
        transport = Gated(FIR)
        device = Device(transport)
        call = asyncio.create_task(device.acall([1]))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not call.done()
        transport.gate.release()
        assert (await call).tolist() == [1]

    asyncio.run(main())


def test_a_cancelled_call_ends_and_the_next_one_is_served():
    async def main():
        transport = Gated(FIR)
        device = Device(transport)
        call, waiting = asyncio.create_task(device.acall([1])), asyncio.create_task(device.acall([2]))
        while not transport.taken.qsize():
            await asyncio.sleep(0.001)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert transport.ended == 1
        transport.gate.release()
        assert (await waiting).tolist() == [2]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(device.acall([3]), 0.05)
        transport.gate.release()
        assert (await device.acall([4])).tolist() == [4]

    asyncio.run(main())
    assert not threads()


def test_a_call_that_is_cancelled_twice_leaves_nobody_behind():
    class Slow(Gated):
        """Takes its time to end."""

        def stream(self, *arguments):
            try:
                super().stream(*arguments)
            finally:
                self.ended -= 1
                threading.Event().wait(0.1)
                self.ended += 1

    async def main():
        transport = Slow(FIR)
        device = Device(transport)
        call = asyncio.create_task(device.acall([1]))
        while not transport.taken.qsize():
            await asyncio.sleep(0.001)
        for _ in range(2):
            call.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await call
        assert transport.ended == 1
        assert not threads()
        transport.gate.release()
        assert (await device.acall([4])).tolist() == [4]

    asyncio.run(main())
    assert not threads()


def test_errors_reach_the_task():
    async def main():
        transport = GoldenTransport(FIR)
        device = Device(transport)
        with pytest.raises(DataError):
            await device.acall([0.5])

        async def source():
            yield [1]
            raise ZeroDivisionError

        results = device.astream(source())
        assert (await anext(results)).tolist() == [1]
        with pytest.raises(ZeroDivisionError):
            await anext(results)
        run, transport.run = transport.run, lambda samples, timeout=None: (_ for _ in ()).throw(LinkTimeout("Nothing moved"))
        with pytest.raises(LinkTimeout):
            await device.acall([1])
        transport.run = run
        assert (await device.acall([1])).tolist() == [1]

    asyncio.run(main())
    assert not threads()


def test_a_call_within_an_async_stream_of_the_same_task_is_refused():
    async def main():
        device = Device(GoldenTransport(FIR))
        async for _ in device.astream([[1]]):
            with pytest.raises(LinkError, match=r"^The device is in the middle of a stream"):
                await device.acall([1])
            with pytest.raises(LinkError, match=r"^The device is in the middle of a stream"):
                device([1])

    asyncio.run(main())


def test_an_abandoned_async_stream_ends_with_the_device():
    async def main():
        async with Device(GoldenTransport(FIR)) as device:
            async for _ in device.astream(itertools.repeat([1])):
                break
        assert not threads()

    asyncio.run(main())
    gc.collect()
    assert not threads()


def test_asyncio_through_a_port():
    arrays = images(12)

    async def main(url):
        async with Device(connect(url, timing=QUICK)) as device:
            assert same([result async for result in device.astream(arrays)], BLUR, arrays)
            call = asyncio.create_task(device.acall(np.zeros((64, 64, 4), int)))
            await asyncio.sleep(0.02)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert np.array_equal(await device.acall(IMAGE), golden.conv2d(BLUR, IMAGE))

    with Board(BLUR) as board:
        asyncio.run(main(board.url))
    assert not threads()
