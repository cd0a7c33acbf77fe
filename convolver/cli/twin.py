"""`convolver twin`."""

import contextlib
from typing import Annotated

import typer

from .answers import AsJson, answer
from .devices import twin_top
from .options import MaybeDesignFile, TwinOf

__all__ = ["EXAMPLES", "twin"]

EXAMPLES = (
    "convolver twin --pty",
    "convolver twin --pty --board icebreaker --design examples/average.toml",
)


def twin(
    design: MaybeDesignFile = None,
    board: TwinOf = None,
    pty: Annotated[bool, typer.Option("--pty", help="Behind a pseudo-terminal, opened like a serial port.")] = False,
    as_json: AsJson = False,
) -> None:
    """Runs the whole board top, compiled, from pin to pin, until ctrl-C."""
    if not pty:
        raise typer.BadParameter("write convolver twin --pty: a pseudo-terminal is the only way in for now")
    from ..progress import steps
    from ..sim.twin.board import serve

    top = twin_top(design, board)
    with contextlib.ExitStack() as stack:
        advance = stack.enter_context(steps())

        def tell(url: str) -> None:
            stack.close()  # the progress is over; from now on others have the terminal
            told = f"{url}\nIt serves until ctrl-C; in another terminal: convolver selftest --port {url}"
            answer(as_json, told, {"url": url})

        serve(top, tell, advance)
