"""Ctrl-C before the command line is there, and where an import makes another exception of it."""

import signal
import subprocess
import sys
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
