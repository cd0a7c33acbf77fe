# amaranth: UnusedElaboratable=no
"""The device's end of the link against frames made by the host's codec: every line of the tables in docs/link.md."""

import random
import struct

import pytest
from amaranth.hdl import Cat, Module, Signal
from amaranth.sim import Simulator

from convolver.errors import DesignError
from convolver.host.frames import Frame, FrameReceiver
from convolver.hw.link.link import SILENCE_TICKS, TICKS, Link
from convolver.hw.link.send_window import TIMER_TICKS
from convolver.protocol import DROPS_ADDRESS, Drop, Type

SESSION = 0x1234
TICK = 50
SLOTS = 4
BAD_ADDRESS = 0x3FFC


class Bench:
    """A link, an echo that turns every byte over and ends a frame of results at 0xFF, and a bus that answers with its address.

    Bytes go in and out at one a clock. `ready` says when the pipe takes a byte, `open` when the echo takes one, `handed` when
    it has no sample waiting.
    """

    def __init__(self, slots=SLOTS):
        self.link = link = Link(TICK * TICKS, 1, 1, serial_number=0x01020304, slots=slots)
        self.top = m = Module()
        m.submodules.link = link
        self.gate = Signal(init=1)
        self.answering = Signal()
        self.address, self.written, self.word = Signal(14), Signal(), Signal(32)
        request, response = link.bus.request, link.bus.response
        m.d.comb += [
            link.results.p.data.eq(~link.samples.payload),
            link.results.p.last.eq(link.samples.payload == 0xFF),
            link.results.valid.eq(link.samples.valid & self.gate),
            link.samples.ready.eq(link.results.ready & self.gate),
            request.ready.eq(~self.answering),
            response.valid.eq(self.answering),
            response.p.data.eq(Cat(self.address, self.address[:2], self.address, ~self.address[:2])),
            response.p.error.eq(self.address == BAD_ADDRESS),
            self.word.eq(request.p.data),
            self.written.eq(request.valid & request.ready & request.p.write),
        ]
        with m.If(request.valid & request.ready):
            m.d.sync += [self.answering.eq(1), self.address.eq(request.p.address)]
        with m.Elif(response.ready):
            m.d.sync += self.answering.eq(0)
        self.ready = lambda: True
        self.open = lambda: True
        self.handed = lambda: True
        self.writes = []
        self.restarts = 0
        self.clock = 0
        self.wire = bytearray()
        self.receiver = FrameReceiver()
        self.frames = []
        self.ack = 0

    async def step(self, data=b"", clocks=0):
        """Gives `data` to the device byte by byte, then lets clocks go by; the frames that came meanwhile."""
        ctx, link = self.ctx, self.link
        before = len(self.frames)
        for byte in [*data, *[None] * clocks]:
            ctx.set(link.i.valid, byte is not None)
            ctx.set(link.i.payload, byte or 0)
            ctx.set(link.o.ready, self.ready())
            ctx.set(self.gate, self.open())
            ctx.set(link.handed, self.handed())
            if ctx.get(link.o.valid) and ctx.get(link.o.ready):
                byte = ctx.get(link.o.payload)
                self.wire.append(byte)
                self.frames += self.receiver.feed(bytes([byte]))
            if ctx.get(self.written):
                self.writes.append((ctx.get(link.bus.request.p.address), ctx.get(self.word)))
            self.restarts += ctx.get(link.restart)
            await ctx.tick()
            self.clock += 1
        return self.frames[before:]

    async def send(self, *frames, clocks=120):
        return await self.step(b"\0" + b"".join(frame.wire() for frame in frames), clocks)

    async def hello(self, session=SESSION, limit=32):
        (welcome,) = await self.send(Frame(Type.HELLO, limit=limit, session=session, payload=b"\x01"))
        assert welcome.type is Type.WELCOME
        return welcome

    async def drops(self, seq, ack):
        """The register DROPS, read by frame `seq`."""
        frames = await self.send(read(seq, DROPS_ADDRESS, 1, ack=ack))
        (values,) = (frame for frame in frames if frame.type is Type.VALUES)
        bits = int.from_bytes(values.payload, "little")
        return {name for place, name in enumerate(Drop) if bits >> place & 1}

    def run(self, scenario):
        async def bench(ctx):
            self.ctx = ctx
            await scenario(self)
            assert not self.receiver.drops

        simulator = Simulator(self.top)
        simulator.add_clock(1e-6)
        simulator.add_testbench(bench)
        simulator.run()


def run(scenario):
    """Runs an async test on a bench of its own."""

    def test():
        Bench().run(scenario)

    test.__name__ = scenario.__name__
    test.__doc__ = scenario.__doc__
    return test


def host(kind, seq=0, payload=b"", ack=0, limit=32, session=SESSION, **flags):
    return Frame(kind, seq, ack, limit, session, payload, **flags)


def data(seq, payload, **more):
    return host(Type.DATA, seq, payload, **more)


def read(seq, address, count, step=4, **more):
    return host(Type.READ, seq, struct.pack("<HBB", address, count, step), **more)


def write(seq, address, *words, step=4, **more):
    return host(Type.WRITE, seq, struct.pack(f"<HBB{len(words)}I", address, len(words), step, *words), **more)


def word(address):
    return (address << 16 | (address & 3) << 14 | address) & 0x3FFFFFFF | (~address & 3) << 30


def kinds(frames):
    return [frame.type for frame in frames]


def without_acks(frames):
    return [frame for frame in frames if frame.type is not Type.DEVICE_ACK]


def echo(payload):
    return bytes(~byte & 255 for byte in payload)


@run
async def test_welcome(b):
    welcome = await b.hello()
    clock = TICK * TICKS
    payload = bytes([1, SLOTS, 0, 1, 1, 1, 0, 0]) + clock.to_bytes(4, "little") + bytes([4, 3, 2, 1])
    assert welcome == Frame(Type.WELCOME, 0, 0, SLOTS, SESSION, payload)
    assert b.restarts == 1


@run
async def test_frames_stand_between_zeros(b):
    await b.hello()
    assert b.wire[0] == 0
    assert b.wire[-1] == 0


@run
async def test_a_second_hello_of_the_same_session_only_gets_a_welcome(b):
    await b.hello()
    await b.send(data(0, b"abc\xff"))
    again = await b.hello()
    assert b.restarts == 1
    assert (again.ack, again.limit) == (1, 1 + SLOTS)


@run
async def test_without_a_session(b):
    """Any good frame but HELLO and BYE gets an ACK of session 0; nothing is executed."""
    for frame in [read(0, 0, 1), data(0, b"x"), host(Type.ACK), data(0, b"x", session=0), host(Type.HELLO, session=0)]:
        answers = await b.send(frame)
        expected = [] if frame.type is Type.HELLO else [Frame(Type.DEVICE_ACK, 0, 0, SLOTS, 0)]
        assert answers == expected, frame
    assert await b.send(Frame(Type.BYE)) == []


@run
async def test_a_frame_of_another_session_changes_nothing(b):
    await b.hello()
    answers = await b.send(data(0, b"abc\xff", session=0x4321))
    assert answers == [Frame(Type.DEVICE_ACK, 0, 0, SLOTS, SESSION)]


@run
async def test_bye_ends_any_session(b):
    await b.hello()
    assert await b.send(Frame(Type.BYE)) == []
    assert b.restarts == 2
    assert [frame.session for frame in await b.send(host(Type.ACK))] == [0]


@run
async def test_read_and_write(b):
    await b.hello()
    frames = await b.send(
        read(0, 0x10, 3), write(1, 0x20, 0xDEADBEEF, 1), write(2, 0x40, 7, 8, 9, step=0), read(3, 0x104, 2, step=0), clocks=400
    )
    kept = without_acks(frames)
    assert kinds(kept) == [Type.VALUES, Type.WRITTEN, Type.WRITTEN, Type.VALUES]
    assert [frame.seq for frame in kept] == [0, 1, 2, 3]
    assert kept[0].payload == struct.pack("<3I", word(0x10), word(0x14), word(0x18))
    assert kept[3].payload == struct.pack("<2I", word(0x104), word(0x104))
    assert b.writes == [(0x20, 0xDEADBEEF), (0x24, 1), (0x40, 7), (0x40, 8), (0x40, 9)]


@run
async def test_the_longest_requests(b):
    await b.hello()
    words = [n * 0x01000193 & 0xFFFFFFFF for n in range(63)]
    frames = await b.send(read(0, 0x2000, 63), write(1, 0x20, *words, step=0), clocks=1500)
    kept = without_acks(frames)
    assert kinds(kept) == [Type.VALUES, Type.WRITTEN]
    assert kept[0].payload == b"".join(word(0x2000 + 4 * n).to_bytes(4, "little") for n in range(63))
    assert b.writes == [(0x20, value) for value in words]


REFUSED = {
    "bus refuses a read": read(0, BAD_ADDRESS, 1),
    "bus refuses one of several": read(0, BAD_ADDRESS - 4, 2),
    "bus refuses a write": write(0, BAD_ADDRESS, 1),
    "none to read": read(0, 0, 0),
    "too many to read": read(0, 0, 64),
    "none to write": write(0, 0x10),
    "the link's own, unknown": read(0, DROPS_ADDRESS + 4, 1),
    "the link's own, written": write(0, DROPS_ADDRESS, 1),
    "beyond the map": read(0, 0x8000, 1),
    "unaligned": read(0, 0x12, 1),
    "no payload to read": host(Type.READ, 0, b""),
    "no payload to write": host(Type.WRITE, 0, b""),
    "half a request": host(Type.READ, 0, b"\0\0\x01"),
    "half a word": host(Type.WRITE, 0, b"\x10\0\x01\x04\x01\x02"),
}


@pytest.mark.parametrize("frame", REFUSED.values(), ids=REFUSED)
def test_refused(frame):
    async def scenario(b):
        await b.hello()
        assert kinds(without_acks(await b.send(frame, clocks=300))) == [Type.REFUSED]
        # And the next one is taken.
        assert kinds(without_acks(await b.send(read(1, 0x10, 1, ack=1)))) == [Type.VALUES]

    Bench().run(scenario)


@run
async def test_a_request_that_is_too_long_is_read_to_its_end(b):
    await b.hello()
    frames = await b.send(host(Type.READ, 0, struct.pack("<HBB", 0x10, 1, 4) + bytes(9)), read(1, 0x20, 1), clocks=200)
    assert [frame.payload for frame in without_acks(frames)] == [
        word(0x10).to_bytes(4, "little"),
        word(0x20).to_bytes(4, "little"),
    ]


@run
async def test_samples_and_results(b):
    await b.hello()
    rng = random.Random(1)
    sent = bytes(rng.randrange(255) for _ in range(255)) + b"\xff"
    (*acks, results) = await b.send(data(0, sent[:100]), data(1, b""), data(2, sent[100:]), clocks=900)
    assert kinds(acks) == [Type.DEVICE_ACK] * len(acks)
    assert results.type is Type.RESULTS_END
    assert results.payload == echo(sent)


@run
async def test_results_leave_when_full_at_the_end_and_before_a_reply(b):
    await b.hello()
    frames = await b.send(data(0, b"a" * 256), data(1, b"b" * 9), read(2, 0, 1), data(3, b"c\xff"), clocks=1200)
    assert [(frame.type, len(frame.payload)) for frame in without_acks(frames)] == [
        (Type.RESULTS, 256),
        (Type.RESULTS, 9),
        (Type.VALUES, 4),
        (Type.RESULTS_END, 2),
    ]


@run
async def test_a_frame_that_is_full_with_its_last_byte_ends_there(b):
    await b.hello()
    frames = await b.send(data(0, b"a" * 255 + b"\xff"), data(1, b"\xff"), clocks=900)
    kept = without_acks(frames)
    assert [(frame.type, len(frame.payload)) for frame in kept] == [(Type.RESULTS_END, 256), (Type.RESULTS_END, 1)]


@run
async def test_a_write_waits_for_the_samples_before_it(b):
    await b.hello()
    b.open = lambda: b.clock > 900
    await b.send(data(0, b"abc"), write(1, 0x10, 5), clocks=300)
    assert b.clock < 900
    assert b.writes == []
    await b.step(clocks=900 - b.clock + 100)
    assert b.writes == [(0x10, 5)]


@run
async def test_a_write_waits_for_the_samples_that_wait_behind_the_link(b):
    await b.hello()
    b.handed = lambda: b.clock > 900
    await b.send(data(0, b"abc"), write(1, 0x10, 5), clocks=300)
    assert b.clock < 900
    assert b.writes == []
    await b.step(clocks=900 - b.clock + 100)
    assert b.writes == [(0x10, 5)]


@run
async def test_acks_say_what_was_taken_and_what_is_free(b):
    await b.hello()
    b.open = lambda: False
    frames = await b.send(data(0, b"abc"), data(1, b"def"))
    assert (frames[-1].ack, frames[-1].limit) == (2, SLOTS)
    b.open = lambda: True
    frames = await b.step(clocks=60)
    assert (frames[-1].ack, frames[-1].limit) == (2, 2 + SLOTS)


@run
async def test_a_frame_beyond_the_limit_is_dropped_and_spoils_nothing(b):
    await b.hello()
    b.open = lambda: False
    payloads = [bytes([48 + n]) * 20 for n in range(SLOTS)]
    await b.send(*(data(n, payload) for n, payload in enumerate(payloads)))
    # No room when it begins; room when it ends, for the echo opens while it comes.
    clock = b.clock
    b.open = lambda: b.clock > clock + 100
    frames = await b.send(data(SLOTS, b"x" * 250), clocks=300)
    assert frames[-1].ack == SLOTS
    frames += await b.send(data(SLOTS, b"y" * 10 + b"\xff"), clocks=350)
    results = b"".join(frame.payload for frame in frames)
    assert results == echo(b"".join(payloads) + b"y" * 10 + b"\xff")
    assert await b.drops(SLOTS + 1, 1) == {"room"}


@run
async def test_a_missing_frame_is_asked_for_once(b):
    await b.hello()
    frames = await b.send(data(1, b"b"), data(2, b"c"), data(3, b"d"))
    assert [frame.resend for frame in frames].count(True) == 1
    assert {frame.ack for frame in frames} == {0}
    frames = await b.send(data(0, b"a"), data(1, b"b"), data(2, b"c\xff"), clocks=200)
    assert without_acks(frames)[0].payload == echo(b"abc\xff")


@run
async def test_a_frame_that_is_lost_again_is_asked_for_again(b):
    """The host went back and its first frame got lost once more: seen by a number that isn't above the one before."""
    await b.hello()
    await b.send(data(1, b"b"), data(2, b"c"))
    frames = await b.send(data(1, b"b"), data(2, b"c"))
    assert [frame.resend for frame in frames].count(True) == 1


@run
async def test_an_ack_shows_that_the_last_frame_got_lost(b):
    await b.hello()
    frames = await b.send(host(Type.ACK, 1))
    assert [(frame.ack, frame.resend) for frame in frames] == [(0, True)]


@run
async def test_a_frame_that_comes_twice_is_taken_once(b):
    await b.hello()
    frames = await b.send(data(0, b"ab"), data(0, b"ab"), data(1, b"c\xff"), data(0, b"ab"), data(1, b"c\xff"), clocks=200)
    assert [frame.payload for frame in without_acks(frames)] == [echo(b"abc\xff")]
    assert not any(frame.resend for frame in frames)


@run
async def test_poll_gets_an_answer(b):
    await b.hello()
    assert await b.send(host(Type.ACK, poll=True)) == [Frame(Type.DEVICE_ACK, 0, 0, SLOTS, SESSION)]
    assert await b.send(host(Type.ACK)) == []


@run
async def test_the_device_keeps_to_the_hosts_limit(b):
    await b.hello(limit=1)
    frames = await b.send(*(data(n, b"\xff", limit=1) for n in range(3)), clocks=200)
    assert [frame.seq for frame in without_acks(frames)] == [0]
    frames = await b.send(host(Type.ACK, 3, ack=1, limit=3), clocks=200)
    assert [frame.seq for frame in without_acks(frames)] == [1, 2]


@run
async def test_results_stop_when_the_ring_is_full_and_go_on(b):
    await b.hello(limit=0)
    sent = bytes(n % 251 for n in range(SLOTS * 256 + 300))
    pieces = [sent[n : n + 256] for n in range(0, len(sent), 256)]
    for n, piece in enumerate(pieces):
        await b.send(data(n, piece, limit=0), clocks=600)
    acks = await b.send(host(Type.ACK, len(pieces), limit=0, poll=True))
    # The last bytes still wait in the receiving ring.
    assert acks[-1].limit < len(pieces) + SLOTS
    got = b""
    ack = 0
    for _ in range(12):
        frames = await b.send(host(Type.ACK, len(pieces), ack=ack, limit=ack + 1 & 255), clocks=400)
        for frame in without_acks(frames):
            if frame.seq == ack:
                got += frame.payload
                ack += 1
    assert got == echo(sent)[: len(got)]
    assert len(got) == len(sent) - len(sent) % 256


@run
async def test_resend_sends_again_from_ack_on(b):
    await b.hello()
    first = without_acks(await b.send(data(0, b"1\xff"), data(1, b"2\xff"), data(2, b"3\xff"), clocks=200))
    again = without_acks(await b.send(host(Type.ACK, 3, ack=1, resend=True), clocks=200))
    assert [frame.seq for frame in first] == [0, 1, 2]
    assert [frame.payload for frame in again] == [frame.payload for frame in first[1:]]


@run
async def test_an_old_ack_changes_nothing(b):
    await b.hello()
    await b.send(data(0, b"1\xff"), data(1, b"2\xff"), clocks=200)
    await b.send(host(Type.ACK, 2, ack=2))
    for ack in (0, 1, 3, 130, 255):
        for limit in (0, ack + 20 & 255):
            assert without_acks(await b.send(host(Type.ACK, 2, ack=ack, limit=limit, resend=True), clocks=60)) == []
    assert kinds(without_acks(await b.send(data(2, b"3\xff", ack=1, limit=1), clocks=150))) == [Type.RESULTS_END]


@run
async def test_the_timer_sends_the_window_again(b):
    await b.hello()
    (first,) = without_acks(await b.send(data(0, b"1\xff")))
    start = b.clock
    while not (again := without_acks(await b.step(clocks=1))):
        assert b.clock < start + 2000
    assert again[0].payload == first.payload
    # Counted from the end of the first one, which came somewhat earlier.
    assert (TIMER_TICKS - 1) * TICK - 120 <= b.clock - start <= TIMER_TICKS * TICK + 60
    await b.send(host(Type.ACK, 1, ack=1))
    assert await b.step(clocks=3 * TIMER_TICKS * TICK) == []


@run
async def test_the_timer_polls_when_the_host_takes_nothing(b):
    await b.hello(limit=0)
    await b.send(data(0, b"1\xff", limit=0))
    frames = await b.step(clocks=(TIMER_TICKS + 2) * TICK)
    assert [(frame.type, frame.poll) for frame in frames] == [(Type.DEVICE_ACK, True)]
    assert kinds(await b.send(host(Type.ACK, 1, limit=5), clocks=100)) == [Type.RESULTS_END]


RUBBISH = {
    "stuffing": b"\x05abc\0",
    "overlong": b"\xff" + b"x" * 254 + b"\x20" + b"y" * 31 + b"\0",
    "short": b"\x05abcd\0",
    "crc": data(0, b"abc").wire()[:-3] + bytes([data(0, b"abc").wire()[-3] ^ 1, data(0, b"abc").wire()[-2], 0]),
    "type": Frame(Type.DEVICE_ACK, session=SESSION).wire(),
}


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_is_dropped_counted_and_followed_by_a_good_frame(name):
    async def scenario(b):
        await b.hello()
        assert await b.step(b"\0" + RUBBISH[name], 50) == []
        assert await b.drops(0, 0) == {name}

    Bench().run(scenario)


def test_a_wrong_length_is_dropped():
    """A frame whose CRC is right and whose length isn't, or with a bit set that must be zero."""
    import zlib

    from convolver.host import cobs

    async def scenario(b):
        await b.hello()
        for fields in (2, 4, 0x103, 0x203, 0x2003):
            body = struct.pack("<BBBBHH", Type.DATA, 0, 0, 32, SESSION, fields) + b"abc"
            await b.step(b"\0" + cobs.encode(body + zlib.crc32(body).to_bytes(4, "little")) + b"\0", 50)
        assert b.frames[1:] == []
        assert await b.drops(0, 0) == {"length"}

    Bench().run(scenario)


@run
async def test_a_flood_of_rubbish(b):
    await b.hello()
    rng = random.Random(2)
    before = len(b.frames)
    await b.step(bytes(rng.randrange(256) for _ in range(6000)), 10)
    # It may answer none of that, and takes the next good frame.
    assert b.frames[before:] == []
    assert kinds(without_acks(await b.send(read(0, 0x10, 1), clocks=200))) == [Type.VALUES]


@run
async def test_half_a_frame_and_silence(b):
    """What came before the silence is gone, and the next frame needs no delimiter before it."""
    await b.hello()
    whole = data(0, b"abc\xff").wire()
    await b.step(whole[:9], (SILENCE_TICKS + 1) * TICK)
    frames = await b.step(data(0, b"def\xff").wire(), 100)
    assert [frame.payload for frame in without_acks(frames)] == [echo(b"def\xff")]


@run
async def test_half_a_frame_and_a_short_silence(b):
    await b.hello()
    whole = data(0, b"abc\xff").wire()
    await b.step(whole[:9], (SILENCE_TICKS - 1) * TICK)
    frames = await b.step(whole[9:], 100)
    assert [frame.payload for frame in without_acks(frames)] == [echo(b"abc\xff")]


@pytest.mark.parametrize("seed", range(6))
def test_a_new_session_at_any_moment(seed):
    """HELLO while frames come, are executed, wait and leave: the session after it knows nothing of them."""
    rng = random.Random(seed)

    async def scenario(b):
        await b.hello(limit=rng.choice([0, 2, 32]))
        gate = rng.random()
        b.open = lambda: rng.random() < gate
        busy = b"".join(data(n, bytes(rng.randrange(256) for _ in range(rng.randrange(1, 257)))).wire() for n in range(SLOTS))
        busy += read(SLOTS, 0, 20).wire()
        await b.step(busy[: rng.randrange(len(busy))], rng.randrange(40))
        hello = Frame(Type.HELLO, limit=32, session=77, payload=b"\x01")
        frames = [frame for frame in await b.send(hello, clocks=100) if frame.session == 77]
        assert frames == [Frame(Type.WELCOME, 0, 0, SLOTS, 77, b.link.welcome)]
        b.open = lambda: True
        frames = await b.send(read(0, 0x30, 1, session=77), data(1, b"new\xff", session=77), clocks=300)
        assert [frame.payload for frame in without_acks(frames)] == [word(0x30).to_bytes(4, "little"), echo(b"new\xff")]
        assert [frame.seq for frame in without_acks(frames)] == [0, 1]

    bench = Bench()
    bench.run(scenario)


@run
async def test_a_new_session_while_a_frame_of_the_old_one_leaves(b):
    """At every clock of that frame: nothing of it is ever sent under the new session's number."""
    for early in range(40):
        session = 1000 + 2 * early
        await b.step(b"\0" + Frame(Type.HELLO, limit=32, session=session, payload=b"\x01").wire(), 50)
        hello = b"\0" + Frame(Type.HELLO, limit=32, session=session + 1, payload=b"\x01").wire()
        opened = b.clock + 100 - early
        b.open = lambda opened=opened: b.clock >= opened
        await b.step(data(0, b"old\xff", session=session).wire())
        await b.step(clocks=opened + early - len(hello) - b.clock)
        frames = [frame for frame in await b.step(hello, 60) if frame.session == session + 1]
        assert frames == [Frame(Type.WELCOME, 0, 0, SLOTS, session + 1, b.link.welcome)], early
        b.open = lambda: True
    # The old frames were cut short; what is left of them is no frame.
    b.receiver.drops.clear()


@pytest.mark.parametrize("seed", range(2))
def test_numbers_wrap_and_losses_heal_both_ways(seed):
    """270 frames each way over a pipe that loses some: every result comes, once and in order."""
    rng = random.Random(seed)

    async def scenario(b):
        await b.hello()
        total = 270
        payloads = [bytes(rng.randrange(255) for _ in range(rng.randrange(1, 6))) + b"\xff" for _ in range(total)]
        acked = sent = expected = 0
        limit = SLOTS
        got, resend = [], False
        quiet = 0
        while len(got) < total:
            assert b.clock < 300_000
            burst = b""
            while sent < min(total, limit):
                if rng.random() < 0.9:
                    burst += data(sent & 255, payloads[sent], ack=expected & 255, limit=expected + 8 & 255).wire()
                sent += 1
            if rng.random() < 0.9:
                burst += host(Type.ACK, sent & 255, ack=expected & 255, limit=expected + 8 & 255, resend=resend).wire()
            frames = await b.step(burst, 60)
            resend = False
            quiet += 1
            for frame in frames:
                if rng.random() < 0.1:
                    continue
                advance = frame.ack - acked & 255
                if advance <= sent - acked:
                    quiet = 0 if advance else quiet
                    acked += advance
                    limit = acked + (frame.limit - frame.ack & 255)
                if frame.resend:
                    sent = acked
                if frame.type.sequenced and frame.seq == expected & 255:
                    got.append(frame.payload)
                    expected += 1
                elif frame.type.sequenced:
                    resend = 0 < (frame.seq - expected & 255) < 128
            if quiet > 12:
                sent, quiet = acked, 0
        assert got == [echo(payload) for payload in payloads]

    Bench().run(scenario)


@run
async def test_a_full_window_leaves_without_gaps(b):
    """A byte leaves in every clock while frames wait, though a piece of 254 bytes is held back until it is complete."""
    await b.hello(limit=0)
    for n in range(SLOTS):
        await b.send(data(n, bytes(range(1, 255)) + b"\xfe\xff", limit=0), clocks=300)
    clocks = []
    b.ready = lambda: clocks.append((b.clock, len(b.wire))) or True
    before = len(b.wire)
    await b.send(host(Type.ACK, SLOTS, limit=64), clocks=SLOTS * 272 + 400)
    size = SLOTS * (256 + 12 + 2 + 2)
    first = next(clock for clock, count in clocks if count > before)
    last = next(clock for clock, count in clocks if count >= before + size)
    assert last - first <= size + 300


@pytest.mark.parametrize("slots", [0, 1, 3, 128])
def test_slots_out_of_range(slots):
    with pytest.raises(DesignError, match=rf"^Slots must be one of 2, 4, 8, 16, 32, 64, not {slots}$"):
        Link(1_000_000, 1, 1, slots=slots)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((63, 1, 1), "Clock frequency must be an integer between 64 and 4294967295, not 63"),
        ((10**6, 0, 1), "Bytes of a sample must be an integer between 1 and 255, not 0"),
        ((10**6, 1, 256), "Bytes of a result must be an integer between 1 and 255, not 256"),
        ((10**6, 1, 1, -1), "Serial number must be an integer between 0 and 4294967295, not -1"),
    ],
)
def test_parameters_out_of_range(arguments, message):
    with pytest.raises(DesignError, match=f"^{message}$"):
        Link(*arguments)
