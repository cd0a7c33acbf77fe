"""Where a board's UART is on its device."""

import importlib
from collections.abc import Callable

from convolver.errors import BoardError, ToolError

from ..registry import BOARDS, Board

__all__ = ["DEVICES", "check_readable", "check_verified", "from_bitstream", "uart_pins"]

DEVICES = {"iCE40UP5K": "5k"}
"""Those whose bitstreams can be read, with their names there."""


def from_bitstream(board: Board) -> bool:
    """Whether a board's circuit can be got from its bitstream."""
    return board.device in DEVICES


def check_readable(board: Board) -> None:
    """Refuses a board whose bitstream can't be turned back into a circuit.

    Raises
    ------
    BoardError
        Naming the boards whose bitstream can.
    """
    _check(board, from_bitstream, "A board whose bitstream is read back")


def check_verified(board: Board) -> None:
    """Refuses a board whose circuit can be got neither from its bitstream nor from the netlist that was routed.

    Raises
    ------
    BoardError
        Naming the boards whose circuit can.
    """
    _check(board, _known, "A board whose circuit is run")


def _known(board: Board) -> bool:
    return from_bitstream(board) or board.family == "ecp5"


def _check(board: Board, can: Callable[[Board], bool], which: str) -> None:
    if not can(board):
        raise BoardError(f"{which} must be one of {', '.join(one.name for one in BOARDS if can(one))}, not {board.name}")


def uart_pins(board: Board) -> tuple[str, str]:
    """The pins of the device's package that the board's UART takes in and gives out."""
    module, name = board.platform.split(":")
    try:
        platform = getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise ToolError(f"{error.name} is missing; install it with: pip install 'convolver[boards]'") from None
    (uart,) = (resource for resource in platform.resources if (resource.name, resource.number) == ("uart", 0))
    pins = {part.name: part.ios[0].names[0] for part in uart.ios}
    return pins["rx"], pins["tx"]
