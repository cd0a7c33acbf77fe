"""Sounds as integers around silence, which is zero; and between the bits of a file and those of a design: full scale.

docs/files.md has the table of kinds. Plain WAV files of whole numbers are Python's own `wave`'s; soundfile, of the extra
``files``, reads and writes all other kinds.
"""

import re
import wave
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import atomic, content
from .errors import ConvolverError, FileError, ToolError
from .formats import Format

__all__ = ["KINDS", "Sound", "SoundKind", "check_kind", "decode", "encode", "fit", "is_one", "read_sound", "write_sound"]

Array = NDArray[Any]

MOST_SAMPLES = 1 << 28
"""Most samples of a sound, all its channels together: an hour and a half of one channel at 48 kHz."""

MOST_RATE = 655350
"""Most samples a second: FLAC's."""

OPEN_END = 0x7FFF0000
"""From here on a WAV file's length says that whoever wrote it into a pipe didn't know it."""

WIDTHS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "ULAW": 16, "ALAW": 16}
"""Bits of libsndfile's kinds of samples that are whole numbers; all others are real, full scale 1."""

_SHORTER = re.compile(r"^\s*(?:data|SSND) : (\d+) \(should be (\d+)\)", re.MULTILINE)
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Sound:
    """A sound's `samples`, (samples,) or (samples, channels), and `rate`, samples a second.

    They are integers of `width` bits around zero; or real numbers, full scale 1, with a width of 0.
    """

    samples: Array
    rate: int
    width: int


@dataclass(frozen=True)
class SoundKind:
    """What a kind of sound file can hold: the widths of its samples, and the most channels; libsndfile's name of it."""

    name: str
    widths: tuple[int, ...]
    most_channels: int
    most_bytes: int = 0xFFFFFFFF - 128


_AIFF = SoundKind("AIFF", (8, 16, 24, 32), 1024)
KINDS: dict[str, SoundKind] = {
    ".wav": SoundKind("WAV", (8, 16, 24, 32), 65535),
    ".flac": SoundKind("FLAC", (8, 16, 24), 8, 1 << 40),
    ".aif": _AIFF,
    ".aiff": _AIFF,
}
"""Endings of the sound files that are written."""


_HEAD = re.compile(
    rb"(?:RIFF|RIFX|RF64)....WAVE|FORM....AIF[FC]|fLaC|OggS|ID3|\xff[\xf2\xf3\xfa\xfb]|caff|\.snd|riff\x2e\x91", re.DOTALL
)


def is_one(octets: bytes) -> bool:
    """Whether a file's content begins as a sound."""
    return _HEAD.match(octets) is not None


def read_sound(path: Path) -> Sound:
    """Reads a sound file; see `decode`."""
    return decode(content.read(path, "Signal"), path)


def decode(octets: bytes, path: Path) -> Sound:
    """The sound in a file's content. Eight bits of a WAV file stand around 128; here all are around zero.

    Raises
    ------
    FileError
        If it is no sound, is broken or ends early, or has more than `MOST_SAMPLES`.
    ToolError
        If it needs soundfile, which isn't installed.
    """
    if not is_one(octets):
        raise FileError(f"Signal {path} can't be read: its content isn't known; it must be a sound, such as WAV or FLAC")
    try:
        plain = _from_wave(octets)
        return plain or _from_soundfile(octets)
    except ConvolverError:
        raise
    except Exception as error:  # noqa: BLE001  # a decoder of others fails on broken files in ways of its own
        said = atomic.reason(error).rpartition(">: ")[2].rstrip(".")
        raise FileError(f"Signal {path} can't be read: {said}") from None


def _from_wave(octets: bytes) -> Sound | None:
    """A plain WAV file; none if it isn't one."""
    try:
        opened = wave.open(BytesIO(octets))  # noqa: SIM115  # of memory: there is nothing to close
    except Exception:  # noqa: BLE001  # it asserts, and raises plain RuntimeError and struct.error
        return None
    width, channels, rate, count = opened.getsampwidth(), opened.getnchannels(), opened.getframerate(), opened.getnframes()
    if width not in (1, 2, 3, 4):
        return None
    raw = opened.readframes(count)
    frame = width * channels
    if len(raw) < count * frame < OPEN_END:
        raise ValueError(f"it ends early: {len(raw)} of {count * frame} bytes")
    whole = len(raw) // frame * channels
    _check_samples(whole)
    octets_of = np.frombuffer(raw, np.uint8, whole * width).reshape(whole, width)
    wide = np.zeros((whole, 4), np.uint8)  # left-justified, little-endian
    wide[:, 4 - width :] = octets_of
    if width == 1:
        wide[:, 3] ^= 0x80
    return Sound(_channels(wide.view("<i4").reshape(-1) >> 32 - 8 * width, channels), rate, 8 * width)


def _check_samples(count: int) -> None:
    if count > MOST_SAMPLES:
        raise ValueError(f"it must have at most {MOST_SAMPLES} samples, not {count}; cut it, or stream it from Python")


def _channels(samples: Array, channels: int) -> Array:
    samples = samples.astype(np.int64) if samples.dtype.kind == "i" else samples
    return samples.reshape(-1, channels) if channels > 1 else samples.reshape(-1)


def _soundfile() -> Any:
    try:
        import soundfile
    except (ImportError, OSError):  # an OSError where libsndfile isn't there
        raise ToolError(
            "Sounds other than plain WAV need soundfile, which isn't installed; pip install 'convolver[files]'"
        ) from None
    return soundfile


class _Memory(BytesIO):
    """A file in memory for libsndfile, which seeks to wherever a damaged file says; soundfile would print an error of that."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        try:
            return super().seek(offset, whence)
        except (ValueError, OverflowError):
            return self.tell()


def _from_soundfile(octets: bytes) -> Sound:
    soundfile = _soundfile()
    with soundfile.SoundFile(_Memory(octets)) as opened:
        for declared, found in _SHORTER.findall(opened.extra_info):
            if int(found) < int(declared) < OPEN_END:
                raise ValueError(f"it ends early: {found} of {declared} bytes")
        width = next((width for kind, width in WIDTHS.items() if opened.subtype in (kind, kind.replace("PCM", "ALAC"))), 0)
        _check_samples(opened.frames * opened.channels)
        blocks, count = [], 0
        # In blocks: a header may claim more than there is.
        while True:
            block = opened.read(_BLOCK, dtype="int32" if width else "float64", always_2d=True)
            blocks.append(block >> 32 - width if width else block)
            count += len(block)
            if len(block) < _BLOCK:
                break
        if count != opened.frames:
            raise ValueError(f"it ends early: {count} of {opened.frames} samples")
        return Sound(_channels(np.concatenate(blocks), opened.channels), opened.samplerate, width)


def fit(sound: Sound, form: Format, *, name: str, rounded: bool) -> tuple[Array, str]:
    """A sound's samples in a design's format, full scale to full scale; and what rounding them lost, or nothing.

    Parameters
    ----------
    sound : Sound
    form : Format
        Of the samples that the design takes.
    name : str
        The file's, for the error.
    rounded : bool
        Whether samples that `form` doesn't hold exactly are rounded; else they are refused.

    Raises
    ------
    FileError
        If `form` is unsigned, or doesn't hold all samples exactly and they aren't to be rounded.
    """
    if not form.signed:
        raise FileError(f'A sound\'s samples are signed, and the design takes {form}; give it data = "s{form.width}"')
    if sound.width and sound.width <= form.width:
        return sound.samples << form.width - sound.width, ""
    if sound.width:
        drop = sound.width - form.width
        if not (sound.samples & (1 << drop) - 1).any():
            return sound.samples >> drop, ""
        exact = sound.samples / (1 << drop)
        cure = f'give it data = "s{sound.width}", or --round them'
    else:
        exact = sound.samples * float(1 << form.width - 1)
        if not np.isfinite(exact).all():
            raise FileError(f"The samples of {name} must be finite numbers, not NaN or infinite")
        cure = "--round them"
    result = np.rint(exact)
    over = (result < form.min) | (result > form.max)
    result = np.clip(result, form.min, form.max)
    if np.array_equal(result, exact):
        return result.astype(np.int64), ""
    kind = f"{sound.width} bits" if sound.width else "real numbers"
    if not rounded:
        raise FileError(f"The samples of {name} are {kind}, which {form} of the design doesn't hold exactly; {cure}")
    lost = float(np.abs(result - exact)[~over].max(initial=0))
    told = f"the samples of {name}, {kind}, were rounded to {form}: greatest error {lost:.3g} of a step"
    return result.astype(np.int64), told + f", {int(over.sum())} of {over.size} clipped" * bool(over.any())


def check_kind(kind: SoundKind, form: Format, samples: int, channels: int, rate: int) -> int:
    """The width of the samples in a file that is to hold a sound in `form`, before there is one.

    Raises
    ------
    FileError
        If the kind of file has no such samples, so many channels or such a rate.
    ToolError
        If it needs soundfile, which isn't installed.
    """
    if not form.signed:
        raise FileError(f"A sound's samples are signed, not {form}; write .npy, or give the design a signed output")
    width = next((width for width in kind.widths if width >= form.width), None)
    if width is None:
        raise FileError(
            f"A {kind.name} file holds up to s{kind.widths[-1]}, not {form}; write .npy, or give the design a narrower output"
        )
    if channels > kind.most_channels:
        raise FileError(f"A {kind.name} file must have 1 to {kind.most_channels} channels, not {channels}; write .npy")
    if not 1 <= rate <= MOST_RATE:
        raise FileError(f"A {kind.name} file must have 1 to {MOST_RATE} samples a second, not {rate}; write .npy")
    if (size := samples * channels * width // 8) > kind.most_bytes:
        raise FileError(f"A {kind.name} file holds up to {kind.most_bytes} bytes, not {size}; write .npy")
    if kind.name != "WAV":
        _soundfile()
    return width


def encode(kind: SoundKind, samples: Array, rate: int, form: Format) -> bytes:
    """A sound file of samples in `form`, whose full scale is the file's; (samples,) or (samples, channels).

    Raises
    ------
    FileError, ToolError
        As `check_kind`.
    """
    channels = samples.shape[1] if samples.ndim > 1 else 1
    width = check_kind(kind, form, len(samples), channels, rate)
    file = BytesIO()
    if kind.name != "WAV":
        soundfile = _soundfile()
        left = (samples.astype(np.int64) << 32 - form.width).astype(np.int32)
        subtype = f"PCM_{'S8' if width == 8 else width}"
        soundfile.write(file, left, rate, format=kind.name, subtype=subtype)
        return file.getvalue()
    whole = (samples.astype(np.int64) << width - form.width).reshape(-1)
    if width == 8:
        whole += 128
    size = width // 8
    with wave.open(file, "wb") as opened:
        opened.setnchannels(channels)
        opened.setsampwidth(size)
        opened.setframerate(rate)
        opened.writeframes(whole.astype("<i8").view(np.uint8).reshape(-1, 8)[:, :size].tobytes())
    return file.getvalue()


def write_sound(path: Path, samples: Array, rate: int, form: Format) -> None:
    """Writes a sound file; its ending says which kind. See `encode`."""
    atomic.write({path: encode(KINDS[path.suffix.lower()], samples, rate, form)}, "Signal")
