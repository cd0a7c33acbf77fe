"""Filters a file: a picture plane by plane, a sound channel by channel, or a numpy array."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .designs import Conv2DDesign, FIRDesign
from .errors import DataError, FileError
from .files import Array, check_output, is_image, read_array, read_image, read_signal, write_array, write_image, write_signal
from .progress import Advance

__all__ = ["Filter", "Source", "check_target", "read_source", "run_file"]

WAV_RATE = 48000
"""Samples a second of a WAV file that is made from an array, which states none."""


class Filter(Protocol):
    """A device, or anything that acts like one."""

    @property
    def design(self) -> FIRDesign | Conv2DDesign: ...

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
    """What a file holds: `values`, whose last axis lists planes or channels if `stacked`, and a sound's `rate`."""

    values: Array
    stacked: bool
    rate: int = WAV_RATE


def read_source(path: Path, design: FIRDesign | Conv2DDesign) -> Source:
    """Reads what `design` can filter from a file.

    Raises
    ------
    FileError
        If the file can't be read, or is a sound for a 2-D design, or a picture for a FIR filter.
    DataError
        If an array's rank isn't the design's, with or without a last axis of planes or channels.
    """
    rank = 2 if isinstance(design, Conv2DDesign) else 1
    suffix = path.suffix.lower()
    if suffix == ".npy":
        values, rate = read_array(path), WAV_RATE
        if values.ndim not in (rank, rank + 1):
            shape = "(rows, columns) or (rows, columns, planes)" if rank == 2 else "(samples,) or (samples, channels)"
            raise DataError(f"An array for a {design.kind} design must be {shape}, not of {values.ndim} dimensions")
    elif suffix == ".wav":
        if rank == 2:
            raise FileError(f"A 2-D design filters pictures, and {path.name} is a sound; give it a picture or a FIR design")
        signal = read_signal(path)
        values, rate = signal.samples, signal.rate
    else:
        if rank == 1 and is_image(path):
            raise FileError(f"A FIR design filters sounds, and {path.name} is a picture; give it a .wav or .npy file")
        values, rate = read_image(path), WAV_RATE
    return Source(values, values.ndim > rank, rate)


def check_target(target: Path, design: FIRDesign | Conv2DDesign) -> None:
    """Refuses a file that can't hold what `design` gives, before the work that it is to hold; `FileError` says why."""
    check_output(target)
    sound = target.suffix.lower() == ".wav"
    if target.suffix.lower() == ".npy":
        return
    if design.result_axes:
        raise FileError(f"A design with results of each of its kernels can't fill {target.name}; name a .npy file")
    if isinstance(design, Conv2DDesign) and sound:
        raise FileError(f"Filtered pictures can't go into {target.name}; name a .png or .npy file")
    if isinstance(design, FIRDesign) and not sound:
        raise FileError(f"Filtered sounds can't go into {target.name}; name a .wav or .npy file")


def run_file(device: Filter, source: Path, target: Path, advance: Advance, timeout: float | None = None) -> None:
    """Filters `source` through `device`, within `timeout` seconds, into `target`, whose ending says what is written.

    Raises
    ------
    FileError, DataError
        As `read_source`; if the results don't fit the target's kind of file; or whatever the device raises.
    """
    design = device.design
    check_target(target, design)
    read = read_source(source, design)
    title = f"filtering {source.name}"
    advance(title)
    if read.stacked and not read.values.shape[-1]:
        raise DataError(f"An array must hold at least one plane or channel; {source.name} has none")
    # Channels of a sound stand last in a file, signals of a stack first.
    channels = read.stacked and isinstance(design, FIRDesign)
    results = device(
        read.values.T if channels else read.values,
        timeout,
        stack=channels,
        progress=lambda done, of: advance(title, done / of),
    )
    if channels:
        results = results.T
    suffix = target.suffix.lower()
    if suffix == ".npy":
        write_array(target, results)
    elif suffix == ".wav":
        write_signal(target, results, read.rate, design.output_format)
    else:
        write_image(target, results, design.output_format)
