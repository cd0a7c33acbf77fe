# amaranth: UnusedElaboratable=no
"""A sample of the proofs, and what keeps all of them honest; `make proofs` runs them all."""

import functools
import inspect
import sys

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Assert, Fragment, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from formal.paths import outputs_that_see
from formal.proofs import PROOFS, SKID
from formal.prover import ProverError, prove, reach
from formal.seeds import Seed, planted
from random_designs import OTHERS, seeded

from convolver import Conv2DDesign, FIRDesign, s8
from convolver.hw.cores.core import create
from convolver.hw.stream.output_buffer import OutputBuffer
from convolver.hw.stream.skid_buffer import SkidBuffer

SAMPLE = (
    "skid buffer",
    "MAC array, in segments",
    "requantiser half_even saturate",
    "requantiser half_away wrap",
    "delay",
    "FIR core without back-pressure, loaded",
)


@pytest.mark.parametrize("name", SAMPLE)
def test_holds_and_sees_every_seeded_bug(name, tmp_path):
    (proof,) = (proof for proof in PROOFS if proof.name == name)
    result = proof.run(tmp_path)
    assert result.verdict.holds
    assert result.reached
    assert not result.missed


def test_every_kind_of_proof_has_seeded_bugs():
    for name in {proof.name for proof in PROOFS}:
        # What is instantiated more than once is broken in the first of them.
        assert any(proof.seeds for proof in PROOFS if proof.name == name), name


class Counter(wiring.Component):
    """Counts to `limit`, and says that it doesn't."""

    def __init__(self, limit):
        super().__init__({"step": In(1)})
        self._limit = limit

    def elaborate(self, platform):
        m = Module()
        count = Signal(4)
        m.d.sync += count.eq(count + self.step)
        m.d.comb += Assert(count != self._limit)
        return m


def test_a_bug_beyond_the_bound_is_only_found_without_one(tmp_path):
    assert prove(Counter(9), tmp_path, bounded=9).holds
    assert not prove(Counter(9), tmp_path, bounded=12).holds
    assert not prove(Counter(9), tmp_path).holds


def test_a_specification_without_assertions_or_covers_is_no_proof(tmp_path):
    with pytest.raises(ProverError):
        prove(SkidBuffer(2), tmp_path)
    with pytest.raises(ProverError):
        reach(Counter(9), tmp_path, 3)


def test_a_seed_that_no_longer_fits_the_source_is_refused():
    with pytest.raises(ValueError, match="occurs once"):
        with planted(Seed("stale", SkidBuffer, "text that isn't there", "")):
            pass


def test_a_seed_in_what_nobody_uses_is_refused():
    seed = next(seed for seed in SKID if seed.name == "ready follows ready")
    with pytest.raises(ValueError, match=r"^A seed must be in what is used: 'ready follows ready', SkidBuffer of "):
        with planted(seed):
            Fragment.get(Counter(3), None)


@pytest.mark.parametrize("table", [{"skid": SkidBuffer}, {(): SkidBuffer, (int,): OutputBuffer}])
def test_a_seed_stands_in_tables_too(table, monkeypatch):
    from convolver.hw.cores import conv2d

    monkeypatch.setattr(conv2d, "TABLE", table, raising=False)
    with planted(next(seed for seed in SKID if seed.name == "ready follows ready")):
        assert SkidBuffer not in table.values()
        next(iter(table.values()))(8)
    assert next(iter(table.values())) is SkidBuffer


CORES = {
    "fir": lambda: create(FIRDesign([1, -2, 3], coefficient=s8, loadable=True)),
    "same": lambda: create(Conv2DDesign([[1, 2], [3, 4]], rows=4, columns=5)),
    "valid": lambda: create(Conv2DDesign([[1, 2], [3, 4]], rows=4, columns=5, mode="valid", coefficient=s8, loadable=True)),
    "folded": lambda: create(Conv2DDesign([[1, 2], [3, 4]], rows=4, columns=5, clocks_per_pixel=2)),
    **{kind: functools.partial(create, seeded(0, kind)) for kind in OTHERS},
    "skid": lambda: SkidBuffer(8),
    "buffer": lambda: OutputBuffer(8, 4),
}


@pytest.mark.parametrize("core", CORES)
def test_nothing_sees_ready_of_the_output_in_the_same_clock(core, tmp_path):
    assert outputs_that_see(CORES[core](), "o__ready", tmp_path) == set()


def test_a_path_through_ready_is_found(tmp_path):
    (seed,) = (seed for seed in SKID if seed.name == "ready follows ready")
    with planted(seed):
        from convolver.hw.stream import skid_buffer

        assert outputs_that_see(skid_buffer.SkidBuffer(8), "o__ready", tmp_path) == {"i__ready"}


def test_every_seeded_bug_finds_its_place():
    """A change of the gateware that leaves a seed behind is noticed here, not by the proofs that take an hour."""
    for proof in PROOFS:
        for seed in proof.seeds:
            source = inspect.getsource(sys.modules[seed.component.__module__])
            assert source.count(seed.right) == 1, f"{proof.name}, {seed.name}: {seed.right}"


@pytest.mark.soak
def test_every_seeded_bug_is_in_what_is_proved():
    """All of them; `make proofs` sees it as well, an hour later."""
    for proof in PROOFS:
        for seed in proof.seeds:
            with planted(seed):
                rtlil.convert(proof.make(), name="top")
