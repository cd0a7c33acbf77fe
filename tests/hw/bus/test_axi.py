# amaranth: UnusedElaboratable=no
"""What the AXI wrapper adds to the accelerator; the whole of it is tested on its Verilog, in tests/cocotb."""

import itertools
import random

import pytest
from amaranth.lib.wiring import In
from amaranth.sim import Simulator

import convolver.hw.bus.registers
from convolver import Conv2DDesign, DesignError, FIRDesign, Format, s12, u8
from convolver.hw.bus.axi import AXIAccelerator, AXILiteFront
from convolver.shell import FULL

FIR = FIRDesign([1, -2, 3], data=s12, loadable=True)
CONV2D = Conv2DDesign([[1, 2, 1]] * 3, rows=30, columns=20)


def test_ports():
    fir = AXIAccelerator(FIR.replace(output=Format(19, True))).signature.members
    assert (fir["s_axis_tdata"].shape, fir["m_axis_tdata"].shape) == (16, 24)
    assert "s_axis_tuser" not in fir
    assert "m_axis_tuser" not in fir
    video = AXIAccelerator(CONV2D.replace(output=u8)).signature.members
    assert (video["s_axis_tdata"].shape, video["m_axis_tdata"].shape) == (8, 8)
    assert video["s_axis_tuser"].flow is In
    assert video["m_axis_tuser"].flow is not In


def test_description_too_long(monkeypatch):
    monkeypatch.setattr(convolver.hw.bus.registers, "DESCRIPTION_LIMIT", 10)
    with pytest.raises(DesignError, match=r"^A design's compressed description must have at most 10 bytes, not \d+$"):
        AXIAccelerator(FIR)


@pytest.mark.parametrize("design", [FIR, CONV2D], ids=["fir", "conv2d"])
def test_no_path_from_inputs_to_outputs(design):
    """Within a clock, whatever its state, no input changes any output."""
    rng = random.Random(1)
    dut = AXIAccelerator(design, shell=FULL)
    inputs = [getattr(dut, name) for name, member in dut.signature.members.items() if member.flow is In]
    inputs = [port for port in inputs if port is not dut.aclk and port is not dut.aresetn]
    outputs = [getattr(dut, name) for name, member in dut.signature.members.items() if member.flow is not In]
    seen = {port.name: set() for port in outputs}

    async def bench(ctx):
        ctx.set(dut.aresetn, 1)
        for clock in range(300):
            before = None
            for _ in range(3):
                for port in inputs:
                    ctx.set(port, rng.getrandbits(len(port)))
                if clock % 2:
                    ctx.set(dut.s_axi_wdata, rng.randrange(8))  # often enough a value that fits
                    ctx.set(dut.s_axi_wstrb, 0xF)
                    ctx.set(dut.s_axi_awaddr, rng.choice([0x0C, 0x10, 0x14, 0x18]))
                    ctx.set(dut.s_axi_araddr, rng.choice([0x00, 0x10, 0x18, 0x28]))
                await ctx.delay(1e-9)
                after = [ctx.get(port) for port in outputs]
                assert before in (None, after)
                before = after
            for port, value in zip(outputs, before, strict=True):
                seen[port.name].add(value)
            await ctx.tick()

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    still = {name for name, values in seen.items() if len(values) == 1}
    assert still <= {"s_axis_tready"}, "the test moved too little"


def front(bench, answer=lambda address, write, value: (address, 0)):
    """Runs `bench(ctx, dut, requests)` against a bus that answers at once and keeps what was asked."""
    dut = AXILiteFront()
    requests = []

    async def bus(ctx):
        request, response = dut.bus.request, dut.bus.response
        while True:
            ctx.set(request.ready, 1)
            while not ctx.get(request.valid):
                await ctx.tick()
            asked = ctx.get(request.p.address), ctx.get(request.p.write), ctx.get(request.p.data)
            await ctx.tick()
            ctx.set(request.ready, 0)
            requests.append(asked)
            data, error = answer(*asked)
            ctx.set(response.payload, {"data": data, "error": error})
            ctx.set(response.valid, 1)
            while not ctx.get(response.ready):
                await ctx.tick()
            await ctx.tick()
            ctx.set(response.valid, 0)

    async def main(ctx):
        await bench(ctx, dut, requests)
        main.ran = True

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(main)
    simulator.add_testbench(bus, background=True)
    simulator.run()
    assert main.ran


async def until(ctx, signal, clocks=30):
    for _ in range(clocks):
        if ctx.get(signal):
            return
        await ctx.tick()
    raise TimeoutError(signal.name)


@pytest.mark.parametrize("order", [("aw", "w"), ("w", "aw")])
def test_write_waits_for_address_and_data(order):
    async def bench(ctx, dut, requests):
        ctx.set(dut.awaddr, 0x13)
        ctx.set(dut.wdata, 0xCAFE)
        ctx.set(dut.wstrb, 0xF)
        for channel in order:
            assert not requests
            ctx.set(getattr(dut, f"{channel}valid"), 1)
            await ctx.tick()
            ctx.set(getattr(dut, f"{channel}valid"), 0)
            assert not ctx.get(getattr(dut, f"{channel}ready"))
            if channel == order[0]:
                await ctx.tick().repeat(10)
        await until(ctx, dut.bvalid)
        assert requests == [(0x10, 1, 0xCAFE)]
        assert ctx.get(dut.bresp) == 0
        await ctx.tick().repeat(5)
        assert ctx.get(dut.bvalid)
        ctx.set(dut.bready, 1)
        await ctx.tick()
        assert not ctx.get(dut.bvalid)

    front(bench)


@pytest.mark.parametrize("strobe", range(16))
def test_partial_write_is_refused(strobe):
    async def bench(ctx, dut, requests):
        ctx.set(dut.awvalid, 1)
        ctx.set(dut.wvalid, 1)
        ctx.set(dut.wstrb, strobe)
        await ctx.tick()
        ctx.set(dut.awvalid, 0)
        ctx.set(dut.wvalid, 0)
        await until(ctx, dut.bvalid)
        assert ctx.get(dut.bresp) == (0 if strobe == 15 else 2)
        assert len(requests) == (strobe == 15)

    front(bench)


def test_errors_become_slverr():
    async def bench(ctx, dut, requests):
        ctx.set(dut.rready, 1)
        for address in (0x10, 0x20, 0x10):
            ctx.set(dut.araddr, address)
            ctx.set(dut.arvalid, 1)
            await ctx.tick()
            ctx.set(dut.arvalid, 0)
            await until(ctx, dut.rvalid)
            assert ctx.get(dut.rresp) == (2 if address == 0x20 else 0)
            assert ctx.get(dut.rdata) == address
            await ctx.tick()

    front(bench, lambda address, write, value: (address, address == 0x20))


def test_untaken_response_holds_up_its_own_kind_only():
    async def bench(ctx, dut, requests):
        ctx.set(dut.wstrb, 0xF)
        for name in ("awvalid", "wvalid", "arvalid"):
            ctx.set(getattr(dut, name), 1)
        ctx.set(dut.rready, 1)
        await ctx.tick().repeat(100)
        assert sum(write for _, write, _ in requests) == 1
        assert sum(not write for _, write, _ in requests) > 10
        requests.clear()
        ctx.set(dut.rready, 0)
        ctx.set(dut.bready, 1)
        await ctx.tick().repeat(100)
        assert sum(not write for _, write, _ in requests) <= 2
        assert sum(write for _, write, _ in requests) > 10
        requests.clear()
        ctx.set(dut.rready, 1)
        await ctx.tick().repeat(100)
        kinds = [write for _, write, _ in requests]
        assert len(kinds) > 15
        assert all(a != b for a, b in itertools.pairwise(kinds[2:])), "reads and writes take turns"

    front(bench)


def test_first_sample_of_a_fir_frame():
    """Behind reset and behind every `tlast`; told by the results: the taps begin anew."""
    dut = AXIAccelerator(FIRDesign([1, 1], data=u8))
    got = []

    async def bench(ctx):
        ctx.set(dut.aresetn, 1)
        ctx.set(dut.m_axis_tready, 1)
        for value, last in ((1, 0), (2, 1), (4, 1), (8, 0), (16, 0)):
            ctx.set(dut.s_axis_tdata, value)
            ctx.set(dut.s_axis_tlast, last)
            ctx.set(dut.s_axis_tvalid, 1)
            await ctx.tick().until(dut.s_axis_tready)
            ctx.set(dut.s_axis_tvalid, 0)
            await ctx.tick().repeat(value % 3)

    async def sink(ctx):
        async for _, _, valid, value, last in ctx.tick().sample(dut.m_axis_tvalid, dut.m_axis_tdata, dut.m_axis_tlast):
            if valid:
                got.append((value, last))
            if len(got) == 5:
                break

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.add_testbench(sink)
    simulator.run_until(200e-6)
    assert got == [(1, 0), (3, 1), (4, 1), (8, 0), (24, 0)]
