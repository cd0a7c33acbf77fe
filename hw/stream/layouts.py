"""The streams between all blocks: their payloads.

Contract, inside and out: a beat is transferred in every clock in which `valid` and `ready` are high; `valid` doesn't wait for
`ready`; `valid` and `payload` hold until the transfer; no combinational path leads from `o.ready` to `i.ready`.
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
    """Payload of a core's results: that of its samples, in the output's format; of several for each place, an array takes the
    place of one."""
    return _layout(design, _beside(shape_of(design.output_format), design.outputs))


def beat_layout(design: Design) -> data.StructLayout:
    """Payload of a core's samples: `data` and `marks_of`. Of several planes a pixel is an array, of several pixels `data` is
    one of those, the leftmost first."""
    return _layout(design, shape_of(design.sample))


def _layout(design: Design, shape: ShapeLike) -> data.StructLayout:
    pixels = _beside(_beside(shape, design.planes), design.pixels_per_clock)
    return data.StructLayout({"data": pixels} | marks_of(design))


def _beside(shape: ShapeLike, lanes: int) -> ShapeLike:
    """So many beside each other: an array, but of one alone."""
    return data.ArrayLayout(shape, lanes) if lanes > 1 else shape
