"""Ctrl-C before the command line is there, and where an import makes another exception of it."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from convolver import cli

ROOT = Path(__file__).parent.parent
WAITS = """
import sys
try:
    print("importing", flush=True)
    sys.stdin.read()
except BaseException:
    raise ImportError("a module that makes an error of its own of everything")
raise SystemExit(7)
"""


@pytest.fixture(params=["numpy", "typer", "convolver.designs"])
def importing(request, tmp_path):
    """A command in the middle of an import: of `import convolver`, or behind it."""
    name = request.param
    if name == "convolver.designs":
        (tmp_path / "convolver").mkdir()
        (tmp_path / "convolver" / "__init__.py").write_text(WAITS)
    else:
        (tmp_path / f"{name}.py").write_text(WAITS)

    def begin(handler):
        start = (
            f"import signal, sys; signal.signal(signal.SIGINT, signal.{handler}); "
            f"sys.path[:0] = {[str(tmp_path), str(ROOT)]!r}; import convolver_command; sys.exit(convolver_command.main())"
        )
        process = subprocess.Popen(
            [sys.executable, "-B", "-c", start],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        )
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        return process

    return begin


def test_ctrl_c_during_an_import_is_one_line(importing):
    process = importing("default_int_handler")
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (130, "convolver: stopped\n")


SWALLOWS = """
import sys
try:
    print("importing", flush=True)
    sys.stdin.read()
except BaseException:
    pass  # as Python's own callbacks do in an import
"""
CLI = """
import sys, time
def main():
    try:
        import swallows
        for _ in range({turns}):
            time.sleep(0.01)
    finally:
        print("ended in its own way", flush=True)
    return 7
"""


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("turns", [0, 3000])
def test_ctrl_c_in_an_import_of_the_command_s_own_is_heard(tmp_path, turns, count):
    """Behind it, also if it's the last thing that the command does; the second one doesn't wait for it."""
    (tmp_path / "convolver").mkdir()
    (tmp_path / "convolver" / "__init__.py").touch()
    (tmp_path / "convolver" / "cli.py").write_text(CLI.format(turns=turns))
    (tmp_path / "swallows.py").write_text(SWALLOWS)
    start = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        f"sys.path[:0] = {[str(tmp_path), str(ROOT)]!r}; import convolver_command; sys.exit(convolver_command.main())"
    )
    process = subprocess.Popen(
        [sys.executable, "-B", "-c", start],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    try:
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        if count == 2:
            time.sleep(0.3)  # two at once are one
            process.send_signal(signal.SIGINT)
            process.wait(20)
        said, told = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, told) == (130, "convolver: stopped\n")
    assert said == ("ended in its own way\n" if count == 1 else "")


def test_a_command_that_ctrl_c_is_not_for_goes_on(importing):
    """A shell's background: it has made its commands deaf to it."""
    process = importing("SIG_IGN")
    _, told = process.communicate("", timeout=60)
    assert (process.returncode, told) == (7, "")


@pytest.mark.parametrize("error", [RuntimeError, ImportError, ModuleNotFoundError, SystemError])
@pytest.mark.parametrize("chained", ["cause", "context"])
def test_ctrl_c_that_became_another_error(error, chained, monkeypatch, capsys):
    def fail(*_arguments, **_options):
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as interrupt:
            if chained == "cause":
                raise error("Error calling __set_name__") from interrupt
            raise error("Error calling __set_name__")  # noqa: B904

    monkeypatch.setattr(cli, "app", fail)
    assert cli.main(["boards"]) == 130
    assert capsys.readouterr().err == "convolver: stopped\n"


def test_the_installed_command_begins_there():
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'convolver = "convolver_command:main"' in pyproject
    assert 'py-modules = ["convolver_command"]' in pyproject
