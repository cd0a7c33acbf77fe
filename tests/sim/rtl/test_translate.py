"""The translation of a circuit to C++ against Amaranth's own simulator: what is moved, merged or left out must not be seen."""

import functools
import itertools
import random
import re

import numpy as np
import pytest
from amaranth.hdl import Array, Cat, Const, Module, Mux, ResetInserter, Signal, signed, unsigned
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from convolver.hw.export.elaboration import rtlil_of
from convolver.sim.rtl.circuit import Circuit, Register
from convolver.sim.rtl.cpp_expressions import CppExpressions
from convolver.sim.rtl.expressions import Expressions
from convolver.sim.rtl.reading import parse
from convolver.sim.rtl.retiming import retime
from convolver.sim.rtl.split_registers import split
from convolver.sim.rtl.translate import cxxrtl, translate
from convolver.sim.twin.core import Simulation, simulate_components
from convolver.sim.twin.streams import beats_of

from .graphs import run

CLOCKS = 400


class Block(wiring.Component):
    """A result every clock: `function` adds what makes 60 bits of the 63 that come in."""

    def __init__(self, function):
        self.function = function
        super().__init__(
            {
                "i": In(stream.Signature(data.StructLayout({"data": unsigned(63)}))),
                "o": Out(stream.Signature(data.StructLayout({"data": unsigned(60)}))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [self.i.ready.eq(1), self.o.valid.eq(1), self.o.payload.data.eq(self.function(m, self.i.payload.data))]
        return m


def pipeline(m, x):
    """Sums behind free-running registers that don't begin at zero, read at several depths; a delay; a register that holds."""
    held = Signal(8, init=77)
    with m.If(x[0]):
        m.d.sync += held.eq(x[8:16])
    one, two, three = Signal(8, init=3), Signal(signed(12), init=-5), Signal(16, init=1000)
    product, late, total = Signal(20, init=9), Signal(8, init=1), Signal(24, init=5)
    m.d.sync += [one.eq(held), two.eq(held.as_signed() * 3), three.eq(one + two), product.eq(one * two), late.eq(one)]
    m.d.sync += total.eq(three + product + late)
    chain = [Signal(4, init=number, name=f"chain_{number}") for number in range(9)]
    m.d.sync += [chain[0].eq(held[:4] ^ 6), *(chain[number + 1].eq(chain[number]) for number in range(8))]
    return Cat(total, chain[8], chain[3], held, Const(0, 12))


def without_resets(m, x):
    """Registers without a reset before, behind and beside such as have one, in sums and in delays."""
    bare = functools.partial(Signal, reset_less=True)
    held = Signal(8, init=77)
    with m.If(x[0]):
        m.d.sync += held.eq(x[8:16])
    one, two, three = bare(8, init=3), Signal(8, init=5), bare(8, init=100)
    product, total, last, reset_last = bare(16, init=9), Signal(16, init=1), bare(16, init=5), Signal(20, init=6)
    m.d.sync += [one.eq(held), two.eq(held + 3), three.eq(~held)]
    m.d.sync += [product.eq(one * three), total.eq(one * two), last.eq(product + total), reset_last.eq(last * 3)]
    kinds = [bare, bare, Signal, Signal, bare, bare, bare, Signal, bare]
    chain = [kind(4, init=number, name=f"chain_{number}") for number, kind in enumerate(kinds)]
    m.d.sync += [chain[0].eq(held[:4] ^ 6), *(chain[number + 1].eq(chain[number]) for number in range(8))]
    return Cat(reset_last, last, chain[8], chain[3], held)


def groups(m, x):
    """A sum of three groups of products, each group added a clock after the one before, as a chain of multipliers adds."""
    taken = [Signal(8, init=number, name=f"taken_{number}") for number in range(6)]
    with m.If(x[0]):
        m.d.sync += [taken[0].eq(x[8:16]), *(taken[number + 1].eq(taken[number]) for number in range(5))]
    total = 0
    for group in range(3):
        products = []
        for number in (2 * group, 2 * group + 1):
            product = Signal(12, init=number, name=f"product_{number}")
            m.d.sync += product.eq(taken[number] * (2 * number + 3))
            products.append(product)
        sum_ = Signal(16, init=group, name=f"sum_{group}")
        m.d.sync += sum_.eq(total + products[0] + products[1])
        total = sum_
    return total


def between_circles(m, x):
    """Registers that run free between a counter and an accumulator, and a circle of registers that run free."""
    count, sum_, shown = Signal(8), Signal(16), Signal(8, init=7)
    ring = [Signal(8, init=40 + number, name=f"ring_{number}") for number in range(3)]
    m.d.sync += [count.eq(count + 3), shown.eq(count ^ ring[0]), sum_.eq(sum_ + shown)]
    m.d.sync += [ring[0].eq(ring[2]), ring[1].eq(ring[0] + 1), ring[2].eq(ring[1])]
    return Cat(sum_, ring[1], count)


def choices(m, x):
    """Registers that load under common and nested conditions, one after another and in a circle."""
    row = [Signal(8, init=number, name=f"row_{number}") for number in range(5)]
    flag, other = Signal(), Signal(8)
    with m.If(x[0]):
        with m.If(x[1:3] == 0):
            m.d.sync += [register.eq(0) for register in row]
        with m.Elif(x[3]):
            m.d.sync += [row[0].eq(row[4]), flag.eq(~flag), *(row[number + 1].eq(row[number]) for number in range(4))]
        with m.Else():
            m.d.sync += [row[0].eq(x[10:18]), row[1].eq(row[0] + row[4]), row[3].eq(row[1]), other.eq(row[3])]
    with m.Elif(x[4]):
        m.d.sync += [other.eq(Mux(x[5], other, x[20:28])), flag.eq(0)]
    return Cat(*row, flag, other)


def memories(m, x):
    """A memory with parts of a word to write, of a depth that addresses exceed, and one of more than 64 bits."""
    m.submodules.small = small = memory.Memory(shape=unsigned(12), depth=5, init=[1, 2, 3])
    m.submodules.wide = wide = memory.Memory(shape=unsigned(70), depth=8, init=[5, 1 << 69])
    write, read = small.write_port(granularity=4), small.read_port()
    m.d.comb += [write.addr.eq(x[0:3]), write.en.eq(x[3:6]), write.data.eq(x[6:18]), read.addr.eq(x[18:21]), read.en.eq(x[21])]
    store, load = wide.write_port(), wide.read_port()
    m.d.comb += [
        store.addr.eq(x[22:25]),
        store.en.eq(x[25] ^ x[30]),
        store.data.eq(Cat(x, ~x)),
        load.addr.eq(x[26:29]),
        load.en.eq(1),
    ]
    return Cat(read.data, load.data[30:70] ^ load.data[:40])


def tables(m, x):
    """A deep table, a selection of bits, and what is wider than a word."""
    table = Array(Const(number * 37 % 256, 8) for number in range(200))
    wide = Signal(130)
    m.d.sync += wide.eq((wide << 7) ^ Cat(x, x[3:40]) + Cat(x[5:60], x))
    return Cat(table[x[:8]], wide.bit_select(x[8:15], 17), wide[60:80], wide.any(), wide < x)


def control(m, x):
    """Flags that follow from flags and from a counter's tests, sizes that are compared, and a payload of several fields."""
    go, stop, less, more = (Signal(name=name) for name in ("go", "stop", "less", "more"))
    m.d.sync += [go.eq(x[0]), stop.eq(x[1]), less.eq(x[2]), more.eq(x[3])]
    size, before, count = Signal(12, init=9), Signal(12), Signal(signed(6), init=5)
    with m.If(stop & x[4]):
        m.d.sync += [size.eq(x[8:20]), before.eq(size)]
    alike = Cat(before[part::3] == size[part::3] for part in range(3)).all()
    fits = ((size[:4] > 3) & (size[4:9] < 29) & ~size[11]) | (size[5:9] == before[7:11])
    idle, busy, last, late, step = Signal(init=1), Signal(), Signal(), Signal(init=1), Signal(signed(2))
    begin, end = Signal(), Signal()
    fit, like, third, fourth = Signal(), Signal(), Signal(), Signal(init=1)
    m.d.sync += [
        fit.eq(fits),
        like.eq(alike),
        third.eq((go & ~fourth) | (third & ~stop)),
        fourth.eq(last ^ (third & more) ^ fit),
    ]
    m.d.comb += [begin.eq(idle & go & (fit | third)), end.eq(busy & (count[-1] | stop | fourth) & ~(less & like))]
    with m.If(begin | count[-1]):
        m.d.sync += count.eq(x[20:25])
    with m.Elif(busy):
        m.d.sync += count.eq(count - 1)
    m.d.sync += [
        idle.eq((idle & ~begin) | (end & ~more)),
        busy.eq((busy | begin) & ~end),
        last.eq(busy & (count == 1) & ~end),
        late.eq((late ^ last ^ (less & more)) & ~(idle & begin)),
        step.eq((busy & more) - (last & ~less)),
    ]
    fields = data.StructLayout({"pixel": 7, "first": 1, "eol": 1, "place": signed(5)})
    shown, waiting, full = Signal(fields, init={"pixel": 99, "place": -3}), Signal(fields), Signal()
    m.d.sync += full.eq((full | (busy & less)) & ~more)
    with m.If(~full | more):
        m.d.sync += shown.eq(Mux(full, waiting, fields(Cat(x[30:37], begin, last, x[40:45]))))
    with m.Elif(less):
        m.d.sync += waiting.eq(Cat(x[50:57], busy, late, x[45:50]))
    level = Signal(8)
    m.d.sync += level.eq(level + step)
    seen = shown.pixel + (shown.place << 2)
    return Cat(idle, busy, last, late, step, end, seen[:10], Mux(shown.first & ~shown.eol, level, 200), size, full & begin)


def resting(m, x):
    """Flags that rest at what a reset makes of them, all but one; a pulse passes through them, and may be held on its way."""
    hold, clear, chain = Signal(), Signal(), [Signal(name=f"chain_{number}") for number in range(20)]
    m.d.sync += [hold.eq(x[0] & x[1]), clear.eq(x[2] & x[3] & x[4]), chain[0].eq(x[5] & ~hold)]
    m.d.sync += [
        chain[number + 1].eq((chain[number] & ~hold & ~clear) | (chain[number + 1] & hold & ~clear)) for number in range(19)
    ]
    quiet = Signal()
    m.d.sync += quiet.eq(~chain[3] & ~hold)
    return Cat(quiet, *chain)


CIRCUITS = [pipeline, without_resets, groups, between_circles, choices, memories, tables, control, resting]


def expected(function, inputs, resets=()):
    block, reset, seen = Block(function), Signal(), []

    async def bench(ctx):
        for value, held in itertools.zip_longest(inputs, resets, fillvalue=0):
            ctx.set(block.i.payload.data, value)
            ctx.set(reset, held)
            seen.append((await ctx.tick().sample(block.o.payload.data))[-1])

    simulator = Simulator(ResetInserter(reset)(block))
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return seen


@pytest.fixture(scope="module")
def compiled():
    simulations = simulate_components([Block(function) for function in CIRCUITS])
    return {function: simulation.compiled for function, simulation in zip(CIRCUITS, simulations, strict=True)}


@pytest.mark.parametrize("function", CIRCUITS)
def test_every_clock_is_as_amaranth_simulates_it(compiled, function):
    chance = random.Random(3)
    inputs = [chance.getrandbits(63) for _ in range(CLOCKS)]
    run = Simulation(compiled[function]).run(beats_of([np.array(inputs)]), CLOCKS)
    assert run.results.tolist() == expected(function, inputs)
    assert run.clocks == CLOCKS


@pytest.mark.parametrize("function", CIRCUITS)
def test_every_clock_is_as_amaranth_simulates_it_if_the_inputs_stand_still(compiled, function):
    chance = random.Random(5)
    inputs = [chance.getrandbits(63)]
    while len(inputs) < 5 * CLOCKS:
        # Mostly a bit or two change, and nothing for a while.
        flips = chance.choice([1, 1, 2, 63])
        changed = inputs[-1] ^ (
            sum({1 << chance.randrange(63) for _ in range(flips)}) if flips < 63 else chance.getrandbits(63)
        )
        inputs += [changed] * chance.choice([1, 2, 3, 20])
    run = Simulation(compiled[function]).run(beats_of([np.array(inputs)]), len(inputs))
    assert run.results.tolist() == expected(function, inputs)


@pytest.mark.parametrize("function", [pipeline, between_circles, choices, control, resting])
def test_reset_gives_what_power_on_gives_if_the_inputs_stand_still(compiled, function):
    beats = beats_of([np.zeros(50, dtype=np.int64)])
    simulation = Simulation(compiled[function])
    first = simulation.run(beats, 50).results.tolist()
    simulation.run(beats, 50)
    simulation.reset()
    assert simulation.run(beats, 50).results.tolist() == first


@pytest.mark.parametrize("function", [pipeline, between_circles, choices, control, resting])
def test_reset_gives_what_power_on_gives(compiled, function):
    chance = random.Random(4)
    beats = beats_of([np.array([chance.getrandbits(63) for _ in range(CLOCKS)])])
    simulation = Simulation(compiled[function])
    first = simulation.run(beats, CLOCKS).results.tolist()
    assert simulation.run(beats, CLOCKS).results.tolist() != first
    simulation.reset()
    assert simulation.run(beats, CLOCKS).results.tolist() == first


@pytest.mark.parametrize("held", [1, 2, 7])
@pytest.mark.parametrize("function", [pipeline, without_resets, between_circles])
def test_a_reset_of_some_clocks_does_what_amaranth_simulates(compiled, function, held):
    chance = random.Random(held)
    inputs = [chance.getrandbits(63) for _ in range(100)]
    simulation = Simulation(compiled[function])
    before = simulation.run(beats_of([np.array(inputs[:40])]), 40).results.tolist()
    simulation.reset(held)
    after = simulation.run(beats_of([np.array(inputs[40:])]), 60).results.tolist()
    # While the reset is held, nothing is seen, and what comes in stands still.
    steps = [(value, 0) for value in inputs[:40]] + [(inputs[39], 1)] * held + [(value, 0) for value in inputs[40:]]
    wanted = expected(function, *zip(*steps, strict=True))
    assert before + after == wanted[:40] + wanted[40 + held :]


def test_a_pipeline_of_free_registers_becomes_a_delay(tmp_path):
    circuit = parse(cxxrtl(rtlil_of(Block(pipeline)), tmp_path, "block"))
    assert len(circuit.registers) == 16
    retime(circuit)
    assert sorted(register.width for register in circuit.registers.values()) == [8, 24, 24, 24, 36]


def test_a_group_of_products_is_held_as_one_sum(tmp_path):
    """Not as its products, while the next group's are made."""
    circuit = parse(cxxrtl(rtlil_of(Block(groups)), tmp_path, "block"))
    assert len(circuit.registers) == 6 + 6 + 3
    retime(circuit)
    assert sorted(register.width for register in circuit.registers.values()) == [8] * 6 + [14, 16, 16, 16]


def test_what_stands_still_is_not_computed_again(tmp_path):
    # Of an input that isn't a payload: that one never stands still.
    plain = cxxrtl(rtlil_of(Block(control)), tmp_path, "control").replace("p_i____payload", "p_i")
    text = translate(plain, "control")
    for part in ("again_0();", "control();", "flags[1] =", "_from_0", "_from_7"):
        assert part in text, part


def compared(m, x):
    """A number, kept and compared bit by bit, and two that stand in one register."""
    size, before, both = Signal(10), Signal(10), Signal(16)
    m.d.sync += [size.eq(x), both.eq(x[20:36])]
    with m.If(x[10]):
        m.d.sync += before.eq(size)
    alike = Cat(before[half::2] == x[40 + half : 50 : 2] for half in range(2))
    return Cat(size + 1, alike, both[:8] + 3, both[8:] * 5)


def test_numbers_side_by_side_are_split_and_a_number_is_not(tmp_path):
    """Not even what a number is kept in, of which no operation reads more than a bit."""
    circuit = parse(cxxrtl(rtlil_of(Block(compared)), tmp_path, "block"))
    assert sorted(register.width for register in circuit.registers.values()) == [10, 10, 16]
    split(circuit)
    assert sorted(register.width for register in circuit.registers.values()) == [8, 8, 10, 10]


def test_only_the_highest_part_of_a_number_may_have_anything_above_it(tmp_path):
    """Though it stands in the number again: a sign that is extended, out of a word of a delay."""
    circuit = parse(cxxrtl(rtlil_of(Block(pipeline)), tmp_path, "block"))
    sign = circuit.made.slice(circuit.made.read("word", 8), 2, 1)
    text = CppExpressions(circuit).d(circuit.made.concat([sign, sign, circuit.made.const(5, 6)]))
    expression = re.sub(r"u64|(?<=\d)u", "", text)
    for word in range(256):
        value = eval(expression, {"r_word": word})
        assert value & 255 == 5 | (word >> 2 & 1) * 192


def test_equal_expressions_are_one_and_constants_are_folded():
    made = Expressions()
    x, y = made.read("x", 8), made.read("y", 8)
    assert made.plain("add", x, y) is made.plain("add", x, y)
    assert made.slice(made.concat([x, y]), 4, 8) is made.concat([made.slice(x, 0, 4), made.slice(y, 4, 4)])
    product = made.plain("mul", made.extend(x, 16, True), made.const(-3, 16))
    assert made.replaced([product], {x: made.const(-128, 8)})[0].value == 384
    assert product.signed == (-381, 384)
    assert made.below(made.extend(x, 9), made.const(256, 9)) is made.const(1, 1)


def test_pipelines_alike_but_for_their_power_on_stay_two():
    made = Expressions()
    taken = made.read("taken", 4)
    registers = {"taken": Register(4, 0, made.read("x", 4), made.read("x", 4))}
    for name, initial in (("one", 1), ("other", 2)):
        first = made.read(f"{name}_first", 4)
        registers[f"{name}_first"] = Register(4, initial, taken, taken)
        registers[f"{name}_last"] = Register(4, 0, made.invert(first), made.invert(first))
    outputs = {name: made.read(f"{name}_last", 4) for name in ("one", "other")}
    circuit = Circuit(made, {"x": 4}, registers, {}, (outputs, dict(outputs)), ([], []))
    rows, held = [{"x": 5 + clock} for clock in range(6)], [False] * 6
    expected = list(run(circuit, held, rows))
    assert expected[1] == [14, 13]
    retime(circuit)
    assert len(circuit.registers) == 5  # moved, and none of them is another's
    assert list(run(circuit, held, rows)) == expected
