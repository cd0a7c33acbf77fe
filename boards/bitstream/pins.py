"""Where a board's UART and its reset button are on its device."""

import importlib
from collections.abc import Callable
from typing import Any

from convolver.errors import BoardError, ToolError

from ..registry import BOARDS, Board

__all__ = ["DEVICES", "check_readable", "check_verified", "from_bitstream", "high_pins", "uart_pins"]

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
    (uart,) = _resources(board, "uart")
    pins = {part.name: part.ios[0].names[0] for part in uart.ios}
    return pins["rx"], pins["tx"]


def high_pins(board: Board) -> list[str]:
    """The pins that are high as long as nobody presses the board's reset button: that of a button that pulls it low."""
    return [name for button in _resources(board, "rst") for part in button.ios if part.invert for name in part.names]


def _resources(board: Board, name: str) -> list[Any]:
    """What Amaranth's description of a board has under a name, the first of its kind; nothing where it has none."""
    module, platform = board.platform.split(":")
    try:
        found = getattr(importlib.import_module(module), platform).resources
    except ImportError as error:
        raise ToolError(f"{error.name} is missing; install it with: pip install 'convolver[boards]'") from None
    return [resource for resource in found if (resource.name, resource.number) == (name, 0)]
