"""Addresses of devices: which pipe each kind of them opens, and how one is shown without its token."""

import re

from convolver.errors import PortError
from convolver.host.serial_pipe import SerialPipe
from convolver.host.tcp_pipe import TcpPipe
from convolver.host.transport import Pipe

__all__ = ["open_pipe", "shown"]


def open_pipe(url: str) -> Pipe:
    """Opens the pipe behind ``serial://PORT`` or ``tcp://HOST:PORT``.

    Raises
    ------
    PortError
        If it isn't an address, or what it names can't be opened.
    """
    if url.startswith("serial://"):
        return SerialPipe(url)
    if url.startswith("tcp://"):
        return TcpPipe(url)
    raise PortError(
        f"An address must begin with serial:// or tcp://, as serial:///dev/ttyUSB0 and tcp://HOST:PORT do, not {shown(url)!r}"
    )


def shown(url: str) -> str:
    """The address as it may be printed: a token in it is hidden."""
    return re.sub(r"(?i)(token=)[^&#]*", r"\1***", url)
