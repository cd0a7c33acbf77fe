"""Where the beats of a signal come in."""

from amaranth.hdl import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Design
from convolver.plan import stages

from ..stream.layouts import beat_layout
from ..stream.marks import ERROR_LAYOUT

__all__ = ["SignalEntry"]


class SignalEntry(wiring.Component):
    """Takes the beats of signals, and drops those outside any frame: one beat a clock, latency one clock.

    Parameters
    ----------
    design : Design
        Gives the format of a sample.

    Ports
    -----
    i : stream of `beat_layout`
    available, spent : In
        A result may be started; none may. Each is a register of its own where it can be: the stream looks at `spent` alone, the
        core at `available`, as the stream's source may be far.
    silent : In
        Beside a frame's first beat: the samples before it don't count.
    claim : Out
        A beat is taken that gives a result: as it comes, for the credit.
    step, beat, clear : Out
        The beat, a clock later; with `clear` it is the first sample that counts.
    open : Out
        A frame has begun and not ended, or a step is made.
    errors : Out
        Strobes of `ERROR_LAYOUT`, its `first` and `orphan`.
    """

    makes = (stages.Accept,)

    def __init__(self, design: Design) -> None:
        self._beat: data.StructLayout = beat_layout(design)
        super().__init__(
            {
                "i": In(stream.Signature(self._beat)),
                "available": In(1),
                "spent": In(1),
                "silent": In(1),
                "claim": Out(1),
                "step": Out(1),
                "beat": Out(self._beat),
                "clear": Out(1),
                "open": Out(1),
                "errors": Out(ERROR_LAYOUT),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        accept = self.i.valid & self.i.ready
        opened = Signal()  # a frame has begun and not ended
        accepted, inside = Signal(), Signal()  # beside `beat`: there is one; a frame was open before it

        m.d.comb += [
            self.i.ready.eq(~self.spent),
            self.claim.eq(self.i.valid & self.available & (opened | self.i.payload.first)),
            self.open.eq(opened | self.step),
        ]
        with m.If(self.claim):
            m.d.sync += opened.eq(~self.i.payload.last)
        m.d.sync += [
            self.step.eq(self.claim),
            self.beat.eq(self.i.payload),
            self.clear.eq(self.claim & self.i.payload.first & self.silent),
            accepted.eq(accept),
            inside.eq(opened),
        ]
        # What is wrong with a beat is found a clock behind it, of registers: nothing but the step looks at its handshake.
        m.d.comb += [
            self.errors.first.eq(accepted & self.beat.first & inside),
            self.errors.orphan.eq(accepted & ~self.step),
        ]
        return m
