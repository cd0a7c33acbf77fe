"""The input of a core for signals."""

from functools import singledispatch
from typing import Any

from amaranth.hdl import Const, Module, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Member, Out

from convolver.designs import Design
from convolver.designs.continuity import Continued as ContinuedFrames
from convolver.designs.continuity import Separate
from convolver.plan import stages

from ..stream.layouts import beat_layout
from ..stream.marks import ERROR_LAYOUT
from ..stream.sideband import Sideband

__all__ = ["FromSilence", "SignalEntry", "signal_sideband", "start_of"]


def signal_sideband(design: Design) -> Sideband:
    """The beats of a signal inside a core, without stalls: the `beat`, and `clear` with the first sample that
    counts."""
    return Sideband(beat=Out(beat_layout(design)), clear=Out(1))


class SignalEntry(wiring.Component):
    """Takes the beats of signals, and drops those outside any frame: one beat a cycle, latency one cycle.

    Parameters
    ----------
    design : Design
        Gives the format of a sample.

    Ports
    -----
    i : stream of `beat_layout`
    available, spent : In
        A result may be started; none may be started. Each is a register of its own where possible: `i.ready` depends on
        `spent` only, the core on `available`, as the stream's source may be far away.
    silent : In
        With a frame's first beat: the samples before it don't count.
    claim : Out
        A beat that gives a result is taken; combinational, for the credit counter.
    o : Out
        `signal_sideband`: the beat, one cycle later.
    open : Out
        A frame has begun and not ended, or `o` is valid.
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
        accepted, inside = Signal(), Signal()  # aligned with `o`: a beat was accepted; a frame was open before it

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
        # Errors are found one cycle after the beat, from registers: only the step depends on the handshake.
        m.d.comb += [
            self.errors.first.eq(accepted & self.o.beat.first & inside),
            self.errors.orphan.eq(accepted & ~self.o.valid),
        ]
        return m


class FromSilence:
    """Each frame of a signal starts from silence."""

    ports: dict[str, Member]
    """Additional ports of the core."""

    def __init__(self) -> None:
        self.ports = {}

    def silent(self, m: Module, core: Any, begins: Value) -> Value:
        """Whether the frame that `begins` with the beat at a core's input starts from silence."""
        return Const(1)

    def silenced(self, first: Value, silent: Value) -> Value:
        """Whether a frame's `first` beat is there, and the frame starts from silence."""
        return first

    def begun(self, m: Module, begins: Value, silent: Value) -> Value:
        """Whether the frame that began last started from silence; valid from the cycle after its first beat."""
        return Const(1)


class Continued(FromSilence):
    """A frame continues the one before, unless `silence` came in between."""

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
    """How the frames of a design start: from silence, or continued."""
    return _start(design.continuity)


@singledispatch
def _start(continuity: Separate) -> FromSilence:  # noqa: ARG001  # by its class
    return FromSilence()


@_start.register
def _(continuity: ContinuedFrames) -> FromSilence:  # noqa: ARG001
    return Continued()
