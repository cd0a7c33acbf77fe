"""`FromSpecification`: the class methods by which `FIRDesign` is made of a specification."""

import inspect
from collections.abc import Mapping
from typing import Any, Self

from . import filters
from .arguments import shown, unknown
from .errors import DesignError
from .formats import Format
from .specified import Specified

__all__ = ["KINDS", "FromSpecification"]

KINDS = ("lowpass", "highpass", "bandpass", "halfband", "hilbert")
"""The methods, and the tables of a design file that stand for them."""


class FromSpecification:
    """Filters of gain 1 from what they shall pass and stop.

    All methods have in common:

    - Frequencies are in the unit of `fs`, such as Hz.
    - `ripple_db` is the passband's greatest gain over its least, `attenuation_db` is 1 over the stopband's greatest gain. Both
      are promises of the *quantised* filter: if it misses one, `DesignError` says by how much, and nothing is made.
    - Without `taps` the fewest that the search finds are taken; with `taps` alone, whatever these reach.
    - `coefficient` is a signed format. One without a fraction, such as ``"s16"``, gets the largest in which all taps fit; one
      with a fraction, such as ``"q1_15"``, is taken as it stands. The design's `shift` is that fraction: a power of two and
      nothing else lies between the integers and the real taps.
    - The other fields of `FIRDesign` can be given too.
    - The design's `specified` says what the filter reaches (`Specified`); ``convolver report`` prints and draws it.

    They need scipy: ``pip install 'convolver[design]'``.

    Raises
    ------
    DesignError
        If edges don't rise, the number of taps isn't one that the kind can have, or the quantised filter misses what was asked.
    ToolError
        If scipy isn't installed.
    """

    @classmethod
    def _of(cls, specified: Specified, fields: Mapping[str, Any]) -> Self:
        """The design of these taps, with more fields."""
        raise NotImplementedError

    @classmethod
    def from_tables(cls, fields: Mapping[str, Any]) -> Self:
        """The design of a file that has a table in the place of coefficients: ``{"lowpass": {"passband": 3000, "fs": ...}}``.

        The table has the method's arguments but `coefficient`, which stands beside it with the other fields.
        """
        if not isinstance(fields, Mapping):
            raise DesignError(f"A design must be a table of fields, not {shown(fields)}")
        given = [key for key in (*KINDS, "coefficients") if key in fields]
        if len(given) > 1:
            raise DesignError(f"A fir design must have one of {', '.join(('coefficients', *KINDS))}, not {' and '.join(given)}")
        if given in ([], ["coefficients"]):
            raise DesignError(f"A filter from a specification must have one of {', '.join(KINDS)}")
        name, table = given[0], fields[given[0]]
        method = getattr(cls, name)
        known = [key for key in inspect.signature(method).parameters if key not in ("coefficient", "fields")]
        if not isinstance(table, Mapping):
            raise DesignError(f"{name} must be a table of {', '.join(known)}, not {shown(table)}")
        for key in table:
            if key not in known:
                raise DesignError(unknown(key, name, known))
        for key in ("fs",) if "cutoff" in known else ("fs", "passband"):
            if key not in table:
                raise DesignError(f"{name} must have {key!r}")
        made: Self = method(**table, **{key: value for key, value in fields.items() if key != name})
        return made

    @classmethod
    def lowpass(
        cls,
        passband: float | None = None,
        stopband: float | None = None,
        *,
        fs: float,
        cutoff: float | None = None,
        taps: int | None = None,
        ripple_db: float | None = None,
        attenuation_db: float | None = None,
        coefficient: Format | str = "s16",
        **fields: Any,
    ) -> Self:
        """A filter that passes 0 to `passband` and stops from `stopband` on: equiripple, symmetric.

        With `cutoff` and `taps` instead: `scipy.signal.firwin`'s, with a Hamming window and half its gain at `cutoff`. Its
        bands then end ``2 * fs / taps`` from there.

        Parameters
        ----------
        passband, stopband, cutoff : float
            Between 0 and ``fs / 2``, in the unit of `fs`.
        fs : float
            Samples a second.
        taps : int, optional
            3 to 256; by default the fewest that the search finds, for which both figures are needed.
        ripple_db, attenuation_db : float, optional
            What the quantised filter must have: at most, and at least.
        coefficient : Format or str
            A signed format of 2 to 32 bits; see `FromSpecification`.
        **fields
            Other fields of the design.

        Raises
        ------
        DesignError
            If the quantised filter misses what was asked, with its figures; if edges, taps or format can't be.
        ToolError
            If scipy isn't installed.
        """
        found = filters.lowpass(
            fs,
            passband,
            stopband,
            cutoff,
            taps=taps,
            ripple_db=ripple_db,
            attenuation_db=attenuation_db,
            coefficient=coefficient,
        )
        return cls._of(found, fields)

    @classmethod
    def highpass(
        cls,
        passband: float | None = None,
        stopband: float | None = None,
        *,
        fs: float,
        cutoff: float | None = None,
        taps: int | None = None,
        ripple_db: float | None = None,
        attenuation_db: float | None = None,
        coefficient: Format | str = "s16",
        **fields: Any,
    ) -> Self:
        """A filter that stops 0 to `stopband` and passes from `passband` on, with an odd number of taps; else as `lowpass`."""
        found = filters.highpass(
            fs,
            passband,
            stopband,
            cutoff,
            taps=taps,
            ripple_db=ripple_db,
            attenuation_db=attenuation_db,
            coefficient=coefficient,
        )
        return cls._of(found, fields)

    @classmethod
    def bandpass(
        cls,
        passband: tuple[float, float] | None = None,
        stopband: tuple[float, float] | None = None,
        *,
        fs: float,
        cutoff: tuple[float, float] | None = None,
        taps: int | None = None,
        ripple_db: float | None = None,
        attenuation_db: float | None = None,
        coefficient: Format | str = "s16",
        **fields: Any,
    ) -> Self:
        """A filter that passes ``passband[0]`` to ``passband[1]`` and stops up to ``stopband[0]`` and from ``stopband[1]`` on;
        else as `lowpass`, with two cutoffs.

        Both transitions become as narrow as the narrower: left free in a wider one, an equiripple filter's gain can rise there
        far above one.
        """
        found = filters.bandpass(
            fs,
            passband,
            stopband,
            cutoff,
            taps=taps,
            ripple_db=ripple_db,
            attenuation_db=attenuation_db,
            coefficient=coefficient,
        )
        return cls._of(found, fields)

    @classmethod
    def halfband(
        cls,
        passband: float,
        *,
        fs: float,
        taps: int | None = None,
        ripple_db: float | None = None,
        attenuation_db: float | None = None,
        coefficient: Format | str = "s16",
        **fields: Any,
    ) -> Self:
        """A low-pass that passes 0 to `passband`, below ``fs / 4``, and stops from ``fs / 2 - passband`` on.

        It is equiripple and symmetric, and has 3, 7, 11 ... 255 taps, of which every second is zero and costs nothing, and the
        middle one exactly one half. `ripple_db` or `attenuation_db` is enough.
        """
        found = filters.halfband(
            fs, passband, taps=taps, ripple_db=ripple_db, attenuation_db=attenuation_db, coefficient=coefficient
        )
        return cls._of(found, fields)

    @classmethod
    def hilbert(
        cls,
        passband: float,
        *,
        fs: float,
        taps: int | None = None,
        ripple_db: float | None = None,
        coefficient: Format | str = "s16",
        **fields: Any,
    ) -> Self:
        """A Hilbert transformer from `passband`, below ``fs / 4``, to ``fs / 2 - passband``.

        It is equiripple and antisymmetric, and has 3, 7, 11 ... 255 taps, of which every second is zero and costs nothing. A
        cosine becomes the sine of its frequency, ``taps // 2`` samples later.
        """
        return cls._of(filters.hilbert(fs, passband, taps=taps, ripple_db=ripple_db, coefficient=coefficient), fields)
