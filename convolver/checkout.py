"""Python that is started in a checkout finds the folder `convolver` there, without the folders beside it that belong to it."""

import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["found_beside"]

BESIDE = ("hw", "host", "sim", "boards")


def found_beside(path: Sequence[str]) -> list[str]:
    """Where the other parts of the package are, if it is found in a checkout; nothing where it is installed whole."""
    here = Path(__file__).parent
    beside = str(here.parent)
    if (
        beside in path
        or (here / BESIDE[0]).is_dir()
        or not all((here.parent / folder / "__init__.py").is_file() for folder in BESIDE)
    ):
        return []
    return [beside]


sys.modules["convolver"].__path__ += found_beside(sys.modules["convolver"].__path__)
