"""Converters of beats' widths: every pixel in its place, as many clocks as they say, whatever stalls."""

from random import Random

import pytest

from convolver import Conv2DDesign, s8
from convolver.hw.stream.layouts import beat_layout
from convolver.hw.stream.widths import converter_of
from convolver.plan.widths import widths_between
from convolver.sim.bench import run_stream

PAIRS = [(1, 2), (1, 4), (2, 4), (2, 1), (4, 1), (4, 2)]
LINES = (1, 2, 3, 4, 5, 7, 8, 9, 16)


def layout_of(pixels):
    return beat_layout(Conv2DDesign([[1]], pixel=s8, pixels_per_clock=pixels))


def beats_of(lines, pixels):
    """The beats of a frame of lines of any lengths; a pixel that isn't there is 0."""
    found = []
    for number, line in enumerate(lines):
        for start in range(0, len(line), pixels):
            some = line[start : start + pixels]
            end = start + pixels >= len(line)
            data = some + [0] * (pixels - len(some)) if pixels > 1 else some[0]
            marks = {"first": number == start == 0, "last": end and number == len(lines) - 1, "eol": end}
            keep = {"keep": (1 << len(some)) - 1} if pixels > 1 else {}
            found.append({"data": data, **marks, **keep})
    return found


def read(payload):
    """A beat as `beats_of` has it."""
    marks = {name: int(getattr(payload, name)) for name in ("first", "last", "eol")}
    if "keep" not in payload.shape().members:
        return {"data": payload.data, **marks}
    keep = payload.keep
    return {"data": [pixel if keep >> place & 1 else 0 for place, pixel in enumerate(payload.data)], **marks, "keep": keep}


def converter(before, behind):
    return converter_of(widths_between(before, behind), layout_of(before), layout_of(behind))


def frame(seed, lines=LINES):
    random = Random(seed)
    return [[random.choice((-1, 1)) * random.randrange(1, 128) for _ in range(length)] for length in lines]


def test_nothing_stands_between_beats_of_one_width():
    assert widths_between(2, 2) is None


@pytest.mark.parametrize(("before", "behind"), PAIRS)
@pytest.mark.parametrize(("gap", "stall"), [(0, 0), (0.5, 0), (0, 0.5), ((0.1, 0.9), (0.9, 0.1))])
def test_every_pixel_is_in_its_place(before, behind, gap, stall):
    lines = frame(f"{before} {behind}")
    wanted = beats_of(lines, behind) * 3
    run = run_stream(
        converter(before, behind), beats_of(lines, before) * 3, len(wanted), seed=before, gap=gap, stall=stall, read=read
    )
    assert run.beats == wanted


@pytest.mark.parametrize(("before", "behind"), PAIRS)
def test_no_clock_is_lost(before, behind):
    """The side of more beats moves in every clock."""
    lines = frame(2, (16, 16, 16))
    taken, given = beats_of(lines, before) * 2, beats_of(lines, behind) * 2
    run = run_stream(converter(before, behind), taken, len(given), read=read)
    if before < behind:
        assert run.accepted == list(range(run.accepted[0], run.accepted[0] + len(taken)))
        assert run.offered[0] == run.accepted[behind // before - 1] + 1
    else:
        assert run.offered == list(range(run.accepted[0] + 2, run.accepted[0] + 2 + len(given)))
