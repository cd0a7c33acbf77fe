"""The specification of the cores of CIC filters: that of any change of rate, with the taps of the moving sums."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from formal.cores.resample import ResampleCoreSpec

from convolver.designs import CICDesign
from convolver.hw.cores import cic
from convolver.hw.stream import layouts

__all__ = ["CICCoreSpec"]


class SumsSpec(ResampleCoreSpec):
    """Each result is the sum of products that an FIR filter with the same taps gives."""

    def _core(self) -> cic.CICCore:
        assert isinstance(self._design, CICDesign)
        return cic.CICCore(self._design)


class CICCoreSpec(wiring.Component):
    """A whole core, as any that changes a rate, behind a source that keeps what it offers: a frame that is announced and then
    isn't begun would give a result twice, which the combs would take for two."""

    def __init__(self, design: CICDesign, depth: int) -> None:
        self._design, self._depth = design, depth
        super().__init__({"valid": In(1), "payload": In(layouts.beat_layout(design)), "ready": In(1), "tag": In(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.spec = spec = SumsSpec(self._design, self._depth)
        waits, kept = Signal(), Signal(layouts.beat_layout(self._design))
        m.d.comb += [
            spec.valid.eq(self.valid | waits),
            spec.payload.eq(Mux(waits, kept, self.payload)),
            spec.ready.eq(self.ready),
            spec.tag.eq(self.tag),
        ]
        m.d.sync += [waits.eq(spec.valid & ~spec.taken), kept.eq(spec.payload)]
        return m
