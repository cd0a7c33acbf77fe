"""The benchmarks begin: each imports what it needs, and says how it is called."""

import itertools
import re
import subprocess
import sys
from pathlib import Path
from runpy import run_path

import pytest

BENCHMARKS = sorted((Path(__file__).parents[1] / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_help(path):
    ended = subprocess.run([sys.executable, path, "--help"], capture_output=True, text=True, check=False, timeout=100)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(f"usage: {path.name} [-h]")


def test_a_row_that_no_benchmark_has():
    [path] = (path for path in BENCHMARKS if path.stem == "netlist")
    ended = subprocess.run([sys.executable, path, "fir-17"], capture_output=True, text=True, check=False, timeout=100)
    assert ended.returncode == 2
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("netlist.py: error: a row must be one of conv-3x3, ")
    assert last.endswith(", not 'fir-17'")


def test_new_figures_take_the_place_of_the_old(tmp_path):
    renew = run_path(str(BENCHMARKS[0].parent / "tables" / "__init__.py"))["renew"]
    page = tmp_path / "page.md"
    page.write_text("## A\n\n| d | f | MHz |\n|---|---|---|\n| x | y | 1 |\n\n## B\n\nText.\n\n| d | f | MHz |\n|---|---|---|\n"
                    "| x | y | 1 |\n| x | z | 2 |\n\nText.\n")  # fmt: skip
    renew("## B", ["| x | y | 3 |", "| w | y |  |"], keys=2, page=page)
    expected = "| x | y | 3 |\n| x | z | 2 |\n| w | y | |\n\nText.\n"
    assert page.read_text().split("## B")[1].endswith(expected)
    assert page.read_text().startswith("## A\n\n| d | f | MHz |\n|---|---|---|\n| x | y | 1 |\n\n## B")
    with pytest.raises(ValueError, match=r"^A row of '## B' must have 3 cells, not 2$"):
        renew("## B", ["| x | y |"], keys=2, page=page)


def test_the_page_has_the_benchmarks_tables():
    """Each heading that a benchmark writes below is on the page, with columns of its rows."""
    page = (BENCHMARKS[0].parents[1] / "docs" / "performance.md").read_text().splitlines()
    named = [
        line.split('"')[1]
        for path in BENCHMARKS
        for line in path.read_text().splitlines()
        if line.strip().startswith(('renew("#', "SECTIONS = {"))
    ]
    assert len(named) == 4
    assert set(named) <= set(page)


def rows_of(page, header):
    """The cells of a page's table that begins so."""
    lines = (BENCHMARKS[0].parents[1] / "docs" / f"{page}.md").read_text().splitlines()
    found = itertools.takewhile(lambda line: line.startswith("|"), lines[lines.index(header) + 2 :])
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found]


def test_the_pages_have_the_shells_tables(monkeypatch):
    """Each with the rows that are measured, in their order, and no other."""
    monkeypatch.syspath_prepend(BENCHMARKS[0].parent)
    tables = run_path(str(BENCHMARKS[0].parent / "shells.py"))["TABLES"]
    assert len(tables) == 7
    for page, table in tables.items():
        rows = rows_of(page, table.header)
        assert [row[:-3] for row in rows] == [cells for cells, _, _ in table.rows()]
        assert all(cell.isdecimal() for row in rows for cell in row[-3:])


def test_the_page_has_what_changes_of_rate_take_without_multipliers(monkeypatch):
    """With a row for each design file, what that is, and as many adders and multipliers as are planned; so for chains."""
    monkeypatch.syspath_prepend(BENCHMARKS[0].parent)
    measured = run_path(str(BENCHMARKS[0].parent / "rate_adders.py"))
    rows = rows_of("resample", measured["HEADER"])
    assert [row[:2] for row in rows] == [measured["told"](name) for name in measured["ROWS"]]
    assert [[row[2], row[4]] for row in rows] == [measured["planned"](name) for name in measured["ROWS"]]
    assert all(re.fullmatch(r"\d+, \d+, \d+", cell) for row in rows for cell in row[3::2])
    chains = rows_of("resample", measured["CHAINS_HEADER"])
    assert [row[:-1] for row in chains] == [measured["told_of_chain"](name) for name in measured["CHAINS"]]
    assert all(re.fullmatch(r"\d+, \d+, \d+", row[-1]) for row in chains)
