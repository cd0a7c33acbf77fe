"""A complete device for a board twin, from pin to pin, with all domains on one clock."""

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
"""Clock frequency of a device without a board; no board of ours has so slow a clock."""

DIVISOR = 4
"""Clocks a bit of a device without a board: the fewest that the UART supports, as each clock takes simulation time."""


class OneClock:
    """A platform on which all domains have one clock. Everything happens at its edges: what a board sets asynchronously
    is set at the next edge here.
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
    """The top of a device, from which a board twin is compiled.

    Parameters
    ----------
    component : Elaboratable
    platform : OneClock
    ports : mapping
        ``clk`` and the pins of the link, as arguments of `amaranth.back.rtlil.convert`, which can add ``clk`` itself.
    clock_hz : int
        Frequency of the clock on the board.
    byte_clocks : Fraction
        Fewest clocks that a byte takes on the link.
    pins : {"uart", "fifo"}
        Kind of the link's pins: a UART, ten bits a byte, or an FT245 FIFO.
    """

    component: Elaboratable
    platform: OneClock
    ports: Mapping[str, Any]
    clock_hz: int
    byte_clocks: Fraction
    pins: Literal["uart", "fifo"] = "uart"


def bare(design: Design, serial_number: int = 0, slots: int = 8) -> OneClockTop:
    """A device without a board: `CLOCK_HZ`, `DIVISOR`, no board pins and no PLL. Parameters as for `Device`.

    Raises
    ------
    DesignError
        If a parameter is out of its range.
    """
    device = Device(design, CLOCK_HZ, CLOCK_HZ // DIVISOR, serial_number, slots, core_hz=CLOCK_HZ)
    ports = {name: (getattr(device, name), None) for name in ("rx", "tx", "session", "fault")}
    return OneClockTop(DomainRenamer({"core": "sync"})(device), OneClock(), ports, CLOCK_HZ, Fraction(10 * DIVISOR))
