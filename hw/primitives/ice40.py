"""The hard multiplier of iCE40 UltraPlus, with the registers that inference leaves out; and its large single-port RAM.

Don't let Yosys infer multipliers as well (``synth_ice40 -dsp``): it then rewrites these too, with registers off and in
16x16 mode (see YosysHQ/yosys#2922).
"""

from collections.abc import Sequence

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Signal, Value

from convolver.plan.target import ICE40_RAM, TARGETS

__all__ = ["multiply", "multiply_pair", "remember"]

MULTIPLIER_WIDTH = TARGETS["ice40"].factors[0]
PAIRED_WIDTH = TARGETS["ice40"].paired_width
"""Bits of a factor of SB_MAC16, alone and in a pair, signed or unsigned."""


def multiply(m: Module, name: str, a: Value, b: Value, load: Value, p: Signal) -> None:
    """Adds a SB_MAC16 with its input, pipeline and output registers: ``p = a * b``, 3 cycles after `a`.

    The register of `b` holds unless `load` is high. (Ports and parameters: SB_MAC16 in Yosys' cells_sim.v for iCE40,
    after Lattice TN1295.)

    Parameters
    ----------
    m : Module
    name : str
        Name of the submodule.
    a, b : Value
        Up to 16 bits.
    load : Value
        Load strobe of `b`.
    p : Signal
        The product.
    """
    out = Signal(2 * MULTIPLIER_WIDTH, name=f"{name}_product")
    m.submodules[name] = _block(
        _extended(a, MULTIPLIER_WIDTH),
        _extended(b, MULTIPLIER_WIDTH),
        (a, b),
        load,
        out,
        p_MODE_8x8=Const(0, 1),
        p_PIPELINE_16x16_MULT_REG1=Const(1, 1),
        p_PIPELINE_16x16_MULT_REG2=Const(1, 1),
        p_TOPOUTPUT_SELECT=Const(3, 2),
        p_BOTOUTPUT_SELECT=Const(3, 2),
    )
    m.d.comb += p.eq(out)


def multiply_pair(m: Module, name: str, a: Sequence[Value], b: Sequence[Value], load: Value, p: Sequence[Signal]) -> None:
    """Adds a SB_MAC16 for two products, with its input, pipeline and output registers: each ``p = a * b``, 3 cycles
    after `a`.

    Both `a` have the same shape, and so have both `b`: the block has one sign bit for both. The output register is
    behind the block's adder, which adds 0.

    Parameters
    ----------
    m, name, load : as in `multiply`
    a, b : two Values
        Up to 8 bits.
    p : two Signals
        The products.
    """
    out = Signal(2 * MULTIPLIER_WIDTH, name=f"{name}_products")
    m.submodules[name] = _block(
        Cat(_extended(factor, PAIRED_WIDTH) for factor in a),
        Cat(_extended(factor, PAIRED_WIDTH) for factor in b),
        (a[0], b[0]),
        load,
        out,
        p_MODE_8x8=Const(1, 1),
        p_PIPELINE_16x16_MULT_REG1=Const(0, 1),
        p_PIPELINE_16x16_MULT_REG2=Const(0, 1),
        p_TOPOUTPUT_SELECT=Const(1, 2),
        p_BOTOUTPUT_SELECT=Const(1, 2),
    )
    for number, product in enumerate(p):
        m.d.comb += product.eq(out.word_select(number, 2 * PAIRED_WIDTH))


def _extended(factor: Value, width: int) -> Value:
    """`factor` in `width` bits."""
    sign = factor[-1] if factor.shape().signed else Const(0)
    return Cat(factor, [sign] * (width - len(factor)))


def _block(a: Value, b: Value, factors: tuple[Value, Value], load: Value, out: Signal, **parameters: Const) -> Instance:
    """A SB_MAC16 with its first two register stages on. If the 8x8 products are selected, its adders add 0 to them."""
    resets = ("IRSTTOP", "IRSTBOT", "ORSTTOP", "ORSTBOT")
    unused = ("AHOLD", "CHOLD", "DHOLD", "OHOLDTOP", "OHOLDBOT", "OLOADTOP", "OLOADBOT", "ADDSUBTOP", "ADDSUBBOT")
    inputs = {f"i_{port}": Const(0) for port in (*resets, *unused, "CI", "ACCUMCI", "SIGNEXTIN")}
    registers = {
        f"p_{register}": Const(int(used), 1)
        for register, used in {
            "A_REG": True,
            "B_REG": True,
            "C_REG": False,
            "D_REG": False,
            "TOP_8x8_MULT_REG": True,
            "BOT_8x8_MULT_REG": True,
        }.items()
    }
    adders: dict[str, Const] = {}
    for half in ("TOP", "BOT"):
        # Operands: the 8x8 product, and C or D, which is 0.
        adders |= {f"p_{half}ADDSUB_LOWERINPUT": Const(1, 2), f"p_{half}ADDSUB_UPPERINPUT": Const(1, 1)}
        adders |= {f"p_{half}ADDSUB_CARRYSELECT": Const(0, 2)}
    return Instance(
        "SB_MAC16",
        p_NEG_TRIGGER=Const(0, 1),
        p_A_SIGNED=Const(int(factors[0].shape().signed), 1),
        p_B_SIGNED=Const(int(factors[1].shape().signed), 1),
        i_CLK=ClockSignal(),
        i_CE=Const(1),
        i_A=a,
        i_B=b,
        i_C=Const(0, 16),
        i_D=Const(0, 16),
        i_BHOLD=~load,
        o_O=out,
        **registers,
        **adders,
        **parameters,
        **inputs,
    )


SINGLE_PORT_ADDRESS = 14
"""Bits of an address of SB_SPRAM256KA."""


def remember(m: Module, address: Value, write: Value, write_data: Value, read_data: Value) -> None:
    """Adds SB_SPRAM256KAs side by side, always awake: one write or one read a cycle, latency one cycle from the
    address.

    (Ports: SB_SPRAM256KA in Yosys' cells_sim.v for iCE40, after Lattice TN1314.)
    """
    unused = Const(0, SINGLE_PORT_ADDRESS - len(address))
    for number, start in enumerate(range(0, len(write_data), ICE40_RAM.width)):
        part = write_data[start : start + ICE40_RAM.width]
        out = Signal(ICE40_RAM.width, name=f"ram_{number}_out")
        m.submodules[f"ram_{number}"] = Instance(
            "SB_SPRAM256KA",
            i_CLOCK=ClockSignal(),
            i_CHIPSELECT=Const(1),
            i_WREN=write,
            i_MASKWREN=Const(0b1111, 4),
            i_ADDRESS=Cat(address, unused),
            i_DATAIN=_extended(part, ICE40_RAM.width),
            i_STANDBY=Const(0),
            i_SLEEP=Const(0),
            i_POWEROFF=Const(1),  # active low
            o_DATAOUT=out,
        )
        m.d.comb += read_data[start : start + len(part)].eq(out)
