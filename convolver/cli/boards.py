"""`convolver boards`."""

from typing import Annotated

import typer

from .answers import AsJson, answer

__all__ = ["EXAMPLES", "boards"]

EXAMPLES = (
    "convolver boards",
    "convolver boards --json",
)


def boards(
    names: Annotated[bool, typer.Option("--names", help="Only the names, one on a line.")] = False, as_json: AsJson = False
) -> None:
    """Lists the boards that convolver builds for."""
    from .. import boards as known

    if names:
        print("\n".join(known.names()))
        return
    answer(as_json, known.table(), {"boards": known.listed()})
