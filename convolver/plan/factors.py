"""What the multiplier of a lane multiplies its operands by."""

from dataclasses import dataclass

from ..formats import Format, is_wiring

__all__ = ["ConstantFactor", "Factor", "WiredFactor", "constant_factor"]


@dataclass(frozen=True, slots=True)
class Factor:
    """A coefficient that comes to the multiplier, and is loaded there.

    format : of the coefficient.
    """

    format: Format

    @property
    def multiplies(self) -> bool:
        """Whether that takes a multiplier."""
        return True

    @property
    def sign(self) -> int:
        """1, or -1 where the product is made without its sign, and subtracted."""
        return 1

    def times(self, sign: int) -> "Factor":  # noqa: ARG002  # a coefficient has its own
        """What stands in the multiplier for that, 1 or -1 times the factor."""
        return self


@dataclass(frozen=True, slots=True)
class ConstantFactor(Factor):
    """A constant, inside the multiplier; its format is no wider than it has to be.

    value : the constant.
    """

    value: int

    def times(self, sign: int) -> Factor:
        return constant_factor(sign * self.value)


@dataclass(frozen=True, slots=True)
class WiredFactor(ConstantFactor):
    """A constant 0 or power of two, or the negative of one: a shift, which is wiring."""

    @property
    def multiplies(self) -> bool:
        return False

    @property
    def sign(self) -> int:
        return -1 if self.value < 0 else 1


def constant_factor(value: int) -> ConstantFactor:
    """The factor of a constant."""
    return (WiredFactor if is_wiring(value) else ConstantFactor)(Format.holding(value, value), value)
