"""What a proof is: a specification, how far it goes, and the bugs that must break it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from amaranth.lib import wiring
from formal.prover import Verdict, prove, reach
from formal.seeds import Seed, planted

__all__ = ["Proof", "Result"]


@dataclass(frozen=True)
class Result:
    """What became of a proof: its verdict, and the bugs that it did not see."""

    verdict: Verdict
    reached: bool
    missed: tuple[str, ...]
    seconds: float

    @property
    def good(self) -> bool:
        return self.verdict.holds and self.reached and not self.missed


@dataclass(frozen=True)
class Proof:
    """A specification, its size in words, and its seeded bugs; `bounded` if it is followed for so many clocks only."""

    name: str
    size: str
    make: Callable[[], wiring.Component]
    covers: int
    seeds: tuple[Seed, ...] = ()
    bounded: int | None = None

    def run(self, folder: Path) -> Result:
        start = monotonic()
        folder.mkdir(parents=True, exist_ok=True)
        verdict = prove(self.make(), folder, self.bounded)
        reached = reach(self.make(), folder, self.covers)
        missed = []
        for seed in self.seeds:
            with planted(seed):
                inside = folder / seed.name.replace(" ", "-")
                inside.mkdir(exist_ok=True)
                if prove(self.make(), inside, self.bounded).holds:
                    missed.append(seed.name)
        return Result(verdict, reached, tuple(missed), monotonic() - start)
