"""`convolver doctor`."""

import dataclasses

from .answers import AsJson, answer

__all__ = ["EXAMPLES", "doctor"]

EXAMPLES = (
    "convolver doctor",
    "convolver doctor --json",
)


def doctor(as_json: AsJson = False) -> None:
    """Says what is installed, what is missing, and the command that mends each."""
    from ..health import checks, report

    found = list(checks())
    answer(as_json, report(found), {"checks": [dataclasses.asdict(check) for check in found]})
