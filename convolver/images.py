"""Pictures as integers: read exactly, turned upright, or refused; and what each kind of picture file holds.

docs/files.md has the table of kinds. Pillow reads what has 8 bits or fewer, and grey of 16; `netpbm` reads PGM and PPM; the
libraries of the extra ``files`` read and write the rest (`deep`).
"""

import contextlib
import logging
import os
import re
import sys
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin, UnidentifiedImageError

from . import atomic, content, deep, netpbm
from .errors import ConvolverError, FileError
from .formats import Format, u1, u8, u16

__all__ = ["IMAGE_SIDE", "KINDS", "Array", "Picture", "PictureKind", "decode", "encode", "is_one", "read_image", "write_image"]

Array = NDArray[Any]

# Pillow says on its logger what it doubts, which would be a line beside ours.
logging.getLogger("PIL").addHandler(logging.NullHandler())

IMAGE_SIDE = 16384
"""Most rows and columns of a picture that the command line takes."""

MOST_VALUES = IMAGE_SIDE**2
"""Most values of a picture, all its planes together: 89 million pixels in colour."""

READ = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
"""Pillow's names of what is read."""

ONE_OF = "PNG, TIFF, JPEG, GIF, WebP, BMP, PBM, PGM or PPM"

BITS_PER_SAMPLE, PHOTOMETRIC, ORIENTATION, COLOUR_MAP, EXTRA_SAMPLES, SAMPLE_FORMAT = 258, 262, 274, 320, 338, 339
"""Tags of TIFF and EXIF."""

TIFF_HEADS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


@dataclass(frozen=True)
class Picture:
    """A picture's `values`, (rows, columns) or (rows, columns, planes), each in `format`; 0 is black."""

    values: Array
    format: Format


@dataclass(frozen=True)
class PictureKind:
    """What a kind of file can hold: the widths in bits of a grey and of a colour picture's samples."""

    name: str
    grey: tuple[int, ...]
    colour: tuple[int, ...]
    signed: bool = False
    any_maxval: bool = False
    """Whether the file says which value is white, so that none looks darker than it is."""
    quality: int | None = None
    """Of a kind that changes values: how little, up to 100."""


_PNG = PictureKind("PNG", (1, 8, 16), (8, 16))
_TIFF = PictureKind("TIFF", (1, 8, 16, 32), (8, 16, 32), signed=True)
_JPEG = PictureKind("JPEG", (8,), (8,), quality=95)
KINDS: dict[str, PictureKind] = {
    ".png": _PNG,
    ".tif": _TIFF,
    ".tiff": _TIFF,
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".bmp": PictureKind("BMP", (1, 8), (8,)),
    ".webp": PictureKind("WebP", (8,), (8,)),
    ".gif": PictureKind("GIF", (8,), ()),
    ".pbm": PictureKind("PBM", (1,), (), any_maxval=True),
    ".pgm": PictureKind("PGM", (8, 16), (), any_maxval=True),
    ".ppm": PictureKind("PPM", (), (8, 16), any_maxval=True),
    ".pnm": PictureKind("PNM", (1, 8, 16), (8, 16), any_maxval=True),
}
"""Endings of the picture files that are written."""


_HEAD = re.compile(
    rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8|RIFF....WEBP|BM....\0\0|II\*\0|MM\0\*|II\+\0|MM\0\+|P[1-7][\s#]", re.DOTALL
)


def is_one(octets: bytes) -> bool:
    """Whether a file's content begins as a picture."""
    return _HEAD.match(octets) is not None


def read_image(path: Path) -> Picture:
    """Reads a picture file; see `decode`."""
    return decode(content.read(path, "Picture"), path)


def decode(octets: bytes, path: Path) -> Picture:
    """The picture in a file's content, with the values that the file holds, turned upright.

    One plane if it is grey; for palettes and WebP, which have no grey of their own, if every pixel is. A palette is looked up.
    An alpha channel that is opaque everywhere is left out.

    Raises
    ------
    FileError
        If it is no picture, is broken, has more than `IMAGE_SIDE` rows or columns, or holds what isn't exact integers: CMYK,
        transparency, several frames, real numbers.
    ToolError
        If it needs a library that isn't installed.
    """
    try:
        with warnings.catch_warnings():
            # Pillow's doubts about a file would be lines beside ours.
            warnings.simplefilter("ignore")
            picture = _decoded(octets)
    except ConvolverError:
        raise
    except _Refused as error:
        raise FileError(f"Picture {path} {error}") from None
    except UnidentifiedImageError:
        raise FileError(f"Picture {path} can't be read: its content isn't known; it must be {ONE_OF}") from None
    except Exception as error:  # noqa: BLE001  # a decoder of others fails on broken files in ways of its own
        raise FileError(f"Picture {path} can't be read: {atomic.reason(error)}") from None
    return picture


class _Refused(Exception):  # noqa: N818  # the end of a sentence
    """Why a picture isn't taken; stands behind its name."""


def _check_size(rows: int, columns: int, planes: int = 1) -> None:
    if max(rows, columns) > IMAGE_SIDE:
        raise _Refused(f"must have at most {IMAGE_SIDE} rows and columns, not {rows}x{columns}")
    if rows * columns * planes > MOST_VALUES:
        raise _Refused(f"must have at most {MOST_VALUES} values, not {rows}x{columns}x{planes}")


def _decoded(octets: bytes) -> Picture:
    if netpbm.is_one(octets):
        about = netpbm.header(octets)
        _check_size(about.rows, about.columns, about.planes)
        return Picture(netpbm.decode(octets), Format.holding(0, about.maxval))
    if octets[:8] == b"\x89PNG\r\n\x1a\n":
        _check_png(octets)
    is_tiff = octets[:4] in TIFF_HEADS
    try:
        opened: Image.Image | None = Image.open(BytesIO(octets), formats=READ)
    except UnidentifiedImageError:
        if not is_tiff:
            raise
        opened = None
    if opened is None or (is_tiff and _is_deep_tiff(opened)):
        return _from_tiff(octets)
    with opened as image:
        _check_size(image.height, image.width, len(image.getbands()))
        if image.format == "BMP" and octets[14] > 12 and octets[28] == 16:
            raise _Refused("has 5 or 6 bits a colour; make it one of 8 first")
        if is_tiff and any(value % 256 and value % 257 for value in _tags(image)[COLOUR_MAP]):
            raise _Refused("has a palette of 16 bits a colour; make it RGB first")
        if image.format not in ("JPEG", "MPO"):  # a telephone's JPEG may carry a second picture, of depth or of brightness
            _check_single(image)
        turned = image.getexif().get(ORIENTATION, 1)
        bits, colours = octets[24:26] if image.format == "PNG" else (8, 0)
        if bits == 16 and (colours or "transparency" in image.info):
            picture = Picture(_opaque(deep.png(octets), u16.max), u16)
        else:
            with _silent() if is_tiff else contextlib.nullcontext():
                picture = _from_pillow(image, _tags(image)[BITS_PER_SAMPLE][0] if is_tiff else bits)
    return Picture(_upright(picture.values, turned), picture.format)


def _check_png(octets: bytes) -> None:
    """Refuses a PNG whose check sums are wrong: decoders look at some of them only, or go on with a warning."""
    place, name = 8, b""
    while name != b"IEND":
        end = place + 8 + int.from_bytes(octets[place : place + 4], "big")
        if end + 4 > len(octets):
            raise ValueError("it ends early")
        name = octets[place + 4 : place + 8]
        if zlib.crc32(octets[place + 4 : end]) != int.from_bytes(octets[end : end + 4], "big"):
            raise ValueError(f"its check sums are wrong: it is damaged near byte {place}")
        place = end + 4


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keeps libtiff, which writes past Python, from printing what it thinks of a damaged file."""
    try:
        kept = os.dup(2)
    except OSError:  # there is no standard error
        yield
        return
    if sys.stderr is not None:
        sys.stderr.flush()
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)


def _check_single(image: Image.Image) -> None:
    try:
        image.seek(1)
    except EOFError:
        image.seek(0)
        return
    raise _Refused("holds several pictures, of an animation or of several pages; take one out first")


def _tags(image: Image.Image) -> dict[int, Any]:
    """The tags of a TIFF that say what its samples are; with those that it may leave out."""
    assert isinstance(image, TiffImagePlugin.TiffImageFile)
    return {BITS_PER_SAMPLE: (1,), SAMPLE_FORMAT: (1,), PHOTOMETRIC: 0, COLOUR_MAP: (), EXTRA_SAMPLES: ()} | dict(image.tag_v2)


def _is_deep_tiff(image: Image.Image) -> bool:
    """Whether Pillow would change the samples of a TIFF."""
    tags = _tags(image)
    bits, white_is_zero = tags[BITS_PER_SAMPLE], tags[PHOTOMETRIC] == 0
    plain = max(bits) <= 8 or (bits == (16,) and not white_is_zero)
    return not plain or set(tags[SAMPLE_FORMAT]) != {1} or tags[EXTRA_SAMPLES] not in ((), (1,), (2,))


def _from_tiff(octets: bytes) -> Picture:
    page = deep.tiff(octets, _check_size)
    values = page.values
    if values.dtype.kind == "f":
        whole = np.isfinite(values) & (values == np.floor(values)) & (np.abs(values) < 2.0**53)
        if not whole.all():
            raise _Refused(
                f"has real pixels, such as {values[~whole].flat[0]:.6g}; scale and round them in numpy, and give the .npy file"
            )
        values = values.astype(np.int64)
    elif page.alpha:
        values = _opaque(values, page.format.max)
    if values.ndim == 3 and values.shape[-1] == 1:
        values = values[..., 0]
    return Picture(_upright(values, page.orientation), page.format)


def _from_pillow(image: Image.Image, bits: int) -> Picture:
    """The pixels as Pillow has them, where these are the file's; `bits` of a sample are the file's own."""
    if image.mode == "1" and "transparency" not in image.info:
        return Picture(np.asarray(image).astype(np.uint8), u1)
    if image.mode.startswith("I;16"):
        return Picture(np.asarray(image).astype(np.uint16), u16)
    if image.mode not in ("1", "L", "LA", "P", "PA", "RGB", "RGBA"):
        raise _Refused(f"has {image.mode} pixels, which aren't grey or RGB; make it one of these first")
    transparent = "transparency" in image.info or image.mode.endswith("A")
    if image.mode in ("1", "L", "LA"):
        values = np.asarray(image.convert("LA") if transparent else image)
    else:
        values = np.asarray(image.convert("RGBA" if transparent else "RGB"))
    if transparent:
        values = _opaque(values, u8.max)
    if image.mode in ("P", "PA") or image.format == "WEBP":
        values = _grey_if_so(values)
    if image.mode == "1" or (image.mode == "L" and bits < 8):  # Pillow has spread them over eight bits
        form = Format(1 if image.mode == "1" else bits, False)
        return Picture(values // (u8.max // form.max), form)
    return Picture(values, u8)


def _opaque(values: Array, full: int) -> Array:
    """Pixels without their last plane, which is alpha."""
    if values.ndim == 3 and values.shape[-1] in (2, 4):
        if (values[..., -1] != full).any():
            raise _Refused("has transparent pixels; put it on a background first")
        values = values[..., :-1]
        values = values[..., 0] if values.shape[-1] == 1 else values
    return values


def _grey_if_so(values: Array) -> Array:
    return values[..., 0] if (values == values[..., :1]).all() else values


def _upright(values: Array, orientation: int) -> Array:
    """Pixels turned as EXIF's tag says."""
    match orientation:
        case 2:
            values = values[:, ::-1]
        case 3:
            values = values[::-1, ::-1]
        case 4:
            values = values[::-1]
        case 5:
            values = values.swapaxes(0, 1)
        case 6:
            values = values.swapaxes(0, 1)[:, ::-1]
        case 7:
            values = values.swapaxes(0, 1)[::-1, ::-1]
        case 8:
            values = values.swapaxes(0, 1)[::-1]
    return np.ascontiguousarray(values)


def width_for(kind: PictureKind, low: int, high: int, planes: int) -> Format:
    """The format of the samples in a picture file of `planes` planes that is to hold `low` to `high`, before there is one.

    Raises
    ------
    FileError
        If no such file holds them.
    ToolError
        If it needs a library that isn't installed.
    """
    widths = {1: kind.grey, 3: kind.colour}.get(planes, ())
    if not widths:
        held = " or ".join(str(count) for count, some in ((1, kind.grey), (3, kind.colour)) if some)
        raise FileError(f"A {kind.name} picture must have {held} plane{'s' * (held != '1')}, not {planes}; name a .npy file")
    formats = [Format(width, False) for width in widths]
    formats += [Format(width, True) for width in widths if kind.signed and width > 1]
    found = next((form for form in formats if low in form and high in form), None)
    if found is None:
        least, most = min(form.min for form in formats), max(form.max for form in formats)
        raise FileError(
            f"Pixels of a {kind.name} picture must be between {least} and {most}, not {low} to {high}; "
            "write .npy, or give the design an output format that fits"
        )
    if _is_deep(kind, found, planes):
        deep.require()
    return found


_EXACT = {"lossless": True, "exact": True}
"""What WebP is told, and other exact kinds don't heed."""


def _is_deep(kind: PictureKind, form: Format, planes: int) -> bool:
    return not kind.any_maxval and (form.width > 16 or form.signed or (form.width == 16 and planes > 1))


def encode(kind: PictureKind, values: Array, low: int, high: int) -> bytes:
    """A picture file of pixels between `low` and `high`, (rows, columns) or (rows, columns, 3); JPEG alone changes them.

    In a kind with a maxval, `high` is white.

    Raises
    ------
    FileError, ToolError
        As `width_for`; or if there are no pixels.
    """
    if values.size == 0:
        raise FileError(f"A picture must have rows and columns, not {'x'.join(map(str, values.shape))}")
    planes = 1 if values.ndim == 2 else values.shape[-1]
    form = width_for(kind, min(low, int(values.min())), max(high, int(values.max())), planes)
    if kind.any_maxval:
        return netpbm.encode(values, high)
    kept = values.astype(f"{'i' if form.signed else 'u'}{form.bytes}")
    if _is_deep(kind, form, planes):
        return deep.png_of(kept) if kind is _PNG else deep.tiff_of(kept)
    image = Image.fromarray(kept.astype(bool) if form.width == 1 else kept)
    file = BytesIO()
    image.save(file, kind.name, **(_EXACT if kind.quality is None else {"quality": kind.quality, "subsampling": 0}))
    return file.getvalue()


def write_image(path: Path, values: Array, output: Format = u8) -> None:
    """Writes a picture of pixels in `output`; see `encode`."""
    kind = KINDS.get(path.suffix.lower(), _PNG)
    atomic.write({path: encode(kind, values, output.min, output.max)}, "Picture")
