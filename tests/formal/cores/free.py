"""What every core without back-pressure promises, said about the ports of the core without registers."""

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Assert, Cat, Cover, Module, Signal, Value, ValueLike

from convolver.hw.stream.marks import ERROR_LAYOUT

__all__ = ["FreeResults"]


class FreeResults:
    """Adds to a specification the contract of a core without back-pressure, `block` around `core`.

    - It is ready in every clock.
    - Each beat that `enters` gives one result, `wanted`, in the clock `latency` behind it, for one clock, whether the receiver
      is ready or not. Nothing else comes out.
    - Each of the `wrong` things strobes its error one clock later, and only then.
    - It is busy while a frame is `open`, while a result is inside, and one clock longer.

    Parameters
    ----------
    m : Module
        Of the specification; all registers of the contract are in its domain, so that a reset empties both.
    block, core : the core without registers, and what is inside.
    enters, wanted : a beat that gives a result goes in, and the result.
    later : clocks after which `wanted` is that of the beat which entered.
    wrong : what is wrong with the beat, by the error's name.
    open : a frame has begun, and isn't at its end.
    left_out : errors that a specification states by itself.
    """

    def __init__(
        self,
        m: Module,
        block: Any,
        core: Any,
        *,
        enters: ValueLike,
        wanted: ValueLike,
        wrong: Mapping[str, ValueLike],
        open: ValueLike,  # noqa: A002  # as the cores call it
        later: int = 0,
        left_out: frozenset[str] = frozenset(),
    ) -> None:
        came, nothing = Signal(core.latency), Signal(init=1)
        m.d.sync += [came.eq(Cat(enters, came)), nothing.eq((came == 0) & ~Value.cast(enters))]
        result: Value = Value.cast(wanted)
        for clock in range(later, core.latency):
            after = Signal(len(result), name=f"wanted_{clock}")
            m.d.sync += after.eq(result)
            result = after
        errors = Signal(ERROR_LAYOUT)
        m.d.sync += [errors[name].eq(value) for name, value in wrong.items()]
        m.d.comb += [
            Assert(block.i.ready),
            Assert(block.o.valid == came[-1]),
            Assert(~came[-1] | (Value.cast(block.o.payload) == result)),
            *(Assert(block.errors[name] == errors[name]) for name in ERROR_LAYOUT.members if name not in left_out),
            Assert(core.busy == (Value.cast(open) | ~nothing)),
            Assert(~core.overflow),
        ]

        # None of the above is empty: results in a row, one that nobody is ready for, and every error.
        row, unready = Signal(), Signal()
        m.d.sync += [row.eq(came[-1]), unready.eq(came[-1] & ~block.o.ready)]
        m.d.comb += [
            Cover(row & came[-1] & (result != 0), "one behind the other"),
            Cover(unready & ~came.any(), "gone without a receiver"),
            *(Cover(errors[name] & came.any(), f"{name} while a result is inside") for name in wrong),
        ]
