# amaranth: UnusedElaboratable=no
"""The digest of a netlist: what changes it and what doesn't; those of random designs, which no tidying up changes."""

import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest
from amaranth.hdl import ClockDomain, ClockSignal, DomainRenamer, Instance, Module, Mux, Signal, signed
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out
from random_designs import seeded
from ratchet import __main__ as ratchet
from ratchet import digests
from ratchet.digests import DESIGNS, FAMILIES, FILE, MIXED_DESIGNS, OF_A_KIND, differences, line, netlist, read
from ratchet.netlist import digest

from convolver import Conv2DDesign, FIRDesign
from convolver.hw.bus import accelerator
from convolver.hw.cores.core import create

QUICK = 30

PORTS = {
    "clk": In(1),
    "rst": In(1),
    "a": In(8),
    "b": In(8),
    "s": In(1),
    "where": In(3),
    "total": Out(signed(10)),
    "word": Out(8),
    "product": Out(8),
    "part": Out(8),
}


class Plain(wiring.Component):
    """A subtraction, a register that is held, a memory, an instance, a choice and a part of a value."""

    constant, scale, init, depth, edge, kind = 3, 2, 5, 8, "pos", "MULT"
    swapped = reset_less = inverted = through = asynchronous = False
    contents = (1, 2, 3)

    def __init__(self, **changes):
        vars(self).update(changes)
        super().__init__(PORTS)

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = sync = ClockDomain(clk_edge=self.edge, async_reset=self.asynchronous)
        m.d.comb += [sync.clk.eq(self.clk), sync.rst.eq(self.rst)]
        difference = Signal(signed(9), init=self.init, reset_less=self.reset_less)
        held = Signal(signed(10))
        first, second = (self.b, self.a) if self.swapped else (self.a, self.b)
        m.d.sync += difference.eq(first - second)
        with m.If(~self.s if self.inverted else self.s):
            m.d.sync += held.eq(difference + self.constant)
        m.d.comb += self.total.eq(held)
        m.submodules.memory = store = memory.Memory(shape=8, depth=self.depth, init=list(self.contents))
        write = store.write_port()
        read = store.read_port(transparent_for=(write,) if self.through else ())
        m.d.comb += [
            write.addr.eq(self.where),
            write.data.eq(self.a),
            write.en.eq(self.s),
            read.addr.eq(self.where),
            read.en.eq(1),
        ]
        m.d.comb += self.word.eq(Mux(self.s, read.data, self.b))
        m.submodules.instance = Instance(
            self.kind, p_SCALE=self.scale, i_CLK=ClockSignal(), i_A=self.a, i_B=self.b, o_P=self.product
        )
        m.d.comb += self.part.eq(self.a.bit_select(self.where, 3))
        return m


class Difference(wiring.Component):
    """A part of `Regrouped` with a register of its own, in a domain of another name."""

    def __init__(self, init):
        self.start = init
        super().__init__({"minuend": In(8), "subtrahend": In(8), "result": Out(signed(9), init=init)})

    def elaborate(self, platform):
        m = Module()
        m.d.inner += self.result.eq(self.minuend - self.subtrahend)
        return m


class Regrouped(wiring.Component):
    """`Plain` in other modules, with other names, in another order, with registers in a struct, and with more than it needs."""

    def __init__(self):
        super().__init__(PORTS)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.part.eq(self.a.bit_select(self.where, 3))
        m.domains.sync = domain = ClockDomain()
        m.d.comb += [domain.rst.eq(self.rst), domain.clk.eq(self.clk)]
        m.submodules.below = inner = Module()
        bits = Signal(8)
        inner.submodules.dsp = Instance("MULT", o_P=bits, i_B=self.b, i_A=self.a, p_SCALE=2, i_CLK=ClockSignal())
        m.d.comb += self.product.eq(bits)
        m.submodules.store = store = memory.Memory(shape=8, depth=8, init=[1, 2, 3])
        read, write = store.read_port(), store.write_port()
        m.d.comb += [read.addr.eq(self.where), write.en.eq(self.s), write.data.eq(self.a), write.addr.eq(self.where)]
        fetched = Signal(8)
        with m.If(self.s):
            m.d.comb += read.en.eq(1)
        with m.Else():
            m.d.comb += read.en.eq(1)
        m.d.comb += read.en.eq(1)
        inner.d.comb += fetched.eq(read.data)
        m.d.comb += self.word.eq(Mux(self.s, fetched, self.b))
        m.submodules.difference = difference = DomainRenamer({"inner": "sync"})(Difference(5))
        m.d.comb += [difference.minuend.eq(self.a), difference.subtrahend.eq(self.b)]
        kept = Signal(data.StructLayout({"flag": 1, "held": signed(10), "unused": 4}))
        m.d.sync += [kept.flag.eq(~kept.flag), kept.unused.eq(self.b)]
        with m.If(self.s):
            m.d.sync += kept.held.eq(difference.result + 3)
        m.d.comb += self.total.eq(kept.held)
        return m


CHANGES = {
    "constant": {"constant": 4},
    "swapped operands": {"swapped": True},
    "initial value": {"init": 4},
    "a register that isn't reset": {"reset_less": True},
    "asynchronous reset": {"asynchronous": True},
    "condition": {"inverted": True},
    "clock's edge": {"edge": "neg"},
    "memory's contents": {"contents": (1, 2, 4)},
    "memory's size": {"depth": 7},
    "transparency": {"through": True},
    "instance's parameter": {"scale": 3},
    "instance's type": {"kind": "MULT2"},
}


class TestDigest:
    def test_names_modules_and_structs_do_not_count(self):
        assert digest(Regrouped()) == digest(Plain())

    @pytest.mark.parametrize("name", CHANGES)
    def test_a_change_does(self, name):
        assert digest(Plain(**CHANGES[name])) != digest(Plain())

    def test_changes_differ(self):
        assert len({digest(Plain(**changes)) for changes in CHANGES.values()}) == len(CHANGES)

    @pytest.mark.parametrize(
        "design", [FIRDesign([3, -1, 2]), Conv2DDesign([[1, 2], [3, 4]], rows=8, columns=8)], ids=["fir", "2-D"]
    )
    def test_of_a_core(self, design):
        base = netlist(design, None)
        weights = list(design.weights)
        assert netlist(design, None) == base
        assert netlist(design.with_weights([weights[0] - 1, *weights[1:]]), None) != base

    def test_a_core_one_level_deeper(self):
        class Deeper(wiring.Component):
            def __init__(self, core):
                self.core, self.plan = core, core.plan
                super().__init__(core.signature)

            def elaborate(self, platform):
                m = Module()
                m.submodules.renamed = between = Module()
                between.submodules.again = self.core
                wiring.connect(m, wiring.flipped(self), self.core)
                return m

        design = FIRDesign([3, -1, 2], loadable=True)
        with patch.object(accelerator, "create", lambda _design, _family=None: Deeper(create(_design))):
            deeper = digest(accelerator.Accelerator(design))
        assert deeper == digest(accelerator.Accelerator(design))

    def test_the_packed_description_does_not_count(self):
        design = FIRDesign([3, -1, 2])
        kept = netlist(design, None)
        with patch("convolver.hw.bus.registers.zlib.compress", lambda text, _level: text):
            assert netlist(design, None) == kept

    def test_no_hash_of_a_string_counts(self):
        script = (
            "from convolver import Conv2DDesign; from ratchet.digests import netlist;"
            "print(netlist(Conv2DDesign([[1, 2], [3, 4]], rows=8, columns=8), 'ecp5'))"
        )
        here = str(Path(__file__).parents[1])
        told = {
            subprocess.run(
                [sys.executable, "-c", script],
                env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": here},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for seed in ("1", "2")
        }
        assert told == {netlist(Conv2DDesign([[1, 2], [3, 4]], rows=8, columns=8), "ecp5") + "\n"}


class TestDesigns:
    @pytest.mark.parametrize("number", [*range(QUICK), *range(MIXED_DESIGNS, DESIGNS, OF_A_KIND // 4)])
    def test_no_netlist_has_changed(self, number):
        """A change that should change none must pass as it is; after another one `make ratchet WRITE=1` renews the digests."""
        family = list(FAMILIES)[number % len(FAMILIES)]
        found = differences(read().get(number), line(number, [family]))
        assert not found, "\n".join(found)

    def test_the_file_has_all_designs(self):
        assert list(read()) == list(range(DESIGNS))
        assert all(len(set(told.values())) > 2 for told in read().values())

    def test_what_is_told_of_a_change(self):
        told = {"design": "3", "description": "d", "any": "1", "ecp5": "2"}
        assert differences(told, told) == []
        renew = "make ratchet WRITE=1"
        assert differences(told | {"ecp5": "3", "ice40": "4"}, told) == [
            f"design 3, family ecp5: its netlist has changed, 3 to 2; if it should have, {renew}: {seeded(3).to_json()}"
        ]
        another = f"design 3 isn't the one that the digests are of: the generator has changed, not the gateware; {renew}"
        assert differences(told | {"description": "e", "ecp5": "3"}, told) == [another]
        assert differences(None, told) == [another]

    def test_an_error_takes_the_place_of_a_digest(self):
        def create(_design, _family):
            raise ZeroDivisionError

        with patch.object(digests, "create", create):
            assert line(3, ["any"])["any"] == "ZeroDivisionError"

    def test_the_command(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setattr(digests, "FILE", tmp_path / "digests.txt")
        monkeypatch.setattr(ratchet, "DESIGNS", 2)
        monkeypatch.setattr(ratchet, "line", small)
        monkeypatch.setenv("JOBS", "1")
        assert ratchet.main([]) == 1
        assert ratchet.main(["--write"]) == 0
        text = (tmp_path / "digests.txt").read_text()
        assert text.splitlines()[:2] == ["design description any ecp5 ice40 7-series", "0 d any0 ecp50 ice400 7-series0"]
        capsys.readouterr()
        assert ratchet.main([]) == 0
        assert capsys.readouterr().out == "2 designs; netlists that differ: any 0, ecp5 0, ice40 0, 7-series 0\n"
        (tmp_path / "digests.txt").write_text(text.replace("ecp51", "ecp5x"))
        assert ratchet.main([]) == 1
        assert "design 1, family ecp5: its netlist has changed, ecp5x to ecp51;" in capsys.readouterr().out
        assert FILE.exists()


def small(number):
    """A line that takes no time."""
    return {"design": str(number), "description": "d", **{name: f"{name}{number}" for name in FAMILIES}}
