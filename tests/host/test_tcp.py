"""The link over TCP: the same answers as over a port, one clear line for whatever is wrong, and a device that is free again."""

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from convolver.errors import LinkTimeout, PortError
from convolver.host.address import open_pipe, shown
from convolver.host.device import Device
from convolver.host.greeting import CALL
from convolver.host.link import connect
from convolver.host.serial_pipe import SerialPipe
from convolver.host.server import Server
from convolver.host.tcp_pipe import TcpPipe, parse_url
from convolver.sim import golden

from .line import Faults
from .test_serial import BLUR, IMAGE, QUICK, Board, impatient

TOKEN = "correct horse battery+staple"
QUOTED = "correct%20horse%20battery+staple"
OPEN_FILES = Path("/proc/self/fd")
EXPECTED = golden.conv2d(BLUR, IMAGE)


@contextlib.contextmanager
def serving(board, **options):
    """A server of a board, in a thread."""
    server = Server(lambda: SerialPipe(board.url), port=0, **options)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


@pytest.fixture(scope="module")
def served():
    with Board(BLUR) as board, serving(board) as server:
        yield server


@pytest.fixture(scope="module")
def guarded():
    with Board(BLUR) as board, serving(board, token=TOKEN) as server:
        yield server


def test_a_picture_is_filtered_by_a_server(served):
    with Device(connect(served.url, BLUR)) as device:
        assert device.design == BLUR
        assert np.array_equal(device(IMAGE), EXPECTED)


def test_a_picture_is_filtered_through_a_bad_line_behind_a_server():
    faults = Faults(1e-3, 5)
    with Board(BLUR, faults) as board, serving(board) as server, Device(connect(server.url)) as device:
        for _ in range(2):
            assert np.array_equal(device(IMAGE), EXPECTED)
    assert faults.count > 3


def test_one_host_after_the_other(served):
    for _ in range(5):
        with Device(connect(served.url)) as device:
            assert np.array_equal(device(IMAGE[:5]), golden.conv2d(BLUR, IMAGE[:5]))


def test_a_server_tells_how_long_a_byte_takes(served):
    pipe = TcpPipe(served.url)
    assert pipe.byte_time == pytest.approx(10 / 3e6, rel=1e-3)
    pipe.close()


def test_a_second_host_is_told_that_the_device_is_used(served):
    with Device(connect(served.url)) as device:
        with pytest.raises(PortError, match=r"^The device of server 127\.0\.0\.1:\d+ is used by another host$"):
            connect(served.url)
        assert np.array_equal(device(IMAGE), EXPECTED)


@pytest.mark.parametrize("how", ["address", "variable"])
def test_who_knows_the_token_is_served(guarded, monkeypatch, how):
    url = guarded.url
    if how == "variable":
        monkeypatch.setenv("CONVOLVER_TOKEN", TOKEN)
    else:
        url += f"?token={QUOTED}"
    with Device(connect(url)) as device:
        assert np.array_equal(device(IMAGE), EXPECTED)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", r"wants a token: give it in the variable CONVOLVER_TOKEN, or as tcp://HOST:PORT\?token=TOKEN$"),
        ("?token=", r"wants a token: give it in the variable CONVOLVER_TOKEN, or as tcp://HOST:PORT\?token=TOKEN$"),
        ("?token=correct%20horse%20battery+stapler", r"refuses this token$"),
        ("?token=x", r"refuses this token$"),
    ],
)
def test_who_does_not_know_the_token_is_refused(guarded, query, message):
    with pytest.raises(PortError, match=rf"^Server 127\.0\.0\.1:\d+ {message}") as caught:
        connect(guarded.url + query)
    assert "horse" not in str(caught.value)


def test_a_token_never_travels(guarded):
    """What a listener on the wire sees holds no part of it, and what it saw once opens nothing."""
    host, port = guarded.url.removeprefix("tcp://").split(":")
    heard = bytearray()
    relay = socket.create_server(("127.0.0.1", 0))

    def listen():
        near, _ = relay.accept()
        with near, socket.create_connection((host, int(port))) as far:
            far.settimeout(2)
            near.settimeout(2)
            for source, sink in ((far, near), (near, far), (far, near)):
                data = source.recv(200)
                heard.extend(data)
                sink.sendall(data)

    thread = threading.Thread(target=listen)
    thread.start()
    pipe = TcpPipe(f"tcp://127.0.0.1:{relay.getsockname()[1]}?token={QUOTED}")
    pipe.close()
    thread.join()
    relay.close()
    assert b"ok " in heard
    assert TOKEN.encode() not in heard
    answer = bytes(heard).split(b"\n")[1]
    with socket.create_connection((host, int(port)), 5) as again:
        again.recv(200)
        again.sendall(answer + b"\n")
        assert again.recv(200) == b"token\n"


@pytest.mark.parametrize("url", ["pigeon://loft?token=secret", "tcp://loft?token=secret", "tcp://loft:1?token=secret&x=1"])
def test_no_error_shows_a_token(url):
    with pytest.raises(PortError) as caught:
        open_pipe(url)
    assert "secret" not in str(caught.value)
    assert "secret" not in shown(url)
    assert "secret" not in repr(parse_url("tcp://loft:1?token=secret"))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            b"",
            r"^Server 127\.0\.0\.1:\d+ has ended the connection without a reason; it is full, or isn't convolver serve$",
        ),
        (b"SSH-2.0-OpenSSH_9\r\n", r"^What answers at 127\.0\.0\.1:\d+ isn't convolver serve$"),
        (b"x" * 500, r"^What answers at 127\.0\.0\.1:\d+ isn't convolver serve$"),
        (b"\xff\n", r"^What answers at 127\.0\.0\.1:\d+ isn't convolver serve$"),
        (CALL + b"no nonce\n", r"^What answers at 127\.0\.0\.1:\d+ isn't convolver serve$"),
        (
            b"convolver 1 0123456789abcdef0123456789abcdef\n",
            r"^Server 127\.0\.0\.1:\d+ speaks version 1 of the greeting, this host version 2$",
        ),
        (
            b"convolver \x1b[2J" + b"9" * 100 + b"\n",
            r"^Server 127\.0\.0\.1:\d+ speaks version \\x1b\[2J99… of the greeting, this host version 2$",
        ),
        (b"full\n", r"^Server 127\.0\.0\.1:\d+ has no room for another connection now; try again$"),
        (CALL + b"0" * 32 + b"\nfull\n", r"^Server 127\.0\.0\.1:\d+ has no room for another host now; try again$"),
        (CALL + b"0" * 32 + b"\nok 5\n", r"^What answers at 127\.0\.0\.1:\d+ isn't convolver serve$"),
    ],
    ids=repr,
)
def test_something_else_that_listens_there_is_named(said, message, monkeypatch):
    monkeypatch.setattr("convolver.host.tcp_pipe._FULL", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer():
            connection, _ = other.accept()
            with connection:
                connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(PortError, match=message):
            connect(f"tcp://127.0.0.1:{other.getsockname()[1]}")
        thread.join()


def test_a_host_that_a_full_server_turns_away_tries_again():
    """Hosts that come at once, and rubbish with them, may each be told so for a moment."""
    words = [b"full\n", CALL + b"0" * 32 + b"\nfull\n", CALL + b"0" * 32 + b"\nbusy\n"]
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer():
            while words:
                connection, _ = other.accept()
                with connection:
                    connection.sendall(words.pop(0))

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(PortError, match=r"^The device of server 127\.0\.0\.1:\d+ is used by another host$"):
            connect(f"tcp://127.0.0.1:{other.getsockname()[1]}")
        thread.join()
    assert not words


def test_where_nothing_listens():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(PortError, match=r"^Server 127\.0\.0\.1:\d+ can't be reached: nothing listens there; start convolver"):
        connect(f"tcp://127.0.0.1:{port}")


def endless(device):
    while True:
        device(IMAGE)


def test_a_server_that_goes_in_mid_frame_is_one_clear_error():
    with Board(BLUR, Faults(0, 0)) as board:
        with serving(board) as server:
            device = Device(connect(server.url, timing=QUICK))
            assert np.array_equal(device(IMAGE), EXPECTED)
            stop = threading.Timer(0.02, server.stop)
            stop.start()
            with pytest.raises(PortError, match=r"^Server 127\.0\.0\.1:\d+ (went away|can't be reached): [^\n]+$"):
                endless(device)
            stop.join()
        with pytest.raises(PortError, match=r"^Server 127\.0\.0\.1:\d+ can't be reached: nothing listens there"):
            device(IMAGE)
        # It comes back, and the same device goes on.
        port = int(server.url.rpartition(":")[2])
        again = Server(lambda: SerialPipe(board.url), port=port)
        thread = threading.Thread(target=again.run)
        thread.start()
        try:
            assert np.array_equal(device(IMAGE), EXPECTED)
            device.close()
        finally:
            again.stop()
            thread.join()


def test_a_device_that_falls_silent_behind_a_server():
    with Board(BLUR) as board, serving(board) as server, Device(connect(server.url, timing=QUICK)) as device:
        board.silent = True
        with impatient(device), pytest.raises(LinkTimeout, match=r"^Nothing moved for 0.5 s; it stalls in the link"):
            device(IMAGE)
        board.silent = False
        assert np.array_equal(device(IMAGE), EXPECTED)


def test_a_device_that_is_unplugged_behind_a_server_is_opened_anew():
    with contextlib.ExitStack() as stack:
        board = stack.enter_context(Board(BLUR))
        boards = [board]
        server = Server(lambda: SerialPipe(boards[-1].url), port=0)
        thread = threading.Thread(target=server.run)
        thread.start()
        stack.callback(thread.join)
        stack.callback(server.stop)
        device = Device(connect(server.url, timing=QUICK))
        assert np.array_equal(device(IMAGE), EXPECTED)
        board.unplug()
        with pytest.raises(PortError, match=r"^Server 127\.0\.0\.1:\d+ went away: "):
            device(IMAGE)
        with pytest.raises(PortError, match=r"^The device of server 127\.0\.0\.1:\d+ went away; connect it again$"):
            device(IMAGE)
        boards.append(stack.enter_context(Board(BLUR)))
        assert np.array_equal(device(IMAGE), EXPECTED)
        device.close()


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


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_host_killed_in_mid_frame_frees_the_device(number):
    with Board(BLUR) as board, serving(board) as server:
        client = subprocess.Popen([sys.executable, "-c", CLIENT, server.url], stdout=subprocess.PIPE)
        assert client.stdout.readline() == b"begun\n"
        time.sleep(0.05)
        client.send_signal(number)
        client.communicate()
        # The device is told, so that it's silent; nobody has to come for that.
        end = time.monotonic() + 10
        while board.device.session and time.monotonic() < end:
            time.sleep(0.01)
        assert board.device.session == 0
        with Device(connect(server.url)) as device:
            assert np.array_equal(device(IMAGE), EXPECTED)


def test_a_host_that_says_nothing_keeps_nobody_waiting(guarded):
    host, port = guarded.url.removeprefix("tcp://").split(":")
    silent = [socket.create_connection((host, int(port))) for _ in range(5)]
    with Device(connect(f"{guarded.url}?token={QUOTED}")) as device:
        assert np.array_equal(device(IMAGE[:5]), golden.conv2d(BLUR, IMAGE[:5]))
    for connection in silent:
        assert connection.recv(12) == CALL
        connection.close()


def test_a_server_beyond_this_machine_must_have_a_token():
    def no_pipe():
        raise AssertionError("the device isn't touched before the token is seen")

    with pytest.raises(PortError, match=r"^A server that other machines reach, at 0\.0\.0\.0, must have a token$"):
        Server(no_pipe, "0.0.0.0")
    with pytest.raises(PortError, match=r"^A server that other machines reach, at ::, must have a token$"):
        Server(no_pipe, "::")
    with pytest.raises(PortError, match=r"^A token must have 16 characters or more, not 5$") as caught:
        Server(no_pipe, "0.0.0.0", token="short")
    assert "short" not in str(caught.value)
    with pytest.raises(PortError, match=r"^A port must be between 0 and 65535, not 70000$"):
        Server(no_pipe, port=70000)


def test_a_server_at_every_address_with_a_token():
    with Board(BLUR) as board, serving(board, host="0.0.0.0", token=TOKEN) as server:
        port = server.url.rpartition(":")[2]
        with pytest.raises(PortError, match=r"wants a token"):
            connect(f"tcp://127.0.0.1:{port}")
        with Device(connect(f"tcp://localhost:{port}?token={QUOTED}")) as device:
            assert np.array_equal(device(IMAGE), EXPECTED)


def test_a_port_that_is_taken(served):
    with pytest.raises(PortError, match=r"^Port \d+ of 127\.0\.0\.1 can't be listened at: "):
        Server(lambda: None, port=int(served.url.rpartition(":")[2]))


def test_a_device_that_is_not_there_is_told_at_once():
    with pytest.raises(PortError, match=r"^Port /dev/nothing-here can't be opened"):
        Server(lambda: SerialPipe("serial:///dev/nothing-here"), port=0)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("tcp://localhost:9876", ("localhost", 9876, None)),
        ("tcp://[::1]:1?token=a%26b+c", ("::1", 1, b"a&b+c")),
    ],
)
def test_addresses(url, expected, monkeypatch):
    monkeypatch.delenv("CONVOLVER_TOKEN", raising=False)
    address = parse_url(url)
    assert (address.host, address.port, address.token) == expected


@pytest.mark.parametrize(
    "url", ["tcp://", "tcp://host", "tcp://host:x", "tcp://host:70000", "tcp://a@host:1", "tcp://host:1/x"]
)
def test_addresses_that_are_none(url):
    with pytest.raises(PortError, match=r"^A server must be written like tcp://192\.168\.1\.5:9876, or tls://"):
        parse_url(url)


@pytest.mark.skipif(not OPEN_FILES.exists(), reason="counts open files where the system lists them")
def test_nothing_stays_open(served):
    def count():
        return len(list(OPEN_FILES.iterdir()))

    with Device(connect(served.url)):
        pass
    time.sleep(0.5)
    before = count()
    for _ in range(2):
        with contextlib.suppress(PortError), Device(connect(served.url)):
            connect(served.url)
    end = time.monotonic() + 10
    while count() > before and time.monotonic() < end:
        time.sleep(0.05)
    assert count() <= before
