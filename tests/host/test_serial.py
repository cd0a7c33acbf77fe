"""The link over a real serial port, as far as a pseudo-terminal is one."""

import contextlib
import dataclasses
import os
import re
import resource
import select
import signal
import threading
import time
import tty

import numpy as np
import pytest

from convolver import Conv2DDesign, u8
from convolver.errors import DesignMismatch, LinkTimeout, PortError
from convolver.host.device import Device
from convolver.host.link import connect
from convolver.host.serial_pipe import DEFAULT_BAUD, SerialPipe, parse_url
from convolver.host.session import Timing
from convolver.sim import golden

from .device_model import DeviceModel
from .line import Faults

BLUR = Conv2DDesign([[1, 2, 1], [2, 4, 2], [1, 2, 1]], shift=4, output=u8, boundary="reflect", rows=64, columns=64)
IMAGE = np.random.default_rng(1).integers(0, 256, (48, 64))
QUICK = Timing(retry=0.05, retry_min=0.02, retry_max=0.1)
"""Sends again soon, but waits as long as users' own timing: a busy machine may take a second for what takes a millisecond."""
IMPATIENT = dataclasses.replace(QUICK, progress=0.5)


@contextlib.contextmanager
def impatient(device):
    """For calls that are to end in a timeout."""
    session = device._transport._session
    session.timing, patient = IMPATIENT, session.timing
    try:
        yield
    finally:
        session.timing = patient


@contextlib.contextmanager
def many_descriptors():
    """From here on a new descriptor has a number above 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(2048, hard), hard))
    taken = [os.open(os.devnull, os.O_RDONLY)]
    try:
        while taken[-1] <= 1024:
            taken.append(os.dup(taken[0]))
        yield
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Board:
    """A device model behind a pseudo-terminal, in a thread of its own."""

    def __init__(self, design, faults=None):
        self.device = DeviceModel(design)
        self.faults = faults or Faults(0, 0)
        self.silent = False
        self._stopped, self._stands = threading.Event(), threading.Event()
        self.raw_reads = 0
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.url = f"serial://{os.ttyname(self.slave)}"
        self.running = True
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.unplug()

    def unplug(self):
        if self.running:
            self.running = False
            self.thread.join()
            os.close(self.slave)
            os.close(self.master)

    def stop(self):
        """Stops the board, and returns when it has: what is written from here on stays in the terminal."""
        self._stopped.set()
        assert self._stands.wait(60)

    def go_on(self):
        self._stands.clear()
        self._stopped.clear()

    def _run(self):
        out = b""
        while self.running:
            if self._stopped.is_set():
                self._stands.set()
                time.sleep(0.01)
                continue
            out = out or self.faults(self.device.transmit(time.monotonic()))
            if self.silent:
                out = b""
            readable, writable, _ = select.select([self.master], [self.master] if out else [], [], 0.005)
            with contextlib.suppress(BlockingIOError):
                if writable:
                    out = out[os.write(self.master, out) :]
                if readable:
                    data = os.read(self.master, 4096)
                    self.raw_reads += 1
                    if not self.silent:
                        self.device.receive(self.faults(data), time.monotonic())


def waiting_bytes(board, last):
    """What has come to a board that is stopped, which will never see it, up to `last`.

    Linux carries bytes from one end of a terminal to the other in a thread of its own, which may come late.
    """
    data, end = b"", time.monotonic() + 20
    while not data.endswith(last) and time.monotonic() < end:
        try:
            data += os.read(board.master, 1 << 16)
        except BlockingIOError:
            time.sleep(0.01)
    return data


def test_a_picture_is_filtered_through_a_port():
    with Board(BLUR) as board, Device(connect(board.url, BLUR)) as device:
        assert device.design == BLUR
        assert np.array_equal(device(IMAGE), golden.conv2d(BLUR, IMAGE))
        assert device.status()["beats_out"] == IMAGE.size


def test_a_picture_is_filtered_through_a_bad_port():
    faults = Faults(1e-3, 3)
    with Board(BLUR, faults) as board, Device(connect(board.url, BLUR)) as device:
        for _ in range(3):
            assert np.array_equal(device(IMAGE), golden.conv2d(BLUR, IMAGE))
    assert faults.count > 3


def test_what_has_not_left_is_dropped():
    """What a system keeps for a slow port would be seconds of the next host's time."""
    with Board(BLUR) as board:
        board.stop()
        pipe = SerialPipe(board.url)
        while pipe.write(b"x" * 4096, time.monotonic()):
            pass
        pipe.discard()
        assert pipe.write(b"next", time.monotonic()) == 4
        left = waiting_bytes(board, b"next")
        assert left.endswith(b"next")
        assert len(left) < 5000  # of some 20 000; what stands at the terminal's other end is as good as on the line
        pipe.close()
        with pytest.raises(PortError, match=r"^Port /dev/\S+ is closed; open it again$"):
            pipe.discard()


def test_one_host_after_the_other():
    with Board(BLUR) as board:
        for _ in range(3):
            with Device(connect(board.url)) as device:
                assert np.array_equal(device(IMAGE[:5]), golden.conv2d(BLUR, IMAGE[:5]))


def test_a_second_host_is_refused_while_the_first_holds_the_port():
    with Board(BLUR) as board, Device(connect(board.url)) as device:
        with pytest.raises(PortError, match=r"^Port /dev/\S+ can't be opened: another program uses it$"):
            connect(board.url)
        assert np.array_equal(device(IMAGE), golden.conv2d(BLUR, IMAGE))


def test_a_port_where_nobody_answers_is_a_timeout_and_is_released():
    with Board(BLUR) as board:
        board.silent = True
        with pytest.raises(LinkTimeout, match=r"^No device answered within "):
            connect(board.url, timing=IMPATIENT)
        board.silent = False
        with Device(connect(board.url)) as device:
            assert np.array_equal(device(IMAGE), golden.conv2d(BLUR, IMAGE))


def test_a_board_that_falls_silent_is_a_timeout_and_then_goes_on():
    with Board(BLUR) as board, Device(connect(board.url, timing=QUICK)) as device:
        board.silent = True
        with impatient(device), pytest.raises(LinkTimeout, match=r"^Nothing moved for 0.5 s; it stalls in the link"):
            device(IMAGE)
        board.silent = False
        assert np.array_equal(device(IMAGE), golden.conv2d(BLUR, IMAGE))


def test_unplugging_is_a_port_error():
    with Board(BLUR) as board, Device(connect(board.url, timing=QUICK)) as device:
        board.unplug()
        with pytest.raises(PortError, match=r"^Port /dev/\S+ went away: [^\n]+$"):
            device(IMAGE)


def test_another_design_releases_the_port():
    with Board(BLUR) as board:
        with pytest.raises(DesignMismatch, match=r"shift is 4 there, 3 expected"):
            connect(board.url, BLUR.replace(shift=3))
        with connect(board.url, BLUR):
            pass


def test_ctrl_c_releases_the_port_and_the_next_host_is_served():
    with Board(BLUR) as board:

        def interrupted():
            with Device(connect(board.url)) as device:
                board.silent = True
                main = threading.main_thread().ident
                threading.Timer(0.2, lambda: signal.pthread_kill(main, signal.SIGINT)).start()
                device(IMAGE)

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        board.silent = False
        with Device(connect(board.url)) as device:
            assert np.array_equal(device(IMAGE), golden.conv2d(BLUR, IMAGE))


def test_a_port_among_thousands_of_descriptors():
    """`select` knows the first 1024 only."""
    with Board(BLUR) as board, many_descriptors(), Device(connect(board.url)) as device:
        assert device._transport._session._pipe._descriptor > 1024
        assert np.array_equal(device(IMAGE), golden.conv2d(BLUR, IMAGE))


def read_for_ever(pipe):
    while True:
        pipe.read(100, time.monotonic() + 0.05)


def test_a_port_that_is_closed_by_another_thread():
    with Board(BLUR) as board:
        pipe = SerialPipe(board.url)
        name = re.escape(board.url.removeprefix("serial://"))
        threading.Timer(0.1, pipe.close).start()
        with pytest.raises(PortError, match=rf"^Port {name} is closed; open it again$"):
            read_for_ever(pipe)
        with pytest.raises(PortError, match=rf"^Port {name} is closed; open it again$"):
            pipe.write(b"x", time.monotonic())
        pipe.close()


def test_a_port_that_two_threads_close_at_once(monkeypatch):
    """The number of a descriptor may be another file's by the time the second one closes it."""
    with Board(BLUR) as board:
        pipe = SerialPipe(board.url)
        close, closing, go_on, closed = pipe._port.close, threading.Event(), threading.Event(), []

        def slowly():
            closed.append(threading.current_thread())
            closing.set()
            assert go_on.wait(60)
            close()

        monkeypatch.setattr(pipe._port, "close", slowly)
        first = threading.Thread(target=pipe.close)
        first.start()
        assert closing.wait(60)
        threading.Timer(0.1, go_on.set).start()
        pipe.close()
        first.join()
        assert closed == [first]
        with pytest.raises(PortError, match=r"is closed; open it again$"):
            pipe.write(b"x", time.monotonic())


def test_a_device_that_is_closed_by_another_thread_in_mid_call():
    with Board(BLUR) as board:
        device = Device(connect(board.url))
        board.silent = True
        timer = threading.Timer(0.2, device.close)
        timer.start()
        with pytest.raises(PortError, match=r"^The device was closed in the middle of a call; open it again$"):
            device(IMAGE)
        timer.join()
        board.silent = False
        with Device(connect(board.url)) as again:
            assert np.array_equal(again(IMAGE), golden.conv2d(BLUR, IMAGE))


def test_a_far_end_that_was_stopped_is_the_one_that_stalls():
    """The terminal's buffers fill, and nothing reads at its other end."""
    with Board(BLUR) as board, Device(connect(board.url, timing=QUICK)) as device:
        board.stop()
        with (
            impatient(device),
            pytest.raises(LinkTimeout, match=r"in the link: (its far end takes no|nothing was heard)"),
        ):
            device(np.tile(IMAGE, (8, 8)))
        board.go_on()
        assert np.array_equal(device(IMAGE), golden.conv2d(BLUR, IMAGE))


def test_what_a_far_end_takes_is_counted_exactly():
    """A terminal that nobody reads takes a few kilobytes: those that went out are told, and arrive."""
    master, slave = os.openpty()
    tty.setraw(slave)
    pipe = SerialPipe(f"serial://{os.ttyname(slave)}")
    data = bytes(range(256)) * 1024
    sent = pipe.write(data, time.monotonic() + 0.05)
    assert 0 < sent < len(data)
    got = b""
    os.set_blocking(master, False)
    while len(got) < sent:
        got += os.read(master, 65536)
    assert got == data[:sent]
    with pytest.raises(BlockingIOError):
        os.read(master, 1)
    pipe.close()
    os.close(master)
    os.close(slave)


def test_a_port_that_isn_t_there():
    with pytest.raises(PortError, match=r"^Port /dev/nothing-here can't be opened: there is no such port$"):
        SerialPipe("serial:///dev/nothing-here")


def test_a_file_that_is_no_port(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(PortError, match=rf"^Port {re.escape(str(path))} can't be opened: [^\n]+$"):
        SerialPipe(f"serial://{path}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_port_that_isn_t_ours(tmp_path):
    path = tmp_path / "port"
    path.write_text("")
    path.chmod(0)
    with pytest.raises(PortError, match=r"can't be opened: this user isn't allowed to; on Linux, join the group"):
        SerialPipe(f"serial://{path}")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("serial:///dev/ttyUSB0", ("/dev/ttyUSB0", DEFAULT_BAUD)),
        ("serial:///dev/ttyUSB0?baud=115200", ("/dev/ttyUSB0", 115200)),
        ("serial://COM3?baud=1000000", ("COM3", 1000000)),
    ],
)
def test_addresses(url, expected):
    assert parse_url(url) == expected


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("/dev/ttyUSB0", "A port must be written like serial:///dev/ttyUSB0 or serial://COM3?baud=3000000, not '/dev/ttyUSB0'"),
        ("serial://", "A port must be written like serial:///dev/ttyUSB0 or serial://COM3?baud=3000000, not 'serial://'"),
        ("serial://COM3?baud=fast", "Baud must be an integer between 300 and 20000000, not 'fast'"),
        ("serial://COM3?baud=1", "Baud must be an integer between 300 and 20000000, not '1'"),
        ("serial://COM3?speed=9600", "A serial port takes the option baud=RATE and no other: 'serial://COM3…'"),
        ("serial://COM3?baud=9600&x=1", "A serial port takes the option baud=RATE and no other: 'serial://COM3…'"),
        (
            "serial://[::1",
            "A port must be written like serial:///dev/ttyUSB0 or serial://COM3?baud=3000000, not 'serial://[::1'",
        ),
        (f"serial://COM3?baud={'9' * 5000}", "Baud must be an integer between 300 and 20000000, not what stands there"),
        ("serial://COM3?baud=fifteen_letters", "Baud must be an integer between 300 and 20000000, not 'fifteen_letters'"),
        ("serial://COM3?baud=sixteen%5Fletters%5F", "Baud must be an integer between 300 and 20000000, not what stands there"),
        ("serial://COM3?baud=9600;token=abc", "Baud must be an integer between 300 and 20000000, not what stands there"),
        ("serial://COM3?baud=\x1b[2J", "Baud must be an integer between 300 and 20000000, not '\\\\x1b[2J'"),
    ],
)
def test_addresses_that_are_none(url, message):
    with pytest.raises(PortError, match=f"^{re.escape(message)}$"):
        parse_url(url)


def test_a_board_that_is_plugged_in_again_goes_on(tmp_path):
    """Under the name it had, as udev gives it."""
    name = tmp_path / "ttyBoard"
    with Board(BLUR) as board:
        name.symlink_to(board.url.removeprefix("serial://"))
        device = Device(connect(f"serial://{name}", timing=QUICK))
        assert np.array_equal(device(IMAGE), golden.conv2d(BLUR, IMAGE))
        board.unplug()
        name.unlink()
        with pytest.raises(PortError, match=r"went away: "):
            device(IMAGE)
        with pytest.raises(PortError, match=r"can't be opened: there is no such port$"):
            device(IMAGE)
    with Board(BLUR) as board, device:
        name.symlink_to(board.url.removeprefix("serial://"))
        assert np.array_equal(device(IMAGE), golden.conv2d(BLUR, IMAGE))
        assert device.status()["failed_PortError"] == 2
