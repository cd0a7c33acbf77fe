"""Targets: what a device family offers a core, as data. A new family is one more entry of `TARGETS`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise, starmap
from typing import Literal, get_args

from ..arguments import meant, positive
from ..errors import DesignError
from ..formats import Format
from .pace import FULL_SPEED, PACES, Pace, pace_of

__all__ = [
    "FAMILIES",
    "ICE40_RAM",
    "MULTIPLIER_LATENCY",
    "SERIES7_CASCADE",
    "TARGETS",
    "Cascade",
    "Family",
    "SinglePortRAM",
    "Target",
    "TargetLike",
    "target_of",
]

Family = Literal["ecp5", "ice40", "7-series"]
"""Device families with primitives of their own."""

FAMILIES: tuple[Family, ...] = get_args(Family)

MULTIPLIER_LATENCY = 3
"""Cycles of a hard multiplier with its input, pipeline and output registers on; the same on all families."""


@dataclass(frozen=True, slots=True)
class Cascade:
    """Adders inside the multiplier blocks, each adding its product to the sum of the block before.

    factors : bits, signed, of the two factors; the pre-adder stands before the first.
    sum_width : bits, signed, of the sum.
    """

    factors: tuple[int, int]
    sum_width: int


@dataclass(frozen=True, slots=True)
class SinglePortRAM:
    """Large single-port RAMs for long lines.

    width : bits of a word.
    from_bits : the largest line buffer, in bits, that stays in block RAM.
    side_by_side : most RAMs that one bank may have; a line buffer takes two banks.
    """

    width: int
    from_bits: int
    side_by_side: int


@dataclass(frozen=True, slots=True)
class Target:
    """What a core is planned for.

    Parameters
    ----------
    family : {"ecp5", "ice40", "7-series"} or None
        None is any device: a plan that every family can follow, made with ECP5's multipliers.
    factors : (int, int)
        Bits of the factors that one hard multiplier takes.
    signed_only : bool
        Whether these are signed; an unsigned factor then has a bit less.
    paired_width : int
        Bits of the factors of which two products share one multiplier; 0 if none do.
    cascade : Cascade, optional
        Adders between the multiplier blocks.
    single_port : SinglePortRAM, optional
        Large RAMs for long lines.
    slow_ram : bool
        Whether samples out of block RAM have a register in front of a pre-adder.
    caution : str
        What the synthesis of its multipliers has to leave alone; nothing where all tools do.
    paces : tuple of Pace
        What signals can do at slower clocks: see `PACES`.
    pace : Pace
        What signals can do in a cycle of the clock that was asked for.
    places : bool
        Whether a filter's multipliers may take their places on a device.
    """

    family: Family | None
    factors: tuple[int, int]
    signed_only: bool = False
    paired_width: int = 0
    cascade: Cascade | None = None
    single_port: SinglePortRAM | None = None
    slow_ram: bool = True
    caution: str = ""
    paces: tuple[Pace, ...] = ()
    pace: Pace = FULL_SPEED
    places: bool = True

    def at(self, hertz: float | None) -> "Target":
        """The same devices at a clock: the slower, the fewer registers a core needs; by default as fast as they go.

        Raises
        ------
        DesignError
            If it isn't positive.
        """
        return replace(self, pace=pace_of(self.paces, None if hertz is None else positive("Clock", hertz)))

    def on(self, single_port_rams: int, paces: tuple[Pace, ...] = ()) -> "Target":
        """The same on one device: without large single-port RAMs lines lie in block RAM; it may have paces of its own."""
        return replace(self, single_port=self.single_port if single_port_rams else None, paces=paces or self.paces)

    def pieces(self, a: Format, b: Format) -> tuple[tuple[range, ...], tuple[range, ...]]:
        """The bits that either factor is cut into, lowest first, so that the fewest hard multipliers take all the products.

        All pieces but the topmost are unsigned; where multipliers take signed numbers only, these have a bit less.
        """

        def cut(factor: Format, widest: int) -> tuple[range, ...]:
            low = widest - self.signed_only
            top = widest if factor.signed else low
            starts = [0]
            while factor.width - starts[-1] > top:
                starts.append(starts[-1] + low)
            return tuple(starmap(range, pairwise([*starts, factor.width])))

        sides = self.factors
        return min(
            ((cut(a, one), cut(b, other)) for one, other in (sides, sides[::-1])), key=lambda way: len(way[0]) * len(way[1])
        )

    def multiplier_latency(self, a: Format, b: Format) -> int:
        """Cycles of a multiplication: one more for each level of the trees that add the products of the factors' pieces."""
        return MULTIPLIER_LATENCY + sum((len(cut) - 1).bit_length() for cut in self.pieces(a, b))

    def pairs(self, a: Format, b: Format) -> bool:
        """Whether two products of such factors share one multiplier."""
        return max(a.width, b.width) <= self.paired_width

    def cascades(self, operand: Format, coefficient: Format, total: Format, *, pre_added: bool) -> bool:
        """Whether a sum of such products runs through the multipliers' own adders."""
        if self.cascade is None:
            return False
        signed = [fmt.width + (not fmt.signed) for fmt in (operand, coefficient)]
        sides = self.cascade.factors
        ways = [sides] if pre_added else [sides, sides[::-1]]
        fits = any(all(map(int.__le__, signed, way)) for way in ways)
        return fits and total.width + (not total.signed) <= self.cascade.sum_width


SERIES7_CASCADE = Cascade((25, 18), 48)
"""The DSP48E1's."""

# A line buffer of more than 8 of a UP5K's 30 block RAMs lies in its single-port RAMs: link, registers and output buffer take
# 14, and the coefficients of a folded kernel one for each of the 8 multipliers. Two words side by side are the most that two
# banks of the four RAMs hold.
ICE40_RAM = SinglePortRAM(16, 8 * 4096, 2)
"""iCE40 UltraPlus'."""

NO_INFERENCE = "Yosys must read it without -dsp (synth_ice40), which would take the registers of SB_MAC16 away."
"""YosysHQ/yosys#2922 is about the same."""

TARGETS: Mapping[Family | None, Target] = {
    None: Target(None, (18, 18), paces=PACES[None]),
    "ecp5": Target("ecp5", (18, 18), paces=PACES["ecp5"]),
    "ice40": Target("ice40", (16, 16), paired_width=8, single_port=ICE40_RAM, caution=NO_INFERENCE, paces=PACES["ice40"]),
    "7-series": Target(
        "7-series", (25, 18), signed_only=True, cascade=SERIES7_CASCADE, slow_ram=False, paces=PACES["7-series"]
    ),
}
"""The targets, by their family's name; None is any device."""


TargetLike = Family | Target | None
"""A target, or a family's at full speed; None is any device."""


def target_of(family: "str | Target | None") -> Target:
    """The target of a family at full speed; a target itself.

    Raises
    ------
    DesignError
        If there is no such family.
    """
    if isinstance(family, Target):
        return family
    if family is not None and family not in FAMILIES:
        raise DesignError(f"Family must be one of {', '.join(FAMILIES)}, not {family!r}{meant(family, FAMILIES)}")
    return TARGETS[family]
