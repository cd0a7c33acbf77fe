"""The core of a pipeline: its stages' cores, connected by their streams."""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any, cast

from amaranth.hdl import Module, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from convolver.designs import Pipeline
from convolver.plan import composite
from convolver.plan import pipeline as stages
from convolver.plan.lowering import PlanLike, lower
from convolver.plan.pipeline import PipelinePlan
from convolver.plan.shell import shelled
from convolver.plan.stages import Stage
from convolver.shell import FULL, Shell

from ..stream.layouts import beat_layout, result_layout
from ..stream.widths import converter_of
from ..window.boundaries import border_ports
from ..window.signal_entry import start_of
from ..window.silence_gate import SilenceGate
from ..window.size_gate import WIDTH, OpenGate, SizeGate, told_sizes
from .core import Core, block_of, core_ports, create
from .part_ports import part_ports
from .parts import connect_borders, connect_gate, connect_parts, connect_silence

__all__ = ["PipelineCore"]

GATES: Mapping[tuple[type[Stage], ...], type[Any]] = {
    (stages.SizeGate,): SizeGate,
    (composite.SilenceGate,): SilenceGate,
    (): OpenGate,
}


class PipelineCore(Core):
    """Filters by several cores in series: one beat a cycle if each core takes one, latency `latency` cycles, full
    back-pressure, no bubble between frames of one size.

    Each core is a credit domain of its own, and two cores are joined by wires: a core's results wait in registers until
    they are taken, and its `ready` comes from registers too. If the beats of two cores have different numbers of
    pixels, a converter stands between them. Frames of a new size enter when all frames of the size before have left.

    Parameters
    ----------
    design : Pipeline
    family : {"ecp5", "ice40", "7-series"}, Target or Plan, optional
        Target device family; by default any.
    shell : Shell, optional
        The shell around the core: see `create`.

    Ports
    -----
    i, o : streams of `beat_layout` and `result_layout`
    rows, columns : In, for images, unless all frames have one size
        Size of the frame, in the cycle in which its first pixel is accepted.
    busy : Out
        A frame is in a core.
    errors : Out
        Strobes of `ERROR_LAYOUT`, of any core.
    overflow : Out
        An output buffer overflowed; can't happen.
    boundary_1, fill_1, ... : In, for switchable borders
        As `rows` and `columns`: the chosen border of the filter with that number.
    silence : In, if the design is continuous
        The next frame starts from silence, in all stages.
    parts, coefficients, restart, pending
        See `part_ports`. Each stage takes a complete set with the next frame that it begins.
    """

    design: Pipeline
    plan: PipelinePlan

    def __init__(self, design: Pipeline, family: PlanLike = None, shell: Shell | None = None) -> None:
        self.design = design
        self.plan = cast(PipelinePlan, shelled(lower(design, family), shell or FULL))
        sizes = dict.fromkeys(told_sizes(self.plan), In(WIDTH))
        super().__init__(core_ports(design, sizes) | border_ports(design) | start_of(design).ports | part_ports(design))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        cores = [create(plan.design, plan) for plan in self.plan.plans]
        for number, core in enumerate(cores, 1):
            m.submodules[f"stage_{number}"] = core
        ends = [*(core.i for core in cores[1:]), wiring.flipped(self.o)]
        layouts = [*map(beat_layout, self.design.stages[1:]), result_layout(self.design)]
        inside: list[Value] = [core.busy for core in cores]
        for number, (core, stage, end, layout) in enumerate(zip(cores, self.plan.converters, ends, layouts, strict=True), 1):
            source = core.o
            if stage is not None:
                m.submodules[f"widths_{number}"] = widths = converter_of(stage, result_layout(core.design), layout)
                _join(m, source, widths.i)
                source = widths.o
                inside.append(widths.busy)
            _join(m, source, end)
        inner: Value = reduce(or_, inside)
        m.submodules.gate = gate = block_of(self.plan, GATES)(self.design)
        wiring.connect(m, wiring.flipped(self.i), gate.i)
        wiring.connect(m, gate.o, cores[0].i)
        m.d.comb += [gate.busy.eq(inner), self.busy.eq(inner | gate.waiting)]
        for name in told_sizes(self.plan):
            m.d.comb += [getattr(core, name).eq(gate.sizes[place][name]) for place, core in enumerate(cores)]
        connect_gate(m, self, gate)
        connect_borders(m, getattr(gate, "chosen", self), cores)
        connect_silence(m, self, gate, cores)
        connect_parts(m, self, cores)
        m.d.comb += [
            Value.cast(self.errors).eq(reduce(or_, (Value.cast(core.errors) for core in cores))),
            self.overflow.eq(reduce(or_, (core.overflow for core in cores))),
        ]
        return m


def _join(m: Module, source: Any, sink: Any) -> None:
    """Connects two streams. Several results of a place become the planes of the next stage: same bits, same order."""
    m.d.comb += [
        sink.valid.eq(source.valid),
        source.ready.eq(sink.ready),
        Value.cast(sink.payload).eq(Value.cast(source.payload)),
    ]
