"""`convolver demo`."""

from pathlib import Path
from typing import Annotated

import typer

from .answers import AsJson
from .exit_codes import DIFFERENCE

__all__ = ["EXAMPLES", "EXTRA", "demo"]

EXTRA = "demo"

EXAMPLES = (
    "convolver demo",
    "convolver demo --photo me.jpg --signal song.wav --output build/mine",
)


def demo(
    photo: Annotated[Path | None, typer.Option(metavar="FILE", help="A picture, instead of matplotlib's.")] = None,
    signal: Annotated[Path | None, typer.Option(metavar="FILE", help="A sound, instead of PyWavelets' ECG.")] = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where pictures go.")] = Path("build/demo"),
    as_json: AsJson = False,
) -> None:
    """Filters a photo and a signal through the hardware's twin, and compares every output with the golden model."""
    from ..demo import run_demo

    # make hands a tilde on as it is.
    if not run_demo(photo and photo.expanduser(), signal and signal.expanduser(), output.expanduser(), as_json=as_json):
        raise typer.Exit(DIFFERENCE)
