# amaranth: UnusedElaboratable=no
"""Samples of bytes with their marks, and bytes of results."""

import itertools
import math
import random

import numpy as np
import pytest
from amaranth.sim import Simulator

from convolver import Conv2DDesign, FIRDesign
from convolver.formats import Format
from convolver.hw.bus.packing import ResultPacker, SampleUnpacker
from convolver.sim.bench import run_stream

FORMATS = [Format.parse(name) for name in ("u1", "u8", "s8", "s9", "u12", "s24", "s32")]
OUTPUTS = [Format.parse(name) for name in ("u8", "s5", "s9", "u24", "s65")]


def as_bytes(value, number):
    """Little-endian two's complement, sign-extended to whole bytes."""
    return list(value.to_bytes(number.bytes + 1, "little", signed=True)[: number.bytes])


def numbers(number, count, seed):
    rng = random.Random(seed)
    return [number.min, number.max, *(rng.randint(number.min, number.max) for _ in range(count - 2))][:count]


def image(number):
    return Conv2DDesign([[1, 2], [3, 4]], pixel=number, rows=9, columns=9)


def several(number):
    return image(number).replace(kernel=[[[1, 2], [3, 4]]] * 3, output=None)


def signal(number):
    return FIRDesign([1, -2], data=number)


def set_sizes(dut, sizes):
    """Makes the ports say each frame's size from a clock before its first sample until that is taken, and then, unless the next
    frame has the same size and comes at once, something else."""
    design = dut.design
    width = design.sample.bytes * design.planes
    names = ("rows", "columns") if isinstance(design, Conv2DDesign) else ("length",)
    starts, samples, again = {}, 0, set()
    for before, size in itertools.pairwise([None, *sizes]):
        starts[samples * width] = size
        if before == size:
            again.add(samples * width)
        samples += math.prod(size)
    held = 0

    def put(ctx, size):
        for place, name in enumerate(names):
            ctx.set(getattr(dut, name), size[place])

    async def before(ctx, index):
        nonlocal held
        if index in starts:
            if index not in again:
                put(ctx, starts[index])
                await ctx.tick()
            held = index
        later = min((start for start in starts if start > held), default=None)
        if index == held + width and later not in again:
            put(ctx, (6, 6))

    return before


@pytest.mark.parametrize(("gap", "stall"), [(0.0, 0.0), (0.5, 0.0), (0.0, 0.6), (0.4, 0.4)])
@pytest.mark.parametrize("number", FORMATS, ids=str)
def test_samples_of_an_image(number, gap, stall):
    design = image(number)
    sizes = [(1, 1), (1, 1), (3, 4), (1, 5), (5, 1), (5, 1), (2, 2), (9, 3)]
    total = sum(rows * columns for rows, columns in sizes)
    values = numbers(number, total, 1)
    marks = [
        (row == column == 0, row == rows - 1 and column == columns - 1, column == columns - 1)
        for rows, columns in sizes
        for row in range(rows)
        for column in range(columns)
    ]
    dut = SampleUnpacker(design)
    data = [byte for value in values for byte in as_bytes(value, number)]
    run = run_stream(
        dut,
        data,
        total,
        seed=2,
        gap=gap,
        stall=stall,
        before=set_sizes(dut, sizes),
        read=lambda p: (p.data, bool(p.first), bool(p.last), bool(p.eol)),
    )
    assert run.beats == [(value, *mark) for value, mark in zip(values, marks, strict=True)]


@pytest.mark.parametrize("pixels", [2, 4])
@pytest.mark.parametrize("number", FORMATS, ids=str)
def test_samples_of_an_image_of_several_pixels_a_beat(number, pixels):
    """The same bytes: a line's last beat has what is left of the line."""
    sizes = [(1, 1), (3, 4), (1, 5), (5, 1), (2, 2), (9, 3), (2, 7)]
    values = numbers(number, sum(map(math.prod, sizes)), 9)
    expected, begin = [], 0
    for rows, columns in sizes:
        for row in range(rows):
            for column in range(0, columns, pixels):
                kept = min(pixels, columns - column)
                line = values[begin + row * columns + column :][:kept]
                eol = column + pixels >= columns
                expected.append((line, (1 << kept) - 1, row == column == 0, eol and row == rows - 1, eol))
        begin += rows * columns
    dut = SampleUnpacker(image(number).replace(pixels_per_clock=pixels))
    data = [byte for value in values for byte in as_bytes(value, number)]

    def beat(p):
        return list(p.data)[: p.keep.bit_count()], p.keep, bool(p.first), bool(p.last), bool(p.eol)

    options = {"before": set_sizes(dut, sizes), "read": beat, "seed": 2}
    assert run_stream(dut, data, len(expected), gap=0.3, stall=0.6, **options).beats == expected


@pytest.mark.parametrize("pixels", [1, 2])
@pytest.mark.parametrize("number", FORMATS, ids=str)
def test_samples_of_an_image_of_several_planes(number, pixels):
    """Those of a pixel follow each other, and come in one beat."""
    sizes = [(3, 4), (1, 5), (2, 2)]
    values = numbers(number, 3 * sum(map(math.prod, sizes)), 11)
    expected, begin = [], 0
    for rows, columns in sizes:
        for row, column in np.ndindex(rows, -(-columns // pixels)):
            kept = min(pixels, columns - column * pixels)
            place = begin + row * columns + column * pixels
            expected.append(values[3 * place : 3 * (place + kept)])
        begin += rows * columns
    design = image(number).replace(pixels_per_clock=pixels, planes=3)

    def beat(p):
        return list(p.data) if pixels == 1 else [sample for pixel in list(p.data)[: p.keep.bit_count()] for sample in pixel]

    dut = SampleUnpacker(design)
    data = [byte for value in values for byte in as_bytes(value, number)]
    before = set_sizes(dut, sizes)
    run = run_stream(dut, data, len(expected), seed=2, gap=0.3, stall=0.6, before=before, read=beat)
    assert run.beats == expected


@pytest.mark.parametrize("number", FORMATS, ids=str)
def test_samples_of_a_signal(number):
    design = signal(number)
    sizes = [(1,), (7,), (2,), (20,)]
    total = sum(length for (length,) in sizes)
    values = numbers(number, total, 3)
    marks = [(place == 0, place == length - 1) for (length,) in sizes for place in range(length)]
    dut = SampleUnpacker(design)
    data = [byte for value in values for byte in as_bytes(value, number)]
    run = run_stream(
        dut, data, total, seed=4, stall=0.3, before=set_sizes(dut, sizes), read=lambda p: (p.data, bool(p.first), bool(p.last))
    )
    assert run.beats == [(value, *mark) for value, mark in zip(values, marks, strict=True)]


@pytest.mark.parametrize("number", FORMATS, ids=str)
def test_a_byte_a_clock_in(number):
    design = image(number)
    count = number.bytes
    dut = SampleUnpacker(design)
    values = numbers(number, 40, 5)
    data = [byte for value in values for byte in as_bytes(value, number)]
    run = run_stream(dut, data, 40)
    start = run.accepted[0]
    assert run.accepted == list(range(start, start + len(data)))
    assert run.offered == [start + count * (n + 1) for n in range(40)]


def test_empty_says_that_no_whole_sample_waits():
    dut = SampleUnpacker(signal(Format(16, True)))
    seen = []

    async def bench(ctx):
        for byte in (1, 2, 3, None, None, None):
            ctx.set(dut.i.valid, byte is not None)
            ctx.set(dut.i.payload, byte or 0)
            seen.append(ctx.get(dut.empty))
            await ctx.tick()
        ctx.set(dut.o.ready, 1)
        await ctx.tick()
        seen.append(ctx.get(dut.empty))

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert seen == [1, 1, 0, 0, 0, 0, 1]


def result_beats(design, values):
    marks = ("first", "last", "eol") if isinstance(design, Conv2DDesign) else ("first", "last")
    rng = random.Random(6)
    return [{"data": value, **{mark: rng.randrange(2) for mark in marks}} for value in values]


@pytest.mark.parametrize(("gap", "stall"), [(0.0, 0.0), (0.6, 0.0), (0.0, 0.6), (0.4, 0.4)])
@pytest.mark.parametrize("output", OUTPUTS, ids=str)
@pytest.mark.parametrize("kind", [image, several, signal])
def test_results(kind, output, gap, stall):
    design = kind(Format(32, True)).replace(output=output)
    values = numbers(output, 30, 7)
    if design.outputs > 1:
        values = list(zip(values, values[1:], values[2:], strict=False))
    beats = result_beats(design, values)
    expected = []
    for value, beat in zip(values, beats, strict=True):
        octets = [octet for lane in np.atleast_1d(np.array(value, object)) for octet in as_bytes(lane, output)]
        expected += [(octet, False) for octet in octets[:-1]] + [(octets[-1], bool(beat["last"]))]
    assert len(expected) == len(values) * design.result_bytes
    run = run_stream(
        ResultPacker(design), beats, len(expected), seed=8, gap=gap, stall=stall, read=lambda p: (p.data, bool(p.last))
    )
    assert run.beats == expected
    if not gap and not stall:
        start = run.accepted[0] + 2
        assert run.delivered == list(range(start, start + len(expected)))


@pytest.mark.parametrize(("pixels", "planes"), [(2, 1), (4, 1), (2, 3)])
@pytest.mark.parametrize("output", OUTPUTS, ids=str)
@pytest.mark.parametrize("kind", [image, several])
def test_results_of_several_pixels_a_beat(kind, output, pixels, planes):
    """As bytes only those of pixels that there are, without a gap; of a pixel plane by plane, of each kernel by kernel."""
    design = kind(Format(32, True)).replace(output=output, pixels_per_clock=pixels, planes=planes)
    rng = random.Random(10)
    beats, expected = [], []
    for kept in [1, pixels, pixels - 1, pixels, pixels, 1, 1, 2]:
        values = numbers(output, pixels * planes * design.outputs, rng.random())
        last = rng.randrange(2)
        data = values
        for inner in (design.outputs, planes):
            if inner > 1:
                data = [data[at : at + inner] for at in range(0, len(data), inner)]
        beats.append({"data": data, "first": 0, "last": last, "eol": kept < pixels, "keep": (1 << kept) - 1})
        octets = [octet for value in values[: kept * planes * design.outputs] for octet in as_bytes(value, output)]
        expected += [(octet, False) for octet in octets[:-1]] + [(octets[-1], bool(last))]
    for gap, stall in ((0.0, 0.0), (0.3, 0.6)):
        dut = ResultPacker(design)
        run = run_stream(dut, beats, len(expected), seed=8, gap=gap, stall=stall, read=lambda p: (p.data, bool(p.last)))
        assert run.beats == expected
        if not gap:
            start = run.accepted[0] + 2
            assert run.delivered == list(range(start, start + len(expected)))
