"""A bench for one stream component on Amaranth's simulator: seeded gaps and stalls, beats with their clocks."""

import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from amaranth.sim import Simulator

__all__ = ["Run", "run_stream"]

PHASE = 40
"""Clocks for which one of several probabilities of gaps or stalls applies."""


@dataclass
class Run:
    """Record of a run. Clocks count from 0, the first clock after reset.

    accepted, offered, delivered : clocks in which beats were taken at the input, first offered at the output, taken
        there.
    beats : payloads taken at the output, as returned by `read`.
    seen : for each watched signal, the number of clocks in which it was high.
    """

    accepted: list[int] = field(default_factory=list)
    offered: list[int] = field(default_factory=list)
    delivered: list[int] = field(default_factory=list)
    beats: list[Any] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)


def run_stream(
    component: Any,
    beats: Sequence[Any],
    expected: int,
    *,
    seed: int = 0,
    gap: float | Sequence[float] = 0.0,
    stall: float | Sequence[float] = 0.0,
    settle: int = 8,
    patience: int = 2000,
    watch: Mapping[str, Any] | None = None,
    read: Callable[[Any], Any] = lambda payload: payload,
    before: Callable[[Any, int], Awaitable[None] | None] | None = None,
    waves: str | None = None,
) -> Run:
    """Drives `beats` into `component.i` and takes `expected` from `component.o`, then watches for `settle` clocks more.

    It checks the stream contract: payload and valid hold while stalled. A component that stops is an error, not a hang.

    Parameters
    ----------
    component : Amaranth component with streams ``i`` and ``o``
    beats : values of ``i.payload``, in order
    expected : int
        Beats that must come; another one during `settle` is an error.
    gap, stall : float or sequence of float
        Probability, in each clock, that the source pauses, or the sink isn't ready; several apply for 40 clocks each,
        in turn.
    patience : int
        Clocks without a beat after which the component is stuck; at least 2000.
    watch : signals to count, by name
    read : converts an output payload for `Run.beats`
    before : called as ``before(ctx, index)`` before beat `index` is offered; an awaitable result is awaited
    waves : a .vcd file to write, with all signals of the component by name

    Raises
    ------
    AssertionError
        If the contract is broken, too many beats come, or none comes for `patience` clocks.
    """
    chance = random.Random(seed)
    run = Run(seen=dict.fromkeys(watch or {}, 0))
    patience = max(patience, 2000)
    clock = -1

    async def source(ctx: Any) -> None:
        for index, beat in enumerate(beats):
            while chance.random() < _now(gap, clock):
                await ctx.tick()
            if before is not None and (preparing := before(ctx, index)) is not None:
                await preparing
            ctx.set(component.i.payload, beat)
            ctx.set(component.i.valid, 1)
            while not (await ctx.tick().sample(component.i.ready))[-1]:
                pass
            ctx.set(component.i.valid, 0)

    async def sink(ctx: Any) -> None:
        nonlocal clock
        held = None
        idle = 0
        rest = settle
        while len(run.beats) < expected or rest:
            rest -= len(run.beats) >= expected
            ready = chance.random() >= _now(stall, clock)
            ctx.set(component.o.ready, ready)
            signals = list((watch or {}).values())
            sample = [component.i.valid, component.i.ready, component.o.valid, component.o.payload]
            _, _, took, room, valid, payload, *watched = await ctx.tick().sample(*sample, *signals)
            clock += 1
            for name, value in zip(run.seen, watched, strict=True):
                run.seen[name] += int(value)
            if took and room:
                run.accepted.append(clock)
            beat = read(payload)
            assert held is None or (valid and beat == held), (
                f"A stalled beat must hold: {held} became {beat if valid else None}"
            )
            if valid and held is None:
                run.offered.append(clock)
            held = beat if valid and not ready else None
            idle += 1
            if valid and ready:
                run.delivered.append(clock)
                run.beats.append(beat)
                idle = 0
                assert len(run.beats) <= expected, f"{expected} beats were expected, then came {beat}"
            assert idle < patience, f"No beat for {patience} clocks: {len(run.beats)} of {expected} came (seed {seed})"

    simulator = Simulator(component)
    simulator.add_clock(1e-6)
    simulator.add_testbench(source, background=True)
    simulator.add_testbench(sink)
    with contextlib.nullcontext() if waves is None else simulator.write_vcd(waves):
        simulator.run()
    return run


def _now(chances: float | Sequence[float], clock: int) -> float:
    return chances if isinstance(chances, float | int) else chances[clock // PHASE % len(chances)]
