"""Random specifications of filters, one process for many: ``python tests/filter_cases.py FIRST COUNT``.

Prints the number of each case before it is tried, so that whoever runs it sees which one ended the process, and for each what
is wrong, one line each. What a filter states is checked with `scipy.signal.freqz`, on a grid of its own.
"""

import math
import sys
from typing import Any

import numpy as np
import scipy.signal

from convolver import ConvolverError, FIRDesign

KINDS = ("lowpass", "highpass", "bandpass", "halfband", "hilbert")
POINTS = 4001
TOLERANCE_DB = 2e-3
"""Of what a grid of that many points misses."""
NOTHING = 1e-10
"""Gains below this are rounding errors."""


def case(number: int) -> tuple[str, dict[str, Any]]:
    """A method and its arguments: sensible ones, and edges close to each other, to 0 and to half the sampling rate."""
    random = np.random.default_rng(number)
    kind = KINDS[number % len(KINDS)]
    fs = float(random.choice([1.0, 2.0, 8000.0, 44_100.0, 48_000.0, 1e6, 10 ** random.uniform(-6, 12)]))
    limit = fs / 4 if kind in ("halfband", "hilbert") else fs / 2

    def edge() -> float:
        distance = 10 ** random.uniform(-5 if random.random() < 0.7 else -12, 0)
        plain = random.random() if random.random() < 0.5 else distance if random.random() < 0.5 else 1 - distance
        return float(plain * limit)

    edges = sorted(edge() for _ in range(4))
    if random.random() < 0.2:  # nearly the same
        edges[1] = edges[0] * (1 + 10 ** random.uniform(-9, -1))
    arguments: dict[str, Any] = {"fs": fs}
    if kind == "bandpass":
        arguments |= {"passband": (edges[1], edges[2]), "stopband": (edges[0], edges[3])}
    elif kind in ("lowpass", "highpass"):
        low, high = sorted(random.choice(edges, 2, replace=False).tolist())
        arguments |= {"passband": low, "stopband": high} if kind == "lowpass" else {"passband": high, "stopband": low}
    else:
        arguments["passband"] = edges[int(random.integers(4))]
    if kind in KINDS[:3] and random.random() < 0.15:
        cutoff = (edges[0], edges[3]) if kind == "bandpass" else edges[1]
        arguments = {"fs": fs, "cutoff": cutoff, "taps": int(random.integers(1, 258))}
    given = bool(random.random() < 0.6)
    if given:
        most = int(random.choice([16, 64]))
        arguments.setdefault("taps", int(random.choice([random.integers(3, 4 * most + 1), random.integers(0, most) * 4 + 3])))
    if random.random() < (0.3 if given else 0.95):
        arguments["ripple_db"] = float(10 ** random.uniform(-4, 1))
    if kind != "hilbert" and random.random() < (0.3 if given else 0.95):
        arguments["attenuation_db"] = float(10 ** random.uniform(0, 2.2))
    if random.random() < 0.7:
        formats = ["s4", "s8", "s12", "s18", "s24", "s32", "s32", "s32", "s32", "q1_15", "q1_31", "q2_6"]
        arguments["coefficient"] = str(random.choice(formats))
    return kind, arguments


def wrong(kind: str, arguments: dict[str, Any]) -> str | None:
    """What isn't as it must be with these arguments; none of a filter that is as it says, and of a refusal in one line."""
    try:
        design = getattr(FIRDesign, kind)(**arguments)
    except ConvolverError as error:
        return f"lines: {error}" if "\n" in str(error) else None
    found = design.specified
    taps = np.array(design.coefficients, float) / 2.0**design.shift
    if len(taps) != arguments.get("taps", len(taps)):
        return f"{len(taps)} taps"
    if np.count_nonzero(taps) < 2:
        return "a single tap"

    def gains(low: float, high: float) -> Any:
        return np.abs(scipy.signal.freqz(taps, worN=np.linspace(low, high, POINTS), fs=found.fs)[1])

    passed = gains(*found.passband)
    stopped = max((gains(*band).max() for band in found.stopbands), default=0.0)
    ripple = 20 * math.log10(passed.max() / passed.min())
    attenuation = -20 * math.log10(stopped) if stopped > NOTHING else math.inf
    if not passed.min() > stopped:
        return f"passes {passed.min()}, stops {stopped}"
    if not ripple <= found.ripple_db + TOLERANCE_DB <= arguments.get("ripple_db", math.inf) + TOLERANCE_DB:
        return f"ripple {ripple}, {found.ripple_db} stated"
    if found.attenuation_db is not None:
        asked = arguments.get("attenuation_db", -math.inf)
        if not attenuation >= found.attenuation_db - TOLERANCE_DB >= asked - TOLERANCE_DB:
            return f"attenuation {attenuation}, {found.attenuation_db} stated"
    return None


if __name__ == "__main__":
    first, count = map(int, sys.argv[1:])
    for number in range(first, first + count):
        print(number, end="", flush=True)
        kind, arguments = case(number)
        told = wrong(kind, arguments)
        print(f" {kind}({arguments}): {told}" if told else "", flush=True)
    print("done")
