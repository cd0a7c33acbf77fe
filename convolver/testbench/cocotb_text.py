"""The testbench for cocotb: one Python file that needs neither convolver nor any package but cocotb."""

from ..clocking import Clocking
from ..counting import counted
from ..promises import OWNERSHIP
from ..version import __version__
from .vectors import Vectors
from .words import KINDS

__all__ = ["cocotb_text"]

_TEXT = '''\
"""A self-checking cocotb testbench of @NAME@. Made by convolver @VERSION@.

@OWNERSHIP@

It sends @FRAMES@ of @FILE@_tb_steps.hex, @BEATS@ beats, with pauses of source and sink, and compares every beat of
results with @FILE@_tb_results.hex, which the golden model made. It needs cocotb 2 and a simulator:

    pip install cocotb
    python @FILE@_tb_cocotb.py                  with Icarus Verilog
    SIM=verilator python @FILE@_tb_cocotb.py    with Verilator

SEED=2 pauses otherwise, STALLS=0 never, WAVES=1 writes waves: Icarus into @FILE@_tb_build/@NAME@.fst,
Verilator into dump.vcd.
"""

import os
import random
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge, with_timeout

HERE = Path(__file__).resolve().parent
@KINDS@
CUT = @CUT@  # whether the last frame isn't sent to its end
QUIET_CLOCKS, PATIENCE_NS = 40, 500_000
SEED = int(os.environ.get("SEED", "1"))
STALLS = os.environ.get("STALLS", "1") != "0"


def words(name):
    """The fields of each line of a file of vectors."""
    lines = (line.split("//")[0].strip() for line in (HERE / name).read_text().splitlines())
    return [[int(field, 16) for field in line.split("_")] for line in lines if line]


def names():
    """What each frame is, by its number."""
    lines = (HERE / "@FILE@_tb_steps.hex").read_text().splitlines()
    told = (line.removeprefix("// frame ").split(": ", 1) for line in lines if line.startswith("// frame "))
    return {int(number): text for number, text in told}


class Bench:
    """The block, its two streams and its registers."""

    def __init__(self, dut):
        self.dut = dut
        self.bus = getattr(dut, "@BUS@")
        self.random = random.Random(SEED)
        self.results = words("@FILE@_tb_results.hex")
        self.got = self.quiet = self.clocks = 0

    def port(self, name):
        """A port, or None where the block has none of this name."""
        return getattr(self.dut, name, None)

    def pauses(self, side):
        """Whether a side of the streams pauses: nobody, the sink, the source, both, in turn."""
        mood = self.clocks // 64 % 4
        share = {("source", 2): 0.5, ("source", 3): 0.1, ("sink", 1): 0.5, ("sink", 3): 0.9}.get((side, mood), 0.0)
        return STALLS and self.random.random() < share

    async def start(self):
        """Drives every input, and resets the block."""
        for port in self.dut:
            if port._name.startswith(("s_axis_t", "s_axi_a", "s_axi_w")) and not port._name.endswith(("ready", "aclk")):
                port.value = 0
        for name in ("m_axis_tready", "s_axi_bready", "s_axi_rready"):
            if self.port(name) is not None:
                self.port(name).value = 0
        self.strobes = [port for port in self.dut if port._name.startswith("error_")]
        for name in @RESETS@:
            self.port(name).value = @ON@
        for name, period in @CLOCKS@.items():
            cocotb.start_soon(Clock(self.port(name), period, "ns").start())
        await ClockCycles(self.bus, 8)
        for name in @RESETS@:
            self.port(name).value = @OFF@
        await ClockCycles(self.bus, 8)
        cocotb.start_soon(self.check())

    async def check(self):
        """Compares every beat of results; one that waits must stay as it is."""
        frames, held = names(), None
        sink = self.port("m_axis_tready")  # none without back-pressure
        while True:
            if sink is not None:
                sink.value = not self.pauses("sink")
            await RisingEdge(self.dut.aclk)  # what is read here stood before the edge
            self.clocks += 1
            for strobe in self.strobes:
                assert not strobe.value, f"{strobe._name} tells an error"
            valid, ready = bool(self.dut.m_axis_tvalid.value), sink is None or bool(sink.value)
            self.quiet = 0 if valid else self.quiet + 1
            if not valid:
                assert held is None, "a result vanished while it waited for tready"
                continue
            data, last = int(self.dut.m_axis_tdata.value), int(self.dut.m_axis_tlast.value)
            user, keep = (self.port(name) for name in ("m_axis_tuser", "m_axis_tkeep"))
            marks = last + 2 * (0 if user is None else int(user.value))
            beat = data, marks, 0 if keep is None else int(keep.value)
            assert held is None or beat == held, "a result changed while it waited for tready"
            held = None if ready else beat
            if ready and self.got >= len(self.results):
                assert CUT, f"behind the last result comes {data:#x}"
            elif ready:
                frame, wanted_marks, wanted_keep, mask, wanted = self.results[self.got]
                where = f"result {self.got}, in frame {frame}: {frames[frame]}"
                assert (data ^ wanted) & mask == 0, f"{where}: {data:#x}, must be {wanted:#x}"
                assert marks == wanted_marks, f"{where}: tuser, tlast {marks:02b}, must be {wanted_marks:02b}"
                assert keep is None or beat[2] == wanted_keep, f"{where}: tkeep {beat[2]:b}, must be {wanted_keep:b}"
                self.got += 1

    async def send(self, marks, keep, data):
        """One beat of samples."""
        dut = self.dut
        while self.pauses("source"):
            await RisingEdge(dut.aclk)
        dut.s_axis_tdata.value = data
        dut.s_axis_tlast.value = marks & 1
        for name, value in (("s_axis_tuser", marks >> 1), ("s_axis_tkeep", keep)):
            if self.port(name) is not None:
                self.port(name).value = value
        dut.s_axis_tvalid.value = 1
        await RisingEdge(dut.aclk)
        ready = self.port("s_axis_tready")
        while ready is not None and not ready.value:
            await RisingEdge(dut.aclk)
        dut.s_axis_tvalid.value = 0

    async def access(self, address, value, write):
        """A write of a register, which must be accepted, or a read, which must give this value."""
        dut = self.dut
        offers = (("aw", {"addr": address}), ("w", {"data": value, "strb": 0xF})) if write else (("ar", {"addr": address}),)
        for channel, fields in offers:
            for name, told in fields.items():
                self.port(f"s_axi_{channel}{name}").value = told
            self.port(f"s_axi_{channel}valid").value = 1
        answer = "b" if write else "r"
        self.port(f"s_axi_{answer}ready").value = 1
        answered = False
        while not answered:
            await RisingEdge(self.bus)
            for channel, _ in offers:
                if self.port(f"s_axi_{channel}ready").value:
                    self.port(f"s_axi_{channel}valid").value = 0
            answered = bool(self.port(f"s_axi_{answer}valid").value)
        self.port(f"s_axi_{answer}ready").value = 0
        assert int(self.port(f"s_axi_{answer}resp").value) == 0, f"register {address:#x} refuses"
        got = int(dut.s_axi_rdata.value)
        assert write or got == value, f"register {address:#x} reads {got:#x}, must be {value:#x}"
        await RisingEdge(self.bus)

    async def wait_for(self, count):
        """So many results, and no more."""
        while self.got < count or (self.quiet < QUIET_CLOCKS and not CUT):
            await RisingEdge(self.dut.aclk)
        assert self.got == count or CUT, f"{self.got} results came, must be {count}"

    async def step(self, kind, place, marks, keep, value):
        """One step of the file: its kind, its register or frame, marks, `tkeep`, data or value."""
        if kind == BEAT:
            await self.send(marks, keep, value)
        elif kind in (WRITE, READ):
            await self.access(place, value, kind == WRITE)
        elif kind == WAIT:
            await self.wait_for(value)


@cocotb.test()
async def every_result_is_the_golden_models(dut):
    """All frames, one after the other."""
    bench = Bench(dut)
    await bench.start()
    steps = words("@FILE@_tb_steps.hex")
    assert steps[-1][0] == END, "the file of steps is cut off"
    for step in steps:
        await with_timeout(bench.step(*step), PATIENCE_NS, "ns")
    assert bench.got == len(bench.results) or CUT


def main():
    """Builds the simulator, and runs it."""
    from cocotb_tools.check_results import get_results
    from cocotb_tools.runner import get_runner

    simulator = os.environ.get("SIM", "icarus")
    sources = [HERE / "@FILE@.v"]
    if simulator == "verilator":
        sources.insert(0, HERE / "@FILE@.vlt")
    runner = get_runner(simulator)
    waves = bool(os.environ.get("WAVES"))
    place = {"hdl_toplevel": "@NAME@", "build_dir": HERE / "@FILE@_tb_build", "timescale": ("1ns", "1ps"), "waves": waves}
    runner.build(sources=sources, always=True, **place)
    del place["timescale"]
    results = runner.test(test_module="@FILE@_tb_cocotb", test_dir=HERE, timescale=("1ns", "1ps"), **place)
    raise SystemExit(1 if get_results(results)[1] else 0)


if __name__ == "__main__":
    main()
'''


def cocotb_text(name: str, file: str, clocking: Clocking, vectors: Vectors) -> str:
    """The bench of the module `name`, which stands in the file `file`.v."""
    reset, on = clocking.reset_pin, int(not clocking.low)
    both = clocking.own
    told = {
        "NAME": name,
        "FILE": file,
        "VERSION": __version__,
        "OWNERSHIP": OWNERSHIP,
        "FRAMES": counted(len(vectors.frames), "frame"),
        "BEATS": vectors.beats,
        "CUT": vectors.cut,
        "KINDS": f"{', '.join(KINDS)} = {', '.join(map(str, KINDS.values()))}",
        "BUS": "s_axi_aclk" if both else "aclk",
        "RESETS": (reset, f"s_axi_{reset}") if both else (reset,),
        "CLOCKS": {"aclk": 10, "s_axi_aclk": 14} if both else {"aclk": 10},
        "ON": on,
        "OFF": 1 - on,
    }
    text = _TEXT
    for word, value in told.items():
        text = text.replace(f"@{word}@", str(value))
    return text
