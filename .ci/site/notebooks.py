"""Notebooks as pages: their cells run, one after the other, and what they print and draw is shown."""

import ast
import base64
import contextlib
import io
import json
from pathlib import Path
from typing import Any

__all__ = ["cells_of", "page_of", "ran"]


def cells_of(path: Path) -> list[tuple[str, str]]:
    """Kind and text of each cell."""
    plain = json.loads(path.read_text(encoding="utf-8"))
    return [(cell["cell_type"], "".join(cell["source"])) for cell in plain["cells"]]


def ran(code: str, space: dict[str, Any], name: str) -> tuple[str, list[bytes]]:
    """Runs a cell; what it printed, with the value of its last line, and the figures that it drew."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    tree = ast.parse(code)
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        if last is not None:
            tree.body.pop()
        exec(compile(tree, name, "exec"), space)  # noqa: S102  # our own notebooks
        if last is not None:
            value = eval(compile(ast.Expression(last.value), name, "eval"), space)  # noqa: S307  # likewise
            if value is not None and not code.rstrip().endswith(";"):
                print(repr(value))
    figures = []
    for number in pyplot.get_fignums():
        file = io.BytesIO()
        pyplot.figure(number).savefig(file, format="svg", bbox_inches="tight")
        figures.append(file.getvalue())
    pyplot.close("all")
    return shown.getvalue(), figures


def page_of(path: Path, *, run: bool = True) -> str:
    """The page of a notebook; its cells run, if they shall."""
    space: dict[str, Any] = {"__name__": "__main__"}
    parts = [f"*This page is the notebook `docs/notebooks/{path.name}`; its cells ran when the site was built.*"]
    for number, (kind, text) in enumerate(cells_of(path)):
        if kind == "markdown":
            parts.append(text)
            continue
        parts.append(f"```python\n{text.rstrip()}\n```")
        if not run:
            continue
        told, figures = ran(text, space, f"{path.name}, cell {number}")
        if told.strip():
            parts.append(f"```text\n{told.rstrip()}\n```")
        for figure in figures:
            packed = base64.b64encode(figure).decode()
            parts.append(f'<img alt="What the cell above draws" src="data:image/svg+xml;base64,{packed}">')
    title, *rest = parts[1:] if parts[1:] else [""]
    return "\n\n".join([title, parts[0], *rest]) + "\n"
