"""The Python in README and docs runs, on the golden model and on quick tools, and passes `mypy --strict` as a user's would."""

import inspect
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
import typer
from amaranth.hdl import Elaboratable, Fragment

import convolver
from convolver import ConvolverError, cli
from convolver.host.device import Device
from convolver.sim import golden

from .fake_tools import FakeTools
from .test_functions import GoldenTransport

ROOT = Path(__file__).parent.parent


def code_of(page: Path) -> str:
    """All Python of a page, one block after the other."""
    return "\n".join(re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE))


PAGES = {page.stem: code for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if (code := code_of(page))}


class Composite:
    """A device whose core is the golden model of several filters."""

    def __init__(self, design: Any) -> None:
        self.design = design

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def __call__(self, samples: Any, **asked: Any) -> Any:
        design = self.design.with_border(**asked) if asked else self.design
        return golden.run(design, np.asarray(samples))

    def silence(self) -> None:
        self.design.continuity.check()

    def load(self, coefficients: Any, stage: int) -> None:
        part = self.design.parts[stage - 1]
        self.design = self.design.with_part(stage, part.with_weights(part.complete(tuple(coefficients))))


def open_golden(target: Any) -> Any:
    return Composite(target) if target.parts else Device(GoldenTransport(target))


@pytest.mark.parametrize("name", PAGES)
def test_its_code_runs(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(convolver, "open", open_golden)
    monkeypatch.setattr("convolver.opening.open", open_golden)
    FakeTools(tmp_path, monkeypatch)
    monkeypatch.chdir(tmp_path)
    made: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(PAGES[name], f"{name}.md", "exec"), made)
    for gateware in made.values():
        if isinstance(gateware, Elaboratable):
            Fragment.get(gateware, None)


def strict(folder: Path, sources: dict[str, str]) -> list[str]:
    """What `mypy --strict` says of sources that use the package as it is installed."""
    for name, code in sources.items():
        (folder / f"page_{name}.py").write_text(code)
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", *sorted(folder.glob("page_*.py"))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode in (0, 1), result.stdout + result.stderr
    return [line.partition("page_")[2] for line in result.stdout.splitlines() if "error:" in line]


def test_types(tmp_path: Path) -> None:
    """Of all pages, the examples, and a page with mistakes."""
    examples = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "examples").glob("*.py")}
    wrong = """\
import convolver
convolver.FIRDesign([1, 2], boundary="edge")
convolver.Conv2DDesign([[1]], mode="some")
convolver.Conv2DDesign([[1]], pixel=8)
convolver.convolve([1], [2], mode="sme")
reveal: int = convolver.FIRDesign([1, 2], data="s8").coefficients
"""
    told = strict(tmp_path, {**PAGES, **examples, "wrong": wrong})
    assert [line for line in told if not line.startswith("wrong.py")] == []
    assert sorted({line.split(":")[1] for line in told}) == ["2", "3", "4", "5", "6"]


@pytest.mark.parametrize("name", [name for name in convolver.__all__ if callable(getattr(convolver, name))])
def test_what_help_shows_first_is_short(name: str) -> None:
    call = getattr(convolver, name)
    if not (isinstance(call, type) and issubclass(call, ConvolverError)):
        told = [str(parameter) for parameter in inspect.signature(call).parameters.values()]
        assert max(map(len, told), default=0) < 90


COMMANDS = typer.main.get_command(cli.app)


def mistake(line: str) -> str:
    """What the command line says of a command, which isn't run; nothing if it would run."""
    _, *words = shlex.split(line, comments=True)
    if not words or words[0].startswith("-"):
        return ""
    try:
        COMMANDS.commands[words[0]].make_context(words[0], words[1:])  # type: ignore[attr-defined]  # a group
    except KeyError:
        return f"No such command {words[0]!r}"
    except Exception as error:  # typer's own click has no public name for them
        told = getattr(error, "format_message", None)
        if told is None:
            raise
        return str(told())
    return ""


SAYS_LESS = re.compile(r"Missing (argument|option|parameter)|Option '--\w+' requires an argument")
"""What prose may leave out where it only names a command."""


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda path: path.stem)
def test_its_commands_are_the_command_lines(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    shown = re.findall(r"^    (convolver (?!\d).*)$", text, re.MULTILINE)  # a number: the link's greeting
    named = [" ".join(line.split()) for line in re.findall(r"`(convolver (?!\d)[^`]+)`", text)]
    assert [(line, told) for line in shown if (told := mistake(line))] == []
    assert [(line, told) for line in named if (told := mistake(line)) and not SAYS_LESS.match(told)] == []


@pytest.mark.parametrize("line", ["convolver reprot -d a.toml", "convolver report --boards all -d a.toml", "convolver report"])
def test_a_command_that_is_none_is_seen(line: str) -> None:
    assert mistake(line)
