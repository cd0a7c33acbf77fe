"""The link from a host to a model of the device: right answers over bad lines, and a named exception for everything else."""

import random
import threading
import time

import numpy as np
import pytest

from convolver import Conv2DDesign, FIRDesign, s8, s16, s24, u8, u12
from convolver.errors import (
    DataError,
    DesignMismatch,
    DeviceRestarted,
    FrameError,
    LinkError,
    LinkTimeout,
    PortError,
    ProtocolMismatch,
    RegisterError,
    SessionLost,
)
from convolver.formats import Format
from convolver.host.device import Device
from convolver.host.link import LinkTransport
from convolver.sim import golden

from .device_model import BYE, DATA, RESULTS, RESULTS_END, WRITTEN, Core, DeviceModel, build
from .line import Faults, Line

FIR = FIRDesign([3, -1, 4, 1, -5], data=s16, output=s16, shift=2)
SHARPEN = Conv2DDesign([[0, -1, 0], [-1, 5, -1], [0, -1, 1]], output=u8, rows=64, columns=64)
LOADABLE = FIRDesign([1, 2, 3], data=u8, coefficient=s8, output=s16, loadable=True)


def signal(count, seed=1):
    return np.random.default_rng(seed).integers(-32768, 32768, count)


def open_link(line, **options):
    return LinkTransport(line, clock=line.now, **options)


@pytest.mark.parametrize("slots", [2, 4, 8, 64])
@pytest.mark.parametrize("count", [1, 2, 127, 128, 129, 3000])
def test_a_signal_comes_back_right(slots, count):
    line = Line(DeviceModel(FIR, slots))
    x = signal(count)
    with open_link(line) as link:
        for _ in range(2):
            assert np.array_equal(link.run(x), golden.fir(FIR, x))
        assert not link.status().get("link_resent")
    assert line.closed == 1


@pytest.mark.parametrize(
    ("pixel", "output"),
    [
        (u8, None),
        (u12, None),
        (s24, Format(40, True)),
        (Format(3, True), None),
        (s8, Format(70, True)),
        (u8, Format(64, False)),
    ],
    ids=str,
)
@pytest.mark.parametrize("mode", ["same", "valid"])
def test_an_image_comes_back_right_whatever_its_formats(pixel, output, mode):
    design = Conv2DDesign([[1, -2, 3], [4, 5, -6]], pixel=pixel, output=output, mode=mode, rows=32, columns=32)
    image = np.random.default_rng(2).integers(pixel.min, pixel.max + 1, (9, 13))
    image[0, :2] = pixel.min, pixel.max
    with Device(open_link(Line(DeviceModel(design)))) as device:
        result = device(image)
    expected = golden.conv2d(design, image)
    assert result.dtype == expected.dtype
    assert np.array_equal(result, expected)


def test_the_payload_fills_the_line_both_ways_at_once():
    # Not a wall clock: the line counts its own time, 3 Mbaud 8N1, and 1 ms from end to end for the bridges.
    line = Line(DeviceModel(FIR, slots=16), latency=1e-3)
    with open_link(line) as link:
        x = signal(100_000)
        start = line.time
        assert np.array_equal(link.run(x), golden.fir(FIR, x))
        seconds = line.time - start
    assert 2 * len(x) * line.byte_time / seconds > 0.9


@pytest.mark.parametrize("slots", [2, 8])
@pytest.mark.parametrize("rate", [1e-5, 1e-4, 1e-3, 5e-3])
@pytest.mark.parametrize("seed", range(4))
def test_bytes_lost_doubled_flipped_or_inserted_cost_only_time(rate, seed, slots):
    faults = Faults(rate, seed)
    line = Line(DeviceModel(FIR, slots), faults=faults)
    x = signal(8000, seed)
    with open_link(line) as link:
        for _ in range(3):
            assert np.array_equal(link.run(x), golden.fir(FIR, x))
        status = link.status()
    assert (status["link_resent"] > 0) == (faults.count > 0) or rate < 1e-3
    assert rate < 1e-3 or sum(count for key, count in status.items() if key.startswith("link_dropped")) > 0


@pytest.mark.parametrize("seed", range(12))
def test_a_wild_line_gives_the_right_answer_or_a_named_exception(seed):
    """Bursts of rubbish, silences, resets and second hosts at random times; the next call is always served."""
    chance = random.Random(seed)
    device = DeviceModel(SHARPEN)
    line = Line(device, faults=Faults(chance.choice([0, 1e-4, 1e-3]), seed))

    def silence(seconds):
        line.silent = True
        line.at(line.time + seconds, lambda: setattr(line, "silent", False))

    def other_host():
        device.receive(b"\0" + build(0x01, 0, 0, 32, 77, b"\1"), line.time)

    events = [
        lambda: line.noise(chance.randbytes(chance.randrange(2000))),
        lambda: device.receive(chance.randbytes(chance.randrange(2000)), line.time),
        lambda: silence(chance.choice([0.01, 0.3, 3.0, 15.0])),
        device.power_up,
        other_host,
        lambda: device.receive(b"\x20half a frame", line.time),
    ]
    answers, failures = 0, []
    link = open_link(line)
    for number in range(15):
        image = np.random.default_rng(number).integers(0, 256, (40, 40))
        for _ in range(chance.randrange(4)):
            line.at(line.time + chance.random() * 0.02, chance.choice(events))
        start = line.time
        try:
            result = link.run(image)
        except LinkError as error:
            failures.append(str(error))
        else:
            assert np.array_equal(result, golden.conv2d(SHARPEN, image))
            answers += 1
        assert line.time - start < 60
    assert answers > 3
    assert not any("\n" in message for message in failures)
    line.silent = False
    line.events.clear()
    image = np.random.default_rng(99).integers(0, 256, (40, 40))
    assert np.array_equal(link.run(image), golden.conv2d(SHARPEN, image))
    link.close()


def test_the_wild_line_sees_failures_too():
    """A bench in which nothing ever fails would show nothing."""
    device = DeviceModel(FIR)
    line = Line(device)
    link = open_link(line)
    line.at(line.time + 0.005, device.power_up)
    with pytest.raises(DeviceRestarted, match=r"^The device was reset in the middle of a call; the next call begins anew$"):
        link.run(signal(8000))
    assert np.array_equal(link.run(signal(100)), golden.fir(FIR, signal(100)))


def test_a_second_host_takes_the_device_and_the_first_is_told():
    device = DeviceModel(FIR)
    line = Line(device)
    link = open_link(line)
    line.at(line.time + 0.005, lambda: device.receive(b"\0" + build(0x01, 0, 0, 32, 77, b"\1"), line.time))
    with pytest.raises(SessionLost, match=r"^Another host has taken the device \(session 77, not \d+\)$"):
        link.run(signal(8000))
    assert np.array_equal(link.run(signal(100)), golden.fir(FIR, signal(100)))


def test_silence_from_the_start_is_a_timeout():
    line = Line(DeviceModel(FIR))
    line.silent = True
    with pytest.raises(LinkTimeout) as caught:
        open_link(line)
    assert str(caught.value) == (
        "No device answered within 10 s; nothing came back; it has no power, isn't connected, has another rate, "
        "or the line is too noisy"
    )
    assert line.closed == 1
    assert line.time < 12


def test_rubbish_for_ever_is_a_timeout():
    line = Line(DeviceModel(FIR))
    line.silent = True
    chance = random.Random(3)

    def flood():
        line.noise(chance.randbytes(200))
        line.at(line.time + 0.001, flood)

    flood()
    with pytest.raises(
        LinkTimeout,
        match=r"^No device answered within 10 s; \d+ bytes came, but no whole frame; "
        r"the line is noisy or of another rate, or no device of ours$",
    ):
        open_link(line)
    assert line.time < 12


def test_a_noisy_line_on_which_no_device_can_answer_is_named():
    """One byte in three is wrong on the way back: the device is there, and speaks the protocol."""
    line = Line(DeviceModel(FIR))
    to_host, faults = line._to_host, Faults(0.3, 1)
    line._to_host = lambda piece: to_host(faults(piece))
    with pytest.raises(
        LinkTimeout, match=r"^No device answered within 10 s; \d+ bytes came, but no whole frame; the line is noisy"
    ):
        open_link(line)


def test_a_line_that_is_slower_than_the_call_is_named():
    """300 baud: HELLO and WELCOME take more than a second."""
    line = Line(DeviceModel(FIR), byte_time=10 / 300)
    link = open_link(line)
    line.device.power_up()
    with pytest.raises(DeviceRestarted):
        link.run(signal(10))
    with pytest.raises(
        LinkTimeout,
        match=r"^No device answered within 0\.5 s, all that the call had left; frames came, but none that answers; ",
    ):
        link.run(signal(10), timeout=0.5)
    assert np.array_equal(link.run(signal(10)), golden.fir(FIR, signal(10)))


def test_another_host_s_frames_are_named():
    line = Line(DeviceModel(FIR))
    line._to_device = lambda piece: line.noise(build(0x43, 0, 0, 8, 77))
    with pytest.raises(LinkTimeout, match=r"; frames came, but none that answers; the line is noisy, or another host speaks "):
        open_link(line)


def test_a_line_whose_ends_are_wired_together_is_named():
    line = Line(DeviceModel(FIR))
    line._to_device = line.noise
    with pytest.raises(LinkTimeout, match=r"; what is sent comes back; the line's two directions are wired together$"):
        open_link(line)


def test_noise_in_mid_frame_is_named():
    line = Line(DeviceModel(FIR))
    link = open_link(line)
    line._to_device = lambda piece: line.noise(b"\x07rubbish\0")
    with pytest.raises(
        LinkTimeout, match=r"it stalls in the link: \d+ bytes came in the last try, but no whole frame of this session$"
    ):
        link.run(signal(8000))


def test_silence_in_mid_frame_is_a_timeout_that_names_the_link():
    line = Line(DeviceModel(FIR))
    link = open_link(line)
    line.at(line.time + 0.005, lambda: setattr(line, "silent", True))
    start = line.time
    with pytest.raises(LinkTimeout, match=r"^Nothing moved for 10 s; it stalls in the link: nothing was heard"):
        link.run(signal(8000))
    assert 10 <= line.time - start < 12
    line.silent = False
    assert np.array_equal(link.run(signal(100)), golden.fir(FIR, signal(100)))


def test_a_core_that_takes_nothing_is_named():
    device = DeviceModel(FIR)
    line = Line(device)
    link = open_link(line)
    device.stuck = True
    with pytest.raises(LinkTimeout, match=r"it stalls in the core: the device has nothing to send and takes nothing$"):
        link.run(signal(8000))


def test_a_line_that_is_dead_one_way_is_named():
    line = Line(DeviceModel(FIR))
    link = open_link(line)
    line._to_device = lambda piece: None
    line.device.poll_due = True
    with pytest.raises(LinkTimeout, match=r"it stalls in the link"):
        link.run(signal(8000))


def test_a_port_that_takes_nothing_is_named():
    line = Line(DeviceModel(FIR))
    link = open_link(line)

    def write(data, deadline):
        line.time = max(line.time, deadline)
        return 0

    line.write = write
    with pytest.raises(LinkTimeout, match=r"^Nothing moved for 10 s; it stalls in the link: its far end takes no bytes$"):
        link.run(signal(8000))
    assert link.status(ask=False)["link_stalls_host"] == 0
    with pytest.raises(LinkTimeout, match=r"^No device answered within 10 s; the far end of the link takes no bytes$"):
        link.run(signal(8000))


def test_a_program_that_was_stopped_is_no_stall_of_the_link():
    """Half a minute in which nothing ran here: the device gets its ten seconds all the same."""
    line = Line(DeviceModel(FIR))
    link = open_link(line)
    read, told = line.read, []

    def stopped(size, deadline):
        line.read = read
        line.time += 30
        told.append(link.status(ask=False))
        return b""

    line.read = stopped
    assert np.array_equal(link.run(signal(8000)), golden.fir(FIR, signal(8000)))
    assert len(told) == 1
    status = link.status()
    assert (status["stalls"], status["link_stalls_host"], status["link_stalls_link"]) == ("nobody", 1, 0)


def test_a_program_that_is_slow_to_give_is_no_stall_of_the_link():
    line = Line(DeviceModel(FIR))
    link = open_link(line)
    line._to_host = lambda piece: line.at(line.time + 0.3, lambda: line.noise(piece))  # so that nothing waits there already
    frames = [signal(10, seed) for seed in range(3)]

    def slow():
        line.time += 40
        return frames.pop() if frames else None

    results = []
    link.stream(slow, results.append)
    assert len(results) == 3


def test_a_program_that_took_the_time_of_its_call_is_named():
    line = Line(DeviceModel(FIR))
    link = open_link(line)

    def slow(results):
        line.time += 4

    frames = iter([signal(10)] * 5)
    with pytest.raises(
        LinkTimeout,
        match=r"^The call wasn't done within 5 s; "
        r"it was waiting for the host: this program was busy elsewhere, or stopped, for 8 s$",
    ):
        link.stream(lambda: next(frames, None), slow, timeout=5)


def test_a_device_that_is_closed_by_another_thread_is_one_clear_error():
    line = Line(DeviceModel(FIR))
    link = open_link(line)
    line.at(line.time + 0.002, lambda: setattr(line, "silent", True))
    threads = [threading.Thread(target=link.close)]
    line.at(line.time + 0.05, threads[0].start)
    line.at(line.time + 0.06, lambda: time.sleep(0.05))  # the thread runs, and waits for the call
    with pytest.raises(PortError, match=r"^The device was closed in the middle of a call; open it again$"):
        link.run(signal(8000))
    threads[0].join()
    assert line.closed == 1
    with pytest.raises(PortError, match=r"^The device is closed; open it again$"):
        link.run(signal(8000))


def test_a_slow_line_that_moves_is_no_timeout():
    line = Line(DeviceModel(FIR), byte_time=10 / 9600)  # a window takes 2.3 s
    with open_link(line) as link:
        start = line.time
        assert np.array_equal(link.run(signal(6000)), golden.fir(FIR, signal(6000)))
        assert line.time - start > 11


def test_a_timeout_of_the_whole_call_is_kept():
    line = Line(DeviceModel(FIR), byte_time=1e-3)
    link = open_link(line)
    start = line.time
    with pytest.raises(LinkTimeout, match=r"^The call wasn't done within 2 s; it was waiting for "):
        link.run(signal(8000), timeout=2)
    assert line.time - start < 3.1
    assert np.array_equal(link.run(signal(100), timeout=30), golden.fir(FIR, signal(100)))


def test_unplugging_is_a_port_error_and_the_next_call_says_so_too():
    line = Line(DeviceModel(FIR))
    link = open_link(line)
    line.at(line.time + 0.005, lambda: setattr(line, "unplugged", True))
    with pytest.raises(PortError):
        link.run(signal(8000))
    with pytest.raises(PortError):
        link.run(signal(8000))
    link.close()
    assert line.closed == 1


def test_ctrl_c_in_mid_frame_leaves_the_next_call_whole():
    line = Line(DeviceModel(SHARPEN))
    link = open_link(line)

    def interrupt():
        raise KeyboardInterrupt

    image = np.random.default_rng(4).integers(0, 256, (60, 60))
    for moment in (0.0001, 0.001, 0.003, 0.008, 0.011, 0.013):
        line.at(line.time + moment, interrupt)
        with pytest.raises(KeyboardInterrupt):
            link.run(image)
        assert np.array_equal(link.run(image[:50, :20]), golden.conv2d(SHARPEN, image[:50, :20]))


def test_a_host_killed_in_mid_frame_leaves_nothing_to_the_next():
    device = DeviceModel(SHARPEN)
    line = Line(device)
    first = open_link(line)
    line.at(line.time + 0.006, lambda: (_ for _ in ()).throw(KeyboardInterrupt))
    image = np.random.default_rng(4).integers(0, 256, (60, 60))
    with pytest.raises(KeyboardInterrupt):
        first.run(image)
    assert device.core.samples  # half an image is in the core
    second = open_link(line)  # no farewell from the first
    assert np.array_equal(second.run(image[:5]), golden.conv2d(SHARPEN, image[:5]))


@pytest.mark.parametrize("design", [FIR, SHARPEN], ids=lambda design: design.kind)
def test_hosts_that_come_one_after_the_other_are_served_at_once(design):
    line = Line(DeviceModel(design))
    for _ in range(5):
        with open_link(line, expected=design):
            pass
    assert line.time < 0.1


def test_an_old_session_of_the_same_number_is_noticed(monkeypatch):
    device = DeviceModel(FIR)
    line = Line(device)
    numbers = iter([4999, 4999, 7000])
    monkeypatch.setattr("convolver.host.session.secrets.randbelow", lambda limit: next(numbers))
    open_link(line).run(signal(3000))
    assert device.session == 5000
    to_device = line._to_device
    dropped = []

    def lose_farewell(piece):
        if not dropped and piece[1:].startswith(b"\x02\x02"):
            dropped.append(piece)
        else:
            to_device(piece)

    line._to_device = lose_farewell
    assert np.array_equal(open_link(line).run(signal(100)), golden.fir(FIR, signal(100)))
    assert dropped
    assert device.session == 7001


def test_a_lost_hello_or_welcome_is_sent_again():
    for lose in range(6):
        line = Line(DeviceModel(FIR))
        to_host, to_device = line._to_host, line._to_device
        seen = []

        def once(piece, forward, lose=lose, seen=seen):
            seen.append(piece)
            if len(seen) != lose + 1:
                forward(piece)

        line._to_host = lambda piece, forward=to_host, once=once: once(piece, forward)
        line._to_device = lambda piece, forward=to_device, once=once: once(piece, forward)
        with open_link(line) as link:
            assert np.array_equal(link.run(signal(100)), golden.fir(FIR, signal(100)))


# Coefficients and status


def test_coefficients_are_loaded_for_the_next_frame_and_after_a_reset_again():
    device = DeviceModel(LOADABLE)
    line = Line(device)
    x = np.arange(200) % 256
    with Device(open_link(line)) as held:
        assert np.array_equal(held(x), golden.fir(LOADABLE, x))
        for taps in ([-128, 127, 5], [0, 0, 1]):
            held.load([9, 9, 9])  # the last one counts
            device.core.begun = [9]  # and what was begun doesn't
            held.load(taps)
            expected = golden.fir(LOADABLE.replace(coefficients=taps), x)
            assert np.array_equal(held(x), expected)
            assert np.array_equal(held(x), expected)
        line.at(line.time + 0.0003, device.power_up)
        with pytest.raises(DeviceRestarted):
            held(x)
        assert np.array_equal(held(x), expected)


def test_coefficients_are_loaded_at_once_where_no_frame_is_sent():
    device = DeviceModel(LOADABLE)
    line = Line(device)
    with Device(open_link(line)) as held:
        held.load([-128, 127, 5], at_once=True)
        core = device.core
        assert core.pending == [-128, 127, 5]
        core.pending, core.begun = [1, 1, 1], []  # samples that never come
        refused = r"^The device refused the coefficients: those before them haven't been used yet$"
        with pytest.raises(RegisterError, match=refused):
            held.load([4, 5, 6], at_once=True)
        core.pending = None
        x = np.arange(200) % 256
        assert np.array_equal(held(x), golden.fir(LOADABLE.replace(coefficients=(4, 5, 6)), x))
        with pytest.raises(DataError, match=r"^At once must be True or False, not 'yes'$"):
            held.load([4, 5, 6], at_once="yes")


def test_status_says_what_it_should():
    line = Line(DeviceModel(LOADABLE))
    with Device(open_link(line)) as held:
        held(np.arange(200) % 256)
        status = held.status()
    assert status["beats_in"] == status["beats_out"] == 200
    assert status["serial_number"] == 7
    assert status["clock_frequency"] == 12_000_000
    assert status["busy"] is status["pending"] is status["error_size"] is False
    assert status["device_dropped_crc"] is False
    assert status["link_sessions"] == 1


def test_status_of_a_silent_device_says_who_stalls():
    line = Line(DeviceModel(FIR))
    link = open_link(line)
    assert (link.status()["answers"], link.status()["stalls"]) == (True, "nobody")
    line.silent = True
    with pytest.raises(LinkTimeout):
        link.run(signal(100))
    start = line.time
    status = link.status()
    assert line.time - start < 3
    assert status["answers"] is False
    assert status["stalls"].startswith("the link: ")
    assert status["failed_LinkTimeout"] == 2  # the call, and the question
    assert status["link_stalls_link"] == status["link_tries"] > 5
    assert "beats_in" not in status
    assert status["serial_number"] == 7
    line.silent = False
    status = link.status()
    assert (status["answers"], status["stalls"], status["beats_in"]) == (True, "nobody", 0)


def test_status_says_who_stalls_while_it_does():
    """From a second thread, say: at once, without a word to the device."""
    device = DeviceModel(FIR)
    line = Line(device)
    link = open_link(line)
    device.stuck = True
    seen = []

    def look():
        before = line.sent_bytes
        seen.append(link.status(ask=False))
        assert line.sent_bytes == before

    line.at(line.time + 5, look)
    with pytest.raises(LinkTimeout):
        link.run(signal(8000))
    assert seen[0]["stalls"] == "the core: the device has nothing to send and takes nothing"
    assert seen[0]["link_stalls_core"] > 2
    assert seen[0]["link_stalls_link"] == seen[0]["link_stalls_host"] == 0
    assert "answers" not in seen[0]
    link.close()
    with pytest.raises(PortError, match=r"^The device is closed; open it again$"):
        link.status()


def test_a_device_that_is_plugged_in_again_goes_on():
    device = DeviceModel(LOADABLE)
    line = Line(device)
    plugged = [line]

    def reopen(timeout=None):
        if plugged[-1].unplugged:
            raise PortError("Port line can't be opened: there is no such port")
        return plugged[-1]

    held = Device(LinkTransport(line, clock=lambda: plugged[-1].time, reopen=reopen))
    x = np.arange(3000) % 256
    held.load([-128, 127, 5])
    expected = golden.fir(LOADABLE.replace(coefficients=[-128, 127, 5]), x)
    line.at(line.time + 0.003, lambda: setattr(line, "unplugged", True))
    with pytest.raises(PortError, match=r"^Port line went away: unplugged$"):
        held(x)
    assert line.closed == 1  # so that its name is free for the next one
    with pytest.raises(PortError, match=r"there is no such port$"):
        held(x)
    device.power_up()
    plugged.append(Line(device))
    assert np.array_equal(held(x), expected)
    assert held.status()["failed_PortError"] == 2
    held.close()
    assert plugged[-1].closed == 1


# Many frames


def stream(link, frames, **options):
    source, results = iter(frames), []
    link.stream(lambda: next(source, None), results.append, **options)
    return results


@pytest.mark.parametrize("faults", [0, 1e-3])
@pytest.mark.parametrize("design", [FIR, SHARPEN], ids=lambda design: design.kind)
def test_frames_follow_each_other_without_a_round_trip(design, faults):
    chance = np.random.default_rng(5)
    shapes = [tuple(chance.integers(1 if design is FIR else 3, 30, 1 if design is FIR else 2)) for _ in range(60)]
    frames = [chance.integers(0, 256, shape) for shape in shapes]
    expected = [golden.run(design, frame) for frame in frames]
    line = Line(DeviceModel(design), latency=2e-3, faults=Faults(faults, 1))
    link = open_link(line)
    start = line.time
    one_by_one = [link.run(frame) for frame in frames]
    middle = line.time
    together = stream(link, frames)
    end = line.time
    for results in (one_by_one, together):
        assert len(results) == len(frames)
        assert all(np.array_equal(result, right) for result, right in zip(results, expected, strict=True))
    assert faults or end - middle < (middle - start) / 3


def test_a_stream_in_which_nothing_comes_for_a_while():
    """`take` has nothing now and then: what is under way is finished, and only then the call returns."""
    line = Line(DeviceModel(FIR))
    link = open_link(line)
    frames = [signal(700, seed) for seed in range(6)]
    waiting = [frames[0], None, None, frames[1], frames[2], None, frames[3], None, frames[4], frames[5]]
    results = []
    while len(results) < len(frames):
        before = len(results)
        link.stream(lambda: waiting.pop(0) if waiting else None, results.append)
        assert len(results) > before or not waiting or waiting[0] is not None
    assert all(np.array_equal(result, golden.fir(FIR, frame)) for result, frame in zip(results, frames, strict=True))


def test_what_check_raises_ends_a_stream_within_a_tenth_of_a_second():
    line = Line(DeviceModel(FIR))
    link = open_link(line)
    line.silent = True
    stop = line.time + 2

    def check():
        if line.time > stop:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        stream(link, [signal(8000)], check=check)
    assert stop < line.time < stop + 0.2
    # The next call begins a session anew, and looks there too.
    stop = line.time + 2
    with pytest.raises(InterruptedError):
        stream(link, [signal(8000)], check=check)
    assert stop < line.time < stop + 0.2
    line.silent = False
    assert np.array_equal(link.run(signal(100)), golden.fir(FIR, signal(100)))


def test_a_timeout_of_a_stream_is_one_for_all_frames():
    line = Line(DeviceModel(FIR))
    link = open_link(line)
    start = line.time
    with pytest.raises(LinkTimeout, match=r"^The call wasn't done within 0.05 s; it was waiting for "):
        stream(link, (signal(500) for _ in range(10_000)), timeout=0.05)
    assert line.time - start < 0.2


def test_a_closed_link_says_so():
    link = open_link(Line(DeviceModel(FIR)))
    link.close()
    link.close()
    with pytest.raises(PortError, match=r"^The device is closed; open it again$"):
        link.run(signal(10))


# Devices that aren't what they should be


def test_another_version_of_the_protocol_is_refused():
    line = Line(DeviceModel(FIR, version=2))
    with pytest.raises(ProtocolMismatch, match=r"^The device speaks version 2 of the link protocol, this host version 1$"):
        open_link(line)
    assert line.closed == 1


def test_another_identity_is_refused():
    line = Line(DeviceModel(FIR, core=Core(FIR, identity=0x1234)))
    with pytest.raises(ProtocolMismatch, match=r"^The device must identify itself as 0x434F4E56, not 0x00001234$"):
        open_link(line)


def test_another_design_is_refused_and_both_sides_shown():
    line = Line(DeviceModel(FIR))
    with pytest.raises(DesignMismatch, match=r"^The device holds another design: shift is 2 there, 1 expected$"):
        open_link(line, expected=FIR.replace(shift=1))
    assert line.closed == 1


@pytest.mark.parametrize("description", [b"rubbish", b"", bytes(9000)])
def test_a_description_that_is_none_is_refused(description):
    line = Line(DeviceModel(FIR, core=Core(FIR, description=description)))
    with pytest.raises(DesignMismatch, match=r"^(The device holds a description that|A device's description must have)"):
        open_link(line)


def test_a_core_without_its_registers_is_refused():
    core = Core(FIR)
    core.read = lambda address: None
    with pytest.raises(RegisterError, match=r"^The device refused to read registers at 0x0000$"):
        open_link(Line(DeviceModel(FIR, core=core)))


def test_a_size_that_the_bus_refuses_is_named():
    core = Core(FIR)
    link = open_link(Line(DeviceModel(FIR, core=core)))
    core.write = lambda address, word: False
    core.take = lambda data: None
    with pytest.raises(RegisterError, match=r"^The device refused the frame's size or border, or the coefficients$"):
        link.run(signal(10))


def test_a_border_travels_with_every_frame():
    design = SHARPEN.replace(switchable=True, pixel=s8, boundary="edge")
    link = open_link(Line(DeviceModel(design)))
    image = np.random.default_rng(3).integers(-128, 128, (5, 7))
    assert np.array_equal(link.run(image), golden.conv2d(design, image))
    for boundary, fill in (("symmetric", 0), ("constant", -100), ("reflect", 3), ("constant", 7)):
        link.switch(boundary, fill)
        for _ in range(2):
            assert np.array_equal(link.run(image), golden.conv2d(design.replace(boundary=boundary, fill=fill), image))


@pytest.mark.parametrize(
    ("kind", "payload"),
    [(RESULTS_END, bytes(2)), (RESULTS_END, bytes(99)), (RESULTS, bytes(20)), (WRITTEN, b""), (0xC1, bytes(4))],
    ids=["early", "long", "endless", "twice", "unasked"],
)
def test_frames_out_of_place_are_named(kind, payload):
    device = DeviceModel(FIR)
    link = open_link(Line(device))
    device._close(WRITTEN, b"")
    device._close(kind, payload)
    with pytest.raises(FrameError):
        link.run(signal(10))
    assert np.array_equal(link.run(signal(100)), golden.fir(FIR, signal(100)))


def test_the_host_keeps_to_the_limit_of_the_device():
    """What was taken and never fitted would show as a frame dropped for want of room: sent again without a fault."""
    device = DeviceModel(SHARPEN, slots=2)
    most = []
    place = device._place

    def watched(seq, kind, payload):
        if kind == DATA:
            most.append((seq - device.consumed) % 256)
        place(seq, kind, payload)

    device._place = watched
    image = np.random.default_rng(4).integers(0, 256, (60, 60))
    with open_link(Line(device)) as link:
        link.run(image)
    assert most
    assert max(most) < 2


def test_closing_says_goodbye():
    device = DeviceModel(FIR)
    line = Line(device)
    sent = []
    with open_link(line):
        receive = device._between_delimiters
        device._between_delimiters = lambda stuffed, now: (sent.append(stuffed), receive(stuffed, now))
    line.read(1, line.time + 0.1)
    assert device.session == 0
    assert sent[-1] == build(BYE, 0, 0, 0, 0)[:-1]
