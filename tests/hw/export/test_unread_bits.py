"""Of a word that is written whole the emitted circuit keeps the bits that are read, and computes what it did."""

import re

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Cat, ClockDomain, Const, Module, Mux, Signal, signed
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from convolver.boards.toolchain import run
from convolver.hw.export.unread import without_unread

TAKEN = "read_rtlil {0}.il; hierarchy -top top; proc; flatten; memory; opt_clean; design -stash {0}; "
PROOF = (
    TAKEN.format("whole")
    + TAKEN.format("left")
    + "design -copy-from whole -as whole top; design -copy-from left -as left top; async2sync; "
    + "miter -equiv -flatten whole left both; sat -verify -prove trigger 0 -tempinduct-baseonly -maxsteps 6 both"
)
"""For the first six clocks, from every reset and input: as many as the longest way takes, and twice."""


def proved(folder, whole, left):
    """Fails unless two circuits are the same from outside."""
    for name, text in {"whole": whole, "left": left}.items():
        (folder / f"{name}.il").write_text(text)
    run("yosys", ["-q", "-p", PROOF], folder)


class Words(wiring.Component):
    """Of each word that it keeps, in a register and in a memory, a field in the middle isn't read; of a sum two bits are."""

    def __init__(self, asynchronous):
        self.asynchronous = asynchronous
        word = {"i": In(9), "at": In(2), "go": In(1), "low": Out(3), "high": Out(2), "part": Out(2)}
        super().__init__({"clk": In(1), "rst": In(1), **word})

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = domain = ClockDomain(async_reset=self.asynchronous)
        m.submodules.store = store = memory.Memory(shape=9, depth=4, init=[0o123, 0o45, 0o777, 0o310])
        write, read = store.write_port(granularity=3), store.read_port(domain="comb")
        word = data.StructLayout({"low": 3, "spare": 4, "high": 2})
        kept, second, total = Signal(word, init={"low": 5, "spare": 9, "high": 2}), Signal(word), Signal(4)
        m.d.comb += [domain.clk.eq(self.clk), domain.rst.eq(self.rst), write.addr.eq(self.at), read.addr.eq(self.at)]
        m.d.comb += [write.data.eq(kept), write.en.eq(self.go.replicate(3))]
        m.d.comb += second.eq(Mux(self.go, read.data, ~kept.as_value()))
        with m.If(self.go):
            m.d.sync += kept.eq(self.i)
        with m.Else():
            m.d.sync += kept.spare.eq(kept.low)
        m.d.sync += [total.eq(second.low + self.i), self.low.eq(second.low), self.high.eq(second.high)]
        m.d.comb += self.part.eq(total >> 2)
        return m


@pytest.mark.parametrize("asynchronous", [False, True])
def test_what_stays_of_words(asynchronous, tmp_path):
    whole = rtlil.convert(Words(asynchronous), emit_src=False)
    left = without_unread(whole)
    registers = re.findall(r"cell \$a?dff \S+\n(?:    parameter .*\n)*?    parameter \\WIDTH (\d+)", left)
    assert sorted(registers) == ["2", "2", "3", "5"]
    assert re.findall(r"memory width (\d+)", left) == ["5"]
    assert "attribute \\init 5'10101\n" in left
    proved(tmp_path, whole, left)


class Shifts(wiring.Component):
    """Shifts by constants, of whose results and operands some bits are read: wider than the operand and farther than it is
    wide, of words with a sign, and of several words in one."""

    def __init__(self):
        super().__init__(
            {"clk": In(1), "rst": In(1), "i": In(5), "o": Out(4), "p": Out(4), "q": Out(4), "r": Out(6), "s": Out(3)}
        )

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = domain = ClockDomain()
        low, high = Signal(5), Signal(signed(5))
        m.d.comb += [domain.clk.eq(self.clk), domain.rst.eq(self.rst)]
        m.d.sync += [low.eq(self.i), high.eq(low ^ self.i)]
        m.d.comb += self.o.eq((low[:4] << Const(2))[3:])  # wider than its operand
        m.d.comb += self.p.eq((high << Const(1, 2))[4:])  # with its sign ahead of it
        m.d.comb += self.q.eq(Cat(low[:2], high[3:]).as_signed() >> 3)  # of two words, and all its sign
        m.d.comb += self.r.eq(Cat(low[1:3], high[1:4]) >> 2)  # without one
        m.d.comb += self.s.eq((low >> 9) | (high >> 9))  # farther than they are wide
        return m


def test_what_stays_of_shifts(tmp_path):
    whole = rtlil.convert(Shifts(), emit_src=False)
    left = without_unread(whole)
    assert len(re.findall(r"cell (\$s\w+)", whole)) > 5
    assert "cell $s" not in left
    proved(tmp_path, whole, left)
