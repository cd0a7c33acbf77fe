"""`convolver boards`."""

from typing import Annotated

import typer

__all__ = ["boards"]


def boards(names: Annotated[bool, typer.Option("--names", help="Only the names, one on a line.")] = False) -> None:
    """Lists the boards that convolver builds for."""
    from .. import boards as known

    if names:
        print("\n".join(known.names()))
        return
    print(known.table())
