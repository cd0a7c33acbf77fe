"""A board's circuit, as it was built, so that it can be run."""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convolver.errors import ToolError

from ..flow import DELAYS, REPORT, ROUTED
from ..registry import Board
from .chip import Chip, database
from .circuit import LOW, Lut, Netlist
from .configuration import Configuration, unpack
from .netlist import netlist_of
from .pins import DEVICES, check_readable, from_bitstream, high_pins, uart_pins
from .routed import netlist_of as routed_netlist
from .routed import parse
from .sdf import Delays, fastest, read_delays
from .table import table_of, ticks_of
from .timed import Timed, expanded

__all__ = ["Circuit", "chip_of", "circuit_of", "read", "read_routed"]


@dataclass(frozen=True, eq=False)
class Circuit:
    """What a bitstream, or a routed netlist, makes of a board's device.

    Parameters
    ----------
    board : Board
    netlist : Netlist
    delays : Delays, optional
        Those that nextpnr found for it.
    fastest : float
        How many times as fast as its clocks it may be, by nextpnr; known with the delays.
    """

    board: Board
    netlist: Netlist
    delays: Delays | None = None
    fastest: float = 1.0

    @property
    def source(self) -> str:
        """Where it comes from."""
        return "in the bitstream" if from_bitstream(self.board) else "in the netlist that was routed"

    @property
    def clock_hz(self) -> int:
        """Frequency of the ticks: of the fastest clock, or of what all are whole parts of."""
        return round(self.board.clock_hz * ticks_of(self.netlist))

    @property
    def byte_clocks(self) -> Fraction:
        """Clocks that a byte takes on the board's UART."""
        return Fraction(self.clock_hz) / self.board.link.bytes_per_second

    def table(self, seed: int = 0) -> NDArray[np.uint32]:
        """The numbers that `convolver.sim.twin.fabric` runs; `seed` is of what isn't defined at power-up.

        Raises
        ------
        ToolError
            If the circuit has no such UART, or what that twin doesn't know.
        """
        return table_of(self.netlist, *uart_pins(self.board), seed)

    @cached_property
    def timed(self) -> Timed:
        """The circuit with its delays.

        Raises
        ------
        ToolError
            If they aren't known, or are those of another circuit.
        """
        if self.delays is None:
            raise ToolError("A circuit's delays must be known, and are known of one that is built now")
        return expanded(self.netlist, self.delays)

    def timed_table(self, tick: int, seed: int = 0, *, undefined: bool = False) -> NDArray[np.uint32]:
        """The numbers that `convolver.sim.twin.timed` runs, of ticks of so many picoseconds; see `Timed.table`."""
        return self.timed.table(*uart_pins(self.board), tick, seed, undefined=undefined)

    def clocks(self, speed: float = 1.0) -> str:
        """Its clocks in words; with another oscillator, so many times as fast."""
        return " and ".join(
            f"{float(self.board.clock_hz * clock.ratio) * speed / 1e6:.4g} MHz" for clock in self.netlist.clocks
        )

    def __str__(self) -> str:
        netlist = self.netlist
        counted = {
            "look-up tables and carries": len(netlist.luts),
            "registers": len(netlist.registers),
            "block RAMs": len(netlist.rams),
            "SB_MAC16": len(netlist.macs),
            "SB_SPRAM256KA": len(netlist.single_port_rams),
            "tables as memory": len(netlist.lut_rams),
            "DP16KD": len(netlist.dual_port_rams),
            "MULT18X18D": len(netlist.multipliers),
        }
        return f"{', '.join(f'{count} {what}' for what, count in counted.items() if count)}; clocks of {self.clocks()}"


@cache
def chip_of(device: str) -> Chip:
    """The device with that name in the database."""
    return Chip(database(device))


def circuit_of(configuration: Configuration, board: Board) -> Circuit:
    """The circuit that a configuration makes of a board's device.

    Raises
    ------
    ToolError
        If it's damaged, or has what the project's designs don't.
    """
    return Circuit(board, netlist_of(chip_of(configuration.device), configuration, board.package.lower()))


def read(bitstream: Path, board: Board, *, delays: bool = False) -> Circuit:
    """Turns a board's bitstream back into a circuit.

    Parameters
    ----------
    bitstream : Path
    board : Board
    delays : bool
        Whether the circuit gets its delays: from what `convolver.boards.build` with `routed` has left beside the bitstream.

    Raises
    ------
    BoardError
        If the board's device can't be read.
    ToolError
        If the file isn't a bitstream of it, is damaged, or a tool is missing.
    """
    check_readable(board)
    configuration = unpack(bitstream, chip_of)
    if configuration.device != DEVICES[board.device]:
        raise ToolError(f"{bitstream} must be a bitstream of an {board.device}, not of an iCE40 {configuration.device}")
    circuit = circuit_of(configuration, board)
    if not delays:
        return circuit
    folder = bitstream.parent
    return replace(circuit, delays=read_delays(folder / DELAYS, folder / ROUTED), fastest=fastest(folder / REPORT))


def read_routed(netlist: Path, board: Board) -> Circuit:
    """The circuit of the netlist that nextpnr has routed for a board with an ECP5, whose reset button nobody presses.

    Raises
    ------
    ToolError
        If the file isn't one, or has what the project's designs don't.
    """
    found = routed_netlist(parse(netlist))
    for pin in high_pins(board):
        if pin in found.inputs:
            found.luts.append(Lut(found.inputs.pop(pin), (LOW, LOW, LOW, LOW), 0xFFFF))
    return Circuit(board, found)
