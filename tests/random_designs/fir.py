"""Random FIR filters."""

from convolver import FIRDesign
from convolver.designs import SYMMETRIES

from .formats import some_numbers, some_sample, some_weights

__all__ = ["random_design", "some_fir"]


def random_design(random, soak=False):
    """A design; `soak` allows sizes that take seconds to compile."""
    return some_fir(random, *some_sample(random), soak)


def some_fir(random, sample, wide, soak):
    """A FIR of any taps."""
    return some_numbers(random, some_taps(random, random.randint(1, 64 if soak else 12), sample, wide))


def some_taps(random, taps, sample, wide):
    """Makes a FIR of any taps, or of as many with a symmetry, folded over clocks or not."""
    form, weights = some_weights(random, taps, wide)
    symmetry = random.choice(SYMMETRIES if form.signed else SYMMETRIES[:2]) if taps > 1 else "none"
    if symmetry != "none":
        sign = -1 if symmetry == "antisymmetric" else 1
        # A negative extreme has no positive counterpart: stay within both.
        reach = min(form.max, -form.min) if sign < 0 else form.max
        half = [max(min(weight, reach), -reach if sign < 0 else form.min) for weight in weights[: taps // 2]]
        middle = [0 if sign < 0 else weights[-1]] * (taps % 2)
        weights = [*half, *middle, *(sign * weight for weight in reversed(half))]
    clocks = random.choice((1, 1, 2, 3, 8, taps))

    def make(*, loadable, **fields):
        promised = symmetry if loadable else None
        fields |= {"loadable": loadable, "symmetry": promised, "clocks_per_sample": clocks}
        return FIRDesign(weights, data=sample, coefficient=form, **fields)

    return make
