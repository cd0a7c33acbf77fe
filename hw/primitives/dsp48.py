"""The DSP block of 7-series: a multiplier and adder, alone or in a cascade."""

from collections.abc import Sequence

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Signal, Value

from convolver.plan.target import SERIES7_CASCADE

__all__ = ["cascade", "multiply"]

A_PORT = 30
"""Bits of port A; its multiplier takes `SERIES7_CASCADE.factors[0]` of them."""


def multiply(m: Module, name: str, a: Value, b: Value, load: Value, p: Signal) -> None:
    """Adds a DSP48E1 with its input, multiplier and output registers: ``p = a * b``, 3 cycles after `a`.

    Parameters
    ----------
    m : Module
    name : str
        Name of the submodule.
    a, b : Value
        Signed; one of the two has up to 25 bits, the other up to 18.
    load : Value
        Load strobe of `b`.
    p : Signal
        The product.
    """
    cascade(m, [[a]], [b], [load], p, name)


def cascade(
    m: Module,
    operands: Sequence[Sequence[Value]],
    coefficients: Sequence[Value],
    loads: Sequence[Value],
    total: Signal,
    name: str = "lane",
    sign: int = 1,
) -> None:
    """Adds a DSP48E1 a lane: ``total = sum(operand * coefficient)``, each lane one cycle after the lane before.

    Lane k's operand of cycle t + k is in the sum of cycle t + lanes + 2: input, multiplier and output registers are on,
    and the sum goes from block to block on dedicated wires (PCOUT to PCIN). An operand of two samples is
    ``first + sign * second``, from the block's own pre-adder; everything but the coefficients then comes one cycle
    later. (Ports and parameters: DSP48E1 in Yosys' cells_sim.v for Xilinx, after UG479.)

    Parameters
    ----------
    m : Module
    operands : sequence of sequences of Value
        For each lane one sample or two.
    coefficients : sequence of Value
        One a lane, signed. Either operand or coefficient has up to 25 bits, the other up to 18; a sum of two samples up
        to 25.
    loads : sequence of Value
        Load strobe of each lane's coefficient, for the operand of the same cycle and all later ones; with two samples a
        lane, for the samples that came in the cycle before.
    total : Signal
        The sum, up to 48 bits.
    name : str
        Prefix of the submodules' names.
    sign : {1, -1}
    """
    carried: Value = Const(0, SERIES7_CASCADE.sum_width)
    for lane, ((operand, *others), coefficient, load) in enumerate(zip(operands, coefficients, loads, strict=True)):
        # The longer factor goes to port A; the clock enable of its register tells which factor is the coefficient.
        signed = [len(factor) + (not factor.shape().signed) for factor in (operand, coefficient)]
        swapped = signed[1] > SERIES7_CASCADE.factors[1]
        a, b = (coefficient, operand) if swapped else (operand, coefficient)
        enables = (load, Const(1)) if swapped else (Const(1), load)
        before = None
        for other in others:
            # The pre-adder gives D + A or D - A.
            a, before = other, operand
        result, onward = (Signal(SERIES7_CASCADE.sum_width, name=f"{name}_{lane}_{what}") for what in ("result", "onward"))
        m.submodules[f"{name}_{lane}"] = _block(a, b, enables, before, sign, carried, result, onward, first=lane == 0)
        carried = onward
    m.d.comb += total.eq(result)


def _block(
    a: Value,
    b: Value,
    enables: tuple[Value, Value],
    before: Value | None,
    sign: int,
    carried: Value,
    result: Signal,
    onward: Signal,
    *,
    first: bool,
) -> Instance:
    """A DSP48E1 that multiplies and adds `carried`, with all registers of the data path on.

    With `before` it multiplies ``before + sign * a``.
    """
    added = before is not None
    # The pre-adder's register is on if the pre-adder isn't used: otherwise Yosys (`xilinx_dsp`) moves the register in
    # front of A into the block as this one, although A has a register already.
    used = {"AREG": 1, "ACASCREG": 1, "BREG": 1, "BCASCREG": 1, "MREG": 1, "PREG": 1, "DREG": int(added), "ADREG": 1}
    # The modes are constant.
    fixed = {"ALUMODEREG": 0, "CARRYINREG": 0, "CARRYINSELREG": 0, "INMODEREG": 0, "OPMODEREG": 0}
    modes = {"A_INPUT": "DIRECT", "B_INPUT": "DIRECT", "USE_MULT": "MULTIPLY", "USE_SIMD": "ONE48"}
    modes["USE_DPORT"] = "TRUE" if added else "FALSE"
    on = {f"i_{port}": Const(1) for port in ("CEM", "CEP")} | {f"i_{port}": Const(added) for port in ("CED", "CEAD")}
    off = ("CEA1", "CEALUMODE", "CEB1", "CEC", "CECARRYIN", "CECTRL", "CEINMODE", "CARRYCASCIN", "CARRYIN")
    choice = (0b01100 if sign < 0 else 0b00100) if added else 0  # of the pre-adder: D - A, D + A, or none
    resets = ("A", "ALLCARRYIN", "ALUMODE", "B", "C", "CTRL", "D", "INMODE", "M", "P")
    # Input Z of the adder: PCIN, or C, which is 0. If Z selected nothing, Yosys would move an adder behind the block
    # into the block, in front of its output register.
    add = 0b001 if not first else 0b011
    return Instance(
        "DSP48E1",
        **{f"p_{name}": value for name, value in (used | fixed | modes).items()},
        **on,
        **{f"i_{port}": Const(0) for port in (*off, *(f"RST{name}" for name in resets), "MULTSIGNIN")},
        i_CLK=ClockSignal(),
        i_A=_extended(a, A_PORT),
        i_B=_extended(b, SERIES7_CASCADE.factors[1]),
        i_C=Const(0, SERIES7_CASCADE.sum_width),
        i_D=Const(0, SERIES7_CASCADE.factors[0]) if before is None else _extended(before, SERIES7_CASCADE.factors[0]),
        i_ACIN=Const(0, A_PORT),
        i_BCIN=Const(0, SERIES7_CASCADE.factors[1]),
        i_PCIN=carried,
        i_CEA2=enables[0],
        i_CEB2=enables[1],
        i_OPMODE=Const(add << 4 | 0b0101, 7),
        i_ALUMODE=Const(0, 4),
        i_INMODE=Const(choice, 5),
        i_CARRYINSEL=Const(0, 3),
        o_P=result,
        o_PCOUT=onward,
    )


def _extended(factor: Value, width: int) -> Value:
    """`factor` in `width` bits, signed."""
    sign = factor[-1] if factor.shape().signed else Const(0)
    return Cat(factor, [sign] * (width - len(factor)))
