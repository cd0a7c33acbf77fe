"""What a device is given: arrays, sets of coefficients and options, checked against its design before anything is sent.

Whatever can't be taken is a `DataError` of one line that names the rule and the value.
"""

import contextlib
import numbers
from collections.abc import AsyncIterable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from convolver import arguments
from convolver.designs import Boundary, Design, Plane
from convolver.errors import DataError
from convolver.formats import Format

from .transport import Samples

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


def checked_samples(
    design: Design, samples: npt.ArrayLike, stack: bool | None, *, joined: bool = False
) -> tuple[Samples, list[Plane]]:
    """An array that the design can take, and where its signals or images are; a piece of a `joined` signal may be empty."""
    stack = None if stack is None else checked_flag("Stack", stack)
    name = f"{design.element.capitalize()}s"
    array = _integers(name, samples, empty=joined)
    frames = design.frames_in(array.shape, stack)
    _check_format(name, array, design.sample)
    return array, frames


def checked_set(design: Design, coefficients: npt.ArrayLike, stage: int | None = None) -> tuple[Sequence[int], int]:
    """Coefficients, and the number of the stage that they are for, as `Transport.load` takes them; raises `DesignError` if they
    break a promised symmetry."""
    number, part = _loaded(design, stage)
    part.check_loadable()
    values = _integers("Coefficients", coefficients)
    shape = np.shape(part.coefficient_set)
    if values.shape != shape:
        raise DataError(f"Coefficients must have the shape of the design's, {_by(shape)}, not {_by(values.shape)}")
    _check_format("Coefficients", values, part.coefficient_format)
    return part.independent([int(value) for value in values.flat]), number


def _loaded(design: Design, stage: object) -> tuple[int, Design]:
    """The filter whose coefficients are meant, and its number; where no stage is named, the only one that can be loaded."""
    count, known = len(design.parts), design.loadable_parts
    if not count:
        if stage is not None:
            raise DataError(f"A stage can be chosen only of several filters as one design, not of a {design.title}")
        return 0, design
    if stage is None:
        if len(known) > 1:
            *others, last = map(str, known)
            raise DataError(f"Stage must be said: the coefficients of {', '.join(others)} and {last} can be loaded")
        return next(iter(known.items()), (0, design))
    number = arguments.index(stage)
    if number is None or not 1 <= number <= count:
        raise DataError(f"Stage must be between 1 and {count}, not {arguments.shown(stage)}")
    return number, design.parts[number - 1]


def with_border(
    design: Design, boundary: Boundary | Mapping[int, Boundary] | None, fill: int | Mapping[int, int] | None
) -> Design:
    """The design with the border that a call asks for, if it asks for one and the design can be switched."""
    asked = {name: value for name, value in (("boundary", boundary), ("fill", fill)) if value is not None}
    return design.with_border(**asked) if asked else design


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
        raise DataError(f"Ahead must be an integer from 0, not {arguments.shown(ahead)}")
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
