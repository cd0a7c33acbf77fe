"""A board's top for the board twin: the netlist that a build places, but for what only a device has.

The pads are ports, the PLL is wires from the oscillator's clock to every domain, and multipliers and memories are their plain
forms, of the board's own latencies.
"""

from types import SimpleNamespace
from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import io

from convolver.designs import Conv2DDesign, FIRDesign
from convolver.hw.one_clock import OneClock, OneClockTop
from convolver.hw.uart import divisor_for

from .clocks import clocks_of
from .pll import PLL
from .registry import Board
from .resources import check_fit
from .top import BoardTop, device_on

__all__ = ["simulated_top"]


class _SimulatedBoard(OneClock):
    """The platform of a board of which only its clock and its UART are there."""

    default_clk = "clk"
    default_rst = None

    def __init__(self) -> None:
        self._clk = io.SimulationPort("i", 1, name="clk")
        self._rx, self._tx = io.SimulationPort("i", 1, name="rx"), io.SimulationPort("o", 1, name="tx")
        self.ports = {"clk": (self._clk.i, None), "rx": (self._rx.i, None), "tx": (self._tx.o, None)}

    def request(self, name: str, number: int = 0, *, dir: str) -> Any:  # noqa: A002  # Amaranth's name
        del number, dir
        return self._clk if name == self.default_clk else SimpleNamespace(rx=self._rx, tx=self._tx)

    def add_clock_constraint(self, clock: Signal, frequency: float) -> None:
        """There is no timing to constrain."""

    def get_pll(self, pll: PLL, clock: Signal, outputs: list[Signal], locked: Signal) -> Module:
        del pll
        m = Module()
        m.d.comb += [locked.eq(1), *(output.eq(clock) for output in outputs)]
        return m


def simulated_top(
    board: Board, design: FIRDesign | Conv2DDesign | None = None, serial_number: int = 0, slots: int = 8
) -> OneClockTop:
    """The top of a board, for the board twin: with the clock of its UART, and the fraction of it that a bit takes.

    Parameters
    ----------
    board : Board
    design : FIRDesign or Conv2DDesign, optional
        By default the board's own.
    serial_number, slots : int
        As for `Device`.

    Raises
    ------
    BoardError
        If the design doesn't fit the board.
    DesignError
        If a parameter is out of its range.
    """
    design = board.design if design is None else design
    check_fit(board, design)
    clocks = clocks_of(board)
    device = device_on(board, design, clocks, serial_number, slots)
    platform = _SimulatedBoard()
    clock_hz = (clocks.get("line") or clocks.link).clock_hz
    divisor = divisor_for(clock_hz, board.uart.baud)
    return OneClockTop(BoardTop(device, clocks), platform, platform.ports, clock_hz, divisor)
