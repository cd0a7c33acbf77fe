"""Every commit that the documents cite is in the history, where the clone has one."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]

COMMIT = re.compile(r"(?<![\w/@#-])(?=\w*[a-f])(?=\w*\d)[0-9a-f]{7,40}(?![\w-])")
"""A commit, as these pages cite it; of digits alone it would be a number, of letters alone a word."""


def git(*arguments: str, folder: Path) -> str:
    given = "safe.directory=*", "user.name=a", "user.email=a@b.c", "protocol.file.allow=always"
    settings = [word for setting in given for word in ("-c", setting)]
    return subprocess.run(["git", *settings, *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


def history(folder: Path) -> list[str] | None:
    """All commits up to the one at hand; None of a folder that has no history of its own, or only its end."""
    if not (folder / ".git").exists() or git("rev-parse", "--is-shallow-repository", folder=folder).strip() != "false":
        return None
    return git("log", "--format=%H", folder=folder).split()


def unknown(text: str, commits: list[str]) -> list[str]:
    """What a text cites that is none of these commits."""
    return [cited for cited in COMMIT.findall(text) if not any(commit.startswith(cited) for commit in commits)]


def test_every_commit_that_a_page_cites_is_in_the_history():
    commits = history(ROOT)
    if commits is None:
        pytest.skip("a clone without its history")
    cited = [(page.relative_to(ROOT).as_posix(), *unknown(page.read_text(encoding="utf-8"), commits)) for page in PAGES]
    assert [page for page in cited if len(page) > 1] == []


def test_commits_are_told_from_numbers_words_and_addresses():
    assert COMMIT.findall("| 100dc37, 2026-11-30 | (d3f85ee) 21b2c5c: in 3000000 of 6220800 defaced 0x12ab34f a/12ab34f") == [
        "100dc37",
        "d3f85ee",
        "21b2c5c",
    ]
    assert unknown("d3f85ee and 21b2c5c", ["21b2c5c" + "0" * 33]) == ["d3f85ee"]
    assert sum(len(COMMIT.findall(page.read_text(encoding="utf-8"))) for page in PAGES) > 100


@pytest.mark.skipif(shutil.which("git") is None, reason="no git")
def test_only_a_clone_without_its_whole_history_is_let_off(tmp_path):
    whole, shallow = tmp_path / "whole", tmp_path / "shallow"
    whole.mkdir()
    git("init", "-q", folder=whole)
    for subject in ("one", "two"):
        git("commit", "-q", "--allow-empty", "-m", subject, folder=whole)
    git("clone", "-q", "--depth", "1", whole.as_uri(), str(shallow), folder=tmp_path)
    assert len(history(whole) or ()) == 2
    assert history(shallow) is None
    assert history(tmp_path) is None
