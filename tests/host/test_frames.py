"""The frames of the link: stuffing, check sums, and the examples that docs/link.md gives."""

import random
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convolver.host import cobs
from convolver.host.frames import MAX_STUFFED, Frame, FrameReceiver
from convolver.protocol import MAX_PAYLOAD, Drop, Type

from .device_model import build, stuff, unstuff

PAGE = Path(__file__).parents[2] / "docs" / "link.md"
EXAMPLES = [
    tuple(part.strip() for part in line.split("|"))
    for line in PAGE.read_text(encoding="utf-8").split("```frames\n")[1].split("```")[0].splitlines()
]
# Few values and long runs: where the blocks of 254 begin and end is what goes wrong.
runs = st.lists(st.tuples(st.integers(0, 255), st.integers(1, 300)), max_size=6).map(
    lambda parts: b"".join(bytes([value]) * count for value, count in parts)
)
frames = st.builds(
    Frame,
    st.sampled_from(Type),
    st.integers(0, 255),
    st.integers(0, 255),
    st.integers(0, 255),
    st.integers(0, 65535),
    st.one_of(st.binary(max_size=MAX_PAYLOAD), runs.map(lambda data: data[:MAX_PAYLOAD])),
    st.booleans(),
    st.booleans(),
)


@given(st.one_of(runs, st.binary(max_size=600)))
def test_stuffing_loses_nothing_and_has_no_zero(content):
    stuffed = cobs.encode(content)
    assert 0 not in stuffed
    assert len(stuffed) <= len(content) + 1 + len(content) // 254
    assert cobs.decode(stuffed) == content
    assert stuffed == stuff(content)
    assert unstuff(stuffed) == content


@pytest.mark.parametrize("size", [0, 1, 253, 254, 255, 507, 508, 509])
@pytest.mark.parametrize("end", [b"", b"\0", b"\0\0", b"\1"])
def test_stuffing_at_the_ends_of_blocks(size, end):
    content = bytes([7]) * size + end
    assert cobs.decode(cobs.encode(content)) == content


def test_stuffing_takes_a_full_last_block_with_or_without_an_empty_one():
    full = b"\xff" + b"\x07" * 254
    assert cobs.decode(full) == cobs.decode(full + b"\x01") == b"\x07" * 254


@pytest.mark.parametrize("stuffed", [b"\x03\x01", b"\x02", b"\x01\x05\x01", b"\x02\x00"])
def test_stuffing_that_ends_within_a_block_is_refused(stuffed):
    assert cobs.decode(stuffed) is None


@given(frames)
def test_a_frame_reads_back(frame):
    wire = frame.wire()
    assert wire.count(0) == 1
    assert wire.endswith(b"\0")
    assert len(wire) - 1 <= MAX_STUFFED
    assert Frame.parse(wire[:-1]) == frame
    fields = frame.type, frame.seq, frame.ack, frame.limit, frame.session, frame.payload, frame.poll, frame.resend
    assert wire == build(*fields)


@pytest.mark.parametrize(("name", "content", "wire"), EXAMPLES, ids=[name for name, *_ in EXAMPLES])
def test_the_page_gives_right_examples(name, content, wire):
    frame = Frame.parse(bytes.fromhex(wire)[:-1])
    assert isinstance(frame, Frame)
    assert frame.type.name.removeprefix("DEVICE_") == name.split()[0].rstrip(":,")
    assert frame.content() == bytes.fromhex(content)
    assert frame.wire() == bytes.fromhex(wire)


def test_the_page_has_examples_of_every_way():
    assert len(EXAMPLES) >= 12


def _content(fields=0, kind=0x43, payload=b""):
    body = struct.pack("<BBBBHH", kind, 0, 0, 8, 1, fields) + payload
    return body + struct.pack("<I", zlib.crc32(body))


@pytest.mark.parametrize(
    ("stuffed", "kind"),
    [
        (b"\x05\x01", Drop.STUFFING),
        (b"\x01" * (MAX_STUFFED + 1), Drop.OVERLONG),
        (b"\x01" * 5000, Drop.OVERLONG),
        (cobs.encode(bytes(11)), Drop.SHORT),
        (cobs.encode(bytes(12)), Drop.CRC),
        (cobs.encode(_content(1)), Drop.LENGTH),
        (cobs.encode(_content(0, payload=b"a")), Drop.LENGTH),
        (cobs.encode(_content(0x0200)), Drop.LENGTH),
        (cobs.encode(_content(257, payload=bytes(257))), Drop.LENGTH),
        (cobs.encode(_content(260, payload=bytes(260))), Drop.OVERLONG),
        (cobs.encode(_content(kind=0x44)), Drop.TYPE),
    ],
)
def test_what_is_no_frame_is_dropped_and_counted_and_the_next_one_taken(stuffed, kind):
    receiver = FrameReceiver()
    good = Frame(Type.DEVICE_ACK, 1, 2, 3, 4)
    found = list(receiver.feed(stuffed + b"\0" + good.wire()))
    assert found == [good]
    assert receiver.drops == {kind: 1}


@given(st.lists(frames, min_size=1, max_size=4), st.integers(0, 2**32))
def test_pieces_of_any_size_give_the_same_frames(some, seed):
    rest = b"".join(frame.wire() for frame in some)
    chance = random.Random(seed)
    receiver, found = FrameReceiver(), []
    while rest:
        size = chance.choice([1, 2, 100, 600])
        found += receiver.feed(rest[:size])
        rest = rest[size:]
    assert found == some
    assert not receiver.drops
    assert not receiver.inside


def test_after_any_rubbish_the_next_good_frame_is_found():
    chance = random.Random(5)
    receiver = FrameReceiver()
    good = Frame(Type.RESULTS, 9, 2, 3, 4, b"samples")
    for _ in range(300):
        rubbish = chance.randbytes(chance.randrange(600))
        assert list(receiver.feed(rubbish + b"\0" + good.wire())) == [good]
    assert receiver.drops.total() > 300


def test_every_flip_of_one_bit_is_seen():
    good = Frame(Type.RESULTS, 9, 2, 3, 4, bytes(range(40))).wire()
    for bit in range(8 * (len(good) - 1)):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        assert list(FrameReceiver().feed(bytes(bad))) == []
