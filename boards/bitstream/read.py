"""A board's circuit, as it was built, so that it can be run."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..registry import Board
from .chip import Chip, database
from .circuit import Netlist
from .configuration import Configuration, unpack
from .netlist import netlist_of
from .pins import check_readable, from_bitstream, uart_pins
from .routed import netlist_of as routed_netlist
from .routed import parse
from .table import table_of, ticks_of

__all__ = ["Circuit", "chip_of", "circuit_of", "read", "read_routed"]


@dataclass(frozen=True, eq=False)
class Circuit:
    """What a bitstream, or a routed netlist, makes of a board's device.

    Parameters
    ----------
    board : Board
    netlist : Netlist
    """

    board: Board
    netlist: Netlist

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
        clocks = " and ".join(f"{float(self.board.clock_hz * clock.ratio) / 1e6:g} MHz" for clock in netlist.clocks)
        return f"{', '.join(f'{count} {what}' for what, count in counted.items() if count)}; clocks of {clocks}"


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


def read(bitstream: Path, board: Board) -> Circuit:
    """Turns a board's bitstream back into a circuit.

    Raises
    ------
    BoardError
        If the board's device can't be read.
    ToolError
        If the file isn't a bitstream of it, is damaged, or a tool is missing.
    """
    check_readable(board)
    return circuit_of(unpack(bitstream, chip_of), board)


def read_routed(netlist: Path, board: Board) -> Circuit:
    """The circuit of the netlist that nextpnr has routed for a board with an ECP5.

    Raises
    ------
    ToolError
        If the file isn't one, or has what the project's designs don't.
    """
    return Circuit(board, routed_netlist(parse(netlist)))
