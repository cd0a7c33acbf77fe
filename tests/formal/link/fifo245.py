"""The FIFO bus's specification."""

from amaranth.hdl import Assert, Cat, Cover, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from convolver.hw.link import fifo245

__all__ = ["FIFO245Spec"]


def _since(m: Module, now: Value, limit: int, init: int = 0) -> Signal:
    """Clocks since `now` was low last, at most `limit`."""
    count = Signal(range(limit + 1), init=init)
    m.d.sync += count.eq(Mux(now, Mux(count == limit, limit, count + 1), 0))
    return count


class FIFO245Spec(wiring.Component):
    """At `clock_hz`, with free status, data and streams.

    Strobes and data keep their times, as far as they are clocks; the device doesn't drive the bus while the chip does, or may,
    behind a reset too; a strobe begins on a status of which the strobe before is no part. Every byte that RD# ends with is
    offered, and stays until it is taken; every byte accepted goes with one WR#. With status and streams willing either strobe
    comes within less than `soon` clocks, whatever the other way does.
    """

    def __init__(self, clock_hz: int, soon: int) -> None:
        free = {"rxf_n": In(1), "txe_n": In(1), "data": In(8), "valid": In(1), "payload": In(8), "ready": In(1)}
        super().__init__(free)
        self._clock_hz, self._soon = clock_hz, soon

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = fifo245.FIFO245(self._clock_hz)
        timing = fifo245.Timing(self._clock_hz)
        m.d.comb += [
            dut.rxf_n.eq(self.rxf_n),
            dut.txe_n.eq(self.txe_n),
            dut.data_i.eq(self.data),
            dut.i.valid.eq(self.valid),
            dut.i.payload.eq(self.payload),
            dut.o.ready.eq(self.ready),
        ]
        rd, wr, oe = Signal(), Signal(), Signal()
        rd_was, wr_was, oe_was = Signal(), Signal(), Signal()
        sent_was, came = Signal(8), Signal(8)
        m.d.comb += [rd.eq(~dut.rd_n), wr.eq(~dut.wr_n), oe.eq(dut.data_oe)]
        m.d.sync += [rd_was.eq(rd), wr_was.eq(wr), oe_was.eq(oe), sent_was.eq(dut.data_o), came.eq(self.data)]
        rd_falls, rd_rises = rd & ~rd_was, ~rd & rd_was
        wr_falls, wr_rises = wr & ~wr_was, ~wr & wr_was

        # The status that a strobe comes of has passed the synchroniser: so many clocks old, but no part of the strobe before.
        delay = 3
        rxf_before, txe_before = Signal(delay, init=-1), Signal(delay + timing.setup, init=-1)
        m.d.sync += [rxf_before.eq(Cat(self.rxf_n, rxf_before)), txe_before.eq(Cat(self.txe_n, txe_before))]
        fresh = timing.settle + delay - 1
        rd_rest = _since(m, ~rd, fresh)
        wr_rest = _since(m, ~wr, fresh + timing.setup + timing.hold, timing.hold)
        oe_rest = _since(m, ~oe, timing.release)
        same = oe & oe_was & (dut.data_o == sent_was)
        held = _since(m, oe & (same | ~oe_was), timing.setup)
        m.d.comb += [
            Assert(~(rd & wr)),
            Assert(~oe | (rd_rest >= timing.settle)),
            Assert(~rd | (oe_rest >= timing.release)),
            Assert(~rd_rises | (_since(m, rd, timing.strobe) == timing.strobe)),
            Assert(~wr_rises | (_since(m, wr, timing.strobe) == timing.strobe)),
            Assert(~wr_falls | (same & (held >= timing.setup))),
            Assert(~(wr & wr_was) | same),
            Assert(wr | (wr_rest >= timing.hold) | same),
            Assert(~rd_falls | (~rxf_before[-1] & (rd_rest >= fresh))),
        ]
        written = Signal()
        with m.If(wr):
            m.d.sync += written.eq(1)
        m.d.comb += Assert(~wr_falls | (~txe_before[-1] & (~written | (wr_rest >= fresh + timing.setup))))

        # Bytes that came.
        valid, valid_was, waits, offered = Signal(), Signal(), Signal(), Signal(8)
        m.d.comb += valid.eq(dut.o.valid)
        m.d.sync += [valid_was.eq(valid), waits.eq(valid & ~self.ready), offered.eq(dut.o.payload)]
        m.d.comb += [
            Assert(~waits | (valid & (dut.o.payload == offered))),
            Assert(~rd | ~valid),
            Assert(~rd_rises | (valid & (dut.o.payload == came))),
            Assert(~(valid & ~waits) | rd_rises),
        ]

        # Bytes to send, one at a time.
        owed, byte = Signal(), Signal(8)
        with m.If(wr_falls):
            m.d.sync += owed.eq(0)
        with m.If(self.valid & dut.i.ready):
            m.d.sync += [owed.eq(1), byte.eq(self.payload)]
        m.d.comb += [Assert(~wr_falls | (owed & (dut.data_o == byte))), Assert(~dut.i.ready | ~owed)]

        # Nobody waits for nothing: the other way's bytes come in between once at most.
        willing = {"read": (~self.rxf_n & self.ready, rd), "write": (~self.txe_n & owed, wr)}
        for wish, strobe in willing.values():
            m.d.comb += Assert(_since(m, wish & ~strobe, self._soon) < self._soon)

        both = Signal(2)
        with m.If(rd_rises):
            m.d.sync += both[0].eq(1)
        with m.If(wr_rises):
            m.d.sync += both[1].eq(1)
        m.d.comb += [
            Cover(both.all() & rd_falls, "read behind a write"),
            Cover(both.all() & wr_falls & (dut.data_o == 0xA5), "write behind a read"),
            Cover(waits & (offered == 0x5A), "offer waits"),
            Cover(_since(m, self.valid & ~dut.i.ready, timing.strobe) == timing.strobe, "bytes to send wait"),
        ]
        return m
