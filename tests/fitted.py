"""What a device of few multipliers makes of a design."""

from convolver.plan import fit, lower

__all__ = ["in_adders"]


def in_adders(design, family, available):
    """The design as a device takes it that has so many multipliers."""
    return fit.in_adders(lower(design, family), available).design
