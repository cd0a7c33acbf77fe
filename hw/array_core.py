"""What stands behind every feeder: array, coefficients, output stage, output buffer."""

from amaranth.hdl import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.schedule import Schedule

from .coefficients import CoefficientBank, coefficient_layout
from .delay import Delay
from .mac_array import MACArray
from .output_buffer import OutputBuffer
from .requantiser import Requantiser
from .stream import shape_of

__all__ = ["ArrayCore"]


class ArrayCore(wiring.Component):
    """From the samples at the positions to the stream of results: one result a clock, full back-pressure at `o`.

    Latency from `valid` to `o.valid`: the schedule's stages behind the feeder. Nothing in between can stall: start a step
    that gives a result only while `available`, and `take` a credit for it.

    Parameters
    ----------
    schedule : Schedule
    result : data.StructLayout
        Payload of the results: `data` and the marks.

    Ports
    -----
    samples : In
        An array of one sample a position.
    valid : In
        The samples give a result.
    marks : In
        The result's marks, as in its payload; `first` takes a pending set of coefficients.
    take, available, home : In, Out, Out
        See `OutputBuffer`.
    o : stream of `result`
    coefficients : stream of `coefficient_layout`, restart : In, pending : Out, coefficient_error : Out, open : In
        If they can be loaded: see `CoefficientBank`; `open` says that a frame is in the feeder.
    overflow : Out
        The output buffer overflowed; can't happen.
    """

    def __init__(self, schedule: Schedule, result: data.StructLayout) -> None:
        design = schedule.design
        self._schedule = schedule
        self._result = result
        self._marks = data.StructLayout({name: field.shape for name, field in result if name != "data"})
        ports = {
            "samples": In(data.ArrayLayout(shape_of(design.sample), schedule.positions)),
            "valid": In(1),
            "marks": In(self._marks),
            "take": In(1),
            "available": Out(1),
            "home": Out(1),
            "o": Out(stream.Signature(result)),
            "overflow": Out(1),
        }
        if design.loadable:
            ports |= {
                "coefficients": In(stream.Signature(coefficient_layout(design))),
                "restart": In(1),
                "open": In(1),
                "pending": Out(1),
                "coefficient_error": Out(1),
            }
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        schedule = self._schedule
        m.submodules.array = array = MACArray(schedule)
        m.submodules.requantiser = requantiser = Requantiser(schedule)
        m.submodules.buffer = buffer = OutputBuffer(self._result, schedule.buffer_depth)
        beside = data.StructLayout({"valid": 1, "marks": self._marks})
        m.submodules.beside = delay = Delay(beside, array.latency + requantiser.latency)
        result = Signal(self._result)

        m.d.comb += [
            array.samples.eq(self.samples),
            delay.i.valid.eq(self.valid),
            delay.i.marks.eq(self.marks),
            requantiser.i.eq(array.sum),
            result.data.eq(requantiser.o),
            *(result[name].eq(delay.o.marks[name]) for name, _ in self._marks),
            buffer.write.eq(delay.o.valid),
            buffer.data.eq(result),
            buffer.take.eq(self.take),
            self.available.eq(buffer.available),
            self.home.eq(buffer.home),
            self.overflow.eq(buffer.overflow),
        ]
        wiring.connect(m, buffer.o, wiring.flipped(self.o))

        if schedule.design.loadable:
            m.submodules.bank = bank = CoefficientBank(schedule.design)
            wiring.connect(m, wiring.flipped(self.coefficients), bank.i)
            m.d.comb += [
                bank.restart.eq(self.restart),
                bank.swap.eq(self.valid & self.marks.first),
                bank.idle.eq(self.home & ~self.open),
                array.load.eq(bank.load),
                array.weights.eq(bank.weights),
                self.pending.eq(bank.pending),
                self.coefficient_error.eq(bank.error),
            ]
        return m
