"""Settings of a PLL: from the board's oscillator to the clocks that are wanted, within what the device allows.

Every PLL here divides its input by `reference`, multiplies it by `feedback`, which gives the frequency of its oscillator (VCO),
and divides that for each output. The families differ in their limits, and in which dividers they can make.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count

from convolver.errors import BoardError
from convolver.plan.target import Family

__all__ = ["LIMITS", "PLL", "Limits", "solve"]


@dataclass(frozen=True)
class Limits:
    """What a family's PLL can do, in Hz, and where that is written.

    Parameters
    ----------
    input, detector, oscillator, output : tuple of float
        Least and most of the input, the phase detector, the VCO and the outputs.
    reference, feedback, divider : tuple of int
        Least and most of the three kinds of divider. `feedback` is all of the way from the VCO to the detector.
    outputs : int
        How many clocks it can give.
    source : str
    """

    input: tuple[float, float]
    detector: tuple[float, float]
    oscillator: tuple[float, float]
    output: tuple[float, float]
    reference: tuple[int, int]
    feedback: tuple[int, int]
    divider: tuple[int, int]
    outputs: int
    source: str


LIMITS: dict[Family, Limits] = {
    "ecp5": Limits(
        (8e6, 400e6), (10e6, 400e6), (400e6, 800e6), (3.125e6, 400e6), (1, 128), (1, 128 * 128), (1, 128), 2,
        "Lattice FPGA-DS-02012, sysCLOCK PLL timing",
    ),
    "ice40": Limits(
        (10e6, 133e6), (10e6, 133e6), (533e6, 1066e6), (8e6, 275e6), (1, 16), (1, 128), (2, 64), 2,
        "Lattice FPGA-DS-02008, sysCLOCK PLL timing",
    ),
    "7-series": Limits(
        (19e6, 800e6), (19e6, 450e6), (800e6, 1600e6), (6.25e6, 464e6), (1, 56), (2, 64), (1, 128), 2,
        "AMD DS181, PLL of speed grade 1, and its global clock buffer",
    ),
}  # fmt: skip
"""Of the slowest grade of each family. An iCE40's second output is half its first, whose least is 16 MHz."""


@dataclass(frozen=True)
class PLL:
    """A PLL's setting.

    Parameters
    ----------
    family : {"ecp5", "ice40", "7-series"}
    input_hz : int
    reference, feedback : int
        Dividers of the input and of the VCO on its way to the phase detector.
    dividers : tuple of int
        Of the outputs.
    """

    family: Family
    input_hz: int
    reference: int
    feedback: int
    dividers: tuple[int, ...]

    @property
    def detector(self) -> Fraction:
        """Frequency at the phase detector, in Hz."""
        return Fraction(self.input_hz, self.reference)

    @property
    def oscillator(self) -> Fraction:
        """Frequency of the VCO, in Hz."""
        return self.detector * self.feedback

    @property
    def outputs(self) -> tuple[Fraction, ...]:
        """Frequencies of the outputs, in Hz."""
        return tuple(self.oscillator / divider for divider in self.dividers)


def solve(family: Family, input_hz: int, wanted: Sequence[int]) -> PLL:
    """Finds the setting whose outputs come closest to `wanted`, none of them above it.

    Closest is the least sum of what the outputs miss, as a part of what was wanted; of equal ones the one whose detector, then
    VCO, runs fastest, which jitter least.

    Parameters
    ----------
    family : {"ecp5", "ice40", "7-series"}
    input_hz : int
        The board's oscillator.
    wanted : sequence of int
        One or two frequencies. On iCE40 the second is half of the first at the most.

    Raises
    ------
    BoardError
        If no setting comes within a tenth of each.
    """
    best: PLL | None = None
    for pll in _settings(family, input_hz, wanted):
        if best is None or _worth(pll, wanted) > _worth(best, wanted):
            best = pll
    if best is None:
        asked = " and ".join(f"{hertz / 1e6:g}" for hertz in wanted)
        raise BoardError(f"A clock must be one that the PLL makes of {input_hz / 1e6:g} MHz, within a tenth, not {asked} MHz")
    return best


def _worth(pll: PLL, wanted: Sequence[int]) -> tuple[Fraction, Fraction, Fraction]:
    missed = sum((1 - got / asked for got, asked in zip(pll.outputs, wanted, strict=True)), Fraction(0))
    return -missed, pll.detector, pll.oscillator


def _settings(family: Family, input_hz: int, wanted: Sequence[int]) -> Iterator[PLL]:
    """All settings within the limits whose outputs are at most what is wanted, and at least nine tenths of it."""
    limits = LIMITS[family]
    if not limits.input[0] <= input_hz <= limits.input[1] or not 1 <= len(wanted) <= limits.outputs:
        return
    for reference in range(limits.reference[0], limits.reference[1] + 1):
        detector = Fraction(input_hz, reference)
        if not limits.detector[0] <= detector <= limits.detector[1]:
            continue
        for feedback in count(max(limits.feedback[0], -(-int(limits.oscillator[0]) // detector))):
            oscillator = detector * feedback
            if oscillator > limits.oscillator[1] or feedback > limits.feedback[1]:
                break
            dividers = _dividers(family, oscillator, wanted)
            pll = PLL(family, input_hz, reference, feedback, dividers)
            pairs = zip(pll.outputs, wanted, strict=True)
            if (
                all(limits.divider[0] <= divider <= limits.divider[1] for divider in dividers)
                and all(
                    limits.output[0] <= got <= limits.output[1] and asked * 9 <= got * 10 <= asked * 10 for got, asked in pairs
                )
                and _can_feed_back(pll)
            ):
                yield pll


def _dividers(family: Family, oscillator: Fraction, wanted: Sequence[int]) -> tuple[int, ...]:
    """The least dividers that give no more than is wanted; on iCE40 powers of two, and the second output half of the first."""
    dividers = [-(-oscillator // hertz) for hertz in wanted]
    if family == "ice40":
        first = 1 << (max(dividers[0], 1) - 1).bit_length()
        return (first, 2 * first)[: len(wanted)]
    return tuple(dividers)


def _can_feed_back(pll: PLL) -> bool:
    """ECP5's feedback comes from its first output, through one more divider."""
    return pll.family != "ecp5" or (pll.feedback % pll.dividers[0] == 0 and pll.feedback // pll.dividers[0] <= 128)
