"""What a device is given: arrays, sets of coefficients and options, checked against its design before anything is sent.

Whatever can't be taken is a `DataError` of one line that names the rule and the value.
"""

import contextlib
import numbers
from collections.abc import AsyncIterable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from convolver import arguments
from convolver.designs import Boundary, Conv2DDesign, FIRDesign
from convolver.errors import DataError, DesignError
from convolver.formats import Format
from convolver.host.tiling import Plane
from convolver.host.transport import Samples

__all__ = [
    "check_items",
    "check_progress",
    "checked_ahead",
    "checked_flag",
    "checked_samples",
    "checked_seconds",
    "checked_set",
    "with_border",
]

_PLANES = 4
"""Planes at most that the last axis of three is taken for without being told: grey, with alpha, RGB, RGBA."""


def checked_samples(
    design: FIRDesign | Conv2DDesign, samples: npt.ArrayLike, stack: bool | None, *, joined: bool = False
) -> tuple[Samples, list[Plane]]:
    """An array that the design can take, and where its signals or images are; a piece of a `joined` signal may be empty."""
    stack = None if stack is None else checked_flag("Stack", stack)
    if isinstance(design, FIRDesign):
        array = _integers("Samples", samples, empty=joined)
        axes = 2 if stack else 1
        if array.ndim != axes:
            shape = "A stack of signals must have 2 dimensions" if stack else "A signal must have 1 dimension"
            raise DataError(f"{shape}, not {array.ndim}")
        _check_format("Samples", array, design.data)
        return array, [(number, slice(None)) for number in range(len(array))] if stack else [(slice(None),)]
    array = _integers("Pixels", samples)
    stack = _is_stack(array.shape, stack)
    rows, columns = array.shape[stack : stack + 2]
    if design.mode == "valid" and (rows < design.kernel_rows or columns < design.kernel_columns):
        least = _by((design.kernel_rows, design.kernel_columns))
        raise DataError(f"In valid mode an image must be at least as large as the kernel, {least}, not {_by((rows, columns))}")
    _check_format("Pixels", array, design.pixel)
    planes: list[Plane] = [(slice(None), slice(None))]
    if design.planes > 1:
        if array.ndim - stack != 3 or array.shape[-1] != design.planes:
            raise DataError(f"An image must be (rows, columns, {design.planes}), as the design says, not {_by(array.shape)}")
        planes = [(slice(None), slice(None), slice(None))]
    elif array.ndim - stack == 3:
        planes = [(*plane, number) for plane in planes for number in range(array.shape[-1])]
    if stack:
        planes = [(number, *plane) for number in range(len(array)) for plane in planes]
    return array, planes


def checked_set(design: FIRDesign | Conv2DDesign, coefficients: npt.ArrayLike) -> Sequence[int]:
    """Coefficients as `Transport.load` takes them; raises `DesignError` if they break a promised symmetry."""
    if not design.loadable:
        raise DataError("Coefficients can be loaded only into a design with loadable=True; this one's are constant")
    values = _integers("Coefficients", coefficients)
    shape = np.shape(design.kernel if isinstance(design, Conv2DDesign) else design.coefficients)
    if values.shape != shape:
        raise DataError(f"Coefficients must have the shape of the design's, {_by(shape)}, not {_by(values.shape)}")
    _check_format("Coefficients", values, design.coefficient_format)
    whole = [int(value) for value in values.flat]
    return design.independent(whole) if isinstance(design, FIRDesign) else whole


def with_border(design: FIRDesign | Conv2DDesign, boundary: Boundary | None, fill: int | None) -> FIRDesign | Conv2DDesign:
    """The design with the border that a call asks for, if it asks for one and the design can be switched."""
    if boundary is None and fill is None:
        return design
    if isinstance(design, FIRDesign):
        raise DataError("A FIR filter has no boundary to choose")
    if not design.switchable:
        raise DataError(f"A boundary can be chosen only of a design with switchable=True; this one's is {design.boundary}")
    try:
        changed = design.replace(
            boundary=design.boundary if boundary is None else boundary, fill=design.fill if fill is None else fill
        )
    except DesignError as error:
        raise DataError(str(error)) from None
    if fill is not None and changed.boundary != "constant":
        raise DataError(
            f"A fill can be chosen only for the boundary constant, not {changed.fill} for {changed.boundary}; leave it out"
        )
    return changed


def checked_seconds(timeout: object) -> float | None:
    """A deadline for a call, or None."""
    if timeout is None:
        return None
    # A number of any kind, without end too, but no bool, no text, and none that a clock can't be compared with.
    number = arguments.scalar(timeout)
    if not isinstance(number, bool | np.bool_) and isinstance(number, numbers.Real):
        with contextlib.suppress(OverflowError):
            if (seconds := float(number)) >= 0:
                return seconds
    raise DataError(f"Timeout must be a number of seconds, 0 or more, not {arguments.shown(timeout)}")


def checked_flag(name: str, value: object) -> bool:
    """True or False."""
    return arguments.flag(name, value, DataError)


def checked_ahead(ahead: object) -> int:
    """A number of arrays."""
    count = arguments.index(ahead)
    if count is None or count < 0:
        raise DataError(f"Ahead must be 0 or more, not {arguments.shown(ahead)}")
    return count


def check_progress(progress: object) -> None:
    """Refuses what can't be told of progress."""
    if progress is not None and not callable(progress):
        raise DataError(f"Progress must be a function of two numbers, not {arguments.shown(progress)}")


def check_items(items: object, *, asynchronous: bool = False) -> None:
    """Refuses what a stream can't read arrays from."""
    if np.ndim(items) if isinstance(items, np.ndarray | np.generic) else isinstance(items, Iterable):
        return
    if isinstance(items, AsyncIterable):
        if asynchronous:
            return
        raise DataError("The arrays of a stream must be an iterable; astream takes asynchronous ones")
    raise DataError(f"The arrays of a stream must be an iterable, not {arguments.shown(items)}")


def _is_stack(shape: tuple[int, ...], stack: bool | None) -> bool:
    """Whether the first axis of an array for a 2-D design counts images."""
    if stack is None:
        if len(shape) == 3 and shape[2] > _PLANES:
            raise DataError(
                f"An array of {_by(shape)} may be a stack or many planes; say stack=True for (N, rows, columns), "
                "stack=False for (rows, columns, planes)"
            )
        stack = len(shape) == 4
    if len(shape) - stack not in (2, 3):
        if stack:
            raise DataError(f"A stack must be (N, rows, columns) or (N, rows, columns, planes), not of {len(shape)} dimensions")
        raise DataError(f"An image must be (rows, columns) or (rows, columns, planes), not of {len(shape)} dimensions")
    return bool(stack)


def _integers(name: str, values: npt.ArrayLike, *, empty: bool = False) -> Samples:
    """An array of integers, of at least one but where it may be `empty`."""
    return arguments.array(name, values, "round and scale them first", empty=empty)


def _check_format(name: str, values: Samples, form: Format) -> None:
    """Refuses values that `form` doesn't have."""
    if not values.size:
        return
    low, high = int(values.min()), int(values.max())
    if low not in form or high not in form:
        worst = low if low not in form else high
        raise DataError(f"{name} must be between {form.min} and {form.max} to fit {form}, not {arguments.shown(worst)}")


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(str(size) for size in shape) if len(shape) != 1 else str(shape[0])
