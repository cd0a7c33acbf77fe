"""Whose a device is: the process's that opened it.

A fork copies a session, the descriptor of a port and the core of a twin. Two processes that used them would take each other's
results, so everything that holds one is `Owned`: elsewhere each of its methods raises one error and sends nothing, and closing
it there does nothing. A fork's child gives up its duplicates of descriptors at once: else a port that is closed in the parent
would stay in use for as long as the child lives.
"""

import contextlib
import os
import weakref
from typing import NoReturn

from convolver.errors import OwnershipError

__all__ = ["Owned"]


class Owned:
    """What belongs to the process that makes it, and can be neither copied nor pickled. Its makers call `__init__` first."""

    _what = "device"
    """What a message calls it."""

    def __init__(self) -> None:
        self._process, self._number = _process, os.getpid()
        _all.add(self)

    @property
    def _owned(self) -> bool:
        """Whether this is the process that it belongs to."""
        return self._process is _process

    def _check_owner(self) -> None:
        """Raises `OwnershipError` in any other process."""
        if not self._owned:
            raise OwnershipError(
                f"This {self._what} belongs to process {self._number}, which opened it, not to process {os.getpid()}; "
                "open another one here"
            )

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise OwnershipError(
            f"A {self._what} can't be copied or pickled, since it belongs to the process that opened it; open another one"
        )

    def _give_up(self) -> None:
        """Closes duplicates of descriptors, in a fork's child, and nothing else."""


class _Process:
    """Stands for this process; numbers of processes come back."""


_process = _Process()
_all: "weakref.WeakSet[Owned]" = weakref.WeakSet()


def _forked() -> None:
    global _process
    _process = _Process()
    for thing in list(_all):
        with contextlib.suppress(OSError, AttributeError):  # of one that another thread was in the middle of making
            thing._give_up()


if hasattr(os, "register_at_fork"):  # where there are forks
    os.register_at_fork(after_in_child=_forked)
