"""A server in a process of its own, and everything that hosts, devices and systems do to it; whatever comes back is right.

Each kind of trouble is a method of `Troubles`, which gives the name of what came of it, for the count: `right` or an error's.
Real processes, signals and sockets: how long a thing takes depends on the machine, and is never looked at but through the
deadlines of host and server.
"""

import contextlib
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np

from convolver.errors import LinkError, PortError
from convolver.host import greeting
from convolver.host.deadlines import Timing
from convolver.host.device import Device
from convolver.host.frames import Frame
from convolver.host.link import LinkTransport, connect
from convolver.protocol import Type
from convolver.sim import golden

from .child import Child
from .hostile import SCRIPTS, HostilePipe, check_error
from .test_serial import Board

TOKEN = "a token for the storm"
IMPATIENT = Timing(progress=2.0)
"""For the model. On a busy machine the gateware's twin takes as long for what takes a board a moment: it has the users' own."""
PATIENCE = 180
"""Seconds after which something hangs."""

CLIENT = """
import sys
import numpy as np
from convolver.host.device import Device
from convolver.host.link import connect
device = Device(connect(sys.argv[1]))
print("begun", flush=True)
while True:
    device(np.zeros(2000, int))
"""


class Hang(AssertionError):
    """Something took far longer than all of its deadlines."""


@contextlib.contextmanager
def hanging():
    """Fails, by a signal, where a call doesn't come back; the one around it goes on counting behind it."""

    def ring(*_):
        raise Hang

    before = signal.signal(signal.SIGALRM, ring)
    start = time.monotonic()
    left = signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.alarm(left and max(1, left - int(time.monotonic() - start)))


class Rubbish:
    """In the place of a device's model: bytes without end, whatever it hears."""

    timer = None

    def __init__(self, chance):
        self.chance = chance

    def receive(self, data, now):
        pass

    def transmit(self, now):
        frame = Frame(self.chance.choice(list(Type)), session=self.chance.randrange(3)).wire()
        return self.chance.choice([bytes(300), b"\x05" * 300, self.chance.randbytes(300), frame * 20])


class Storm:
    """A server that serves the device of `design`, and troubles of every kind.

    Parameters
    ----------
    design : FIRDesign
    seed : int
    folder : Path
        For the server's certificate.
    twin : bool
        Whether the device is the compiled gateware, in the server's process; else the model, at a pseudo-terminal of this one.
    tls : bool
    """

    def __init__(self, design, seed, folder, *, twin=False, tls=False):
        self.design = design
        self.chance = random.Random(seed)
        self.numbers = np.random.default_rng(seed)
        self.counts = Counter()
        self.stack = contextlib.ExitStack()
        self.twin, self.tls, self.folder = twin, tls, folder
        self.timing = Timing() if twin else IMPATIENT
        if twin:
            path = folder / "design.toml"
            path.write_text(design.to_toml())
            self.source = ["--design", str(path)]
        else:
            self.board = self.stack.enter_context(Board(design))
            self.source = ["--port", self.board.url]

    def __enter__(self):
        self.stack.__enter__()
        try:
            self.start()
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *error):
        self.end()
        return self.stack.__exit__(*error)

    def start(self, port=0):
        """Starts the server, with few descriptors."""
        more = ["--tls", "--certificate", str(self.folder / "serve.pem")] if self.tls else []
        self.server = subprocess.Popen(
            [sys.executable, "-m", "convolver.cli", "serve", *self.source, "--tcp-port", str(port), *more],
            env=os.environ | {"CONVOLVER_TOKEN": TOKEN},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.url = self.server.stdout.readline().strip()
        assert self.url, self.server.stderr.read()
        resource.prlimit(self.server.pid, resource.RLIMIT_NOFILE, (60, 60))
        place = self.url.partition("://")[2].partition("#")[0]
        self.place = place.rpartition(":")[0], int(place.rpartition(":")[2])
        before, mark, behind = self.url.partition("#")
        self.url = f"{before}?token={TOKEN.replace(' ', '%20')}{mark}{behind}"

    def end(self):
        """Ends the server as a user does."""
        self.server.send_signal(signal.SIGCONT)
        self.server.send_signal(signal.SIGINT)
        _, err = self.server.communicate(timeout=PATIENCE)
        assert (self.server.returncode, err) == (130, "convolver: stopped\n")

    # What is right

    def signal(self):
        return self.numbers.integers(-(1 << 15), 1 << 15, self.chance.randrange(1, 3000))

    def call(self, device, **options):
        """One call: its results are right, or it raises."""
        samples = self.signal()
        np.testing.assert_array_equal(device(samples, **options), golden.run(self.design, samples))

    def host(self, **options):
        """The next host: it may be told that another one, which went just now, has the device, but not for long."""
        for _ in range(20):
            try:
                return Device(connect(self.url, self.design, self.timing, **options))
            except PortError as error:
                if "used by another host" not in str(error):
                    raise
        raise Hang("The device is used by another host for ever")

    def serves(self):
        """The next host is served."""
        assert self.server.poll() is None, self.server.stderr.read()
        with hanging(), self.host() as device:
            self.call(device)

    def outcome(self, work):
        """Runs `work`: the name of what came of it, and nothing but a named error of one line."""
        try:
            with hanging():
                work()
        except LinkError as error:
            check_error(error)
            self.said = str(error)
            return type(error).__name__
        self.said = ""
        return "right"

    def once(self, kind):
        """One trouble, by name, and then the next host; what came of it is counted."""
        with hanging():
            came = getattr(self, kind)()
        self.counts[f"{kind}: {came}"] += 1
        self.serves()

    def kinds(self):
        """The names of all troubles."""
        return [name for name, value in vars(type(self)).items() if getattr(value, "trouble", False)]

    def health(self):
        """Descriptors, threads and memory, in MB, of the server."""
        folder = Path("/proc", str(self.server.pid))
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        memory = int(status["VmRSS"].split()[0]) / 1000
        return len(list((folder / "fd").iterdir())), int(status["Threads"]), memory


def trouble(method):
    method.trouble = True
    return method


@contextlib.contextmanager
def later(seconds, call):
    """Calls from another thread while the block runs."""
    timer = threading.Timer(seconds, call)
    timer.start()
    try:
        yield
    finally:
        timer.join()


class Troubles(Storm):
    """All of them."""

    @trouble
    def nothing(self):
        """Some calls, and a stream."""

        def work():
            with self.host() as device:
                for _ in range(self.chance.randrange(1, 4)):
                    self.call(device)
                signals = [self.signal() for _ in range(4)]
                for samples, result in zip(signals, device.stream(signals), strict=True):
                    np.testing.assert_array_equal(result, golden.run(self.design, samples))

        came = self.outcome(work)
        assert came == "right"
        return came

    @trouble
    def far_end_stopped(self):
        """The server, and its twin with it, is stopped in mid-call, and goes on."""
        pause = self.chance.choice([0.05, 0.5, 3.5])

        def stop():
            self.server.send_signal(signal.SIGSTOP)
            time.sleep(pause)
            self.server.send_signal(signal.SIGCONT)

        def work():
            with self.host() as device:
                for _ in range(5):
                    self.call(device)

        with later(self.chance.random() * 0.2, stop):
            came = self.outcome(work)
        # Nobody has stopped this program, nor the core alone.
        if came == "LinkTimeout":
            assert "in the link: " in self.said or self.said.startswith("No device answered within ")
        return came

    @trouble
    def deadline(self):
        """A call whose time is too short, on a far end that is stopped."""
        device = self.host()

        def work():
            with device:
                self.call(device, timeout=self.chance.choice([0.01, 0.3]))

        self.server.send_signal(signal.SIGSTOP)
        with later(1.0, lambda: self.server.send_signal(signal.SIGCONT)):
            return self.outcome(work)

    @trouble
    def closed(self):
        """Another thread closes the device in mid-call."""
        device = self.host()

        def work():
            with device:
                while True:
                    self.call(device)

        with later(self.chance.random() * 0.3, device.close):
            came = self.outcome(work)
        assert came == "PortError"
        return came

    def _client(self):
        client = subprocess.Popen(
            [sys.executable, "-c", CLIENT, self.url], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert client.stdout.readline() == "begun\n"
        time.sleep(self.chance.random() * 0.1)
        return client

    @trouble
    def client_stopped(self):
        """A host is stopped in mid-frame; the next one is let in all the same."""
        client = self._client()
        client.send_signal(signal.SIGSTOP)
        try:
            self.serves()
        finally:
            client.kill()
            client.communicate()
        return "right"

    @trouble
    def client_killed(self):
        """A host is killed in mid-frame."""
        client = self._client()
        client.kill()
        client.communicate()
        return "right"

    @trouble
    def forked_and_used(self):
        """A fork's child uses the device: one error there, and nothing here."""

        def work():
            with self.host() as device:
                self.call(device)
                child = Child(lambda: device(np.zeros(5, int)))
                self.call(device)
                assert child.said.startswith("OwnershipError: This device belongs to process ")
                self.call(device)

        came = self.outcome(work)
        assert came == "right"
        return came

    @trouble
    def forked_in_mid_call(self):
        """While another thread is in a call; the child closes the device, which does nothing."""

        def work():
            with self.host() as device:
                calls = []

                def call():
                    for _ in range(5):
                        self.call(device)
                    calls.append("done")

                thread = threading.Thread(target=call)
                thread.start()
                time.sleep(self.chance.random() * 0.1)
                children = [Child(device.close) for _ in range(3)]
                thread.join()
                assert [child.said for child in children] == ["None"] * 3
                assert calls == ["done"]

        came = self.outcome(work)
        assert came == "right"
        return came

    @trouble
    def forked_and_lives_on(self):
        """The parent closes the device, and the next host has it while the child lives; the child may have it too, then."""

        def work():
            with self.host() as device:
                self.call(device)
                child = Child(lambda: time.sleep(15))
            self.serves()
            child.kill()

            def own():
                with self.host() as device:
                    self.call(device)
                return "right"

            assert Child(own).said == "right"

        came = self.outcome(work)
        assert came == "right"
        return came

    def _connections(self, count, stack):
        for _ in range(count):
            with contextlib.suppress(OSError):
                connection = stack.enter_context(socket.create_connection(self.place, 10))
                yield connection

    @trouble
    def silent_clients(self):
        """More than the server has descriptors, and rubbish from some of them."""
        with contextlib.ExitStack() as stack:
            for connection in self._connections(200, stack):
                if self.chance.random() < 0.3:
                    with contextlib.suppress(OSError):
                        connection.sendall(self.chance.randbytes(self.chance.randrange(1, 3000)))
            self.serves()
        return "right"

    @trouble
    def client_without_manners(self):
        """It knows the token; then it floods the device, sends frames of nobody's session, or says nothing more."""
        if self.tls:
            return self.client_killed()
        with socket.create_connection(self.place, 20) as connection, connection.makefile("rb") as lines:
            servers = lines.readline().removeprefix(greeting.CALL).strip()
            hosts = greeting.nonce()
            proof = greeting.proof(TOKEN.encode(), b"host", servers, hosts, greeting.PLAIN)
            connection.sendall(hosts + b" " + proof + b"\n")
            word = lines.readline().partition(b" ")[0].strip()
            with contextlib.suppress(OSError):
                connection.sendall(self.chance.randbytes(self.chance.choice([0, 100, 100_000, 3_000_000])))
            if self.chance.random() < 0.5:
                self.serves()
        return word.decode()

    @trouble
    def server_killed(self):
        """The server is killed in mid-call, and comes back at the same port; the same device goes on."""
        device = self.host()

        def work():
            while True:
                self.call(device)

        with later(self.chance.random() * 0.3, self.server.kill):
            came = self.outcome(work)
        self.server.communicate()
        assert came == "PortError"
        self.start(self.place[1])
        with device:
            self.call(device)
        return came

    @trouble
    def hostile_device(self):
        """A device in this process turns hostile in the middle of a call, or in an opening."""
        name = self.chance.choice(list(SCRIPTS))
        pipe = HostilePipe(self.design, SCRIPTS[name], seed=self.chance.randrange(1 << 30))
        link = LinkTransport(pipe, clock=pipe.now)
        start = pipe.time
        pipe.at(pipe.time + self.chance.random() * 0.02, pipe.turn)
        came = self.outcome(lambda: self.call(Device(link), timeout=self.chance.choice([None, 1.0, 30.0])))
        assert pipe.time - start < 60
        came = f"{came}, then {self.outcome(lambda: self.call(Device(link)))}"
        assert pipe.time - start < 120
        return came

    @trouble
    def rubbish_at_a_port(self):
        """What a port gives makes no sense, for ever."""
        with Board(self.design) as board:
            board.device = Rubbish(self.chance)
            came = self.outcome(lambda: connect(board.url, timing=Timing(progress=0.5)))
        assert came != "right"
        return came
