# amaranth: UnusedElaboratable=no
"""What is around a core: words, registers, ports, and what a lean core does with frames that are wrong. The emitted Verilog of
lean shells is simulated in tests/cocotb."""

import collections
import random
import zlib

import numpy as np
import pytest
from amaranth.sim import Simulator

from convolver import Conv2DDesign, DesignError, FIRDesign, Fork, MovingMaximumDesign, Pipeline, s8, s12, u8
from convolver.clocking import Clocking
from convolver.hw.bus.axi import AXIAccelerator, ports
from convolver.hw.bus.registers import RegisterBank, names_of
from convolver.hw.cores.core import create
from convolver.hw.export.fusesoc import package
from convolver.hw.export.verilog import generate
from convolver.plan.fork import SizeCheck
from convolver.plan.geometry import geometry_of
from convolver.plan.lowering import lower
from convolver.plan.pipeline import SizeGate
from convolver.plan.shell import lean, shelled
from convolver.plan.stages import Accept, FixedFrame, OutputBuffer
from convolver.shell import FULL, Shell
from convolver.sim import golden
from convolver.sim.bench import run_stream

FIR = FIRDesign([1, -2, 3], data=s12)
LOADABLE = FIR.replace(loadable=True, coefficient=s8)
EDGE = Conv2DDesign([[1, 2, 3], [4, 5, -6]], boundary="edge", rows=6, columns=7)
VALID = Conv2DDesign([[1, 2, 3], [4, 5, -6]], mode="valid", rows=6, columns=7)


@pytest.mark.parametrize("design", [FIR, EDGE, VALID, MovingMaximumDesign(3, data=u8)], ids=["fir", "edge", "valid", "maximum"])
def test_a_constant_design_has_no_registers(design):
    assert Shell().of(design) == Shell("none", "none", "back-pressure", "fixed")


@pytest.mark.parametrize(
    "design",
    [LOADABLE, FIR.replace(continuous=True), EDGE.replace(switchable=True)],
    ids=["loadable", "continuous", "switchable"],
)
def test_a_design_that_changes_has_all(design):
    assert Shell().of(design) == FULL


def test_what_is_left_open_follows():
    assert Shell("coefficients").of(LOADABLE) == Shell("coefficients", "none", "back-pressure", "fixed")
    assert Shell("full").of(FIR) == FULL
    assert Shell("full", frame="fixed").of(EDGE) == Shell("full", "whole", "back-pressure", "fixed")
    assert Shell("full", handshake="valid").of(VALID).frame == "fixed"


@pytest.mark.parametrize(
    ("options", "design", "message"),
    [
        ({"registers": "some"}, FIR, "Registers must be one of full, coefficients, none, not 'some'"),
        ({"description": "short"}, FIR, "Description must be one of whole, hash, none, not 'short'"),
        ({"handshake": "ready"}, FIR, "Handshake must be one of back-pressure, valid, not 'ready'"),
        ({"frame": "any"}, FIR, "Frame must be one of run-time, fixed, not 'any'"),
        (
            {"registers": "none"},
            LOADABLE,
            'Registers must be "full" or "coefficients" where coefficients are loaded, not "none"',
        ),
        (
            {"registers": "coefficients"},
            FIR,
            'Registers must be "full" or "none" where no coefficients are loaded, not "coefficients"',
        ),
        ({"description": "hash"}, FIR, "Description must be \"none\" where there are no registers, not 'hash'"),
        ({"frame": "run-time"}, EDGE, 'Frame must be "fixed" without the full registers and back-pressure, not "run-time"'),
        (
            {"handshake": "valid"},
            EDGE,
            'Handshake must be "back-pressure" for a filter whose frame ends behind its last pixel, '
            'all but those of mode valid, not "valid"',
        ),
        (
            {"handshake": "valid"},
            EDGE.replace(kernel=[[1, 2], [3, 4]]),
            'Handshake must be "back-pressure" for a filter that makes a border, all but those of mode valid, not "valid"',
        ),
        (
            {"handshake": "valid"},
            FIR.replace(clocks_per_sample=3),
            'Handshake must be "back-pressure" for a filter that takes a beat in 3 clocks, not "valid"',
        ),
        (
            {"handshake": "valid"},
            VALID.replace(pixels_per_clock=2),
            'Handshake must be "back-pressure" for several pixels a clock, not "valid"',
        ),
        ({"handshake": "valid"}, Pipeline([FIR]), 'Handshake must be "back-pressure" for a pipeline, not "valid"'),
        ({"handshake": "valid"}, Fork([FIR, FIR], "sum"), 'Handshake must be "back-pressure" for a fork, not "valid"'),
    ],
)
def test_words_that_contradict(options, design, message):
    with pytest.raises(DesignError) as error:
        generate(design, shell=Shell(**options))
    assert str(error.value) == message


def test_a_kernel_of_one_pixel_makes_no_border():
    """So it needs no back-pressure, whatever its mode."""
    for mode in ("same", "full", "valid"):
        shell = Shell(handshake="valid").of(design := EDGE.replace(kernel=[[5]], mode=mode))
        assert not shelled(lower(design), shell).find(OutputBuffer)


def test_a_clock_of_registers_that_are_not_there():
    with pytest.raises(DesignError, match=r'^AXI clock must be "shared" where there are no registers, not "own"$'):
        AXIAccelerator(FIR, clocking=Clocking(axi_clock="own"))


def test_a_testbench_changes_nothing_of_the_block():
    """It drives whatever shell the block has."""
    for shell in (None, Shell("full")):
        plain, tested = (package(FIR, "filter", testbench=testbench, shell=shell) for testbench in (False, True))
        assert tested["filter.v"] == plain["filter.v"]
        assert ("s_axi_awaddr" in tested["filter.v"]) == (shell is not None)


def test_ports():
    lean, free, whole = (
        set(ports(VALID, shell=Shell(**options)))
        for options in ({}, {"handshake": "valid"}, {"registers": "full", "handshake": "valid"})
    )
    assert not any(name.startswith("s_axi_") for name in lean | free)
    assert lean - free == {"s_axis_tready", "m_axis_tready"}
    assert {name for name in lean if name.startswith("error")} == {"error_first_stb", "error_orphan_stb", "error_eol_stb"}
    assert not any(name.startswith("error") for name in {*whole, *ports(FIR)})
    assert "s_axi_awaddr" in whole


def test_registers_of_a_shell():
    assert names_of(LOADABLE, Shell("coefficients").of(LOADABLE)) == ("STATUS", "COEFFICIENTS", "COEFFICIENT", "RESTART")
    assert "DESCRIPTION_BYTES" in names_of(LOADABLE, Shell("coefficients", "hash").of(LOADABLE))
    assert set(names_of(EDGE, FULL)) - set(names_of(EDGE, Shell("full", frame="fixed").of(EDGE))) == {"ROWS", "COLUMNS"}
    text = generate(LOADABLE, shell=Shell("coefficients"))
    assert "beats_in" not in text
    assert "DP16KD" not in generate(LOADABLE, family="ecp5", shell=Shell("full", "none"))


@pytest.mark.parametrize(
    ("description", "words"),
    [("hash", [zlib.crc32(LOADABLE.to_json().encode())]), ("none", [])],
)
def test_a_description_of_less(description, words):
    """What there is reads back at the description's place, and its size in DESCRIPTION_BYTES; nothing behind it."""
    bank = RegisterBank(lower(LOADABLE), Shell("full", description).of(LOADABLE))
    bank.i, bank.o = bank.bus.request, bank.bus.response
    requests = [{"address": address, "write": 0, "data": 0} for address in (0x08, 0x2000, 0x2004)]
    got = run_stream(bank, requests, 3, read=lambda payload: (payload.data, payload.error)).beats
    assert got == [(4 * len(words), 0), *((word, 0) for word in words), *[(0, 1)] * (2 - len(words))]


def test_the_plan_of_a_lean_core():
    plan = lower(VALID)
    assert shelled(plan, FULL) is plan
    fixed, free = (shelled(plan, Shell(handshake=word).of(VALID)) for word in ("back-pressure", "valid"))
    assert (plan.find(Accept), fixed.find(Accept)) == (Accept(2, sized=True), None)
    assert (fixed.latency, free.latency) == (plan.latency - 3, plan.latency - 5)
    assert free.find(OutputBuffer) is None
    assert fixed.timing.latency == fixed.latency


def test_the_plan_of_a_lean_pipeline():
    """The sizes of its stages are known, unless a border comes with a frame."""
    small = VALID.replace(shift=3, output=u8)
    pipeline = Pipeline([small, Fork([EDGE, EDGE.replace(rows=5)], join="sum")])
    plan, lean = lower(pipeline), shelled(lower(pipeline), Shell().of(pipeline))
    assert shelled(plan, FULL) is plan
    assert all(plan.find(stage) for stage in (SizeGate, SizeCheck))
    assert not any(lean.find(stage) for stage in (SizeGate, SizeCheck, Accept))
    assert [core.stage(FixedFrame).size for core in lean.cores] == [(6, 7), (5, 5), (5, 5)]
    assert lean.latency == lean.timing.latency == plan.latency - 3 - 3 - 4
    switchable = Pipeline([small, EDGE.replace(switchable=True)])
    whole = lower(switchable)
    assert shelled(whole, Shell("full", frame="fixed").of(switchable)) is whole


def beats_of(frame, first=True, ends=None):
    """The beats of an image; `ends` are the columns that say they are a line's last."""
    rows, columns = frame.shape
    return [
        {"data": int(frame[row, column]), "first": first and not row and not column, "eol": column in (ends or [columns - 1])}
        for row in range(rows)
        for column in range(columns)
    ]


def results_of(design, frame):
    """What must leave, with its marks."""
    rows, columns = (out := golden.run(design, frame)).shape
    return [
        (int(out[row, column]), int(not row and not column), int(column == columns - 1))
        for row in range(rows)
        for column in range(columns)
    ]


def read(payload):
    return payload.data, payload.first, payload.eol


def watched(core):
    return {name: getattr(core.errors, name) for name in ("first", "orphan", "eol")}


@pytest.mark.parametrize(
    ("kernel", "stride"),
    [((1, 1), (2, 3)), ((1, 3), (1, 1)), ((2, 1), (5, 1)), ((3, 2), (1, 1)), ((4, 5), (3, 9)), ((2, 2), (2, 2))],
)
def test_a_frame_starts_anew_without_back_pressure(kernel, stride):
    """Frames that end at any place, one behind the other, with and without gaps: each gives what its pixels complete."""
    rng = random.Random(f"{kernel} {stride}")
    design = Conv2DDesign(
        np.arange(np.prod(kernel)).reshape(kernel) - 2, mode="valid", rows=6, columns=7, stride=stride, pixel=u8
    )
    rows, columns = geometry_of(design).most
    size = rows * columns
    for gap in (0, 0.3):
        core = create(design, shell=Shell(handshake="valid").of(design))
        beats, wanted, cut = [], [], 0
        for _ in range(8):
            frame = np.array([[rng.randrange(256) for _ in range(columns)] for _ in range(rows)])
            taken = rng.choice([1, 2, columns, columns + 1, size // 2, size - 1, size, size])
            cut += taken < frame.size
            beats += beats_of(frame)[:taken]
            results = iter(results_of(design, frame))
            for place in range(frame.size):
                row, column = (at - side + 1 for at, side in zip(divmod(place, frame.shape[1]), kernel, strict=True))
                if row >= 0 and column >= 0 and row % stride[0] == 0 and column % stride[1] == 0:
                    result = next(results)
                    wanted += [result] * (place < taken)
        frame = np.array([[rng.randrange(256) for _ in range(columns)] for _ in range(rows)])
        beats += beats_of(frame)
        wanted += results_of(design, frame)
        run = run_stream(core, beats, len(wanted), gap=gap, settle=30, read=read, watch=watched(core))
        assert run.beats == wanted
        assert run.seen == {"first": cut, "orphan": 0, "eol": 0}
        if not gap:
            assert run.accepted == list(range(run.accepted[0], run.accepted[0] + len(beats)))


def test_errors_without_back_pressure():
    core = create(VALID, shell=Shell(handshake="valid").of(VALID))
    frame = np.arange(42).reshape(6, 7)
    beats = [*beats_of(frame[:1], first=False), *beats_of(frame, ends=[3, 6]), *beats_of(frame[:2], first=False)]
    run = run_stream(core, beats, 25, settle=30, read=read, watch=watched(core))
    assert run.beats == results_of(VALID, frame)
    assert run.seen == {"first": 0, "orphan": 7 + 14, "eol": 6}


def several(pixels):
    """Stages and branches, some behind one that makes frames smaller."""
    small = VALID.replace(pixels_per_clock=pixels, shift=3, output=u8)
    edge = EDGE.replace(pixels_per_clock=pixels, shift=2, output=u8)
    taller = edge.replace(kernel=[[1], [2], [3], [1], [1]])
    yield Pipeline([small, taller])
    yield Pipeline([small, Fork([taller, edge], join="planes")])
    yield Fork([edge, taller], join="sum")


ALONE = [design.replace(pixels_per_clock=pixels) for pixels in (1, 2) for design in (EDGE, VALID)]
ALONE += [design.replace(stride=(2, 3)) for design in (EDGE, VALID)]
TOGETHER = [design for pixels in (1, 2) for design in several(pixels)]


@pytest.mark.parametrize("design", [*ALONE, *TOGETHER], ids=lambda design: f"{design.kind}-{design.pixels_per_clock}")
@pytest.mark.parametrize("seed", range(2))
def test_frames_of_one_size_need_no_check(design, seed):
    """The core without it does what the whole one does whose size is told to be that, whatever comes."""
    compared(design, create(design, shell=Shell().of(design)), tuple(axis.most for axis in design.frame_axes), seed)


def test_frames_with_fewer_lines_than_their_end_need_no_check():
    design = EDGE.replace(kernel=[[1], [2], [3], [4], [-5]])
    plan = lean(lower(design), Shell().of(design), (2, 7))
    compared(design, create(design, plan), (2, 7), 0)


def compared(design, lean, size, seed):
    """Whatever comes, a core for frames of one size does what the whole one does."""
    rng = random.Random(seed)
    whole, pixels, (rows, columns) = create(design), design.pixels_per_clock, size
    line, marks = -(-columns // pixels), {"first": 0.03, "eol": 0.3}
    beats = []
    for _ in range(200):
        data = [rng.randrange(256) for _ in range(pixels)]
        beat = {"data": data if pixels > 1 else data[0]} | {name: rng.random() < share for name, share in marks.items()}
        beats.append(beat | ({"keep": rng.randrange(4)} if pixels > 1 else {}))
    frame = [rng.randrange(256) for _ in range(rows * line * 2)]
    beats += [
        {"data": [value] * pixels if pixels > 1 else value, "first": place % (rows * line) == 0}
        for place, value in enumerate(frame)
    ]

    (results, errors), (lean_results, lean_errors) = played(whole, beats, (rows, columns)), played(lean, beats, ())
    assert lean_results == results
    # Branches raise an error each, in one cycle or in two.
    assert design.forked or lean_errors == errors


def played(core, beats, size):
    """What a core gives, and how often it raises each error, until nothing has come for a while."""
    chance, simulator = random.Random(1), Simulator(core)
    results, errors = [], collections.Counter()

    async def bench(ctx):
        for port, value in zip(("rows", "columns"), size, strict=False):
            ctx.set(getattr(core, port), value)
        place = idle = 0
        while idle < 400 and len(results) < 10 * len(beats):
            if place < len(beats):
                ctx.set(core.i.payload, beats[place])
            ctx.set(core.i.valid, place < len(beats))
            ctx.set(core.o.ready, chance.random() < 0.8)
            sample = core.i.ready, core.o.valid & core.o.ready, core.o.payload, *watched(core).values()
            _, _, ready, given, payload, *seen = await ctx.tick().sample(*sample)
            errors.update(name for name, strobe in zip(watched(core), seen, strict=True) if strobe)
            if given:
                values = list(payload.data) if hasattr(payload, "keep") else [payload.data]
                kept = [bool(payload.keep >> place & 1) for place in range(len(values))] if len(values) > 1 else [True]
                results.append(
                    ([value for value, there in zip(values, kept, strict=True) if there], payload.first, payload.eol)
                )
            taken = bool(ready and place < len(beats))
            idle = 0 if given or taken else idle + 1
            place += taken

    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert results
    assert set(errors) == {"first", "orphan", "eol"}
    return results, errors
