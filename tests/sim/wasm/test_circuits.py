"""Random circuits as WebAssembly, against what their expressions mean and against Amaranth's simulator."""

import pytest

from convolver.hw.export.elaboration import rtlil_of
from convolver.sim.rtl.names import mangled, unmangled
from convolver.sim.rtl.reading import parse
from convolver.sim.rtl.translate import cxxrtl
from convolver.sim.wasm import binary
from convolver.sim.wasm.module import module_of_circuit, signed_names

from ..rtl.circuits import RandomCircuit
from ..rtl.circuits import stimuli as random_rows
from ..rtl.engines import simulated
from ..rtl.graphs import random_circuit, run, stimuli
from ..rtl.kinds import KINDS
from .bench import Instance

CLOCKS = 40
SEEDS = (*range(24), 10064, 10107, 10151, 10181)
"""The last four keep what lies above a sum's width, if its operands do."""

SOAK_CIRCUITS = 2000


def shown(module, rows, outputs):
    """What the outputs show in each clock; the inputs have the names of C++."""
    instance = Instance(module)
    entries = {(entry.role, entry.name): entry for entry in module.entries}
    told = []
    for row in rows:
        for name, value in row.items():
            if ("input", unmangled(name)) in entries:  # those that nothing reads aren't there
                instance.write(entries["input", unmangled(name)], value)
        instance.settle()
        told.append([instance.read(entries["output", unmangled(name)]) for name in outputs])
        instance.clock()
    return told


def compare_graph(seed):
    circuit = random_circuit(seed)
    held, rows = stimuli(circuit, seed, CLOCKS, resets=False)
    expected = run(circuit, held, rows)
    assert shown(module_of_circuit(circuit), rows, circuit.outputs[0]) == expected, f"graph {seed}"


def test_graphs_of_every_operation():
    for seed in SEEDS:
        compare_graph(seed)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(8))
def test_many_graphs(part):
    for seed in range(part, SOAK_CIRCUITS, 8):
        compare_graph(10_000 + seed)


@pytest.mark.parametrize("make", [*KINDS[:3], lambda: RandomCircuit(3)], ids=lambda make: getattr(make, "__name__", "random"))
def test_circuits_of_amaranth(make, tmp_path):
    component = make()
    rtlil = rtlil_of(component)
    module = module_of_circuit(parse(cxxrtl(rtlil, tmp_path, "circuit")), signed_names(rtlil))
    _, rows = random_rows(component, CLOCKS, False, 1)
    circuit = make()
    expected = simulated(circuit, [0] * CLOCKS, rows)
    named = [{mangled(name): value for name, value in row.items()} for row in rows]
    outputs = [
        mangled("__".join(map(str, path))) for path, member, _ in component.signature.flatten(component) if is_out(member)
    ]
    assert shown(module, named, outputs) == expected


def is_out(member):
    return member.flow.name == "Out"


@pytest.mark.parametrize("value", [0, 1, 63, 64, 127, 128, -1, -64, -65, -128, -129, 1 << 31, -(1 << 63), (1 << 63) - 1, 300])
def test_numbers_of_seven_bits_a_byte(value):
    """Read back as the format says."""
    data = binary.signed_leb(value)
    assert all(byte & 0x80 for byte in data[:-1])
    assert not data[-1] & 0x80
    back = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(data))
    assert (back - (1 << 7 * len(data)) if data[-1] & 0x40 else back) == value
    if value >= 0:
        assert sum((byte & 0x7F) << 7 * place for place, byte in enumerate(binary.unsigned_leb(value))) == value
