"""What the cells of a netlist come to: look-up tables, flip-flops, multipliers and block RAMs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["BLOCK_RAMS", "FLIP_FLOPS", "LUTS", "MULTIPLIERS", "Size", "size_of"]

ECP5_LUTS = {"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 6}
"""As nextpnr counts them: a carry cell is two, a LUT RAM of 16x4 four and two for its write port."""
LUTS = ECP5_LUTS | {"SB_LUT4": 1, "SRL16E": 1, "SRLC32E": 1, "RAM32M": 4, "RAM64M": 4} | {f"LUT{n}": 1 for n in range(1, 7)}
FLIP_FLOPS = ("TRELLIS_FF", "SB_DFF", "FDRE", "FDSE", "FDCE", "FDPE")
"""What their names begin with."""
MULTIPLIERS = ("MULT18X18D", "SB_MAC16", "DSP48E1")
BLOCK_RAMS = {"DP16KD": 1, "PDPW16KD": 1, "SB_RAM40_4K": 1, "RAMB36E1": 1, "RAMB18E1": 0.5}


@dataclass(frozen=True, slots=True)
class Size:
    """What a netlist is made of."""

    luts: int
    flip_flops: int
    multipliers: int
    block_rams: float


def size_of(types: Iterable[str]) -> Size:
    """The size of cells of these types."""
    count = Counter(types)
    return Size(
        sum(weight * count[name] for name, weight in LUTS.items()),
        sum(number for name, number in count.items() if name.startswith(FLIP_FLOPS)),
        sum(count[name] for name in MULTIPLIERS),
        sum(weight * count[name] for name, weight in BLOCK_RAMS.items()),
    )
