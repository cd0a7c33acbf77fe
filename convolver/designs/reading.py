"""Designs from plain values and JSON."""

import json
from collections.abc import Mapping
from typing import Any

from ..arguments import choice, index, one_line, shown
from ..errors import DesignError
from .base import SCHEMA, Design
from .kinds import KINDS

__all__ = ["design_class", "design_from_dict", "design_from_json"]


def design_class(plain: Mapping[str, Any]) -> type[Design]:
    """The class of the design that plain values describe; `DesignError` if they name no kind."""
    if "kind" not in plain:
        raise DesignError(f"A design must have 'kind', one of {', '.join(KINDS)}")
    return KINDS[choice("Kind", plain["kind"], list(KINDS))]


def design_from_dict(plain: Mapping[str, Any]) -> Design:
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
    fields.pop("kind")
    schema = fields.pop("schema", SCHEMA)
    if index(schema) != SCHEMA:
        raise DesignError(f"Schema must be {SCHEMA}, not {shown(schema)}: the design was written by another version")
    return cls.from_fields(fields, design_from_dict)


def design_from_json(text: str) -> Design:
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
