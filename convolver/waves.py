"""Where the waves of a twin go: a file that a viewer opens, with views beside it, or text."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from . import atomic
from .errors import FileError, ToolError

if TYPE_CHECKING:
    from .sim.twin.waves import Waves

__all__ = ["check_waves", "write_waves"]

ENDINGS = (".vcd", ".fst")


def check_waves(path: Path) -> None:
    """Refuses a file of waves that couldn't be written, before anything is compiled.

    Raises
    ------
    FileError
        If it ends otherwise, or can't be written.
    ToolError
        If an FST is asked for, and vcd2fst, which makes it, isn't there.
    """
    if path.suffix.lower() not in ENDINGS:
        raise FileError(f"Waves must go to a file that ends with .vcd or .fst, not {path.name!r}")
    atomic.check(path, "Waves")
    if path.suffix.lower() == ".fst" and shutil.which("vcd2fst") is None:
        raise ToolError(
            "Waves as FST need vcd2fst, which comes with GTKWave (Debian: apt install gtkwave); or name a .vcd file"
        )


def write_waves(path: Path, waves: Waves) -> list[Path]:
    """Writes the waves and the views beside them; gives the files' names.

    Raises
    ------
    FileError
        If a file can't be written.
    ToolError
        If vcd2fst fails.
    """
    from .sim.twin.waves import kept_files

    views: dict[Path, bytes | str] = {path.with_name(name): text for name, text in kept_files(waves, path.stem, path.name)}
    content: bytes | str = waves.vcd()
    if path.suffix.lower() == ".fst":
        content = _fst(str(content))
    atomic.write({path: content, **views}, "Waves")
    return [path, *views]


def _fst(vcd: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="convolver-") as folder:
        source, target = Path(folder, "waves.vcd"), Path(folder, "waves.fst")
        source.write_text(vcd, encoding="ascii")
        result = subprocess.run(["vcd2fst", source, target], capture_output=True, text=True, check=False)
        if result.returncode or not target.exists():
            said = (result.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise ToolError(f"vcd2fst must succeed, and ended with exit code {result.returncode}: {said}")
        return target.read_bytes()
