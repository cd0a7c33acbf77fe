"""The compiler, and the C++ numbers against Amaranth's own simulator."""

import random
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from amaranth.hdl import Cat, ClockDomain, ClockSignal, Const, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from convolver import FIRDesign, ToolError
from convolver.sim.libraries import compiler, loading
from convolver.sim.twin.core import Simulation, simulate_components
from convolver.sim.twin.streams import beats_of

DESIGN = FIRDesign([3, -1, 2])
FINGERPRINT = compiler._fingerprint


class Block(wiring.Component):
    """A stream of 64 bits in, of `width` bits out: `function` of it, a clock later. Never stalls its source."""

    def __init__(self, width, function):
        self.function = function
        super().__init__(
            {
                "i": In(stream.Signature(data.StructLayout({"data": signed(64)}))),
                "o": Out(stream.Signature(data.StructLayout({"data": unsigned(width)}))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.i.ready.eq(1)
        m.d.sync += [self.o.valid.eq(self.i.valid), self.o.payload.data.eq(self.function(m, self.i.payload.data))]
        return m


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, and no library loaded."""
    monkeypatch.setenv("CONVOLVER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(loading, "_loaded", {})
    # Whoever edits the sources meanwhile: it has tests of its own.
    monkeypatch.setattr(compiler, "_fingerprint", lambda _compiler: "these sources")
    return tmp_path / "cache"


def no_build(*_args):
    raise AssertionError("compiled again")


def filtered(compiled):
    """The twin computes: a library that loads but is another's would not."""
    run = Simulation(compiled).run(beats_of([np.array([1, 10, 100])]), 3)
    assert run.results.tolist() == [3, 29, 292]


def test_a_design_is_compiled_once(cache, monkeypatch):
    told = []
    filtered(compiler.compile_designs([DESIGN], told.append)[0])
    assert told == ["elaborating", "compiling"]
    monkeypatch.setattr(compiler, "_build", no_build)
    monkeypatch.setattr(loading, "_loaded", {})
    monkeypatch.setattr(compiler, "compile_components", no_build)
    filtered(compiler.compile_designs([DESIGN], told.append)[0])
    assert told == ["elaborating", "compiling"]


def test_a_change_of_source_that_changes_no_hardware_compiles_nothing(cache, monkeypatch):
    compiler.compile_designs([DESIGN])
    monkeypatch.setattr(compiler, "_build", no_build)
    monkeypatch.setattr(compiler, "_fingerprint", lambda _compiler: "another source")
    filtered(compiler.compile_designs([DESIGN])[0])


def test_every_module_that_writes_a_twin_is_in_the_key():
    folder = Path(compiler.__file__).parents[1]
    found, new = set(), {folder / "rtl" / "translate.py", folder / "libraries" / "ports.py", folder / "libraries" / "pins.py"}
    while new:
        found |= new
        lines = [(path, *line) for path in new for line in re.findall(r"^from (\.+)([\w.]+) import", path.read_text(), re.M)]
        new = {path.parents[len(dots) - 1].joinpath(*name.split(".")).with_suffix(".py") for path, dots, name in lines} - found
    assert found == {path for path in compiler.WRITERS if path.name != "__init__.py"}


def test_sources_that_changed_under_a_running_process_are_not_trusted(cache, monkeypatch):
    monkeypatch.setattr(compiler, "_fingerprint", FINGERPRINT)
    monkeypatch.setattr(compiler, "_STARTED", 0.0)
    assert compiler._fingerprint(tuple(compiler.find_compiler())) is None
    filtered(compiler.compile_designs([DESIGN])[0])
    assert not (cache / "designs").exists()


def test_designs_are_compiled_together_and_found_alone(cache, monkeypatch):
    designs = [DESIGN, FIRDesign([7]), FIRDesign([1, 1], shift=1)]
    compiler.compile_designs(designs)
    assert len(list((cache / "libraries").iterdir())) == 1
    monkeypatch.setattr(compiler, "_build", no_build)
    filtered(compiler.compile_designs([designs[1], designs[0]])[1])
    run = Simulation(compiler.compile_designs(designs[1:2])[0]).run(beats_of([np.array([1, -2])]), 2)
    assert run.results.tolist() == [7, -14]


def test_a_warm_twin_needs_neither_amaranth_nor_a_build(cache, monkeypatch):
    monkeypatch.setattr(compiler, "_fingerprint", FINGERPRINT)
    monkeypatch.setattr(compiler, "_STARTED", float("inf"))
    compiler.compile_designs([DESIGN])
    script = """
        import sys
        from convolver import FIRDesign
        from convolver.sim.twin.core import TwinTransport
        import numpy as np
        transport = TwinTransport(FIRDesign([3, -1, 2]), progress=lambda title: sys.exit(title))
        assert transport.run(np.array([1, 10, 100])).tolist() == [3, 29, 292]
        assert not any(name.split(".")[0] == "amaranth" for name in sys.modules)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True, timeout=120)


def test_two_processes_at_once_share_one_library(cache):
    script = (
        "from convolver import FIRDesign; from convolver.sim.twin.core import TwinTransport; "
        "TwinTransport(FIRDesign([3, -1, 2]))"
    )
    both = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(2)]
    assert [process.wait(timeout=200) for process in both] == [0, 0]
    assert len(list((cache / "libraries").iterdir())) == 1
    filtered(compiler.compile_designs([DESIGN])[0])


def test_no_compiler_is_one_clear_line(cache, monkeypatch, tmp_path):
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    message = "The twin needs a C++ compiler: install g++ (Debian and Ubuntu: apt install g++) or name one in CXX"
    with pytest.raises(ToolError, match=f"^{message.replace('+', '[+]').replace('(', '[(]').replace(')', '[)]')}$"):
        compiler.compile_designs([DESIGN])


def test_a_compiler_that_is_not_there_is_named(cache, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler -O3")
    with pytest.raises(
        ToolError, match=r"^The twin needs a C\+\+ compiler, and CXX names one that isn't there: no-such-compiler$"
    ):
        compiler.compile_designs([DESIGN])


def test_a_compiler_that_fails_shows_its_log_and_keeps_it(cache, monkeypatch, tmp_path):
    fake = tmp_path / "broken++"
    fake.write_text('#!/bin/sh\ncase "$1" in --version) echo broken 1.0;; *) echo "error: out of cheese" >&2; exit 3;; esac\n')
    fake.chmod(0o755)
    monkeypatch.setenv("CXX", str(fake))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    with pytest.raises(
        ToolError, match=r"^The C\+\+ compiler failed with exit code 3 \(log in (.*)\): error: out of cheese$"
    ) as raised:
        compiler.compile_designs([DESIGN])
    assert "\n" not in str(raised.value)
    (log,) = (tmp_path / "tmp").glob("*/compiler-*.log")
    assert str(log) in str(raised.value)
    assert log.read_text() == "error: out of cheese\n"


def test_a_second_clock_is_refused(cache):
    def function(m, x):
        m.domains.other = ClockDomain()
        late = Signal(64)
        m.d.comb += ClockSignal("other").eq(x[0])
        m.d.other += late.eq(x)
        return late

    with pytest.raises(ToolError, match="can't r"):
        simulate_components([Block(64, function)])


def folded(number):
    """Sixteen bits that any changed bit of a number changes."""
    bits = number.as_unsigned() if hasattr(number, "as_unsigned") else number
    total = Const(0, 16)
    for start in range(0, len(bits), 16):
        total = total ^ bits[start : start + 16]
    return total


def operations(x):
    """Every operation that a core may use, at widths within a word, across one and over several."""
    a, b, c = x[:20].as_signed(), x[20:47], x[44:64].as_signed()
    wide = Cat(x, ~x[5:60], x[3:])  # 180 bits
    wider = wide.as_signed()
    other = Cat(b, ~x, a, x[1:])
    shift = x[10:18]
    return [
        a + c, a - c, b - a, a * c, b * a, -a, ~b, a & b, a | b, a ^ c,
        a == c, a != b, a < c, a <= c, b > x[0:27], b >= x[1:28], a < b, c >= b,
        a >> x[:5], b >> x[:5], b << x[:4], a << x[:3], a >> x[:6], x << x[:6], x >> x[1:7], x.as_signed() >> x[1:7],
        b.any(), b.all(), b.xor(), x.bool(), (x | ~x).all(), Mux(x[3], a, c), Mux(x[3:6], b, x[7:9]),
        wide + other, wide - other, wider - a, wider * c, wide * b, (wide * other)[40:230], -wider, ~wide, wide & other,
        wide ^ other.as_signed(), wide == other, wide < other, wider < other.as_signed(), wider >= c,
        wide != ~wide,
        wide >> shift, wider >> shift, wide << shift, wider << x[:7], wide.xor(), wide.all(), wide.bool(),
        Mux(x[0], wide, other),
        wide[61:70], wide[3:177], Cat(wide[60:66], a, wide[100:]).as_signed() + c,
        wide.word_select(x[:4], 9), wide.bit_select(shift, 33), b.bit_select(x[:5], 7), x.word_select(x[:2], 16),
    ]  # fmt: skip


GROUPS = -(-len(operations(Signal(64))) // 8)


def group(number):
    def function(m, x):
        return Cat(*(folded(result) for result in operations(x)[number * 8 : number * 8 + 8]))

    return Block(128, function)


def test_numbers_compute_as_amaranth_does():
    chance = random.Random(1)
    inputs = [chance.getrandbits(64) for _ in range(60)]
    inputs += [
        0,
        (1 << 64) - 1,
        1,
        1 << 63,
        *(1 << bit for bit in range(0, 64, 5)),
        *((1 << bit) - 1 for bit in range(0, 64, 7)),
    ]
    blocks = [group(number) for number in range(GROUPS)]
    expected = [[] for _ in blocks]
    for number in range(GROUPS):
        block = group(number)

        async def bench(ctx, block=block, number=number):
            ctx.set(block.i.valid, 1)
            for value in inputs:
                ctx.set(block.i.payload.data, value)
                await ctx.tick()
                expected[number].append(ctx.get(block.o.payload.data))

        simulator = Simulator(block)
        simulator.add_clock(1e-6)
        simulator.add_testbench(bench)
        simulator.run()
    samples = np.array(inputs, dtype=np.uint64).view(np.int64)
    for number, simulation in enumerate(simulate_components(blocks)):
        run = simulation.run(beats_of([samples]), len(inputs))
        for place in range(8):
            got = [int(result) >> 16 * place & 0xFFFF for result in run.results]
            assert got == [value >> 16 * place & 0xFFFF for value in expected[number]], f"operation {number * 8 + place}"


def test_registers_that_read_each_other_keep_their_old_values():
    """A ring, a swap, and a register written in parts under a condition: an order of writing alone can't serve these."""

    def function(m, x):
        one, two, three = Signal(8, init=1), Signal(8, init=2), Signal(8, init=3)
        left, right = Signal(8, init=5), Signal(8, init=9)
        parts = Signal(8)
        memory = Signal(data.ArrayLayout(4, 4))
        m.d.sync += [one.eq(two ^ x[:8]), two.eq(three), three.eq(one)]
        m.d.sync += [left.eq(right), right.eq(left + 1)]
        with m.If(x[0]):
            m.d.sync += parts[:4].eq(parts[4:])
        with m.If(x[1]):
            m.d.sync += parts[4:].eq(parts[:4] + 1)
        m.d.sync += memory[x[2:4]].eq(memory[x[4:6]] + 1)
        return Cat(one, two, three, left, right, parts, memory)

    chance = random.Random(2)
    inputs = [chance.getrandbits(63) for _ in range(200)]
    block = Block(64, function)
    expected = []

    async def bench(ctx):
        ctx.set(block.i.valid, 1)
        for value in inputs:
            ctx.set(block.i.payload.data, value)
            await ctx.tick()
            expected.append(ctx.get(block.o.payload.data))

    simulator = Simulator(block)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    run = simulate_components([Block(64, function)])[0].run(beats_of([np.array(inputs)]), len(inputs))
    assert run.results.tolist() == expected
