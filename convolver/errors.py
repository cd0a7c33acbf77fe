"""Every failure that convolver names, each with the exit code the command line ends with.

All derive from `ConvolverError`; those that a Python user would look for under a built-in name derive from that too
(``except ValueError`` catches a `DesignError`). The message is one line: the rule, then the value that broke it, then,
where there is one, what to do.
"""

__all__ = [
    "BoardError",
    "ConvolverError",
    "DataError",
    "DesignError",
    "FileError",
    "LinkError",
    "PortError",
    "ToolError",
]


class ConvolverError(Exception):
    """Base of all errors that convolver raises on purpose."""

    exit_code = 1


class DesignError(ConvolverError, ValueError):
    """A description that can't be built: a number out of range, a word that isn't known, coefficients that don't fit."""

    exit_code = 3


class DataError(ConvolverError, ValueError):
    """Samples or pixels that the design can't take: wrong dtype, rank, shape, or a value outside its format."""

    exit_code = 4


class FileError(ConvolverError, OSError):
    """A file that can't be read, or doesn't hold what it should."""

    exit_code = 5


class ToolError(ConvolverError, RuntimeError):
    """A program that is needed is missing, or failed; the message ends with the tail of its log."""

    exit_code = 6


class BoardError(ConvolverError, ValueError):
    """A board that isn't known, or a design that doesn't fit it or misses its clock."""

    exit_code = 7


class LinkError(ConvolverError):
    """Base of everything that can go wrong between the host and a device."""

    exit_code = 8


class PortError(LinkError, OSError):
    """A port that isn't there, can't be opened, or went away."""

    exit_code = 9
