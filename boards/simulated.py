"""A board's top for the board twin: the netlist that a build places, but for what only a device has.

The pads of its link are ports, the PLL is wires from the oscillator's clock to every domain, and multipliers and memories are
their plain forms, of the board's own latencies.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from amaranth.build import Resource
from amaranth.hdl import Module, Signal
from amaranth.lib import io

from convolver.designs import Design
from convolver.hw.export.elaboration import rtlil_of
from convolver.hw.link.one_clock import OneClock, OneClockTop
from convolver.plan.fit import in_adders
from convolver.plan.lowering import lower

from .clocks import clocks_of
from .pll import PLL
from .registry import Board, Fifo
from .resources import check_fit
from .top import FIFO_RESOURCE, BoardTop, device_on

__all__ = ["simulated_top", "simulation_of"]


UART = {"rx": ("i", 1), "tx": ("o", 1)}
FIFO = {"rxf_n": ("i", 1), "txe_n": ("i", 1), "rd_n": ("o", 1), "wr_n": ("o", 1), "siwu_n": ("o", 1), "data": ("io", 8)}


class _SimulatedBoard(OneClock):
    """The platform of a board of which only its clock and the pins of its link are there.

    `ports` are named as the pins are, but for those of two directions, which are three: with `_i`, `_o` and `_oe` behind.
    """

    default_clk = "clk"
    default_rst = None

    def __init__(self, pins: Mapping[str, tuple[Any, int]]) -> None:
        self._clk = io.SimulationPort("i", 1, name="clk")
        self._further: dict[str, Any] = {}
        self._pins = {name: io.SimulationPort(direction, width, name=name) for name, (direction, width) in pins.items()}
        self.ports: dict[str, Any] = {"clk": (self._clk.i, None)}
        for name, pin in self._pins.items():
            if pins[name][0] == "io":
                self.ports |= {f"{name}_{part}": (getattr(pin, part), None) for part in ("i", "o", "oe")}
            else:
                self.ports[name] = (getattr(pin, pins[name][0]), None)

    def add_resources(self, resources: Iterable[Resource]) -> None:
        """Further pins become ports, named ``resource_pin``; those of the link are there."""
        for resource in resources:
            if resource.name == FIFO_RESOURCE:
                continue
            pins = {}
            for pin in resource.ios:
                (ios,) = pin.ios
                name = f"{resource.name}_{pin.name}"
                pins[pin.name] = port = io.SimulationPort(ios.dir, len(ios.names), name=name)
                self.ports[name] = (getattr(port, ios.dir), None)
            self._further[resource.name] = SimpleNamespace(**pins)

    def request(self, name: str, number: int = 0, *, dir: str) -> Any:  # noqa: A002  # Amaranth's name
        del number, dir
        if name in self._further:
            return self._further[name]
        return self._clk if name == self.default_clk else SimpleNamespace(**self._pins)

    def add_clock_constraint(self, clock: Signal, frequency: float) -> None:
        """There is no timing to constrain."""

    def get_pll(self, pll: PLL, clock: Signal, outputs: list[Signal], locked: Signal) -> Module:
        del pll
        m = Module()
        m.d.comb += [locked.eq(1), *(output.eq(clock) for output in outputs)]
        return m


def simulated_top(board: Board, design: Design | None = None, serial_number: int = 0, slots: int | None = None) -> OneClockTop:
    """The top of a board, for the board twin: with the clock of its link's pins, and how many of them a byte takes.

    Parameters
    ----------
    board : Board
    design : Design, optional
        By default the board's own.
    serial_number, slots : int
        As for `Device`; by default as many slots as the board has.

    Raises
    ------
    BoardError
        If the design doesn't fit the board.
    DesignError
        If a parameter is out of its range.
    """
    design = board.design if design is None else design
    plan = in_adders(lower(design, board.target), board.multipliers)
    check_fit(board, plan)
    clocks = clocks_of(board)
    device = device_on(board, plan.design, clocks, serial_number, slots)
    fifo = isinstance(board.link, Fifo)
    platform = _SimulatedBoard(FIFO if fifo else UART)
    clock_hz = (clocks.get("line") or clocks.link).clock_hz
    byte_clocks = clock_hz / Fraction(board.link.bytes_per_second)
    top = BoardTop(device, clocks, board.link)
    return OneClockTop(top, platform, platform.ports, clock_hz, byte_clocks, "fifo" if fifo else "uart")


def simulation_of(board: Board, top: Any) -> str:
    """RTLIL of a board's top for any simulator: ports `clk`, `rx` and `tx`, and the pins that `top` asks for.

    Each is named after its resource. All clocks of the board are `clk`; those that come over such pins are their own.

    Parameters
    ----------
    board : Board
        With a UART.
    top : Component
        As for `convolver.boards.build`.
    """
    platform = _SimulatedBoard(UART)
    return rtlil_of(BoardTop(top, clocks_of(board), board.link), platform, platform.ports)
