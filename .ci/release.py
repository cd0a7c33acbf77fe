"""`make release`: builds an sdist and a wheel, checks them in a fresh environment of each Python, and says which tag to set.

    python .ci/release.py [3.11 3.12 3.13]

Without versions all three are wanted, and one that isn't on this machine is told and left out; one that is asked for must be
there. Nothing is published, and no tag is set.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ("3.11", "3.12", "3.13")
MOST_MB = 150
"""Of an installation without extras."""

BASE = """\
import sys
import convolver
from convolver.report import report_of
from convolver.sim import golden
design = convolver.FIRDesign([1, 2, 1], shift=2, output="s16")
assert golden.run(design, [0, 4, 0, 0]).tolist() == [0, 1, 2, 1]
assert report_of(design).text()
assert "amaranth" not in sys.modules
print(convolver.__version__)
"""


def run(*command: object, cwd: Path, quiet: bool = True, **environment: str) -> str:
    """Runs a command outside the checkout's reach; its output, which is shown if it fails."""
    result = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{result.stdout}\nmake release: that must succeed")
    if not quiet:
        print(result.stdout, end="")
    return result.stdout


def python_of(version: str) -> Path | None:
    """An interpreter of that version: in PATH, or of pyenv."""
    homes = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    found = [shutil.which(f"python{version}"), *sorted(homes.glob(f"{version}.*/bin/python"), reverse=True)]
    for path in filter(None, found):
        asked = [str(path), "-c", "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"]
        result = subprocess.run(asked, capture_output=True, text=True, check=False)
        if result.stdout.strip() == version:
            return Path(path)
    return None


def check_tree(version: str) -> list[str]:
    """What stands against a release of that version."""
    against = []
    if subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True).stdout:
        against.append("the working tree must be clean; commit what is there")
    tags = subprocess.run(["git", "tag", "--list"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    if f"v{version}" in tags:
        against.append(f"v{version} is tagged already; raise convolver/version.py")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    if not re.search(rf"^## {re.escape(version)}\b", changes, re.MULTILINE):
        against.append(f"CHANGELOG.md must have a part '## {version}, DATE'; what is released is under Unreleased so far")
    if not (ROOT / "tests" / "promises" / version / "api.json").exists():
        against.append("tests/promises must have the record of this version; python -m tests.promises.record writes it")
    return against


def built(folder: Path, python: Path) -> tuple[Path, Path]:
    """The wheel and the sdist."""
    tools = folder / "tools"
    run(python, "-m", "venv", tools, cwd=folder)
    run(tools / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", "setuptools>=77", cwd=folder)
    # From a clone: nothing that isn't committed gets in.
    clone = folder / "clone"
    run("git", "clone", "-q", ROOT, clone, cwd=folder)
    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    dist.mkdir()
    for what in ("wheel", "sdist"):
        code = f"from setuptools import build_meta; print(build_meta.build_{what}({str(dist)!r}))"
        run(tools / "bin" / "python", "-c", code, cwd=clone)
    (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    return wheel, sdist


def check_installed(folder: Path, python: Path, version: str, wheel: Path, sdist: Path) -> str:
    """Installs both in fresh environments, and tries them; what was found."""
    place = folder / f"base-{version}"
    run(python, "-m", "venv", place, cwd=folder)
    ours, pip = place / "bin" / "python", ("-m", "pip", "install", "-q", "--disable-pip-version-check")
    before = size(place)
    run(ours, *pip, wheel, cwd=folder)
    taken = size(place) - before
    if taken > MOST_MB:
        sys.exit(f"make release: the base must take less than {MOST_MB} MB, not {taken:.0f}")
    told = run(ours, "-c", BASE, cwd=folder).strip()
    run(place / "bin" / "convolver", "doctor", cwd=folder)
    run(ours, *pip, f"convolver[sim] @ {wheel.as_uri()}", cwd=folder)
    blur = folder / "blur.toml"
    run(place / "bin" / "convolver", "new", blur, "--filter", "blur", "--force", cwd=folder)
    run(place / "bin" / "convolver", "generate", "--design", blur, "--output", folder / "blur.v", "--testbench", cwd=folder)
    result = run(
        place / "bin" / "convolver",
        "selftest",
        "--frames",
        1,
        cwd=folder,
        CONVOLVER_CACHE=str(folder / "cache"),
        CONVOLVER_PROGRESS="never",
    )
    run(ours, *pip, "--force-reinstall", "--no-deps", sdist, cwd=folder)
    run(ours, "-c", BASE, cwd=folder)
    return f"Python {version}: convolver {told}, {taken:.0f} MB without extras; {result.strip()}"


def size(folder: Path) -> float:
    """Of a folder, in MB."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()) / 1e6


def main(wanted: list[str]) -> int:
    version = re.search(r'__version__ = "(.*)"', (ROOT / "convolver" / "version.py").read_text(encoding="utf-8"))
    assert version is not None
    pythons = {one: python_of(one) for one in wanted or PYTHONS}
    lacking = [one for one, path in pythons.items() if path is None]
    if wanted and lacking:
        sys.exit(f"make release: Python {', '.join(lacking)} isn't on this machine; install it, or leave it out of PYTHONS")
    there = {one: path for one, path in pythons.items() if path is not None}
    if not there:
        sys.exit(f"make release: none of Python {', '.join(PYTHONS)} is on this machine")
    with tempfile.TemporaryDirectory(prefix="convolver-release-") as name:
        folder = Path(name)
        wheel, sdist = built(folder, next(iter(there.values())))
        print(f"built: {wheel.relative_to(ROOT)}, {sdist.relative_to(ROOT)}")
        for one, path in there.items():
            print(check_installed(folder, path, one, wheel, sdist))
    if lacking:
        print(f"left out: Python {', '.join(lacking)}, which isn't on this machine")
    if against := check_tree(version[1]):
        print("before a release:", *against, sep="\n  - ")
        return 1
    print(f"to release it: git tag -a v{version[1]} -m 'convolver {version[1]}', then publish what is in dist/")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
