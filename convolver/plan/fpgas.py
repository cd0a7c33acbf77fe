"""The FPGAs of each family that emitted Verilog may be written for, as data. A new one is one more entry of `FPGAS`."""

from dataclasses import dataclass

from ..arguments import meant
from ..errors import DesignError
from .pace import HX, Pace
from .target import Family, Target, target_of

__all__ = ["FPGA", "FPGAS", "named_fpga"]


@dataclass(frozen=True, slots=True)
class FPGA:
    """One device.

    Parameters
    ----------
    name : str
        As its maker calls it, without package and speed grade.
    family : {"ecp5", "ice40", "7-series"}
    multipliers, block_rams, single_port_rams : int
        What it has: of the families' data sheets, Lattice FPGA-DS-02012 (ECP5), FPGA-DS-02008 (iCE40 UltraPlus), FPGA-DS-02029
        (iCE40 LP/HX) and AMD DS180 (7 series). Block RAMs are of 18, 4 and 36 kbit.
    paces : tuple of Pace, optional
        What its signals can do at slower clocks; by default what those of its whole family can.
    """

    name: str
    family: Family
    multipliers: int
    block_rams: int
    single_port_rams: int = 0
    paces: tuple[Pace, ...] = ()

    @property
    def target(self) -> Target:
        """What cores for it are planned for, at full speed."""
        return target_of(self.family).on(self.single_port_rams, self.paces)


FPGAS: tuple[FPGA, ...] = (
    # The die of a 12F is a 25F's; half of its block RAM is what Lattice promises.
    FPGA("LFE5U-12F", "ecp5", 28, 32),
    *(FPGA(f"{kind}-25F", "ecp5", 28, 56) for kind in ("LFE5U", "LFE5UM", "LFE5UM5G")),
    *(FPGA(f"{kind}-45F", "ecp5", 72, 108) for kind in ("LFE5U", "LFE5UM", "LFE5UM5G")),
    *(FPGA(f"{kind}-85F", "ecp5", 156, 208) for kind in ("LFE5U", "LFE5UM", "LFE5UM5G")),
    FPGA("iCE40UP5K", "ice40", 8, 30, 4),
    FPGA("iCE40HX8K", "ice40", 0, 32, paces=HX),
    FPGA("iCE40LP8K", "ice40", 0, 32),
    FPGA("XC7A35T", "7-series", 90, 50),
    FPGA("XC7A100T", "7-series", 240, 135),
)


def named_fpga(name: str, family: Family | None = None) -> FPGA:
    """The part of that name, in small letters or capitals; package and speed grade may follow, as in ``LFE5U-85F-6BG381C``.

    Raises
    ------
    DesignError
        If there is no such FPGA, or if it is of another family than `family`.
    """
    fpga = next((fpga for fpga in FPGAS if name.upper().startswith(fpga.name.upper())), None)
    if fpga is None:
        known = [fpga.name for fpga in FPGAS]
        raise DesignError(f"Device must be one of {', '.join(known)}, not {name!r}{meant(name, known)}")
    if family not in (None, fpga.family):
        raise DesignError(f"Device must be of family {family}, and {fpga.name} is of {fpga.family}")
    return fpga
