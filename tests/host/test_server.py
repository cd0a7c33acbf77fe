"""Clients of a server that mean harm, stop or have gone: the next one is served, and nobody is let in who isn't meant."""

import contextlib
import errno
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from convolver.errors import PortError
from convolver.host import greeting
from convolver.host import server as server_module
from convolver.host.device import Device
from convolver.host.device_end import State
from convolver.host.frames import Frame
from convolver.host.link import connect
from convolver.host.server import Server
from convolver.host.tcp_pipe import TcpPipe
from convolver.protocol import Type

from .test_serial import BLUR, IMAGE, Board, many_descriptors, waiting_bytes
from .test_tcp import EXPECTED, QUOTED, TOKEN, serving

BYTES = TOKEN.encode()


def place(server):
    host, port = server.url.removeprefix("tcp://").split(":")
    return host, int(port)


def reach(server, timeout=20.0, received=None):
    """A bare connection, of so many bytes on their way to it, and a file that reads its lines."""
    connection = socket.socket()
    if received is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, received)
    connection.settimeout(timeout)
    connection.connect(place(server))
    return connection, connection.makefile("rb")


def greet(connection, lines, token=None, certificate=greeting.PLAIN):
    """Says what a host says; the server's last word."""
    servers = lines.readline().removeprefix(greeting.CALL).strip()
    hosts = greeting.nonce()
    connection.sendall(hosts + b" " + greeting.proof(token, b"host", servers, hosts, certificate) + b"\n")
    return lines.readline()


def filters(url, token=None):
    with Device(connect(url + (f"?token={token}" if token else ""))) as device:
        assert np.array_equal(device(IMAGE), EXPECTED)


@pytest.fixture
def quick(monkeypatch):
    """Hosts send their sign of life twenty times as often, and are taken for stopped as much sooner."""
    monkeypatch.setattr("convolver.host.tcp_pipe.BEAT", 0.05)
    monkeypatch.setattr(server_module, "_BUSY", 0.5)
    monkeypatch.setattr(server_module, "_FAINT", 1.0)
    monkeypatch.setattr(server_module, "_SILENT", 2.0)


# Who says nothing


def test_silent_connections_lock_nobody_out():
    with Board(BLUR) as board, serving(board, token=TOKEN) as server, contextlib.ExitStack() as stack:
        threads = threading.active_count()
        silent = [stack.enter_context(socket.create_connection(place(server))) for _ in range(200)]
        filters(server.url, QUOTED)
        assert threading.active_count() <= threads + 3  # the holder's, and the client's own
        for connection in silent[-20:]:  # the youngest are still there
            assert connection.recv(len(greeting.CALL)) == greeting.CALL


def test_the_oldest_of_who_has_the_most_gives_way():
    with Board(BLUR) as board, serving(board) as server, contextlib.ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection(place(server))) for _ in range(server_module._GREETED + 5)]
        filters(server.url)  # by then all of them have been accepted
        words = []
        for connection in silent[:6]:
            connection.settimeout(10)
            with connection.makefile("rb") as lines:
                words.append([lines.readline()[: len(greeting.CALL)], lines.readline()])
        # One more than five gave way: the host that was served.
        assert words == [[greeting.CALL, b"full\n"]] * 6
        silent[6].settimeout(0.1)
        assert silent[6].recv(len(greeting.CALL)) == greeting.CALL


def test_a_greeting_that_never_ends_is_ended(monkeypatch):
    monkeypatch.setattr(server_module, "_GREETING", 0.3)
    with Board(BLUR) as board, serving(board) as server:
        connection, lines = reach(server)
        with connection, lines:
            assert lines.readline().startswith(greeting.CALL)
            with contextlib.suppress(ConnectionError):
                while True:  # a byte at a time is no way to put it off
                    connection.sendall(b"0")
                    time.sleep(0.01)
            assert lines.read() == b""
        filters(server.url)


@pytest.mark.parametrize("seed", range(30))
def test_what_is_no_greeting_is_ended(seed):
    chance = random.Random(seed)
    said = [
        b"\n",
        b"-\n",
        b"x" * 1000,
        chance.randbytes(500),
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        greeting.nonce() + b"\n" + bytes(100),
        greeting.nonce() + b" " + chance.randbytes(40).replace(b"\n", b"") + b"\n",
        b"\xff" * 150 + b"\n",
    ][seed % 8]
    with Board(BLUR) as board, serving(board, token=TOKEN) as server:
        connection, lines = reach(server)
        with connection, lines:
            lines.readline()
            connection.sendall(said)
            with contextlib.suppress(ConnectionError):
                assert lines.read() in (b"", b"token\n")
        filters(server.url, QUOTED)


# Descriptors


def test_an_accept_that_fails_does_not_end_a_server(monkeypatch):
    left = [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED, errno.EPROTO]
    accept = socket.socket.accept

    def failing(self):
        if left:
            raise OSError(left.pop(), "no more of them")
        return accept(self)

    with Board(BLUR) as board, serving(board) as server:
        monkeypatch.setattr(socket.socket, "accept", failing)
        filters(server.url)
        assert left == []


SERVER = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
from convolver.host.serial_pipe import SerialPipe
from convolver.host.server import Server
server = Server(lambda: SerialPipe(sys.argv[1]), port=0)
print(server.url, flush=True)
server.run()
"""


def test_a_server_without_descriptors_serves_the_next_host():
    """Forty of them, and a hundred silent connections, in the queue of the system too."""
    with Board(BLUR) as board, contextlib.ExitStack() as stack:
        program = subprocess.Popen([sys.executable, "-c", SERVER, board.url], stdout=subprocess.PIPE, text=True)
        stack.callback(program.communicate)
        stack.callback(program.kill)
        url = program.stdout.readline().strip()
        host, port = url.removeprefix("tcp://").split(":")
        for _ in range(100):
            stack.enter_context(socket.create_connection((host, int(port))))
        for _ in range(2):
            filters(url)
        assert program.poll() is None


def test_a_host_among_thousands_of_descriptors():
    """`select` knows the first 1024 only."""
    with Board(BLUR) as board, serving(board) as server, many_descriptors():
        with Device(connect(server.url)) as device:
            assert device._transport._session._pipe._channel.fileno() > 1024
            assert np.array_equal(device(IMAGE), EXPECTED)


def test_a_server_among_thousands_of_descriptors():
    with Board(BLUR) as board, many_descriptors(), serving(board) as server:
        filters(server.url)


# Who has the device, and stopped or went


def test_a_host_that_stopped_is_let_go_when_another_one_waits(quick):
    """It was admitted, and says nothing more."""
    with Board(BLUR) as board, serving(board) as server:
        connection, lines = reach(server)
        with connection, lines:
            assert greet(connection, lines).startswith(b"ok ")
            filters(server.url)
            assert lines.read() == b""
        assert server.hosts == 2


def test_a_host_that_is_idle_keeps_the_device(quick):
    with Board(BLUR) as board, serving(board) as server, Device(connect(server.url)) as device:
        assert np.array_equal(device(IMAGE), EXPECTED)
        for _ in range(3):
            with pytest.raises(PortError, match=r"^The device of server 127\.0\.0\.1:\d+ is used by another host$"):
                connect(server.url)
        assert np.array_equal(device(IMAGE), EXPECTED)


def test_a_sign_of_life_never_reaches_the_device(quick):
    with Board(BLUR) as board, serving(board) as server, Device(connect(server.url)):
        end = time.monotonic() + 10
        while board.raw_reads == 0 and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.2)
        before = board.raw_reads
        time.sleep(0.5)
        assert board.raw_reads == before
        assert server._holder.heard > time.monotonic() - 0.4


def test_half_a_frame_does_not_keep_a_host_from_showing_that_it_is_there(quick):
    with Board(BLUR) as board, serving(board) as server, contextlib.closing(TcpPipe(server.url)) as pipe:
        assert pipe.write(b"half a frame", time.monotonic() + 10) == 12
        for _ in range(3):
            before, end = server._holder.heard, time.monotonic() + 20
            while server._holder.heard == before and time.monotonic() < end:
                time.sleep(0.01)
            assert server._holder.heard > before


def test_a_host_that_sent_megabytes_and_closed_is_let_go():
    with Board(BLUR) as board, serving(board) as server:
        connection, lines = reach(server)
        with connection, lines:
            assert greet(connection, lines).startswith(b"ok ")
            with contextlib.suppress(ConnectionError):
                connection.sendall(bytes(range(256)) * 11_500)
        filters(server.url)
        assert server.hosts == 2


def test_a_host_that_sent_some_and_closed_is_let_go():
    """Less than the server reads ahead: its end is seen although the device, which is slow, hasn't got all of it."""
    with Board(BLUR) as board, serving(board) as server:
        board.stop()
        connection, lines = reach(server)
        with connection, lines:
            assert greet(connection, lines).startswith(b"ok ")
            connection.sendall(b"x" * 500_000)
        end = time.monotonic() + 20
        while (server._holder is not None or server._device.state is not State.FREE) and time.monotonic() < end:
            time.sleep(0.01)
        assert server._device.state is State.FREE
        # What a system keeps for a slow port would be seconds of the next host's time.
        goodbye = b"\0" + Frame(Type.BYE).wire()
        left = waiting_bytes(board, goodbye)
        assert left.endswith(goodbye)
        assert len(left) < 5000
        board.go_on()
        filters(server.url)


def test_a_host_that_sends_far_ahead_of_the_device_is_let_go():
    """No host of ours has more than a window under way; this one stays, and would fill the memory."""
    with Board(BLUR) as board, serving(board) as server:
        board.stop()
        connection, lines = reach(server)
        with connection, lines:
            assert greet(connection, lines).startswith(b"ok ")
            with pytest.raises(ConnectionError):
                connection.sendall(bytes(range(1, 256)) * (1 << 18))
        board.go_on()
        filters(server.url)


CLIENT = """
import sys
import numpy as np
from convolver.host.device import Device
from convolver.host.link import connect
device = Device(connect(sys.argv[1]))
image = np.zeros((64, 64), int)
print("begun", flush=True)
while True:
    device(image)
"""


def test_a_process_that_was_stopped_in_mid_frame_is_let_go():
    with Board(BLUR) as board, serving(board) as server:
        client = subprocess.Popen([sys.executable, "-c", CLIENT, server.url], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            assert client.stdout.readline() == b"begun\n"
            client.send_signal(signal.SIGSTOP)
            filters(server.url)
            client.send_signal(signal.SIGCONT)
            _, err = client.communicate(timeout=60)
            assert re.search(rb"PortError: Server 127\.0\.0\.1:\d+ went away: ", err)
        finally:
            client.kill()
            client.communicate()


def test_those_that_wait_get_the_device_in_turn(quick):
    with Board(BLUR) as board, serving(board) as server:
        served = []

        def host():
            while True:
                with contextlib.suppress(PortError):
                    filters(server.url)
                    break
            served.append(1)

        threads = [threading.Thread(target=host) for _ in range(4)]
        pipe = TcpPipe(server.url)
        pipe._closed.set()  # it shows no sign of life any more
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        pipe.close()
        assert len(served) == 4
        assert server.hosts == 5


def test_no_more_than_some_wait(quick, monkeypatch):
    monkeypatch.setattr(server_module, "_WAITING", 3)
    with Board(BLUR) as board, serving(board) as server, contextlib.ExitStack() as stack:
        connections = [stack.enter_context(contextlib.closing(reach(server)[0])) for _ in range(6)]
        files = [stack.enter_context(connection.makefile("rb")) for connection in connections]
        words = []

        def host(number):
            with contextlib.suppress(ConnectionError):
                words.append(greet(connections[number], files[number]))

        threads = [threading.Thread(target=host, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
            time.sleep(0.05)
        for thread in threads:
            thread.join(1)
        assert b"full\n" in words
        for connection in connections:
            connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


def test_who_speaks_before_its_turn_is_let_go(quick):
    with Board(BLUR) as board, serving(board) as server, Device(connect(server.url)):
        connection, lines = reach(server)
        with connection, lines:
            lines.readline()
            connection.sendall(greeting.nonce() + b" -\nand more")
            time.sleep(0.1)
            with contextlib.suppress(ConnectionError):
                connection.sendall(b"and more")
                assert lines.read() == b""


def test_a_host_that_takes_no_bytes_is_let_go_when_another_one_waits(quick, monkeypatch):
    monkeypatch.setattr(server_module, "_STUCK", 0.5)
    with Board(BLUR) as board, serving(board) as server:
        connection, lines = reach(server, received=4096)
        with connection, lines:
            assert greet(connection, lines).startswith(b"ok ")
            take, server._device.take = server._device.take, lambda: bytes(100_000)
            alive = threading.Event()

            def beat():
                with contextlib.suppress(OSError):
                    while not alive.wait(0.05):
                        connection.send(b"\0")  # it is alive, and doesn't listen
                        server._awake()

            thread = threading.Thread(target=beat)
            thread.start()
            holder, end = server._holder, time.monotonic() + 20
            while not (holder.stuck and time.monotonic() - holder.drained > 0.7) and time.monotonic() < end:
                time.sleep(0.01)
            assert server._holder is holder  # nobody else needs the device
            waiting, words = reach(server)
            with waiting, words:
                words.readline()
                waiting.sendall(greeting.nonce() + b" -\n")
                while server._holder is holder and time.monotonic() < end:
                    time.sleep(0.01)
                server._device.take = take
                assert words.readline().startswith(b"ok ")
            alive.set()
            thread.join()
        filters(server.url)


# Who is who


def test_a_server_proves_that_it_knows_the_token():
    """One that says ok to everybody isn't believed."""
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer():
            connection, _ = other.accept()
            with connection, connection.makefile("rb") as lines:
                connection.sendall(greeting.CALL + greeting.nonce() + b"\n")
                hosts = lines.readline().split()[0]
                wrong = greeting.proof(b"another token, as long", b"server", greeting.nonce(), hosts, greeting.PLAIN, b"5")
                connection.sendall(b"ok 5 " + wrong + b"\n")
                lines.read()

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(
            PortError,
            match=r"^Server 127\.0\.0\.1:\d+ doesn't prove that it knows the token; "
            r"it isn't the one that is meant, or was started without$",
        ):
            TcpPipe(f"tcp://127.0.0.1:{other.getsockname()[1]}?token={QUOTED}")
        thread.join()


def test_a_proof_that_is_thrown_back_proves_nothing():
    """What the host has said isn't what the server has to say."""
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer():
            connection, _ = other.accept()
            with connection, connection.makefile("rb") as lines:
                connection.sendall(greeting.CALL + greeting.nonce() + b"\n")
                connection.sendall(b"ok 5 " + lines.readline().split()[1] + b"\n")
                lines.read()

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(PortError, match=r"doesn't prove that it knows the token"):
            TcpPipe(f"tcp://127.0.0.1:{other.getsockname()[1]}?token={QUOTED}")
        thread.join()


def test_a_server_without_a_token_is_not_taken_for_one_with_it():
    with Board(BLUR) as board, serving(board) as server:
        with pytest.raises(PortError, match=r"doesn't prove that it knows the token"):
            connect(f"{server.url}?token={QUOTED}")
        filters(server.url)


@pytest.mark.parametrize("changed", ["token", "who", "servers", "hosts", "certificate", "word"])
def test_a_proof_is_for_one_meeting_only(changed):
    said = {"token": BYTES, "who": b"host", "servers": b"0" * 32, "hosts": b"1" * 32, "certificate": b"-", "word": b"5"}
    one = greeting.proof(**said)
    assert greeting.same(one, greeting.proof(**said))
    assert not greeting.same(one, greeting.proof(**(said | {changed: b"2" * 32})))


def test_a_proof_made_for_another_certificate_lets_nobody_in():
    with Board(BLUR) as board, serving(board, token=TOKEN) as server:
        for certificate, word in ((b"ab" * 32, b"token\n"), (greeting.PLAIN, b"ok ")):
            connection, lines = reach(server)
            with connection, lines:
                assert greet(connection, lines, BYTES, certificate).startswith(word)


@pytest.mark.parametrize("token", [b"sixteen bytes \xff\xfe", "sechzehn Zeichen äöü".encode(), b"with & and # and %"])
def test_a_token_may_be_any_bytes(token, monkeypatch):
    """As the environment gives it, or percent-encoded in an address."""
    with Board(BLUR) as board, serving(board, token=os.fsdecode(token)) as server:
        filters(server.url, "".join(f"%{byte:02X}" for byte in token))
        monkeypatch.setenv("CONVOLVER_TOKEN", os.fsdecode(token))
        filters(server.url)


def test_a_token_that_is_no_text_is_one_clear_error(monkeypatch):
    message = r"^A token must be text, or bytes as the environment gives them, not half a surrogate pair$"
    with pytest.raises(PortError, match=message):
        connect("tcp://127.0.0.1:1?token=\ud800")
    with pytest.raises(PortError, match=message):
        Server(lambda: None, port=0, token="\ud800" * 16)
