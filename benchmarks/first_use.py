"""The first ten minutes, measured: a base install's size and import time, and the first and the next picture from a clone.

    python benchmarks/first_use.py                  # install and import
    python benchmarks/first_use.py --clone          # also `make demo` in a fresh clone, with nothing cached, and once more

It installs this checkout with pip into fresh environments in a temporary folder. Downloads count where pip has no cache.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMPORTS = 7


def timed(*command: object, cwd: Path, **environment: str) -> float:
    """Seconds of a command, which must succeed."""
    begun = time.perf_counter()
    subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        check=True,
        stdout=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | environment,
    )
    return time.perf_counter() - begun


def both_times(*command: object, cwd: Path, **environment: str) -> tuple[float, float]:
    """Seconds of a command, and those that it computes, whatever else the machine does."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = timed(*command, cwd=cwd, **environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def size(folder: Path) -> float:
    """Of a folder's files, in MB."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()) / 1e6


def install(folder: Path) -> None:
    """Installs the base, and imports it."""
    place = folder / "base"
    timed(sys.executable, "-m", "venv", place, cwd=folder)
    python, before = place / "bin" / "python", size(place)
    clone = folder / "source"
    timed("git", "clone", "-q", ROOT, clone, cwd=folder)
    seconds = timed(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", clone, cwd=folder)
    print(f"pip install .: {size(place) - before:.0f} MB in {seconds:.1f} s")
    nothing, imported = (
        statistics.median(both_times(python, "-c", code, cwd=folder)[1] for _ in range(IMPORTS))
        for code in ("pass", "import convolver")
    )
    print(
        f"import convolver: {imported - nothing:.2f} s of processor time, median of {IMPORTS}, "
        f"less Python's own {nothing:.2f} s"
    )


def first_picture(folder: Path) -> None:
    """`make demo` after a clone, and again."""
    clone = folder / "clone"
    timed("git", "clone", "-q", ROOT, clone, cwd=folder)
    fresh = {"CONVOLVER_CACHE": str(folder / "cache"), "PIP_CACHE_DIR": str(folder / "pip")}
    for when in ("after a clone with nothing cached", "the next time"):
        seconds, computed = both_times("make", "demo", cwd=clone, **fresh)
        print(f"make demo {when}: {seconds:.1f} s, of them {computed:.1f} s of processor time")


def main() -> None:
    parser = argparse.ArgumentParser(prog=Path(__file__).name, description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--clone", action="store_true", help="also make demo in a fresh clone, twice")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="convolver-first-use-") as name:
        install(Path(name))
        if arguments.clone:
            first_picture(Path(name))


if __name__ == "__main__":
    main()
