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
    "DesignMismatch",
    "DeviceRestarted",
    "FileError",
    "FrameError",
    "LinkError",
    "LinkTimeout",
    "OwnershipError",
    "PortError",
    "ProtocolMismatch",
    "RegisterError",
    "SessionLost",
    "ToolError",
]


class ConvolverError(Exception):
    """Base of all errors that convolver raises on purpose."""

    exit_code = 1

    def __str__(self) -> str:
        """One line, whatever value a message shows."""
        return " ".join(line.strip() for line in super().__str__().splitlines())


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


class LinkTimeout(LinkError, TimeoutError):  # noqa: N818  # says what happened
    """Nothing moved for too long, or a call took longer than it was given; the message says who stalls: host, link or core."""

    exit_code = 10


class ProtocolMismatch(LinkError):  # noqa: N818  # says what happened
    """The device speaks another version of the protocol or of the register map, or isn't one of ours."""

    exit_code = 11


class DesignMismatch(LinkError):  # noqa: N818  # says what happened
    """The device holds another design than the one asked for; the message shows both sides."""

    exit_code = 12


class DeviceRestarted(LinkError):  # noqa: N818  # says what happened
    """The device was reset or lost power in the middle of a call; the next call begins anew."""

    exit_code = 13


class SessionLost(LinkError):  # noqa: N818  # says what happened
    """Another host took the device over in the middle of a call; the next call takes it back."""

    exit_code = 14


class FrameError(LinkError):
    """The device sent something that the protocol doesn't allow here, though every check sum was right."""

    exit_code = 15


class RegisterError(LinkError):
    """The device refused to read or write a register."""

    exit_code = 16


class OwnershipError(LinkError, RuntimeError):
    """A device that is used in a process that didn't open it, copied, or pickled."""

    exit_code = 17
