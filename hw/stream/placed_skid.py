"""A register slice whose data registers aren't enabled by `o.ready`."""

from typing import cast

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .data_register import DataRegister
from .skid_buffer import SkidBuffer

__all__ = ["PlacedSkidBuffer"]


class PlacedSkidBuffer(wiring.Component):
    """A `SkidBuffer` for sinks whose `ready` comes late: the same beats in the same cycles.

    `data` is written to two places in turn, and read from there. So `o.ready` enables only the marks and one bit that
    selects the place.

    Parameters
    ----------
    shape : data.StructLayout
        Payload: `data` and marks.

    Ports
    -----
    i, o : stream of `shape`
    """

    def __init__(self, shape: data.StructLayout) -> None:
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})
        self._wide = cast(data.StructLayout, shape)["data"].shape
        self._marks = data.StructLayout({name: field for name, field in shape.members.items() if name != "data"})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.marks = marks = SkidBuffer(self._marks)
        places = [DataRegister(self._wide, name=f"place_{number}") for number in range(2)]
        put, get = Signal(), Signal()  # the place for the next beat; the place of the offered beat

        m.d.comb += [
            self.i.ready.eq(marks.i.ready),
            marks.i.valid.eq(self.i.valid),
            self.o.valid.eq(marks.o.valid),
            marks.o.ready.eq(self.o.ready),
            *(marks.i.payload[name].eq(self.i.payload[name]) for name in self._marks.members),
            *(self.o.payload[name].eq(marks.o.payload[name]) for name in self._marks.members),
            self.o.payload.data.eq(Mux(get, Value.cast(places[1]), Value.cast(places[0]))),
        ]
        # A place that isn't offered may be overwritten while `i` is ready.
        for number, place in enumerate(places):
            with m.If(self.i.ready & (put == number)):
                m.d.sync += place.eq(self.i.payload.data)
        m.d.sync += [put.eq(put ^ (self.i.valid & self.i.ready)), get.eq(get ^ (self.o.valid & self.o.ready))]
        return m
