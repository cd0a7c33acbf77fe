"""The complete device, for any board: a UART or a FIFO, the link, the accelerator."""

from amaranth.hdl import DomainRenamer, Module, ResetInserter
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from convolver.designs import Design
from convolver.errors import DesignError

from ..bus.accelerator import Accelerator
from ..bus.packing import ResultPacker, SampleUnpacker
from ..bus.registers import BUS
from ..stream.layouts import framed
from .crossing import CoreCrossing
from .fifo245 import FIFO245
from .fifo245 import PINS as FIFO_PINS
from .line import Line
from .link import Link
from .uart import PINS as UART_PINS
from .uart import UART, divisor_for

__all__ = ["Device", "far_ports"]


class Device(wiring.Component):
    """An accelerator behind a UART (8 data bits, no parity, one stop bit) or behind FTDI's asynchronous 245 FIFO.
    docs/link.md describes the protocol.

    The line limits the throughput: one byte of samples every ``10 / baud`` seconds, or at the rate of `FIFO245`, less 6
    % for the frames' overhead. The core takes samples as they arrive, up to one a clock, and waits in between.

    The link runs in domain `sync`. The core runs in `sync` too, or in domain `core` with its own clock; the UART in
    `sync` or in domain `line`. `convolver.hw.link.crossing` and `convolver.hw.link.line` connect the domains.

    Parameters
    ----------
    design : Design
        What to compute.
    clock_hz : int
        Frequency of the link's clock.
    baud : int or None
        Bits a second on the line; at most a quarter of the UART's clock, and at most twice `clock_hz`. None for the
        FIFO.
    serial_number : int
        32 bits that the host can read.
    slots : int
        Frames of 256 bytes in each of the link's two rings; a power of two between 2 and 64.
    core : Component, optional
        A core to use instead of ``convolver.hw.cores.core.create(design)``, with the same ports.
    core_hz, line_hz : int, optional
        Frequency of domain `core` or `line`; by default there is no such domain. A FIFO has no `line`.

    Ports
    -----
    rx, tx : the line; or the pins of `convolver.hw.link.fifo245.PINS`.
    session : a host has begun a session; for a lamp.
    fault : a received byte or frame was dropped since the session began; for a lamp.

    Raises
    ------
    DesignError
        If a parameter is out of its range.
    """

    def __init__(
        self,
        design: Design,
        clock_hz: int,
        baud: int | None,
        serial_number: int = 0,
        slots: int = 8,
        core: wiring.Component | None = None,
        core_hz: int | None = None,
        line_hz: int | None = None,
    ) -> None:
        front: wiring.Component
        if baud is None:
            if line_hz is not None:
                raise DesignError(f"A FIFO runs at the link's clock, {clock_hz} Hz, and has no line_hz, not {line_hz}")
            front, self.pins = FIFO245(clock_hz), FIFO_PINS
        else:
            divisor = divisor_for(clock_hz if line_hz is None else line_hz, baud)
            if line_hz is not None and baud > 2 * clock_hz:
                raise DesignError(f"Baud must be at most twice the link's clock, {2 * clock_hz}, not {baud}")
            front, self.pins = UART(divisor) if line_hz is None else Line(divisor), UART_PINS
        self.design, self.front = design, front
        self.link = Link(clock_hz, design.sample.bytes, design.result_bytes, serial_number, slots, core_hz)
        self.crossing = None if core_hz is None else CoreCrossing()
        self.far = self._behind(design, core)
        super().__init__(self.pins | {"session": Out(1), "fault": Out(1)} | self._streams())

    def _behind(self, design: Design, core: wiring.Component | None) -> wiring.Component:
        """The block behind the link, with the ports of `_Far`."""
        return _Far(design, core)

    def _streams(self) -> dict[str, wiring.Member]:
        """Ports in addition to those of the line."""
        return {}

    def elaborate(self, platform: object) -> Module:
        m = Module()
        link, front = self.link, self.front
        m.submodules.front = front
        m.submodules.link = link
        connect(m, front.o, link.i)
        connect(m, link.o, front.i)
        for name, pin in self.pins.items():
            inner, outer = getattr(front, name), getattr(self, name)
            m.d.comb += inner.eq(outer) if pin.flow is In else outer.eq(inner)
        m.d.comb += [
            link.framing.eq(front.framing),
            link.overrun.eq(front.overrun),
            self.session.eq(link.session),
            self.fault.eq(link.drops != 0),
        ]

        far = self.far
        if self.crossing is None:
            m.submodules.far = ResetInserter(link.restart)(far)
            connect(m, link.samples, far.samples)
            connect(m, far.results, link.results)
            connect(m, link.bus, far.bus)
            m.d.comb += link.handed.eq(far.empty)
        else:
            m.submodules.crossing = crossing = self.crossing
            m.submodules.far = DomainRenamer("core")(ResetInserter(crossing.reset)(far))
            connect(m, link.samples, crossing.samples)
            connect(m, crossing.results, link.results)
            connect(m, link.bus, crossing.bus)
            connect(m, crossing.core_samples, far.samples)
            connect(m, far.results, crossing.core_results)
            connect(m, crossing.core_bus, far.bus)
            # The crossing keeps samples and requests in order: the link needn't wait until samples are handed on.
            m.d.comb += [link.handed.eq(1), crossing.restart.eq(link.restart), crossing.empty.eq(far.empty)]
        return m


def far_ports() -> dict[str, wiring.Member]:
    """The ports of the block behind a link: bytes of samples, results, registers, and whether no byte is inside."""
    return {
        "samples": In(stream.Signature(8)),
        "results": Out(stream.Signature(framed)),
        "bus": In(BUS),
        "empty": Out(1),
    }


class _Far(wiring.Component):
    """The block behind the link: bytes to samples, the accelerator, results to bytes. It is reset between sessions."""

    def __init__(self, design: Design, core: wiring.Component | None) -> None:
        self.design = design
        self.accelerator = Accelerator(design, core)
        super().__init__(far_ports())

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.unpacker = unpacker = SampleUnpacker(self.design)
        m.submodules.packer = packer = ResultPacker(self.design)
        m.submodules.accelerator = accelerator = self.accelerator
        connect(m, flipped(self.samples), unpacker.i)
        connect(m, unpacker.o, accelerator.i)
        connect(m, accelerator.o, packer.i)
        connect(m, packer.o, flipped(self.results))
        connect(m, flipped(self.bus), accelerator.bus)
        for name in self.design.axes:
            m.d.comb += getattr(unpacker, name).eq(getattr(accelerator, name))
        m.d.comb += self.empty.eq(unpacker.empty)
        return m
