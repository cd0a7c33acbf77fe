"""Errors for designs and texts that the compiler doesn't support."""

from convolver.errors import ToolError

__all__ = ["refused", "unreadable"]


def refused(construct: str, place: str) -> ToolError:
    """The error for a construct that the twin doesn't support; `place` is its signal, memory or cell."""
    return ToolError(f"The twin can't run a design with {construct}" + (f" (at {place})" if place else ""))


def unreadable(what: str) -> ToolError:
    """The error for text that the reader doesn't understand."""
    return ToolError(f"The twin can't read what Yosys' CXXRTL writes of the design: {what.strip()[:80]!r}")
