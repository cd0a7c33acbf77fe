"""What a circuit is made of, as far as the project's designs have it: cells, joined by nets, which are numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

__all__ = [
    "HIGH",
    "LOW",
    "Clock",
    "DualPortRam",
    "Lut",
    "LutRam",
    "MacBlock",
    "Multiplier",
    "MultiplierRegister",
    "Netlist",
    "Ram",
    "RamPort",
    "Register",
    "SinglePortRam",
]

LOW, HIGH = 0, 1
"""The nets of the constants."""


@dataclass(frozen=True)
class Clock:
    """A clock: where it comes from, and its frequency as a multiple of the oscillator's."""

    name: str
    ratio: Fraction


@dataclass(frozen=True)
class Lut:
    """A look-up table: its output is bit ``a + 2 * b + 4 * c + 8 * d`` of `table`. A carry is one, too."""

    out: int
    inputs: tuple[int, int, int, int]
    table: int


@dataclass(frozen=True)
class Register:
    """A flip-flop that starts with `start`. `clock` is the clock's number, or None if its clock is none. A synchronous `reset`
    waits for the enable, unless it is `over` it."""

    out: int
    data: int
    enable: int
    reset: int
    to_one: bool
    asynchronous: bool
    clock: int | None
    falling: bool
    start: bool = False
    over: bool = False


@dataclass(frozen=True)
class Ram:
    """A block RAM of 256 words of 16 bits; a mode of 1 to 3 has 2, 4 or 8 narrow words in each.

    Of each pair of enables both must be 1. `modes`, `clocks` and `falling` are of reading, then of writing.
    """

    read_data: tuple[int, ...]
    read_address: tuple[int, ...]
    read_enable: tuple[int, int]
    write_address: tuple[int, ...]
    write_data: tuple[int, ...]
    mask: tuple[int, ...]
    write_enable: tuple[int, int]
    modes: tuple[int, int]
    clocks: tuple[int | None, int | None]
    falling: tuple[bool, bool]
    words: tuple[int, ...]


@dataclass(frozen=True)
class MacBlock:
    """A SB_MAC16: its pins by name, lowest bit first, and its parameters."""

    pins: Mapping[str, tuple[int, ...]]
    parameters: Mapping[str, int]
    clock: int | None


@dataclass(frozen=True)
class SinglePortRam:
    """A SB_SPRAM256KA: its pins by name, lowest bit first."""

    pins: Mapping[str, tuple[int, ...]]
    clock: int | None


@dataclass(frozen=True)
class LutRam:
    """A look-up table of an ECP5 that can be written: 16 bits, read as a table's are, lowest address bit first."""

    out: int
    read_address: tuple[int, int, int, int]
    write_address: tuple[int, int, int, int]
    data: int
    enable: int
    clock: int | None
    table: int


@dataclass(frozen=True)
class RamPort:
    """One port of a DP16KD: words of `width` bits, with a register behind what is read if `registered`. While it writes, what
    it reads is kept (`mode` 0), what is written (1), or what was there (2)."""

    address: tuple[int, ...]
    data: tuple[int, ...]
    out: tuple[int, ...]
    enable: int
    out_enable: int
    write: int
    reset: int
    clock: int | None
    width: int
    registered: bool
    mode: int


@dataclass(frozen=True)
class DualPortRam:
    """A DP16KD: 1024 words of 18 bits, of which words of less than 9 bits leave out every ninth."""

    ports: tuple[RamPort, RamPort]
    words: tuple[int, ...]


@dataclass(frozen=True)
class MultiplierRegister:
    """One of a MULT18X18D's."""

    clock: int | None
    enable: int
    reset: int


@dataclass(frozen=True)
class Multiplier:
    """A MULT18X18D: two factors, each signed or not, with or without registers for the first, the second, the product, and the
    product again."""

    a: tuple[int, ...]
    b: tuple[int, ...]
    out: tuple[int, ...]
    signed: tuple[bool, bool]
    registers: tuple[MultiplierRegister | None, ...]


@dataclass
class Netlist:
    """A circuit.

    Attributes
    ----------
    nets : int
        How many there are; net 0 is 0, and net 1 is 1.
    inputs, outputs : dict
        The net of each pin of the package that the circuit reads, and of each that it drives.
    locked : int, optional
        The net that says that the PLL has locked, if the circuit asks.
    origins : dict
        Of nets the place and the pin that drive them, as nextpnr names both; where they come from a bitstream.
    """

    nets: int = 2
    clocks: list[Clock] = field(default_factory=list)
    luts: list[Lut] = field(default_factory=list)
    registers: list[Register] = field(default_factory=list)
    rams: list[Ram] = field(default_factory=list)
    macs: list[MacBlock] = field(default_factory=list)
    single_port_rams: list[SinglePortRam] = field(default_factory=list)
    lut_rams: list[LutRam] = field(default_factory=list)
    dual_port_rams: list[DualPortRam] = field(default_factory=list)
    multipliers: list[Multiplier] = field(default_factory=list)
    inputs: dict[str, int] = field(default_factory=dict)
    outputs: dict[str, int] = field(default_factory=dict)
    locked: int | None = None
    origins: dict[int, tuple[str, str]] = field(default_factory=dict, compare=False)

    def fresh(self) -> int:
        """A net of its own."""
        self.nets += 1
        return self.nets - 1

    def gate(self, table: int, *inputs: int) -> int:
        """The output of a new look-up table."""
        a, b, c, d = (*inputs, *(LOW,) * (4 - len(inputs)))
        self.luts.append(Lut(self.fresh(), (a, b, c, d), table))
        return self.luts[-1].out
