"""`make gallery`: what filters make of a photo, on the twin, and where a piece of the photo is found again; with a page of it.

Every result is compared with the golden model, bit for bit; a page is written only if all of them are equal.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from . import atomic
from .demo import Measured, Photo, filter_and_compare, load_photo, open_twins
from .designs import Conv2DDesign
from .errors import FileError
from .formats import u8
from .images import Array
from .pictures import png_of, side_by_side
from .progress import Advance, steps

__all__ = ["FILTERS", "PATCH", "SIDE", "make", "template"]

SOBEL = (((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)), ((-1, -2, -1), (0, 0, 0), (1, 2, 1)))
BINOMIAL = (1, 4, 6, 4, 1)
COMMON = {"operation": "correlate", "boundary": "edge", "rows": 1080, "columns": 1920, "output": u8}

FILTERS: dict[str, tuple[Conv2DDesign, str]] = {
    "blur": (
        Conv2DDesign(tuple(tuple(a * b for b in BINOMIAL) for a in BINOMIAL), shift=8, **COMMON),  # type: ignore[arg-type]
        "5x5 binomial weights, divided by their sum, 256",
    ),
    "sharpen": (
        Conv2DDesign(((0, -1, 0), (-1, 5, -1), (0, -1, 0)), **COMMON),  # type: ignore[arg-type]
        "five times the pixel less its four neighbours, saturated",
    ),
    "emboss": (
        Conv2DDesign(((-2, -1, 0), (-1, 1, 1), (0, 1, 2)), **COMMON),  # type: ignore[arg-type]
        "a relief lit from the upper left",
    ),
    "edges": (
        Conv2DDesign(SOBEL, combine="sum_abs", shift=1, **COMMON),  # type: ignore[arg-type]
        "the magnitude of the gradient: both Sobel kernels in one pass, half the sum of their magnitudes",
    ),
    "outlines": (
        Conv2DDesign(SOBEL, combine="sum_abs", threshold=180, **COMMON),  # type: ignore[arg-type]
        "where the whole sum is above 180",
    ),
}
"""The filters, each with what it does."""

GREY = ("edges", "outlines")
"""Filters that look at brightness alone."""

PATCH, SIDE = (63, 273), 15
"""Row and column of a square piece of the demo's photo, and its side: part of the cap's badge."""

SHOWN = (270, 480)
"""Rows and columns of a large picture on the page."""

COLOURS = 128
"""Colours of a picture on the page."""


@dataclass(frozen=True)
class Found:
    """Where a piece of a picture was looked for, and the correlation at every place that it could have."""

    place: tuple[int, int]
    strengths: Array

    @property
    def peak(self) -> tuple[int, int]:
        """The place of the greatest correlation."""
        row, column = np.unravel_index(int(self.strengths.argmax()), self.strengths.shape)
        return int(row), int(column)

    @property
    def lead(self) -> float:
        """How many times the correlation at the peak is that of any place that isn't right beside it."""
        row, column = self.peak
        others = self.strengths.copy()
        others[max(row - 3, 0) : row + 4, max(column - 3, 0) : column + 4] = self.strengths.min()
        return float(self.strengths[row, column]) / float(others.max())


def template(grey: Array, place: tuple[int, int], side: int = SIDE) -> Conv2DDesign:
    """A correlation with the piece of `grey` at `place`, its mean taken out: exactly, as all of it is multiplied by its number
    of pixels. The results are `valid`'s, so the peak's place is the piece's own upper left corner."""
    row, column = place
    piece = grey[row : row + side, column : column + side].astype(np.int64)
    weights = piece * piece.size - piece.sum()
    rows, columns = grey.shape
    return Conv2DDesign(weights.tolist(), operation="correlate", mode="valid", rows=rows, columns=columns)


def make(photo: Photo, place: tuple[int, int], large: tuple[int, int], page: Path, whole: Path, advance: Advance) -> bool:
    """Filters the photo, and the photo at `large` rows and columns, looks for its piece at `place`, and writes the page, with
    its pictures in a folder ``pictures`` beside it, and each large picture as it is into the folder `whole`. True if all
    results are the golden model's; else nothing is written.

    Raises
    ------
    FileError
        If a file can't be written.
    """
    folders = (page.parent / "pictures", whole)
    for folder in folders:
        atomic.check_folder(folder)
    enlarged = Photo(photo.name, _fitted(photo.pixels, large))
    search = template(photo.grey, place)
    runs = {
        size: [Measured(f"{name}, {size[0]} rows of {size[1]}", design) for name, (design, _) in FILTERS.items()]
        for size in (photo.pixels.shape[:2], large)
    }
    advance("opening the twins")
    devices = open_twins([*(design for design, _ in FILTERS.values()), search], advance)
    pictures: dict[tuple[int, ...], dict[str, Array]] = {}
    searched = Measured("search of the piece", search)
    try:
        for source, (size, measured) in zip((photo, enlarged), runs.items(), strict=True):
            pictures[size] = {"before": source.pixels}
            for name, run, device in zip(FILTERS, measured, devices, strict=False):
                inputs = [source.grey] if name in GREY else source.planes
                results = filter_and_compare(device, run, inputs, advance)
                pictures[size][name] = results[0] if len(results) == 1 else np.stack(results, axis=-1)
        found = Found(place, filter_and_compare(devices[-1], searched, [photo.grey], advance)[0])
    finally:
        for device in devices:
            device.close()
    everything = [*(run for measured in runs.values() for run in measured), searched]
    if not all(run.equal for run in everything):
        return False
    advance("writing the page")
    small, wide = pictures.values()
    images = {
        "gallery": side_by_side(small),
        "gallery-large": _scaled(list(wide.values())),
        "gallery-patch": _marked(photo.grey, found),
    }
    small_images = {name: image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE) for name, image in images.items()}
    files: dict[Path, bytes | str] = {
        page.parent / "pictures" / f"{name}.png": png_of(image, small=True) for name, image in small_images.items()
    }
    files |= {whole / f"{name}.png": png_of(Image.fromarray(pixels.astype(np.uint8))) for name, pixels in wide.items()}
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(f"Folder {folder} can't be made: {atomic.reason(error)}") from None
    atomic.write({**files, page: _text(photo, everything, found)}, "Gallery")
    return True


def _fitted(pixels: Array, size: tuple[int, int]) -> Array:
    """A picture scaled to fill so many rows and columns, and cut to them in its middle."""
    rows, columns = size
    return np.asarray(ImageOps.fit(Image.fromarray(pixels), (columns, rows), Image.Resampling.LANCZOS))


def _scaled(pictures: Sequence[Array]) -> Image.Image:
    """Pictures in rows of three, scaled down."""
    rows, columns = SHOWN
    sheet = Image.new("RGB", (3 * columns, -(-len(pictures) // 3) * rows), "white")
    for number, pixels in enumerate(pictures):
        image = Image.fromarray(pixels.astype(np.uint8)).convert("RGB")
        sheet.paste(image.resize((columns, rows), Image.Resampling.BOX), (number % 3 * columns, number // 3 * rows))
    return sheet


def _marked(grey: Array, found: Found) -> Image.Image:
    """The picture and the correlations beside it, with a frame around the peak in both: in the picture it frames the piece."""
    high = found.strengths.astype(float).clip(0) / float(found.strengths.max())
    halves = [grey.astype(np.uint8) & 0xF8, np.zeros_like(grey, np.uint8)]
    halves[1][: high.shape[0], : high.shape[1]] = (255 * high**2).astype(
        np.uint8
    ) & 0xF8  # few greys leave a colour for the frames
    sheet = Image.fromarray(np.hstack(halves)).convert("RGB")
    row, column = found.peak
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((column - 2, row - 2, column + SIDE + 1, row + SIDE + 1), outline="red", width=2)
    column += grey.shape[1]
    draw.ellipse((column - 8, row - 8, column + 8, row + 8), outline="red", width=2)
    return sheet


PAGE = """\
# Gallery

What filters make of a photo, for those who choose one. Written by `make gallery` from {photo}.
Every picture came out of the compiled gateware and equals the golden model bit for bit; this page shows them in fewer
colours.

![The middle of a photo, and what each filter made of it](pictures/gallery.png)

{filters}

The same in the same order with the photo at 1920x1080, scaled down for this page (`make gallery` leaves each in its own
size in `build/gallery`):

![The photo at 1920x1080, and what each filter made of it](pictures/gallery-large.png)

## A piece of a picture, found in it

The kernel is the piece of {side}x{side} pixels at row {row}, column {column}, without its mean; the image is the
brightness of the whole photo. In mode `valid` the greatest result of the cross-correlation stands at row {peak_row},
column {peak_column}, and is {lead:.2f} times any that isn't right beside it.

![The photo with the piece that was found, and the correlation, squared, with its peak](pictures/gallery-patch.png)

This correlation isn't normalised, so a place with much contrast may give more than the place that is right. A piece
is found for certain if no other place of its size has as much contrast (Cauchy-Schwarz), and in practice if those that
have are unlike it.

## Clocks

Counted on the twin, and as the design's report promises; a colour photo goes through plane by plane.

| filter | pixels | clocks | promised |
|---|---|---|---|
{runs}
"""


def _text(photo: Photo, runs: Sequence[Measured], found: Found) -> str:
    """The page."""
    return PAGE.format(
        photo=photo.name,
        filters="\n".join(f"- **{name}**: {says}" for name, (_, says) in FILTERS.items()),
        side=SIDE,
        row=found.place[0],
        column=found.place[1],
        peak_row=found.peak[0],
        peak_column=found.peak[1],
        lead=found.lead,
        runs="\n".join(f"| {run.name} | {run.samples} | {run.clocks} | {run.promised} |" for run in runs),
    )


def main() -> int:
    """Writes docs/gallery.md, with the demo's photo."""
    with steps() as advance:
        equal = make(load_photo(None), PATCH, (1080, 1920), Path("docs", "gallery.md"), Path("build", "gallery"), advance)
    print("written: docs/gallery.md and build/gallery" if equal else "DIFFERENT from the golden model: nothing is written")
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
