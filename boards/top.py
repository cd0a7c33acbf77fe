"""The top of a board: its clocks, and its serial pins on a device's `rx` and `tx`."""

from typing import Any

from amaranth.hdl import ClockDomain, Elaboratable, Module
from amaranth.lib import io

from convolver.designs import Conv2DDesign, FIRDesign
from convolver.hw.core import create
from convolver.hw.device_top import Device

from .clock_tree import ClockTree
from .clocks import Clocks
from .registry import Board

__all__ = ["BoardTop", "device_on"]


def device_on(board: Board, design: FIRDesign | Conv2DDesign, clocks: Clocks, serial_number: int = 0, slots: int = 8) -> Device:
    """The device that a board's bitstream holds: its core of the board's family, its domains at the rates of `clocks`.

    Raises
    ------
    DesignError
        If a parameter is out of its range.
    """
    core = create(design, board.hardware)
    own = {f"{name}_hz": domain.clock_hz for name in ("core", "line") if (domain := clocks.get(name))}
    return Device(design, clocks.link.clock_hz, board.uart.baud, serial_number, slots, core, **own)


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
