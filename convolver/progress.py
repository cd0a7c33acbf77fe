"""Shows, on stderr, that something that takes longer than a second goes on."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

__all__ = ["Advance", "steps"]


class Advance(Protocol):
    """Names the step that begins now; the one before it is done."""

    def __call__(self, title: str, /) -> None: ...


@contextmanager
def steps(total: int | None = None) -> Iterator[Advance]:
    """A bar of `total` steps, or a spinner with the time that has gone by where their number isn't known.

    It erases itself at the end. Where stderr isn't a terminal it says nothing, so that a log holds results alone.
    """
    if not sys.stderr.isatty():
        yield lambda _title: None
        return
    # Imported here: a command that shows no progress doesn't wait for it.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = [BarColumn(bar_width=24)] if total is not None else []
    columns = [SpinnerColumn(), *bar, TimeElapsedColumn(), TextColumn("{task.description}")]
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("starting", total=total)
        begun = False

        def advance(title: str) -> None:
            nonlocal begun
            progress.update(task, description=title, advance=1 if begun and total is not None else 0)
            begun = True

        yield advance
