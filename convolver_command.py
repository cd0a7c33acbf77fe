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


def main() -> int:
    """Imports the command line and runs it; returns its exit code."""
    hears = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # not so in a script's background
    try:
        if hears:
            signal.signal(signal.SIGINT, _stop)
        from convolver.cli import main as run

        if hears:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        code = run()
        if hears:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # all is done: Python's own end has nothing to say either
    except KeyboardInterrupt:  # between two handlers, or a second one
        _stop(signal.SIGINT, None)
    return code


def _stop(_number: int, _frame: "FrameType | None") -> "NoReturn":
    """Ends the process at once: an exception in an import may become another one on its way out."""
    os.write(2, b"convolver: stopped\n")
    os._exit(_INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
