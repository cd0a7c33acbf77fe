"""Lines of the documents' prose are short enough to be read side by side with code, and to be compared line by line."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("sim/rtl/*.md")])
LONGEST = 120
FENCE = re.compile(r"\s*(```|~~~)")
LINK = re.compile(r"\]\([^)]*\)")


def long_lines(text: str) -> Iterator[int]:
    """Numbers of the lines of prose that are too long. Tables and code aren't prose; where a link leads doesn't count."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced and not line.startswith(("|", "    ")) and len(LINK.sub("]", line)) > LONGEST:
            yield number


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_line_of_prose_is_too_long(page):
    assert list(long_lines(page.read_text(encoding="utf-8"))) == []


LONG = "a" * (LONGEST + 1)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (LONG[:-1], []),
        (LONG, [1]),
        (f"- {LONG}", [1]),
        (f"# {LONG}", [1]),
        (f"| {LONG} |", []),
        (f"    {LONG}", []),
        (f"```\n{LONG}\n```\n{LONG}", [4]),
        (f"[a]({LONG})", []),
        (f"[{LONG}](a)", [1]),
    ],
)
def test_a_long_line_is_found(text, found):
    assert list(long_lines(text)) == found
