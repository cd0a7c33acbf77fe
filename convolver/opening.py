"""`open`: a device for a design, on the twin, or for an address, on a board."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import shown
from .design_files import load_design
from .designs import Design
from .errors import DesignError, FileError
from .progress import begun_when_told

if TYPE_CHECKING:
    from .host.device import Device
    from .host.link import LinkTransport
    from .sim.twin.waves import Waves

__all__ = ["open"]


def open(  # noqa: A001  # convolver.open, as in wave.open
    target: Design | str, expected: Design | None = None, *, waves: str | os.PathLike[str] | None = None
) -> Device:
    """Opens a device: the twin of a design, or the board (or a board's twin) at an address.

        with convolver.open(design) as device:
            out = device(image)

    Parameters
    ----------
    target : design or str
        A design: its gateware is compiled, once, and runs in this process. An address, ``serial:///dev/ttyUSB0?baud=3000000``
        for instance: the board there says what design it holds. ``tcp://HOST:PORT`` is a board, or a board's twin, that
        `convolver serve` offers elsewhere, ``tls://HOST:PORT#sha256=FINGERPRINT`` the same, encrypted; the token that it may
        want stands in the environment variable ``CONVOLVER_TOKEN``, or behind the port as ``?token=TOKEN``. ``twin://FILE`` is
        the whole board of the design in that file, simulated in this process, with the same driver and protocol as a real one.
    expected : design, optional
        What a board must hold.
    waves : path-like, optional
        Of a design's twin: where its streams' waves go when it is closed, a .vcd or an .fst, with views for GTKWave and Surfer.

    Raises
    ------
    DesignError
        If `target` is neither, or `expected` isn't a design.
    ToolError
        If the twin can't be compiled.
    PortError
        If the address isn't one, its port can't be opened or is in use, or its server wants another token.
    LinkError
        If the board doesn't answer, or doesn't hold what is expected.
    """
    from .host.device import Device

    if not isinstance(expected, Design | None):
        raise DesignError(f"What is expected must be a design, not {shown(expected)}")
    if isinstance(target, Design):
        if expected is not None and target != expected:
            raise DesignError("A twin holds the design that it is opened with; expected is for boards")
        from .sim.twin.core import TwinTransport

        kept, closing = _kept_waves(target, waves)
        with begun_when_told() as advance:
            return Device(TwinTransport(target, lambda title: advance(f"{title} the twin"), waves=kept, closing=closing))
    if waves is not None:
        raise DesignError("Waves are those of a design's twin; open a design, not an address")
    if not isinstance(target, str):
        raise DesignError(f"What to open must be a design or an address such as serial:///dev/ttyUSB0, not {shown(target)}")
    if target.startswith("twin://"):
        return Device(_board_twin(target, expected))
    from .host.link import connect

    return Device(connect(target, expected))


def _kept_waves(design: Design, path: str | os.PathLike[str] | None) -> tuple[Waves | None, Callable[[], object] | None]:
    """What takes down the waves, if any are wanted, and what writes them."""
    if path is None:
        return None, None
    if not isinstance(path, str | os.PathLike):
        raise FileError(f"A file of waves must be a path, not {shown(path)}")
    from .sim.twin.waves import Waves
    from .waves import check_waves, write_waves

    check_waves(Path(path))
    kept = Waves(design)
    return kept, lambda: write_waves(Path(path), kept)


def _board_twin(url: str, expected: Design | None) -> LinkTransport:
    """The board twin at ``twin://FILE``."""
    from .host.address import shown as shown_address
    from .host.link import LinkTransport
    from .sim.twin.board import BoardPipe, BoardTwin

    file = url.removeprefix("twin://")
    if set(file) & set("?#&;=@") and not os.path.exists(file):  # noqa: PTH110  # which takes any characters
        raise FileError(f"An address that begins with twin:// takes a file's name and no option, not {shown_address(url)!r}")
    pipe = BoardPipe(BoardTwin(load_design(file)))
    return LinkTransport(pipe, expected, clock=pipe.time)
