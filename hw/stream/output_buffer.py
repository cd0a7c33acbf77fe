"""The buffer behind a pipeline that can't stall, and the credits that keep it from overflowing."""

from amaranth.hdl import Array, Module, Mux, ShapeLike, Signal, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from convolver.plan import stages

from .skid_buffer import SkidBuffer

__all__ = ["SMALLEST_BUFFER", "OutputBuffer", "buffer_ports", "three_or_more"]

SMALLEST_BUFFER = 3
"""Credits of the smallest buffer: one to claim, and two that may have been claimed but aren't counted yet."""

_BANKS = 2
"""Memories that are used in turn: a power of two, 2 or more."""


def buffer_ports(shape: ShapeLike) -> dict[str, wiring.Member]:
    """The ports of every buffer for results of this shape: see `OutputBuffer`."""
    return {
        "claim": In(1),
        "available": Out(1, init=1),
        "spent": Out(1),
        "idle": Out(1, init=1),
        "write": In(1),
        "data": In(shape),
        "o": Out(stream.Signature(shape)),
        "overflow": Out(1),
    }


class OutputBuffer(wiring.Component):
    """Queues results and lends credits for results to come. One result a cycle, latency 3 cycles from `write` to `o`.
    It never overflows.

    Claim one credit for each result that is started, and only while `available`; a transfer at `o` returns it. Claims
    and returns are counted through registers, so that no path leads from a handshake through the counter. `available`
    is therefore three cycles late, and keeps two credits in reserve for claims that it hasn't counted yet.

    Parameters
    ----------
    shape : ShapeLike
        Shape of a result.
    depth : int
        Credits, 3 or more. For one result a cycle: the cycles from `claim` to `o`, plus 6, or more.

    Ports
    -----
    claim : In
        A result was started; only while `available`.
    available : Out
        A credit is left. A register.
    spent : Out
        The inverse of `available`. A register of its own, for blocks placed far from the readers of `available`.
    idle : Out
        Every credit has been returned: no result is in flight or queued. A register, two cycles late.
    write : In
        `data` is a result.
    data : In
    o : stream of `shape`
    overflow : Out
        A result found no room, sticky. Can't happen while the rule above is kept.
    """

    makes = (stages.OutputBuffer,)

    _many = 4
    """Credits, a power of two, with which a result may be started in this cycle and in the next."""

    def __init__(self, shape: ShapeLike, depth: int) -> None:
        if depth < SMALLEST_BUFFER:
            raise ValueError(f"Depth must be at least {SMALLEST_BUFFER}, not {depth}")
        super().__init__(buffer_ports(shape))
        self.depth = depth
        self._shape = shape

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # Results go to the banks in turn. Each bank's next result is in its read register. It is taken in every second
        # cycle at most, so the read address has one cycle in between to advance.
        banks, words = _BANKS, -(-self.depth // _BANKS)
        put_bank, put_word, get_bank = Signal(range(banks)), Signal(range(words)), Signal(range(banks))
        heads: list[Value] = []
        there = Signal()  # the next result is in its bank's register
        read, written = Signal(), Signal()
        # All counts are one cycle late: registers hold the direction, so that no handshake reaches a carry chain.
        level, moved = Signal(range(self.depth + 1)), Signal(signed(2))
        credit, lent = Signal(range(self.depth + 1), init=self.depth), Signal(signed(2))
        many = Signal(init=self.depth >= self._many)  # `credit` was `_many` or more one cycle earlier
        more = Signal()  # at least two results are there
        four = Signal()  # `level` is 4 or more, or was one cycle ago
        # No count exceeds the depth: if the depth is a power of two, the top bit tells that all credits are back.
        all_here = credit[-1] if self.depth & (self.depth - 1) == 0 else credit == self.depth

        # A register slice in front of the output: no path leads from `o.ready` into the buffer.
        m.submodules.slice = skid = SkidBuffer(self._shape)
        wiring.connect(m, skid.o, wiring.flipped(self.o))
        m.d.comb += [skid.i.valid.eq(there), read.eq(there & skid.i.ready)]
        for bank in range(banks):
            m.submodules[f"bank_{bank}"] = memory = Memory(shape=self._shape, depth=words, init=[])
            put, get = memory.write_port(), memory.read_port()
            m.d.comb += [
                # `data` is written in every cycle, and kept only if it is a result. The word is free: when all other
                # words are taken, at least one result is already on offer. So the memory needs no write enable.
                put.en.eq(put_bank == bank),
                put.addr.eq(put_word),
                put.data.eq(self.data),
            ]
            with m.If(read & (get_bank == bank)):
                m.d.sync += get.addr.eq(_after(get.addr, words))
            heads.append(Value.cast(get.data))
        m.d.comb += Value.cast(skid.i.payload).eq(Array(heads)[get_bank])
        with m.If(self.write):
            m.d.sync += put_bank.eq(put_bank + 1)
            with m.If(put_bank == banks - 1):
                m.d.sync += put_word.eq(_after(put_word, words))
        with m.If(read):
            m.d.sync += get_bank.eq(get_bank + 1)
        # True for more than two results; for two, if none leaves; for one, if one arrives. `four` covers higher levels.
        up = moved[0] & ~moved[1]
        m.d.comb += more.eq(four | level[:2].all() | (level[1] & ~moved[1]) | (level[0] & up))
        m.d.sync += [
            written.eq(self.write),
            moved.eq(written - read),
            level.eq(level + moved),
            four.eq(level[2:].any() | (up & (level == 3))),
            there.eq(written | more | (there & ~skid.i.ready)),
            lent.eq(self.claim - (self.o.valid & self.o.ready)),
            credit.eq(credit - lent),
            many.eq(credit[self._many.bit_length() - 1 :].any()),
            self.available.eq(many | self._enough(credit)),
            self.spent.eq(~(many | self._enough(credit))),
            self.idle.eq(all_here & (lent != 1)),
        ]
        with m.If(level == self.depth):
            m.d.sync += self.overflow.eq(1)
        return m

    def _enough(self, credit: Signal) -> Value:
        """Whether a result may be started with this many credits left, at most `_many`; a single look-up table."""
        return three_or_more(credit[:3])


def three_or_more(count: Signal) -> Value:
    """Whether a count is `SMALLEST_BUFFER` or more, from its bits: a comparison would become a carry chain."""
    return count[2:].any() | count[:2].all()


def _after(pointer: Value, depth: int) -> Value:
    """The next address of a ring."""
    return pointer + 1 if depth & (depth - 1) == 0 else Mux(pointer == depth - 1, 0, pointer + 1)
