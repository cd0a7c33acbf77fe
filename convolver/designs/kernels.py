"""Kernels as they are given: one, or a stack of several, checked."""

from collections.abc import Sequence
from typing import Any

from ..arguments import any_masked, integers, is_sequence, items, masked, shown
from ..errors import DesignError
from .words import Kernel

__all__ = ["MAX_KERNELS", "MAX_SIDE", "kernels_of", "nested"]

MAX_KERNELS = 8
"""Most kernels that one window serves."""

MAX_SIDE = 15
"""Most rows and columns of a kernel."""


def kernels_of(given: object) -> Kernel | tuple[Kernel, ...]:
    """One kernel, or all of a stack of them, whatever the caller gave."""
    if not is_sequence(given):
        raise DesignError(f"Kernel must be a 2-D array of integers, not {shown(given)}")
    if any_masked(given):
        raise DesignError(masked("Kernel"))
    lines: list[Any] = items("Kernel", given)
    if lines and all(is_sequence(line) for line in lines):
        lines = [items("Kernel", line) for line in lines]
        if any(is_sequence(item) for line in lines for item in line):
            if not 1 <= len(lines) <= MAX_KERNELS:
                raise DesignError(f"A stack must have 1 to {MAX_KERNELS} kernels, not {len(lines)}")
            kernels = tuple(_kernel(items("Kernel", kernel) if is_sequence(kernel) else [kernel]) for kernel in lines)
            sizes = [f"{len(kernel)}x{len(kernel[0])}" for kernel in kernels]
            if len(set(sizes)) > 1:
                raise DesignError(f"Kernels of a stack must have one size, not {', '.join(sizes)}")
            return kernels
    return _kernel(lines)


def _kernel(lines: Sequence[Any]) -> Kernel:
    if any(not is_sequence(line) for line in lines):
        raise DesignError("Kernel must be a 2-D array of integers, not a 1-D one; write [[1, 2, 1]] for a single row")
    kernel = tuple(integers("Kernel", line) for line in lines)
    if len({len(line) for line in kernel}) > 1:
        raise DesignError(f"Kernel must have rows of one length, not {', '.join(str(len(line)) for line in kernel)}")
    sides = (len(kernel), len(kernel[0]) if kernel else 0)
    if not all(1 <= side <= MAX_SIDE for side in sides):
        raise DesignError(f"A kernel must have 1 to {MAX_SIDE} rows and columns, not {sides[0]}x{sides[1]}")
    return kernel


def nested(values: Sequence[int], shape: Sequence[int]) -> Any:
    """Numbers in tuples of tuples, as an array of that shape lists them."""
    for size in reversed(shape[1:]):
        values = tuple(tuple(values[start : start + size]) for start in range(0, len(values), size))  # type: ignore[misc]
    return tuple(values)
