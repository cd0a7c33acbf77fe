"""Counts the mutants that the specifications see, of all targets or those named; ``--write`` puts them into docs/mutants.md."""

import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from mutants.mutation import Mutant, Target, build, judge, same, same_results, survivors
from mutants.page import merged
from mutants.targets import TARGETS

PAGE = Path(__file__).parents[2] / "docs" / "mutants.md"
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
        if target.buffer and same_results(target, mutant, Path(folder)):
            return "kept"
        found = judge(target, mutant, Path(folder))
    if found is None:
        return "open"
    if not found.holds:
        return "broken"
    return "open" if target.bounded and not target.feeds_forward else "kept"


def report(target: Target, mutants: list[Mutant], fates: dict[Mutant, str]) -> tuple[list[list[str]], list[list[str]], bool]:
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
        rows.append([target.name, name, *map(str, numbers), f"{100 * score:.1f} %"])
    left = [
        [target.name, target.part(mutant), mutant.words, word] for mutant, word in fates.items() if word in ("broken", "open")
    ]
    return rows, left, good


def main(arguments: list[str]) -> int:
    words = [word for word in arguments if not word.startswith("-")]
    numbers = [n for n, target in enumerate(TARGETS) if not words or any(word in target.name for word in words)]
    good = True
    start = monotonic()
    with ProcessPoolExecutor(int(os.environ.get("JOBS", "2"))) as pool:
        drawn = {number: pool.submit(chance, number) for number in numbers}
        judged = {}
        for number in numbers:
            _, alive = drawn[number].result()
            judged[number] = {mutant: pool.submit(fate, number, mutant) for mutant in alive}
        for number in numbers:
            fates = {mutant: future.result() for mutant, future in judged[number].items()}
            rows, left, enough = report(TARGETS[number], drawn[number].result()[0], fates)
            good &= enough
            print(*(" | ".join(row) for row in (*rows, *left)), sep="\n", flush=True)
            if "--write" in arguments:
                write(TARGETS[number].name, rows, left)
    print(f"{monotonic() - start:.0f} s")
    return int(not good)


def write(name: str, rows: list[list[str]], left: list[list[str]]) -> None:
    """Puts a target's figures into docs/mutants.md."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=PAGE.parent)
    of = f"{commit.stdout.strip()}, {datetime.now(UTC):%Y-%m-%d}"
    PAGE.write_text(merged(PAGE.read_text(), [target.name for target in TARGETS], [name], rows, left, of))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
