"""A device as a user holds it: a call that takes an array and gives an array."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from convolver.designs import Conv2DDesign, FIRDesign
from convolver.errors import DataError
from convolver.formats import Format
from convolver.host.transport import Samples, Transport

__all__ = ["Device"]


class Device:
    """Filters signals or images on the core behind a transport; released at the end of a ``with`` block, whatever happens.

    ``device(signal)`` for a `FIRDesign`: a 1-D array gives its results, as many.
    ``device(image)`` for a `Conv2DDesign`: an array (rows, columns) gives an array of `design.output_shape`; an array
    (rows, columns, planes), a colour picture for instance, is filtered plane by plane.

    Results are ``int64``, or ``object`` (Python integers) where the design's output has values beyond it.

    Parameters
    ----------
    transport : Transport
        Where the core is; the device owns and closes it.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @property
    def design(self) -> FIRDesign | Conv2DDesign:
        """What the core says it is."""
        return self._transport.design

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def __call__(self, samples: npt.ArrayLike, timeout: float | None = None) -> Samples:
        """Filters `samples`.

        Parameters
        ----------
        samples : array-like of int
            A signal, an image or an image of planes, within the design's formats and sizes.
        timeout : float, optional
            Seconds after which the call fails; by default it lasts as long as something moves.

        Raises
        ------
        DataError
            If the design can't take `samples`; the message names the rule and the value.
        LinkError
            If the way to the device fails; the next call begins anew.
        """
        design = self.design
        if isinstance(design, FIRDesign):
            signal = _integers("Samples", samples)
            if signal.ndim != 1:
                raise DataError(f"A signal must have 1 dimension, not {signal.ndim}")
            return self._transport.run(_fitting("Samples", signal, design.data), timeout)
        image = _integers("Pixels", samples)
        if image.ndim not in (2, 3):
            raise DataError(f"An image must be (rows, columns) or (rows, columns, planes), not of {image.ndim} dimensions")
        _check_size(design, *image.shape[:2])
        image = _fitting("Pixels", image, design.pixel)
        if image.ndim == 2:
            return self._plane(design, image, timeout)
        end = None if timeout is None else time.monotonic() + timeout
        planes = []
        for plane in range(image.shape[2]):
            left = None if end is None else max(end - time.monotonic(), 0.0)
            planes.append(self._plane(design, image[:, :, plane], left))
        return np.stack(planes, axis=2)

    def load(self, coefficients: npt.ArrayLike, timeout: float | None = None) -> None:
        """Gives the core other coefficients, from the next call on.

        Parameters
        ----------
        coefficients : array-like of int
            As many and in the same shape as the design's own, in its `coefficient` format. The design's operation
            stands: a ``convolve`` core flips the kernel that it's given.
        timeout : float, optional
            Seconds.

        Raises
        ------
        DataError
            If the design's coefficients are constant, or these don't fit it.
        DesignError
            If they break the symmetry that the design promises.
        """
        design = self.design
        if not design.loadable:
            raise DataError("Coefficients can be loaded only into a design with loadable=True; this one's are constant")
        values = _integers("Coefficients", coefficients)
        shape = (design.kernel_rows, design.kernel_columns) if isinstance(design, Conv2DDesign) else (design.taps,)
        if values.shape != shape:
            raise DataError(f"Coefficients must have the shape of the design's, {_by(shape)}, not {_by(values.shape)}")
        values = _fitting("Coefficients", values, design.coefficient_format)
        whole = [int(value) for value in values.flat]
        self._transport.load(design.independent(whole) if isinstance(design, FIRDesign) else whole, timeout)

    def status(self) -> dict[str, int | bool | str]:
        """How the core and the way to it are; the keys depend on the transport."""
        return self._transport.status()

    def close(self) -> None:
        """Releases the transport; closing twice does nothing."""
        self._transport.close()

    def _plane(self, design: Conv2DDesign, image: Samples, timeout: float | None) -> Samples:
        """Pads, runs and crops one plane.

        A core that makes the borders itself does so wherever it can. In an axis in which the frame is too small for that, the
        border is put around it here: what the core makes of the frame itself is then what it would make in ``valid`` mode, and
        what it adds beyond is cut off.
        """
        rows, columns = design.output_shape(*image.shape)
        least = (design.core_min_rows, design.core_min_columns)
        margins = [
            margin if design.host_pads or (design.core_mode == "same" and size < minimum) else (0, 0)
            for size, minimum, margin in zip(image.shape, least, design.host_margins, strict=True)
        ]
        image = _pad(image, margins, design)
        # A frame that is still too small grows at its end; the results that this adds are cut off.
        more = [(0, max(minimum - size, 0)) for size, minimum in zip(image.shape, least, strict=True)]
        image = np.pad(image, more)
        result = self._transport.run(np.ascontiguousarray(image), timeout)
        top, left = (margins[0][0], margins[1][0]) if design.core_mode == "same" else (0, 0)
        return np.ascontiguousarray(result[top : top + rows, left : left + columns])


def _integers(name: str, values: npt.ArrayLike) -> Samples:
    """An array of at least one integer."""
    try:
        array = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise DataError(f"{name} must be an array: {error}") from None
    if array.size == 0:
        raise DataError(f"{name} must not be empty; the shape is {_by(array.shape)}")
    if array.dtype == object and all(isinstance(value, int | np.integer) for value in array.flat):
        return array
    if array.dtype.kind in "fc" and np.isnan(array).any():
        raise DataError(f"{name} must be integers, not {array.dtype} with NaN in it")
    if array.dtype.kind not in "iub":
        raise DataError(f"{name} must be integers, not {array.dtype}; round and scale them first")
    return array


def _fitting(name: str, values: Samples, form: Format) -> Samples:
    """`values` as ``int64``, if all of them fit."""
    low, high = int(values.min()), int(values.max())
    if low not in form or high not in form:
        worst = low if low not in form else high
        raise DataError(f"{name} must be between {form.min} and {form.max} to fit {form}, not {worst}")
    return np.ascontiguousarray(values, dtype=np.int64)


def _check_size(design: Conv2DDesign, rows: int, columns: int) -> None:
    if rows > design.rows or columns > design.columns:
        most = _by((design.rows, design.columns))
        raise DataError(f"An image must be at most {most} for this design, not {_by((rows, columns))}")
    if design.mode == "valid" and (rows < design.kernel_rows or columns < design.kernel_columns):
        least = _by((design.kernel_rows, design.kernel_columns))
        raise DataError(f"In valid mode an image must be at least as large as the kernel, {least}, not {_by((rows, columns))}")


def _pad(image: Samples, margins: Sequence[tuple[int, int]], design: Conv2DDesign) -> Samples:
    """`numpy.pad` with the design's boundary; in images smaller than a margin it bounces or repeats as often as needed."""
    if design.boundary == "constant":
        return np.pad(image, margins, mode="constant", constant_values=design.fill)
    return np.pad(image, margins, mode=design.boundary)


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(str(size) for size in shape) if len(shape) != 1 else str(shape[0])
