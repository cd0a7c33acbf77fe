"""ECP5's hard blocks, with the registers that inference leaves off."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Signal, Value

from convolver.plan.target import TARGETS

__all__ = ["ANYWHERE", "Place", "levels_of", "masked_sum", "multiply", "remember"]

MULTIPLIER_WIDTH = TARGETS["ecp5"].factors[0]
"""Bits of a factor of MULT18X18D, signed or not."""


@dataclass(frozen=True)
class Place:
    """Where a MULT18X18D lies, and what drives its inputs that never change.

    Parameters
    ----------
    site : str
        As nextpnr names it; empty for any.
    levels : tuple of Value, optional
        0 and 1; by default the tools' own.
    """

    site: str = ""
    levels: tuple[Value, Value] | None = None

    def level(self, value: bool) -> Value:
        """0 or 1."""
        return self.levels[value] if self.levels else Const(int(value))


ANYWHERE = Place()
"""Wherever it gets."""


def levels_of(m: Module, name: str) -> tuple[Value, Value]:
    """Adds two look-up tables that give 0 and 1, to those near them.

    A multiplier has wires for its resets and signs even where these never change. nextpnr ties them all to one 0 and one 1
    somewhere on the device. Where 128 multipliers lie all over it, its router found no end of leading these two nets around
    the others; with two tables for each eight of them it did, and the clock rose. (Ports and parameters: LUT4 in Yosys'
    cells_sim.v for ECP5.)
    """
    found = []
    for value, kind in enumerate(("low", "high")):
        level = Signal(name=f"{name}_{kind}")
        ports: dict[str, Any] = {f"i_{letter}": Const(0) for letter in "ABCD"}
        m.submodules[f"{name}_{kind}"] = Instance("LUT4", p_INIT=Const(0xFFFF * value, 16), o_Z=level, **ports)
        found.append(level)
    low, high = found
    return low, high


def multiply(m: Module, name: str, a: Value, b: Value, load: Value, p: Signal, place: Place = ANYWHERE) -> None:
    """Adds a MULT18X18D with its input, pipeline and output registers: ``p = a * b``, 3 clocks behind `a`.

    The register of `b` has the clock enable `load`. Each factor has a sign of its own; clock and clock enable are chosen for
    each register out of four that a block of the device shares. (Ports and parameters: MULT18X18D in Yosys' cells_bb.v for
    ECP5.)

    Parameters
    ----------
    m : Module
    name : str
        Of the submodule.
    a, b : Value
        Up to 18 bits.
    load : Value
        Takes `b`.
    p : Signal
        The product.
    place : Place, optional
    """
    ports: dict[str, Any] = {"a_BEL": place.site} if place.site else {}
    for letter, factor in (("A", a), ("B", b)):
        sign = factor[-1] if factor.shape().signed else Const(0)
        wide = [factor[bit] if bit < len(factor) else sign for bit in range(MULTIPLIER_WIDTH)]
        ports |= {f"i_{letter}{bit}": value for bit, value in enumerate(wide)}
        ports[f"i_SIGNED{letter}"] = place.level(factor.shape().signed)
    product = Signal(2 * MULTIPLIER_WIDTH, name=f"{name}_product")
    ports |= {f"o_P{bit}": product[bit] for bit in range(len(product))}
    m.submodules[name] = Instance(
        "MULT18X18D",
        p_REG_INPUTA_CLK="CLK0",
        p_REG_INPUTA_CE="CE0",
        p_REG_INPUTB_CLK="CLK0",
        p_REG_INPUTB_CE="CE1",
        p_REG_PIPELINE_CLK="CLK0",
        p_REG_PIPELINE_CE="CE0",
        p_REG_OUTPUT_CLK="CLK0",
        p_REG_OUTPUT_CE="CE0",
        p_GSR="DISABLED",
        i_CLK0=ClockSignal(),
        i_CE0=Const(1),
        i_CE1=load,
        i_RST0=place.level(False),
        i_SOURCEA=place.level(False),
        i_SOURCEB=place.level(False),
        **ports,
    )
    m.d.comb += p.eq(product)


_SUMS = {False: 0x9A0A, True: 0x650A}
"""Of half a CCU2C its function of D, C, B, A, of which D is 1: A, or not A, exclusively or with C unless B. Its lowest bits are
the carry where that is 0, namely A."""


def masked_sum(m: Module, name: str, value: Value, kept: Value, clear: Value, carry: Value, *, subtract: bool) -> Value:
    """Adds a chain of CCU2C: see `masked_adder.masked_sum`. The look-up tables of a carry chain have an input to spare.

    (Ports, parameters and function: CCU2C in Yosys' cells_sim.v for ECP5.)
    """
    sums: list[Value] = []
    # The carry on top is the sum of two zeros.
    for low in range(0, len(value) + 1, 2):
        ports: dict[str, Any] = {}
        for half, bit in enumerate((low, low + 1)):
            inside = bit < len(value)
            inputs = (value[bit], clear, kept[bit], Const(1, 1)) if inside else (Const(0, 1),) * 4
            ports |= {f"i_{letter}{half}": one for letter, one in zip("ABCD", inputs, strict=True)}
            ports[f"p_INIT{half}"] = Const(_SUMS[subtract] if inside else 0, 16)
            ports[f"p_INJECT1_{half}"] = "NO"
        total, out = Signal(2, name=f"{name}_{low}"), Signal(name=f"{name}_{low}_carry")
        outputs = {"o_S0": total[0], "o_S1": total[1], "o_COUT": out}
        m.submodules[f"{name}_{low}"] = Instance("CCU2C", i_CIN=carry, **ports, **outputs)
        sums.append(total)
        carry = out
    return Cat(*sums)[: len(value) + 1]


_BLOCK_WIDTHS = ((1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1))
"""Words of a DP16KD, and their bits."""


def _place(bit: int, bits: int) -> int:
    """Where a bit of a DP16KD lies among all 18 times 1024: words of less than 9 bits leave out every ninth."""
    return bit if bits >= 9 else bit // 8 * 9 + bit % 8


def remember(
    m: Module,
    depth: int,
    init: Sequence[int],
    read_address: Value,
    read_data: Signal,
    write: Value,
    write_address: Value,
    write_data: Value,
) -> None:
    """Adds DP16KDs side by side, their output registers on: port A writes, port B reads, 2 clocks behind the address.

    (Ports, parameters and the layout of the initial words: DP16KD in Yosys' cells_bb_ecp5.v and brams_map_16kd.v.)
    """
    bits = next(bits for words, bits in _BLOCK_WIDTHS if depth <= words)
    shift = {18: 4, 9: 3, 4: 2, 2: 1, 1: 0}[bits]
    for number, start in enumerate(range(0, len(read_data), bits)):
        used = min(bits, len(read_data) - start)
        packed = sum((word >> start & (1 << used) - 1) << _place(index * bits, bits) for index, word in enumerate(init))
        # Rows of 16 times 18 bits, each 18 on 20 places.
        rows = [sum((packed >> (row * 16 + place) * 18 & 0x3FFFF) << place * 20 for place in range(16)) for row in range(64)]
        ports: dict[str, Value] = {}
        out = Signal(18, name=f"block_{number}_out")
        for bit in range(18):
            ports[f"i_DIA{bit}"] = write_data[start + bit] if bit < used else Const(0)
            ports[f"i_DIB{bit}"] = Const(0)
            ports[f"o_DOB{bit}"] = out[bit]
        for bit in range(14):
            # The lowest two address bits of port A are the byte enables of 18-bit words.
            enable = Const(int(bits == 18 and bit < 2))
            inside = shift <= bit < shift + len(write_address)
            ports[f"i_ADA{bit}"] = write_address[bit - shift] if inside else enable
            ports[f"i_ADB{bit}"] = read_address[bit - shift] if inside else Const(0)
        for port in "AB":
            ports |= {f"i_CS{port}{bit}": Const(0) for bit in range(3)}
            ports |= {
                f"i_CLK{port}": ClockSignal(),
                f"i_CE{port}": Const(1),
                f"i_OCE{port}": Const(1),
                f"i_RST{port}": Const(0),
            }
        m.submodules[f"block_{number}"] = Instance(
            "DP16KD",
            p_DATA_WIDTH_A=bits,
            p_DATA_WIDTH_B=bits,
            p_REGMODE_A="NOREG",
            p_REGMODE_B="OUTREG",
            p_RESETMODE="SYNC",
            p_WRITEMODE_A="NORMAL",
            p_WRITEMODE_B="NORMAL",
            p_CSDECODE_A="0b000",
            p_CSDECODE_B="0b000",
            p_GSR="DISABLED",
            **{f"p_INITVAL_{row:02X}": Const(value, 320) for row, value in enumerate(rows)},
            i_WEA=write,
            i_WEB=Const(0),
            **ports,
        )
        m.d.comb += read_data[start : start + used].eq(out[:used])
