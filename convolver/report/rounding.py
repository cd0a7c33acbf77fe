"""What rounding adds to a result."""

from fractions import Fraction

from ..formats import Rounding

__all__ = ["rounding_error"]


def rounding_error(bits: int, rounding: Rounding) -> tuple[Fraction, Fraction]:
    """Mean and variance of what rounding adds to a result, in LSB and LSB² of the result, where `bits` bits are dropped.

    All values of the dropped bits are taken as equally frequent, and both signs of the results.

    ==================== ================== ========================================
    rounding             mean               variance
    ==================== ================== ========================================
    floor                -(1 - 2**-bits)/2  (1 - 4**-bits)/12
    half_up              2**-(bits + 1)     (1 - 4**-bits)/12
    half_even, half_away 0                  (1 + 2 * 4**-bits)/12
    toward_zero          0                  (1 - 2**-bits) * (2 - 2**-bits)/6
    ==================== ================== ========================================
    """
    if bits == 0:
        return Fraction(0), Fraction(0)
    step = Fraction(1, 1 << bits)
    match rounding:
        case "floor":
            return -(1 - step) / 2, (1 - step**2) / 12
        case "half_up":
            return step / 2, (1 - step**2) / 12
        case "half_even" | "half_away":
            return Fraction(0), (1 + 2 * step**2) / 12
        case "toward_zero":
            return Fraction(0), (1 - step) * (2 - step) / 6
