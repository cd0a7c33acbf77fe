"""Pictures that Pillow would bring down to eight bits: colour of 16 bits in PNG, and TIFF of up to 64 bits, signed and real.

imagecodecs and tifffile, of the extra ``files``, read and write them.
"""

import logging
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ToolError
from .formats import Format

__all__ = ["Page", "png", "png_of", "require", "tiff", "tiff_of"]

Array = NDArray[Any]

# tifffile says on its logger what it doubts, which would be a line beside ours.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


class Page:
    """A TIFF's only page: `values` as they are in the file, and what its tags say of them."""

    def __init__(self, values: Array, bits: int, orientation: int, alpha: bool) -> None:
        self.values, self.bits, self.orientation, self.alpha = values, bits, orientation, alpha

    @property
    def format(self) -> Format:
        """The format of the samples; of real ones, that of the integers they are."""
        if self.values.dtype.kind == "f":
            low, high = int(self.values.min(initial=0)), int(self.values.max(initial=0))
            return Format.holding(low, high)
        return Format(self.bits, self.values.dtype.kind == "i")


def require() -> tuple[Any, Any]:
    """imagecodecs and tifffile.

    Raises
    ------
    ToolError
        If they aren't installed.
    """
    try:
        import imagecodecs
        import tifffile
    except ImportError as error:
        raise ToolError(
            f"Deep pictures need {error.name or 'imagecodecs'}, which isn't installed; pip install 'convolver[files]'"
        ) from None
    return imagecodecs, tifffile


def png(octets: bytes) -> Array:
    """The samples of a PNG as they are, with those of its alpha channel."""
    imagecodecs, _ = require()
    values: Array = imagecodecs.png_decode(octets)
    return values


def png_of(values: Array) -> bytes:
    """A PNG of 16-bit samples, (rows, columns, 3)."""
    imagecodecs, _ = require()
    return bytes(imagecodecs.png_encode(np.ascontiguousarray(values, np.uint16)))


def tiff(octets: bytes, check_size: Any) -> Page:
    """The page of a TIFF; `check_size` is called with its rows, columns and planes before anything is decoded.

    Raises
    ------
    ValueError
        If it has several pages, or pixels of a kind that isn't grey or RGB.
    """
    _, tifffile = require()
    with tifffile.TiffFile(BytesIO(octets)) as opened:
        if len(opened.pages) != 1 or len(opened.series) != 1 or opened.series[0].size != opened.pages[0].size:
            raise ValueError("it holds several pictures; take one out first")
        page = opened.pages[0]
        if page.photometric.name not in ("MINISBLACK", "MINISWHITE", "RGB"):
            raise ValueError(f"its pixels are {page.photometric.name}; make it grey or RGB first")
        if page.dtype is None or page.dtype.kind not in "uifb" or page.axes not in ("YX", "YXS", "SYX"):
            raise ValueError(f"its samples are of {page.bitspersample} bits, or lie, in a way that isn't known")
        planes = page.samplesperpixel
        check_size(page.imagelength, page.imagewidth, planes)
        values: Array = page.asarray(maxworkers=1)
        if page.axes == "SYX":
            values = np.moveaxis(values, 0, -1)
        if values.dtype.kind == "b":
            values = values.astype(np.uint8)
        if page.photometric.name == "MINISWHITE":  # the rule of all pictures here: 0 is black
            if values.dtype.kind != "u":
                raise ValueError("its white is 0, and its samples are signed; turn them first")
            values = values.dtype.type((1 << page.bitspersample) - 1) - values
        extra = tuple(int(kind) for kind in page.extrasamples)
        turned = page.tags.get(274)
        return Page(values, page.bitspersample, 1 if turned is None else int(turned.value), extra in ((1,), (2,)))


def tiff_of(values: Array) -> bytes:
    """A TIFF of the samples as they are, (rows, columns) or (rows, columns, 3)."""
    _, tifffile = require()
    file = BytesIO()
    tifffile.imwrite(file, values, photometric="rgb" if values.ndim == 3 else "minisblack", metadata=None)
    return file.getvalue()
