"""Fields of a design that exclude one another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import DesignError

__all__ = ["Rule", "check_rules"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One field at least has its plain value.

    Parameters
    ----------
    plain : mapping
        The plain values of some fields, by their names.
    message : str
        What is said of a design that breaks the rule, with ``{field}`` where a field's value stands.
    """

    plain: Mapping[str, Any]
    message: str


def check_rules(design: Any, rules: Sequence[Rule], **told: object) -> None:
    """Raises `DesignError` if a design breaks one of the rules, the first of them; messages may name what else is `told`."""
    for rule in rules:
        if not any(getattr(design, name) == plain for name, plain in rule.plain.items()):
            raise DesignError(rule.message.format_map(vars(design) | told))
