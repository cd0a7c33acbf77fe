"""The page: one HTML file with cores, script, style and lessons in it, which loads nothing from elsewhere."""

import base64
import json
import zlib
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np

from ..designs import Design
from ..progress import Advance
from ..version import __version__
from .cores import SIDE, lesson_cores, packed
from .examples import example_of
from .lessons import LANGUAGES, lessons, pictures, signals, words

__all__ = ["LANGUAGES", "LARGEST", "design_page", "lesson_page"]

LARGEST = 500_000
"""Bytes of the page of lessons, at most."""

SCRIPTS = ("core.js", "drawing.js", "pipeline.js", "signal.js", "picture.js", "panels.js", "design.js", "app.js")


def lesson_page(advance: Advance, cores: Mapping[str, Design] | None = None) -> str:
    """Makes the page of lessons.

    Parameters
    ----------
    advance : callable
        Told the title of each step.
    cores : mapping of str to Design, optional
        Some of `lesson_cores`; by default all.

    Raises
    ------
    ToolError
        If a core can't be made.
    """
    blob = packed(lesson_cores() if cores is None else cores, advance)
    advance("writing the page")
    data = {"lessons": lessons(), "signals": signals(), "pictures": pictures(SIDE)}
    return _page("Convolution, seen", data, blob)


def design_page(design: Design, advance: Advance, *, name: str = "") -> str:
    """Makes the page of one design: its core with all its registers, clocked beside the golden model's results.

    Parameters
    ----------
    design : Design
    advance : callable
        Told the title of each step.
    name : str, optional
        What the design is called, such as its file.

    Raises
    ------
    ToolError
        If the core can't be made.
    """
    blob = packed({"design": design}, advance)
    advance("computing what is expected")
    title = name or design.title
    data = {"design": {"title": title, "about": design.describe(), "examples": example_of(design)}}
    return _page(title, data, blob)


def _page(title: str, data: Mapping[str, Any], blob: bytes) -> str:
    folder = files(__package__)
    script = "".join((folder / name).read_text(encoding="utf-8") for name in SCRIPTS)
    style = (folder / "style.css").read_text(encoding="utf-8")
    plain = json.dumps({**data, "words": words(), "version": __version__}, separators=(",", ":"), default=_plain).encode()
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        # Nothing may be loaded, by whatever is in the page.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline' 'wasm-unsafe-eval'; img-src data: blob:\">"
        '<link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title>\n<style>{style}</style></head>\n<body>\n"
        '<noscript>This page clocks a circuit in your browser, which needs JavaScript.</noscript>\n<div id="app"></div>\n'
        f'<script type="text/plain" id="data">{_text(zlib.compress(plain, 9))}</script>\n'
        f'<script type="text/plain" id="cores">{_text(blob)}</script>\n'
        f"<script>\n{script}</script>\n</body></html>\n"
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _plain(value: Any) -> Any:
    """Numpy's numbers as Python's."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)
