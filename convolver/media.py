"""What files hold the frames of a filter: sounds those of signals, pictures those of images."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import images, sounds
from .designs import Design
from .errors import FileError
from .formats import Format
from .images import Array

__all__ = ["WAV_RATE", "Pictures", "Source", "media_of", "pixels", "rate_behind"]

WAV_RATE = 48000
"""Samples a second of a sound that is made from an array, which states none."""


@dataclass(frozen=True)
class Source:
    """What a file holds: `values`, whose last axis lists planes or channels if `stacked`, and a sound's `rate`.

    `notes` say what was changed on the way in, and what a user would else wonder about.
    """

    name: str
    values: Array
    stacked: bool
    rate: int = WAV_RATE
    notes: tuple[str, ...] = ()


class Pictures:
    """Pictures, for a design of images."""

    values = "Pixels"
    """What the numbers are called."""
    shapes = "(rows, columns) or (rows, columns, planes)"
    """Shapes of an array."""
    example = ("in.jpg", "out.png")
    """Names of a file to filter and of one to write, in an example."""

    def sound(self, octets: bytes, path: Path, design: Design, *, rounded: bool) -> Source:  # noqa: ARG002  # sounds have some
        """What a sound's file holds."""
        raise FileError(f"A 2-D design filters pictures, and {path.name} is a sound; give it a picture or a 1-D design")

    def picture(self, octets: bytes, path: Path, design: Design) -> Source:
        """What the file of a picture holds, or of nothing that is known."""
        picture = images.decode(octets, path)
        notes: tuple[str, ...] = ()
        if picture.format.width < min(8, design.sample.width):
            white = picture.format.max
            notes = (f"white in {path.name} is {white}, and {design.sample.max} in the design's {design.sample}",)
        return Source(path.name, picture.values, picture.values.ndim > 2, notes=notes)

    def check_sound(self, name: str, suffix: str, design: Design, source: Source | None) -> None:  # noqa: ARG002  # as above
        """Refuses to write results into a sound that can't hold them."""
        raise FileError(f"Filtered pictures can't go into {name}; name a .png or .npy file")

    def check_picture(self, name: str, suffix: str, design: Design, source: Source | None) -> list[str]:
        """Refuses to write results into a picture that can't hold them; says what a user would else wonder about."""
        kind, (low, high) = images.KINDS[suffix], pixels(design)
        planes = source.values.shape[-1] if source is not None and source.stacked else 1
        if source is None and not kind.grey:  # what isn't known yet is checked again
            planes = 3
        held, form = images.width_for(kind, low, high, planes), Format.holding(low, high)
        lossy = [f"a {kind.name} changes values, here at quality {kind.quality}; a .png file keeps them"] * bool(kind.quality)
        if kind.any_maxval or held.max == high or held.signed:
            return lossy
        if form.width == 1:
            raise FileError(
                f"A threshold's 0 and 1 would look black in {name}; name a {'.png' if planes == 1 else '.ppm'} file"
            )
        hint = "" if form.width > 16 else f"; a .{'pgm' if planes == 1 else 'ppm'} file says what white is"
        return [f"white in {name} is {held.max}, and results reach {high}: it looks dark{hint}", *lossy]

    def turned(self, values: Array) -> Array:
        """A file's values as a device takes them, or a device's as a file has them."""
        return values

    def stack(self, stacked: bool) -> bool:  # noqa: ARG002  # planes belong to one image
        """Whether what a device takes of such a source is a stack of frames."""
        return False


class Sounds(Pictures):
    """Sounds, for a design of signals."""

    values = "Samples"
    shapes = "(samples,) or (samples, channels)"
    example = ("in.wav", "out.wav")

    def sound(self, octets: bytes, path: Path, design: Design, *, rounded: bool) -> Source:
        sound = sounds.decode(octets, path)
        values, note = sounds.fit(sound, design.sample, name=path.name, rounded=rounded)
        first, *_ = (*design.parts, design)
        others = (
            f"{path.name} has {sound.rate} samples a second, and the filter was made for {made.fs:g}: "
            f"its frequencies are {sound.rate / made.fs:.4g} times those asked for"
            for made in filter(None, (first.specified,))
            if made.fs != sound.rate
        )
        notes = tuple(filter(None, (note, *others)))
        return Source(path.name, values, values.ndim > 1, sound.rate, notes)

    def picture(self, octets: bytes, path: Path, design: Design) -> Source:  # noqa: ARG002  # pictures have some
        if images.is_one(octets):
            raise FileError(f"A 1-D design filters sounds, and {path.name} is a picture; give it a .wav or .npy file")
        raise FileError(f"Input {path} can't be read: its content is no sound and no array; give it a .wav or .npy file")

    def check_sound(self, name: str, suffix: str, design: Design, source: Source | None) -> None:  # noqa: ARG002
        _check_loudness(design)
        samples, channels, rate = 1, 1, WAV_RATE
        if source is not None:  # what isn't known yet is checked again
            samples, channels = (*source.values.shape, 1)[:2]
            samples, rate = design.output_shape(samples)[0], rate_behind(design, source.rate)
        sounds.check_kind(sounds.KINDS[suffix], design.output_format, samples, channels, rate)

    def check_picture(self, name: str, suffix: str, design: Design, source: Source | None) -> list[str]:  # noqa: ARG002
        raise FileError(f"Filtered sounds can't go into {name}; name a .wav or .npy file")

    def turned(self, values: Array) -> Array:
        return values.T  # channels stand last in a file, signals of a stack first

    def stack(self, stacked: bool) -> bool:
        return stacked


_MEDIA: Mapping[int, Pictures] = {1: Sounds(), 2: Pictures()}


def media_of(design: Design) -> Pictures:
    """What files hold the frames of a design."""
    return _MEDIA[design.rank]


def rate_behind(design: Design, rate: int) -> int:
    """The rate of a sound's results, where that of its samples is so much.

    Raises
    ------
    FileError
        If a file can't state it.
    """
    behind = design.rate.behind(rate)
    if behind.denominator != 1:
        raise FileError(f"A sound's rate must be a whole number, not {rate} times {design.rate}; name a .npy file")
    return behind.numerator


def pixels(design: Design) -> tuple[int, int]:
    """Between what a picture's results are: those of the output's format or, where that is signed, that there can be."""
    form = design.output_format
    return design.output_range if form.signed else (form.min, form.max)


def _check_loudness(design: Design) -> None:
    """Refuses a sound that nobody would hear: full scale is the output format's, whose upper bits no result may need."""
    form = design.output_format
    spare = form.width - Format.holding(*design.output_range).width
    if spare > 0 and form.width > design.sample.width:
        raise FileError(
            f"Results of {form} would sound {6 * spare} dB too quiet, as none needs more than {form.width - spare} bits; "
            f'give the design output = "s{design.sample.width}", or write .npy'
        )
