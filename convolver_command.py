"""Where the command `convolver` begins: ctrl-C while its parts are still being imported ends it as it does later.

`import convolver` alone takes most of that time, so this module stands beside the package, not in it, and imports little.
"""

import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

__all__ = ["main"]

_INTERRUPTED = 130
_IMPORTING = "importlib._bootstrap"
"""In the name of the file of Python's own code that imports."""
_LATER = 0.02


def main() -> int:
    """Imports the command line and runs it; returns its exit code."""
    hears = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # not so in a script's background
    try:
        if hears:
            signal.signal(signal.SIGINT, _stop)
        from convolver.cli import main as run

        if hears:
            signal.signal(signal.SIGINT, _interrupt)
        code = run()
        if hears:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # all is done: Python's own end has nothing to say either
            if _delayed():
                _stop(signal.SIGINT, None)
    except KeyboardInterrupt:  # between two handlers, or a second one
        _stop(signal.SIGINT, None)
    return code


def _stop(_number: int, _frame: "FrameType | None") -> "NoReturn":
    """Ends the process at once: an exception in an import may become another one on its way out."""
    os.write(2, b"convolver: stopped\n")
    os._exit(_INTERRUPTED)


def _interrupt(number: int, frame: "FrameType | None") -> None:
    """Raises KeyboardInterrupt; in an import of the command's own it does so behind that, since an import may make another
    error of it, and callbacks of its weak references let nothing out at all. The second one there ends the process at once."""
    delayed = _delayed()
    while sys.platform != "win32" and frame is not None:
        if _IMPORTING in frame.f_code.co_filename:
            if delayed and number == signal.SIGINT:
                _stop(number, frame)
            signal.signal(signal.SIGALRM, _interrupt)
            signal.setitimer(signal.ITIMER_REAL, _LATER)
            return
        frame = frame.f_back
    raise KeyboardInterrupt


def _delayed() -> bool:
    """Whether ctrl-C came in an import and wasn't raised yet; it won't be any more."""
    if sys.platform == "win32" or signal.getsignal(signal.SIGALRM) is not _interrupt:
        return False
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)  # one may be on its way
    return True


if __name__ == "__main__":
    sys.exit(main())
