"""What is computed again only after a change: that an idle stream changes nothing, and that no change is missed."""

import ctypes
import itertools

import numpy as np
import pytest

from convolver import Conv2DDesign, FIRDesign, s8, s16
from convolver.hw.cores.core import create
from convolver.sim import golden
from convolver.sim.libraries import compiler
from convolver.sim.rtl import control_gating
from convolver.sim.rtl.circuit import Circuit, Register
from convolver.sim.rtl.emit import emit
from convolver.sim.rtl.expressions import Expressions
from convolver.sim.rtl.memoised import memoised_groups
from convolver.sim.twin.core import Simulation
from convolver.sim.twin.streams import beats_of, marks_of

KERNEL = [[3, -5, 7], [9, 11, -13], [2, 4, 6]]
DESIGNS = {
    "3x3": Conv2DDesign(KERNEL, rows=16, columns=64, coefficient=s8, loadable=True),
    "loadable FIR": FIRDesign([3, -5, 7, 9], data=s16, coefficient=s8, loadable=True),
}


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """The designs' cores, and for each a function that gives how often its control was computed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONVOLVER_CACHE", str(tmp_path_factory.mktemp("cache")))
        translate = compiler.translate

        def counting(text, name, skips_idle=False):
            source = translate(text, name, skips_idle)
            head, found, tail = source.partition("void control() {\n")
            assert found
            counter = f'static long controls;\nextern "C" long controls_{name}() {{ return controls; }}\n'
            return head.replace("struct top {", f"{counter}struct top {{") + found + "\t\tcontrols++;\n" + tail

        patch.setattr(compiler, "translate", counting)
        compiled = compiler.compile_components(create(design) for design in DESIGNS.values())
    counts = [getattr(one.library, f"controls_design_{one.number}") for one in compiled]
    for count in counts:
        count.restype = ctypes.c_long
    return {name: (one, count) for name, one, count in zip(DESIGNS, compiled, counts, strict=True)}


def samples(design):
    chance = np.random.default_rng(1)
    return chance.integers(0, 256, (16, 64)) if isinstance(design, Conv2DDesign) else chance.integers(-32768, 32768, 1000)


@pytest.mark.parametrize("name", DESIGNS)
def test_neither_samples_nor_an_idle_coefficient_bus_wake_the_control(counted, name):
    """The driver changes the idle bus in every clock. What is left is the beginnings and the ends of the frame and its rows."""
    compiled, count = counted[name]
    frame = samples(DESIGNS[name])
    before = count()
    run = Simulation(compiled).run(beats_of([frame]), frame.size)
    assert np.array_equal(run.results.reshape(frame.shape), golden.run(DESIGNS[name], frame))
    assert count() - before < run.clocks / 4


@pytest.mark.parametrize("pause", [0, 3])
@pytest.mark.parametrize("name", ["3x3", "loadable FIR"])
def test_a_set_that_comes_in_mid_frame_holds_from_the_next_frame_on(counted, name, pause):
    compiled, _ = counted[name]
    design, frame = DESIGNS[name], samples(DESIGNS[name])
    weights = [7, -100, 3, 5, -9, 100, 1, 2, 127][: len(design.weights)]
    gaps = np.array([1] * pause + [0], np.uint8)
    simulation = Simulation(compiled)
    beats = beats_of([frame, frame, frame])
    run = simulation.run(beats, 3 * frame.size, coefficients=weights, coefficient_clock=frame.size // 2, coefficient_gaps=gaps)
    got = run.results.reshape(3, *frame.shape)
    after = golden.run(design.with_weights(weights), frame)
    for place, expected in enumerate([golden.run(design, frame), after, after]):
        assert np.array_equal(got[place], expected), f"frame {place}"
    assert run.marks.tolist() == [*marks_of(frame.shape)] * 3
    assert not any(run.errors.values())


def test_a_set_of_a_wrong_length_is_noticed_beside_rubbish(counted):
    """The bit that says so is restless: a change of it that matters must be seen."""
    compiled, _ = counted["3x3"]
    gaps = np.array([1, 1, 0], np.uint8)
    sets = {"coefficients": [1] * 20, "coefficient_lasts": [4, 13, 19], "coefficient_gaps": gaps}
    run = Simulation(compiled).run(beats_of([]), 0, settle=20, **sets)
    assert run.errors["coefficients"] == 2


def circuit(made, inputs, loads, output):
    registers = {name: Register(node.width, 0, node, made.const(0, node.width)) for name, node in loads.items()}
    return Circuit(made, inputs, registers, {}, ({"p_o": output}, {"p_o": output}), ([], []))


def control_of(made, inputs, loads, output):
    return control_gating.find_control(circuit(made, inputs, loads, output), [output], loads, set())


def test_a_restless_bit_matters_only_under_its_gates(monkeypatch):
    monkeypatch.setattr(control_gating, "LEAST_COST", 1)
    made = Expressions()
    last = made.slice(made.read("p_x____payload", 9), 8, 1)
    beat, write, idle, kept, held = (made.read(name, 1) for name in ("beat", "write", "idle", "kept", "held"))
    loads = {
        "beat": last,
        "write": made.read("p_x____valid", 1),
        "idle": made.mux(write, made.either(idle, beat), made.invert(idle)),
        "kept": made.mux(idle, beat, kept),
        "held": made.mux(kept, held, beat),
    }
    found = control_of(made, {"p_x____payload": 9, "p_x____valid": 1}, loads, idle)
    assert set(found.operands) == {made.read("p_x____valid", 1), write, idle, kept, held}
    assert list(found.restless) == [beat]
    for values in itertools.product((0, 1), repeat=3):
        leaves = {node: made.const(value, 1) for node, value in zip((write, idle, kept), values, strict=True)}
        matters = (values[0] and not values[1]) or values[1] or not values[2]
        assert made.replaced([found.restless[beat]], leaves) == [made.const(matters, 1)], values
    assert set(found.loads) == {"write", "idle", "kept", "held"}


def test_what_a_restless_bit_passes_through_ungated_is_no_control(monkeypatch):
    monkeypatch.setattr(control_gating, "LEAST_COST", 1)
    made = Expressions()
    data = made.read("data", 16)
    sign, late, flag, gated = (made.read(name, 1) for name in ("sign", "late", "flag", "gated"))
    loads = {
        "data": made.read("p_x____payload", 16),
        "sign": made.slice(data, 15, 1),
        "late": made.plain("xor", sign, flag),
        "flag": made.invert(flag),
        "gated": made.both(late, made.both(gated, flag)),
    }
    found = control_of(made, {"p_x____payload": 16}, loads, gated)
    assert set(found.loads) == {"flag", "gated"}
    assert found.restless == {late: made.both(gated, flag)}


def test_the_control_is_computed_before_a_counter_that_it_tests_moves_on(monkeypatch):
    """Though the test is a variable of the tick, as others use it too: the control is a function, and reads the counter."""
    monkeypatch.setattr(control_gating, "LEAST_COST", 1)
    made = Expressions()
    count, some = made.read("count", 4), made.any(made.read("count", 4))
    one, two, three, four = flags = [made.read(name, 1) for name in ("one", "two", "three", "four")]
    loads = {
        "count": made.plain("add", count, made.const(1, 4)),
        "one": made.both(made.either(two, three), made.either(four, some)),
        "two": made.plain("xor", made.both(one, some), made.either(three, four)),
        "three": made.mux(some, four, made.both(one, two)),
        "four": made.invert(made.both(three, one)),
    }
    shown = made.plain("add", made.extend(some, 8), made.extend(made.concat(flags), 8))
    tick = emit(circuit(made, {}, loads, shown), "design").partition("void tick()")[2]
    assert 0 < tick.index(" control();") < tick.index("r_count =")


def test_neither_payloads_nor_products_are_operands_of_what_is_memoised():
    made = Expressions()
    size, payload, product = made.read("p_rows", 16), made.read("p_x____payload", 16), made.read("product", 16)

    def costly(x):
        for value in range(3, 20):
            x = made.plain("add", made.plain("xor", x, made.const(value, 16)), made.const(1, 16))
        return x

    loads = {
        "product": made.plain("mul", payload, payload),
        **{f"r_{node.name}": costly(node) for node in (size, payload, product)},
    }
    groups = memoised_groups(circuit(made, {"p_rows": 16, "p_x____payload": 16}, loads, payload), list(loads.values()))
    assert [group.operands for group in groups] == [(size,)]
