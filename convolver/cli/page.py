"""`convolver page`."""

import os
import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from .answers import AsJson, answer

__all__ = ["EXAMPLES", "EXTRA", "page"]

EXTRA = "page"

EXAMPLES = (
    "convolver page",
    "convolver page examples/blur.toml",
    "convolver page -o lessons.html --no-open",
)

FOLDER = Path("build/page")


def page(
    design: Annotated[Path | None, typer.Argument(metavar="DESIGN", help="A design: TOML, JSON, or a file of taps.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.html", help="The page; by default a file in build/page.")
    ] = None,
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open it in a browser, where there is one.")] = True,
    as_json: AsJson = False,
) -> None:
    """Makes a page in which a browser clocks the real core: lessons on convolution, or any design with all its registers."""
    from .. import atomic
    from ..design_files import load_design
    from ..live import design_page, lesson_page
    from ..progress import steps

    path = output or FOLDER / ("convolution.html" if design is None else f"{design.stem}.html")
    if output is None:
        try:
            FOLDER.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            from ..errors import FileError

            raise FileError(f"Folder {FOLDER} can't be made: {atomic.reason(error)}") from None
    atomic.check(path, "Page")
    loaded = None if design is None else load_design(design)
    with steps() as advance:
        text = lesson_page(advance) if loaded is None else design_page(loaded, advance, name=design.stem if design else "")
    atomic.write({path: text}, "Page")
    if path == atomic.STANDARD:
        return
    opened = show and _has_window() and webbrowser.open(path.resolve().as_uri())
    size = len(text.encode())
    told = {"file": str(path), "bytes": size, "opened": opened}
    answer(as_json, f"{'Opened' if opened else 'Written'}: {path}, {size / 1000:.0f} kB", told)


def _has_window() -> bool:
    """Whether a browser would have a window of its own: one of a terminal would take that over."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
