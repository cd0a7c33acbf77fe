"""The documentation site, as far as it needs no browser: every page is in it, and what is made of the code is whole."""

import dataclasses
import json
import re
import sys
from pathlib import Path

import pytest

import convolver
from convolver.designs import KINDS

from .test_documents import open_golden

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / ".ci" / "site"))
import generated  # noqa: E402  # it stands in the site's folder
import notebooks  # noqa: E402  # likewise

sys.path.pop(0)
PAGES = generated.pages()
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def test_every_page_is_in_the_navigation() -> None:
    nav = set(re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE))
    docs = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    made = {*PAGES, *(f"notebooks/{path.stem}.md" for path in NOTEBOOKS), "project/contributing.md", "project/changelog.md"}
    assert nav == docs | made


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_has_its_line(kind: str) -> None:
    """With a meaning, which comes from the docstring."""
    section = PAGES["reference/keys.md"].partition(f'## kind = "{kind}"\n')[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| .* \| .* \| (.*) \|$", section, re.MULTILINE))
    cls = KINDS[kind]
    wanted = {field.name for field in dataclasses.fields(cls) if field.compare}  # type: ignore[arg-type]
    assert len(rows) == len(wanted)
    assert [name for name, meaning in rows.items() if not meaning.strip()] == []
    assert {"`None`", "`True`", "`False`"}.isdisjoint(cell.strip() for cell in section.split("|"))


def is_error(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, convolver.ConvolverError)


def test_commands_errors_and_formats_are_there() -> None:
    line = PAGES["reference/command-line.md"]
    assert {"run", "new", "generate"} <= set(re.findall(r"^## convolver (\w+)$", line, re.MULTILINE))
    assert "| `--clock` `HZ` |" in line
    errors = PAGES["reference/errors.md"]
    assert all(f"`{name}`" in errors for name in convolver.__all__ if name.endswith("Error"))
    assert "| `q1_15` | -32768 | 32767 | 2**-15 |" in PAGES["reference/formats.md"]
    named = set(re.findall(r"^::: .*\.(\w+)$", PAGES["reference/python.md"] + PAGES["reference/formats.md"], re.MULTILINE))
    public = {name for name in convolver.__all__ if callable(value := getattr(convolver, name)) and not is_error(value)}
    assert public <= named


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_keeps_no_outputs(path: Path) -> None:
    """They are made when the site is."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert len(cells) > 6
    assert all(cell.get("outputs", []) == [] for cell in cells)


def test_a_notebook_runs_cell_by_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convolver, "open", open_golden)
    page = notebooks.page_of(ROOT / "docs" / "notebooks" / "rounding.ipynb")
    assert page.startswith("# Integers and rounding\n")
    assert page.count("```text") == 3
    assert page.count("data:image/svg+xml;base64,") == 1
    assert "\nTrue\n```" in page
