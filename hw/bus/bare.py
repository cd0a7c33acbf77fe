"""A core without registers: its settings are constant, and its errors are strobes."""

from typing import Any

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from convolver.designs import Design

from ..stream.layouts import beat_layout, result_layout
from .registers import frame_members

__all__ = ["BareAccelerator"]


class BareAccelerator(wiring.Component):
    """A design's core alone: its throughput, latency and back-pressure.

    Frames have the core's largest size, and the design's border. A continuous signal continues from frame to frame.

    Parameters
    ----------
    design : Design
        What to compute; without loadable coefficients.
    core : Component
        Its core.

    Ports
    -----
    i, o : the core's streams
    errors : Out
        The core's strobes.
    """

    def __init__(self, design: Design, core: Any) -> None:
        self._design, self._core = design, core
        super().__init__(
            {
                "i": In(stream.Signature(beat_layout(design))),
                "o": Out(stream.Signature(result_layout(design))),
                "errors": Out(core.signature.members["errors"].shape),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.core = core = self._core
        connect(m, flipped(self.i), core.i)
        connect(m, core.o, flipped(self.o))
        m.d.comb += self.errors.eq(core.errors)
        constants = {name: member.init for name, member in frame_members(self._design).items()}
        m.d.comb += [getattr(core, name).eq(value) for name, value in constants.items() if name in core.signature.members]
        return m
