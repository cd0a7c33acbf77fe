"""Where the beats of a signal come in."""

from typing import Any

from amaranth.hdl import Const, Module, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Member, Out

from convolver.designs import Design
from convolver.plan import stages

from ..stream.layouts import beat_layout
from ..stream.marks import ERROR_LAYOUT
from ..stream.sideband import Sideband

__all__ = ["FromSilence", "SignalEntry", "signal_sideband", "start_of"]


def signal_sideband(design: Design) -> Sideband:
    """What a signal's beats are where nothing can stall: a `beat`, and `clear` where it is the first sample that counts."""
    return Sideband(beat=Out(beat_layout(design)), clear=Out(1))


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
    o : Out
        `signal_sideband`: the beat, a clock later.
    open : Out
        A frame has begun and not ended, or a step is made.
    errors : Out
        Strobes of `ERROR_LAYOUT`, its `first` and `orphan`.
    """

    makes = (stages.Accept,)

    def __init__(self, design: Design) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(beat_layout(design))),
                "available": In(1),
                "spent": In(1),
                "silent": In(1),
                "claim": Out(1),
                "o": Out(signal_sideband(design)),
                "open": Out(1),
                "errors": Out(ERROR_LAYOUT),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        accept = self.i.valid & self.i.ready
        opened = Signal()  # a frame has begun and not ended
        accepted, inside = Signal(), Signal()  # beside `o`: there is one; a frame was open before it

        m.d.comb += [
            self.i.ready.eq(~self.spent),
            self.claim.eq(self.i.valid & self.available & (opened | self.i.payload.first)),
            self.open.eq(opened | self.o.valid),
        ]
        with m.If(self.claim):
            m.d.sync += opened.eq(~self.i.payload.last)
        m.d.sync += [
            self.o.valid.eq(self.claim),
            self.o.beat.eq(self.i.payload),
            self.o.clear.eq(self.claim & self.i.payload.first & self.silent),
            accepted.eq(accept),
            inside.eq(opened),
        ]
        # What is wrong with a beat is found a clock behind it, of registers: nothing but the step looks at its handshake.
        m.d.comb += [
            self.errors.first.eq(accepted & self.o.beat.first & inside),
            self.errors.orphan.eq(accepted & ~self.o.valid),
        ]
        return m


class FromSilence:
    """Each frame of a signal starts from silence."""

    ports: dict[str, Member]
    """Of the core."""

    def __init__(self) -> None:
        self.ports = {}

    def silent(self, m: Module, core: Any, begins: Value) -> Value:
        """The frame that `begins` with the beat at a core's input starts from silence."""
        return Const(1)

    def silenced(self, first: Value, silent: Value) -> Value:
        """A frame's `first` beat is there, and it starts from silence."""
        return first

    def begun(self, m: Module, begins: Value, silent: Value) -> Value:
        """Whether the frame that began last starts from silence: from the clock behind its first beat on."""
        return Const(1)


class Continued(FromSilence):
    """A frame goes on where the one before ended, unless `silence` came in between."""

    def __init__(self) -> None:
        self.ports = {"silence": In(1)}

    def silent(self, m: Module, core: Any, begins: Value) -> Value:
        silent = Signal(init=1)
        with m.If(begins):
            m.d.sync += silent.eq(0)
        with m.If(core.silence):
            m.d.sync += silent.eq(1)
        return silent

    def silenced(self, first: Value, silent: Value) -> Value:
        return first & silent

    def begun(self, m: Module, begins: Value, silent: Value) -> Value:
        began = Signal(name="began_silent")
        with m.If(begins):
            m.d.sync += began.eq(silent)
        return began


def start_of(design: Design) -> FromSilence:
    """What the frames of a design start from."""
    return (Continued if design.continuous else FromSilence)()
