"""What a command prints: lines for people, or with ``--json`` one JSON object."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

__all__ = ["AsJson", "answer"]

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")]


def answer(as_json: bool, text: object, fields: Mapping[str, Any]) -> None:
    """Prints one of the two."""
    print(json.dumps(fields, indent=2) if as_json else text, flush=True)
