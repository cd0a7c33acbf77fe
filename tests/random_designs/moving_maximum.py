"""Random moving maxima."""

from convolver import MovingMaximumDesign

from .formats import some_sample

__all__ = ["random_design"]


def random_design(random, soak=False):
    """A design; `soak` allows windows that take seconds to compile."""
    data, _ = some_sample(random)
    size = random.choice((1, 2, 3, random.randint(2, 9), random.randint(2, 100 if soak else 20)))
    fill = random.choice((None, data.min, data.max, random.randint(data.min, data.max)))
    return MovingMaximumDesign(size, data=data, fill=fill)
