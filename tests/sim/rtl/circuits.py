"""Random circuits of one clock, each made from its seed: what a compiler of RTL has to get right, in every mixture."""

import random
from dataclasses import dataclass
from itertools import pairwise

from amaranth.hdl import (
    Array,
    Cat,
    Const,
    EnableInserter,
    Module,
    Mux,
    ResetInserter,
    ResetSignal,
    Shape,
    Signal,
    signed,
    unsigned,
)
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["RandomCircuit", "stimuli"]

WIDTHS = (1, 1, 1, 1, 2, 2, 3, 4, 5, 7, 8, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 40, 63, 64, 65, 70, 100, 128, 130)
WIDEST = 140
"""Bits of an expression's value; longer ones are cut."""


@dataclass(frozen=True)
class MemorySpec:
    """A memory, the granularity of each of its write ports, and of each read port its domain and for whom it is transparent."""

    shape: Shape
    depth: int
    init: list[int]
    writes: list[int | None]
    reads: list[tuple[str, list[int]]]

    @property
    def plain(self):
        return self.depth > 1 and (self.depth & self.depth - 1 == 0 or not any(seen for _, seen in self.reads))


class RandomCircuit(wiring.Component):
    """Inputs, registers, memories and a state machine, joined by random expressions.

    Some circuits show every register at an output, others only what is made of them: what nobody sees may be moved or left out.
    In some, `holds_through_reset`, a memory's read port may keep its word while the reset is held. Where `known_to_cxxrtl` is
    false, there is a memory that CXXRTL reads in a way of its own: one of one word, whose address has no bits and is read
    behind an array's end; or one with addresses behind its end and a transparent port, which gives zero there, not what is
    written. Of an `eager` one the twin's compiler keeps whatever it may. `lazy` is the share of clocks in which an input
    stays, and `runs` are with other inputs each.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.eager, self.lazy, self.runs = bool(seed % 2), None, 4
        chance = random.Random(seed)
        count = chance.choice([1, 2, 3, 4, 5, 8])
        self.registers = {}
        for number in range(count):
            shape = _shape(chance)
            self.registers[f"r{number}"] = shape, {"reset_less": chance.random() < 0.3, "init": _number(chance, shape)}
        self.memories = {f"m{n}": _memory(chance) for n in range(chance.choice([0, 0, 1, 1, 2]))}
        self.holds_through_reset = chance.random() < 0.5
        self.known_to_cxxrtl = all(spec.plain for spec in self.memories.values())
        self.all_shown = chance.random() < 0.4
        members = {f"i{n}": In(_shape(chance)) for n in range(chance.randint(1, 3))}
        if chance.random() < 0.5:
            members["s"] = In(stream.Signature(_shape(chance)))
        if self.all_shown:
            members |= {f"show_{name}": Out(shape) for name, (shape, _) in self.registers.items()}
            members |= {
                f"show_{name}_{port}": Out(spec.shape)
                for name, spec in self.memories.items()
                for port in range(len(spec.reads))
            }
        members |= {f"o{n}": Out(_shape(chance)) for n in range(chance.randint(1, 3))}
        super().__init__(members)

    def elaborate(self, platform):
        return _Body(self).module


def _shape(chance: random.Random) -> Shape:
    width = chance.choice(WIDTHS)
    return signed(width) if chance.random() < 0.3 else unsigned(width)


def _number(chance: random.Random, shape: Shape) -> int:
    """Any number of that shape."""
    value = chance.getrandbits(shape.width)
    return value - (1 << shape.width) if shape.signed and value >> shape.width - 1 else value


def _memory(chance: random.Random) -> MemorySpec:
    width = chance.choice([1, 3, 4, 8, 12, 16, 33, 64, 66])
    depth = chance.choice([1, 2, 3, 4, 5, 8, 13, 16])
    init = [chance.getrandbits(width) for _ in range(chance.randint(0, depth))]
    grains = [None, *(grain for grain in range(1, width + 1) if width % grain == 0)]
    writes = [chance.choice(grains) for _ in range(chance.choice([0, 1, 1, 2, 3]))]
    reads = []
    for _ in range(chance.choice([1, 1, 2, 3])):
        domain = "comb" if chance.random() < 0.25 else "sync"
        seen = [port for port in range(len(writes)) if chance.random() < 0.5] if domain == "sync" else []
        reads.append((domain, seen))
    return MemorySpec(unsigned(width), depth, init, writes, reads)


class _Body:
    """Puts a circuit together."""

    def __init__(self, circuit: RandomCircuit) -> None:
        self.chance = random.Random(f"body {circuit.seed}")
        self.circuit = circuit
        self.module = m = Module()
        self.leaves = []
        for name in circuit.signature.members:
            if name.startswith("i"):
                self.leaves.append(getattr(circuit, name))
            elif name == "s":
                self.leaves += [circuit.s.payload, circuit.s.valid]
        self.registers = [Signal(shape, name=name, **how) for name, (shape, how) in circuit.registers.items()]
        self.leaves += self.registers
        # Some parts are submodules, which an inserter may stop or reset.
        parts = [m] + [Module() for _ in range(self.chance.choice([0, 0, 1, 2]))]
        owners = {register: self.chance.choice(parts) for register in map(id, self.registers)}
        reads = self._memories(parts)
        for number in range(self.chance.randint(0, 3)):
            shape = _shape(self.chance)
            wire = Signal(shape, name=f"wire_{number}", init=_number(self.chance, shape))
            m.d.comb += wire.eq(self.expression(3))
            if self.chance.random() < 0.5:
                with m.If(self.bit(2)):
                    m.d.comb += self.part(wire).eq(self.expression(2))
            self.leaves.append(wire)
        for share, add in ((0.4, self._state_machine), (0.5, self._pipeline), (0.4, self._delay), (0.6, self._control)):
            if self.chance.random() < share:
                add(m)
        for part in parts:
            mine = [register for register in self.registers if owners[id(register)] is part]
            for _ in range(self.chance.randint(1, 2) if mine else 0):
                self._statements(part, mine, 2)
        self._outputs(m, reads)
        for number, part in enumerate(parts[1:]):
            kind = self.chance.choice([None, EnableInserter, ResetInserter])
            part = part if kind is None else kind(self.bit(2))(part)
            setattr(m.submodules, f"part_{number}", part)

    def _memories(self, parts):
        shown = {}
        later = []
        for name, spec in self.circuit.memories.items():
            made = memory.Memory(shape=spec.shape, depth=spec.depth, init=spec.init)
            setattr(self.module.submodules, name, made)
            writes = [made.write_port(granularity=grain) for grain in spec.writes]
            for number, (domain, seen) in enumerate(spec.reads):
                port = made.read_port(domain=domain, transparent_for=[writes[place] for place in seen])
                shown[f"show_{name}_{number}"] = port.data
                if domain == "sync":
                    self.leaves.append(port.data)
                later.append(port)
            later += writes
        for port in later:
            # Of addresses some are out of range, and many are the same at two ports.
            near = self.chance.choice(self.leaves)
            self.module.d.comb += port.addr.eq(near if self.chance.random() < 0.6 else self.expression(2))
            if isinstance(port, memory.WritePort):
                self.module.d.comb += [port.data.eq(self.expression(2)), port.en.eq(self.expression(1))]
            elif port.domain == "sync" and self.chance.random() < 0.6:
                held = Const(0) if self.circuit.holds_through_reset else ResetSignal()
                self.module.d.comb += port.en.eq(self.bit(2) | held)
            # Some go to outputs alone: nothing else wants them before the clock's writes.
            if isinstance(port, memory.ReadPort) and port.domain == "comb" and self.chance.random() < 0.5:
                self.leaves.append(port.data)
        return shown

    def _state_machine(self, m):
        states = ["A", "B", "C", "D"][: self.chance.randint(2, 4)]
        told = Signal(len(states), name="told")
        with m.FSM(init=self.chance.choice(states)):
            for number, state in enumerate(states):
                with m.State(state):
                    m.d.comb += told[number].eq(1)
                    with m.If(self.bit(2)):
                        m.next = self.chance.choice(states)
                    if self.chance.random() < 0.5:
                        with m.Elif(self.bit(1)):
                            m.next = self.chance.choice(states)
        self.leaves.append(told)

    def _hidden(self, name, shape=None):
        """A register that is never shown itself."""
        shape = shape or _shape(self.chance)
        return Signal(shape, name=name, init=_number(self.chance, shape), reset_less=self.chance.random() < 0.3)

    def _pipeline(self, m):
        """Registers that run free behind one that holds, or a counter: sums and products of those before, read at the end."""
        source, count = self._hidden("source"), self._hidden("count")
        with m.If(self.bit(1)):
            m.d.sync += source.eq(self.expression(1))
        m.d.sync += count.eq(count + self.chance.choice([1, 3]))
        before = [source, count][: self.chance.randint(1, 2)]
        for stage in range(self.chance.randint(2, 4)):
            now = [self._hidden(f"stage_{stage}_{place}") for place in range(self.chance.randint(1, 3))]
            for register in now:
                a, b = self.chance.choices(before, k=2)
                m.d.sync += register.eq(
                    self.chance.choice([a + b, a - b, a * b, a, ~a, Mux(a[0], a, b), Cat(a, b), a[: len(b)]])
                )
            before = now
        self.leaves += before

    def _delay(self, m):
        """A delay of several clocks, seen at its end and on its way."""
        chain = [self._hidden("tap_0")]
        chain += [self._hidden(f"tap_{place}", chain[0].shape()) for place in range(1, self.chance.randint(4, 12))]
        m.d.sync += chain[0].eq(self.expression(1))
        m.d.sync += [later.eq(sooner) for sooner, later in pairwise(chain)]
        self.leaves += [chain[-1], self.chance.choice(chain)]

    def _control(self, m):
        """Flags that follow from flags, from bits of what comes in and from tests of counters, and what they gate.

        They stay for some clocks, while the bits that come in don't: `fresh` ones are registers of such bits.
        """
        flags = [self._hidden(f"flag_{place}", unsigned(1)) for place in range(self.chance.randint(3, 8))]
        counts = [self._hidden(f"count_{place}", unsigned(self.chance.randint(2, 9))) for place in range(2)]
        tests = [count == self.chance.randrange(1 << len(count)) for count in counts] + [count.any() for count in counts]
        source = self.circuit.s.payload if "s" in self.circuit.signature.members else self.chance.choice(self.leaves)
        bits = [source[self.chance.randrange(len(source))] for _ in range(3)]
        fresh = [self._hidden(f"fresh_{place}", unsigned(1)) for place in range(2)]
        m.d.sync += [register.eq(bit) for register, bit in zip(fresh, bits, strict=False)]

        def logic(depth):
            if not depth or self.chance.random() < 0.2:
                kinds = [flags, flags, tests, fresh, fresh, bits[2:]]
                return self.chance.choice(self.chance.choice(kinds))[0]
            a, b, c = (logic(depth - 1) for _ in range(3))
            return self.chance.choice(
                [a & b, a & ~b, a | b, a | ~b, ~(a | b), a ^ b, Mux(a, b, c), Mux(a, b, c), (a & b) | (~a & c)]
            )

        for flag in flags:
            seldom = Cat(self._leaf(), self._leaf())[:4] == self.chance.randrange(16)
            if self.chance.random() < 0.7:
                with m.If(self.chance.choice([seldom, tests[0], self.chance.choice(flags) & self.chance.choice(tests)])):
                    m.d.sync += flag.eq(logic(2))
            else:
                m.d.sync += flag.eq(logic(3))
        for count in counts:
            with m.If(logic(1)):
                m.d.sync += count.eq(count + self.chance.choice([1, -1]))
            with m.Elif(logic(2)):
                m.d.sync += count.eq(0)
        kept = self._hidden("kept")
        with m.If(logic(2)):
            m.d.sync += kept.eq(self._leaf())
        self.leaves += [kept, self.chance.choice(counts), Cat(flags)]

    def _statements(self, m, registers, depth):
        """Assignments, some under conditions."""
        for _ in range(self.chance.choice([1, 1, 2, 3])):
            kind = self.chance.random()
            if depth and kind < 0.35:
                with m.If(self.bit(2)):
                    self._statements(m, registers, depth - 1)
                if self.chance.random() < 0.4:
                    with m.Elif(self.bit(2)):
                        self._statements(m, registers, depth - 1)
                if self.chance.random() < 0.5:
                    with m.Else():
                        self._statements(m, registers, depth - 1)
            elif depth and kind < 0.5:
                tested = self.expression(1)[: self.chance.randint(1, 4)]
                with m.Switch(tested):
                    for _ in range(self.chance.randint(1, 3)):
                        pattern = "".join(self.chance.choice("01-") for _ in range(len(tested)))
                        with m.Case(pattern):
                            self._statements(m, registers, depth - 1)
                    if self.chance.random() < 0.5:
                        with m.Default():
                            self._statements(m, registers, depth - 1)
            elif kind < 0.6 and len(registers) > 1:
                # A delay, or a swap: registers that load one another.
                ring = self.chance.sample(registers, self.chance.randint(2, min(5, len(registers))))
                m.d.sync += [one.eq(other) for one, other in pairwise(ring)]
                if self.chance.random() < 0.5:
                    m.d.sync += ring[-1].eq(ring[0])
            elif kind < 0.67 and len(registers) > 1:
                m.d.sync += Array(registers)[self.expression(1).as_unsigned()[:4]].eq(self.expression(2))
            elif kind < 0.73 and len(registers) > 1:
                m.d.sync += Cat(self.chance.sample(registers, 2)).eq(self.expression(2))
            else:
                m.d.sync += self.part(self.chance.choice(registers)).eq(self.expression(self.chance.choice([1, 2, 2, 3])))

    def _outputs(self, m, reads):
        for name, register in zip(self.circuit.registers, self.registers, strict=True):
            if self.circuit.all_shown:
                m.d.comb += getattr(self.circuit, f"show_{name}").eq(register)
        for name, word in reads.items():
            if self.circuit.all_shown:
                m.d.comb += getattr(self.circuit, name).eq(word)
        for name in self.circuit.signature.members:
            if name.startswith("o"):
                m.d.comb += getattr(self.circuit, name).eq(self.expression(3))
        if "s" in self.circuit.signature.members:
            m.d.comb += self.circuit.s.ready.eq(self.bit(2))

    def part(self, signal):
        """Where an assignment goes: a signal, some of its bits, or those that another number chooses."""
        width = len(signal)
        kind = self.chance.random()
        if width == 1 or kind < 0.7:
            return signal
        if kind < 0.9:
            low = self.chance.randrange(width)
            return signal[low : self.chance.randint(low + 1, width)]
        return signal.bit_select(self.expression(1).as_unsigned()[:5], self.chance.randint(1, min(width, 20)))

    def bit(self, depth):
        """One bit; one that seldom holds, now and then."""
        value = self.expression(depth)
        kind = self.chance.randrange(5)
        if kind == 0:
            return value.any()
        if kind == 1:
            return value == self.constant(len(value))
        return value[self.chance.randrange(len(value))]

    def constant(self, width):
        kind = self.chance.randrange(4)
        value = [0, 1, (1 << width) - 1, self.chance.getrandbits(width)][kind]
        return Const(value, unsigned(width))

    def expression(self, depth):
        """A random expression of up to so many operations above one another."""
        value = self._operation(depth) if depth and self.chance.random() < 0.85 else self._leaf()
        if len(value) == 0:
            return Const(1, 1)
        if len(value) > WIDEST:
            low = self.chance.choice([0, 0, len(value) - WIDEST])
            cut = value[low : low + WIDEST]
            value = cut.as_signed() if value.shape().signed else cut
        return value

    def _leaf(self):
        if self.chance.random() < 0.12:
            width = self.chance.choice(WIDTHS)
            value = self.constant(width)
            return value.as_signed() if self.chance.random() < 0.3 else value
        return self.chance.choice(self.leaves)

    def _operation(self, depth):
        chance = self.chance
        a = self.expression(depth - 1)
        kind = chance.choice(["arithmetic", "logic", "compare", "shift", "shape", "choose", "few"])
        if kind == "few":
            return self._few(a)
        if kind in ("arithmetic", "logic", "compare"):
            b = self.expression(depth - 1)
            operations = {
                "arithmetic": [a + b, a - b, a * b, -a, a + 1, a - 1, abs(a)],
                "logic": [a & b, a | b, a ^ b, ~a, a.any(), a.all(), a.xor(), a.bool()],
                "compare": [a == b, a != b, a < b, a <= b, a > b, a >= b, a == self.constant(len(a)), a.matches("1" * len(a))],
            }
            return chance.choice(operations[kind])
        few = self.expression(depth - 1).as_unsigned()[: chance.randint(1, 3)]
        many = self.expression(depth - 1).as_unsigned()[: chance.randint(1, 9)]
        low = chance.randrange(len(a))
        if kind == "shift":
            distance = chance.randrange(12)
            operations = [a << few, a >> many, a >> many, a >> few, a.shift_left(distance), a.shift_right(distance)]
            operations += [a >> Cat(a), a >> Const(chance.choice([63, 64, 65, 100]), 7)]
            operations += [a.rotate_left(distance), a.rotate_right(distance)]
            return chance.choice(operations)
        if kind == "shape":
            operations = [a[low : chance.randint(low + 1, len(a))], a[low], a.as_signed(), a.as_unsigned()]
            operations += [Cat(a, self.expression(depth - 1)), a[low:].replicate(chance.randint(1, 3))]
            return chance.choice(operations)
        others = [self.expression(depth - 1) for _ in range(chance.randint(2, 5))]
        operations = [Mux(self.bit(depth - 1), a, others[0]), Mux(a, others[0], others[1]), Array(others)[many] + 0]
        # Of a number with a sign every tool has its own bits above the highest: test_random_circuits.py shows it.
        bits = Cat(a)
        operations += [bits.bit_select(many, chance.randint(1, 40)), bits.word_select(few, chance.randint(1, 20))]
        return chance.choice(operations)

    def _few(self, a):
        """A comparison of what takes fewer values than its bits allow, with one near its greatest or least."""
        chance = self.chance
        one, other = (self.constant(chance.randint(1, 9)) for _ in range(2))
        b = chance.choice([self._leaf(), a >> 1])
        number, greatest = chance.choice(
            [
                ((a & one) | (b & other), one.value | other.value),
                ((a & one) ^ (b & other), one.value | other.value),
                ((a & one) + (b & other), one.value + other.value),
                ((a & one) - (b & other), one.value),
                ((a & one) * (b & other), one.value * other.value),
                (Mux(a[0], one, other), max(one.value, other.value)),
            ]
        )
        bound = greatest + chance.choice([-1, 0, 0, 1])
        return chance.choice([number == bound, number < bound, number <= bound, number > bound, number != bound])


def stimuli(circuit: RandomCircuit, clocks: int, resets: bool, run: int = 0) -> tuple[list[int], list[dict[str, int]]]:
    """For each clock whether the reset is held, and the inputs: random numbers, extremes, and such as stay for some clocks."""
    chance = random.Random(f"stimuli {circuit.seed} {run}")
    widths = {}
    for path, member, value in circuit.signature.flatten(circuit):
        if member.flow == In:
            widths["__".join(map(str, path))] = len(value.as_value() if hasattr(value, "as_value") else value)
    shares = [0.0, 0.0, 0.5], [0.0, 0.5, 0.95]
    lazy = {name: circuit.lazy or chance.choice(shares[not name.endswith("payload")]) for name in widths}
    now = dict.fromkeys(widths, 0)
    rows, held, left = [], [], 0
    for _ in range(clocks):
        for name, width in widths.items():
            if chance.random() >= lazy[name]:
                extremes = [
                    0,
                    1,
                    (1 << width) - 1,
                    1 << width - 1,
                    (1 << width - 1) - 1,
                    now[name] ^ 1 << chance.randrange(width),
                ]
                now[name] = chance.choice(extremes) if chance.random() < 0.4 else chance.getrandbits(width)
        rows.append(dict(now))
        left = max(left - 1, 0) or (chance.choice([1, 1, 2, 5]) if chance.random() < 0.04 else 0)
        held.append(int(resets and left > 0))
    return held, rows
