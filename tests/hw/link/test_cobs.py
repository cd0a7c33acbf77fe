"""COBS against a plain formulation of it, and back."""

import random

import pytest
from amaranth.hdl import Module
from amaranth.sim import Simulator

from convolver.hw.link.cobs import COBSDecoder, COBSEncoder


def encode(frame):
    """The frame byte by byte, between two zeros: a piece closes at a zero, at its 254th byte, else at the end."""
    out, piece, longest = b"\0", b"", False
    for byte in frame:
        longest = False
        if byte:
            piece += bytes([byte])
            if len(piece) == 254:
                out, piece, longest = out + b"\xff" + piece, b"", True
        else:
            out, piece = out + bytes([len(piece) + 1]) + piece, b""
    return out + (b"" if longest else bytes([len(piece) + 1]) + piece) + b"\0"


def encoder_run(frames, clocks, ready=lambda: True, gap=lambda: False):
    """The bytes that leave, the clock of each, and the clock at which each byte was accepted."""
    dut = COBSEncoder()
    beats = [(byte, n == len(frame) - 1) for frame in frames for n, byte in enumerate(frame)]
    out, left, entered = [], [], []

    async def source(ctx):
        clock = 0
        for byte, last in beats:
            while gap():
                ctx.set(dut.i.valid, 0)
                await ctx.tick()
                clock += 1
            ctx.set(dut.i.valid, 1)
            ctx.set(dut.i.p.data, byte)
            ctx.set(dut.i.p.last, last)
            accepted = 0
            while not accepted:
                _, _, accepted = await ctx.tick().sample(dut.i.ready)
                clock += 1
            entered.append(clock - 1)
        ctx.set(dut.i.valid, 0)

    async def sink(ctx):
        held = None
        for clock in range(clocks):
            go = ready()
            ctx.set(dut.o.ready, go)
            _, _, valid, payload = await ctx.tick().sample(dut.o.valid, dut.o.payload)
            if held is not None:
                assert valid, f"seen at clock {clock}"
                assert payload == held, f"changed while it waited, clock {clock}"
            held = payload if valid and not go else None
            if valid and go:
                out.append(payload)
                left.append(clock)

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(source, background=True)
    simulator.add_testbench(sink)
    simulator.run()
    return bytes(out), left, entered


def decoder_run(encoded, gap=lambda: False):
    """The frames that end, each as (bytes, good)."""
    dut = COBSDecoder()
    frames, open_frame = [], bytearray()

    async def bench(ctx):
        for byte in [*encoded, None]:
            while byte is not None and gap():
                ctx.set(dut.i.valid, 0)
                await ctx.tick()
                collect(ctx)
            ctx.set(dut.i.valid, byte is not None)
            ctx.set(dut.i.payload, byte or 0)
            await ctx.tick()
            collect(ctx)

    def collect(ctx):
        # Sampled after the edge: what the byte just taken gave, one clock of latency.
        if ctx.get(dut.o.valid):
            if ctx.get(dut.o.p.end):
                frames.append((bytes(open_frame), bool(ctx.get(dut.o.p.good))))
                open_frame.clear()
            else:
                open_frame.append(ctx.get(dut.o.p.data))

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert not open_frame
    return frames


def frames_of(rng):
    """Frames at every edge of the coding, and some random ones."""
    plain = [
        bytes(range(1, 256)) * 2,
        bytes(600),
        b"\0",
        b"\x01",
        b"\0\0",
        b"a\0",
        b"\0a",
        b"\xff" * 254 + b"\0",
        b"\xff" * 254,
    ]
    lengths = [253, 254, 255, 256, 508, 509]
    return [
        *plain,
        *(bytes(rng.randrange(1, 256) for _ in range(n)) for n in lengths),
        *(bytes(rng.choice([0, 1, 2, 255]) for _ in range(rng.randrange(1, 40))) for _ in range(20)),
    ]


@pytest.mark.parametrize("stalls", [0.0, 0.3, 0.8])
def test_encodes(stalls):
    rng = random.Random(5)
    frames = frames_of(rng)
    expected = b"".join(encode(frame) for frame in frames)
    clocks = int(4 * len(expected) / (1 - stalls) + 100)
    out, _, entered = encoder_run(frames, clocks, ready=lambda: rng.random() >= stalls, gap=lambda: rng.random() < stalls)
    assert len(entered) == sum(len(frame) for frame in frames)
    assert out == expected


def test_a_byte_a_clock():
    rng = random.Random(6)
    frames = [bytes(rng.choice([0, 7]) for _ in range(200)) for _ in range(10)]
    _, left, entered = encoder_run(frames, 2100)
    assert entered[-1] - entered[0] == 2000 - 1 + 3 * 9
    assert len(left) == 2000 + 3 * 10
    assert left[-1] - entered[-1] <= 4 + 200


def test_a_piece_leaves_two_clocks_after_its_zero_and_four_after_its_frame():
    _, left, entered = encoder_run([[1, 0, 2]], 30)
    assert left[1] - entered[1] == 2
    assert left[3] - entered[2] == 4


@pytest.mark.parametrize("seed", range(8))
def test_a_ring_that_is_full_stalls_and_loses_nothing(seed):
    rng = random.Random(seed)
    frames = [bytes(rng.randrange(4) for _ in range(rng.randrange(1, 5))) for _ in range(seed, 300)]
    frames += [bytes(rng.randrange(256) for _ in range(900))]
    clock = iter(range(10**6))
    out, _, _ = encoder_run(frames, 5500, ready=lambda: next(clock) > 1200)
    assert out == b"".join(encode(frame) for frame in frames)


@pytest.mark.parametrize("gaps", [0.0, 0.5])
def test_decodes(gaps):
    rng = random.Random(8)
    frames = frames_of(rng)
    encoded = b"".join(encode(frame) + bytes(rng.randrange(3)) for frame in frames)
    assert decoder_run(encoded, gap=lambda: rng.random() < gaps) == [(frame, True) for frame in frames]


def test_a_frame_cut_short_is_not_good_and_the_next_one_is():
    encoded = b"\x05abc" + encode(b"next")
    assert decoder_run(encoded) == [(b"abc", False), (b"next", True)]


def test_there_and_back():
    m = Module()
    m.submodules.encoder = encoder = COBSEncoder()
    m.submodules.decoder = decoder = COBSDecoder()
    m.d.comb += [decoder.i.payload.eq(encoder.o.payload), decoder.i.valid.eq(encoder.o.valid), encoder.o.ready.eq(1)]
    rng = random.Random(9)
    frames = frames_of(rng)
    got, open_frame = [], bytearray()

    async def source(ctx):
        for frame in frames:
            for n, byte in enumerate(frame):
                ctx.set(encoder.i.valid, 1)
                ctx.set(encoder.i.p.data, byte)
                ctx.set(encoder.i.p.last, n == len(frame) - 1)
                await ctx.tick().until(encoder.i.ready)
        ctx.set(encoder.i.valid, 0)

    async def sink(ctx):
        for _ in range(6000):
            _, _, valid, end, good, byte = await ctx.tick().sample(
                decoder.o.valid, decoder.o.p.end, decoder.o.p.good, decoder.o.p.data
            )
            if valid and end:
                assert good
                got.append(bytes(open_frame))
                open_frame.clear()
            elif valid:
                open_frame.append(byte)

    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(source, background=True)
    simulator.add_testbench(sink)
    simulator.run()
    assert got == frames
