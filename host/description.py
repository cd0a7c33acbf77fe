"""The design that a device says it holds, read with care: nobody knows yet what is at the far end.

A description is plain: names, integers and lists of them. Whatever would make this host do more than check numbers, such as a
table from which a filter is to be found, is refused.
"""

import json
import zlib
from itertools import accumulate

from convolver.designs import KINDS, Design, design_from_dict
from convolver.designs.choices import shifted
from convolver.errors import DesignError, DesignMismatch

from .text import printable

__all__ = ["INFLATED_MAX", "differences", "is_expected", "read_description"]

INFLATED_MAX = 1 << 16
"""Bytes of a description's JSON, at most: 8 kernels of 15x15 weights of 32 bits need 22 thousand."""

_NESTED = 3
"""Designs of several filters inside each other, at most: a pipeline, a fork among its stages, a pipeline among that one's
branches."""
_DEPTH = 4 + 2 * _NESTED
"""Brackets inside each other, at most: the object, a stack, its kernels and their rows need four; each design of several
filters and the list of them are two more around them."""
_WORD = 64
"""Characters of a word, at most."""
_VALUE = 60
"""Characters of a field that a message shows."""


def read_description(packed: bytes) -> Design:
    """Makes a design of a device's description, zlib-compressed JSON, in bounded time and memory.

    Raises
    ------
    DesignMismatch
        If it isn't one that this version knows; the message is short, whatever the device has said.
    """
    try:
        return design_from_dict(_fields(_inflated(packed)))
    except (DesignError, RecursionError) as error:
        raise DesignMismatch(f"The device holds a description that this version can't read: {printable(error)}") from None


def is_expected(device: Design, expected: Design) -> bool:
    """Whether a device's design is the expected one, or that with its constants shifted and added, as a build for a device of
    few multipliers makes it."""
    return device in (expected, _as_built(expected, device))


def _as_built(expected: Design, device: Design) -> Design:
    """The expected design; its constants are shifted and added where that makes it the device's, of each filter by itself."""
    if not expected.parts:
        added: Design = shifted(expected)
        return added if added == device else expected
    found: Design = expected
    for number, (ours, theirs) in enumerate(zip(expected.parts, device.parts, strict=False), 1):
        found = found.with_part(number, _as_built(ours, theirs))
    return found


def differences(device: Design, expected: Design) -> str:
    """The fields that differ, both sides of each."""
    ours, theirs = expected.to_dict(), device.to_dict()
    keys = [key for key in [*theirs, *ours] if theirs.get(key) != ours.get(key)]
    if "kind" in keys:  # then all fields are others
        keys = ["kind"]
    return "; ".join(
        f"{key} is {printable(theirs.get(key), _VALUE)} there, {printable(ours.get(key), _VALUE)} expected"
        for key in dict.fromkeys(keys)
    )


def _inflated(packed: bytes) -> str:
    inflate = zlib.decompressobj()
    try:
        data = inflate.decompress(packed, INFLATED_MAX + 1)
    except zlib.error as error:
        raise DesignError(str(error)) from None
    if len(data) > INFLATED_MAX:
        raise DesignError(f"it must inflate to at most {INFLATED_MAX} bytes, and there are more")
    if not inflate.eof or inflate.unused_data:
        raise DesignError("it must end where its zlib stream does")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise DesignError("it must be UTF-8") from None


def _fields(text: str) -> dict[str, object]:
    # Before anything reads it: brackets in a word count too, but no word of ours has one.
    if max(accumulate((letter in "[{") - (letter in "]}") for letter in text), default=0) > _DEPTH:
        raise DesignError(f"its brackets must be at most {_DEPTH} deep")
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise DesignError(f"it must be JSON: {error}") from None
    if not isinstance(fields, dict):
        raise DesignError(f"it must be a JSON object, not {type(fields).__name__}")
    _check_fields(fields)
    return fields


def _check_fields(fields: dict[str, object], nested: int = _NESTED) -> None:
    """Checks the fields of a design and, `nested` so deep at most, those of the designs that a field lists."""
    listed = {cls.stages_field for cls in KINDS.values()} if nested else set()
    for key, value in fields.items():
        if key in listed and isinstance(value, list) and all(isinstance(stage, dict) for stage in value):
            for stage in value:
                _check_fields(stage, nested - 1)
        else:
            _check_plain(key, value)


def _check_plain(key: str, value: object) -> None:
    """Refuses a value that isn't what a design's own JSON has: it may stand for work that nobody asked for."""
    if isinstance(value, list):
        for item in value:
            _check_plain(key, item)
    elif isinstance(value, dict):
        raise DesignError(f"{key} must be a plain value, not a table")
    elif isinstance(value, float):
        raise DesignError(f"{key} must be of integers, not {value!r}")
    elif isinstance(value, str) and len(value) > _WORD:
        raise DesignError(f"{key} must be a word of at most {_WORD} characters, not {len(value)}")
