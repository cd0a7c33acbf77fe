"""The core of a fork: its branches' cores in parallel, a queue behind each core that is early, and the join."""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any, cast

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from convolver.designs import Fork
from convolver.plan.composite import SilenceGate as SilenceGateStage
from convolver.plan.fork import ForkPlan
from convolver.plan.fork import SizeCheck as SizeCheckStage
from convolver.plan.lowering import PlanLike, lower
from convolver.plan.shell import shelled
from convolver.plan.stages import Stage
from convolver.shell import FULL, Shell

from ..output.queue import queue_of
from ..stream.join import Join
from ..stream.layouts import beat_layout, result_layout
from ..stream.split import Split
from ..window.boundaries import border_ports
from ..window.signal_entry import start_of
from ..window.silence_gate import SilenceGate
from ..window.size_check import SizeCheck
from ..window.size_gate import WIDTH, OpenGate, told_sizes
from .core import Core, block_of, core_ports, create
from .part_ports import part_ports
from .parts import connect_borders, connect_gate, connect_parts, connect_silence

__all__ = ["ForkCore"]

GATES: Mapping[tuple[type[Stage], ...], type[Any]] = {
    (SilenceGateStage,): SilenceGate,
    (SizeCheckStage,): SizeCheck,
    (): OpenGate,
}

UNSEEN = 4
"""Cycles after a result has left a core, until it surely shows in the queue behind."""


class ForkCore(Core):
    """Feeds one stream to several cores, and joins their results: one beat a cycle if each core takes one, latency
    `latency` cycles, full back-pressure, no bubble between frames of one size.

    Each core is a credit domain of its own. All cores take the same beats and the same frames. A core that completes
    its results earlier than another has a queue behind it for them: see `convolver.plan.fork.lower_fork`.

    Parameters
    ----------
    design : Fork
    family : {"ecp5", "ice40", "7-series"}, Target or Plan, optional
        Target device family; by default any.
    shell : Shell, optional
        The shell around the core: see `create`.

    Ports
    -----
    i, o : streams of `beat_layout` and `result_layout`
    rows, columns : In, for images, unless all frames have one size
        Size of the frame, while its first pixel is offered.
    busy : Out
        A frame is in a core, or a result in a queue; it falls some cycles later.
    errors : Out
        Strobes of `ERROR_LAYOUT`, of any core.
    overflow : Out
        A buffer overflowed; can't happen.
    boundary_1, fill_1, ... : In, for switchable borders
        As `rows` and `columns`: the chosen border of the filter with that number.
    silence : In, if the design is continuous
        The next frame starts from silence, in all branches.
    parts, coefficients, restart, pending
        See `part_ports`.
    """

    design: Fork
    plan: ForkPlan

    def __init__(self, design: Fork, family: PlanLike = None, shell: Shell | None = None) -> None:
        self.design = design
        self.plan = cast(ForkPlan, shelled(lower(design, family), shell or FULL))
        sizes = dict.fromkeys(told_sizes(self.plan), In(WIDTH))
        super().__init__(core_ports(design, sizes) | border_ports(design) | start_of(design).ports | part_ports(design))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        cores = [create(plan.design, plan) for plan in self.plan.plans]
        m.submodules.split = split = Split(beat_layout(self.design), len(cores))
        m.submodules.join = join = Join(self.design)
        m.submodules.gate = gate = block_of(self.plan, GATES)(self.design)
        wiring.connect(m, wiring.flipped(self.i), gate.i)
        wiring.connect(m, gate.o, split.i)
        wiring.connect(m, join.o, wiring.flipped(self.o))
        inside: list[Value] = [join.o.valid]
        connect_gate(m, self, gate)
        sizes = getattr(gate, "sizes", self)
        connect_borders(m, getattr(gate, "chosen", self), cores)
        connect_silence(m, self, gate, cores)
        full: list[Value] = []
        for number, (core, queue) in enumerate(zip(cores, self.plan.queues, strict=True)):
            m.submodules[f"branch_{number + 1}"] = core
            wiring.connect(m, split.o[number], core.i)
            m.d.comb += [getattr(core, name).eq(getattr(sizes, name)) for name in told_sizes(self.plan)]
            inside.append(core.busy)
            full.append(core.overflow)
            results = core.o
            if queue is not None:
                m.submodules[f"queue_{number + 1}"] = held = queue_of(result_layout(core.design), queue)
                wiring.connect(m, core.o, held.i)
                inside.append(~held.idle)
                full.append(held.overflow)
                results = held.o
            wiring.connect(m, results, getattr(join, f"i_{number}"))
        connect_parts(m, self, cores)
        seen = Signal(UNSEEN)
        some = reduce(or_, inside)
        m.d.sync += seen.eq(Value.cast(some).replicate(UNSEEN) | (seen << 1))
        m.d.comb += [
            gate.busy.eq(some | seen.any()),
            self.busy.eq(some | seen.any() | gate.waiting),
            Value.cast(self.errors).eq(reduce(or_, (Value.cast(core.errors) for core in cores))),
            self.overflow.eq(reduce(or_, full)),
        ]
        return m
