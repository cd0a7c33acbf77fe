"""The parts of each family that emitted Verilog may be written for, as data. A new part is one more entry of `PARTS`."""

from dataclasses import dataclass

from ..arguments import meant
from ..errors import DesignError
from .target import Family

__all__ = ["PARTS", "Part", "named_part"]


@dataclass(frozen=True, slots=True)
class Part:
    """One device.

    Parameters
    ----------
    name : str
        As its maker calls it, without package and speed grade.
    family : {"ecp5", "ice40", "7-series"}
    multipliers, block_rams, single_port_rams : int
        What it has: of the families' data sheets, Lattice FPGA-DS-02012 (ECP5), FPGA-DS-02008 (iCE40 UltraPlus), FPGA-DS-02029
        (iCE40 LP/HX) and AMD DS180 (7 series). Block RAMs are of 18, 4 and 36 kbit.
    """

    name: str
    family: Family
    multipliers: int
    block_rams: int
    single_port_rams: int = 0


PARTS: tuple[Part, ...] = (
    # The die of a 12F is a 25F's; half of its block RAM is what Lattice promises.
    Part("LFE5U-12F", "ecp5", 28, 32),
    *(Part(f"{kind}-25F", "ecp5", 28, 56) for kind in ("LFE5U", "LFE5UM", "LFE5UM5G")),
    *(Part(f"{kind}-45F", "ecp5", 72, 108) for kind in ("LFE5U", "LFE5UM", "LFE5UM5G")),
    *(Part(f"{kind}-85F", "ecp5", 156, 208) for kind in ("LFE5U", "LFE5UM", "LFE5UM5G")),
    Part("iCE40UP5K", "ice40", 8, 30, 4),
    Part("iCE40HX8K", "ice40", 0, 32),
    Part("iCE40LP8K", "ice40", 0, 32),
    Part("XC7A35T", "7-series", 90, 50),
    Part("XC7A100T", "7-series", 240, 135),
)


def named_part(name: str, family: Family | None = None) -> Part:
    """The part of that name, in small letters or capitals; package and speed grade may follow, as in ``LFE5U-85F-6BG381C``.

    Raises
    ------
    DesignError
        If there is no such part, or if it is of another family than `family`.
    """
    part = next((part for part in PARTS if name.upper().startswith(part.name.upper())), None)
    if part is None:
        known = [part.name for part in PARTS]
        raise DesignError(f"Device must be one of {', '.join(known)}, not {name!r}{meant(name, known)}")
    if family not in (None, part.family):
        raise DesignError(f"Device must be of family {family}, and {part.name} is of {part.family}")
    return part
