"""What every block between two streams promises, said about its ports alone."""

from amaranth.hdl import Assert, Cat, Cover, Module, Mux, Signal, Value, ValueLike

__all__ = ["Queue"]


class Queue:
    """Adds to a specification the contract of a block in which every beat that goes in comes out, in order.

    - What is offered stays, unchanged, until it is taken.
    - A beat is offered `latency` clocks after it went in if nothing is in front of it, and never earlier: the offer depends
      on the beats that went in and out before, so it can't wait for `ready`, and the block gives one beat a clock.
    - It never holds more than `depth` beats; nothing comes out that didn't go in.
    - One beat at a time, chosen by the free input `tag`, is followed: it comes out when all before it are out, with its
      value. So none is lost, doubled, moved or altered.

    Parameters
    ----------
    m : Module
        Of the specification; all registers of the contract are in its domain, so that a reset empties both.
    enters, value : a beat goes in, and the value that it must have when it leaves.
    later : clocks after which `value` is that of the beat which entered.
    valid, ready, payload : the outgoing stream.
    streak : clocks in a row, to be reached, in which a beat goes in and one comes out.
    """

    def __init__(
        self,
        m: Module,
        *,
        enters: ValueLike,
        value: ValueLike,
        valid: ValueLike,
        ready: ValueLike,
        payload: ValueLike,
        depth: int,
        latency: int,
        tag: ValueLike,
        later: int = 0,
        streak: int = 3,
    ) -> None:
        enters, value, payload = Value.cast(enters), Value.cast(value), Value.cast(payload)
        valid, ready, tag = Value.cast(valid), Value.cast(ready), Value.cast(tag)
        self.level = level = Signal(range(2 * depth + 2))
        young = Signal(max(latency - 1, 0))  # who entered in each of the clocks that are too recent
        leaves = Signal()
        m.d.comb += leaves.eq(valid & ready)
        m.d.sync += level.eq(level + enters - leaves)
        if latency > 1:
            m.d.sync += young.eq(Cat(enters, young))
        ripe = Signal(range(-2 * depth - 2, 2 * depth + 2))
        m.d.comb += ripe.eq(level - sum((bit for bit in young), Value.cast(0)))

        stalled = Signal()
        before = Signal(len(payload))
        m.d.sync += [stalled.eq(valid & ~ready), before.eq(payload)]

        chosen, done = Signal(), Signal()
        ahead = Signal.like(level)
        wanted = Signal(len(value))
        known = Signal(later + 1)  # clocks since the choice; the value is there at the last
        m.d.comb += known[0].eq(enters & tag & ~chosen & (known[1:] == 0))
        if later:
            m.d.sync += known[1:].eq(known)
        with m.If(known[-1]):
            m.d.sync += wanted.eq(value)
        with m.If(known[0]):
            m.d.sync += [chosen.eq(1), ahead.eq(level - leaves)]
        with m.Elif(chosen & leaves):
            m.d.sync += ahead.eq(ahead - 1)
            with m.If(ahead == 0):
                m.d.sync += [chosen.eq(0), done.eq(1)]

        m.d.comb += [
            Assert(~stalled | (valid & (payload == before))),
            Assert(level <= depth),
            Assert(valid == (ripe > 0)),
            Assert(ripe >= 0),
            Assert(~(chosen & valid & (ahead == 0)) | (payload == wanted)),
        ]

        # None of the above is empty: the block has been full, the chosen beat has waited behind others and has left.
        waited, filled = Signal(), Signal()
        with m.If(chosen & (ahead != 0) & stalled):
            m.d.sync += waited.eq(1)
        with m.If(level == depth):
            m.d.sync += filled.eq(1)
        in_a_row = Signal(range(streak + 1))
        m.d.sync += in_a_row.eq(Mux(enters & leaves, Mux(in_a_row == streak, streak, in_a_row + 1), 0))
        covers = {
            "chosen beat waited and left": done & (waited if depth > 1 else 1) & (wanted != 0),
            "filled and emptied": filled & (level == 0),
            "streak": in_a_row == streak,
        }
        m.d.comb += [Cover(reached, name) for name, reached in covers.items()]
