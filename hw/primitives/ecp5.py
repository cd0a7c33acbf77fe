"""ECP5's hard blocks, with the registers that inference leaves out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Signal, Value

from convolver.plan.target import TARGETS

__all__ = ["ANYWHERE", "Place", "levels_of", "masked_sum", "multiply", "remember"]

MULTIPLIER_WIDTH = TARGETS["ecp5"].factors[0]
"""Bits of a factor of MULT18X18D, signed or unsigned."""


@dataclass(frozen=True)
class Place:
    """Placement of a MULT18X18D, and the drivers of its constant inputs.

    Parameters
    ----------
    site : str
        nextpnr's name of the site; empty for any.
    levels : tuple of Value, optional
        Drivers of 0 and 1; by default those of the tools.
    """

    site: str = ""
    levels: tuple[Value, Value] | None = None

    def level(self, value: bool) -> Value:
        """The driver of a constant 0 or 1."""
        return self.levels[value] if self.levels else Const(int(value))


ANYWHERE = Place()
"""No placement."""


def levels_of(m: Module, name: str) -> tuple[Value, Value]:
    """Adds two look-up tables that drive 0 and 1, for multipliers near them.

    A multiplier has inputs for resets and signs even where these are constant. nextpnr drives all of them from one 0
    and one 1 of the device. With 128 multipliers all over the device, its router didn't finish these two nets; with two
    tables for each eight multipliers it did, and the clock frequency rose. (Ports and parameters: LUT4 in Yosys'
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
    """Adds a MULT18X18D with its input, pipeline and output registers: ``p = a * b``, 3 cycles after `a`.

    The register of `b` has the clock enable `load`. Each factor has its own sign. Clock and clock enable of each
    register are selected from four that a block of the device shares. (Ports and parameters: MULT18X18D in Yosys'
    cells_bb.v for ECP5.)

    Parameters
    ----------
    m : Module
    name : str
        Name of the submodule.
    a, b : Value
        Up to 18 bits.
    load : Value
        Load strobe of `b`.
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
"""Function of D, C, B, A in half a CCU2C, with D = 1: A or its complement, exclusive or with C unless B. Its lowest
bits give the carry, A, where the function is 0."""


def masked_sum(m: Module, name: str, value: Value, kept: Value, clear: Value, carry: Value, *, subtract: bool) -> Value:
    """Adds a chain of CCU2C: see `masked_adder.masked_sum`. `clear` uses the spare input of the chain's look-up tables.

    (Ports, parameters and function: CCU2C in Yosys' cells_sim.v for ECP5.)
    """
    sums: list[Value] = []
    # The carry out of the top bit is the sum of two zeros and the carry.
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
"""Word counts of a DP16KD, and the width of its words."""


def _place(bit: int, bits: int) -> int:
    """Position of a word's bit in the 18 x 1024 bits of a DP16KD: words of fewer than 9 bits skip every ninth bit."""
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
    """Adds DP16KDs side by side, with output registers: port A writes, port B reads, 2 cycles after the address.

    (Ports, parameters and the layout of the initial words: DP16KD in Yosys' cells_bb_ecp5.v and brams_map_16kd.v.)
    """
    bits = next(bits for words, bits in _BLOCK_WIDTHS if depth <= words)
    shift = {18: 4, 9: 3, 4: 2, 2: 1, 1: 0}[bits]
    for number, start in enumerate(range(0, len(read_data), bits)):
        used = min(bits, len(read_data) - start)
        packed = sum((word >> start & (1 << used) - 1) << _place(index * bits, bits) for index, word in enumerate(init))
        # Rows of 16 x 18 bits, with 20 bit positions for each 18.
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
