# amaranth: UnusedElaboratable=no
"""A sample of the mutants that must be noticed; `make mutants` counts them all."""

import pytest
from formal import specs
from mutants.mutation import Target, build, judge, survivors

SKID = Target("skid buffer", lambda: specs.SkidBufferSpec(8), mutants=60, clocks=20_000)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return build(SKID, tmp_path_factory.mktemp("skid"))


def test_every_mutant_of_the_skid_buffer_is_noticed(library):
    compiled, mutants = library
    assert len(mutants) >= 40
    assert survivors(compiled, mutants, SKID.clocks) == []


def test_without_clocks_every_mutant_survives(library):
    compiled, mutants = library
    assert survivors(compiled, mutants, 0) == mutants


def test_the_prover_sees_a_mutant_too(library, tmp_path):
    _, mutants = library
    assert not judge(SKID, mutants[0], tmp_path).holds
