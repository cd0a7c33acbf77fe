"""Runs the circuit that is in a bitstream behind the host's own driver."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .designs import Design

if TYPE_CHECKING:
    from .boards.bitstream import Circuit
    from .host.device import Device

__all__ = ["opened"]

_RATE = 115_200
"""Bits a second that the driver is told, which its patience follows: about what the circuit gets through on one core."""


@contextmanager
def opened(
    circuit: "Circuit", design: Design | None = None, seed: int = 0, step: Callable[[str], None] | None = None
) -> Iterator["Device"]:
    """A device that is a bitstream's circuit, behind a pseudo-terminal, as the driver finds a board behind its port.

    Parameters
    ----------
    circuit : Circuit
        Of `convolver.boards.bitstream.read`.
    design : Design, optional
        What it must carry.
    seed : int
        Of what isn't defined at power-up.
    step : callable, optional
        Called with a title before what may take longer than a second.

    Raises
    ------
    LinkError
        If nothing there speaks the link's protocol, or it carries another design.
    ToolError
        If there is no C++ compiler, or the circuit isn't a board's of ours.
    """
    from . import open as open_device
    from .sim.twin.board import serving
    from .sim.twin.fabric import FabricTwin

    twin = FabricTwin(circuit.table(seed), circuit.clock_hz, circuit.byte_clocks, step)
    with serving(twin) as terminal, open_device(f"serial://{terminal.port}?baud={_RATE}", design) as device:
        yield device
