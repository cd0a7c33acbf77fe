"""What every path has: commands of a fresh folder, one after the other, with the time of each, as a new user types them."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["ROOT", "Walk"]

ROOT = Path(__file__).resolve().parents[2]
COMMAND = Path(sys.executable).with_name("convolver")


class Walk:
    """A path through the tools, in a folder of its own.

    Parameters
    ----------
    folder : Path
    tell : callable
        Is told each step with its seconds.
    """

    def __init__(self, folder: Path, tell: Callable[[str], object] = print) -> None:
        self.folder, self.tell = folder, tell
        self.seconds: dict[str, float] = {}
        self.left_out: list[str] = []

    def run(self, *command: object, expect: str = "") -> str:
        """Runs a command; `convolver` is the one of this environment. It must succeed, and print what is expected."""
        words = [str(word) for word in command]
        if words[0] in ("convolver", "python"):
            words[0] = str(COMMAND if words[0] == "convolver" else sys.executable)
        title = " ".join(map(str, command))
        begun = time.perf_counter()
        result = subprocess.run(
            words,
            cwd=self.folder,
            env={**os.environ, "CONVOLVER_PROGRESS": "never"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.seconds[title] = time.perf_counter() - begun
        assert result.returncode == 0, f"{title}\n{result.stdout}"
        assert expect in result.stdout, f"{title} must print {expect!r}:\n{result.stdout}"
        self.tell(f"{self.seconds[title]:7.1f} s  {title}")
        return result.stdout

    def write(self, name: str, text: str) -> None:
        """A file that the user writes."""
        (self.folder / name).write_text(text, encoding="utf-8")

    def photo(self) -> str:
        """A photo in the folder: the demo's."""
        from matplotlib import cbook

        source = Path(str(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)))
        shutil.copy(source, self.folder / "photo.jpg")
        return "photo.jpg"

    def made(self, name: str, least: int = 1) -> Path:
        """A file that must be there by now."""
        path = self.folder / name
        assert path.is_file(), f"{name} isn't there"
        assert path.stat().st_size >= least, f"{name} has {path.stat().st_size} bytes"
        return path

    def has(self, tool: str, why: str) -> bool:
        """Whether a tool is there; if not, what is left out is told."""
        if shutil.which(tool) is None:
            self.left_out.append(f"{why}, for want of {tool}")
            self.tell(f"left out: {self.left_out[-1]}")
            return False
        return True
