"""The specification of FIR cores without back-pressure."""

from amaranth.hdl import Module, Signal
from formal.cores.fir import FIRCoreSpec
from formal.cores.free import FreeResults

from convolver.designs import FIRDesign
from convolver.hw.bus import bare
from convolver.shell import RegisterSet, Shell

__all__ = ["FreeFIRCoreSpec"]


class FreeFIRCoreSpec(FIRCoreSpec):
    """A whole FIR core in the shell without back-pressure: the results of `FIRCoreSpec`, in the order and in the clocks that
    `FreeResults` states. Each `first` starts from silence, in whatever frame it comes; a sample outside any frame gives no
    result. Without loadable coefficients there is no register port either."""

    def __init__(self, design: FIRDesign) -> None:
        registers: RegisterSet = "coefficients" if design.loadable else "none"
        super().__init__(design, shell=Shell(registers, handshake="valid").of(design))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        core = self._core()
        block = core if self._design.loadable else bare.BareAccelerator(self._design, core)
        m.submodules.dut = block
        m.d.comb += [block.i.valid.eq(self.valid), block.i.payload.eq(self.payload), block.o.ready.eq(self.ready)]
        opened, belongs = Signal(), Signal()
        m.d.comb += belongs.eq(self.valid & (opened | self.payload.first))
        with m.If(belongs):
            m.d.sync += opened.eq(~self.payload.last)
        wanted, later = self._wanted(m, core, belongs)
        FreeResults(
            m,
            block,
            core,
            enters=belongs,
            wanted=wanted,
            later=later,
            wrong={"first": self.valid & opened & self.payload.first, "orphan": self.valid & ~belongs},
            open=opened,
            left_out=frozenset({"coefficients"} if self._design.loadable else ()),
        )
        return m
