"""Designs from plain values and JSON: the table of kinds."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from ..arguments import choice, index, one_line, shown
from ..errors import DesignError
from ..specification import KINDS
from .base import SCHEMA
from .conv2d import Conv2DDesign
from .fir import FIRDesign

__all__ = ["design_class", "design_from_dict", "design_from_json"]

_KINDS: dict[str, type[FIRDesign] | type[Conv2DDesign]] = {"fir": FIRDesign, "conv2d": Conv2DDesign}


def design_class(plain: Mapping[str, Any]) -> type[FIRDesign] | type[Conv2DDesign]:
    """The class of the design that plain values describe; `DesignError` if they name no kind."""
    return _KINDS[choice("Kind", plain.get("kind"), list(_KINDS))]


def design_from_dict(plain: Mapping[str, Any]) -> FIRDesign | Conv2DDesign:
    """Makes a design of plain values, such as `Design.to_dict` gives.

    Raises
    ------
    DesignError
        If a key isn't known or missing, or a value is out of its range.
    """
    if not isinstance(plain, Mapping):
        raise DesignError(f"A design must be a table of fields, not {shown(plain)}")
    cls = design_class(plain)
    fields = dict(plain)
    kind = fields.pop("kind")
    schema = fields.pop("schema", SCHEMA)
    if index(schema) != SCHEMA:
        raise DesignError(f"Schema must be {SCHEMA}, not {shown(schema)}: the design was written by another version")
    known = [field.name for field in dataclasses.fields(cls) if field.compare]
    for key in fields:
        if key not in known and not (kind == "fir" and key in KINDS):
            raise DesignError(f"Unknown key {shown(key)} in a {kind} design; known are {', '.join(known)}")
    if any(key in fields for key in KINDS):
        return FIRDesign.from_tables(fields)
    if cls.weights_field not in fields:
        raise DesignError(f"A {kind} design must have {cls.weights_field!r}")
    return cls(**fields)


def design_from_json(text: str) -> FIRDesign | Conv2DDesign:
    """Makes a design of the text that `Design.to_json` gave."""
    if not isinstance(text, str):
        raise DesignError(f"A design must be JSON, not {shown(text)}")
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DesignError(f"A design must be JSON: {one_line(error)}") from None
    if not isinstance(plain, dict):
        raise DesignError(f"A design must be a JSON object, not {type(plain).__name__}")
    return design_from_dict(plain)
