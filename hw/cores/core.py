"""Creates the core of a design."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

from amaranth.hdl import ShapeLike
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Member, Out

from convolver.designs import Design, of_kind
from convolver.plan.lowering import PlanLike
from convolver.plan.plan import Plan
from convolver.plan.stages import BurstBuffer as BurstStage
from convolver.plan.stages import CompactBuffer as CompactStage
from convolver.plan.stages import OutputBuffer as OutputStage
from convolver.plan.stages import Stage
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
    """A core: a component with the ports of docs/architecture.md, its design and its plan."""

    design: Design
    plan: Plan

    @property
    def latency(self) -> int:
        """Cycles from the acceptance of a beat to the offer of the result that it completes, without stalls."""
        return self.plan.latency

    @property
    def slice(self) -> type[SkidBuffer | PlacedSkidBuffer]:
        """The register slice in front of the core, if the core has one."""
        return SkidBuffer


def core_ports(design: Design, sizes: Mapping[str, Member] = MappingProxyType({})) -> dict[str, Member]:
    """The ports of all cores, with those of a frame's size if there are any. A kind adds its own ports to them."""
    return {
        "i": In(stream.Signature(beat_layout(design))),
        "o": Out(stream.Signature(result_layout(design))),
        **sizes,
        "busy": Out(1),
        "errors": Out(ERROR_LAYOUT),
        "overflow": Out(1),
    }


def block_of(plan: Plan, blocks: Mapping[Stages, Block]) -> Block:
    """The first of these blocks whose stages are all in the plan."""
    return next(block for stages, block in blocks.items() if all(plan.find(stage) for stage in stages))


Output = CompactBuffer | OutputBuffer | DirectOutput
"""The block through which results leave a core."""


def output_of(plan: Plan, result: ShapeLike) -> Output:
    """The output block of a plan's core, for results with this payload: a buffer, if the plan has one."""
    outputs: Mapping[Stages, Callable[[], Output]] = {
        (CompactStage,): lambda: CompactBuffer(result, plan.buffer_depth),
        (BurstStage,): lambda: BurstBuffer(result, plan.buffer_depth, plan.stage(BurstStage).enough),
        (OutputStage,): lambda: OutputBuffer(result, plan.buffer_depth),
        (): lambda: DirectOutput(result, plan.latency + 1),
    }
    return block_of(plan, outputs)()


def create(design: Design, family: PlanLike = None, shell: Shell | None = None) -> Core:
    """The gateware of a design; its ports are listed in docs/architecture.md.

    A core for a `family` has that family's latency on every platform, and uses the family's primitives on its
    platforms. The class is the ``...Core`` of the kind's file: for a `FIRDesign`, `convolver.hw.cores.fir.FIRCore`.

    Parameters
    ----------
    design : Design
    family : {"ecp5", "ice40", "7-series"}, Target or Plan, optional
        Target device family; by default any. Or the plan of the core, if that of the design alone isn't meant.
    shell : Shell, optional
        The shell around the core, for this design (`Shell.of`); by default `FULL`. If all frames have one size, the
        core has no ports for a size, and needs a register slice in front. Without back-pressure it is always ready, and
        gives its results even if the receiver isn't ready.
    """
    core: Core = of_kind(type(design), __package__, "{Kind}Core", "to build")(design, family, shell)
    return core
