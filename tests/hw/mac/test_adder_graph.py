# amaranth: UnusedElaboratable=no
"""The block of shared adders: its sums, clock by clock, and what becomes of it in a netlist."""

import json
import random

import pytest
from amaranth.hdl import Fragment
from amaranth.sim import Simulator

from convolver import Conv2DDesign, FIRDesign, s12, u8
from convolver.boards.toolchain import run
from convolver.hw.export.verilog import generate
from convolver.hw.mac.adder_graph import AdderGraph
from convolver.hw.mac.array_block import array_block
from convolver.hw.mac.mac_array import MACArray
from convolver.plan.lowering import lower


def design(weights, data=s12):
    return FIRDesign(weights, data=data, multipliers=0)


@pytest.mark.parametrize("data", [u8, s12])
@pytest.mark.parametrize("seed", range(6))
def test_the_sum_comes_after_its_latency(seed, data):
    rng = random.Random(seed)
    top = 2 ** rng.choice([1, 4, 9])
    weights = [rng.randint(-top, top) for _ in range(rng.choice([1, 3, 8]))]
    array = lower(design(weights, data)).arrays[0]
    dut = array_block(array)
    assert isinstance(dut, AdderGraph)
    lanes = [array.weights[product.weight] for product in array.products]
    ends = [data.min, data.max, 0]
    rows = [[rng.choice([*ends, rng.randint(data.min, data.max)]) for _ in lanes] for _ in range(60)]
    found = []

    async def bench(ctx):
        for clock in range(len(rows) + dut.latency):
            for lane, value in enumerate(rows[min(clock, len(rows) - 1)]):
                ctx.set(dut.samples[lane], value)
            await ctx.delay(1e-7)
            if clock >= dut.latency:
                found.append(ctx.get(dut.sum))
            await ctx.tick()

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert found == [sum(weight * value for weight, value in zip(lanes, row, strict=True)) for row in rows]


def test_others_multiply():
    block = array_block(lower(FIRDesign([3, 5])).arrays[0])
    assert isinstance(block, MACArray)
    Fragment.get(block, None)  # Amaranth warns of what is made and never elaborated, in whatever test comes next


@pytest.mark.parametrize(
    ("synthesis", "hard"), [("synth_ecp5", "MULT18X18D"), ("synth_ice40 -dsp", "SB_MAC16")], ids=["ecp5", "ice40"]
)
def test_a_netlist_has_no_multiplier(synthesis, hard, tmp_path):
    """Of the generated file; the same design with multipliers has some."""
    kernel = Conv2DDesign([[3, -5, 7], [11, 13, -17]], mode="valid", rows=8, columns=9)
    family = "ice40" if "ice40" in synthesis else "ecp5"
    counts = []
    for multipliers in (0, None):
        (tmp_path / "top.v").write_text(generate(kernel.replace(multipliers=multipliers), "top", family))
        run("yosys", ["-q", "-p", f"read_verilog top.v; {synthesis} -top top; write_json top.json"], tmp_path)
        cells = json.loads((tmp_path / "top.json").read_text())["modules"]["top"]["cells"].values()
        counts.append(sum(cell["type"] == hard for cell in cells))
    assert counts[0] == 0
    assert counts[1] > 0
