"""`make paths`: walks each kind of user's path in a fresh folder, and says how long it took.

    python -m tests.paths [maker dsp_engineer radio_engineer vision_engineer teacher] [--cold]

With `--cold` no twin is in the cache, as after a clone.
"""

import importlib
import os
import sys
import tempfile
import time
from pathlib import Path

from .walk import Walk

PATHS = ("dsp_engineer", "radio_engineer", "vision_engineer", "teacher", "maker")


def main(arguments: list[str]) -> int:
    names = [name for name in arguments if not name.startswith("--")] or PATHS
    if unknown := [name for name in names if name not in PATHS]:
        print(f"make paths: a path must be one of {', '.join(PATHS)}, not {', '.join(unknown)}", file=sys.stderr)
        return 2
    failed, told = 0, []
    for name in names:
        with tempfile.TemporaryDirectory(prefix=f"convolver-{name}-") as folder:
            if "--cold" in arguments:
                os.environ["CONVOLVER_CACHE"] = str(Path(folder) / "cache")
            print(f"== {name}")
            path, begun = Walk(Path(folder)), time.perf_counter()
            try:
                importlib.import_module(f"{__package__}.{name}").walk(path)
            except AssertionError as error:
                print(f"FAILED: {error}")
                failed += 1
            told.append(f"{name:<18}{time.perf_counter() - begun:7.1f} s" + "".join(f"; {one}" for one in path.left_out))
    print("==", *told, sep="\n")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
