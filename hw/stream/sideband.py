"""The signature between blocks that can't stall: data that are valid for one cycle, with their marks."""

from amaranth.hdl import Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Design

from .layouts import marks_of

__all__ = ["Sideband", "SidebandDelay", "result_sideband"]


class Sideband(wiring.Signature):
    """A stream without a handshake: `valid`, and fields that are meaningful only in the cycles in which it is high.

    Parameters
    ----------
    **fields : Member
        For example the `marks` of a result, or the chosen border of a column.
    """

    def __init__(self, **fields: wiring.Member) -> None:
        super().__init__({"valid": Out(1), **fields})


def result_sideband(design: Design) -> Sideband:
    """The sideband of a design's results: their `marks`, as in `marks_of`."""
    return Sideband(marks=Out(data.StructLayout(marks_of(design))))


class SidebandDelay(wiring.Component):
    """Delays a sideband by a fixed number of cycles; `valid` stays low for that many cycles after a reset.

    Parameters
    ----------
    signature : Sideband
    clocks : int
        0 or more; 0 is a wire.

    Ports
    -----
    i, o : `signature`
    """

    def __init__(self, signature: Sideband, clocks: int) -> None:
        super().__init__({"i": In(signature), "o": Out(signature)})
        self._signature = signature
        self._clocks = clocks

    def elaborate(self, platform: object) -> Module:
        m = Module()
        ends = zip(self._signature.flatten(self.i), self._signature.flatten(self.o), strict=True)
        for (path, _, value), (_, _, out) in ends:
            for clock in range(self._clocks):
                register = Signal.like(value, name="_".join(map(str, (*path, clock))))
                m.d.sync += register.eq(value)
                value = register
            m.d.comb += out.eq(value)
        return m
