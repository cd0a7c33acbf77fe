# amaranth: UnusedElaboratable=no
"""Circuits of one kind each, of what random ones seldom have: the compiler's special cases, many of them at once."""

from itertools import product
from typing import ClassVar

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Member, Out

__all__ = ["KINDS", "Cleared", "Few", "Reads", "Restless", "Shifts"]


class Kind(wiring.Component):
    """`expressions` of the inputs, each at an output. To the random circuits' tests it is one of them."""

    known_to_cxxrtl, holds_through_reset, eager, lazy, runs = True, False, False, None, 4
    inputs: ClassVar[dict[str, object]] = {}

    def __init__(self):
        self.seed = type(self).__name__
        members = {name: shape if isinstance(shape, Member) else In(shape) for name, shape in self.inputs.items()}
        values = self.expressions(Module(), **wiring.Signature(members).members.create())
        super().__init__(members | {f"o{number}": Out(Value.cast(value).shape()) for number, value in enumerate(values)})

    def elaborate(self, platform):
        m = Module()
        values = self.expressions(m, **{name: getattr(self, name) for name in self.inputs})
        m.d.comb += [getattr(self, f"o{number}").eq(value) for number, value in enumerate(values)]
        return m

    def expressions(self, m, **inputs):
        raise NotImplementedError


class Shifts(Kind):
    """Shifts by less and by more than 64, of numbers within a word, of a whole word and of several, by a constant, by a narrow
    number and by one of more than a word."""

    inputs: ClassVar = {
        "a": 40,
        "s": signed(40),
        "u": 64,
        "t": signed(64),
        "w": 100,
        "v": signed(100),
        "bit": 1,
        "by": 8,
        "far": 70,
    }

    def expressions(self, m, a, s, u, t, w, v, bit, by, far):
        numbers = [a, s, u, t, w, v, bit, bit.as_signed()]
        shifted = [number >> amount for number, amount in product(numbers, [by, by[:7], far, Cat(bit, far)])]
        shifted += [number >> Const(amount, 7) for number, amount in product(numbers, [39, 63, 64, 100])]
        left = [(number << by)[low : low + 64] for number, low in product([a, s, u, w, v], [0, 30, 64, 100, 190])]
        parts = [number.bit_select(by, 20) for number in (a, u, w)] + [number.word_select(by, 7) for number in (a, u, w)]
        return shifted + left + parts


class Few(Kind):
    """Numbers that take fewer values than their bits allow, compared with what lies around the least and the greatest."""

    inputs: ClassVar = {"a": 6, "b": 6, "s": signed(5), "pick": 1}

    def expressions(self, m, a, b, s, pick):
        x, y = a & 36, Mux(pick, b & 10, 10)
        p, q = Mux(pick, 5, 12), Mux(b[0], 12, 5)
        ranges = [
            (x | y, [36, 46, 47]),
            (y | x, [36, 46, 47]),
            (x ^ y, [36, 46, 47]),
            (y ^ x, [36, 46, 47]),
            (p ^ q, [1, 9, 13]),
            (p | q, [5, 6, 13]),
            (p & q, [4, 5, 12]),
            (x & y, [1, 10, 11]),
            (x + y, [1, 46, 47]),
            (x - y, [-11, -10, 36]),
            (x * p, [1, 36 * 12, 36 * 12 + 1]),
            (s + Mux(pick, 3, -7), [-23, 18, 19]),
            (s * Mux(pick, 3, -7), [-105, 112, 113]),
            (-Mux(pick, s, 20), [-20, 16, 17]),
            (Mux(pick, x, -y), [-11, -10, 36]),
            (abs(s), [1, 15, 16]),
        ]
        return [Cat(Cat(number == bound, number < bound, number <= bound) for bound in bounds) for number, bounds in ranges]


class Reads(Kind):
    """Memories of which an address is written in the clock in which it is read, at ports that hold the word and at such as show
    it at once. Some words go to outputs alone, some through registers."""

    inputs: ClassVar = {"at": 2, "other": 2, "word": 70, "on": 2}

    def expressions(self, m, at, other, word, on):
        told = []
        for width, grain in ((8, None), (8, 4), (70, None), (70, 35)):
            name = f"store_{width}_{grain}"
            init = [number * 0x1234567 % (1 << width) for number in range(4)]
            m.submodules[name] = store = memory.Memory(shape=unsigned(width), depth=4, init=init)
            write = store.write_port(granularity=grain)
            later = store.write_port()
            now, same, next_, seen = (store.read_port(domain=domain) for domain in ("comb", "comb", "sync", "comb"))
            kept = Signal(width, name=f"kept_{name}")
            m.d.sync += kept.eq(seen.data)
            m.d.comb += [write.addr.eq(at), write.data.eq(word[:width]), write.en.eq(on[0].replicate(len(write.en)))]
            if grain:
                m.d.comb += write.en.eq(on)
            m.d.comb += [later.addr.eq(other), later.data.eq(~word[:width]), later.en.eq(on.all() & word[0])]
            m.d.comb += [now.addr.eq(at), same.addr.eq(other), next_.addr.eq(at), next_.en.eq(1), seen.addr.eq(other)]
            told += [now.data, same.data, next_.data, kept]
        return told


class Restless(Kind):
    """Flags that streams' payloads are loaded into, each through a gate of another form, while all inputs stay for many clocks:
    now and then one bit changes and nothing else, and may not be missed. More flags side by side than a word has bits, too."""

    eager, lazy, runs = True, 0.93, 16
    inputs: ClassVar = {f"s{n}": In(stream.Signature(1)) for n in range(10)} | {
        "pair": In(stream.Signature(2)),
        "both": In(stream.Signature(2)),
        "gate": 1,
        "hold": 1,
    }

    def expressions(self, m, pair, both, gate, hold, **streams):
        bits = [one.payload for one in streams.values()]
        held, late, double, kept = Signal(init=1), Signal(), Signal(2), Signal()
        m.d.sync += [held.eq(hold), late.eq(bits[0])]
        m.d.sync += [double.eq(Mux(gate, pair.payload, double)), kept.eq(Mux(held, kept, bits[1]))]
        loaded = [
            late & gate,
            bits[2] & gate,
            bits[3] | gate,
            Mux(gate, bits[4], held),
            Mux(gate, held, bits[5]),
            (bits[6] & gate) | hold,
            ~(bits[7] | held) & gate,
            Mux(gate, Mux(hold, bits[8], held), ~held),
            bits[9] & gate,
            bits[9] & hold & held,
            (both.payload[0] & gate) | (both.payload[1] & hold),
        ]
        flags = [Signal(name=f"flag_{place}", init=place & 1) for place in range(len(loaded))]
        m.d.sync += [flag.eq(value) for flag, value in zip(flags, loaded, strict=True)]
        return [*flags, kept, double, Cat(kept, double, held).replicate(17)]


class Cleared(Kind):
    """Flags that follow from inputs alone and are read by no other: after a reset they load again what they had, though nothing
    that they follow from has changed."""

    eager, lazy = True, 0.8
    inputs: ClassVar = {"a": 1, "b": 1, "c": 1, "d": 1}

    def expressions(self, m, a, b, c, d):
        loaded = [(a & b) | (c & d), (a | c) ^ (b | d), Mux(a ^ d, b, c), (a & ~d) | Mux(b, c, d)]
        flags = [Signal(name=f"flag_{place}", init=place & 1) for place in range(len(loaded))]
        m.d.sync += [flag.eq(value) for flag, value in zip(flags, loaded, strict=True)]
        return flags


KINDS = (Shifts, Few, Reads, Restless, Cleared)
