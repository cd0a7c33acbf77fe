"""What a kind calls its weights, its samples and the clocks of one."""

from typing import Any, ClassVar

__all__ = ["Naming"]

ROLES = ("weights_field", "sample_field", "cycles_field")
"""What each kind may have a name of its own for."""


class Naming:
    """The names, each a field of the kind's, and what a name of another kind's is called here."""

    weights_field: ClassVar[str | None] = None
    """The field that lists the weights, if there are any."""
    cycles_field: ClassVar[str] = ""
    """The field that says in how many clocks a sample or a pixel is computed, if there is one."""
    sample_field: ClassVar[str]
    """The field that says what a sample is."""

    _roles: ClassVar[dict[object, str]] = {}
    """What each name stands for, of all kinds: each tells its own when its class is made."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._roles.update({name: role for role in ROLES if (name := cls._name(role))})

    @classmethod
    def _name(cls, role: str) -> str | None:
        """This class's name, if it has one; one that each design has for itself is none."""
        name = getattr(cls, role, None)
        return name if name and isinstance(name, str) else None

    @classmethod
    def own_name(cls, key: object) -> str | None:
        """What this kind calls what another kind has under `key`; None if it has no such thing."""
        return cls._name(cls._roles.get(key, ""))
