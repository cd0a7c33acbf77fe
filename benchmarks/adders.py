"""How many adders constants take without multipliers, and which of these counts are proved to be the least.

    python benchmarks/adders.py            # the files of benchmarks/size
    python benchmarks/adders.py --prove 400000000   # the same, with as many steps for their proofs: minutes
    python benchmarks/adders.py --random   # also sets of random constants, 20 of each kind

The tables of docs/fir.md. Counts are those of a plan; seconds are of this machine's processor, of the slowest plan.
"""

import argparse
import random
import time
from pathlib import Path

from convolver.design_files import load_design
from convolver.plan.adders import summed
from convolver.plan.constants import least_adders, made_and_least, odd_constants

FILES = ("taps-8", "lowpass-31", "lowpass-64", "lowpass-64-16", "lowpass-64-20")
SAMPLES, SETS = (-(1 << 15), (1 << 15) - 1), 20


def of_files(most: int) -> None:
    print("| design | odd constants above 1 | adders | levels | of these for constants | at the least | seconds |")
    print("|---|---|---|---|---|---|---|")
    for name in FILES:
        weights = list(load_design(Path(__file__).with_name("size") / f"{name}.toml").weights)
        odd, before = odd_constants(weights), time.process_time()
        steps, least = made_and_least(odd)
        took, graph = time.process_time() - before, summed(weights, SAMPLES)
        if most:
            least = least_adders(odd, most)
        print(f"| `{name}.toml` | {len(odd)} | {len(graph.nodes)} | {graph.cycles} | {len(steps)} | {least} | {took:.1f} |")


def of_random_sets() -> None:
    print("| odd constants | bits | adders | at the least | proved | seconds |")
    print("|---|---|---|---|---|---|")
    for count in (1, 2, 4, 6, 10):
        for bits in (8, 10, 12, 14):
            draw, found, slowest = random.Random(bits), [], 0.0  # noqa: S311  # no secret
            for _ in range(SETS):
                odd, before = odd_constants(draw.sample(range(3, 1 << bits, 2), min(count, 1 << bits - 2))), time.process_time()
                steps, least = made_and_least(odd)
                slowest = max(slowest, time.process_time() - before)
                found.append((len(steps), least))
            adders, least = (sum(each) / SETS for each in zip(*found, strict=True))
            proved = sum(made == fewest for made, fewest in found)
            print(f"| {count} | {bits} | {adders:.2f} | {least:.2f} | {proved} of {SETS} | {slowest:.1f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="How many adders constants take.")
    parser.add_argument("--random", action="store_true", help="also sets of random constants")
    parser.add_argument("--prove", metavar="STEPS", type=int, default=0, help="steps for the proof of a file")
    arguments = parser.parse_args()
    of_files(arguments.prove)
    if arguments.random:
        print()
        of_random_sets()


if __name__ == "__main__":
    main()
