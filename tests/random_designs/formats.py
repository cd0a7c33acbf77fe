"""What random designs of any kind are made of: formats and, of linear filters, weights and an output stage."""

from convolver import Format
from convolver.formats import OVERFLOWS, ROUNDINGS

__all__ = ["some_format", "some_numbers", "some_sample", "some_weights"]


def some_format(random, low, high):
    return Format(random.randint(low, high), random.random() < 0.5)


def some_sample(random):
    """The format of the samples, and between how many bits coefficients have."""
    wide = random.choices(((1, 12), (1, 32), (31, 32)), (6, 2, 2))[0]
    return some_format(random, *wide), wide


def some_weights(random, count, wide):
    """A coefficient format and weights of it; every now and then all of them extreme, so that sums reach their bounds."""
    form = some_format(random, *wide)
    kind = random.randrange(4)
    if kind == 0:
        return form, [random.choice((form.min, form.max)) for _ in range(count)]
    if kind == 1:
        return form, [0] * (count - 1) + [form.max]
    return form, [random.randint(form.min, form.max) for _ in range(count)]


def some_numbers(random, make):
    """A design with a random output stage: `make` takes the fields that all designs share."""
    fields = {"rounding": random.choice(ROUNDINGS), "overflow": random.choice(OVERFLOWS)}
    fields["loadable"] = random.random() < 0.4
    exact = make(**fields)
    if random.random() < 0.2:
        return exact
    fields["shift"] = random.randint(0, min(exact.accumulator.width, 24))
    if random.random() < 0.7:
        # Narrower than the results, wider than them, or of the other sign.
        fields["output"] = some_format(random, 1, exact.accumulator.width + 4)
    return make(**fields)
