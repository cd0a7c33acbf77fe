"""Shows, on stderr, that something that takes longer than a second goes on."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["Advance", "steps"]


class Advance(Protocol):
    """Names the step that begins, or goes on; the one before it is done. `share` of it, 0 to 1, is done, if that is known."""

    def __call__(self, title: str, share: float | None = None, /) -> None: ...


@contextmanager
def steps(total: int | None = None, *, log: bool = False) -> Iterator[Advance]:
    """A bar of `total` steps, or a spinner with the time that has gone by where their number isn't known; of a step that tells
    its share, a bar of its own.

    It erases itself at the end. Where stderr isn't a terminal it says nothing, so that a log holds results alone; with `log`,
    for what takes minutes, each step there is a line as it begins.
    """
    if not sys.stderr.isatty():
        yield _logged() if log else lambda _title, _share=None: None
        return
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


def _logged() -> Advance:
    """Writes a step's title as a line, once."""
    current = ""

    def advance(title: str, _share: float | None = None) -> None:
        nonlocal current
        if title != current:
            print(title, file=sys.stderr, flush=True)
        current = title

    return advance
