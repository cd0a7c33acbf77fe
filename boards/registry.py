"""The boards, as data: device, clock, link, what the device holds, and a design that suits it.

A new board is one entry in `BOARDS`; pins come from its amaranth-boards platform, but for a FIFO's. No physical board has been
run yet.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from convolver.arguments import meant
from convolver.designs import Conv2DDesign, Design
from convolver.errors import BoardError
from convolver.formats import s8, u8
from convolver.plan.fpgas import named_fpga
from convolver.plan.target import Family, Target

__all__ = ["BOARDS", "Board", "Family", "Fifo", "Programmer", "Uart", "get", "names"]


@dataclass(frozen=True)
class Uart:
    """A board's serial link.

    Parameters
    ----------
    bridge : str
        The chip between the UART's pins and USB.
    baud : int
        Rate that the bitstream is built for: the fastest of the bridge's, which it divides to exactly.
    adapter : str, optional
        Where the board has no such chip: how one is connected.
    """

    bridge: str
    baud: int
    adapter: str = ""

    def __str__(self) -> str:
        return f"{self.bridge} UART, {self.baud / 1e6:g} Mbaud"

    @property
    def bytes_per_second(self) -> Fraction:
        """Each way."""
        return Fraction(self.baud, 10)


@dataclass(frozen=True)
class Fifo:
    """A board's link over FTDI's asynchronous 245 FIFO: eight data pins for both ways, strobes and status.

    Parameters
    ----------
    bridge : str
        The chip behind these pins.
    bytes_per_second : int
        What it takes in this mode at most, by FTDI's data sheets.
    data : str
        Its data pins on the device, the lowest first.
    rxf, txe, rd, wr, siwu : str
        The others, all active low.
    standard : str
        The pins' electrical standard, by its name in Vivado.
    eeprom : str
        What the bridge's EEPROM must be set to.
    """

    bridge: str
    bytes_per_second: int
    data: str
    rxf: str
    txe: str
    rd: str
    wr: str
    siwu: str
    standard: str
    eeprom: str

    def __str__(self) -> str:
        return f"{self.bridge} FIFO, {self.bytes_per_second / 1e6:g} MB/s"


@dataclass(frozen=True)
class Programmer:
    """A program that loads a board's bitstream, and its arguments.

    ``{file}`` stands for the bitstream, ``{script}`` for a Tcl script with which Vivado loads it. None has been tried on a
    physical board.
    """

    tool: str
    arguments: tuple[str, ...]


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
    family : {"ecp5", "ice40", "7-series"}
        Decides tools, primitives and limits.
    device, package, speed : str
        As the platform names them; `speed` is empty where the device has one grade only.
    clock_hz : int
        The oscillator.
    core_hz : int
        The fastest clock that its own design's core was found to close at, unless another is asked for.
    luts, flip_flops : int
        Look-up tables and flip-flops of the device. These and what follows are of the families' data sheets, Lattice
        FPGA-DS-02012 (ECP5), FPGA-DS-02008 (iCE40 UltraPlus), FPGA-DS-02029 (iCE40 LP/HX) and AMD DS180 (7 series); nextpnr
        counts the same, but of AMD's.
    multipliers : int
        Hard multipliers.
    multiplier_widths : tuple of int
        Bits of their two signed operands.
    block_rams, block_ram_bits : int
        Block RAMs, and bits of each.
    link : Uart or Fifo
    programmers : tuple of Programmer
        Those that can, the most usual first.
    design : Design
        What is built when no design is named.
    link_hz : int, optional
        The link's clock, of the PLL's second output; by default it is the oscillator. On iCE40 it is the core's.
    slots : int
        Frames of 256 bytes in either ring of the link: what travels while an answer is on its way.
    single_port_rams : int
        Large RAMs with a single port, which only iCE40 UltraPlus has.
    at_pll : bool
        Whether the oscillator's pin is the PLL's own; of an iCE40, whose PLL takes its input in another way then.
    """

    name: str
    title: str
    platform: str
    family: Family
    device: str
    package: str
    speed: str
    clock_hz: int
    core_hz: int
    luts: int
    flip_flops: int
    multipliers: int
    multiplier_widths: tuple[int, int]
    block_rams: int
    block_ram_bits: int
    link: Uart | Fifo
    programmers: tuple[Programmer, ...]
    design: Design
    link_hz: int | None = None
    slots: int = 8
    single_port_rams: int = 0
    at_pll: bool = True

    @property
    def target(self) -> Target:
        """What its cores are planned for: its device, at full speed."""
        return named_fpga(self.device).target


GAUSSIAN_3 = ((1, 2, 1), (2, 4, 2), (1, 2, 1))
GAUSSIAN_5 = ((1, 4, 6, 4, 1), (4, 16, 24, 16, 4), (6, 24, 36, 24, 6), (4, 16, 24, 16, 4), (1, 4, 6, 4, 1))

_LOADABLE_3 = Conv2DDesign(GAUSSIAN_3, coefficient=s8, output=u8, shift=4, boundary="edge", loadable=True)
_LOADABLE_5 = Conv2DDesign(GAUSSIAN_5, coefficient=s8, output=u8, shift=8, boundary="edge", loadable=True)

_ECPPROG = Programmer("ecpprog", ("-S", "{file}"))
_VIVADO = Programmer("vivado", ("-mode", "batch", "-nolog", "-nojournal", "-source", "{script}", "-tclargs", "{file}"))


def _loader(*how: str) -> Programmer:
    return Programmer("openFPGALoader", (*how, "{file}"))


_HIGH_SPEED = Uart("FT2232H", 12_000_000)

# The rate by FTDI's DS_FT232H 2.1 (the FT2232H has two such channels); the pins by the maker's own table, PtV2TopPin.kt of
# Alchitry-Labs-V2, as in amaranth-boards' resource two of them are one. RD#, WR# and SIWU# are in bank 13.
_ALCHITRY = Fifo(
    bridge="FT2232H",
    bytes_per_second=8_000_000,
    data="AA20 AA21 W21 W22 Y21 Y22 F15 U7",
    rxf="F21",
    txe="T3",
    rd="T16",
    wr="U16",
    siwu="Y17",
    standard="LVCMOS33",
    eeprom="channel B: hardware 245 FIFO, driver virtual COM port",
)


@dataclass(frozen=True)
class _ECP5:
    """What an ECP5 holds, by Lattice FPGA-DS-02012."""

    luts: int
    multipliers: int
    block_rams: int

    def board(self, **fields: Any) -> Board:
        """A board with this device, and the 5x5 that every one of them holds."""
        return Board(
            family="ecp5",
            luts=self.luts,
            flip_flops=self.luts,
            multipliers=self.multipliers,
            multiplier_widths=(18, 18),
            block_rams=self.block_rams,
            block_ram_bits=18_432,
            design=_LOADABLE_5,
            **fields,
        )


# The die of a 12F is a 25F's, and nextpnr uses all of it; half of that is what Lattice promises.
_12F, _25F = _ECP5(12_144, 28, 32), _ECP5(24_288, 28, 56)
_45F, _85F = _ECP5(43_848, 72, 108), _ECP5(83_640, 156, 208)


def _ulx3s(size: str, device: _ECP5) -> Board:
    return device.board(
        name=f"ulx3s-{size.lower()}",
        title=f"ULX3S {size}",
        platform=f"amaranth_boards.ulx3s:ULX3S_{size}_Platform",
        device=f"LFE5U-{size}",
        package="BG381",
        speed="6",
        clock_hz=25_000_000,
        core_hz=137_500_000,
        link=Uart("FT231X", 3_000_000),
        programmers=(
            _loader("-b", "ulx3s"),
            Programmer("fujprog", ("{file}",)),
            Programmer("dfu-util", ("-d", "1d50:614b", "-a", "0", "-D", "{file}")),
        ),
    )


def _ecpix5(size: str, device: _ECP5) -> Board:
    return device.board(
        name=f"ecpix5-{size.lower()}",
        title=f"ECPIX-5 {size}",
        platform=f"amaranth_boards.ecpix5:ECPIX5{size[:2]}Platform",
        device=f"LFE5UM5G-{size}",
        package="BG554",
        speed="8",
        clock_hz=100_000_000,
        core_hz=220_000_000,
        link_hz=60_000_000,
        link=_HIGH_SPEED,
        programmers=(_loader("-b", "ecpix5"), _ECPPROG),
    )


def _artix(
    name: str,
    title: str,
    platform: str,
    device: str,
    package: str,
    speed: str,
    *programmers: Programmer,
    link: Uart | Fifo = _HIGH_SPEED,
    slots: int = 8,
) -> Board:
    """A board with an Artix-7, by AMD DS180, and an FT2232H."""
    large = device.startswith("xc7a100")
    return Board(
        name=name,
        title=title,
        platform=platform,
        family="7-series",
        device=device,
        package=package,
        speed=speed,
        clock_hz=100_000_000,
        core_hz=100_000_000,
        luts=63_400 if large else 20_800,
        flip_flops=126_800 if large else 41_600,
        multipliers=240 if large else 90,
        multiplier_widths=(25, 18),
        block_rams=135 if large else 50,
        block_ram_bits=36_864,
        link=link,
        slots=slots,
        programmers=programmers,
        design=_LOADABLE_5 if large else _LOADABLE_3,
    )


BOARDS: tuple[Board, ...] = (
    _ulx3s("12F", _12F),
    _ulx3s("25F", _25F),
    _ulx3s("45F", _45F),
    _ulx3s("85F", _85F),
    Board(
        name="icebreaker",
        title="iCEBreaker",
        platform="amaranth_boards.icebreaker:ICEBreakerPlatform",
        family="ice40",
        device="iCE40UP5K",
        package="SG48",
        speed="",
        clock_hz=12_000_000,
        core_hz=24_000_000,
        luts=5_280,
        flip_flops=5_280,
        multipliers=8,
        multiplier_widths=(16, 16),
        block_rams=30,
        block_ram_bits=4_096,
        single_port_rams=4,
        link=_HIGH_SPEED,
        programmers=(_loader("-b", "ice40_generic"), Programmer("iceprog", ("{file}",))),
        design=Conv2DDesign(GAUSSIAN_3, output=u8, shift=4, boundary="edge"),
    ),
    Board(
        name="ice40-hx8k",
        title="iCE40-HX8K Breakout Board",
        platform="amaranth_boards.ice40_hx8k_b_evn:ICE40HX8KBEVNPlatform",
        family="ice40",
        device="iCE40HX8K",
        package="CT256",
        speed="",
        clock_hz=12_000_000,
        core_hz=48_000_000,
        luts=7_680,
        flip_flops=7_680,
        multipliers=0,
        multiplier_widths=(0, 0),
        block_rams=32,
        block_ram_bits=4_096,
        at_pll=False,
        link=_HIGH_SPEED,
        programmers=(_loader("-b", "ice40_generic"), Programmer("iceprog", ("-S", "{file}"))),
        design=Conv2DDesign(GAUSSIAN_5, output=u8, shift=8, boundary="edge", multipliers=0),
    ),
    _ecpix5("45F", _45F),
    _ecpix5("85F", _85F),
    _25F.board(
        name="colorlight-5a-75b",
        title="Colorlight 5A-75B",
        platform="amaranth_boards.colorlight_5a75b_r7_0:Colorlight_5A75B_R70Platform",
        device="LFE5U-25F",
        package="BG256",
        speed="6",
        clock_hz=25_000_000,
        core_hz=150_000_000,
        programmers=(_loader("-c", "ft232"), _ECPPROG),
        link=Uart("FT232R", 3_000_000, "a 3.3 V adapter, its TXD at pin M13 (J19, KEY+), its RXD at P11 (J19, DATA_LED-)"),
    ),
    _45F.board(
        name="versa-ecp5-5g",
        title="Versa ECP5-5G",
        platform="amaranth_boards.versa_ecp5_5g:VersaECP55GPlatform",
        device="LFE5UM5G-45F",
        package="BG381",
        speed="8",
        clock_hz=100_000_000,
        core_hz=220_000_000,
        link_hz=60_000_000,
        link=_HIGH_SPEED,
        programmers=(_loader("-c", "ft2232"), _ECPPROG),
    ),
    _artix(
        "arty-a7-35", "Arty A7-35", "amaranth_boards.arty_a7:ArtyA7_35Platform", "xc7a35ti", "csg324", "1L",
        _loader("-b", "arty_a7_35t"), _VIVADO,
    ),
    _artix(
        "arty-a7-100", "Arty A7-100", "amaranth_boards.arty_a7:ArtyA7_100Platform", "xc7a100ti", "csg324", "1L",
        _loader("-b", "arty_a7_100t"), _VIVADO,
    ),
    _artix(
        "alchitry-pt-v2", "Alchitry Pt V2", "amaranth_boards.alchitry_ptv2:AlchitryPtV2Platform", "xc7a100t", "fgg484", "2",
        _loader("-c", "ft2232", "--fpga-part", "xc7a100tfgg484"), link=_ALCHITRY, slots=64,
    ),
)  # fmt: skip


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
    raise BoardError(f"Board must be one of {', '.join(names())}, not {name!r}{meant(name, names())}")
