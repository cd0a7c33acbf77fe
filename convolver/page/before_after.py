"""A picture or a sound before and after a design, by the golden model, whose results are the hardware's."""

import base64
from collections.abc import Sequence
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..designs import Design
from ..errors import ToolError
from ..formats import Format
from ..media import Pictures, Sounds, Source, media_of
from ..run import read_source
from .curves import curve

__all__ = ["before_after"]

SIDE = 320
"""Rows and columns of a picture's middle that are shown."""
SHOWN = 600
"""Samples of a sound that are shown."""
MOST = 4
"""Results of several kernels that are shown."""

Array = NDArray[Any]


def before_after(design: Design, path: Path | None) -> str:
    """Both of them as HTML; by default of the picture or of the signal that the demo filters.

    Raises
    ------
    FileError, DataError
        If the file can't be read, or isn't for this design.
    ToolError
        If no file is given, and the package that brings the demo's isn't installed.
    """
    from ..sim import golden

    media = media_of(design)
    show = _SHOWN[type(media)]
    try:
        source = _example(media, design) if path is None else read_source(path, design, rounded=True)
    except ModuleNotFoundError as error:
        raise ToolError(f"{error.name} isn't installed, which brings the example; pip install 'convolver[demo]'") from None
    samples = show.cut(design, source)
    results = golden.run(design, samples)
    each = results.reshape(-1, *results.shape[len(design.result_axes) :])[:MOST]
    return show.html(design, source, samples, list(each))


def _example(media: Pictures, design: Design) -> Source:
    from ..demo import load_photo, load_wave

    if isinstance(media, Sounds):
        wave = load_wave(None)
        values, width = wave.channels[0], 11
        low = 0 if design.sample.signed else int(values.min())
        return Source(wave.name, _fitted(values - low, width if design.sample.signed else width + 1, design.sample), False)
    photo = load_photo(None)
    return Source(photo.name, _fitted(photo.grey.astype(np.int64), 8, design.sample), False)


def _fitted(values: Array, width: int, form: Format) -> Array:
    """Numbers of so many bits, without a sign, or of a sign beside them, in a format: moved up or down."""
    moved = form.width - form.signed - width
    wide = values.astype(object) << moved if moved > 0 else values >> -moved
    fitted: Array = np.clip(wide, form.min, form.max).astype(np.int64)
    return fitted


class _Picture:
    """Pictures: their middles, pixel for pixel."""

    @staticmethod
    def cut(design: Design, source: Source) -> Array:
        values = source.values
        rows, columns = values.shape[:2]
        top, left = max(0, (rows - SIDE) // 2), max(0, (columns - SIDE) // 2)
        middle = values[top : top + SIDE, left : left + SIDE].astype(np.int64)
        if middle.ndim > 2:
            middle = middle[..., 0]
        return np.stack([middle] * design.planes, axis=-1).reshape(*middle.shape, *design.sample_axes)

    @staticmethod
    def html(design: Design, source: Source, samples: Array, results: Sequence[Array]) -> str:
        each = [("before", samples, f"The middle of {source.name}, {samples.shape[0]} rows of {samples.shape[1]} pixels")]
        for number, result in enumerate(results, 1):
            name = "after" if len(results) == 1 else f"after, kernel {number}"
            each.append((name, result, f"What the design makes of it, from {result.min()} to {result.max()}"))
        shown = "".join(
            f'<figure><img src="{_png(values, design, told)}" alt="{escape(text)}"'
            f' width="{values.shape[1]}" height="{values.shape[0]}">'
            f"<figcaption>{told}: {int(values.min())} to {int(values.max())}</figcaption></figure>"
            for told, values, text in each
        )
        return f'<div class="pictures">{shown}</div>'


def _png(values: Array, design: Design, told: str) -> str:
    """A picture of numbers: white is the greatest there can be or, of results far below, the greatest there is; black is 0 or,
    where there are negative ones, as far below it as white is above."""
    from PIL import Image

    if values.ndim > 2:
        values = values[..., 0]
    form = design.sample if told == "before" else design.output_format
    top = float(max(abs(int(values.min())), int(values.max()), 1))
    top = form.max if form.max < 2 * top else top
    grey = values.astype(float) / top
    if values.min() < 0:
        grey = grey / 2 + 0.5
    file = BytesIO()
    Image.fromarray(np.clip(grey * 255 + 0.5, 0, 255).astype(np.uint8)).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


class _Sound:
    """Sounds: some of their samples as a curve."""

    @staticmethod
    def cut(_design: Design, source: Source) -> Array:
        values = source.values.reshape(len(source.values), -1)[:, 0]
        first = max(0, (len(values) - SHOWN) // 2)
        return values[first : first + SHOWN].astype(np.int64)

    @staticmethod
    def html(_design: Design, source: Source, samples: Array, results: Sequence[Array]) -> str:
        (result,) = results
        panels = (
            ("before", samples, f"{len(samples)} samples of {source.name}"),
            ("after", result, "What the design makes of them"),
        )
        return "".join(
            f"<figure>{curve(values, told, text)}<figcaption>{told}: {int(values.min())} to {int(values.max())}</figcaption>"
            "</figure>"
            for told, values, text in panels
        )


_SHOWN: dict[type[Pictures], type[_Picture] | type[_Sound]] = {Pictures: _Picture, Sounds: _Sound}
