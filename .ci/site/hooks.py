"""What the site has beside docs/: pages made of the code, the notebooks with what they print and draw, and the files of the
checkout that pages point to."""

import os
import posixpath
import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))

from generated import pages  # noqa: E402  # it stands beside this file
from notebooks import page_of  # noqa: E402  # likewise

PROJECT = {"CONTRIBUTING.md": "project/contributing.md", "CHANGELOG.md": "project/changelog.md", "README.md": "index.md"}
OUTSIDE = re.compile(r"\]\(((?:\.\./)+[^)#]+)(#[^)]*)?\)")


def on_files(files: Files, config: Any) -> Files:
    """Adds the pages that no file of docs/ holds."""
    for name, text in pages().items():
        files.append(File.generated(config, name, content=text))
    for path in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")):
        old = files.get_file_from_path(f"notebooks/{path.name}")
        if old is not None:
            files.remove(old)
        files.append(
            File.generated(config, f"notebooks/{path.stem}.md", content=page_of(path, run=not os.environ.get("SITE_SAMPLE")))
        )
    for source, target in PROJECT.items():
        if target.startswith("project/"):
            text = (ROOT / source).read_text(encoding="utf-8")
            files.append(File.generated(config, target, content=_moved(text)))
    return files


def _moved(text: str) -> str:
    """A page of the checkout's top, whose links go to docs/."""
    text = re.sub(r"\]\(docs/([^)]+)\)", r"](../\1)", text)
    return re.sub(r"\[([^\]]+)\]\((?!https?:|\.\./|#)[^)]+\)", r"\1", text)


def on_page_markdown(markdown: str, page: Any, **_more: Any) -> str:
    """Links that lead out of docs/ go to the site's own page of that file, or are plain text."""
    folder = posixpath.dirname(page.file.src_uri)
    if page.file.src_uri == "page.md":
        # Made by `make site` beside the pages; of a sample it isn't there.
        markdown = re.sub(r"\n\n", '\n\n<a href="convolution.html">Open the lessons.</a>\n\n', markdown, count=1)

    def changed(found: re.Match[str]) -> str:
        label, link, anchor = found[1], found[2], found[3] or ""
        where = posixpath.normpath(posixpath.join("docs", folder, link))
        if where.startswith("docs/"):
            return found[0]
        if where in PROJECT:
            return f"[{label}]({posixpath.relpath(PROJECT[where], folder or '.')}{anchor if where != 'README.md' else ''})"
        assert (ROOT / where).exists(), f"{page.file.src_uri} points to {where}, which isn't there"
        return label if label.startswith("`") else f"{label} (`{where}`)"

    return re.sub(r"\[([^\]]*)\]\(((?:\.\./)+[^)#]+)(#[^)]*)?\)", changed, markdown)
