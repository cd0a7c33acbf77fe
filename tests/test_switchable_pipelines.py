# amaranth: UnusedElaboratable=no
"""Pipelines and forks whose borders are chosen for each call: against the golden model, and frame behind frame in the core."""

import functools

import numpy as np
import pytest

from convolver import Conv2DDesign, DataError, DesignError, Fork, Pipeline, selftest, u8
from convolver.designs import GATEWARE_BOUNDARIES, boundary_code, design_from_json
from convolver.host.device import Device
from convolver.host.link import LinkTransport
from convolver.hw.bus.registers import RegisterBank, frame_members
from convolver.plan.lowering import lower
from convolver.shell import Shell
from convolver.sim import golden
from convolver.sim.libraries.compiler import compile_designs
from convolver.sim.twin.board import BoardPipe, BoardTwin
from convolver.sim.twin.core import Simulation, TwinTransport
from convolver.sim.twin.streams import beats_of, random_samples, stalls

CHOSEN = Conv2DDesign(
    [[1, 2, 1], [2, 4, 2], [1, 2, -1]], shift=3, output=u8, rows=24, columns=30, switchable=True, boundary="reflect"
)
FIXED = CHOSEN.replace(switchable=False, boundary="edge")
LAST = CHOSEN.replace(kernel=[[1, 2, 3]], boundary="constant", fill=7)

DESIGNS = {
    "two of three": Pipeline([CHOSEN, FIXED, LAST]),
    "fork": Fork([CHOSEN, Pipeline([FIXED, CHOSEN.replace(kernel=[[5], [1], [-2]])])], "difference"),
    "behind a fork": Pipeline([Fork([CHOSEN, FIXED], "planes"), LAST.replace(planes=2, stride=2)]),
}


@functools.cache
def compiled():
    return dict(zip(DESIGNS, compile_designs(list(DESIGNS.values())), strict=True))


@pytest.mark.parametrize("name", DESIGNS)
def test_each_call_chooses_its_borders(name):
    design = DESIGNS[name]
    last = max(design.switchable_parts)
    image = random_samples(u8, (50, 47), 1)
    with Device(TwinTransport(design, compiled=compiled()[name])) as device:
        seen = [golden.run(design, image)]
        for asked in (
            *({"boundary": boundary} for boundary in GATEWARE_BOUNDARIES),
            {"boundary": "constant", "fill": 200},
            {"boundary": {last: "symmetric"}},
            {"boundary": {last: "constant"}, "fill": {last: 9}},
        ):
            expected = golden.run(design.with_border(**asked), image)
            np.testing.assert_array_equal(device(image, **asked), expected)
            seen.append(expected)
            np.testing.assert_array_equal(device(image), seen[0])  # the next call has the design's own
        assert len({one.tobytes() for one in seen}) > 4
        (again,) = device.stream([image])
        np.testing.assert_array_equal(again, seen[0])


@pytest.mark.parametrize("name", ["two of three", "behind a fork"])
def test_a_frame_with_another_border_waits_for_those_before_it(name):
    """Its beats stand in front of the core while the ports have changed already and the frame before is inside."""
    design = DESIGNS[name]
    simulation = Simulation(compiled()[name])
    random = np.random.default_rng(7)
    frames, ports, expected = [], [], []
    for number in range(12):
        boundary = GATEWARE_BOUNDARIES[int(random.integers(4))]
        told = {"boundary": boundary_code(boundary), "fill": number}
        ports.append({f"{name}_{part}": value for part in design.switchable_parts for name, value in told.items()})
        frames.append(random_samples(u8, (int(random.integers(4, 9)), 12), number))
        filled = {"fill": number} if boundary == "constant" else {}
        own = golden.run(design.with_border(boundary=boundary, **filled), frames[-1])
        expected.append(np.moveaxis(own, 0, -1).reshape(-1, len(own)) if design.result_axes else own.reshape(-1))
    # Nothing is waited for: the ports change, and the next frame comes, behind the last beat of this one. The first time tells
    # in which clock that is.
    clocks: list[int] = []
    for wanted in (0, sum(map(len, expected))):
        simulation.reset()
        results, taken = [], 0
        for number, (frame, chosen) in enumerate(zip(frames, ports, strict=True)):
            simulation.choose(chosen)
            limit = clocks[number] if wanted else None
            run = simulation.run(
                beats=beats_of([frame]), wanted=wanted, limit=limit, stalls=stalls("half", number), gaps=stalls("rare", number)
            )
            assert run.accepted == frame.size
            if not wanted:
                clocks.append(run.clocks)
            results.append(run.results)
            taken += run.delivered
        assert taken < sum(map(len, expected))
    rest = simulation.run(beats=beats_of([]), wanted=sum(map(len, expected)) - taken, settle=50)
    np.testing.assert_array_equal(np.concatenate([*results, rest.results]), np.concatenate(expected))
    assert not rest.busy


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"boundary": "wrap"}, "Boundary must be one of constant, edge, reflect, symmetric, not 'wrap'"),
        ({"boundary": {2: "edge"}}, "Boundary can be chosen of the stages 1 and 3, not of 2"),
        ({"fill": {"last": 1}}, "Fill can be chosen of the stages 1 and 3, not of 'last'"),
        ({"fill": 3}, "A fill can be chosen only for the boundary constant, not 3 for reflect; leave it out"),
        ({"boundary": "constant", "fill": 256}, "Fill must be an integer between 0 and 255, not 256"),
    ],
)
def test_a_border_that_no_stage_has_is_refused_in_one_line(asked, message):
    with pytest.raises(DataError, match=f"^{message}$"):
        DESIGNS["two of three"].with_border(**asked)


def test_a_border_is_chosen_only_of_what_is_switchable():
    message = "^A boundary can be chosen only of filters with switchable=True; here none has it$"
    with pytest.raises(DataError, match=message):
        Pipeline([FIXED]).with_border(boundary="edge")
    message = "^{} 1 of a {} must begin with a boundary that the core makes, not wrap, as it is switchable$"
    with pytest.raises(DesignError, match=message.format("Stage", "pipeline")):
        Pipeline([CHOSEN.replace(boundary="wrap")])
    with pytest.raises(DesignError, match=message.format("Branch", "fork")):
        Fork([CHOSEN.replace(boundary="wrap"), FIXED], "sum")


def test_each_stage_has_its_registers():
    design = DESIGNS["two of three"]
    assert design_from_json(design.to_json()) == design
    members = frame_members(design)
    assert {name: members[name].init for name in members if name[-1].isdigit()} == {
        "boundary_1": boundary_code("reflect"),
        "fill_1": 0,
        "boundary_3": boundary_code("constant"),
        "fill_3": 7,
    }
    addresses = {name: register.address for name, register in RegisterBank(lower(design))._registers().items()}
    assert {name: addresses[name] for name in addresses if name.startswith(("BOUNDARY", "FILL"))} == {
        "BOUNDARY_1": 0x78,
        "FILL_1": 0x7C,
        "BOUNDARY_3": 0xF8,
        "FILL_3": 0xFC,
    }
    lean = Shell(registers="none", description="none").of(design)
    assert not any(name[-1].isdigit() for name in frame_members(design, lean))


def test_the_self_test_tries_every_boundary():
    design = DESIGNS["two of three"]
    found = [case for case in selftest.cases(design, 0, 1) if case.name.startswith("boundary")]
    assert [case.name for case in found] == [
        f"boundary {boundary}, {what} frame" for boundary in GATEWARE_BOUNDARIES for what in ("random", "smallest")
    ]
    with Device(TwinTransport(design, compiled=compiled()["two of three"])) as device:
        assert {selftest.check(device, case) for case in found} == {None}


@pytest.mark.soak
def test_borders_travel_over_the_link_to_the_registers_of_their_stages():
    design = Pipeline([LAST.replace(rows=12, columns=16), LAST.replace(kernel=[[1], [5]], rows=12, columns=16)])
    pipe = BoardPipe(BoardTwin(design))
    image = random_samples(u8, (9, 14), 3)
    with Device(LinkTransport(pipe, clock=pipe.time)) as device:
        assert device.design == design
        for asked in ({}, {"boundary": "edge"}, {"boundary": {2: "symmetric"}}, {"fill": {1: 99}}):
            now = design.with_border(**asked) if asked else design
            np.testing.assert_array_equal(device(image, **asked), golden.run(now, image))
