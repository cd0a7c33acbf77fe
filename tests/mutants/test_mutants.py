# amaranth: UnusedElaboratable=no
"""A sample of the mutants that must be noticed; `make mutants` counts them all."""

import re
from dataclasses import replace

import pytest
from formal.prover import convert
from formal.stream.skid_buffer import SkidBufferSpec
from mutants.mutation import Mutant, Target, build, judge, same, same_results, survivors, without_clocks
from mutants.targets import TARGETS

SKID = Target("skid buffer", lambda: SkidBufferSpec(8), mutants=60, clocks=20_000)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return build(SKID, tmp_path_factory.mktemp("skid"))


def test_every_mutant_of_the_skid_buffer_is_noticed(library):
    compiled, mutants = library
    assert len(mutants) >= 40
    assert survivors(compiled, mutants, SKID.clocks) == []


IMAGES = [f"{part}, reflect 2x2" for part in ("frame check", "raster", "2-D core")]


@pytest.mark.parametrize("name", [*IMAGES, "FIR core, folded, symmetric"])
def test_the_right_part_keeps_their_specification_in_a_long_random_run(name, tmp_path):
    (target,) = (target for target in TARGETS if target.name == name)
    compiled, _ = build(replace(target, mutants=10), tmp_path)
    assert survivors(compiled, [], clocks=50_000) == []  # 200 000 of the core itself


def test_without_clocks_every_mutant_survives(library):
    compiled, mutants = library
    assert survivors(compiled, mutants, 0) == mutants


def test_the_prover_sees_a_mutant_too(library, tmp_path):
    _, mutants = library
    assert not judge(SKID, mutants[0], tmp_path).holds


def test_a_mutant_that_matters_is_not_proved_equal(library, tmp_path):
    _, mutants = library
    assert not same(SKID, mutants[0], tmp_path)


def test_no_change_is_proved_equal(tmp_path):
    assert same(SKID, Mutant(0, ""), tmp_path)


(FOLDED,) = (target for target in TARGETS if target.name == "FIR core, folded, uneven")


@pytest.mark.parametrize("mode", ["inv", "cnot1 -ctrlbit 0"])
def test_marks_that_are_wrong_only_while_nothing_reads_them_give_the_same_results(mode, tmp_path):
    convert(FOLDED.make(), tmp_path)
    feeder = (tmp_path / "spec.il").read_text().split("module \\top.dut.feeder\n")[1].split("\nend\n")[0]
    # A slot's marks: what is inverted while they are held is right again after an even number of clocks.
    (cell,) = re.findall(r"cell \$dff (\S+)\n(?:    .*\n)*?    connect \\Q \\i\n", feeder)
    assert same_results(
        FOLDED, Mutant(0, f"mutate -mode {mode} -module top.dut.feeder -cell {cell} -port Q -portbit 1"), tmp_path
    )


@pytest.mark.parametrize(
    "change",
    [
        "inv -module top.dut.array -cell beside -port i__marks -portbit 1",
        *(f"inv -module top.dut.array -cell buffer -port {port} -portbit 0" for port in ("claim", "write", "data", "o__ready")),
    ],
)
def test_what_a_user_sees_is_not_the_same_results(change, tmp_path):
    assert not same_results(FOLDED, Mutant(0, f"mutate -mode {change}"), tmp_path)


@pytest.mark.parametrize("clock", ["CLK", "clk", r"\clk"])
def test_clocks_are_left_alone(clock):
    kept = "mutate -mode inv -module top.dut -cell bank -port clock -portbit 0"
    assert without_clocks(f"{kept}\nmutate -mode inv -module top.dut -cell bank -port {clock} -portbit 0\n") == [kept]


def test_a_mutant_in_words_names_the_bit_that_it_is_mixed_with():
    inverted = Mutant(0, r"mutate -mode inv -module top.dut -cell $8 -port \\Q -portbit 2 -src hw/stream/delay.py:37")
    assert inverted.words == "inv at delay.py:37 Q[2]"
    mixed = Mutant(0, "mutate -mode cnot0 -module top.dut -cell $8 -port Q -portbit 2 -ctrlbit 0 -src hw/stream/delay.py:37")
    assert mixed.words == "cnot0 at delay.py:37 Q[2] by [0]"


def test_a_mutant_is_counted_in_the_innermost_part():
    target = Target("core", lambda: SkidBufferSpec(8), parts={"array": "ArrayCore", "array.beside": "Delay"})
    modules = ("top.dut.array.beside", "top.dut.array.start", "top.dut.arrays", "top.dut")
    found = [target.part(Mutant(0, f"mutate -module {module} -cell a")) for module in modules]
    assert found == ["Delay", "ArrayCore", "itself", "itself"]
