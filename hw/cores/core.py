"""Makes the core of a design."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

from amaranth.hdl import ShapeLike
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Member, Out

from convolver.designs import Design, of_kind
from convolver.plan.plan import Plan
from convolver.plan.stages import BurstBuffer as BurstStage
from convolver.plan.stages import CompactBuffer as CompactStage
from convolver.plan.stages import OutputBuffer as OutputStage
from convolver.plan.stages import Stage
from convolver.plan.target import TargetLike
from convolver.shell import Shell

from ..stream.burst_buffer import BurstBuffer
from ..stream.compact_buffer import CompactBuffer
from ..stream.direct_output import DirectOutput
from ..stream.layouts import beat_layout, result_layout
from ..stream.marks import ERROR_LAYOUT, ERRORS
from ..stream.output_buffer import OutputBuffer
from ..stream.placed_skid import PlacedSkidBuffer
from ..stream.skid_buffer import SkidBuffer

__all__ = ["ERRORS", "Core", "Stages", "block_of", "core_ports", "create", "output_of"]

Block = TypeVar("Block")

Stages = tuple[type[Stage], ...]


class Core(wiring.Component):
    """What all cores are: a component with the ports of docs/architecture.md, its design and its plan."""

    design: Design
    plan: Plan

    @property
    def latency(self) -> int:
        """Clocks from the acceptance of a beat to the offer of the result that it completes, without stalls."""
        return self.plan.latency

    @property
    def slice(self) -> type[SkidBuffer | PlacedSkidBuffer]:
        """The register slice in front of it, where it has one."""
        return SkidBuffer


def core_ports(design: Design, sizes: Mapping[str, Member] = MappingProxyType({})) -> dict[str, Member]:
    """The ports that all cores have, with those of a frame's size where there are some. A kind's own come behind them."""
    return {
        "i": In(stream.Signature(beat_layout(design))),
        "o": Out(stream.Signature(result_layout(design))),
        **sizes,
        "busy": Out(1),
        "errors": Out(ERROR_LAYOUT),
        "overflow": Out(1),
    }


def block_of(plan: Plan, blocks: Mapping[Stages, Block]) -> Block:
    """The first of these blocks whose stages a plan has."""
    return next(block for stages, block in blocks.items() if all(plan.find(stage) for stage in stages))


Output = CompactBuffer | OutputBuffer | DirectOutput
"""What results leave a core through."""


def output_of(plan: Plan, result: ShapeLike) -> Output:
    """What results of that payload leave a plan's core through: a buffer, where it has one."""
    outputs: Mapping[Stages, Callable[[], Output]] = {
        (CompactStage,): lambda: CompactBuffer(result, plan.buffer_depth),
        (BurstStage,): lambda: BurstBuffer(result, plan.buffer_depth, plan.stage(BurstStage).enough),
        (OutputStage,): lambda: OutputBuffer(result, plan.buffer_depth),
        (): lambda: DirectOutput(result, plan.latency + 1),
    }
    return block_of(plan, outputs)()


def create(design: Design, family: TargetLike = None, shell: Shell | None = None) -> Core:
    """The gateware of a design; its ports are listed in docs/architecture.md.

    A core for a `family` has that family's latency whatever platform it is elaborated for, and its primitives on that
    family's. It is the ``...Core`` of the kind's file here: of a `FIRDesign`, `convolver.hw.cores.fir.FIRCore`.

    Parameters
    ----------
    design : Design
    family : {"ecp5", "ice40", "7-series"} or Target, optional
        Device that it is planned for; by default any.
    shell : Shell, optional
        What it stands in, of this design (`Shell.of`); by default `FULL`. Where frames have a fixed size it has no ports for
        one, and wants a register slice in front; without back-pressure it is always ready, and gives its results whether who
        takes them is ready or not.
    """
    core: Core = of_kind(type(design), __package__, "{Kind}Core", "to build")(design, family, shell)
    return core
