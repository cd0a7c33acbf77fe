"""What the twin's compiler doesn't do is refused in one line that names it and its place, before a C++ compiler sees it."""

import random
import re

import pytest
from amaranth.hdl import (
    Assert,
    ClockDomain,
    ClockSignal,
    Format,
    Instance,
    IOPort,
    Module,
    Print,
    ResetSignal,
    Signal,
)
from amaranth.lib import io, memory, wiring
from amaranth.lib.wiring import In, Out

from convolver import ToolError
from convolver.hw.export.elaboration import rtlil_of
from convolver.sim.rtl.reading import parse
from convolver.sim.rtl.translate import cxxrtl, translate

from .engines import build, simulated


class Odd(wiring.Component):
    """Two inputs, and an output that `function` makes; it stands in a part called `inner`."""

    def __init__(self, function):
        self.function = function
        super().__init__({"x": In(8), "y": In(8), "o": Out(8)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.inner = inner = Module()
        inner.d.comb += self.o.eq(self.function(inner, self.x, self.y))
        return m


def register(m, value, name="late", domain="sync"):
    late = Signal(8, name=name)
    m.d[domain] += late.eq(value)
    return late


def domain(m, clock, **how):
    """Another clock domain."""
    m.domains.other = made = ClockDomain(local=True, reset_less=not how.get("async_reset"), **how)
    m.d.comb += made.clk.eq(clock)
    return made


def second_clock(m, x, y):
    domain(m, x[3])
    return register(m, y, domain="other")


def gated_clock(m, x, y):
    domain(m, ClockSignal() & x[0])
    return register(m, y, domain="other")


def divided_clock(m, x, y):
    half = Signal()
    m.d.sync += half.eq(~half)
    domain(m, half)
    return register(m, y, domain="other")


def falling_edge(m, x, y):
    domain(m, ClockSignal(), clk_edge="neg")
    return register(m, register(m, y, "early", "other"))


def asynchronous_reset(m, x, y):
    m.d.comb += domain(m, ClockSignal(), async_reset=True).rst.eq(x[0])
    return register(m, register(m, y, "early", "other"))


def clock_as_data(m, x, y):
    return register(m, y) ^ ClockSignal()


def clock_in_a_register(m, x, y):
    return register(m, y + ClockSignal()) ^ x


def clock_in_a_memory(m, x, y):
    m.submodules.store = store = memory.Memory(shape=8, depth=4, init=[])
    write, read = store.write_port(), store.read_port()
    m.d.comb += [write.addr.eq(x), write.data.eq(ClockSignal()), write.en.eq(1), read.addr.eq(y)]
    return read.data


def memory_of_two_clocks(m, x, y):
    domain(m, x[0])
    m.submodules.store = store = memory.Memory(shape=8, depth=4, init=[])
    write, read = store.write_port(), store.read_port(domain="other")
    m.d.comb += [write.addr.eq(x), write.data.eq(y), write.en.eq(1), read.addr.eq(y)]
    return read.data


def memory_without_a_clock(m, x, y):
    m.domains.other = ClockDomain(local=True)
    m.submodules.store = store = memory.Memory(shape=8, depth=4, init=[])
    read = store.read_port(domain="other")
    m.d.comb += read.addr.eq(y)
    return read.data


def division(m, x, y):
    return register(m, x // y)


def remainder(m, x, y):
    return register(m, x % y)


def printed(m, x, y):
    m.d.sync += Print(Format("{}", x))
    return register(m, y)


def asserted(m, x, y):
    m.d.sync += Assert(x != 3)
    return register(m, y)


def primitive(m, x, y):
    held = Signal(8)
    m.submodules.mac = Instance("SB_MAC16", i_A=x, o_O=held)
    return register(m, held)


def latch(m, x, y):
    held = Signal(8)
    m.submodules.hold = Instance("$dlatch", p_WIDTH=8, p_EN_POLARITY=1, i_EN=x[0], i_D=y, o_Q=held)
    return register(m, held)


def pad(m, x, y):
    m.submodules.buffer = buffer = io.Buffer("io", io.SingleEndedPort(IOPort(1, name="pad"), direction="io"))
    m.d.comb += [buffer.o.eq(x[0]), buffer.oe.eq(y[0])]
    return register(m, buffer.i)


REFUSED = {
    second_clock: "another clock than the one called clk: x[3] (at inner.o)",
    gated_clock: "another clock than the one called clk: inner.other_clk (at inner.o)",
    divided_clock: "another clock than the one called clk: inner.half (at inner.o)",
    falling_edge: "a falling clock edge (at inner.early)",
    asynchronous_reset: "an asynchronous reset or set (at inner.early)",
    clock_as_data: "a clock that is read as data (at o)",
    clock_in_a_register: "a clock that is read as data (at inner.late)",
    clock_in_a_memory: "a clock that is read as data (at inner.store)",
    memory_of_two_clocks: "another clock than the one called clk: x[0] (at inner.store)",
    memory_without_a_clock: "a memory's port whose clock nothing drives (at inner.store)",
    division: "the operation divfloor (at inner.late)",
    remainder: "the operation modfloor (at inner.late)",
    printed: "a Print or an Assert",
    asserted: "a Print or an Assert",
    primitive: "a cell of type SB_MAC16 (at inner.mac)",
    latch: "a cell of type $dlatch (at inner.hold)",
    pad: "a cell of type $tribuf (at inner.buffer)",
}


@pytest.mark.parametrize("function", REFUSED, ids=lambda function: function.__name__)
def test_a_refusal_names_the_construct_and_its_place(function, tmp_path):
    message = re.escape(f"The twin can't run a design with {REFUSED[function]}")
    with pytest.raises(ToolError, match=f"^{message}$"):
        translate(cxxrtl(rtlil_of(Odd(function)), tmp_path, "odd"), "odd")


@pytest.mark.parametrize("text", ["", "struct p_top : public module {\n\tp_top(interior) {}\n};\n"])
def test_text_that_is_not_understood_is_quoted(text):
    with pytest.raises(
        ToolError, match=r"^The twin can't read what Yosys' CXXRTL writes of the design: 'no single top component'$"
    ):
        parse(text)


def test_a_statement_that_is_not_understood_is_quoted(tmp_path):
    text = cxxrtl(rtlil_of(Odd(lambda m, x, y: register(m, x ^ y))), tmp_path, "odd")
    broken = text.replace("xor_uu<8>(p_x", "xor_uu<8>(p_x.strange()", 1)
    with pytest.raises(
        ToolError, match=r"^The twin can't read what Yosys' CXXRTL writes of the design: '.strange\(\), p_y\)\)'$"
    ):
        parse(broken)


def clock_under_another_name(m, x, y):
    domain(m, ClockSignal())
    return register(m, y, domain="other")


def reset_as_data(m, x, y):
    return register(m, y + ResetSignal()) ^ ResetSignal()


def bits_in_a_chain(m, x, y):
    """No loop: each bit depends on the one before."""
    chain = Signal(8)
    m.d.comb += [chain[0].eq(x[0]), *(chain[n + 1].eq(chain[n] ^ x[n + 1]) for n in range(7))]
    return register(m, chain + y)


def memory_without_a_clock_at_its_read_port(m, x, y):
    m.submodules.store = store = memory.Memory(shape=8, depth=5, init=[1, 2, 3])
    write, read = store.write_port(granularity=4), store.read_port(domain="comb")
    m.d.comb += [write.addr.eq(x), write.data.eq(y), write.en.eq(y[6:]), read.addr.eq(y[3:])]
    return read.data


def clock_that_nothing_drives(m, x, y):
    m.domains.other = ClockDomain(local=True)
    return register(m, y, domain="other") ^ x


ACCEPTED = [
    clock_under_another_name,
    reset_as_data,
    bits_in_a_chain,
    memory_without_a_clock_at_its_read_port,
    clock_that_nothing_drives,
]


def test_what_only_looks_alike_is_right(tmp_path):
    chance = random.Random(1)
    rows = [{"x": chance.getrandbits(8), "y": chance.getrandbits(8)} for _ in range(60)]
    resets = [int(chance.random() < 0.1) for _ in rows]
    pairs = build([Odd(function) for function in ACCEPTED], tmp_path)
    for function, pair in zip(ACCEPTED, pairs, strict=True):
        ours, theirs = pair.run(resets, rows)
        assert ours == theirs == simulated(Odd(function), resets, rows), function.__name__
