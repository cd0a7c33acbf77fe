"""`convolver cache`."""

from typing import Annotated

import typer

from .answers import AsJson, answer

__all__ = ["EXAMPLES", "cache"]

EXAMPLES = (
    "convolver cache",
    "convolver cache --clear",
)

REMEDIES = {"tools' programs": "remove the folder"}


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove compiled twins and explored designs.")] = False,
    as_json: AsJson = False,
) -> None:
    """Shows what convolver keeps on this machine, where, and how large it is; or clears it.

    Compiled twins are kept so that a design is compiled once, and so is what `explore` and `fit` built. The tools' programs are
    kept by YoWASP, which Yosys and nextpnr come from; they are made again when they are missing.
    """
    from ..caches import kept, summed, tools
    from ..sim.libraries.cache import EXPLORED, user_cache

    twins = user_cache()
    if clear:
        count = twins.clear()
        told = f"{count} file{'s' * (count != 1)} removed from {twins.folder}" if twins.folder else "Nothing is kept"
        answer(as_json, told, {"removed": count})
        return
    shelves = twins.contents()
    explored = [shelves.pop(name) for name in EXPLORED]
    folders = {"compiled twins": (twins.folder, list(shelves.values())), "explored designs": (twins.folder, explored)}
    if found := tools():
        folders["tools' programs"] = found
    lines = [
        kept(what, folder, sizes, REMEDIES.get(what, "convolver cache --clear")) for what, (folder, sizes) in folders.items()
    ]
    answer(as_json, "\n".join(lines), {what: summed(*place) for what, place in folders.items()})
