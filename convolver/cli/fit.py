"""`convolver fit`."""

from pathlib import Path
from typing import Annotated

import typer

from .answers import AsJson, answer
from .devices import note
from .options import BoardName, DesignFile, Jobs, Scheduler, Seeds, Streams, Vary
from .searches import searched

__all__ = ["EXAMPLES", "EXTRA", "fit"]

EXTRA = "explore"

EXAMPLES = (
    "convolver fit --design examples/lowpass.toml --board ulx3s-25f --rate 10M",
    "convolver fit --design examples/blur.toml --board ulx3s-85f --rate 100M --output fitted.toml",
)


def fit(
    design: DesignFile,
    board: BoardName,
    rate: Annotated[str, typer.Option(metavar="HZ", help="Samples or pixels a second, such as 100M.")],
    vary: Vary = None,
    seeds: Seeds = "3",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the design that does: a .toml or a .json.")
    ] = None,
    scheduler: Scheduler = None,
    jobs: Jobs = None,
    handshake: Streams = "back-pressure",
    as_json: AsJson = False,
) -> None:
    """Looks for the cheapest way to compute a design at a rate on a board's device.

    All foldings are synthesised, which says what each costs. The cheapest is placed, then the next, until one does. What was
    built is kept, as by `convolver explore`.
    """
    from .. import atomic
    from ..errors import FileError
    from ..folding import hertz

    if output is not None:
        if output != atomic.STANDARD and output.suffix not in (".toml", ".json"):
            raise FileError(f"A design must go to a file that ends in .toml or .json, not {output.name!r}")
        atomic.check(output, "Design")
    found = searched(design, board, vary, seeds, scheduler, jobs, handshake, [], None, hertz(rate, "Rate"))
    note(found.notes)
    best = found.trials[-1]
    if output is not None:
        text = best.design.to_json() + "\n" if output.suffix == ".json" else best.design.to_toml()
        atomic.write({output: text}, "Design")
    clock = f"{(best.hertz or 0) / 1e6:.0f} MHz can be relied on, {best.point.aim / 1e6:.4g} are needed"
    lines = [str(found), "", f"{best.point}: {100 * best.cost:.2g} % of {found.board.device}'s {best.scarcest}s; {clock}"]
    lines += [f"design: {output}"] if output is not None else []
    answer(as_json, "\n".join(lines), found.to_dict() | {"best": best.to_dict()})
