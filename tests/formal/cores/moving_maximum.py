"""The specification of the cores of moving maxima."""

from amaranth.hdl import Module, Mux, Signal, Value, ValueLike
from formal.cores.signal_core import SignalCoreSpec

from convolver.hw.cores import moving_maximum
from convolver.hw.stream import layouts

__all__ = ["MovingMaximumCoreSpec"]


class MovingMaximumCoreSpec(SignalCoreSpec):
    """A whole core: the result is the greatest of the last samples, one comparison after the other, with `fill` before each
    `first`."""

    def _core(self) -> moving_maximum.MovingMaximumCore:
        return moving_maximum.MovingMaximumCore(self._design)

    def _wanted(self, m: Module, core: moving_maximum.MovingMaximumCore, belongs: Value) -> tuple[ValueLike, int]:
        design, first = self._design, self.payload.first
        greatest, *older = self._last_samples(m, belongs, design.size, first, design.fill)
        for age, sample in enumerate(older):
            either = Signal(layouts.shape_of(design.data), name=f"greatest_{age}")
            m.d.comb += either.eq(Mux(sample < greatest, greatest, sample))
            greatest = either
        wanted = Signal(layouts.result_layout(design))
        m.d.comb += [wanted.data.eq(greatest), wanted.first.eq(first), wanted.last.eq(self.payload.last)]
        return wanted, 0
