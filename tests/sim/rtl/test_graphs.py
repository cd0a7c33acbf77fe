"""The compiler between its own nodes and C++: what it simplifies, moves, keeps and orders, beside the nodes as they were.

Undefined behaviour of the C++ ends a run: a shift too far, a sum of more than 64 bits, a word behind a memory's end.
A failure names its seed: `GRAPH_SEEDS="17 23" pytest tests/sim/rtl/test_graphs.py` makes those circuits again.
"""

import itertools
import os
import random
import subprocess
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

import convolver.sim
from convolver.sim.libraries.compiler import find_compiler
from convolver.sim.rtl.emit import emit
from convolver.sim.rtl.expressions import Expressions, reachable
from convolver.sim.rtl.retiming import retime

from .engines import eager, words
from .graphs import computed, random_circuit, run, signed, stimuli

SEEDS = [int(seed) for seed in os.environ.get("GRAPH_SEEDS", "0 1 2 3 4 5 6 7").split()]
CLOCKS = 300
FLAGS = ["-std=c++17", "-O1", "-w", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"]

MAIN = """
int main(int, char **arguments) {
	std::uint64_t word;
	const auto in = [&] { return std::fread(&word, 8, 1, stdin) == 1 ? word : 0; };
	const auto out = [](std::uint64_t shown) { std::fwrite(&shown, 8, 1, stdout); };
	long rested = 0;
	switch (std::atoi(arguments[1])) {
%s
	}
	std::fprintf(stderr, "%%ld", rested);
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
REST = "top->clock(); rested += {resting};"


def quiet(seed):
    return seed % 4 == 3


def source(seed):
    """A circuit as C++, and what drives it."""
    circuit = random_circuit(seed, quiet(seed))
    inputs, outputs = circuit.inputs, {name: node.width for name, node in circuit.outputs[0].items()}
    with eager() if seed % 2 else nullcontext():
        retime(circuit)
        text = emit(circuit, f"graph_{seed}", rests=quiet(seed))
    driven = [f"\t\t\ttop->{name}.data[{n}] = in();" for name, width in inputs.items() for n in range(words(width))]
    seen = [f"\t\t\tout(top->{name}.data[{n}]);" for name, width in outputs.items() for n in range(words(width))]
    clock = REST.format(resting="top->resting" if "bool resting" in text else "0") if quiet(seed) else TICK
    return text, CASE.format(seed=seed, driven="\n".join(driven), seen="\n".join(seen), clock=clock)


def differences(seeds, folder):
    """What the compiled circuits do otherwise than their nodes, and in how many clocks those rested that may."""
    texts, cases = zip(*map(source, seeds), strict=True)
    head = ["#include <cstdio>", "#include <cstdlib>", "#include <memory>", '#include "value.h"']
    (folder / "graphs.cc").write_text("\n".join([*head, *texts, MAIN % "\n".join(cases)]))
    include = f"-I{Path(next(iter(convolver.sim.__path__)))}"
    subprocess.run([*find_compiler(), *FLAGS, include, "graphs.cc", "-o", "graphs"], cwd=folder, check=True)
    told, rested = [], {}
    for seed in seeds:
        circuit = random_circuit(seed, quiet(seed))
        held, rows = stimuli(circuit, seed, CLOCKS, not quiet(seed), quiet(seed))
        given = [
            number
            for reset, row in zip(held, rows, strict=True)
            for number in [
                reset,
                *(row[name] >> 64 * n & (1 << 64) - 1 for name in row for n in range(words(circuit.inputs[name]))),
            ]
        ]
        done = subprocess.run(
            [folder / "graphs", str(seed), str(CLOCKS)], input=np.array(given, np.uint64).tobytes(), capture_output=True
        )
        if done.returncode:
            told.append(f"seed {seed}: undefined behaviour, exit code {done.returncode}")
            continue
        rested[seed] = int(done.stderr)
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
    return told, rested


def test_circuits_of_nodes_do_what_their_nodes_do(tmp_path):
    told, rested = differences(SEEDS, tmp_path)
    assert not told, "\n".join(told)
    assert {seed: clocks > CLOCKS / 10 for seed, clocks in rested.items() if quiet(seed)} == {
        seed: True for seed in SEEDS if quiet(seed)
    }


@pytest.mark.soak
@pytest.mark.parametrize("part", range(20))
def test_many_circuits_of_nodes_do_what_their_nodes_do(tmp_path, part):
    told, _ = differences(range(1000 + 20 * part, 1020 + 20 * part), tmp_path)
    assert not told, "\n".join(told)


def grown(chance):
    """Expressions of five bits, for all 32 values of these: nodes, each with what it must be."""
    made = Expressions()
    cases = list(itertools.product(range(4), range(4), range(2)))
    pool = [(made.read(name, width), [case[place] for case in cases]) for place, (name, width) in enumerate(LEAVES.items())]

    def pick(width=None):
        """One of those, of a width, if it is given: its low bits, or with zeros or its sign above."""
        if chance.random() < 0.2:
            bits = width or chance.randint(1, 6)
            value = chance.getrandbits(bits)
            return made.const(value, bits), [value] * 32
        node, values = chance.choice(pool[:3] if chance.random() < 0.3 else pool)
        if width is None or width == node.width:
            return node, values
        sign = chance.random() < 0.5
        wide = [(signed(value, node.width) if sign else value) & (1 << width) - 1 for value in values]
        return made.extend(node, width, sign), wide

    while len(pool) < 60:
        a, x = pick()
        b, y = pick(a.width)
        bit, z = pick(1)
        by, d = pick(chance.randint(1, 8))
        low = chance.randrange(a.width)
        count = chance.randint(1, a.width - low)
        part, w = pick()
        wider, times = a.width + chance.randint(-2, 4), chance.randint(1, 3)
        wider = max(wider, 1)
        pairs = list(zip(x, y, strict=True))
        kinds = [
            lambda a=a, b=b: (made.both(a, b), [p & q for p, q in pairs]),
            lambda a=a, b=b: (made.either(a, b), [p | q for p, q in pairs]),
            lambda a=a, b=b: (made.plain("xor", a, b), [p ^ q for p, q in pairs]),
            lambda a=a, b=b: (made.plain("add", a, b), [p + q for p, q in pairs]),
            lambda a=a, b=b: (made.plain("sub", a, b), [p - q for p, q in pairs]),
            lambda a=a, b=b: (made.plain("mul", a, b), [p * q for p, q in pairs]),
            lambda a=a: (made.plain("neg", a), [-p for p in x]),
            lambda a=a: (made.invert(a), [~p for p in x]),
            lambda a=a: (made.any(a), [p != 0 for p in x]),
            lambda a=a: (made.plain("parity", a), [p.bit_count() for p in x]),
            lambda a=a, b=b: (made.equal(a, b), [p == q for p, q in pairs]),
            lambda a=a, b=b: (made.below(a, b), [p < q for p, q in pairs]),
            lambda a=a, b=b: (made.below(a, b, True), [signed(p, a.width) < signed(q, a.width) for p, q in pairs]),
            lambda a=a, by=by, d=d: (made.plain("shl", a, by), [p << q for p, q in zip(x, d, strict=True)]),
            lambda a=a, by=by, d=d: (made.plain("shr", a, by), [p >> q for p, q in zip(x, d, strict=True)]),
            lambda a=a, by=by, d=d: (
                made.plain("shr_signed", a, by),
                [signed(p, a.width) >> q for p, q in zip(x, d, strict=True)],
            ),
            lambda a=a, b=b, z=z, bit=bit: (made.mux(bit, a, b), [p if c else q for c, (p, q) in zip(z, pairs, strict=True)]),
            lambda a=a: (made.slice(a, low, count), [p >> low for p in x]),
            lambda a=a, w=w, part=part: (
                made.concat([a, part, bit]),
                [p << part.width + 1 | q << 1 | c for p, q, c in zip(x, w, z, strict=True)],
            ),
            lambda a=a: (made.repeat(a, times), [sum(p << a.width * n for n in range(times)) for p in x]),
            lambda a=a: (made.extend(a, wider), x),
            lambda a=a: (made.extend(a, wider, True), [signed(p, a.width) for p in x]),
        ]
        node, values = chance.choice(kinds)()
        if node.width <= 24:
            pool.append((node, [int(value) & (1 << node.width) - 1 for value in values]))
    return made, cases, pool


LEAVES = {"x": 2, "y": 2, "z": 1}


def test_what_is_simplified_keeps_its_value_and_no_range_is_too_narrow():
    """For every value of the leaves; whether by the nodes as they are, or with constants put in for the leaves."""
    for seed in range(60):
        chance = random.Random(f"expressions {seed}")
        made, cases, pool = grown(chance)
        nodes = reachable([node for node, _ in pool])
        for place, case in enumerate(cases):
            seen = computed(nodes, dict(zip(LEAVES, case, strict=True)))
            for node, values in pool:
                assert seen[node] == values[place], (seed, node.op, case)
            for node, value in seen.items():
                assert node.unsigned[0] <= value <= node.unsigned[1], (seed, node.op, case)
                assert node.signed[0] <= signed(value, node.width) <= node.signed[1], (seed, node.op, case)
        place = chance.randrange(len(cases))
        leaves = {made.read(name, width): made.const(cases[place][n], width) for n, (name, width) in enumerate(LEAVES.items())}
        put = made.replaced([node for node, _ in pool], leaves)
        assert [node.value for node in put] == [values[place] for _, values in pool], seed
