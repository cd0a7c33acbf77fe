"""Filters a file: a picture plane by plane, a sound channel by channel, or an array.

The file to write is checked against what the design can give before anything is compiled or filtered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from . import arrays, atomic, content, images, sounds
from .designs import Design
from .errors import DataError, FileError
from .formats import Format
from .images import Array
from .progress import Advance

__all__ = ["Filter", "Source", "Target", "check_target", "read_source", "run_file"]

WAV_RATE = 48000
"""Samples a second of a sound that is made from an array, which states none."""

KINDS = (*images.KINDS, *sounds.KINDS, *arrays.KINDS)
"""Endings of all files that are written."""


class Filter(Protocol):
    """A device, or anything that acts like one."""

    @property
    def design(self) -> Design: ...

    def __call__(
        self,
        samples: Array,
        /,
        timeout: float | None = None,
        *,
        stack: bool | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Array: ...


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


@dataclass(frozen=True)
class Target:
    """A file to write, and the ending that says what it holds."""

    path: Path
    suffix: str

    @classmethod
    def of(cls, path: Path, kind: str | None = None) -> "Target":
        """The target at a path, ``-`` for standard output; `kind`, such as ``"png"``, goes before its name's ending.

        Raises
        ------
        FileError
            If it can't be written, or its kind isn't known.
        """
        atomic.check(path)
        suffix = path.suffix.lower() if kind is None else f".{kind.lower().removeprefix('.')}"
        if suffix in KINDS:
            return cls(path, suffix)
        known = ", ".join(KINDS)
        if kind is not None:
            raise FileError(f"A kind of output must be one of {known.replace('.', '')}, not {kind!r}")
        if not suffix:
            raise FileError(f"Output {path} has no ending that says its kind; add one, such as .png, or say --kind png")
        raise FileError(f"Output must end in one of {known}, not {path.name!r}")


def read_source(path: Path, design: Design, *, rounded: bool = False) -> Source:
    """Reads what `design` can filter from a file; what it is is told by its content. ``-`` is standard input.

    Parameters
    ----------
    path : Path
    design : Design
    rounded : bool
        Whether a sound's samples that the design's format doesn't hold exactly are rounded; else they are refused.

    Raises
    ------
    FileError
        If the file can't be read, or is a sound for a 2-D design, or a picture for a 1-D one.
    DataError
        If an array's rank isn't the design's, with or without a last axis of planes or channels.
    """
    named = _named(path.suffix.lower())
    octets = content.read(path, named)
    found = _kind(octets) or named
    if found == "Signal":
        if design.rank != 1:
            raise FileError(f"A 2-D design filters pictures, and {path.name} is a sound; give it a picture or a 1-D design")
        sound = sounds.decode(octets, path)
        values, note = sounds.fit(sound, design.sample, name=path.name, rounded=rounded)
        return Source(path.name, values, values.ndim > 1, sound.rate, (note,) if note else ())
    if found == "Array":
        return _from_array(arrays.decode(octets, path, design.rank), path.name, design)
    if design.rank != 2:
        if images.is_one(octets):
            raise FileError(f"A 1-D design filters sounds, and {path.name} is a picture; give it a .wav or .npy file")
        raise FileError(f"Input {path} can't be read: its content is no sound and no array; give it a .wav or .npy file")
    picture = images.decode(octets, path)
    notes: tuple[str, ...] = ()
    if picture.format.width < min(8, design.sample.width):
        white = picture.format.max
        notes = (f"white in {path.name} is {white}, and {design.sample.max} in the design's {design.sample}",)
    _check_range(picture.values, design)
    return Source(path.name, picture.values, picture.values.ndim > 2, notes=notes)


def _named(suffix: str) -> str:
    """What a file is by its name."""
    return "Signal" if suffix in sounds.KINDS else "Array" if suffix in arrays.KINDS else "Picture"


def _kind(octets: bytes) -> str | None:
    """What a file is by its content."""
    if sounds.is_one(octets):
        return "Signal"
    if images.is_one(octets):
        return "Picture"
    return "Array" if arrays.is_one(octets) or arrays.is_text(octets) else None


def _from_array(values: Array, name: str, design: Design) -> Source:
    if values.ndim not in (design.rank, design.rank + 1):
        shape = "(rows, columns) or (rows, columns, planes)" if design.rank == 2 else "(samples,) or (samples, channels)"
        raise DataError(f"An array for a {design.kind} design must be {shape}, not of {values.ndim} dimensions")
    _check_range(values, design)
    return Source(name, values, values.ndim > design.rank)


def _check_range(values: Array, design: Design) -> None:
    """Refuses integers that the design doesn't take, before it is compiled; all else is the device's to refuse."""
    if not values.size or values.dtype.kind not in "iu":
        return
    form, low, high = design.sample, int(values.min()), int(values.max())
    if low in form and high in form:
        return
    worst, held = low if low not in form else high, Format.holding(low, high)
    cure = f'; give the design {design.sample_field} = "{held}"' if held.width <= 32 else ""
    name = "Pixels" if design.rank == 2 else "Samples"
    raise DataError(f"{name} must be between {form.min} and {form.max} to fit {form}, not {worst}{cure}")


def check_target(target: Target, design: Design, source: Source | None = None) -> list[str]:
    """Refuses a file that can't hold what `design` makes of `source`, before the work that it is to hold.

    Returns
    -------
    list of str
        What a user would else wonder about.

    Raises
    ------
    FileError
        If the kind of file has no such planes, channels, rate or values.
    ToolError
        If it needs a library that isn't installed.
    """
    name = target.path.name
    shape = None if source is None else source.values.shape
    if target.suffix in arrays.KINDS:
        arrays.check_kind(target.suffix, design.output_format.width, (*design.result_axes, *(shape or ())))
        return []
    if design.result_axes:
        raise FileError(f"A design with results of each of its kernels can't fill {name}; name a .npy file")
    stacked = source is not None and source.stacked
    if target.suffix in sounds.KINDS:
        if design.rank != 1:
            raise FileError(f"Filtered pictures can't go into {name}; name a .png or .npy file")
        _check_loudness(design)
        samples, channels, rate = (1, 1, WAV_RATE) if source is None else (*(*source.values.shape, 1)[:2], source.rate)
        sounds.check_kind(sounds.KINDS[target.suffix], design.output_format, samples, channels, rate)
        return []
    if design.rank != 2:
        raise FileError(f"Filtered sounds can't go into {name}; name a .wav or .npy file")
    kind, (low, high) = images.KINDS[target.suffix], _pixels(design)
    planes = source.values.shape[-1] if source is not None and stacked else 1
    if source is None and not kind.grey:  # what isn't known yet is checked again
        planes = 3
    held, form = images.width_for(kind, low, high, planes), Format.holding(low, high)
    if kind.any_maxval or held.max == high or held.signed:
        return []
    if form.width == 1:
        raise FileError(f"A threshold's 0 and 1 would look black in {name}; name a {'.png' if planes == 1 else '.ppm'} file")
    hint = "" if form.width > 16 else f"; a .{'pgm' if planes == 1 else 'ppm'} file says what white is"
    return [f"white in {name} is {held.max}, and results reach {high}: it looks dark{hint}"]


def _pixels(design: Design) -> tuple[int, int]:
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


def run_file(device: Filter, source: Source, target: Target, advance: Advance, timeout: float | None = None) -> list[str]:
    """Filters `source` through `device`, within `timeout` seconds, into `target`, whole or not at all.

    Returns
    -------
    list of str
        What was changed on the way, and what a user would else wonder about.

    Raises
    ------
    FileError, DataError
        As `check_target`; if there is no plane or channel; or whatever the device raises.
    """
    design = device.design
    notes = [*source.notes, *check_target(target, design, source)]
    title = f"filtering {source.name}"
    advance(title)
    if source.stacked and not source.values.shape[-1]:
        raise DataError(f"An array must hold at least one plane or channel; {source.name} has none")
    # Channels of a sound stand last in a file, signals of a stack first.
    channels = source.stacked and design.rank == 1
    results = device(
        source.values.T if channels else source.values,
        timeout,
        stack=channels,
        progress=lambda done, of: advance(title, done / of),
    )
    if channels:
        results = results.T
    advance(f"writing {target.path.name}")
    atomic.write({target.path: _encoded(target, results, design, source.rate)})
    return notes


def _encoded(target: Target, results: Array, design: Design, rate: int) -> bytes:
    if target.suffix in arrays.KINDS:
        return arrays.encode(target.suffix, results)
    if target.suffix in sounds.KINDS:
        return sounds.encode(sounds.KINDS[target.suffix], results, rate, design.output_format)
    if results.ndim == 3 and results.shape[-1] == 1:
        results = results[..., 0]
    return images.encode(images.KINDS[target.suffix], results, *_pixels(design))
