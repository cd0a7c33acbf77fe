"""The whole device top, compiled, pin to pin, with the real host driver at the other end."""

import os
import random
import select
import signal
import struct
import subprocess
import sys
import threading

import numpy as np
import pytest
from PIL import Image

import convolver
from convolver import Conv2DDesign, FIRDesign, s16, u8
from convolver.boards import get
from convolver.boards.clocks import clocks_of
from convolver.boards.simulated import simulated_top
from convolver.errors import BoardError, DesignMismatch, FileError, LinkError, LinkTimeout, SessionLost
from convolver.host.device import Device
from convolver.host.frames import Frame, FrameReceiver
from convolver.host.link import LinkTransport, connect
from convolver.hw.link.one_clock import CLOCK_HZ, DIVISOR
from convolver.protocol import Type
from convolver.sim import golden
from convolver.sim.twin.board import BoardPipe, BoardTwin, serving

SOBEL = Conv2DDesign([[1, 0, -1], [2, 0, -3], [1, 0, -1]], pixel=u8, boundary="edge", rows=300, columns=160)
SMOOTH = FIRDesign([3, -7, 11, 60, 25, -9, 1], data=s16, coefficient=s16, output=s16, shift=6, loadable=True)
ULX3S = get("ulx3s-85f")
TIMER = CLOCK_HZ // 8


def direct(twin, faults=lambda data: data):
    pipe = BoardPipe(twin, faults)
    return LinkTransport(pipe, clock=pipe.time)


def photo(rows, columns):
    """A piece of the photo that matplotlib carries, in grey."""
    from matplotlib import cbook

    with cbook.get_sample_data("grace_hopper.jpg") as file:
        grey = Image.open(file).convert("L")
    return np.asarray(grey, dtype=np.int64)[100 : 100 + rows, 150 : 150 + columns]


def drops(transport):
    return [name for name, value in transport.status().items() if name.startswith("device_dropped_") and value]


@pytest.fixture(scope="module")
def terminal():
    with serving(SOBEL, serial_number=42) as terminal:
        yield terminal


@pytest.fixture(scope="module")
def signals():
    return BoardTwin(SMOOTH)


def ask(twin, *frames):
    """Sends frames at the pins; what comes back."""
    receiver = FrameReceiver()
    received = list(receiver.feed(twin.exchange(b"\0" + b"".join(frame.wire() for frame in frames))))
    assert not receiver.drops
    return received


def hello(twin, session):
    """Begins a session; a frame of the old one may be cut short by it."""
    frame = Frame(Type.HELLO, limit=32, session=session, payload=b"\x01")
    received = FrameReceiver().feed(twin.exchange(b"\0" + frame.wire()))
    (welcome,) = (answer for answer in received if answer.session == session)
    assert (welcome.type, welcome.seq, welcome.ack) == (Type.WELCOME, 0, 0)


def test_a_picture_through_a_port(terminal):
    picture = photo(60, 80)
    with Device(connect(f"serial://{terminal.port}", SOBEL)) as device:
        for image in (picture, picture[:, ::-1], picture[7:9, :5]):
            np.testing.assert_array_equal(device(np.ascontiguousarray(image)), golden.run(SOBEL, image))


def test_what_the_board_says(terminal):
    transport = connect(f"serial://{terminal.port}")
    transport.run(photo(6, 9))
    status = transport.status()
    transport.close()
    assert transport.design == SOBEL
    assert (status["serial_number"], status["clock_frequency"]) == (42, CLOCK_HZ)
    assert (status["beats_in"], status["beats_out"]) == (54, 54)
    assert not any(value for name, value in status.items() if name.startswith(("error_", "device_dropped_")))
    assert terminal.lost == terminal.twin.broken == 0


def test_one_host_after_the_other(terminal):
    """The second and the third know nothing of the one before, which has gone without a word in the middle of a frame."""
    image = photo(9, 11)
    for seed in range(3):
        rng = random.Random(seed)
        port = os.open(terminal.port, os.O_RDWR | os.O_NOCTTY)
        frames = [
            Frame(Type.HELLO, limit=32, session=9, payload=b"\x01"),
            Frame(Type.WRITE, 0, 0, 32, 9, struct.pack("<HBBII", 0x10, 2, 4, 20, 20)),
            *(Frame(Type.DATA, n, 0, 32, 9, bytes(150)) for n in range(1, 3)),
        ]
        sent = b"\0" + b"".join(frame.wire() for frame in frames)
        os.write(port, sent[: rng.randrange(60, len(sent))])
        os.close(port)
        with Device(connect(f"serial://{terminal.port}", SOBEL)) as device:
            np.testing.assert_array_equal(device(image), golden.run(SOBEL, image))


def test_rubbish_at_the_port_and_a_host_that_does_not_read():
    with serving(SOBEL, serial_number=42) as terminal:
        rng = random.Random(1)
        port = os.open(terminal.port, os.O_RDWR | os.O_NOCTTY)
        frames = [Frame(Type.HELLO, limit=32, session=9, payload=b"\x01")]
        frames += [Frame(Type.ACK, 0, 0, 32, 9, poll=True)] * 500
        # More answers than a terminal holds.
        os.write(port, b"".join(frame.wire() for frame in frames)[:3000])
        for _ in range(3):
            os.write(port, bytes(rng.randrange(256) for _ in range(1000)))
            os.write(port, b"\0" + frames[-1].wire() * 150)
        os.close(port)
        image = photo(5, 6)
        with Device(connect(f"serial://{terminal.port}", SOBEL)) as device:
            np.testing.assert_array_equal(device(image), golden.run(SOBEL, image))


def test_a_second_host_takes_the_device():
    twin = BoardTwin(SMOOTH)
    first, second = direct(twin), None
    samples = np.arange(-50, 50, dtype=np.int64)
    first.run(samples)
    second = direct(twin)
    np.testing.assert_array_equal(second.run(samples), golden.run(SMOOTH, samples))
    with pytest.raises(SessionLost):
        first.run(samples)
    # And the first one takes it back.
    np.testing.assert_array_equal(first.run(samples), golden.run(SMOOTH, samples))


def test_a_burst_far_longer_than_any_ring(signals):
    rng = np.random.default_rng(2)
    samples = rng.integers(-(1 << 15), 1 << 15, 20_000)
    transport = direct(signals)
    clocks = signals.clocks
    np.testing.assert_array_equal(transport.run(samples), golden.run(SMOOTH, samples))
    clocks = signals.clocks - clocks
    assert drops(transport) == []
    assert transport.status()["link_resent"] == 0
    # 40 000 bytes each way at once, 94 % of the line, and a little to begin and to end.
    line = 40_000 * 10 * DIVISOR
    assert clocks < 1.15 * line, f"{clocks / line:.3f} times what the line needs"


def test_coefficients(signals):
    transport = direct(signals)
    rng = np.random.default_rng(3)
    for _ in range(3):
        coefficients = [int(value) for value in rng.integers(-500, 500, SMOOTH.taps)]
        samples = rng.integers(-(1 << 15), 1 << 15, 300)
        transport.load(coefficients)
        expected = golden.run(SMOOTH.replace(coefficients=coefficients), samples)
        np.testing.assert_array_equal(transport.run(samples), expected)
    # A new session begins with the design's own.
    transport = direct(signals)
    np.testing.assert_array_equal(transport.run(samples), golden.run(SMOOTH, samples))


def test_a_flood_of_rubbish_then_a_good_frame(signals):
    rng = random.Random(4)
    hello(signals, 5)
    signals.exchange(bytes(rng.randrange(256) for _ in range(20_000)))
    answers = ask(signals, Frame(Type.READ, 0, 0, 32, 5, struct.pack("<HBB", 0, 1, 4)))
    assert answers[-1].payload == b"VNOC"


def test_half_a_frame_then_silence(signals):
    hello(signals, 6)
    request = Frame(Type.READ, 0, 0, 32, 6, struct.pack("<HBB", 0, 1, 4)).wire()
    signals.exchange(request[:10])
    signals.run(b"", CLOCK_HZ * 2 // 10)
    receiver = FrameReceiver()
    # No zero before it: the silence has ended the half.
    assert [frame.type for frame in receiver.feed(signals.exchange(request))][-1] is Type.VALUES


@pytest.mark.parametrize("seed", range(5))
def test_hello_in_the_middle_of_everything(signals, seed):
    """The core has half a frame inside, results wait: the frame after HELLO is right."""
    rng = random.Random(seed)
    hello(signals, 100 + seed)
    frames = [Frame(Type.WRITE, 0, 0, 8, 100 + seed, struct.pack("<HBBI", 0x18, 1, 4, 5000))]
    frames += [Frame(Type.DATA, n, 0, 8, 100 + seed, bytes(rng.randrange(256) for _ in range(256))) for n in range(1, 15)]
    busy = b"\0" + b"".join(frame.wire() for frame in frames)
    # To the end, and nothing acknowledged: both rings are full and the core stands still.
    cut = len(busy) if seed == 0 else rng.randrange(100, len(busy))
    while cut:
        taken, _ = signals.run(busy[:cut], rng.randrange(1, 4000))
        busy, cut = busy[taken:], cut - taken
    # Without the BYE that the host driver sends first, which would reset the device twice.
    hello(signals, 200 + seed)
    samples = np.arange(-50, 50, dtype=np.int64) * 300
    answers = ask(
        signals,
        Frame(Type.WRITE, 0, 0, 32, 200 + seed, struct.pack("<HBBI", 0x18, 1, 4, len(samples))),
        Frame(Type.DATA, 1, 0, 32, 200 + seed, samples.astype("<i2").tobytes()),
    )
    kept = [frame for frame in answers if frame.type is not Type.DEVICE_ACK]
    assert [frame.type for frame in kept] == [Type.WRITTEN, Type.RESULTS_END]
    np.testing.assert_array_equal(np.frombuffer(kept[-1].payload, "<i2"), golden.run(SMOOTH, samples))


def test_a_call_that_ran_out_of_time_leaves_nothing_behind(signals):
    transport = direct(signals)
    samples = np.arange(3000, dtype=np.int64)
    with pytest.raises(LinkTimeout):
        transport.run(samples, timeout=0.05)
    np.testing.assert_array_equal(transport.run(samples), golden.run(SMOOTH, samples))


class Faults:
    """Flips, drops, doubles and inserts bytes, `rate` of all."""

    def __init__(self, rate, seed):
        self.rate = rate
        self.random = random.Random(seed)
        self.count = 0

    def __call__(self, data):
        out = bytearray()
        for byte in data:
            if self.random.random() >= self.rate:
                out.append(byte)
                continue
            self.count += 1
            fault = self.random.randrange(4)
            if fault == 0:
                out.append(byte ^ 1 << self.random.randrange(8))
            elif fault == 2:
                out += bytes([byte, byte])
            elif fault == 3:
                out += bytes([byte, self.random.randrange(256)])
        return bytes(out)


def run_with_faults(link, design, samples):
    """One frame over a line with faults, `link()` a new host: right, or a named error and right the next time. The errors."""
    transport, errors = None, []
    for _ in range(20):
        try:
            transport = transport or link()
            results = transport.run(samples)
        except LinkError as error:
            errors.append(error)
            continue
        np.testing.assert_array_equal(results, golden.run(design, samples))
        transport.close()
        return errors
    raise AssertionError(f"Nothing came through in 20 tries: {errors}")


def signal_of(seed, count):
    return np.random.default_rng(seed).integers(-(1 << 15), 1 << 15, count)


@pytest.mark.parametrize("seed", range(4))
def test_a_line_with_faults(signals, seed):
    faults = Faults(1e-3, seed)
    run_with_faults(lambda: direct(signals, faults), SMOOTH, signal_of(seed, 2000))
    assert faults.count > 3


def over_a_terminal(top, design, rate, frames):
    """Frames of samples, from one host after the other, over a pseudo-terminal with faults; what came of them."""
    faults = Faults(rate, 1)
    errors = []
    with serving(top, faults=faults) as terminal:
        for samples in frames:
            errors += run_with_faults(lambda: connect(f"serial://{terminal.port}", design), design, samples)
        assert terminal.twin.broken == 0
    return faults.count, errors


def test_a_terminal_with_faults():
    faults, _ = over_a_terminal(SMOOTH, SMOOTH, 1e-3, [signal_of(seed, 1000) for seed in range(2)])
    assert faults > 3


def test_the_top_of_a_board():
    """The ULX3S's own design and clocks, 25 clocks in three bits, over a pseudo-terminal with faults."""
    images = [np.random.default_rng(seed).integers(0, 256, (3, 500)) for seed in range(2)]
    faults, _ = over_a_terminal(simulated_top(ULX3S), ULX3S.design, 1e-3, images)
    assert faults > 0


@pytest.mark.parametrize(
    ("name", "lines"), [("icebreaker", 1.3), ("versa-ecp5-5g", 1.3), ("arty-a7-35", 1.3), ("alchitry-pt-v2", 1.6)]
)
def test_the_top_of_each_family(name, lines):
    """Other clocks, another family's latencies, a FIFO; every byte of the line is used, and nothing is lost.

    A FIFO has one bus for both ways: a byte each way takes 15 clocks, not 12.5.
    """
    board = get(name)
    twin = BoardTwin(simulated_top(board, SMOOTH, serial_number=7))
    samples = signal_of(1, 2000)
    transport = direct(twin)
    clocks = twin.clocks
    np.testing.assert_array_equal(transport.run(samples), golden.run(SMOOTH, samples))
    line = 2 * len(samples) * float(twin.byte_clocks)
    assert twin.clocks - clocks < lines * line
    status = transport.status()
    clocks = clocks_of(board)
    assert (status["serial_number"], status["clock_frequency"]) == (7, clocks.core.clock_hz)
    assert drops(transport) == []
    assert status["link_resent"] == twin.broken == 0


def test_a_fifo_with_faults():
    """Behind a pseudo-terminal, as a UART is."""
    top = simulated_top(get("alchitry-pt-v2"), SMOOTH, serial_number=7)
    faults, _ = over_a_terminal(top, SMOOTH, 1e-3, [signal_of(seed, 1000) for seed in range(2)])
    assert faults > 3


def test_a_top_that_no_board_holds():
    with pytest.raises(BoardError, match="multipliers"):
        simulated_top(ULX3S, FIRDesign([1] * 200, coefficient=s16, loadable=True))


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("rate", [0, 1e-5, 1e-4, 1e-3])
def test_soak_the_top_of_a_board(rate):
    """10 000 frames of 256 bytes each way, through the top of the ULX3S; prints what docs/reliability.md shows."""
    design = ULX3S.design
    images = [np.random.default_rng(seed).integers(0, 256, (80, design.columns)) for seed in range(50)]
    faults, errors = over_a_terminal(simulated_top(ULX3S), design, rate, images)
    print(f"rate {rate}: {faults} faults, {len(errors)} named errors: {[str(error) for error in errors]}")
    assert rate or not errors


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_soak_eight_mebibytes_back_to_back():
    """8 MiB of LFSR data in one frame: no error, nothing dropped, nothing sent twice."""
    design = FIRDesign([1], data=u8, output=u8)
    twin = BoardTwin(design)
    state, data = 1, np.empty(1 << 23, dtype=np.int64)
    for n in range(len(data)):
        state = state >> 1 ^ (-(state & 1) & 0xA3000000)
        data[n] = state & 0xFF
    transport = direct(twin)
    assert np.array_equal(transport.run(data), data)
    assert drops(transport) == []
    assert transport.status()["link_resent"] == 0


def test_serve_tells_its_port_and_lets_ctrl_c_through():
    """Whoever called `serve` decides what ctrl-C means."""
    script = (
        "import convolver\n"
        "from convolver.sim.twin.board import serve\n"
        "try:\n"
        f"    serve(convolver.Conv2DDesign({SOBEL.kernel!r}, boundary='edge', rows=300, columns=160), "
        "lambda line: print(line, flush=True), serial_number=42)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline().strip()
        assert url.startswith("serial:///dev/"), process.stderr.read()
        image = photo(5, 7)
        with Device(connect(url)) as device:
            np.testing.assert_array_equal(device(image), golden.run(SOBEL, image))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, out, err) == (0, "interrupted\n", "")


def test_time_goes_on_when_nobody_speaks():
    """The device's timer sends unacknowledged results again by itself, through the terminal."""
    with serving(SMOOTH) as terminal:
        port = os.open(terminal.port, os.O_RDWR | os.O_NOCTTY)
        frames = [
            Frame(Type.HELLO, limit=32, session=9, payload=b"\x01"),
            Frame(Type.WRITE, 0, 0, 32, 9, struct.pack("<HBBI", 0x18, 1, 4, 3)),
            Frame(Type.DATA, 1, 0, 32, 9, b"\1\0\2\0\3\0"),
        ]
        os.write(port, b"\0" + b"".join(frame.wire() for frame in frames))
        receiver, seen = FrameReceiver(), []
        while sum(frame.type is Type.RESULTS_END for frame in seen) < 3:
            assert select.select([port], [], [], 60)[0]
            seen += receiver.feed(os.read(port, 4096))
        os.close(port)
    assert len({frame.payload for frame in seen if frame.type is Type.RESULTS_END}) == 1


def test_its_thread_ends_with_the_block():
    before = threading.active_count()
    with serving(SOBEL, serial_number=42):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_a_board_twin_by_its_address(tmp_path):
    (tmp_path / "design.toml").write_text(SMOOTH.to_toml())
    url = f"twin://{tmp_path / 'design.toml'}"
    samples = np.arange(-50, 50) * 300
    with convolver.open(url, SMOOTH) as device:
        np.testing.assert_array_equal(device(samples), golden.run(SMOOTH, samples))
        assert device.status()["beats_in"] == 100
    with pytest.raises(DesignMismatch, match=r"^The device holds another design: shift is 6 there, 5 expected$"):
        convolver.open(url, SMOOTH.replace(shift=5))
    with pytest.raises(FileError):
        convolver.open("twin:///nothing/here.toml")
