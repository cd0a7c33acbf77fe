"""`convolver demo`: a real photo and a real signal through the cores' twins, each output compared with the golden model."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from . import atomic
from .designs import Conv2DDesign, Design, FIRDesign
from .errors import FileError
from .formats import Format, q1_15, s16, u8
from .images import Array, read_image
from .pictures import write_all
from .plan import Plan, lower
from .progress import steps
from .response import group_delay
from .sounds import fit, read_sound

if TYPE_CHECKING:
    from .host.device import Device

__all__ = ["FIR_TAPS", "Measured", "Photo", "Wave", "filters", "low_pass", "run_demo"]

FIR_TAPS = 63
CUTOFF = 0.08
"""Cycles a sample at which the low-pass has half its gain: the ECG's noise goes, its beats stay."""

SIGNAL_SAMPLES = 1 << 24
"""Most samples of a signal, channels together; it bounds the time and memory that the demo takes."""

LINE_LENGTHS = (640, 1024, 2048, 4096)
"""Line buffers that the demo builds: photos of nearly the same width share a compiled twin."""


@dataclass(frozen=True)
class Photo:
    """The picture to filter: `pixels` of 8 bits, (rows, columns) or (rows, columns, 3)."""

    name: str
    pixels: Array

    @property
    def planes(self) -> list[Array]:
        """Its colours, or itself if it is grey."""
        if self.pixels.ndim == 2:
            return [self.pixels]
        return [np.ascontiguousarray(self.pixels[..., plane]) for plane in range(self.pixels.shape[-1])]

    @property
    def grey(self) -> Array:
        """Its brightness, for filters that look at one plane; the weights are those of ITU-R BT.601 in 1/256."""
        if self.pixels.ndim == 2:
            return self.pixels
        weighted: Array = self.pixels.astype(np.int64) @ np.array([77, 150, 29])
        return weighted >> 8


@dataclass(frozen=True)
class Wave:
    """The signal to filter: `channels` of one length, each sample in `format`."""

    name: str
    channels: list[Array]
    format: Format


@dataclass
class Measured:
    """One filter's run: what went through it, how long that took, and whether every result was the golden model's."""

    name: str
    design: Design
    samples: int = 0
    clocks: int = 0
    promised: int = 0
    seconds: float = 0.0
    equal: bool = True

    @cached_property
    def plan(self) -> Plan:
        """The plan of its core, which promises the clocks."""
        return lower(self.design)


def load_photo(path: Path | None) -> Photo:
    """Reads the photo, or the one that matplotlib carries; one of more or fewer than eight bits is brought to eight.

    One that is larger than the longest line is made smaller; `convolver run` takes it as it is.
    """
    if path is None:
        from matplotlib import cbook

        return Photo(
            "matplotlib's grace_hopper.jpg", read_image(Path(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))).values
        )
    picture = read_image(path)
    pixels, form = picture.values, picture.format
    if form.signed:
        raise FileError(f"A photo must have unsigned pixels, not {form} as {path} has")
    if pixels.ndim == 3 and pixels.shape[-1] != 3:
        raise FileError(f"A photo must have 1 or 3 planes, not {pixels.shape[-1]} as {path} has")
    if form.width > 8:
        pixels = pixels >> form.width - 8
    elif form.width < 8:
        pixels = pixels.astype(np.int64) * u8.max // form.max
    pixels = pixels.astype(np.uint8)
    name, most = path.name, LINE_LENGTHS[-1]
    if (times := -(-max(pixels.shape[:2]) // most)) > 1:  # the demo is to show much of it, soon
        name = f"{name}, its {pixels.shape[0]}x{pixels.shape[1]} made {times} times as small"
        pixels = np.asarray(Image.fromarray(pixels).reduce(times))
    return Photo(name, pixels)


def load_wave(path: Path | None) -> Wave:
    """Reads the sound, or the ECG that PyWavelets carries; one of real samples is brought to 16 bits."""
    if path is None:
        import pywt.data

        return Wave("PyWavelets' ECG", [pywt.data.ecg().astype(np.int64)], s16)
    sound = read_sound(path)
    if not 1 <= sound.samples.size <= SIGNAL_SAMPLES:
        raise FileError(f"A signal must have 1 to {SIGNAL_SAMPLES} samples, not {sound.samples.size} as {path} has")
    form = Format(sound.width or 16, signed=True)
    samples, _ = fit(sound, form, name=path.name, rounded=True)
    channels = samples.reshape(len(samples), -1).T
    return Wave(path.name, [np.ascontiguousarray(channel) for channel in channels], form)


def filters(columns: int) -> dict[str, Conv2DDesign]:
    """The demo's kernels, for pictures of up to so many columns."""
    line = next(length for length in LINE_LENGTHS if length >= columns)
    binomial = (1, 4, 6, 4, 1)

    def design(kernel: object, **more: object) -> Conv2DDesign:
        return Conv2DDesign(kernel, boundary="edge", operation="correlate", rows=4096, columns=line, **more)  # type: ignore[arg-type]

    return {
        "gaussian 5x5": design([[a * b for b in binomial] for a in binomial], shift=8, output=u8),
        "sobel x and y": design(
            [[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]],
            combine="sum_abs",
            shift=1,
            output=u8,
        ),
        "sharpen": design([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], output=u8),
    }


def low_pass(samples: Format) -> FIRDesign:
    """A low-pass of `FIR_TAPS` taps: the window method, quantised to 16 bits; gain 1, results like its samples."""
    from .quantize import quantize

    # scipy.signal.firwin(FIR_TAPS, CUTOFF, fs=1), written out: importing scipy.signal takes longer than all filters together.
    places = np.arange(FIR_TAPS) - (FIR_TAPS - 1) / 2
    taps = np.sinc(2 * CUTOFF * places) * np.hamming(FIR_TAPS)
    found = quantize(taps / taps.sum(), q1_15)
    return FIRDesign(found.coefficients, data=samples, coefficient=found.format, output=samples, shift=found.format.fraction)


def open_twins(designs: Sequence[Design], advance: Callable[[str], None]) -> "list[Device]":
    """A device on the twin of each design; all that have to be compiled are compiled together."""
    from .host.device import Device
    from .sim.twin import core as twin

    return [Device(transport) for transport in twin.open_twins(designs, advance)]


def filter_and_compare(
    device: "Device", measured: Measured, inputs: Sequence[Array], advance: Callable[[str], None]
) -> list[Array]:
    """Filters each input, adds up clocks and time in `measured`, and compares each result with the golden model's."""
    from .sim import golden

    outputs = []
    for number, samples in enumerate(inputs):
        which = f" {number + 1} of {len(inputs)}" if len(inputs) > 1 else ""
        advance(f"{measured.name}: the twin{which}")
        before = int(device.status()["clocks"])
        result = device(samples)
        status = device.status()
        clocks = int(status["clocks"]) - before  # of all tiles that the samples were cut into
        measured.clocks += clocks
        measured.seconds += clocks / int(status["clocks_a_second"])
        measured.samples += samples.size
        measured.promised += measured.plan.timing.frame_clocks(*samples.shape)
        advance(f"{measured.name}: the golden model{which}")
        measured.equal &= np.array_equal(result, golden.run(measured.design, samples))
        outputs.append(result)
    return outputs


def run_demo(photo_path: Path | None, signal_path: Path | None, folder: Path, *, as_json: bool = False) -> bool:
    """Runs the demo and prints what it did, or the same as a JSON object; True if every output equals the golden model.

    Raises
    ------
    FileError
        If photo or signal can't be read, or the folder can't be written.
    ToolError
        If there is no C++ compiler.
    """
    started = time.perf_counter()
    photo, signal = load_photo(photo_path), load_wave(signal_path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"Folder {folder} can't be made: {atomic.reason(error)}") from None
    atomic.check_folder(folder)
    rows, columns = photo.pixels.shape[:2]
    colours = "colour" if photo.pixels.ndim == 3 else "grey"
    channels = f", {len(signal.channels)} channels" if len(signal.channels) > 1 else ""
    if not as_json:
        print(f"photo   {photo.name}, {rows} rows of {columns} pixels, {colours}")
        print(f"signal  {signal.name}, {len(signal.channels[0])} samples{channels}, {signal.format}")

    kernels = filters(columns)
    fir = low_pass(signal.format)
    inputs: dict[str, list[Array]] = {name: [photo.grey] if "sobel" in name else photo.planes for name in kernels}
    inputs["low-pass FIR"] = signal.channels
    runs = [*(Measured(name, design) for name, design in kernels.items()), Measured("low-pass FIR", fir)]
    results: dict[str, list[Array]] = {}
    with steps() as advance:
        advance("opening the twins")
        devices = open_twins([run.design for run in runs], advance)
        for run, device in zip(runs, devices, strict=True):
            with device:
                results[run.name] = filter_and_compare(device, run, inputs[run.name], advance)
        advance("writing pictures")
        pictures = {
            "before": photo.pixels,
            "gaussian 5x5": _merged(results["gaussian 5x5"]),
            "sobel x and y": _merged(results["sobel x and y"]),
            "sharpen": _merged(results["sharpen"]),
        }
        delay = float(group_delay(fir.coefficients)[0] or 0)
        files = write_all(folder, pictures, (signal.channels[0], results["low-pass FIR"][0], delay))
    if as_json:
        seconds = time.perf_counter() - started
        print(json.dumps(_plain(runs, {"photo": photo.name, "signal": signal.name}, files, seconds), indent=2))
        return all(run.equal for run in runs)
    print(f"\n{table(runs)}\n")
    print("Clocks: one a sample, the latency once a frame, and the lines and pixels that a kernel reaches beyond its centre.")
    wrong = [run.name for run in runs if not run.equal]
    if wrong:
        print(f"DIFFERENT from the golden model: {', '.join(wrong)}")
    else:
        print("Every output equals the numpy golden model, bit for bit.")
    print(f"Written: {', '.join(map(str, files))}")
    print(f"{time.perf_counter() - started:.1f} seconds in all")
    print("To watch such a filter work, clock by clock, in a browser: make page, or convolver page")
    return not wrong


def _plain(runs: Sequence[Measured], sources: dict[str, str], files: Sequence[Path], seconds: float) -> dict[str, Any]:
    """All of it as plain values."""
    filters = {
        run.name: {
            "samples": run.samples,
            "clocks": run.clocks,
            "seconds": run.seconds,
            "latency": run.plan.latency,
            "multipliers": run.plan.multipliers,
            "memory_bits": run.plan.memory_bits(),
            "equal": run.equal,
        }
        for run in runs
    }
    return {**sources, "filters": filters, "files": list(map(str, files)), "seconds": seconds}


def table(runs: Sequence[Measured]) -> str:
    """What each filter took: counted on the twin, and promised by its plan."""
    names = ("samples", "clocks", "per sample", "latency", "Mclocks/s", "multipliers", "memory bits")
    lines = [f"{'filter':<14}" + "".join(f"{name:>12}" for name in names)]
    for run in runs:
        cells = (
            run.samples,
            run.clocks,
            f"{run.clocks / run.samples:.3f}",
            run.plan.latency,
            f"{run.clocks / run.seconds / 1e6:.1f}",
            run.plan.multipliers,
            run.plan.memory_bits(),
        )
        lines.append(f"{run.name:<14}" + "".join(f"{cell:>12}" for cell in cells))
    return "\n".join(lines)


def _merged(planes: Sequence[Array]) -> Array:
    return planes[0] if len(planes) == 1 else np.stack(planes, axis=-1)
