"""pyproject.toml, constraints.txt and what is installed agree."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, ".ci/lock.py", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_lock_agrees() -> None:
    result = check()
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("numpy==", "numpi==", "numpy is in pyproject.toml, but not in constraints.txt"),
        ("rich==", "rich==1.", "rich is pinned to 1."),
        ("pluggy==", "pluggy==0.", "is installed, but constraints.txt pins 0."),
    ],
)
def test_a_disagreement_is_found(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = (ROOT / "constraints.txt").read_text()
    assert f"\n{old}" in text
    changed = tmp_path / "constraints.txt"
    changed.write_text(text.replace(f"\n{old}", f"\n{new}"))
    result = check("--constraints", str(changed))
    assert result.returncode == 1
    assert says in result.stdout
