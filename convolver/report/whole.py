"""What a report says of the response that several filters have together."""

from collections.abc import Iterator
from typing import Any

from ..designs.composite import Composite
from ..designs.image_stacks import by
from ..response import group_delay
from .base import Line
from .numbers import counted
from .signals import told_delay

__all__ = ["whole_lines", "whole_numbers"]


def whole_numbers(design: Composite) -> Iterator[tuple[str, Any]]:
    """The numbers of one filter that does the same, but for rounding and saturation; none where there is none."""
    if (impulse := design.impulse) is not None:
        taps, shift = impulse
        delay, linear = group_delay(taps)
        yield "taps", list(taps)
        yield "gain", sum(taps) / 2.0**shift
        yield "group_delay", None if delay is None else float(delay)
        yield "linear_phase", linear
    if (whole := design.image_response) is not None:
        yield "kernels", [list(map(list, kernel)) for kernel in whole.kernels]
        yield "operation", whole.operation
        yield "kernel_shift", whole.shift
        yield "gain", whole.gain


def whole_lines(design: Composite) -> Iterator[Line]:
    """The same in words."""
    rounded = f"but for the {design.listed_as}' rounding"
    if (impulse := design.impulse) is not None:
        taps, shift = impulse
        yield "the whole", f"FIR filter of {counted(len(taps), 'tap')}, gain {sum(taps) / 2.0**shift:.6g}, {rounded}"
        yield "group delay", told_delay(taps)
    if (whole := design.image_response) is not None:
        several = f"{counted(len(whole.windows), 'kernel')} of {by(whole.size)} ({whole.operation}), stride {by(whole.stride)}"
        behind = "" if whole.linear else ", in front of magnitude or threshold"
        yield "the whole", f"{several}, gain {whole.gain:.6g}, {rounded}{behind}"
