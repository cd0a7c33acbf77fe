"""A device whose samples come from and go to its own pins; the host's link has only the registers."""

from typing import Any

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from convolver.designs import Design

from ..bus.accelerator import Accelerator
from ..stream.layouts import beat_layout, result_layout
from .device_top import Device, far_ports

__all__ = ["StreamDevice"]


class StreamDevice(Device):
    """An accelerator between two streams, with a link for the host: registers, coefficients and status, but no samples.

    The streams are the core's, with its latency and its back-pressure: one beat a clock, or one in as many clocks as
    the design sets. A host that sends samples gets no results for them: its call ends with `LinkTimeout`.

    When a host opens or closes the device, core and registers are reset, as on every device: the coefficients are the
    design's again, and beats up to the next frame's first one are dropped.

    Parameters
    ----------
    As for `Device`.

    Ports
    -----
    rx, tx, session, fault : as in `Device`.
    i, o : samples and results, in the core's format (`convolver.hw.stream.layouts`), in domain `core` if there is one.
    reset : the core is being reset, in the same domain; counters of frames must restart.

    Raises
    ------
    DesignError
        If a parameter is out of its range.
    """

    def _behind(self, design: Design, core: wiring.Component | None) -> wiring.Component:
        return _Beside(design, core)

    def _streams(self) -> dict[str, wiring.Member]:
        return {
            "i": In(stream.Signature(beat_layout(self.design))),
            "o": Out(stream.Signature(result_layout(self.design))),
            "reset": Out(1),
        }

    def elaborate(self, platform: object) -> Module:
        m = super().elaborate(platform)
        far: Any = self.far
        connect(m, flipped(self.i), far.i)
        connect(m, far.o, flipped(self.o))
        m.d.comb += self.reset.eq(self.link.restart if self.crossing is None else self.crossing.reset)
        return m


class _Beside(wiring.Component):
    """The block behind the link: the accelerator. Samples from the link are dropped."""

    def __init__(self, design: Design, core: wiring.Component | None) -> None:
        self.accelerator = Accelerator(design, core)
        super().__init__(
            far_ports()
            | {
                "i": In(stream.Signature(beat_layout(design))),
                "o": Out(stream.Signature(result_layout(design))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.accelerator = accelerator = self.accelerator
        connect(m, flipped(self.i), accelerator.i)
        connect(m, accelerator.o, flipped(self.o))
        connect(m, flipped(self.bus), accelerator.bus)
        m.d.comb += [self.samples.ready.eq(1), self.empty.eq(1)]
        return m
