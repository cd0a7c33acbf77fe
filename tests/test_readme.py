"""The README says what is so: its Python prints what it shows, its commands and files exist, its boards are all there are."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from convolver import boards, load_design
from convolver.report import report_of

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
MADE = re.findall(
    r": ((?:reference|notebooks|project)/\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE
)
"""Pages that the site makes of the code."""


def test_its_python_prints_what_it_shows() -> None:
    blocks = re.findall(r"```python\n(.*?)```\s*```text\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 1
    for code, shown in blocks:
        result = subprocess.run(
            [sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout == shown


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_points_to_exists(document: Path) -> None:
    targets = [link for link in re.findall(r"\]\(([^)#]+)", document.read_text(encoding="utf-8")) if "://" not in link]
    made = {(ROOT / "docs" / page).resolve() for page in MADE}
    missing = [target for target in targets if not (path := (document.parent / target).resolve()).exists() and path not in made]
    assert missing == []
    if document.name == "README.md":
        assert any(target.endswith(".png") for target in targets)


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_make_target_that_is_named_exists(document: str) -> None:
    named = set(re.findall(r"\bmake ([a-z]+)", (ROOT / document).read_text(encoding="utf-8")))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert "test" in named
    assert named - targets == set()


def section(title: str) -> str:
    """The part of the README under a heading."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def first_cells(title: str) -> set[str]:
    """The names in the first column of a section's table."""
    return {name for row in re.findall(r"^\| (`.*?) \|", section(title), re.MULTILINE) for name in re.findall(r"`(.*?)`", row)}


def test_every_extra_is_in_its_table() -> None:
    assert first_cells("Install") == set(PROJECT["optional-dependencies"])


def test_its_badges_are_true() -> None:
    badges = (ROOT / "docs" / "pictures" / "badges.svg").read_text(encoding="utf-8")
    told = re.findall(r"<text[^>]*>(.*?)</text>", badges)
    lowest = PROJECT["requires-python"].removeprefix(">=")
    assert told[:4] == ["python", f"{lowest} or newer", "licence", PROJECT["license"]]
    assert PYPROJECT["tool"]["mypy"]["strict"] is True
    assert told[4:] == ["types", "mypy --strict", "boards run so far", "none"]


def test_no_bullet_is_longer_than_two_lines() -> None:
    bullets = re.findall(r"^- .*(?:\n  .*)*", README, re.MULTILINE)
    assert len(bullets) > 15
    assert [bullet for bullet in bullets if bullet.count("\n") > 1] == []


def test_every_board_is_in_its_table() -> None:
    assert first_cells("Boards") == set(boards.names())
    assert "No physical board has been run yet" in README


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.toml")), ids=lambda path: path.stem)
def test_examples_are_designs(path: Path) -> None:
    assert report_of(load_design(path)).text()


def test_its_figures_are_those_of_the_page_of_performance() -> None:
    rows = [
        [cell.strip().strip("*") for cell in line.strip("|").split("|")]
        for line in (ROOT / "docs" / "performance.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| ")
    ]
    told = " ".join(README.split())
    relied = {row[0]: row[4] for row in rows if len(row) > 8 and row[1] == "with registers"}
    assert f"16 loadable taps {relied['fir-16']} MHz, a loadable 3x3 kernel {relied['conv-3x3']}" in told
    twins = {row[0]: row for row in rows if len(row) == 8 and row[5].isdigit()}
    leads = [float(row[4]) for row in twins.values()]
    rate = int(float(twins["3x3"][1]))
    assert f"a 3x3 core at {rate} million clocks a second, {min(leads)} to {max(leads)} times as fast" in told
    use = {row[0]: row[1:] for row in rows if len(row) == 3}
    size, load = (
        use["`pip install .`, without extras"][0],
        use["`import convolver`, the median of 7, less Python's own start"][1],
    )
    assert f"Without extras it takes {size}, most of them numpy's, and `import convolver` {load}" in told
