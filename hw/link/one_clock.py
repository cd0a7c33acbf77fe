"""A device as a board twin takes it: whole, from pin to pin, with every domain on one clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from amaranth.hdl import DomainRenamer, Elaboratable, Module
from amaranth.lib.cdc import FFSynchronizer

from convolver.designs import Design

from .device_top import Device

__all__ = ["CLOCK_HZ", "DIVISOR", "OneClock", "OneClockTop", "bare"]

CLOCK_HZ = 1_000_000
"""Clock that a device on no board is told; no board of ours has so slow a one."""

DIVISOR = 4
"""Clocks a bit of a device on no board, as few as the UART takes: clocks are what a twin is short of."""


class OneClock:
    """Stands for the platform where all domains have one clock: an edge of it is the only moment there is, so that what is set
    asynchronously on a board is set by the next edge here.
    """

    def get_async_ff_sync(self, synchronizer: Any) -> Module:
        """Amaranth's override of `AsyncFFSynchronizer`."""
        m = Module()
        m.submodules.stages = FFSynchronizer(
            synchronizer.i, synchronizer.o, o_domain=synchronizer._o_domain, stages=synchronizer._stages
        )
        return m


@dataclass(frozen=True, eq=False)
class OneClockTop:
    """What a board twin is compiled of, once.

    Parameters
    ----------
    component : Elaboratable
    platform : OneClock
    ports : mapping
        ``clk`` and the pins of the link, as `amaranth.back.rtlil.convert` takes them; ``clk`` may be left to it.
    clock_hz : int
        Frequency of the clock on the board.
    byte_clocks : Fraction
        Clocks that a byte takes on the link, at least.
    pins : {"uart", "fifo"}
        What the link's pins are: those of a UART, ten bits a byte, or of an FT245 FIFO.
    """

    component: Elaboratable
    platform: OneClock
    ports: Mapping[str, Any]
    clock_hz: int
    byte_clocks: Fraction
    pins: Literal["uart", "fifo"] = "uart"


def bare(design: Design, serial_number: int = 0, slots: int = 8) -> OneClockTop:
    """A device on no board: `CLOCK_HZ`, `DIVISOR`, and neither pins nor PLL. Parameters as for `Device`.

    Raises
    ------
    DesignError
        If a parameter is out of its range.
    """
    device = Device(design, CLOCK_HZ, CLOCK_HZ // DIVISOR, serial_number, slots, core_hz=CLOCK_HZ)
    ports = {name: (getattr(device, name), None) for name in ("rx", "tx", "session", "fault")}
    return OneClockTop(DomainRenamer({"core": "sync"})(device), OneClock(), ports, CLOCK_HZ, Fraction(10 * DIVISOR))
