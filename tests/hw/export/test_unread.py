# amaranth: UnusedElaboratable=no
"""Nothing stands in emitted Verilog that nothing reads, no bit of a register either: designs of every kind in every shell, as
Yosys understands the text."""

import re
from pathlib import Path

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Instance, Module, Signal
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from convolver import CICDesign, Conv2DDesign, FIRDesign, Fork, MovingMaximumDesign, Pipeline, ResampleDesign
from convolver.designs import KINDS
from convolver.hw.export import verilog
from convolver.hw.export.unread import without_unread
from convolver.hw.export.verilog import generate
from convolver.shell import FULL, Shell

from .circuits import circuit, difference

ROOT = Path(__file__).parents[3]
FIR = FIRDesign([3, -5, 7], data="s8", coefficient="s8", shift=3, output="s8")
IMAGE = Conv2DDesign([[1, 2, 1], [2, -5, 3]], boundary="edge", rows=9, columns=12)
EACH = [
    FIR,
    IMAGE,
    MovingMaximumDesign(3, data="s8"),
    ResampleDesign([1, 3, 3, 1], up=2, down=7, data="s8"),
    CICDesign(2, down=4, data="s8"),
    Pipeline([IMAGE.replace(shift=4, output="u8"), IMAGE]),
    Fork([FIR, MovingMaximumDesign(3, data="s8")], join="difference"),
]


def unread(module, text):
    """Registers, memories and modules' outputs of which some bit gets to no output of a text's circuit."""
    needed = {bit for port in module["ports"].values() if port["direction"] == "output" for bit in port["bits"]}
    waiting = [(cell["type"], *sides(cell)) for cell in module["cells"].values()]
    while live := [cell for cell in waiting if needed & cell[2]]:
        waiting = [cell for cell in waiting if not needed & cell[2]]
        needed.update(*(taken for _, taken, _ in live))
    lost = set().union(*(given for kind, _, given in waiting if "DFF" in kind or "mem" in kind))
    outputs = set(outputs_of(text))
    found = {name for name in lost if isinstance(name, str)}
    for name, net in module["netnames"].items():
        bits = {bit for bit in net["bits"] if isinstance(bit, int)}
        if not net["hide_name"] and (bits & lost or (name in outputs and bits - needed)):
            found.add(name)
    return found


def sides(cell):
    """What a cell takes and gives: bits, and the names of memories."""
    taken, given = set(), set()
    for port, bits in cell["connections"].items():
        (given if cell["port_directions"][port] == "output" else taken).update(bit for bit in bits if isinstance(bit, int))
    if store := cell["parameters"].get("MEMID"):
        (taken if given else given).add(store)
    return taken, given


def outputs_of(text):
    """The names that the outputs of all modules but the top one have in it."""
    for module in re.findall(r"^module .*?^endmodule", text, re.MULTILINE | re.DOTALL):
        _, dot, path = re.match(r"module \\?(\S+?) ?\(", module)[1].partition(".")
        for name in re.findall(r"^  output (?:signed )?(?:\[\d+:0\] )?\\?(\S+?) ?;", module, re.MULTILINE):
            if dot:
                yield f"{path}.{name}"


CASES = [
    *((design, Shell(), None) for design in EACH),
    (EACH[0], FULL, "ecp5"),
    (EACH[1], FULL, None),
    (EACH[6], FULL, None),
    (FIR.replace(loadable=True), Shell(registers="coefficients"), "7-series"),
    (EACH[0], Shell(handshake="valid"), "ice40"),
    (IMAGE.replace(mode="valid", boundary="constant"), Shell(handshake="valid"), None),
]


@pytest.mark.parametrize(("design", "shell", "family"), CASES, ids=[f"{case[0].kind}-{n}" for n, case in enumerate(CASES)])
def test_all_is_read_and_made_as_it_was(design, shell, family, tmp_path, monkeypatch):
    text = generate(design, family=family, shell=shell)
    left = circuit(tmp_path, text, family)
    assert unread(left, text) == set()
    monkeypatch.setattr(verilog, "without_unread", lambda text: text)
    whole = circuit(tmp_path, generate(design, family=family, shell=shell), family)
    assert len(left["cells"]) < len(whole["cells"])
    assert difference(left, whole) == ""


def test_another_circuit_is_told(tmp_path):
    first = circuit(tmp_path, generate(FIR))
    for other in (FIR.replace(shift=4), FIR.replace(coefficients=[3, -5, 8]), FIR.replace(data="s7")):
        assert difference(first, circuit(tmp_path, generate(other))) != ""


def test_synchronisers_stay():
    """Their registers by name, and no more bits between two clocks than docs/verilog.md tells."""
    text = generate(FIR.replace(loadable=True), "top", axi_clock="own", reset_style="async", shell=FULL)
    (bits,) = re.findall(r"Words of up to (\d+) and (\d+) bits cross", (ROOT / "docs/verilog.md").read_text())
    modules = dict(re.findall(r"^module \\?top\.?(\S+?) ?\((.*?)^endmodule", text, re.MULTILINE | re.DOTALL))
    crossing = re.findall(r"^  reg \[(\d+):0\] .*payload", modules["crossing"], re.MULTILINE)
    assert sorted(str(int(high) + 1) for high in crossing) == sorted(bits)
    named = {name for name in modules if re.search(r"crossing\.(asking|answered)|synchroniser", name)}
    assert len(named) == 4
    for name in named:
        assert re.findall(r"^  reg (\w+) =", modules[name], re.MULTILINE) == ["stage0", "stage1"]


def test_every_kind_is_there():
    assert {design.kind for design in EACH} == KINDS.keys()


def test_what_is_not_read_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(verilog, "without_unread", lambda text: text)
    text = generate(FIR)
    found = unread(circuit(tmp_path, text), text)
    buffer = "accelerator.core.array.buffer"
    assert found >= {f"{buffer}.overflow", f"{buffer}.idle", "accelerator.core.idle"}


class Counter(wiring.Component):
    """Counts, and tells more than `Top` reads."""

    def __init__(self):
        super().__init__({"go": In(1), "count": Out(4), "full": Out(1), "wrapped": Out(1)})

    def elaborate(self, platform):
        m = Module()
        with m.If(self.go):
            m.d.sync += self.count.eq(self.count + 1)
        m.d.comb += self.full.eq(self.count == 15)
        m.d.sync += self.wrapped.eq(self.full | self.wrapped)
        return m


class Top(wiring.Component):
    """Of all that it has only a count's two lower bits, and a chain of two primitives, get out."""

    def __init__(self):
        super().__init__({"go": In(1), "spare": In(2), "o": Out(2), "p": Out(8)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.counter = counter = Counter()
        m.submodules.silent = silent = Counter()
        m.submodules.store = store = memory.Memory(shape=4, depth=4, init=[])
        chain, lost = Signal(8), Signal(8)
        m.submodules.one = Instance("MULTIPLIER", i_A=self.go, o_NEXT=chain)
        m.submodules.two = Instance("MULTIPLIER", i_BEFORE=chain, o_P=self.p)
        m.submodules.three = Instance("MULTIPLIER", i_A=self.spare, o_P=lost)
        kept = Signal(data.StructLayout({"low": 2, "high": 2}))
        write = store.write_port()
        m.d.comb += [counter.go.eq(self.go), silent.go.eq(self.go), write.en.eq(self.go), write.data.eq(counter.count)]
        with m.Switch(self.spare):
            with m.Case(1):
                m.d.sync += kept.high.eq(lost)
            with m.Default():
                m.d.sync += kept.eq(counter.count)
        m.d.comb += self.o.eq(kept.low)
        return m


def test_what_stays_of_a_circuit():
    text = without_unread(rtlil.convert(Top(), emit_src=False))
    assert re.findall(r"^module (\S+)", text, re.MULTILINE) == ["\\top", "\\top.counter"]
    assert re.findall(r"wire width \d+ ((?:in|out)put) \d+ +(\S+)", text[: text.index("\nend")]) == [
        ("input", "\\go"),
        ("input", "\\spare"),
        ("input", "\\clk"),
        ("input", "\\rst"),
        ("output", "\\o"),
        ("output", "\\p"),
    ]
    assert re.findall(r"cell \\MULTIPLIER (\S+)", text) == ["\\one", "\\two"]
    assert not re.search("memory|full|wrapped|silent|lost", text)
    assert "    assign $1 [3:2] " not in text  # of the field that isn't read
    assert len(re.findall(r"cell \$dff", text)) == 2


def test_a_register_that_only_its_own_module_reads_is_no_port():
    class Inner(wiring.Component):
        def __init__(self):
            super().__init__({"a": In(1), "seen": Out(1), "o": Out(1)})

        def elaborate(self, platform):
            m = Module()
            m.d.sync += [self.seen.eq(self.a), self.o.eq(self.seen)]
            return m

    class Outer(wiring.Component):
        def __init__(self):
            super().__init__({"a": In(1), "o": Out(1)})

        def elaborate(self, platform):
            m = Module()
            m.submodules.inner = inner = Inner()
            m.d.comb += [inner.a.eq(self.a), self.o.eq(inner.o)]
            return m

    text = without_unread(rtlil.convert(Outer(), emit_src=False))
    assert "  wire width 1 \\seen\n" in text
    assert "\\seen" not in text[: text.index("\nend")]
