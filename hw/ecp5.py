"""ECP5's hard blocks, with the registers that inference leaves off."""

from amaranth.hdl import ClockSignal, Const, Instance, Module, Signal, Value

__all__ = ["MULTIPLIER_WIDTH", "multiply"]

MULTIPLIER_WIDTH = 18
"""Bits of a factor of MULT18X18D, signed or not."""


def multiply(m: Module, name: str, a: Value, b: Value, load: Value, p: Signal) -> None:
    """Adds a MULT18X18D with its input, pipeline and output registers: ``p = a * b``, 3 clocks behind `a`.

    The register of `b` has the clock enable `load`. Each factor has a sign of its own; clock and clock enable are chosen for each
    register out of four that a block of the device shares. (Ports and parameters: MULT18X18D in Yosys' cells_bb.v for ECP5.)

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
    """
    ports = {}
    for letter, factor in (("A", a), ("B", b)):
        sign = factor[-1] if factor.shape().signed else Const(0)
        wide = [factor[bit] if bit < len(factor) else sign for bit in range(MULTIPLIER_WIDTH)]
        ports |= {f"i_{letter}{bit}": value for bit, value in enumerate(wide)}
        ports[f"i_SIGNED{letter}"] = Const(int(factor.shape().signed))
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
        i_RST0=Const(0),
        i_SOURCEA=Const(0),
        i_SOURCEB=Const(0),
        **ports,
    )
    m.d.comb += p.eq(product)
