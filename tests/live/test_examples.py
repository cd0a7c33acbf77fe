"""The lessons as programs: each runs, says something, and its own comparisons hold."""

import subprocess
import sys
from pathlib import Path

import pytest

from convolver.live.lessons import lessons

FOLDER = Path(__file__).parents[2] / "examples" / "lessons"
LESSONS = {lesson["id"]: lesson for lesson in lessons()}
SAMPLE = ("impulse",)
"""Those of `make test`: a twin takes seconds to compile."""


def test_each_lesson_is_a_program_of_its_name_and_titles():
    assert {path.stem for path in FOLDER.glob("*.py")} == set(LESSONS)
    for name, lesson in LESSONS.items():
        text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
        title = lesson["title"]["en"].replace("’", "'")
        assert text.startswith(f'"""{title}. {lesson["title"]["zh"]}。\n'), name
        assert "assert " in text, name


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name in SAMPLE else pytest.mark.soak) for name in LESSONS])
def test_a_lesson_runs(name, tmp_path):
    command = [sys.executable, "-W", "error", str(FOLDER / f"{name}.py")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) >= 2
