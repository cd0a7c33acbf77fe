"""No source file and no class grows beyond what a reader takes in. Sources are counted, the tests themselves aren't."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("convolver", "hw", "host", "sim", "boards")
FILE, CLASS = 500, 300
"""Lines at most."""


def too_long(root: Path) -> list[str]:
    """What is beyond the limits: each file, and each class, with its lines."""
    found = []
    for path in sorted(file for folder in FOLDERS for file in (root / folder).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(root).as_posix()
        if (lines := len(text.splitlines())) > FILE:
            found.append(f"{name}: {lines}")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef) and node.end_lineno is not None:
                # From its first decorator on.
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                if (lines := node.end_lineno - first + 1) > CLASS:
                    found.append(f"{name}, {node.name}: {lines}")
    return found


def test_files_and_classes_of_the_sources():
    assert too_long(ROOT) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#\n" * FILE, []),
        ("#\n" * (FILE + 1), ["hw/mac/one.py: 501"]),
        ("class A:\n" + "    a = 1\n" * (CLASS - 1), []),
        ("@b\nclass A:\n" + "    a = 1\n" * (CLASS - 1), ["hw/mac/one.py, A: 301"]),
        ("def f():\n    class A:\n" + "        a = 1\n" * CLASS, ["hw/mac/one.py, A: 301"]),
    ],
)
def test_the_limits(text, found, tmp_path):
    (tmp_path / "hw" / "mac").mkdir(parents=True)
    (tmp_path / "hw" / "mac" / "one.py").write_text(text)
    assert too_long(tmp_path) == found
