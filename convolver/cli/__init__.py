"""The command line. Every failure is one line on stderr that says what to do, with the exit code of its kind.

Exit codes: 0 done; 2 the command was written wrongly; 3 design, 4 data, 5 file, 6 tool, 7 board, 8 to 17 the link to a board
(see `errors`); 20 a result differs from the golden model; 70 a fault of convolver's own; 130 stopped by ctrl-C.

Each command is a file of its name, with the examples that its help shows. It imports what it needs inside its function:
`convolver --help` waits for no hardware tool.
"""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from ..version import __version__
from . import (
    batch,
    boards,
    build,
    cache,
    demo,
    doctor,
    explore,
    fit,
    generate,
    new,
    page,
    program,
    report,
    resampler,
    run,
    selftest,
    serve,
    twin,
    verify,
    worker,
)
from .exit_codes import INTERRUPTED
from .failures import failed, stopped
from .verbose import Verbose, with_verbose

__all__ = ["app", "main"]

app = typer.Typer(
    name="convolver",
    help="Convolutions as FPGA accelerators: described in Python, proved against numpy, run on a twin or on a board.",
    epilog="convolver new starts a design, convolver demo shows what comes out, convolver doctor says what is missing.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", metavar="", help="Print the version and stop.")] = False,
    verbose: Verbose = 0,
) -> None:
    del verbose  # its callback has told the logging
    if version:
        print(f"convolver {__version__}")
        raise typer.Exit


_extras: dict[str, str | None] = {}
"""Each command's extra, if it says so: the one that brings all that it may need."""

# In the order in which `--help` lists them.
for _module in (
    demo,
    page,
    new,
    resampler,
    run,
    batch,
    generate,
    report,
    selftest,
    twin,
    serve,
    worker,
    boards,
    build,
    explore,
    fit,
    verify,
    program,
    cache,
    doctor,
):
    _name = _module.__name__.rpartition(".")[2]
    _extras[_name] = getattr(_module, "EXTRA", None)
    app.command(epilog="\n\n".join(("Examples:", *_module.EXAMPLES)))(with_verbose(getattr(_module, _name)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    try:
        code = app(args=None if arguments is None else list(arguments), prog_name="convolver", standalone_mode=False)
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # a traceback is no answer to a user; CONVOLVER_TRACEBACK=1 brings it back
        words = sys.argv[1:] if arguments is None else arguments
        return failed(error, next((_extras[word] for word in words if word in _extras), None))
    if code == INTERRUPTED:
        return stopped()
    return code if isinstance(code, int) else 0
