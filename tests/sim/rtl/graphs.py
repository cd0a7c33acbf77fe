"""Random circuits of the compiler's own nodes, and what they do, read off node by node: nothing but the compiler is between.

They have what Amaranth's designs seldom show it: each operation at any width, flags, counters, delays and fields side by side,
writes to one word, and inputs that stand still.
"""

import random
from functools import reduce
from itertools import pairwise

from convolver.sim.rtl.circuit import Circuit, Memory, Register, Write
from convolver.sim.rtl.expressions import Expressions, reachable

__all__ = ["computed", "random_circuit", "run", "stimuli"]

WIDTHS = (1, 1, 2, 3, 7, 8, 12, 16, 31, 32, 33, 63, 64, 65, 100, 130)


def signed(value, width):
    return value - (1 << width) if value >> width - 1 & 1 else value


_SHIFTS = {
    "shl": lambda a, by, _: a << min(by, 200),
    "shr": lambda a, by, _: a >> by,
    "shr_signed": lambda a, by, width: signed(a, width) >> by,
}
_BINARY = {
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "equal": lambda a, b: a == b,
    "below": lambda a, b: a < b,
}
_UNARY = {
    "not": lambda a, _: ~a,
    "neg": lambda a, _: -a,
    "any": lambda a, _: a != 0,
    "parity": lambda a, _: a.bit_count() % 2,
    "zext": lambda a, _: a,
    "sext": signed,
}


def computed(nodes, leaves, memories=None):
    """Each node's value, of nodes in their order; `leaves` are registers and inputs by name, `memories` lists of words."""
    values = {}
    for node in nodes:
        args = [values[arg] for arg in node.args]
        if node.op == "const":
            value = node.value
        elif node.op == "read":
            value = leaves[node.name]
        elif node.op == "word":
            words = memories[node.name]
            value = words[args[0]] if args[0] < len(words) else 0
        elif node.op == "slice":
            value = args[0] >> node.low
        elif node.op == "concat":
            value = reduce(lambda whole, part: whole << part[0].width | part[1], zip(node.args, args, strict=True), 0)
        elif node.op == "mux":
            value = args[1] if args[0] else args[2]
        elif node.op == "below_signed":
            value = signed(args[0], node.args[0].width) < signed(args[1], node.args[1].width)
        elif node.op in _SHIFTS:
            value = _SHIFTS[node.op](*args, node.width)
        elif node.op in _UNARY:
            value = _UNARY[node.op](args[0], node.args[0].width)
        else:
            value = _BINARY[node.op](*args)
        values[node] = int(value) & (1 << node.width) - 1
    return values


def run(circuit, resets, rows):
    """What the circuit's outputs show in each clock."""
    leaves = {name: register.initial for name, register in circuit.registers.items()}
    memories = {name: memory.initial + [0] * (memory.depth - len(memory.initial)) for name, memory in circuit.memories.items()}
    nodes, told = reachable(circuit.roots()), []
    for reset, row in zip(resets, rows, strict=True):
        values = computed(nodes, leaves | row, memories)
        told.append([values[node] for node in circuit.outputs[reset].values()])
        leaves = {name: values[register.reset if reset else register.following] for name, register in circuit.registers.items()}
        for write in circuit.writes[reset]:
            words, address, mask = memories[write.memory], values[write.address], values[write.mask]
            if address < len(words):
                words[address] = (words[address] & ~mask) | (values[write.word] & mask)
    return told


def random_circuit(seed, quiet=False):
    """A circuit made from its seed; a `quiet` one has nothing that changes for ever but counters that nobody sees."""
    return _Grower(random.Random(f"graph {seed}"), quiet).circuit()


class _Grower:
    def __init__(self, chance, quiet):
        self.chance, self.quiet = chance, quiet
        self.made = Expressions()
        self.inputs = {"p_s____payload": chance.randint(2, 12), "p_s____valid": 1, "p_go": 1, "p_x": chance.choice(WIDTHS)}
        self.leaves = [self.made.read(name, width) for name, width in self.inputs.items()]
        self.loads, self.initial = {}, {}
        self.tests = []

    def register(self, name, width):
        read = self.made.read(f"i_{name}", width)
        self.initial[read.name] = self.chance.choice([0, self.chance.getrandbits(width)])
        return read

    def circuit(self):
        made, chance = self.made, self.chance
        counters = [self.register(f"count_{n}", chance.randint(2, 9)) for n in range(2)]
        for read in counters:
            limit = made.const(chance.getrandbits(read.width), read.width)
            self.tests += [made.equal(read, limit), made.below(read, limit), made.any(read)]
        flags = [self.register(f"flag_{n}", chance.choice([1, 1, 1, 2])) for n in range(chance.randint(4, 9))]
        fresh = [self.register(f"fresh_{n}", n + 1) for n in range(2)]
        sizes = [self.register(f"size_{n}", chance.choice([5, 8, 12])) for n in range(2)]
        chain = [self.register(f"tap_{n}", chance.choice([1, 4, 8, 20]) if not n else 0) for n in range(1)]
        chain += [self.register(f"tap_{n}", chain[0].width) for n in range(1, chance.randint(3, 9))]
        fields = self.register("fields", 20)
        stages = [self.register(f"stage_{n}", chance.choice([8, 16, 24])) for n in range(3)]
        ring = [self.register(f"ring_{n}", 8) for n in range(3)]
        twins = [self.register(f"twin_{n}", stages[n].width) for n in (1, 2)]
        data = [self.register(f"data_{n}", chance.choice(WIDTHS)) for n in range(chance.randint(2, 5))]
        memories = {}
        for place in range(chance.randint(int(self.quiet), 2)):
            width, depth = chance.choice([1, 8, 33, 66]), chance.choice([3, 4, 8])
            initial = [chance.getrandbits(width) for _ in range(chance.randint(0, 3))]
            memories[f"memory_{place}"] = Memory(width, depth, initial)
        self.flags = [*flags, *fresh]
        parts = [made.slice(fields, low, width) for low, width in ((0, 7), (7, 1), (8, 1), (9, 11))]
        self.leaves += [*flags, *sizes, chain[-1], chain[chance.randrange(len(chain))], *parts, *data]
        self.leaves += [] if self.quiet else [counters[0], stages[-1]]
        payload = self.leaves[0]
        words = [made.word(name, m.width, self.grow(chance.choice([2, 3, 70]), 1)) for name, m in memories.items()]
        self.leaves += words
        for read, step in zip(counters, (1, -1), strict=True):
            counted = made.plain("add", read, made.const(step, read.width))
            kept = read if chance.random() < 0.5 else made.mux(self.flag(1), made.const(0, read.width), counted)
            self.loads[read.name] = made.mux(self.flag(2), counted, kept)
        for read in flags:
            loaded = self.flag(2)
            if read.width == 2:
                loaded = made.mux(self.flag(1), fresh[1], made.concat([loaded, self.flag(1)]))
            self.loads[read.name] = made.mux(self.flag(1), loaded, read) if chance.random() < 0.6 else loaded
        for read in fresh:
            self.loads[read.name] = made.slice(payload, 0, read.width)
        for read in sizes:
            self.loads[read.name] = made.mux(self.flag(1), self.grow(read.width, 1), read)
        turns = self.flag(1)
        self.loads |= {one.name: made.mux(turns, other, one) for one, other in zip(ring, ring[1:] + ring[:1], strict=True)}
        self.loads[chain[0].name] = self.grow(chain[0].width, 1)
        self.loads |= {after.name: before for before, after in pairwise(chain)}
        pieces = [self.grow(11, 1), self.flag(1), self.flag(1), self.grow(7, 1)]
        self.loads[fields.name] = made.mux(self.flag(1), made.concat(pieces), fields)
        source = stages[0].width
        # Alike but for what they hold at power-on.
        alike = {stages[1]: twins[0], stages[2]: twins[1]}
        self.loads[stages[0].name] = made.extend(sizes[0], source, chance.random() < 0.5)
        for before, after in pairwise(stages):
            wide = made.extend(before, after.width, True)
            kind = chance.choice(["add", "mul", "sub"])
            self.loads[after.name] = made.plain(kind, wide, wide)
            other = made.extend(alike.get(before, before), after.width, True)
            self.loads[alike[after].name] = made.plain(kind, other, other)
        for read in data:
            loaded = self.grow(read.width, 3)
            self.loads[read.name] = made.mux(self.flag(1), loaded, read) if self.quiet or chance.random() < 0.5 else loaded
        writes = []
        for name, memory in memories.items():
            for _ in range(chance.randint(1, 3)):
                enable = made.repeat(self.flag(1), memory.width)
                mask = enable if chance.random() < 0.6 else made.both(enable, self.grow(memory.width, 1))
                writes.append(Write(name, self.grow(chance.choice([2, 3]), 1), self.grow(memory.width, 1), mask))
        if self.quiet:
            # A word that counts: nothing else may tell that such a circuit isn't idle.
            counted = made.word(name, memory.width, made.const(1, 2))
            more = made.plain("add", counted, made.const(1, memory.width))
            writes.append(Write(name, made.const(1, 2), more, made.repeat(self.leaves[2], memory.width)))
            words[-1] = counted
        outputs = {f"p_o{n}": self.grow(chance.choice(WIDTHS), 3) for n in range(chance.randint(2, 4))}
        outputs |= {f"p_word_{name}": node for name, node in zip(memories, words, strict=True)}
        outputs |= {f"p_far{n}": self.far(n) for n in range(6)}
        outputs["p_ring"] = made.concat(ring)
        outputs["p_costly"] = self.costly(sizes)
        for name, memory in list(memories.items())[:1]:
            # Its address changes seldom, the word may do so at any time.
            word = made.word(name, memory.width, made.extend(sizes[1], 2))
            outputs["p_seldom"] = self.costly([sizes[0], made.extend(word, min(memory.width, 16))])
        outputs["p_flags"], outputs["p_many"] = made.concat(flags), made.concat(flags * 8)
        outputs["p_late"] = made.concat([stages[-1], twins[-1]]) if not self.quiet else made.const(1, 1)
        registers = {
            name: Register(node.width, self.initial[name], node, self.reset(name)) for name, node in self.loads.items()
        }
        during = [Write(write.memory, write.address, write.word, write.mask) for write in writes if chance.random() < 0.8]
        return Circuit(made, self.inputs, registers, memories, (outputs, dict(outputs)), (writes, during))

    def reset(self, name):
        """A constant, or none: then a register loads what it would without, or keeps what it has."""
        node, kind = self.loads[name], 0.8 if name.startswith("i_twin") else self.chance.random()
        constant = self.made.const(self.initial[name], node.width)
        return constant if kind < 0.7 else node if kind < 0.9 else self.made.read(name, node.width)

    def costly(self, sizes):
        """What is worth memoising: many operations on what changes seldom."""
        made = self.made
        one, other = (made.extend(read, 16) for read in sizes)
        for value in range(3, 9):
            one = made.plain("xor", made.plain("add", one, other), made.const(self.chance.getrandbits(12), 16))
            other = made.mux(made.below(one, made.const(value << 10, 16)), one, other)
        return one

    def far(self, place):
        """A shift by more bits than a word has, or fewer: the first three by constants."""
        made, chance = self.made, self.chance
        by = made.const(chance.choice([63, 64, 99]), 7) if place < 3 else self.grow(chance.choice([7, 8, 70]), 0)
        return made.plain(("shl", "shr", "shr_signed")[place % 3], self.grow(chance.choice(WIDTHS), 0), by)

    def flag(self, depth):
        """One bit, of flags, tests of counters, and bits of a payload now and then."""
        made, chance = self.made, self.chance
        if not depth or chance.random() < 0.2:
            kind = chance.random()
            if kind < 0.2:
                return chance.choice(self.tests)
            if kind < 0.35:
                payload = self.leaves[0]
                return made.slice(payload, chance.randrange(payload.width), 1)
            if kind < 0.5:
                return chance.choice(self.leaves[1:3])
            leaf = chance.choice(self.flags)
            return made.slice(leaf, chance.randrange(leaf.width), 1)
        one, other, third = (self.flag(depth - 1) for _ in range(3))
        kind = chance.randrange(7)
        if kind < 2:
            return made.both(one, made.invert(other) if kind else other)
        if kind < 4:
            return made.either(one, made.invert(other) if kind == 2 else other)
        if kind == 4:
            return made.plain("xor", one, other)
        return made.mux(one, other, third) if kind == 5 else made.invert(made.both(one, other))

    def constant(self, width):
        top = (1 << width) - 1
        return self.made.const(self.chance.choice([0, 1, 2, 5, top, top >> 1, self.chance.getrandbits(width)]), width)

    def grow(self, width, depth):
        """An expression of `width` bits, of up to so many operations above one another."""
        made, chance = self.made, self.chance
        if not depth or chance.random() < 0.15:
            leaf = chance.choice(self.leaves) if chance.random() < 0.85 else self.constant(chance.choice(WIDTHS))
            if leaf.width > width:
                return made.slice(leaf, chance.randint(0, leaf.width - width), width)
            return made.extend(leaf, width, chance.random() < 0.5)
        if width == 1 and chance.random() < 0.7:
            return self.tested(depth)
        kind = chance.choice(["add", "sub", "mul", "and", "or", "xor", "not", "neg", "mux", "mux", "shift", "shape", "extend"])
        if kind == "extend":
            return made.extend(self.grow(chance.choice(WIDTHS), depth - 1), width, chance.random() < 0.5)
        if kind == "shape":
            whole = self.grow(width + chance.randint(0, 9), depth - 1)
            if width > 1 and chance.random() < 0.5:
                low = chance.randint(1, width - 1)
                return made.concat([self.grow(width - low, depth - 1), self.grow(low, depth - 1)])
            return made.slice(whole, chance.randint(0, whole.width - width), width)
        one = self.grow(width, depth - 1)
        if kind == "shift":
            by = self.constant(8) if chance.random() < 0.2 else self.grow(chance.choice([2, 4, 6, 7, 9, 70]), depth - 1)
            return made.plain(chance.choice(["shl", "shr", "shr_signed"]), one, by)
        if kind in ("not", "neg"):
            return made.invert(one) if kind == "not" else made.plain("neg", one)
        other = self.grow(width, depth - 1) if chance.random() < 0.8 else self.constant(width)
        if kind == "mux":
            return made.mux(self.flag(1) if chance.random() < 0.5 else self.tested(depth - 1), one, other)
        if kind in ("and", "or"):
            return made.both(one, other) if kind == "and" else made.either(one, other)
        return made.plain(kind, one, other)

    def tested(self, depth):
        made, chance = self.made, self.chance
        width = chance.choice(WIDTHS)
        one = self.grow(width, max(depth - 1, 0))
        other = self.grow(width, max(depth - 1, 0)) if chance.random() < 0.5 else self.constant(width)
        kind = chance.randrange(5)
        if kind < 2:
            return made.any(one) if kind else made.plain("parity", one)
        if kind == 2:
            return made.equal(one, other)
        one, other = (one, other) if chance.random() < 0.5 else (other, one)
        return made.below(one, other, kind == 3)


def stimuli(circuit, seed, clocks, resets=True, quiet=False):
    """Resets and inputs. Some stay for many clocks, a payload for few; those of a quiet circuit stay together."""
    chance = random.Random(f"stimuli {seed}")
    lazy = {name: 0.5 if name in circuit.payloads() else chance.choice([0.0, 0.8, 0.95]) for name in circuit.inputs}
    now = dict.fromkeys(circuit.inputs, 0)
    rows, held = [], []
    for _ in range(clocks):
        moves = not quiet or chance.random() < 0.06
        for name, width in circuit.inputs.items():
            if moves and chance.random() >= lazy[name]:
                top = (1 << width) - 1
                now[name] = chance.choice([0, 1, top, top >> 1, now[name] ^ 1 << chance.randrange(width)])
                if chance.random() < 0.6:
                    now[name] = chance.getrandbits(width)
        rows.append(dict(now))
        held.append(int(resets and chance.random() < 0.03))
    return held, rows
