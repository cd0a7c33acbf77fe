"""Reads and writes the pictures and signals that the command line takes: whatever Pillow reads, WAV, and .npy.

A picture is an integer array (rows, columns) or (rows, columns, planes); a signal is (samples,) or (samples, channels).
"""

import os
import warnings
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from .errors import FileError
from .formats import Format, s16, s24, s32, u8, u16

__all__ = [
    "IMAGE_SIDE",
    "Array",
    "Signal",
    "check_output",
    "is_image",
    "read_array",
    "read_image",
    "read_signal",
    "write_array",
    "write_image",
    "write_signal",
]

Array = NDArray[Any]

IMAGE_SIDE = 4096
"""Most rows and columns of a picture that the command line takes."""

WAV_FORMATS: dict[int, Format] = {1: u8, 2: s16, 3: s24, 4: s32}
"""What a WAV file of each number of bytes a sample holds: eight bits are unsigned, all others signed."""


@dataclass(frozen=True)
class Signal:
    """What a sound file holds: `samples` (samples,) or (samples, channels) at `rate` a second, each in `format`."""

    samples: Array
    rate: int
    format: Format


def _reason(error: BaseException) -> str:
    """One line for what went wrong, without the path that the caller names already."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return (str(error).splitlines() or [""])[0] or type(error).__name__


def is_image(path: Path) -> bool:
    """Whether Pillow knows the name's ending."""
    return path.suffix.lower() in Image.registered_extensions()


def read_image(path: str | os.PathLike[str]) -> Array:
    """Reads a picture, turned upright: (rows, columns) if it is grey, else (rows, columns, 3); 8 or 16 bits, no transparency.

    Raises
    ------
    FileError
        If it isn't there, isn't a picture, is broken, or has more than `IMAGE_SIDE` rows or columns.
    """
    path = Path(path)
    try:
        with warnings.catch_warnings():
            # The size is checked below, before anything is decoded; Pillow's own doubt would be a second line.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as opened:
                columns, rows = opened.size
                if max(rows, columns) > IMAGE_SIDE:
                    raise FileError(
                        f"A picture must have at most {IMAGE_SIDE} rows and columns, not {rows}x{columns} as {path} has"
                    )
                image: Image.Image = ImageOps.exif_transpose(opened)
                if image.mode in {"I;16", "I;16L", "I;16B", "I;16N", "I"}:
                    deep = np.asarray(image).astype(np.int64)
                    if deep.size and (deep.min() < 0 or deep.max() > u16.max):
                        raise FileError(f"A grey picture must have at most 16 bits a pixel; {path} has more")
                    return deep.astype(np.uint16)
                grey = image.mode in {"1", "L", "LA", "La"}
                return np.asarray(image.convert("L" if grey else "RGB"))
    except FileError:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError, MemoryError) as error:
        hint = "; it must be a picture such as PNG or JPEG" if isinstance(error, UnidentifiedImageError) else ""
        reason = "its content isn't known" if hint else _reason(error)
        raise FileError(f"Picture {path} can't be read: {reason}{hint}") from None


def read_signal(path: str | os.PathLike[str]) -> Signal:
    """Reads a WAV file of whole numbers (PCM), 8 to 32 bits.

    Raises
    ------
    FileError
        If it isn't there or isn't such a file.
    """
    path = Path(path)
    try:
        with wave.open(str(path), "rb") as opened:
            width, channels, rate = opened.getsampwidth(), opened.getnchannels(), opened.getframerate()
            content = opened.readframes(opened.getnframes())
    except (OSError, EOFError, wave.Error, ValueError) as error:
        raise FileError(f"Signal {path} can't be read: {_reason(error)}; it must be a WAV file of PCM samples") from None
    if width not in WAV_FORMATS:
        raise FileError(f"A WAV file must have 1 to 4 bytes a sample, not {width} as {path} has")
    whole = len(content) // (width * channels) * channels
    octets = np.frombuffer(content, np.uint8, whole * width).reshape(whole, width).astype(np.int64)
    samples = np.zeros(whole, np.int64)
    for position in range(width):
        samples += octets[:, position] << 8 * position
    if WAV_FORMATS[width].signed:
        samples -= (samples >> 8 * width - 1) << 8 * width
    return Signal(samples.reshape(-1, channels) if channels > 1 else samples, rate, WAV_FORMATS[width])


def read_array(path: str | os.PathLike[str]) -> Array:
    """Reads a numpy array from a ``.npy`` file.

    Raises
    ------
    FileError
        If it isn't there, or holds objects or no array.
    """
    try:
        with Path(path).open("rb") as opened:
            loaded: Array = np.lib.format.read_array(opened, allow_pickle=False)
            return loaded
    except (OSError, ValueError, EOFError, SyntaxError, MemoryError) as error:
        raise FileError(f"Array {path} can't be read: {_reason(error)}; it must be a .npy file of numbers") from None


def check_output(path: Path) -> None:
    """Refuses a file that could not be written, before the work that it is to hold.

    Raises
    ------
    FileError
        If its folder isn't there or its ending isn't known.
    """
    if not path.parent.is_dir():
        raise FileError(f"Output {path} can't be written: there is no folder {path.parent}; make it first")
    if path.is_dir():
        raise FileError(f"Output {path} can't be written: it is a folder; name a file in it")
    suffix = path.suffix.lower()
    if suffix in {".wav", ".npy"}:
        return
    if not is_image(path) or Image.registered_extensions()[suffix] not in Image.SAVE:
        raise FileError(f"Output must end in .png, .jpg, .wav, .npy or another picture's ending, not {path.name!r}")


def _check_values(values: Array, held: Format, what: str) -> None:
    if values.size and (int(values.min()) < held.min or int(values.max()) > held.max):
        raise FileError(
            f"{what} must be between {held.min} and {held.max}, not {int(values.min())} to {int(values.max())}; "
            "write .npy, or give the design an output format that fits"
        )


def _save(path: Path, image: Image.Image) -> None:
    try:
        image.save(path)
    except (OSError, ValueError, KeyError) as error:
        raise FileError(f"Picture {path} can't be written: {_reason(error)}") from None


def write_image(path: str | os.PathLike[str], values: Array, output: Format = u8) -> None:
    """Writes a picture, (rows, columns) or (rows, columns, 3), of 8 bits, or of 16 where `output` is wider and it is grey.

    Raises
    ------
    FileError
        If a value doesn't fit what a picture holds, or the file can't be written.
    """
    path = Path(path)
    if values.size == 0:
        raise FileError(f"A picture must have rows and columns, not {'x'.join(map(str, values.shape))}")
    if values.ndim == 2 and output.max > u8.max:
        _check_values(values, u16, "Pixels of a grey picture")
        if path.suffix.lower() not in {".png", ".tif", ".tiff"}:
            raise FileError(f"Results of {output} need a .png or .tiff file, or .npy, not {path.name!r}")
        _save(path, Image.fromarray(values.astype(np.uint16)))
        return
    _check_values(values, u8, "Pixels of a picture")
    _save(path, Image.fromarray(values.astype(np.uint8)))


def write_signal(path: str | os.PathLike[str], samples: Array, rate: int, output: Format) -> None:
    """Writes a WAV file, of as few bytes a sample as `output` needs.

    Raises
    ------
    FileError
        If `output` is wider than a WAV file's samples, or the file can't be written.
    """
    path = Path(path)
    fits = [width for width, held in WAV_FORMATS.items() if output.min >= held.min and output.max <= held.max]
    if not fits:
        raise FileError(f"A WAV file holds up to s32, not {output}; write .npy, or give the design a narrower output")
    width = fits[0]
    integers = samples.astype(np.int64).reshape(-1)
    octets = np.stack([(integers >> 8 * position & 0xFF).astype(np.uint8) for position in range(width)], axis=-1)
    try:
        with wave.open(str(path), "wb") as opened:
            opened.setnchannels(samples.shape[1] if samples.ndim > 1 else 1)
            opened.setsampwidth(width)
            opened.setframerate(rate)
            opened.writeframes(octets.tobytes())
    except (OSError, wave.Error) as error:
        raise FileError(f"Signal {path} can't be written: {_reason(error)}") from None


def write_array(path: str | os.PathLike[str], values: Array) -> None:
    """Writes an integer array as ``.npy``, in the narrowest numpy type that holds its values' type.

    Raises
    ------
    FileError
        If the values are wider than 64 bits, or the file can't be written.
    """
    if values.dtype == object:
        raise FileError("A .npy file holds up to 64 bits a value; give the design a narrower output")
    try:
        with Path(path).open("wb") as opened:
            np.lib.format.write_array(opened, values, allow_pickle=False)
    except OSError as error:
        raise FileError(f"Array {path} can't be written: {_reason(error)}") from None
