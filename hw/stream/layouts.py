"""Payloads of the streams between all blocks.

All streams, inside and outside, keep this contract: a beat is transferred in every cycle in which `valid` and `ready`
are high; `valid` doesn't wait for `ready`; `valid` and `payload` hold until the transfer; no combinational path leads
from `o.ready` to `i.ready`.
"""

from amaranth.hdl import Shape, ShapeLike, signed, unsigned
from amaranth.lib import data

from convolver.designs import Design
from convolver.formats import Format
from convolver.plan.marks import marks_of

__all__ = [
    "beat_layout",
    "framed",
    "marks_of",
    "result_layout",
    "shape_of",
]

framed = data.StructLayout({"data": 8, "last": 1})
"""Bytes of a frame, `last` on the final one."""


def shape_of(number: Format) -> Shape:
    """The Amaranth shape of a `Format`."""
    return signed(number.width) if number.signed else unsigned(number.width)


def result_layout(design: Design) -> data.StructLayout:
    """Payload of a core's results: as `beat_layout`, in the output's format. With several results for each place, an
    array replaces the single result."""
    return _layout(design, _beside(shape_of(design.output_format), design.outputs))


def beat_layout(design: Design) -> data.StructLayout:
    """Payload of a core's samples: `data` and `marks_of`. With several planes a pixel is an array of samples. With
    several pixels a beat `data` is an array of pixels, the leftmost first."""
    return _layout(design, shape_of(design.sample))


def _layout(design: Design, shape: ShapeLike) -> data.StructLayout:
    pixels = _beside(_beside(shape, design.planes), design.pixels_per_clock)
    return data.StructLayout({"data": pixels} | marks_of(design))


def _beside(shape: ShapeLike, lanes: int) -> ShapeLike:
    """An array of `lanes` elements, or the shape itself for a single one."""
    return data.ArrayLayout(shape, lanes) if lanes > 1 else shape
