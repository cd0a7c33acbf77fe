"""`load_design`: a design from a file, and taps from the files that other tools write.

What a file holds is told by its content: TOML, JSON, or nothing but taps, as ``.npy``, ``.npz``, a text of numbers, or AMD's
``.coe``. docs/files.md has the table.
"""

from __future__ import annotations

import copy
import errno
import json
import math
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Any

from . import arrays, content
from .arguments import is_sequence, shown
from .designs import Design, design_class, design_from_dict
from .errors import DesignError, FileError
from .formats import Format, q1_15
from .quantize import Quantized, holding, rounded_to

__all__ = ["changed_design", "load_design", "parse_design"]

_WHAT = "Design file"
_COE = re.compile(r"\s*radix\s*=\s*(\w+)\s*;\s*coefdata\s*=\s*([^;]*);?\s*\Z", re.IGNORECASE)


@dataclass(frozen=True)
class _Taps:
    """What a file of taps holds: `values`, numbers in lists, one inside the other as deep as `rank`; of a `radix` other than
    ten, the patterns of two's complement, whose width the file doesn't say."""

    values: list[Any]
    rank: int
    radix: int = 10


def load_design(path: str | Path) -> Design:
    """Reads a design from a file; ``-`` is standard input.

    The file is TOML or JSON. Its `coefficients` or `kernel` may name another file with the taps, beside it. A file of taps
    alone is a design too: a FIR filter of a row or a column of integers, else a kernel, with all other fields' defaults.

    Real taps become integers of the format `coefficient`, by `quantize`: of one with a fraction as it stands; else with `shift`
    fraction bits, or, without a `shift`, as many as all taps fit. Without a `shift` it becomes that fraction, so that the taps'
    gain stays. The design's `quantized` says what was lost.

    Raises
    ------
    FileError
        If the file can't be read or parsed, or is larger than `content.DESIGN_BYTES`.
    DesignError
        If what it says isn't a design.
    """
    if not isinstance(path, str | PathLike):
        raise FileError(f"A design file must be a path, not {shown(path)}")
    path = Path(path)
    return _completed(_fields(_octets(path), path), path)


def _octets(path: Path) -> bytes:
    """What stands in a design's file."""
    try:
        return content.read(path, _WHAT, content.DESIGN_BYTES)
    except FileError as error:
        if path.suffix.lower() == ".toml" and str(error).endswith(os.strerror(errno.ENOENT).lower()):
            raise FileError(f"{error}; convolver new {path} makes one") from None
        raise


def changed_design(path: str | Path) -> Callable[[Mapping[str, Any]], Design]:
    """The design of a file with some of its fields changed, before taps are quantised and filters are found; a field that
    becomes None is left out, and so are clocks that follow from other multipliers. The file is read once."""
    path = Path(path)
    fields = _fields(_octets(path), path)

    def changed(change: Mapping[str, Any]) -> Design:
        kept = copy.deepcopy(fields)
        if "multipliers" in change:
            kept.pop(design_class(kept).cycles_field, None)
        kept |= change
        return _completed({name: value for name, value in kept.items() if value is not None}, path)

    return changed


def parse_design(text: str, path: Path) -> Design:
    """The design that a text for a file at `path` describes; see `load_design`."""
    return _completed(_fields(text.encode(), path), path)


def _completed(fields: dict[str, Any], path: Path) -> Design:
    """The design of a file's fields: taps are read from files that are named, real ones quantised, of each stage too."""
    cls = design_class(fields)
    listed = cls.stages_field
    if listed is not None and is_sequence(stages := fields.get(listed)):
        made = cls.each(stages, lambda stage: _completed(dict(stage), path) if isinstance(stage, Mapping) else stage)
        return design_from_dict(fields | {listed: made})
    key = cls.weights_field
    if key is None:
        return design_from_dict(fields)
    if isinstance(fields.get(key), str):
        named = path.parent / fields[key]
        fields[key] = _numbers(_taps(content.read(named, "Taps", content.DESIGN_BYTES), named, "Taps"), fields, named)
    quantized = _quantize(key, fields, path)
    design = design_from_dict(fields)
    return design if quantized is None else design.replace(quantized=quantized)


def _fields(octets: bytes, path: Path) -> dict[str, Any]:
    """The fields of a design's file; of a file of taps, those that they make."""
    if not arrays.is_one(octets):
        try:
            text = content.text_of(octets)
            is_json = text.lstrip()[:1] == "{" or path.suffix.lower() == ".json"
            if is_json or not (_COE.match(_uncommented(text)) or arrays.is_table(text)):
                plain = json.loads(text) if is_json else tomllib.loads(text)
                if not isinstance(plain, dict):
                    raise FileError(f"{_WHAT} {path} must hold a table of fields, not a {type(plain).__name__}")
                return plain
        except (ValueError, RecursionError) as error:
            raise FileError(f"{_WHAT} {path} can't be read: {_reason(error)}{_flag_hint(octets, str(error))}") from None
    taps = _taps(octets, path, _WHAT)
    kind, key = ("fir", "coefficients") if taps.rank == 1 else ("conv2d", "kernel")
    return {"kind": kind, key: _numbers(taps, {}, path)}


def _reason(error: Exception) -> str:
    """Why a text can't be read, in words that say what a design's file is."""
    return "it is no text; a design is a TOML or JSON file, or taps" if isinstance(error, UnicodeError) else str(error)


def _flag_hint(octets: bytes, reason: str) -> str:
    """What is added to TOML's refusal of a word that is Python's."""
    if (place := re.search(r"\(at line (\d+), column (\d+)\)$", reason)) is None:
        return ""
    line = content.text_of(octets).split("\n")[int(place[1]) - 1]
    return "; write true or false" if line[int(place[2]) - 1 :].startswith(("True", "False")) else ""


def _uncommented(text: str) -> str:
    """The text of a ``.coe`` file without its comments, which are lines."""
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(";"))


def _taps(octets: bytes, path: Path, what: str) -> _Taps:
    """What a file of taps holds.

    Raises
    ------
    FileError
        If it can't be read.
    """
    if arrays.is_one(octets):
        values = arrays.decode(octets, path, 1)
        if values.dtype.kind not in "iuf":
            raise FileError(f"{what} {path} must hold real numbers, not {values.dtype}")
        squeezed = values.reshape(-1) if values.ndim == 2 and 1 in values.shape else values
        return _Taps(squeezed.tolist(), squeezed.ndim)
    try:
        text = content.text_of(octets)
        if found := _COE.match(_uncommented(text)):
            return _from_coe(found[1], found[2])
        lines = arrays.numbers(text)
    except ValueError as error:
        raise FileError(f"{what} {path} can't be read: {_reason(error)}") from None
    if len(lines) == 1 or len(lines[0]) == 1:
        return _Taps([value for line in lines for value in line], 1)
    return _Taps(lines, 2)


def _from_coe(radix: str, data: str) -> _Taps:
    if radix not in ("2", "10", "16"):
        raise ValueError(f"its radix must be 2, 10 or 16, not {radix}")
    words = [word for word in re.split(r"[,\s]+", data) if word]
    if radix == "10":
        return _Taps([value for line in arrays.numbers("\n".join(words)) for value in line], 1)
    digits = re.compile("[01]{1,64}" if radix == "2" else "[0-9a-fA-F]{1,16}")
    if wrong := next((word for word in words if not digits.fullmatch(word)), None):
        raise ValueError(f"its numbers must be of radix {radix}, not {wrong[:40]!r}")
    if not words:
        raise ValueError("it holds no numbers")
    return _Taps([int(word, int(radix)) for word in words], 1, int(radix))


def _numbers(taps: _Taps, fields: Mapping[str, Any], path: Path) -> list[Any]:
    """The numbers of a file of taps; patterns of two's complement are those of the design's `coefficient`."""
    if taps.radix == 10:
        return taps.values
    given = fields.get("coefficient")
    if not isinstance(given, str):
        raise DesignError(
            f"Taps of radix {taps.radix} need a width; write a .toml file with coefficients = {json.dumps(path.name)} "
            'and a coefficient such as "s16"'
        )
    form = Format.parse(given)
    wide = next((value for value in taps.values if value >> form.width), None)
    if wide is not None:
        raise DesignError(f"Taps of radix {taps.radix} must have {form.width} bits to fit {form}, not {wide.bit_length()}")
    return [value - (form.signed and value >> form.width - 1) * (1 << form.width) for value in taps.values]


def _quantize(key: str, fields: dict[str, Any], path: Path) -> Quantized | None:
    """Makes integers of real taps in `fields`; what that lost, or none if they are integers, or none that are numbers."""
    given = fields.get(key)
    if not isinstance(given, list):
        return None
    leaves = list(_leaves(given))
    if any(isinstance(leaf, bool) or not isinstance(leaf, int | float | Fraction) for leaf in leaves):
        return None
    if endless := [leaf for leaf in leaves if isinstance(leaf, float) and not math.isfinite(leaf)]:
        raise DesignError(f"{key.capitalize()} must be finite, not {endless[0]}")
    real = next((leaf for leaf in leaves if leaf != int(leaf)), None)
    if real is None:
        fields[key] = _rebuilt(given, iter([int(leaf) for leaf in leaves]))
        return None
    if not isinstance(fields.get("coefficient"), str):
        where = "in the file" if "coefficient" in fields or path.suffix.lower() in (".toml", ".json") else "in a .toml file"
        wide = _wide_enough(leaves)
        cure = f'; convolver.quantize() makes integers of them, and so does coefficient = "{wide}" {where} that has {key}'
        raise DesignError(f"{key.capitalize()} must be integers, not {float(real):.10g}{cure if wide else ''}")
    form = _pointed(Format.parse(fields["coefficient"]), leaves, fields.get("shift"))
    # As rows of one list, however deep the lists are.
    depth = _depth(given)
    rows = given if depth < 3 else [row for kernel in given for row in kernel]
    quantized = rounded_to(form, rows)  # a file can't ask for clipping
    fields[key] = _rebuilt(given, iter(quantized.coefficients))
    fields["coefficient"] = str(form)
    fields.setdefault("shift", form.fraction)
    return quantized


def _wide_enough(reals: list[Any]) -> Format | None:
    """A format in which all reals fit; none if coefficients can't have so many bits."""
    exact = [Fraction(real) for real in reals]
    if all(round(real * (1 << q1_15.fraction)) in q1_15 for real in exact):
        return q1_15
    return holding(exact)


def _pointed(form: Format, reals: list[Any], shift: object) -> Format:
    """`form` as it stands if it has a fraction; else with `shift` bits of it, or with the most in which all reals fit."""
    if form.fraction:
        return form
    if isinstance(shift, int) and not isinstance(shift, bool) and 0 <= shift <= 255:
        return Format(form.width, form.signed, shift)
    exact = [Fraction(real) for real in reals]
    most = next((bits for bits in range(255, 0, -1) if all(round(real * (1 << bits)) in form for real in exact)), 0)
    return Format(form.width, form.signed, most)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _rebuilt(value: Any, leaves: Iterator[int]) -> Any:
    """The same lists around other leaves."""
    return [_rebuilt(item, leaves) for item in value] if isinstance(value, list) else next(leaves)


def _depth(value: Any) -> int:
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0
