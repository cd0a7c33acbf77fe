"""Error strobes of a core."""

from amaranth.lib import data

__all__ = ["ERRORS", "ERROR_LAYOUT"]

ERRORS = ("size", "first", "orphan", "eol", "coefficients")
"""Kinds of error, in the order of their bits: see docs/registers.md."""

ERROR_LAYOUT = data.StructLayout(dict.fromkeys(ERRORS, 1))
"""One strobe a kind."""
