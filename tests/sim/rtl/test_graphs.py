"""The compiler between its own nodes and C++: what it simplifies, moves, keeps and orders, beside the nodes as they were.

Undefined behaviour of the C++ ends a run: a shift too far, a sum of more than 64 bits, a word behind a memory's end.
A failure names its seed: `GRAPH_SEEDS="17 23" pytest tests/sim/rtl/test_graphs.py` makes those circuits again.
"""

import itertools
import os
import random
import subprocess
from contextlib import nullcontext

import numpy as np
import pytest

from convolver.sim.libraries.compiler import RUNTIME, find_compiler
from convolver.sim.rtl.emit import emit
from convolver.sim.rtl.expressions import Expressions, reachable
from convolver.sim.rtl.retiming import retime

from .engines import eager, words
from .graphs import computed, random_circuit, run, signed, stimuli

SEEDS = [int(seed) for seed in os.environ.get("GRAPH_SEEDS", "0 1 2 5 27 43 1331").split()]
CLOCKS = 300
IDLE = {27, 43}
"""Of the seeds, those of circuits that become idle."""
FLAGS = ["-std=c++17", "-O0", "-w", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"]

MAIN = """
int main(int, char **arguments) {
	std::uint64_t word;
	const auto in = [&] { return std::fread(&word, 8, 1, stdin) == 1 ? word : 0; };
	const auto out = [](std::uint64_t shown) { std::fwrite(&shown, 8, 1, stdout); };
	long idle = 0;
	switch (std::atoi(arguments[1])) {
%s
	}
	std::fprintf(stderr, "%%ld", idle);
}
"""

CASE = """	case {seed}: {{
		auto top = std::make_unique<graph_{seed}::top>();
		for (long clocks = std::atol(arguments[2]); clocks > 0; clocks--) {{
			const bool reset = in();
{driven}
			{clock}
{seen}
		}}
		break;
	}}"""

TICK = "if (reset) top->tick<true>(); else top->tick<false>();"
CLOCK = "top->clock(); idle += {skipped};"


def quiet(seed):
    return seed % 4 == 3


def source(seed):
    """A circuit as C++, and what drives it."""
    circuit = random_circuit(seed, quiet(seed))
    inputs, outputs = circuit.inputs, {name: node.width for name, node in circuit.outputs[0].items()}
    with eager() if seed % 2 else nullcontext():
        retime(circuit)
        text = emit(circuit, f"graph_{seed}", skips_idle=quiet(seed))
    driven = [f"\t\t\ttop->{name}.data[{n}] = in();" for name, width in inputs.items() for n in range(words(width))]
    seen = [f"\t\t\tout(top->{name}.data[{n}]);" for name, width in outputs.items() for n in range(words(width))]
    clock = CLOCK.format(skipped="top->idle" if "bool idle" in text else "0") if quiet(seed) else TICK
    return text, CASE.format(seed=seed, driven="\n".join(driven), seen="\n".join(seen), clock=clock)


def differences(seeds, folder):
    """What the compiled circuits do otherwise than their nodes, and in how many clocks those idle that may."""
    texts, cases = zip(*map(source, seeds), strict=True)
    head = ["#include <cstdio>", "#include <cstdlib>", "#include <memory>", '#include "value.h"']
    (folder / "graphs.cc").write_text("\n".join([*head, *texts, MAIN % "\n".join(cases)]))
    include = f"-I{RUNTIME}"
    subprocess.run([*find_compiler(), *FLAGS, include, "graphs.cc", "-o", "graphs"], cwd=folder, check=True)
    told, idle = [], {}
    for seed in seeds:
        circuit = random_circuit(seed, quiet(seed))
        held, rows = stimuli(circuit, seed, CLOCKS, not quiet(seed), quiet(seed))
        given = []
        for reset, row in zip(held, rows, strict=True):
            given.append(reset)
            for name, width in circuit.inputs.items():
                given += [row[name] >> 64 * n & (1 << 64) - 1 for n in range(words(width))]
        done = subprocess.run(
            [folder / "graphs", str(seed), str(CLOCKS)], input=np.array(given, np.uint64).tobytes(), capture_output=True
        )
        if done.returncode:
            told.append(f"seed {seed}: undefined behaviour, exit code {done.returncode}")
            continue
        idle[seed] = int(done.stderr)
        shown = iter(np.frombuffer(done.stdout, np.uint64).tolist())
        names = circuit.outputs[0]
        for clock, expected in enumerate(run(circuit, held, rows)):
            got = [sum(next(shown) << 64 * n for n in range(words(node.width))) for node in names.values()]
            wrong = [
                f"{name} {one:#x}, not {other:#x}"
                for name, one, other in zip(names, got, expected, strict=True)
                if one != other
            ]
            if wrong:
                told.append(f"seed {seed}: in clock {clock} {'; '.join(wrong)}")
                break
    return told, idle


def test_circuits_of_nodes_do_what_their_nodes_do(tmp_path):
    told, idle = differences(SEEDS, tmp_path)
    assert not told, "\n".join(told)
    assert all(idle[seed] > CLOCKS / 10 for seed in IDLE & idle.keys())


@pytest.mark.soak
@pytest.mark.parametrize("part", range(20))
def test_many_circuits_of_nodes_do_what_their_nodes_do(tmp_path, part):
    told, _ = differences(range(1000 + 20 * part, 1020 + 20 * part), tmp_path)
    assert not told, "\n".join(told)


LEAVES = {"x": 2, "y": 2, "z": 1}
CASES = list(itertools.product(range(4), range(4), range(2)))


class Grown:
    """Expressions of five bits: nodes, each with what it must be for each of the 32 values of these."""

    def __init__(self, chance):
        self.chance, self.made = chance, Expressions()
        leaves = [self.made.read(name, width) for name, width in LEAVES.items()]
        self.pool = [(leaf, [case[place] for case in CASES]) for place, leaf in enumerate(leaves)]
        for place in range(3):
            # Such as never take the values around zero.
            one, other = chance.randint(3, 9), chance.randint(3, 9)
            bit, z = self.pick(1) if place else (leaves[2], self.pool[2][1])
            choice = self.made.mux(bit, self.made.const(one, 4), self.made.const(other, 4))
            self.pool.append((choice, [one if value else other for value in z]))
        while len(self.pool) < 60:
            node, values = self.operation()
            if node.width <= 24:
                self.pool.append((node, [int(value) & (1 << node.width) - 1 for value in values]))

    def pick(self, width=None):
        """One that is there, or a constant; of a width, if it is given: its low bits, or with zeros or its sign above."""
        if self.chance.random() < 0.2:
            bits = width or self.chance.randint(1, 6)
            value = self.chance.getrandbits(bits)
            return self.made.const(value, bits), [value] * len(CASES)
        node, values = self.chance.choice(self.pool[:3] if self.chance.random() < 0.3 else self.pool)
        if width is None or width == node.width:
            return node, values
        sign = self.chance.random() < 0.5
        wide = [(signed(value, node.width) if sign else value) & (1 << width) - 1 for value in values]
        return self.made.extend(node, width, sign), wide

    def cut(self, node, *parts):
        return self.made.concat([self.made.slice(node, low, width) for low, width in parts])

    def operation(self):
        made, chance = self.made, self.chance
        a, x = self.pick()
        b, y = self.pick(a.width)
        bit, z = self.pick(1)
        by, d = self.pick(chance.randint(1, 8))
        part, w = self.pick()
        low = chance.randrange(a.width)
        (f, u), (g, v) = self.pick(7), self.pick(7)
        total, top, bottom = [p + q for p, q in zip(u, v, strict=True)], chance.randint(2, 6), chance.randint(0, 2)
        count, wider, times = chance.randint(1, a.width - low), max(a.width + chance.randint(-2, 4), 1), chance.randint(1, 3)
        far, sign = chance.randint(0, a.width + 3), chance.random() < 0.5
        pairs, distances = list(zip(x, y, strict=True)), list(zip(x, d, strict=True))
        threes = list(zip(x, w, z, strict=True))
        kinds = [
            lambda: (made.both(a, b), [p & q for p, q in pairs]),
            lambda: (made.either(a, b), [p | q for p, q in pairs]),
            lambda: (made.plain("xor", a, b), [p ^ q for p, q in pairs]),
            lambda: (made.plain("add", a, b), [p + q for p, q in pairs]),
            lambda: (made.plain("sub", a, b), [p - q for p, q in pairs]),
            lambda: (made.plain("mul", a, b), [p * q for p, q in pairs]),
            lambda: (made.plain("neg", a), [-p for p in x]),
            lambda: (made.invert(a), [~p for p in x]),
            lambda: (made.any(a), [p != 0 for p in x]),
            lambda: (made.plain("parity", a), [p.bit_count() for p in x]),
            lambda: (made.equal(a, b), [p == q for p, q in pairs]),
            lambda: (made.below(a, b), [p < q for p, q in pairs]),
            lambda: (made.below(a, b, True), [signed(p, a.width) < signed(q, a.width) for p, q in pairs]),
            lambda: (made.plain("shl", a, by), [p << q for p, q in distances]),
            lambda: (made.plain("shr", a, by), [p >> q for p, q in distances]),
            lambda: (made.plain("shr_signed", a, by), [signed(p, a.width) >> q for p, q in distances]),
            lambda: (made.mux(bit, a, b), [p if c else q for c, (p, q) in zip(z, pairs, strict=True)]),
            lambda: (made.slice(a, low, count), [p >> low for p in x]),
            lambda: (made.concat([a, part, bit]), [p << part.width + 1 | q << 1 | c for p, q, c in threes]),
            lambda: (made.repeat(a, times), [sum(p << a.width * n for n in range(times)) for p in x]),
            lambda: (made.extend(a, wider), x),
            lambda: (made.extend(a, wider, True), [signed(p, a.width) for p in x]),
        ]
        # Of these the simplest node depends on what is inside.
        nested = [
            lambda: (
                made.mux(bit, made.mux(bit, a, b), made.mux(bit, b, made.invert(a))),
                [p if c else ~p for c, p in zip(z, x, strict=True)],
            ),
            lambda: (
                self.cut(made.plain("add", f, g), (top, 1), (bottom, 2)),
                [(p >> top & 1) << 2 | (p >> bottom & 3) for p in total],
            ),
            lambda: (
                made.slice(made.extend(a, a.width + 4, sign), far, 1),
                [(signed(p, a.width) if sign else p) >> far & 1 for p in x],
            ),
        ]
        return chance.choice(nested if chance.random() < 0.2 else kinds)()


def test_what_is_simplified_keeps_its_value_and_no_range_is_too_narrow():
    """For every value of the leaves; of the nodes as they are, and with constants in the place of the leaves."""
    for seed in range(60):
        grown = Grown(random.Random(f"expressions {seed}"))
        made, roots = grown.made, [node for node, _ in grown.pool]
        nodes = reachable(roots)
        for place, case in enumerate(CASES):
            seen = computed(nodes, dict(zip(LEAVES, case, strict=True)))
            for node, values in grown.pool:
                assert seen[node] == values[place], (seed, node.op, case)
            for node, value in seen.items():
                assert node.unsigned[0] <= value <= node.unsigned[1], (seed, node.op, case)
                assert node.signed[0] <= signed(value, node.width) <= node.signed[1], (seed, node.op, case)
        place = grown.chance.randrange(len(CASES))
        leaves = {
            made.read(name, width): made.const(value, width)
            for (name, width), value in zip(LEAVES.items(), CASES[place], strict=True)
        }
        assert [node.value for node in made.replaced(roots, leaves)] == [values[place] for _, values in grown.pool], seed
