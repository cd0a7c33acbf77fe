"""The boards, as data: device, clock, link, what the device holds, and a design that suits it.

A new board is one entry in `BOARDS`; pins come from its amaranth-boards platform. No physical board has been run yet.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from convolver.designs import Conv2DDesign, FIRDesign
from convolver.errors import BoardError
from convolver.formats import s8, u8
from convolver.schedule import Family as Hardware

__all__ = ["BOARDS", "Board", "Family", "Uart", "get", "names"]

Family = Literal["ecp5", "ice40", "xilinx7"]


@dataclass(frozen=True)
class Uart:
    """A board's serial link.

    Parameters
    ----------
    bridge : str
        The chip between the UART's pins and USB.
    baud : int
        Rate that the bitstream is built for. The bridge divides to it exactly, and the divisor of the board's clock,
        which may be a fraction, is 4 or more.
    """

    bridge: str
    baud: int


@dataclass(frozen=True)
class Board:
    """One board.

    Parameters
    ----------
    name : str
        What ``convolver build --board`` takes.
    title : str
        What its maker calls it.
    platform : str
        Module and class of its amaranth-boards platform.
    family : {"ecp5", "ice40", "xilinx7"}
        Decides tools, primitives and limits.
    device, package, speed : str
        As the platform names them; `speed` is empty where the device has one grade only.
    clock_hz : int
        The oscillator, which the core runs at.
    luts, flip_flops : int
        Look-up tables and flip-flops of the device. These and what follows are of the families' data sheets, Lattice
        FPGA-DS-02012 (ECP5), FPGA-DS-02008 (iCE40 UltraPlus) and AMD DS180 (7 series); nextpnr counts the same, but of AMD's.
    multipliers : int
        Hard multipliers.
    multiplier_widths : tuple of int
        Bits of their two signed operands.
    block_rams, block_ram_bits : int
        Block RAMs, and bits of each.
    uart : Uart
    design : FIRDesign or Conv2DDesign
        What is built when no design is named.
    """

    name: str
    title: str
    platform: str
    family: Family
    device: str
    package: str
    speed: str
    clock_hz: int
    luts: int
    flip_flops: int
    multipliers: int
    multiplier_widths: tuple[int, int]
    block_rams: int
    block_ram_bits: int
    uart: Uart
    design: FIRDesign | Conv2DDesign

    @property
    def hardware(self) -> Hardware:
        """The family by the name that schedules know it by."""
        return "7-series" if self.family == "xilinx7" else self.family

    @property
    def divisor(self) -> Fraction:
        """Clocks a bit of the link."""
        return Fraction(self.clock_hz, self.uart.baud)


GAUSSIAN_3 = ((1, 2, 1), (2, 4, 2), (1, 2, 1))
GAUSSIAN_5 = ((1, 4, 6, 4, 1), (4, 16, 24, 16, 4), (6, 24, 36, 24, 6), (4, 16, 24, 16, 4), (1, 4, 6, 4, 1))

BOARDS: tuple[Board, ...] = (
    Board(
        name="ulx3s-85f",
        title="ULX3S 85F",
        platform="amaranth_boards.ulx3s:ULX3S_85F_Platform",
        family="ecp5",
        device="LFE5U-85F",
        package="BG381",
        speed="6",
        clock_hz=25_000_000,
        luts=83_640,
        flip_flops=83_640,
        multipliers=156,
        multiplier_widths=(18, 18),
        block_rams=208,
        block_ram_bits=18_432,
        uart=Uart("FT231X", 3_000_000),
        design=Conv2DDesign(GAUSSIAN_5, coefficient=s8, output=u8, shift=8, boundary="edge", loadable=True),
    ),
    Board(
        name="icebreaker",
        title="iCEBreaker",
        platform="amaranth_boards.icebreaker:ICEBreakerPlatform",
        family="ice40",
        device="iCE40UP5K",
        package="SG48",
        speed="",
        clock_hz=12_000_000,
        luts=5_280,
        flip_flops=5_280,
        multipliers=8,
        multiplier_widths=(16, 16),
        block_rams=30,
        block_ram_bits=4_096,
        uart=Uart("FT2232H", 3_000_000),
        design=Conv2DDesign(GAUSSIAN_3, output=u8, shift=4, boundary="edge"),
    ),
    Board(
        name="arty-a7-35",
        title="Arty A7-35",
        platform="amaranth_boards.arty_a7:ArtyA7_35Platform",
        family="xilinx7",
        device="xc7a35ti",
        package="csg324",
        speed="1L",
        clock_hz=100_000_000,
        luts=20_800,
        flip_flops=41_600,
        multipliers=90,
        multiplier_widths=(25, 18),
        block_rams=50,
        block_ram_bits=36_864,
        uart=Uart("FT2232H", 4_000_000),
        design=Conv2DDesign(GAUSSIAN_3, coefficient=s8, output=u8, shift=4, boundary="edge", loadable=True),
    ),
)


def names() -> tuple[str, ...]:
    """Names of all boards."""
    return tuple(board.name for board in BOARDS)


def get(name: str) -> Board:
    """The board of that name.

    Raises
    ------
    BoardError
        If no board is called so.
    """
    for board in BOARDS:
        if board.name == name:
            return board
    raise BoardError(f"Board must be one of {', '.join(names())}, not {name!r}")
