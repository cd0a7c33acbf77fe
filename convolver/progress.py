"""Shows, on stderr, that something that takes longer than a second goes on; each step also goes to the logger ``convolver``."""

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["Advance", "begun_when_told", "steps"]

LATE = 2.0
"""Seconds that a step takes before it is a line in a log."""

NEVER = "never"
"""The value of ``CONVOLVER_PROGRESS`` with which nothing is shown unasked."""

_LOG = logging.getLogger("convolver")
_shown: "ContextVar[Advance | None]" = ContextVar("_shown", default=None)
"""What is being shown, which others go on with."""


class Advance(Protocol):
    """Names the step that begins, or goes on; the one before it is done. `share` of it, 0 to 1, is done, if that is known."""

    def __call__(self, title: str, share: float | None = None, /) -> None: ...


@contextmanager
def steps(total: int | None = None, *, log: bool = False) -> Iterator[Advance]:
    """A bar of `total` steps, or a spinner with the time that has gone by where their number isn't known; of a step that tells
    its share, a bar of its own.

    It erases itself at the end. Where stderr isn't a terminal a step is a line once it has taken two seconds, so that a log
    holds little but results; with `log`, for what takes minutes, each is one as it begins. ``CONVOLVER_PROGRESS=never`` shows
    none of this. Where the logger ``convolver`` tells steps, as with ``-v``, they are told there alone.
    """
    with contextlib.ExitStack() as stack:
        if _LOG.isEnabledFor(logging.INFO):
            advance = _told(_LOG.info)
        elif not sys.stderr.isatty():
            advance = _told(_line) if log else stack.enter_context(_late())
        elif os.environ.get("CONVOLVER_PROGRESS") == NEVER:
            advance = _nothing
        else:
            advance = stack.enter_context(_bar(total))
        token = _shown.set(advance)
        try:
            yield advance
        finally:
            _shown.reset(token)


@contextmanager
def begun_when_told() -> Iterator[Advance]:
    """As `steps`, from the first step on; nothing is shown before. Inside another's steps these go on."""
    with contextlib.ExitStack() as stack:
        found: Advance | None = _shown.get()

        def advance(title: str, share: float | None = None) -> None:
            nonlocal found
            if found is None:
                found = stack.enter_context(steps())
            found(title, share)

        yield advance


def _nothing(_title: str, _share: float | None = None) -> None:
    """Shows nothing."""


def _line(title: str) -> None:
    print(title, file=sys.stderr, flush=True)


def _told(tell: Callable[[str], object]) -> Advance:
    """Tells each step's title, once."""
    current = ""

    def advance(title: str, _share: float | None = None) -> None:
        nonlocal current
        if title != current:
            tell(title)
        current = title

    return advance


@contextmanager
def _late() -> Iterator[Advance]:
    """Writes a step's title as a line when it has taken a while."""
    if os.environ.get("CONVOLVER_PROGRESS") == NEVER:
        yield _nothing
        return
    timer: threading.Timer | None = None
    current = ""

    def advance(title: str, _share: float | None = None) -> None:
        nonlocal timer, current
        if title == current:
            return
        current = title
        if timer is not None:
            timer.cancel()
        timer = threading.Timer(LATE, _line, (f"{title} ...",))
        timer.daemon = True
        timer.start()

    try:
        yield advance
    finally:
        if timer is not None:
            timer.cancel()


@contextmanager
def _bar(total: int | None) -> Iterator[Advance]:
    """A bar, or a spinner, at a terminal."""
    # Imported here: a command that shows no progress doesn't wait for it.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn, TimeElapsedColumn
    from rich.text import Text

    class Bar(ProgressColumn):
        """A bar where there is something to show."""

        def __init__(self) -> None:
            super().__init__()
            self._bar = BarColumn(bar_width=24)

        def render(self, task: Task) -> "RenderableType":
            return Text() if task.total is None else self._bar.render(task)

    columns = [SpinnerColumn(), Bar(), TimeElapsedColumn(), TextColumn("{task.description}")]
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("starting", total=total)
        done = -1
        current = ""

        def advance(title: str, share: float | None = None) -> None:
            nonlocal done, current
            done += title != current
            current = title
            if total is not None:
                progress.update(task, description=title, completed=done + (share or 0))
            else:
                progress.tasks[0].total = None if share is None else 1
                progress.update(task, description=title, completed=share or 0)

        yield advance
