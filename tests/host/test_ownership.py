"""A device belongs to the process that opened it: in a fork's child, in a copy and in a pickle there is one error, nothing is
sent, and nothing is closed that somebody uses."""

import asyncio
import contextlib
import copy
import fcntl
import functools
import gc
import multiprocessing
import os
import pickle
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter

import numpy as np
import pytest

from convolver import FIRDesign
from convolver.errors import OwnershipError, PortError
from convolver.host.device import Device
from convolver.host.link import LinkTransport, connect
from convolver.host.serial_pipe import SerialPipe
from convolver.host.server import Server
from convolver.host.streaming import Stream
from convolver.host.tcp_pipe import TcpPipe
from convolver.sim import golden
from convolver.sim.libraries.cache import Cache
from convolver.sim.twin.board import BoardPipe, BoardTwin, Terminal
from convolver.sim.twin.board import serving as twin_serving
from convolver.sim.twin.core import Simulation, TwinTransport, simulate_designs

from .child import Child
from .test_device import GoldenTransport
from .test_serial import BLUR, IMAGE, Board
from .test_streaming import Gated
from .test_tcp import serving

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

FIR = FIRDesign([3, -5, 7, 11, 2], data="s12", coefficient="s6", loadable=True, continuous=True)
SOAK_EVENTS = 1000
SIGNAL = [1, -2, 3, 400, -500]
SAID = r"This device belongs to process {parent}, which opened it, not to process {child}; open another one here"
COPIED = "A {} can't be copied or pickled, since it belongs to the process that opened it; open another one"


def refused(child):
    """What an `OwnershipError` in a child says."""
    return "OwnershipError: " + SAID.format(parent=os.getpid(), child=child.number)


@functools.cache
def compiled(design):
    return simulate_designs([design])[0].compiled


@functools.cache
def board_twin():
    return BoardTwin(FIR)


@contextlib.contextmanager
def devices(kind):
    """A device of each kind, and a frame for it."""
    with contextlib.ExitStack() as stack:
        if kind == "twin":
            device, array = Device(TwinTransport(FIR, compiled=compiled(FIR))), SIGNAL
        elif kind == "board twin":
            pipe = BoardPipe(board_twin())
            device, array = Device(LinkTransport(pipe, clock=pipe.time)), SIGNAL
        elif kind == "any transport":
            device, array = Device(GoldenTransport(BLUR)), IMAGE
        else:
            url = stack.enter_context(Board(BLUR)).url
            if kind == "server":
                url = stack.enter_context(serving(type("Port", (), {"url": url}))).url
            device, array = Device(connect(url)), IMAGE
        yield stack.enter_context(device), np.array(array)


KINDS = ["twin", "board twin", "any transport", "port", "server"]


def methods(device, array):
    """Every method but `close`."""

    async def in_asyncio():
        return [result async for result in device.astream([array])]

    def entered():
        with device:
            return "entered"

    async def entered_in_asyncio():
        async with device:
            return "entered"

    return {
        "call": lambda: device(array),
        "stream": lambda: list(device.stream([array])),
        "acall": lambda: asyncio.run(device.acall(array)),
        "astream": lambda: asyncio.run(in_asyncio()),
        "load": lambda: device.load([1, 2, 3, 4, 5]),
        "silence": lambda: device.silence(),
        "status": lambda: device.status(),
        "with": entered,
        "async with": lambda: asyncio.run(entered_in_asyncio()),
    }


def outcomes(device, array):
    told = set()
    for name, method in methods(device, array).items():
        try:
            told.add(f"{name}: {method()}")
        except OwnershipError as error:
            told.add(f"OwnershipError: {error}")
    return "\n".join(told)


def test_every_method_is_tried():
    names = {name for name in dir(Device) if not name.startswith("_")}
    assert names == {*list(methods(None, None))[:-2]} - {"call"} | {"close", "design"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_child_of_a_fork_has_no_device(kind):
    with devices(kind) as (device, array):
        expected = golden.run(device.design, array)
        np.testing.assert_array_equal(device(array), expected)

        def work():
            nonlocal device
            with contextlib.suppress(KeyError), contextlib.closing(device):
                told = outcomes(device, array)
                raise KeyError  # leaves the blocks as an exit does
            device.close()
            del device
            gc.collect()
            return told

        transport = device._transport
        session = getattr(transport, "_session", transport)
        assert Child(lambda: [session.close(), transport.close(), device.close()]).said == "[None, None, None]"
        if device.design.continuous:
            device.silence()
        first = Child(work)
        for _ in range(3):
            child = Child(lambda: outcomes(device, array))
            np.testing.assert_array_equal(device(array), expected)
            assert child.said == refused(child)
            if device.design.continuous:
                device.silence()
        assert first.said == refused(first)
        np.testing.assert_array_equal(device(array), expected)
        status = device.status()
    assert status.get("link_sessions", 1) == 1
    assert not [name for name in status if name.startswith("failed_")]


def test_a_block_that_the_child_leaves_stays_the_parent_s():
    """An exit in the child runs through the same `with` blocks, and says nothing of them."""
    with Board(BLUR) as board, twin_serving(FIR) as terminal, Device(connect(board.url)) as device:
        other = Device(connect(f"serial://{terminal.port}"))

        def work():
            with contextlib.suppress(SystemExit), contextlib.ExitStack() as stack:
                stack.enter_context(contextlib.closing(device))
                stack.push(device)
                stack.callback(terminal.close)
                stack.callback(terminal.stop)
                raise SystemExit
            return "left"

        assert Child(work).said == "left"
        np.testing.assert_array_equal(device(IMAGE), golden.run(BLUR, IMAGE))
        np.testing.assert_array_equal(other(SIGNAL), golden.run(FIR, SIGNAL))
        other.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_is_the_parent_s(kind):
    with devices(kind) as (device, array):
        expected = golden.run(device.design, array)
        results = device.stream([array] * 3, ahead=1)
        begun = device.stream([array])
        np.testing.assert_array_equal(next(results), expected)

        def work():
            told = []
            for stream in (results, begun):
                with contextlib.suppress(StopIteration):
                    try:
                        next(stream)
                    except OwnershipError as error:
                        told.append(f"OwnershipError: {error}")
                stream.close()
            gc.collect()
            return "\n".join(told)

        child = Child(work)
        assert child.said == "\n".join([refused(child)] * 2)
        assert Child(results.close).said == "None"
        assert len(list(results)) == 2


class Mine(Gated):
    """Notes what is done to it where it doesn't belong."""

    def __init__(self, design):
        super().__init__(design)
        self.number, self.touched = os.getpid(), []

    def load(self, coefficients, timeout=None, stage=0):
        self.touch("load")
        super().load(coefficients, timeout, stage)

    def close(self):
        self.touch("close")

    def touch(self, what):
        if os.getpid() != self.number:
            self.touched.append(what)


def test_a_set_that_waits_in_a_stream_is_the_parent_s():
    transport = Mine(FIRDesign([1], coefficient="s6", loadable=True))
    device = Device(transport)
    results = device.stream([[1], [2]], ahead=0)
    first = threading.Thread(target=lambda: next(results))
    first.start()
    transport.taken.get(timeout=10)
    device.load([3])

    def work():
        device._calls.stream.finish()
        device.close()
        return transport.touched

    assert Child(work).said == "[]"
    transport.gate.release(2)
    first.join()
    assert next(results).tolist() == [6]


def test_an_asynchronous_stream_is_the_parent_s():
    async def main():
        device = Device(GoldenTransport(BLUR))
        results = device.astream([IMAGE] * 3)
        async for _ in results:
            child = Child(lambda: step(results))
            assert child.said == refused(child)
            break
        await results.aclose()

    def step(results):
        """By hand: a loop is the parent's, too."""
        try:
            results.__anext__().send(None)
        except StopIteration:
            return "a result"

    asyncio.run(main())


@pytest.mark.parametrize("kind", KINDS)
def test_a_fork_in_the_middle_of_a_call(kind):
    """From a function that is told of progress: the child goes on in the call."""
    with devices(kind) as (device, array):
        children = []
        many = np.stack([array] * 3)
        told = []

        def progress(_done, _total):
            if not children:
                end, other = os.pipe()
                children.append((os.fork(), end))
                if children[0][0] == 0:
                    os.close(end)
                    told.append(other)
                    signal.alarm(20)
                else:
                    os.close(other)

        try:
            result = device(many, stack=True, progress=progress)
        except BaseException as error:
            if told:
                os.write(told[0], f"{type(error).__name__}: {error}".encode())
                os._exit(0)
            raise
        if told:
            # All transports but the one of the tests look at whose they are.
            os.write(told[0], b"done")
            os._exit(0)
        number, end = children[0]
        with os.fdopen(end, "rb") as file:
            said = file.read().decode()
        os.waitpid(number, 0)
        expected = "done" if kind == "any transport" else "OwnershipError: " + SAID.format(parent=os.getpid(), child=number)
        assert said == expected
        np.testing.assert_array_equal(result[2], golden.run(device.design, array))
        np.testing.assert_array_equal(device(array), golden.run(device.design, array))


def test_a_fork_while_another_thread_calls():
    """Whatever that thread holds, the child waits for nothing."""
    transport = Gated(BLUR)
    device = Device(transport)
    results = []
    caller = threading.Thread(target=lambda: results.append(device(IMAGE)))
    caller.start()
    transport.taken.get(timeout=10)
    child = Child(lambda: outcomes(device, IMAGE))
    assert child.said == refused(child)
    closer = Child(device.close)
    assert closer.said == "None"
    transport.gate.release()
    caller.join()
    np.testing.assert_array_equal(results[0], golden.run(BLUR, IMAGE))


def test_both_processes_call_as_fast_as_they_can():
    with Board(BLUR) as board, Device(connect(board.url)) as device:
        child = Child(lambda: {type(error).__name__ for error in (failure(device, bright(20)) for _ in range(50))})
        for number in range(20):
            np.testing.assert_array_equal(device(bright(number)), golden.run(BLUR, bright(number)))
        assert child.said == "{'OwnershipError'}"


def bright(level):
    return np.full((5, 5), level)


def failure(device, array):
    try:
        return device(array)
    except Exception as error:  # noqa: BLE001
        return error


# Descriptors


@pytest.mark.parametrize("kind", ["port", "server"])
def test_what_the_parent_closes_is_free_while_the_child_lives(kind):
    with Board(BLUR) as board, contextlib.ExitStack() as stack:
        url = board.url if kind == "port" else stack.enter_context(serving(board)).url
        device = Device(connect(url))
        child = Child(lambda: time.sleep(19))
        device.close()
        with Device(connect(url)) as other:
            np.testing.assert_array_equal(other(IMAGE), golden.run(BLUR, IMAGE))
        child.kill()


def test_a_server_s_port_and_its_hosts_are_free_while_a_child_lives():
    with Board(BLUR) as board:
        with serving(board) as server:
            host = TcpPipe(server.url)
            child = Child(lambda: time.sleep(19))
        with pytest.raises(PortError, match=r"^Server 127\.0\.0\.1:\d+ went away: it has closed the connection$"):
            host.read(1, time.monotonic() + 10)
        host.close()
        port = int(server.url.rpartition(":")[2])
        socket.create_server(("127.0.0.1", port)).close()
        with serving(board) as again, Device(connect(again.url)) as device:
            np.testing.assert_array_equal(device(IMAGE), golden.run(BLUR, IMAGE))
        child.kill()


def test_a_terminal_is_taken_away_while_a_child_lives():
    terminal = Terminal(board_twin())
    port = SerialPipe(f"serial://{terminal.port}")
    child = Child(lambda: time.sleep(19))
    terminal.close()
    with pytest.raises(PortError, match=r"^Port /dev/\S+ went away: "):
        port.read(1, time.monotonic() + 10)
    port.close()
    child.kill()


def test_a_compiler_s_lock_is_free_while_a_child_lives(tmp_path):
    with Cache(tmp_path).lock("ab" * 20):
        child = Child(lambda: time.sleep(19))
    with (tmp_path / "locks" / "ab").open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    child.kill()


# Copies


@contextlib.contextmanager
def things():
    """One of each kind that holds a session, a descriptor or a core."""
    with (
        Board(BLUR) as board,
        Board(BLUR) as behind,
        serving(behind) as server,
        Device(connect(board.url)) as device,
        contextlib.closing(TcpPipe(server.url)) as pipe,
        contextlib.closing(Terminal(board_twin())) as terminal,
    ):
        transport = device._transport
        twin = TwinTransport(FIR, compiled=compiled(FIR))
        stream = Stream(twin)
        yield (
            device,
            [
                *(device, transport, transport._session, transport._session._pipe, pipe, server, terminal),
                *(board_twin(), BoardPipe(board_twin()), twin, Simulation(compiled(FIR)), stream, Device(twin)),
            ],
        )
        stream.finish()


def test_nothing_can_be_copied_or_pickled():
    with things() as (device, several):
        ways = [copy.copy, copy.deepcopy, *(functools.partial(pickle.dumps, protocol=number) for number in range(6))]
        for thing in several:
            expected = COPIED.format("server" if isinstance(thing, Server) else "device")
            for way in ways:
                for whole in (thing, [thing]) if way is copy.deepcopy else (thing,):
                    with pytest.raises(OwnershipError, match=f"^{re.escape(expected)}$"):
                        way(whole)
        gc.collect()
        # Where a copy closed the port, its number would be this file's, and the next call would write into it.
        with tempfile.TemporaryFile() as file:
            np.testing.assert_array_equal(device(IMAGE), golden.run(BLUR, IMAGE))
            assert os.fstat(file.fileno()).st_size == 0


def test_a_library_can_t_be_pickled():
    """Its functions lie elsewhere in another process."""
    with pytest.raises(OwnershipError, match=r"^A compiled twin can't be copied or pickled, since it belongs to the process "):
        pickle.dumps(compiled(FIR))


def nothing(*_things):
    pass


def test_a_device_can_t_be_given_to_another_process():
    with Board(BLUR) as board, Device(connect(board.url)) as device:
        process = multiprocessing.get_context("spawn").Process(target=nothing, args=(device,))
        with pytest.raises(OwnershipError, match=f"^{re.escape(COPIED.format('device'))}$"):
            process.start()
        np.testing.assert_array_equal(device(IMAGE), golden.run(BLUR, IMAGE))


def report(device, send):
    send.send(type(failure(device, IMAGE)).__name__)


def test_a_worker_that_is_forked_is_told():
    fork = multiprocessing.get_context("fork")
    with Board(BLUR) as board, Device(connect(board.url)) as device:
        receive, send = fork.Pipe()
        process = fork.Process(target=report, args=(device, send))
        process.start()
        assert receive.poll(20)
        assert receive.recv() == "OwnershipError"
        process.join()
        assert process.exitcode == 0
        np.testing.assert_array_equal(device(IMAGE), golden.run(BLUR, IMAGE))
        receive.close()
        send.close()
        process.close()


def events(device, array, twin, chance):
    """What goes wrong at a moment: a child that does all that it may not, or either end stopped as ctrl-Z does it."""

    def misused():
        child = Child(lambda: outcomes(device, array))
        assert child.said == refused(child)

    def left():
        assert Child(lambda: [device.close(), gc.collect()][0]).said == "None"

    def device_stopped():
        os.kill(twin, signal.SIGSTOP)
        time.sleep(chance.random() * 2)
        os.kill(twin, signal.SIGCONT)

    def host_stopped():
        parent = os.getpid()

        def stop():
            try:
                os.kill(parent, signal.SIGSTOP)
                time.sleep(chance.random() * 2)
            finally:
                os.kill(parent, signal.SIGCONT)

        assert Child(stop).said == "None"

    return [misused, misused, left, device_stopped, host_stopped]


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_soak_forks_and_stops_at_any_moment(tmp_path):
    """A thread calls and streams while all this happens; prints what docs/reliability.md shows."""
    chance, random = np.random.default_rng(1), np.random.default_rng(2)
    path = tmp_path / "design.json"
    path.write_text(FIR.to_json())
    command = [sys.executable, "-m", "convolver.cli", "twin", "--pty", "--design", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as twin:
        device = Device(connect(twin.stdout.readline().strip()))
        happened, right, wrong, over = Counter(), Counter(), [], threading.Event()

        def work():
            before = np.zeros(0, np.int64)
            while not over.is_set():
                count = int(random.integers(1, 6))
                pieces = [random.integers(-2048, 2048, int(random.integers(1, 400))) for _ in range(count)]
                try:
                    results = [device(pieces[0])] if count == 1 else list(device.stream(pieces, ahead=count - 2))
                except Exception as error:  # noqa: BLE001
                    wrong.append(f"{type(error).__name__}: {error}")
                    return
                whole = np.concatenate([before, *pieces])
                if not np.array_equal(np.concatenate(results), golden.run(FIR, whole)[len(before) :]):
                    wrong.append("different")
                before = whole[-FIR.taps :]
                right["calls"] += 1

        worker = threading.Thread(target=work)
        worker.start()
        for _ in range(SOAK_EVENTS):
            time.sleep(float(chance.random()) * 0.2)
            event = chance.choice(events(device, SIGNAL, twin.pid, chance))
            event()
            happened[event.__name__] += 1
        over.set()
        worker.join()
        status = device.status()
        device.close()
        twin.send_signal(signal.SIGINT)
    print(dict(happened), dict(right), wrong, {name: value for name, value in status.items() if name.startswith("link_")})
    assert wrong == []
    assert status["link_sessions"] == 1
    assert right["calls"] > SOAK_EVENTS // 2
