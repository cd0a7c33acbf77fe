"""Random changes of rate."""

import math

from convolver import ResampleDesign
from convolver.designs import SYMMETRIES

from .formats import some_numbers, some_sample, some_weights

__all__ = ["random_design"]


def random_design(random, soak=False):
    """A design; `soak` allows sizes that take seconds to compile."""
    up, down = some_rate(random, 24 if soak else 9)
    sample, wide = some_sample(random)
    taps = random.randint(1, 12 if up == 1 else max((4 if down == 1 else 2) * up, 12))
    if soak:
        taps = random.randint(1, 96)
    form, weights = some_weights(random, taps, wide)
    symmetry = random.choice(SYMMETRIES if form.signed else SYMMETRIES[:2]) if taps > 1 else "none"
    if symmetry != "none":
        sign = -1 if symmetry == "antisymmetric" else 1
        # A negative extreme has no positive counterpart: stay within both.
        reach = min(form.max, -form.min) if sign < 0 else form.max
        half = [max(min(weight, reach), -reach if sign < 0 else form.min) for weight in weights[: taps // 2]]
        middle = [0 if sign < 0 else weights[-1]] * (taps % 2)
        weights = [*half, *middle, *(sign * weight for weight in reversed(half))]
    clocks = random.choice((None, None, 1, 2, 3, down, taps))

    def make(*, loadable, **fields):
        promised = symmetry if loadable and up == 1 else None
        fields |= {"loadable": loadable, "symmetry": promised, "clocks_per_result": clocks}
        return ResampleDesign(weights, up, down, data=sample, coefficient=form, **fields)

    design = some_numbers(random, make)
    if soak and not design.loadable and form.width <= 16 and random.random() < 0.3:
        return design.replace(multipliers=0, clocks_per_result=None)  # wider constants take long to be planned
    return design


def some_rate(random, most):
    """Two numbers that share no factor: decimations and interpolations as often as others."""
    kind = random.randrange(3)
    if kind == 0:
        return 1, random.randint(1, most)
    if kind == 1:
        return random.randint(1, most), 1
    while True:
        up, down = random.randint(2, most), random.randint(2, most)
        if math.gcd(up, down) == 1:
            return up, down
