"""The demo's pictures: a photo before and after its filters side by side, and a signal before and after."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from . import atomic
from .images import Array
from .plots import MEASURED, drawn, styled

__all__ = ["png_of", "side_by_side", "signal_plot", "write_all"]

TILE = 300
"""Rows and columns of a picture's middle that `side_by_side` shows, pixel for pixel."""

CAPTION = 32
LETTERS = 20
"""Height of a caption and of its letters: a page shows the sheet at two thirds of its size."""

MARGIN = 8
PLOTTED = 1024
"""Samples of a signal that its plot shows: more would be a black bar."""


def side_by_side(pictures: Mapping[str, Array]) -> Image.Image:
    """The middles of some pictures in a row, each under its name; a small one is enlarged in whole steps."""
    width = len(pictures) * (TILE + MARGIN) + MARGIN
    sheet = Image.new("RGB", (width, TILE + CAPTION + MARGIN), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(LETTERS)
    for number, (name, pixels) in enumerate(pictures.items()):
        image = Image.fromarray(pixels.astype(np.uint8)).convert("RGB")
        scale = max(1, TILE // max(image.size))
        image = ImageOps.scale(image, scale, Image.Resampling.NEAREST) if scale > 1 else image
        columns, rows = image.size
        left, top = max(0, (columns - TILE) // 2), max(0, (rows - TILE) // 2)
        image = image.crop((left, top, min(columns, left + TILE), min(rows, top + TILE)))
        x = MARGIN + number * (TILE + MARGIN)
        draw.text((x, CAPTION // 2), name, fill="black", font=font, anchor="lm")
        sheet.paste(image, (x + (TILE - image.width) // 2, CAPTION + (TILE - image.height) // 2))
    return sheet


def png_of(image: Image.Image, *, small: bool = False) -> bytes:
    """A picture as a PNG; as `small` as it gets, for whoever takes the time."""
    file = BytesIO()
    image.save(file, "PNG", optimize=small)
    return file.getvalue()


def signal_plot(before: Array, after: Array, delay: float) -> bytes:
    """A PNG of a signal and what a filter made of it, moved back by the filter's delay so that the two lie on each other."""
    from matplotlib.figure import Figure

    shown = slice(max(0, (len(before) - PLOTTED) // 2), None)
    places = np.arange(len(before))[shown][:PLOTTED]
    with styled():
        figure = Figure(figsize=(9.6, 3.2), dpi=100, layout="constrained")
        axes = figure.subplots()
        axes.plot(places, before[shown][:PLOTTED], color="0.6", linewidth=1, label="before")
        axes.plot(
            places - delay,
            after[shown][:PLOTTED],
            color=MEASURED,
            linewidth=1.2,
            label=f"after, moved back by {delay:g} samples",
        )
        axes.set(xlabel="sample", ylabel="value", xlim=(places[0], max(places[-1], places[0] + 1)))
        axes.set_title("a signal, before and after", loc="left")
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0.2, ncols=2)  # where no peak can be
        return drawn(figure)


def write_all(folder: Path, pictures: Mapping[str, Array], signal: tuple[Array, Array, float]) -> list[Path]:
    """Writes each picture, all of them side by side, and the signal's plot, all or none; gives the files' names."""
    files: dict[Path, bytes | str] = {
        folder / f"{name.split()[0].lower()}.png": png_of(Image.fromarray(pixels.astype(np.uint8)))
        for name, pixels in pictures.items()
    }
    files[folder / "photo.png"] = png_of(side_by_side(pictures))
    files[folder / "signal.png"] = signal_plot(*signal)
    atomic.write(files, "Picture")
    return list(files)
