"""`convolver cache`."""

from typing import Annotated

import typer

__all__ = ["cache"]


def cache(clear: Annotated[bool, typer.Option("--clear", help="Remove the compiled twins.")] = False) -> None:
    """Shows what convolver keeps on this machine, where, and how large it is; or clears it.

    Compiled twins are kept so that a design is compiled once. The tools' programs are kept by YoWASP, which Yosys and nextpnr
    come from; they are made again when they are missing.
    """
    from ..caches import kept, tools
    from ..sim.libraries.cache import user_cache

    twins = user_cache()
    if clear:
        count = twins.clear()
        print(f"{count} file{'s' * (count != 1)} removed from {twins.folder}" if twins.folder else "Nothing is kept")
        return
    print(kept("compiled twins", twins.folder, twins.contents().values(), "convolver cache --clear"))
    if found := tools():
        print(kept("tools' programs", *found, "remove the folder"))
