"""`compensator`: the FIR filter that makes up for what a CIC filter does to its passband."""

from typing import Any

import numpy as np

from .arguments import between, positive, shown
from .designs import CICDesign, Design, FIRDesign
from .designs.factors import NOT_COMPENSATED
from .errors import DesignError
from .formats import Format
from .quantize import quantize
from .rate_response import rate_response
from .response import Floats
from .shaped import shaped_taps

__all__ = ["compensator"]

MOST_TAPS = 256

COUNTS = (*range(3, 33), *range(34, 65, 2), *range(68, 129, 4), *range(136, MOST_TAPS + 1, 8))
"""Those that are tried: of many, a few more do no harm."""


def compensator(
    cic: CICDesign,
    passband: float,
    stopband: float | None = None,
    *,
    fs: float = 1.0,
    ripple_db: float = 0.1,
    attenuation_db: float = 60.0,
    taps: int | None = None,
    coefficient_width: int = 16,
    **fields: Any,
) -> FIRDesign:
    """The FIR filter at the lower rate of a CIC filter that makes the two together flat, of gain one.

    Behind a decimator it takes its results, in front of an interpolator it gives its samples: ``Pipeline([cic,
    compensator(cic, ...)])``, or the other way round. The gain that a CIC filter's `shift` leaves is taken off too.

    Parameters
    ----------
    cic : CICDesign
    passband, stopband : float
        Where the one ends and the other begins, in the unit of `fs`; without `stopband` nothing is stopped.
    fs : float
        The lower rate.
    ripple_db, attenuation_db : float
        Of the two filters together: greatest gain over least gain in the passband, before quantisation; of this one alone, in
        the stopband.
    taps : int, optional
        2 to 256; by default the fewest that do.
    coefficient_width : int
        Bits of a coefficient, 4 to 32.
    **fields
        Other fields of the design, such as `output`.

    Returns
    -------
    FIRDesign

    Raises
    ------
    DesignError
        If 256 taps don't do, or a number is out of its range.
    """
    if not isinstance(cic, Design):
        raise DesignError(NOT_COMPENSATED.format(shown(cic)))
    cic.check_compensated()
    fs, passband = positive("fs", fs), positive("passband", passband)
    edge = fs / 2 if stopband is None else positive("stopband", stopband)
    if not passband < edge <= fs / 2:
        raise DesignError(f"Edges must be 0 < passband < stopband <= fs / 2, not {passband:g} and {edge:g} at fs {fs:g}")
    width = between("Coefficient width", coefficient_width, 4, 32)
    response = rate_response(cic)
    gain = float(response.response(np.zeros(1))[0])

    def wanted(frequencies: Floats) -> Floats:
        return gain / response.response(frequencies / cic.down)

    passed = np.tanh(positive("ripple_db", ripple_db) * np.log(10) / 40)
    errors = float(passed), float(10 ** (-positive("attenuation_db", attenuation_db) / 20))
    counts = COUNTS if taps is None else [between("Taps", taps, 2, MOST_TAPS)]
    for count in counts:
        found, error = shaped_taps(count, passband / fs, wanted, [(edge / fs, 0.5)], errors)
        if error <= 1 or taps is not None:
            break
    else:
        raise DesignError(f"A compensator must do with {MOST_TAPS} taps; take a wider transition, or allow a greater error")
    found = found / gain
    _, exponent = np.frexp(float(np.abs(found).max()))
    fraction = max(width - 1 - int(exponent), 0)
    while fraction and round(float(np.abs(found).max()) * 2**fraction) >= 1 << width - 1:
        fraction -= 1
    quantized = quantize(found, Format(width, True, fraction))
    data = {"data": cic.slow_format}
    return FIRDesign(quantized, coefficient=quantized.format, shift=fraction, **data, **fields)  # type: ignore[arg-type]
