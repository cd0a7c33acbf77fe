# amaranth: UnusedElaboratable=no
"""What report, header and core say of the latency, beside what is measured on the gateware that is built."""

import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from amaranth.sim import Simulator

from convolver import Conv2DDesign, FIRDesign
from convolver.hw.bus.axi import AXIAccelerator
from convolver.hw.cores.core import create
from convolver.hw.export.verilog import generate
from convolver.plan import FAMILIES, Family, lower
from convolver.plan.geometry import geometry_of
from convolver.plan.shell import block_latency
from convolver.report import report_of
from convolver.shell import FULL

Design = FIRDesign | Conv2DDesign
Arrival = Callable[[int, int], bool]
"""Whether a beat of this number comes in this clock, if none waits."""


def random_design(seed: int) -> Design:
    rng = random.Random(seed)
    cycles, width = rng.choice([1, 1, 2, 3, 5]), rng.choice([4, 12, 20, 27])
    loadable = rng.random() < 0.5
    common: dict[str, Any] = {"shift": rng.choice([0, 3]), "rounding": rng.choice(["floor", "half_even"]), "loadable": loadable}
    if loadable:
        common["coefficient"] = f"s{width}"
    top = 2 ** (width - 1) - 1
    if rng.random() < 0.6:
        taps = [rng.randint(-top, top) for _ in range(rng.choice([1, 3, 9, 18]))]
        return FIRDesign(taps, data=f"s{rng.choice([8, 16, 19])}", clocks_per_sample=cycles, **common)
    kernel = [[rng.randint(-top, top) for _ in range(3)] for _ in range(rng.choice([2, 3]))]
    pixels = rng.choice([1, 2]) if cycles == 1 else 1
    mode: dict[str, Any] = rng.choice([{"mode": "valid"}, {"boundary": "edge"}])
    return Conv2DDesign(kernel, rows=6, columns=8, clocks_per_pixel=cycles, pixels_per_clock=pixels, **mode, **common)


def measured(top: Any, design: Design, arrival: Arrival, frames: int = 1, samples: int = 24) -> list[int]:
    """Clocks from the acceptance of a beat to the offer of the result that it completes, where both are of one frame. `top` is
    a core, or the block that emitted Verilog is."""
    core = not isinstance(top, AXIAccelerator)
    image = design if isinstance(design, Conv2DDesign) else None
    line = -(-image.frame_axes[1].most // image.pixels_per_clock) if image else 1
    beats = image.frame_axes[0].most * line if image else samples
    due: list[int | None] = list(range(samples))
    if image:
        same = geometry_of(image).mode == "same"
        rows, columns = image.frame_axes[0].most, image.frame_axes[1].most
        below = geometry_of(image).below if same else image.kernel_rows - 1
        wide = columns if same else columns - image.kernel_columns + 1
        results = [
            (row + below) * line + place + geometry_of(image).ahead
            for row in range(rows if same else rows - below)
            for place in range(-(-wide // image.pixels_per_clock))
        ]
        # What the frame's own beats don't complete leaves by itself, or with those of the next one.
        due = [frame * beats + place if place < beats else None for frame in range(frames) for place in results]
    ports = (top.i, top.o) if core else (None, None)
    valid, ready = (ports[0].valid, ports[0].ready) if core else (top.s_axis_tvalid, top.s_axis_tready)
    offered, taking = (ports[1].valid, ports[1].ready) if core else (top.m_axis_tvalid, top.m_axis_tready)
    taken: list[int] = []
    given: list[int] = []

    async def bench(ctx: Any) -> None:
        ctx.set(taking, 1)
        if core and image:
            ctx.set(top.rows, image.frame_axes[0].most)
            ctx.set(top.columns, image.frame_axes[1].most)
        if not core:
            ctx.set(top.aresetn, 1)
        waits = False
        for clock in range(20_000):
            number = len(taken)
            waits = number < frames * beats and (waits or arrival(number, clock))
            marks = {"first": number % beats == 0, "last": number % beats == beats - 1, "eol": number % line == line - 1}
            ctx.set(valid, waits)
            if core:
                for name, mark in marks.items():
                    if name in top.i.p.shape().members:
                        ctx.set(top.i.p[name], mark)
            else:
                ctx.set(top.s_axis_tlast, marks["eol" if image else "last"])
                if image:
                    ctx.set(top.s_axis_tuser, marks["first"])
            if ctx.get(offered):
                given.append(clock)
            if waits and ctx.get(ready):
                taken.append(clock)
                waits = False
            if len(given) == len(due):
                return
            if core:
                await ctx.tick()
            else:
                ctx.set(top.aclk, 1)
                await ctx.delay(1e-9)
                ctx.set(top.aclk, 0)
                await ctx.delay(1e-9)
        pytest.fail(f"{len(given)} results of {len(due)}")

    simulator = Simulator(top)
    if core:
        simulator.add_clock(2e-9)
    simulator.add_testbench(bench)
    simulator.run()
    return [at - taken[place] for at, place in zip(given, due, strict=True) if place is not None]


def alone(design: Design, clocks: int) -> Arrival:
    return lambda _, clock: clock % (clocks + 4 * design.choices.clocks) == 0


def always(_number: int, _clock: int) -> bool:
    return True


def check(design: Design, family: Family | None) -> None:
    plan = lower(design, family)
    core, block = create(design, family), AXIAccelerator(design, family)
    least, most = block_latency(plan, block.shell)
    told = report_of(design, family).to_dict()
    header = generate(design, family=family).partition("\n\n")[0]
    assert told["latency"] == plan.latency == core.latency
    assert told["block_latency"] == [least, most]
    assert block.latency == least
    (first, last) = re.findall(r"^// (\d+)(?: to (\d+))? clocks after the \w+ was accepted", header, re.MULTILINE)[0]
    assert [int(first), int(last or first)] == [least, most]
    lines = report_of(design, family).text().splitlines()
    assert f"latency       {plan.latency} clocks" in "\n".join(
        line[: len(f"latency       {plan.latency} clocks")] for line in lines
    )

    assert set(measured(core, design, always)) == {plan.latency}
    found = measured(block, design, always) + measured(AXIAccelerator(design, family), design, alone(design, least))
    assert min(found) == least
    assert max(found) == most


@pytest.mark.parametrize("family", [None, *FAMILIES])
@pytest.mark.parametrize("seed", range(2))
def test_report_header_and_core_say_what_is_measured(seed: int, family: Family | None) -> None:
    check(random_design(10 * seed + (FAMILIES.index(family) if family else 3)), family)


@pytest.mark.parametrize("cycles", [1, 3])
def test_a_frame_that_comes_while_the_one_before_leaves_waits_no_longer_than_that(cycles: int) -> None:
    design = Conv2DDesign([[1, 2, 3]] * 3, rows=4, columns=5, boundary="edge", clocks_per_pixel=cycles)
    plan = lower(design)
    flush, (least, most) = plan.timing.flush_clocks(design.frame_axes[1].most), block_latency(plan)
    found = []
    for gap in (flush // 2, flush):
        resumes = 4 * 5 * cycles + gap
        found += measured(
            AXIAccelerator(design, shell=FULL), design, lambda number, clock, at=resumes: number < 20 or clock >= at, frames=2
        )
    assert min(found) >= least
    assert most + (cycles > 1) <= max(found) <= most + flush


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 160))
def test_soak(seed: int) -> None:
    for family in (None, *FAMILIES):
        check(random_design(seed), family)
