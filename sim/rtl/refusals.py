"""Errors of designs and texts that the compiler can't take."""

from convolver.errors import ToolError

__all__ = ["refused", "unreadable"]


def refused(construct: str, place: str) -> ToolError:
    """The twin doesn't do that; `place` is the signal, the memory or the cell where it stands."""
    return ToolError(f"The twin can't run a design with {construct}" + (f" (at {place})" if place else ""))


def unreadable(what: str) -> ToolError:
    """The text isn't as the reader was written for."""
    return ToolError(f"The twin can't read what Yosys' CXXRTL writes of the design: {what.strip()[:80]!r}")
