"""What a circuit is made of, as far as the project's designs have it: cells, joined by nets, which are numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

__all__ = ["HIGH", "LOW", "Clock", "Lut", "MacBlock", "Netlist", "Ram", "Register", "SinglePortRam"]

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
    """A flip-flop that starts with 0. `clock` is the clock's number, or None if its clock is none."""

    out: int
    data: int
    enable: int
    reset: int
    to_one: bool
    asynchronous: bool
    clock: int | None
    falling: bool


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


@dataclass
class Netlist:
    """A circuit.

    Attributes
    ----------
    nets : int
        How many there are; net 0 is 0, and net 1 is 1.
    inputs, outputs : dict
        The net of each pin of the package that the circuit reads, and of each that it drives.
    """

    nets: int = 2
    clocks: list[Clock] = field(default_factory=list)
    luts: list[Lut] = field(default_factory=list)
    registers: list[Register] = field(default_factory=list)
    rams: list[Ram] = field(default_factory=list)
    macs: list[MacBlock] = field(default_factory=list)
    single_port_rams: list[SinglePortRam] = field(default_factory=list)
    inputs: dict[str, int] = field(default_factory=dict)
    outputs: dict[str, int] = field(default_factory=dict)

    def fresh(self) -> int:
        """A net of its own."""
        self.nets += 1
        return self.nets - 1

    def gate(self, table: int, *inputs: int) -> int:
        """The output of a new look-up table."""
        a, b, c, d = (*inputs, *(LOW,) * (4 - len(inputs)))
        self.luts.append(Lut(self.fresh(), (a, b, c, d), table))
        return self.luts[-1].out
