"""An array's sum against the one that is due, as many clocks later as the array says."""

from typing import Any

from amaranth.hdl import Assert, Cover, Module, Shape, Signal

__all__ = ["compare_later"]


def compare_later(m: Module, dut: Any, total: Any, known: Any, wide: Shape, ends: tuple[int, int]) -> None:
    """Asserts that the sum is `total` where that was `known`, and shows that both ends of its range come.

    Parameters
    ----------
    m : Module
    dut : Component
        Its `sum` comes `latency` clocks later.
    total, known : Value
    wide : Shape
        Holds any total.
    ends : (int, int)
    """
    sums, ages = [total], [known]
    for clock in range(dut.latency):
        later, old = Signal(wide, name=f"sum_{clock}"), Signal(name=f"age_{clock}")
        m.d.sync += [later.eq(sums[-1]), old.eq(ages[-1])]
        sums.append(later)
        ages.append(old)
    low, high = ends
    m.d.comb += [
        Assert(~ages[-1] | (dut.sum == sums[-1])),
        Cover(ages[-1] & (dut.sum == low)),
        Cover(ages[-1] & (dut.sum == high)),
    ]
