"""`convolver worker`."""

from typing import TYPE_CHECKING, Annotated

import typer

from .answers import AsJson, answer
from .devices import load, open_device
from .options import MaybeDesignFile, MaybePort

if TYPE_CHECKING:
    from ..host.device import Device

__all__ = ["EXAMPLES", "EXTRA", "worker"]

EXTRA = "explore"

EXAMPLES = (
    "convolver worker tcp://HOST:8786 --port serial:///dev/ttyUSB0",
    "convolver worker tcp://HOST:8786 --design examples/blur.toml",
)


def worker(
    scheduler: Annotated[str, typer.Argument(metavar="SCHEDULER", help="A Dask scheduler, such as tcp://HOST:8786.")],
    design: MaybeDesignFile = None,
    port: MaybePort = None,
    as_json: AsJson = False,
) -> None:
    """Filters on a board, or on a twin, for the pools of a Dask scheduler, until ctrl-C or until the board fails.

    `dask scheduler` starts a scheduler. `convolver batch --scheduler` and `convolver.pools.Pool` hand arrays to its boards.
    """
    from ..cluster import Cluster
    from ..pools.worker import serve
    from ..progress import steps

    if (design is None) == (port is None):
        raise typer.BadParameter("give --design FILE for a twin, or --port URL for a board, which brings its own design")
    Cluster(scheduler)  # an address that isn't one is told before anything is opened
    wanted = None if design is None else load(design)
    name = port or f"twin of {design.stem if design is not None else design}"

    def opened() -> "Device":
        with steps() as advance:
            return open_device(wanted, port, advance)

    def started() -> None:
        answer(as_json, f"{name} filters for {scheduler} until ctrl-C", {"board": name, "scheduler": scheduler})

    serve(scheduler, name, opened, started)
