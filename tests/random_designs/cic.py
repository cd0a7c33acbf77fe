"""Random CIC filters."""

from convolver import CICDesign, DesignError
from convolver.formats import OVERFLOWS, ROUNDINGS

from .formats import some_format, some_sample

__all__ = ["random_design"]


def random_design(random, soak=False):
    """A design; `soak` allows rates with few results."""
    while True:
        try:
            return _some(random, soak)
        except DesignError:  # sums beyond 64 bits
            continue


def _some(random, soak):
    data, _ = some_sample(random)
    change = random.choice((1, 2, 3, random.randint(2, 9), random.randint(2, 300 if soak else 20)))
    decimates = random.random() < 0.6
    fields = {
        "stages": random.choice((1, 2, 3, 4, random.randint(1, 8))),
        "down" if decimates else "up": change,
        "delay": random.randint(1, 2),
        "data": data,
        "rounding": random.choice(ROUNDINGS),
        "overflow": random.choice(OVERFLOWS),
    }
    exact = CICDesign(**fields)
    if random.random() < 0.2:
        return exact
    fields["shift"] = random.randint(0, min(exact.accumulator.width, 40))
    fields["pruned"] = decimates and random.random() < 0.5
    if random.random() < 0.7:
        fields["output"] = some_format(random, 1, exact.accumulator.width + 4)
    return CICDesign(**fields)
