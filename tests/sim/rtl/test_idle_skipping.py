"""An idle device: a quick clock must do what a whole one does, and most clocks of a quiet device are quick."""

import random
import struct
import subprocess

import pytest

from convolver import FIRDesign, s16
from convolver.host.frames import Frame
from convolver.hw.export.elaboration import rtlil_of
from convolver.hw.link.one_clock import DIVISOR, bare
from convolver.protocol import Type
from convolver.sim.libraries.compiler import FLAGS, RUNTIME, find_compiler
from convolver.sim.rtl.circuit import Circuit, Memory, Register, Write
from convolver.sim.rtl.emit import emit
from convolver.sim.rtl.expressions import Expressions
from convolver.sim.rtl.idle_skipping import find_idle
from convolver.sim.rtl.reading import parse
from convolver.sim.rtl.retiming import retime
from convolver.sim.rtl.translate import cxxrtl

DESIGN = FIRDesign([3, -7, 11, 60, 25, -9, 1], data=s16, coefficient=s16, output=s16, shift=6, loadable=True)

# One top takes quick clocks, the other whole ones; told are the clocks, those in which it was idle, and the first difference.
MAIN = """
#include <cstdio>
#include <memory>
#include "value.h"
#include "design.cc"
#include "line.h"
int main() {
	auto quick = std::make_unique<design::top>(), whole = std::make_unique<design::top>();
	long idle = 0, clocks = 0;
	for (bool level : line)
		for (int clock = 0; clock < DIVISOR; clock++, clocks++) {
			quick->p_rx = whole->p_rx = twin::value<1>::of(level);
			quick->clock();
			whole->tick<false>();
			idle += quick->idle;
			const char *first = (const char *)&quick->first_register, *last = (const char *)&quick->registers_end;
			if (quick->p_tx.low() != whole->p_tx.low() || std::memcmp(first, &whole->first_register, last - first)FLAGS) {
				std::printf("%ld %ld %ld", clocks, idle, clocks);
				return 0;
			}
		}
	std::printf("%ld %ld -1", clocks, idle);
}
"""


def line_bits():
    """A session with data, rubbish, and pauses of all lengths, bit by bit."""
    chance = random.Random(1)
    frames = [
        Frame(Type.HELLO, limit=32, session=9, payload=b"\x01"),
        Frame(Type.WRITE, 0, 0, 32, 9, struct.pack("<HBBI", 0x18, 1, 4, 300)),
        *(Frame(Type.DATA, n, 0, 32, 9, chance.randbytes(200)) for n in range(1, 4)),
        Frame(Type.READ, 4, 0, 32, 9, struct.pack("<HBB", 0x28, 3, 4)),
        Frame(Type.ACK, 5, 3, 32, 9, poll=True),
    ]
    bits = []
    for piece in (b"\0", *(frame.wire() for frame in frames), chance.randbytes(40), b"\0", frames[0].wire()):
        for byte in piece:
            bits += [0, *(byte >> place & 1 for place in range(8)), 1]
            if chance.random() < 0.05:
                bits += [1] * chance.randrange(40)
        bits += [1] * chance.choice([0, 3, 500])
    return bits + [1] * 60_000  # past the device's own time-out


def build(folder, circuit, bits, flags=True):
    """Clocks, those in which it was idle, and the first that differs, of a circuit that has a control of `flags` or none."""
    (folder / "design.cc").write_text(emit(circuit, "design", skips_idle=True))
    (folder / "line.h").write_text(f"constexpr int DIVISOR = {DIVISOR};\nconst bool line[] = {{{','.join(map(str, bits))}}};\n")
    compared = " || std::memcmp(quick->flags, whole->flags, sizeof whole->flags)" if flags else ""
    (folder / "main.cc").write_text(MAIN.replace("FLAGS", compared))
    command = [*find_compiler(), *FLAGS, f"-I{RUNTIME}", "main.cc", "-o", "main"]
    subprocess.run(command, cwd=folder, check=True)
    told = subprocess.run([folder / "main"], stdout=subprocess.PIPE, check=True, text=True).stdout
    return [int(number) for number in told.split()]


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    folder = tmp_path_factory.mktemp("device")
    top = bare(DESIGN)
    circuit = parse(cxxrtl(rtlil_of(top.component, top.platform, top.ports), folder, "design"))
    retime(circuit)
    return circuit


def test_quick_clocks_do_what_whole_ones_do(device, tmp_path):
    clocks, idle, difference = build(tmp_path, device, line_bits())
    assert difference == -1, f"a difference in clock {difference}"
    assert idle > clocks / 2


def counter(made, name, following):
    return {name: Register(8, 0, following(made.read(name, 8)), made.const(0, 8))}


def circuit_of(made, registers, output, memories=None, writes=()):
    outputs = {"p_o": made.read(output, registers[output].width)}
    return Circuit(made, {}, registers, memories or {}, (outputs, outputs), (list(writes), list(writes)))


def test_what_counts_and_who_follows():
    made = Expressions()
    registers = counter(made, "r_free", lambda read: made.plain("add", read, made.const(1, 8)))
    free = made.read("r_free", 8)
    late = made.equal(free, made.const(9, 8))
    registers["r_taken"] = Register(8, 0, made.mux(late, free, made.read("r_taken", 8)), made.const(0, 8))
    registers["r_bit"] = Register(1, 0, late, made.const(0, 1))
    found = find_idle(circuit_of(made, registers, "r_bit"))
    assert (list(found.counters), list(found.followers), found.tests) == (["r_free"], ["r_taken"], (late,))
    # What one sees outside isn't idle.
    assert find_idle(circuit_of(made, registers, "r_free")) is None


def test_a_write_that_a_counter_has_a_part_in_is_guarded():
    made = Expressions()
    registers = counter(made, "r_free", lambda read: made.plain("add", read, made.const(1, 8)))
    registers["r_on"] = Register(1, 0, made.read("r_on", 1), made.const(0, 1))
    on = made.read("r_on", 1)
    write = Write("memory_m", made.const(0, 1), made.read("r_free", 8), made.repeat(on, 8))
    found = find_idle(circuit_of(made, registers, "r_on", {"memory_m": Memory(8, 2)}, [write]))
    assert found.guards == (on,)


@pytest.mark.parametrize(("held", "written"), [(200, 50), (50, 200)])
def test_a_memory_that_is_written_otherwise_is_no_rest(held, written, tmp_path):
    """In the first clock no register changes, but a word that one of them reads."""
    made = Expressions()
    registers = counter(made, "r_free", lambda read: made.plain("add", read, made.const(1, 8)))
    word = made.word("memory_m", 8, made.const(0, 1))
    registers["r_same"] = Register(1, 1, made.equal(word, made.const(held, 8)), made.const(1, 1))
    # A counter that is seen only now and then may be idle.
    late = made.equal(made.read("r_free", 8), made.const(99, 8))
    registers["r_late"] = Register(1, 0, late, made.const(0, 1))
    outputs = {"p_tx": made.any(made.concat([made.read("r_same", 1), made.read("r_late", 1)]))}
    write = Write("memory_m", made.const(0, 1), made.const(written, 8), made.const(255, 8))
    circuit = Circuit(made, {"p_rx": 1}, registers, {"memory_m": Memory(8, 2, [held])}, (outputs, outputs), ([write], [write]))
    clocks, idle, difference = build(tmp_path, circuit, [1] * 50, flags=False)
    assert difference == -1, f"a difference in clock {difference}"
    assert idle > clocks / 2
