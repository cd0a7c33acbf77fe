"""Addresses of devices: which pipe each kind of them opens, and how one is shown without its token."""

from convolver.errors import PortError

from .serial_pipe import SerialPipe
from .tcp_pipe import TcpPipe
from .text import shown
from .transport import Pipe

__all__ = ["open_pipe", "shown"]


def open_pipe(url: str, timeout: float | None = None) -> Pipe:
    """Opens the pipe behind ``serial://PORT``, ``tcp://HOST:PORT`` or ``tls://HOST:PORT#sha256=FINGERPRINT``, the last two
    within `timeout` seconds if that is given.

    Raises
    ------
    PortError
        If it isn't an address, or what it names can't be opened.
    """
    if url.startswith("serial://"):
        return SerialPipe(url)
    if url.startswith(("tcp://", "tls://")):
        return TcpPipe(url, timeout)
    raise PortError(
        "An address must begin with serial://, tcp:// or tls://, as serial:///dev/ttyUSB0 and tcp://HOST:PORT do, "
        f"not {shown(url)!r}"
    )
