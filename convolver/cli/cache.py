"""`convolver cache`."""

from typing import Annotated

import typer

from .answers import AsJson, answer

__all__ = ["EXAMPLES", "cache"]

EXAMPLES = (
    "convolver cache",
    "convolver cache --clear",
)


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove the compiled twins.")] = False, as_json: AsJson = False
) -> None:
    """Shows what convolver keeps on this machine, where, and how large it is; or clears it.

    Compiled twins are kept so that a design is compiled once. The tools' programs are kept by YoWASP, which Yosys and nextpnr
    come from; they are made again when they are missing.
    """
    from ..caches import kept, summed, tools
    from ..sim.libraries.cache import user_cache

    twins = user_cache()
    if clear:
        count = twins.clear()
        told = f"{count} file{'s' * (count != 1)} removed from {twins.folder}" if twins.folder else "Nothing is kept"
        answer(as_json, told, {"removed": count})
        return
    folders = {"compiled twins": (twins.folder, list(twins.contents().values()))}
    if found := tools():
        folders["tools' programs"] = found
    remedies = {"compiled twins": "convolver cache --clear", "tools' programs": "remove the folder"}
    lines = [kept(what, folder, sizes, remedies[what]) for what, (folder, sizes) in folders.items()]
    answer(as_json, "\n".join(lines), {what: summed(*place) for what, place in folders.items()})
