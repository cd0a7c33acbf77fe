"""Devices that mean harm: what they can make a host do is bounded in time, memory and text, and counts in a call's deadline."""

import itertools
import re
import tracemalloc

import numpy as np
import pytest

from convolver import Conv2DDesign, FIRDesign, Fork, Pipeline, s16
from convolver.designs import KINDS
from convolver.errors import DesignMismatch, FrameError, LinkError, LinkTimeout
from convolver.host.description import INFLATED_MAX, differences, is_expected, read_description
from convolver.host.device import Device
from convolver.host.link import LinkTransport
from convolver.host.text import printable
from convolver.sim import golden

from .hostile import DESCRIPTIONS, SCRIPTS, HostilePipe, check_error, described, drips, packed, welcoming

FIR = FIRDesign([3, -1, 4, 1, -5], data=s16, output=s16, shift=2)
SIGNAL = np.random.default_rng(1).integers(-32768, 32768, 20_000)
LONGEST = 60
"""Seconds, on the pipe's clock, in which a call without a deadline of its own must have noticed that nothing moves."""


def opened(script, seed=1):
    pipe = HostilePipe(FIR, script, seed=seed)
    return LinkTransport(pipe, clock=pipe.now), pipe


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_call_ends_whatever_the_device_does(name):
    link, pipe = opened(SCRIPTS[name])
    pipe.turn()
    start = pipe.time
    with pytest.raises(LinkError) as caught:
        link.run(SIGNAL)
    check_error(caught.value)
    assert pipe.time - start < LONGEST


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_call_ends_at_its_deadline(name):
    link, pipe = opened(SCRIPTS[name])
    pipe.turn()
    start = pipe.time
    with pytest.raises(LinkError):
        link.run(SIGNAL, timeout=1)
    assert pipe.time - start < 1.1


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("welcome", [False, True], ids=["", "welcoming"])
def test_an_opening_ends_whatever_the_device_does(name, welcome):
    script = SCRIPTS[name]
    pipe = HostilePipe(FIR, welcoming(script) if welcome else script)
    pipe.turn()
    with pytest.raises(LinkError) as caught:
        LinkTransport(pipe, clock=pipe.now)
    check_error(caught.value)
    assert pipe.time < LONGEST
    assert pipe.closed == 1


@pytest.mark.parametrize("seed", range(40))
def test_any_frames_end_in_a_named_error(seed):
    link, pipe = opened(SCRIPTS["sends_any_frame"], seed)
    pipe.turn()
    start = pipe.time
    with pytest.raises(LinkError) as caught:
        link.run(SIGNAL)
    check_error(caught.value)
    assert pipe.time - start < LONGEST


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_status_waits_two_seconds_whatever_the_device_does(name):
    link, pipe = opened(SCRIPTS[name])
    pipe.turn()
    for _ in range(2):
        start = pipe.time
        assert link.status()["answers"] is False
        assert pipe.time - start < 2.1
    link.close()


def test_a_limit_that_moves_is_no_progress():
    link, pipe = opened(SCRIPTS["moves_its_limit"])
    pipe.turn()
    start = pipe.time
    with pytest.raises(LinkTimeout, match=r"^Nothing moved for 10 s; it stalls in the link: what is sent isn't acknowledged$"):
        link.run(SIGNAL)
    assert 9.9 < pipe.time - start < 10.2


@pytest.mark.parametrize(("name", "kind"), [("sends_empty_results", "RESULTS"), ("sends_empty_ends", "RESULTS_END")])
def test_results_without_a_byte_are_none(name, kind):
    link, pipe = opened(SCRIPTS[name])
    pipe.turn()
    with pytest.raises(FrameError, match=rf"^The device sent {kind} without a byte of results$"):
        link.run(SIGNAL)


def test_progress_does_not_put_off_a_deadline():
    """A byte at a time just before the host gives up would take days."""
    link, pipe = opened(drips)
    pipe.turn()
    start = pipe.time
    with pytest.raises(LinkTimeout, match=r"^The call wasn't done within 60 s; it was waiting for "):
        link.run(SIGNAL, timeout=60)
    assert pipe.time - start < 70


def test_an_opening_has_a_deadline_though_something_moves():
    def slow(far):
        """Answers each READ with what it asks for, nine seconds later."""
        for number in itertools.count():
            while len(far.heard) <= number:
                yield 0.01, b""
            count = far.heard[number].payload[2]
            words = b"VNOC" + bytes([1, 0, 0, 0]) + (8192).to_bytes(4, "little") if number == 0 else bytes(4 * count)
            yield 9.0, far.sequenced(0xC1, words)

    pipe = HostilePipe(FIR, welcoming(slow))
    pipe.turn()
    with pytest.raises(LinkTimeout, match=r"^The device wasn't opened within 30\.1 s; it was waiting for "):
        LinkTransport(pipe, clock=pipe.now)
    assert pipe.time < 45


def test_a_call_that_opens_anew_counts_that_in_its_deadline():
    link, pipe = opened(SCRIPTS["says_nothing"])
    pipe.turn()
    with pytest.raises(LinkTimeout):
        link.run(SIGNAL, timeout=1)
    start = pipe.time
    with pytest.raises(LinkTimeout, match=r"^No device answered within 1 s, all that the call had left; nothing came back; "):
        link.run(SIGNAL, timeout=1)
    assert pipe.time - start < 1.1


def test_frames_without_results_do_not_pile_up():
    """A device that acknowledges everything and gives nothing back can't have an endless stream read into memory."""
    link, pipe = opened(SCRIPTS["takes_everything_and_gives_nothing"])
    pipe.turn()
    taken = itertools.count()
    with pytest.raises(LinkTimeout):
        link.stream(lambda: SIGNAL[: 1 + next(taken) % 3], lambda results: None)
    assert 100 < next(taken) < 300


def test_what_is_bounded_is_wide_enough_for_honest_frames():
    """Single samples, thousands of them, with 256 under way."""
    pipe = HostilePipe(FIR)
    link = LinkTransport(pipe, clock=pipe.now)
    frames, results = iter([SIGNAL[number : number + 1] for number in range(1000)]), []
    link.stream(lambda: next(frames, None), results.append)
    assert [int(result[0]) for result in results] == [int(golden.fir(FIR, SIGNAL[n : n + 1])[0]) for n in range(1000)]


# Descriptions


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_a_description_that_means_harm_is_refused_in_a_short_line(name):
    description = DESCRIPTIONS[name]
    tracemalloc.start()
    try:
        with pytest.raises(DesignMismatch) as caught:
            read_description(description)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    check_error(caught.value)
    assert str(caught.value).startswith("The device holds a description that this version can't read: ")
    assert peak < 64 * INFLATED_MAX


@pytest.mark.parametrize("name", [name for name, value in DESCRIPTIONS.items() if len(value) <= 8192])
def test_a_device_with_a_description_that_means_harm_is_refused(name):
    pipe = described(FIR, DESCRIPTIONS[name])
    with pytest.raises(DesignMismatch) as caught:
        LinkTransport(pipe, clock=pipe.now)
    check_error(caught.value)
    assert pipe.closed == 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bomb", "it must inflate to at most 65536 bytes, and there are more"),
        ("table", "lowpass must be a plain value, not a table"),
        ("hidden table", "coefficients must be a plain value, not a table"),
        ("empty table", "bandpass must be a table of passband, stopband, fs, cutoff, taps, ripple_db, attenuation_db, not []"),
        ("deep", "its brackets must be at most 10 deep"),
        ("deep in a stage", "its brackets must be at most 10 deep"),
        ("table in a stage", "lowpass must be a plain value, not a table"),
        ("stages in a stage", "stage must be a plain value, not a table"),
        ("float", "coefficients must be of integers, not 1e+308"),
        ("long word", "kind must be a word of at most 64 characters, not 50000"),
        ("terminal in a word", rf"Kind must be one of {', '.join(KINDS)}, not '\x1b[2J\r\nall is well'"),
        ("no end", "it must end where its zlib stream does"),
        ("more behind", "it must end where its zlib stream does"),
        ("latin", "it must be UTF-8"),
        ("a list", "it must be a JSON object, not list"),
        ("rows", "Rows must be an integer between 1 and 65535, not 1000000000"),
    ],
)
def test_why_a_description_is_refused(name, reason):
    with pytest.raises(DesignMismatch, match=re.escape(f"can't read: {reason}") + "$"):
        read_description(DESCRIPTIONS[name])


def test_no_filter_is_searched_for_a_device(monkeypatch):
    def searched(*_arguments, **_options):
        raise AssertionError("a filter was searched for")

    for name in ("lowpass", "highpass", "bandpass", "halfband", "hilbert"):
        monkeypatch.setattr(f"convolver.filters.{name}", searched)
        with pytest.raises(DesignMismatch):
            read_description(packed(f'{{"kind":"fir","{name}":{{"passband":[1,2],"fs":10}}}}'))


@pytest.mark.parametrize(
    "design",
    [
        FIR,
        FIRDesign(list(range(-128, 128)), loadable=True),
        Conv2DDesign(np.random.default_rng(3).integers(-(1 << 31), 1 << 31, (8, 15, 15)).tolist(), combine="sum_abs"),
        Conv2DDesign([[1, 2]], threshold=1, switchable=True, stride=(2, 3)),
    ],
    ids=["fir", "long", "largest", "fields"],
)
def test_honest_descriptions_are_read(design):
    text = design.to_json()
    assert len(text) < INFLATED_MAX // 2
    assert read_description(packed(text)) == design


def test_another_design_is_told_briefly():
    other = FIRDesign(list(range(1, 257)), data=s16, output=s16, shift=2)
    told = differences(other, FIR)
    assert told.startswith("coefficients is [1, 2, 3, ")
    assert "… there, [3, -1, 4, 1, -5] expected; coefficient is " in told
    assert len(told) < 300


def test_a_frame_of_wide_results_is_a_small_one():
    """What a device's results need in memory is bounded by their bytes, whatever formats it claims."""
    design = Conv2DDesign([[[1]]] * 7, output="s256", rows=65535, columns=16384)
    pipe = HostilePipe(design)
    with Device(LinkTransport(pipe, clock=pipe.now)) as device:
        assert device._transport.frame_samples == (1 << 24) // (7 * 32)
    pipe = HostilePipe(FIR)
    with Device(LinkTransport(pipe, clock=pipe.now)) as device:
        assert device._transport.frame_samples == 1 << 19


def test_text_of_others_is_made_printable():
    assert printable("plain: é ≤") == "plain: é ≤"
    assert printable("a\nb\x1b[0m\u202e\ud800") == r"a\nb\x1b[0m\u202e\ud800"
    assert printable("x" * 1000, 10) == "x" * 9 + "…"
    assert printable("\x00" * 10, 10) == r"\x00\x00\…"
    assert printable("x" * 10, 10) == "x" * 10


def test_a_device_whose_constants_are_shifted_and_added_is_what_is_expected():
    plain = FIRDesign([3, 5, 7], data="s16")
    added = plain.replace(multipliers=0)
    assert is_expected(plain, plain)
    assert is_expected(added, plain)
    assert not is_expected(plain, added)  # a build gives what was asked for
    assert not is_expected(added.replace(shift=1), plain)
    loadable = plain.replace(loadable=True, coefficient="s16")
    assert is_expected(loadable, loadable)
    assert not is_expected(added, loadable)


def test_so_are_pipelines_and_forks_some_of_whose_filters_are():
    plain = FIRDesign([3, 5, 7], data="s16", output="s16")
    added = plain.replace(multipliers=0)
    for make in (
        Pipeline,
        lambda both: Fork(both, "sum"),
        lambda both: Pipeline([Fork(both, "sum"), plain.replace(data="s17")]),
    ):
        expected = make([plain, plain])
        for both in ([added, plain], [plain, added], [added, added]):
            assert is_expected(make(both), expected)
            assert not is_expected(expected, make(both))
        assert not is_expected(make([added, added.replace(shift=1)]), expected)
        assert not is_expected(added, expected)
    assert not is_expected(Pipeline([added]), Pipeline([plain, plain]))


def test_of_another_kind_no_more_is_said():
    told = "kind is fir there, pipeline expected"
    assert differences(FIR, Pipeline([FIR])) == told
