"""Where a core has registers for the sake of its clock, and up to which clock fewer do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["FULL_SPEED", "HX", "PACES", "Pace", "Ways", "pace_of"]


@dataclass(frozen=True, slots=True)
class Ways:
    """Registers on the ways of an array whose multipliers lie far apart, or whose samples come out of memories.

    samples : from where they are kept to the multipliers; as many on the way of loaded coefficients.
    products : from the multipliers to the adders.
    sums : from the sum of a group of lanes to the chain.
    """

    samples: int = 0
    products: int = 0
    sums: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """What signals can do in one cycle.

    Parameters
    ----------
    near_lanes : int
        Lanes of one tree, or of all copies of it, that find room near their adders; the products of more have a register of
        their own on the way.
    close_lanes : int
        Lanes of a FIR whose multipliers lie close together; of more, there are registers on these ways.
    ways : Ways
    recalled : int
        Registers between samples out of memories and the multipliers that take them as they are, and as many for coefficients.
    adder_bits : int
        Bits that are added in one cycle; wider sums are added in segments, a cycle apart, for the sake of the carry chain.
    segment_bits : int
        Bits of the widest of these segments.
    loop_segment_bits : int
        The same of sums to which more is added every cycle, whose way round is longer.
    section_bits, section_segment_bits : int
        The same of the sums of CIC filters, which are all that these have.
    hertz : float, optional
        The clock up to which that is enough; by default any that the family reaches.
    """

    near_lanes: int
    close_lanes: int
    ways: Ways
    recalled: int
    adder_bits: int
    segment_bits: int
    loop_segment_bits: int = 32
    section_bits: int = 64
    section_segment_bits: int = 32
    hertz: float | None = None

    def carry_cuts(self, width: int) -> tuple[int, ...]:
        """The lowest bit of each segment but the first of sums of so many bits; none where they are added in one cycle."""
        return _cuts(width, self.adder_bits, self.segment_bits)

    def loop_cuts(self, width: int) -> tuple[int, ...]:
        """The same of sums to which more is added every cycle."""
        return _cuts(width, self.adder_bits, min(self.segment_bits, self.loop_segment_bits))

    def section_cuts(self, width: int) -> tuple[int, ...]:
        """The same of a CIC filter's sums."""
        return _cuts(width, self.section_bits, self.section_segment_bits)


def _cuts(width: int, whole: int, widest: int) -> tuple[int, ...]:
    """The lowest bit of each segment but the first, of as many alike as none is too wide."""
    if width <= whole:
        return ()
    segment = -(-width // -(-width // widest))
    return tuple(range(segment, width, segment))


FULL_SPEED = Pace(
    near_lanes=16,
    close_lanes=16,
    ways=Ways(sums=1),
    recalled=1,
    adder_bits=24,
    segment_bits=20,
    loop_segment_bits=16,
    section_bits=16,
    section_segment_bits=8,
)
"""As fast as the device goes: where no clock is asked for."""

_FAR = 1 << 16
"""More lanes than any array has."""

# ECP5 of speed grade 6: docs/performance.md has what was placed. No open tool places 7-series, whose carry chains are faster.
_ECP5 = (
    Pace(_FAR, _FAR, Ways(), 0, adder_bits=64, segment_bits=32, hertz=100e6),
    Pace(16, 16, Ways(products=1), 0, adder_bits=64, segment_bits=32, hertz=150e6),
)

HX: tuple[Pace, ...] = (
    Pace(_FAR, _FAR, Ways(), 0, adder_bits=48, segment_bits=24, section_bits=48, section_segment_bits=24, hertz=80e6),
)
"""Those of iCE40 HX, whose signals are faster than the family's slowest, UltraPlus: docs/verilog.md has what was placed."""

PACES: Mapping[str | None, tuple[Pace, ...]] = {
    None: _ECP5,
    "ecp5": _ECP5,
    "ice40": (Pace(_FAR, _FAR, Ways(), 0, adder_bits=48, segment_bits=24, hertz=40e6),),
    "7-series": _ECP5,
}
"""The paces of each family, but for full speed, the slowest first; a plan for any device has ECP5's."""


def pace_of(paces: Iterable[Pace], hertz: float | None) -> Pace:
    """The pace of fewest registers for a clock; where none is asked for, full speed."""
    slow = (pace for pace in paces if hertz is not None and pace.hertz is not None and hertz <= pace.hertz)
    return next(slow, FULL_SPEED)
