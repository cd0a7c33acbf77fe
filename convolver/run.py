"""Filters a file: a picture plane by plane, a sound channel by channel, or an array.

The file to write is checked against what the design can give before anything is compiled or filtered.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from . import arrays, atomic, content, images, sounds
from .arguments import meant
from .designs import Design
from .errors import DataError, FileError
from .formats import Format
from .images import Array
from .media import Source, media_of, pixels, rate_behind
from .progress import Advance

__all__ = [
    "Filter",
    "Source",
    "Target",
    "check_target",
    "estimate",
    "handed",
    "read_source",
    "run_file",
    "write_results",
]

BT601 = 77, 150, 29
"""How much of red, green and blue makes brightness, in 1/256."""

LONG = 10.0
"""Seconds beyond which a run's time is told before it."""

TRIED = 1 << 18
"""Samples that are tried to tell it, of a source of many times as many."""

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
            words = known.replace(".", "")
            raise FileError(f"A kind of output must be one of {words}, not {kind!r}{meant(kind, words.split(', '))}")
        if not suffix:
            raise FileError(f"Output {path} has no ending that says its kind; add one, such as .png, or say --kind png")
        raise FileError(f"Output must end in one of {known}, not {path.name!r}")


def read_source(path: Path, design: Design, *, rounded: bool = False, grey: bool = False) -> Source:
    """Reads what `design` can filter from a file; what it is is told by its content. ``-`` is standard input.

    Parameters
    ----------
    path : Path
    design : Design
    rounded : bool
        Whether a sound's samples that the design's format doesn't hold exactly are rounded; else they are refused.
    grey : bool
        Whether one plane of brightness takes the place of a picture's colours.

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
    if found == "Array":
        source = _from_array(arrays.decode(octets, path, design.rank), path.name, design)
    elif found == "Signal":
        return media_of(design).sound(octets, path, design, rounded=rounded)
    else:
        source = media_of(design).picture(octets, path, design)
    if grey:
        source = _greyed(source)
    _check_range(source.values, design)
    return source


def _greyed(source: Source) -> Source:
    """A picture's brightness, in ITU-R BT.601's weights of 1/256."""
    if not source.stacked:
        return source
    if (planes := source.values.shape[-1]) != 3:
        raise FileError(f"A picture must have 3 planes to be made grey, not {planes} as {source.name} has")
    return replace(source, values=source.values.astype(np.int64) @ np.array(BT601) >> 8, stacked=False)


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
        shapes = media_of(design).shapes
        raise DataError(f"An array for a {design.kind} design must be {shapes}, not of {values.ndim} dimensions")
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
    raise DataError(f"{media_of(design).values} must be between {form.min} and {form.max} to fit {form}, not {worst}{cure}")


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
    media = media_of(design)
    if target.suffix in sounds.KINDS:
        media.check_sound(name, target.suffix, design, source)
        return []
    return media.check_picture(name, target.suffix, design, source)


def estimate(design: Design, source: Source) -> list[str]:
    """How long the twin takes for a long source, measured on a small part of it; nothing for a short one."""
    size, length = source.values.size, len(source.values)
    if size < 16 * TRIED:
        return []
    from .opening import open as open_twin

    media, part = media_of(design), source.values[: max(1, length * TRIED // size)]
    with open_twin(design) as twin:  # one of its own: what is filtered begins from silence
        begun = time.perf_counter()
        twin(media.turned(part), stack=media.stack(source.stacked))
        seconds = (time.perf_counter() - begun) * length / len(part)
        speed = int(twin.status()["clocks_a_second"]) / 1e6
    if seconds < LONG:
        return []
    return [f"{source.name} takes about {seconds:.0f} s on the twin, which makes {speed:.1f} million clocks a second"]


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
    samples, stack = handed(design, source)
    results = device(samples, timeout, stack=stack, progress=lambda done, of: advance(title, done / of))
    advance(f"writing {target.path.name}")
    write_results(target, design, source, results)
    return [*notes, *_saturated(design, results)]


def _saturated(design: Design, results: Array) -> list[str]:
    """What is told of results at an end of their format, if greater or smaller ones may have been in their place."""
    ends = design.saturated
    count = sum(int(np.count_nonzero(results == end)) for end in ends)
    if not count:
        return []
    told = f"{count} of {results.size} results are {' or '.join(map(str, ends))}"
    return [f"{told}, where what lies beyond {design.output_format} is saturated; a greater shift or a wider output keeps it"]


def handed(design: Design, source: Source) -> tuple[Array, bool | None]:
    """What a device is given of a source, and whether its first axis counts.

    Raises
    ------
    DataError
        If there is no plane or channel.
    """
    if source.stacked and not source.values.shape[-1]:
        raise DataError(f"An array must hold at least one plane or channel; {source.name} has none")
    media = media_of(design)
    return media.turned(source.values), media.stack(source.stacked)


def write_results(target: Target, design: Design, source: Source, results: Array) -> None:
    """Writes what a device gave for `handed`, whole or not at all."""
    atomic.write({target.path: _encoded(target, media_of(design).turned(results), design, source.rate)})


def _encoded(target: Target, results: Array, design: Design, rate: int) -> bytes:
    if target.suffix in arrays.KINDS:
        return arrays.encode(target.suffix, results)
    if target.suffix in sounds.KINDS:
        return sounds.encode(sounds.KINDS[target.suffix], results, rate_behind(design, rate), design.output_format)
    if results.ndim == 3 and results.shape[-1] == 1:
        results = results[..., 0]
    return images.encode(images.KINDS[target.suffix], results, *pixels(design))
