"""What happens to an attribute that a device doesn't have."""

__all__ = ["OwnAttributes"]


class OwnAttributes:
    """A device that takes no other attributes than it has: they would reach no core."""

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_") and not hasattr(type(self), name):
            raise AttributeError(
                f"An attribute of a device must be one that it has, not {name!r}; "
                "load() gives it coefficients, and a call takes a boundary and a fill"
            )
        super().__setattr__(name, value)
