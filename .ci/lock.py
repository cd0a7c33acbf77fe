"""Writes constraints.txt, or checks it: every package that pyproject.toml asks for, directly or not, at one version.

`--write` takes the versions that are installed; `--check` (the default) prints each disagreement between pyproject.toml,
constraints.txt and what is installed, and exits 1 if there is one.
"""

import argparse
import importlib.metadata
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HEADER = """\
# The exact versions that convolver is developed and tested with; `pip install --constraint` picks from them.
# Written by `make lock`; tests/test_lock.py fails if it and pyproject.toml disagree.
"""


def wanted(pyproject: Path) -> list[Requirement]:
    """Everything that pyproject.toml names, of all extras, without convolver itself."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        lines += extra
    return [item for item in map(Requirement, lines) if item.name != "convolver"]


def closure(requirements: list[Requirement]) -> dict[str, str]:
    """Name and installed version of the requirements, and of all that they require in turn."""
    versions: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    todo = list(requirements)
    while todo:
        item = todo.pop()
        name, extras = canonicalize_name(item.name), frozenset(item.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        found = importlib.metadata.distribution(name)
        versions[name] = found.version
        for line in found.requires or []:
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                todo.append(needed)
    return versions


def pinned(constraints: Path) -> dict[str, str]:
    """Name and version of each line of constraints.txt."""
    lines = [line for line in constraints.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


def disagreements(pyproject: Path, constraints: Path) -> list[str]:
    """One line for each package on which pyproject.toml, constraints.txt and the installation disagree."""
    requirements, pins = wanted(pyproject), pinned(constraints)
    found = []
    for item in requirements:
        pin = pins.get(canonicalize_name(item.name))
        if pin is None:
            found.append(f"{item.name} is in pyproject.toml, but not in constraints.txt")
        elif pin not in item.specifier:
            found.append(f"{item.name} is pinned to {pin}, but pyproject.toml wants {item.specifier}")
    try:
        installed = closure(requirements)
    except importlib.metadata.PackageNotFoundError as error:
        return [*found, f"{error.name} is not installed: run `make setup`"]
    for name, version in sorted(installed.items()):
        if pins.get(name) != version:
            found.append(f"{name} {version} is installed, but constraints.txt pins {pins.get(name)}")
    # What else is needed depends on Python's version; the list is written with the oldest.
    if sys.version_info[:2] == (3, 11):
        found += [f"{name} is pinned, but nothing needs it" for name in sorted(pins.keys() - installed.keys())]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write constraints.txt instead of checking it")
    parser.add_argument("--pyproject", type=Path, default=Path("pyproject.toml"))
    parser.add_argument("--constraints", type=Path, default=Path("constraints.txt"))
    arguments = parser.parse_args()
    if arguments.write:
        versions = closure(wanted(arguments.pyproject))
        text = "".join(f"{name}=={version}\n" for name, version in sorted(versions.items()))
        arguments.constraints.write_text(HEADER + text, encoding="utf-8")
        return 0
    found = disagreements(arguments.pyproject, arguments.constraints)
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
