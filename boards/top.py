"""The top of a board: its clocks, and its serial pins on a device's `rx` and `tx`."""

from typing import Any

from amaranth.hdl import ClockDomain, Elaboratable, Module
from amaranth.lib import io

from .clock_tree import ClockTree
from .clocks import Clocks

__all__ = ["BoardTop"]


class BoardTop(Elaboratable):
    """Connects ports `rx` and `tx` to the board's UART. No latency, no register: the component synchronises `rx` itself.

    Parameters
    ----------
    device : Component
        The device top, or any component with these two ports.
    clocks : Clocks
        The domains that it runs in.
    """

    def __init__(self, device: Any, clocks: Clocks) -> None:
        self._device = device
        self._clocks = clocks

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        for domain in self._clocks.all:
            m.domains += ClockDomain(domain.name)
        m.submodules.clocks = ClockTree(self._clocks)
        m.submodules.device = self._device
        uart = platform.request("uart", 0, dir="-")
        m.submodules.rx = rx = io.Buffer("i", uart.rx)
        m.submodules.tx = tx = io.Buffer("o", uart.tx)
        m.d.comb += [self._device.rx.eq(rx.i), tx.o.eq(self._device.tx)]
        return m
