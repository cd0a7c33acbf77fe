"""The top of a board: its clocks, and the pins of its link on a device's ports."""

from typing import Any

from amaranth.build import Attrs, Pins, Resource, Subsignal
from amaranth.hdl import C, ClockDomain, Elaboratable, Module
from amaranth.lib import io

from convolver.designs import Design
from convolver.hw.cores.core import create
from convolver.hw.link.device_top import Device

from .clock_tree import ClockTree
from .clocks import Clocks
from .registry import Board, Fifo, Uart

__all__ = ["FIFO_RESOURCE", "BoardTop", "device_on"]

FIFO_RESOURCE = "fifo245"
"""What platforms are asked for where the link is a `Fifo`."""


def device_on(
    board: Board,
    design: Design,
    clocks: Clocks,
    serial_number: int = 0,
    slots: int | None = None,
    core: Any = None,
    asked_hz: float | None = None,
) -> Device:
    """The device that a board's bitstream holds: its core of the board's family, unless another one is given, its domains at
    the rates of `clocks`. Where a clock was asked for, the core has the registers that it needs.

    Raises
    ------
    DesignError
        If a parameter is out of its range.
    """
    core = create(design, board.target.at(asked_hz)) if core is None else core
    own = {f"{name}_hz": domain.clock_hz for name in ("core", "line") if (domain := clocks.get(name))}
    baud = board.link.baud if isinstance(board.link, Uart) else None
    return Device(design, clocks.link.clock_hz, baud, serial_number, board.slots if slots is None else slots, core, **own)


class BoardTop(Elaboratable):
    """Connects a device's ports to the pins of the board's link. No latency, no register: the device has its own.

    Parameters
    ----------
    device : Component
        The device top, or any component with the ports of its link: `rx` and `tx`, or those of
        `convolver.hw.link.fifo245.PINS`.
    clocks : Clocks
        The domains that it runs in.
    link : Uart or Fifo
    """

    def __init__(self, device: Any, clocks: Clocks, link: Uart | Fifo) -> None:
        self._device = device
        self._clocks = clocks
        self._link = link

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        for domain in self._clocks.all:
            m.domains += ClockDomain(domain.name)
        m.submodules.clocks = ClockTree(self._clocks)
        m.submodules.device = device = self._device
        if isinstance(self._link, Fifo):
            platform.add_resources([_resource(self._link)])
            pins = platform.request(FIFO_RESOURCE, 0, dir="-")
            m.submodules.data = data = io.Buffer("io", pins.data)
            m.d.comb += [device.data_i.eq(data.i), data.o.eq(device.data_o), data.oe.eq(device.data_oe)]
            inputs, outputs = ["rxf_n", "txe_n"], {"rd_n": device.rd_n, "wr_n": device.wr_n, "siwu_n": C(1)}
        else:
            pins = platform.request("uart", 0, dir="-")
            inputs, outputs = ["rx"], {"tx": device.tx}
        for name in inputs:
            m.submodules[name] = buffer = io.Buffer("i", getattr(pins, name))
            m.d.comb += getattr(device, name).eq(buffer.i)
        for name, value in outputs.items():
            m.submodules[name] = buffer = io.Buffer("o", getattr(pins, name))
            m.d.comb += buffer.o.eq(value)
        return m


def _resource(fifo: Fifo) -> Resource:
    """The pins for Amaranth. SIWU# stays high: the chip sends a packet when it is full or its latency timer is over."""
    single = {"rxf_n": (fifo.rxf, "i"), "txe_n": (fifo.txe, "i")}
    single |= {"rd_n": (fifo.rd, "o"), "wr_n": (fifo.wr, "o"), "siwu_n": (fifo.siwu, "o")}
    return Resource(
        FIFO_RESOURCE,
        0,
        Subsignal("data", Pins(fifo.data, dir="io")),
        *(Subsignal(name, Pins(pin, dir=direction)) for name, (pin, direction) in single.items()),
        Attrs(IOSTANDARD=fifo.standard),
    )
