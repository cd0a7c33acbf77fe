"""What stderr shows while something takes its time: nothing in a log, a bar that fills at a terminal."""

import io
from types import SimpleNamespace

import pytest
import rich.progress

from convolver import progress
from convolver.progress import steps


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> list[rich.progress.Task]:
    """The tasks of the bars that are shown at a terminal."""
    seen: list[rich.progress.Task] = []
    add_task = rich.progress.Progress.add_task

    def noted(self: rich.progress.Progress, *arguments: object, **more: object) -> rich.progress.TaskID:
        number = add_task(self, *arguments, **more)  # type: ignore[arg-type]
        seen.append(self.tasks[-1])
        return number

    monkeypatch.setattr(rich.progress.Progress, "add_task", noted)
    monkeypatch.delenv("CONVOLVER_PROGRESS")
    # pytest puts its own stderr in place again before the test begins.
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=Terminal()))
    return seen


def test_a_log_of_what_takes_minutes_holds_each_step_once(capsys: pytest.CaptureFixture[str]) -> None:
    with steps(log=True) as advance:
        for title, share in (("one", None), ("two", 0.2), ("two", 0.9), ("three", None)):
            advance(title, share)
            assert capsys.readouterr().err == ("" if share == 0.9 else f"{title}\n")


def test_a_log_holds_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with steps() as advance:
        advance("one")
        advance("two", 0.5)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_a_step_that_tells_its_share_has_a_bar(tasks: list[rich.progress.Task]) -> None:
    with steps() as advance:
        advance("compiling")
        assert (tasks[0].description, tasks[0].total) == ("compiling", None)
        for share in (0.0, 0.25, 1.0):
            advance("filtering", share)
            assert (tasks[0].description, tasks[0].percentage) == ("filtering", 100 * share)
        advance("writing")
        assert tasks[0].total is None


def test_steps_whose_number_is_known_are_counted(tasks: list[rich.progress.Task]) -> None:
    with steps(2) as advance:
        advance("one", 0.5)
        assert tasks[0].percentage == 25
        advance("one", 1.0)
        advance("two")
        assert tasks[0].percentage == 50
    assert len(tasks) == 1
