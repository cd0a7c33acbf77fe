# amaranth: UnusedElaboratable=no
"""The accelerator's wiring, around a stand-in that has a core's ports and shows what reaches them."""

import random

from amaranth.hdl import Fragment, Module
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from convolver import Conv2DDesign, FIRDesign, s8
from convolver.hw.bus.accelerator import Accelerator
from convolver.hw.bus.registers import REGISTERS
from convolver.hw.cores.core import ERRORS, create
from convolver.hw.stream.layouts import beat_layout, result_layout, shape_of
from convolver.plan import lower

STROBES = data.StructLayout(dict.fromkeys(("size", "first", "orphan", "eol", "coefficients"), 1))
FIR = FIRDesign([1, -2, 3, 4], data=s8, coefficient=s8, loadable=True)
CONV2D = Conv2DDesign([[1, 2, 1]] * 3, rows=300, columns=100)


class StandIn(wiring.Component):
    """Gives every sample back a clock later; takes sets of coefficients; its strobes are the bench's to set."""

    def __init__(self, design):
        marks = {"first": 1, "last": 1}
        members = {"busy": Out(1), "errors": Out(STROBES), "strobes": In(5)}
        if isinstance(design, Conv2DDesign):
            marks["eol"] = 1
            members |= {"rows": In(16), "columns": In(15)}
        members["i"] = In(stream.Signature(beat_layout(design)))
        members["o"] = Out(stream.Signature(result_layout(design)))
        if design.loadable:
            payload = data.StructLayout({"data": shape_of(design.coefficient_format), "last": 1})
            members |= {"coefficients": In(stream.Signature(payload)), "restart": In(1), "pending": Out(1), "restarts": Out(8)}
        self.marks = marks
        self.loadable = design.loadable
        self.plan = lower(design)
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [self.errors.eq(self.strobes), self.i.ready.eq(~self.o.valid | self.o.ready), self.busy.eq(self.o.valid)]
        with m.If(self.i.ready):
            m.d.sync += self.o.valid.eq(self.i.valid)
            m.d.sync += [self.o.p[name].eq(self.i.p[name]) for name in ("data", *self.marks)]
        if self.loadable:
            m.d.comb += self.coefficients.ready.eq(~self.pending)
            m.d.sync += self.restarts.eq(self.restarts + self.restart)
            with m.If(self.coefficients.valid & self.coefficients.ready):
                m.d.sync += self.pending.eq(self.coefficients.p.last)
            with m.If(self.i.valid & self.i.ready & self.i.p.first):
                m.d.sync += self.pending.eq(0)
        return m


def simulate(dut, *benches):
    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    for bench in benches:
        simulator.add_testbench(bench)
    simulator.run()


async def call(ctx, dut, name, value=None):
    request, response = dut.bus.request, dut.bus.response
    ctx.set(request.payload, {"address": REGISTERS[name].address, "write": value is not None, "data": value or 0})
    ctx.set(request.valid, 1)
    ctx.set(response.ready, 1)
    await ctx.tick().until(request.ready)
    ctx.set(request.valid, 0)
    word, error = await ctx.tick().sample(response.p.data, response.p.error).until(response.valid)
    assert not error
    return word


def test_order_of_the_errors():
    assert tuple(STROBES.members) == ERRORS


def test_samples_pass_and_are_counted():
    rng = random.Random(1)
    dut = Accelerator(FIR, core=StandIn(FIR))
    sent = [{"data": rng.randrange(-128, 128), "first": k == 0, "last": k == 99} for k in range(100)]
    taken = []

    async def source(ctx):
        for beat in sent:
            while rng.random() < 0.3:
                await ctx.tick()
            ctx.set(dut.i.payload, beat)
            ctx.set(dut.i.valid, 1)
            await ctx.tick().until(dut.i.ready)
            ctx.set(dut.i.valid, 0)

    async def sink(ctx):
        while len(taken) < len(sent):
            ready = rng.random() < 0.6
            ctx.set(dut.o.ready, ready)
            if ready and ctx.get(dut.o.valid):
                taken.append({name: ctx.get(dut.o.p[name]) for name in ("data", "first", "last")})
            await ctx.tick()
        ctx.set(dut.o.ready, 0)
        assert await call(ctx, dut, "BEATS_IN") == await call(ctx, dut, "BEATS_OUT") == len(sent)

    simulate(dut, source, sink)
    assert taken == sent


def test_status_is_the_cores():
    core = StandIn(FIR)
    dut = Accelerator(FIR, core=core)

    async def bench(ctx):
        for place, name in enumerate(STROBES.members):
            ctx.set(core.strobes, STROBES.const({name: 1}))
            await ctx.tick()
            ctx.set(core.strobes, 0)
            assert await call(ctx, dut, "STATUS") == 1 << place
            await call(ctx, dut, "STATUS", 1 << place)
        ctx.set(dut.i.payload, {"data": 1, "first": 1, "last": 1})
        ctx.set(dut.i.valid, 1)
        await ctx.tick()
        ctx.set(dut.i.valid, 0)
        assert await call(ctx, dut, "STATUS") == 1 << 16
        for value in (1, 2, 3, 4):
            await call(ctx, dut, "COEFFICIENT", value)
        assert await call(ctx, dut, "STATUS") == 1 << 16 | 1 << 17

    simulate(dut, bench)


def test_restart_reaches_the_core():
    core = StandIn(FIR)
    dut = Accelerator(FIR, core=core)

    async def bench(ctx):
        await call(ctx, dut, "COEFFICIENT", 1)
        await call(ctx, dut, "RESTART", 0)
        assert ctx.get(core.restarts) == 1

    simulate(dut, bench)


def test_frame_size_reaches_the_core_and_the_front():
    core = StandIn(CONV2D)
    dut = Accelerator(CONV2D, core=core)

    async def bench(ctx):
        assert (ctx.get(core.rows), ctx.get(core.columns)) == (300, 100)
        await call(ctx, dut, "ROWS", 299)
        await call(ctx, dut, "COLUMNS", 98)
        for place in (core, dut):
            assert (ctx.get(place.rows), ctx.get(place.columns)) == (299, 98)

    simulate(dut, bench)


def test_length_reaches_the_front():
    dut = Accelerator(FIR, core=StandIn(FIR))

    async def bench(ctx):
        await call(ctx, dut, "LENGTH", 123456789)
        assert ctx.get(dut.length) == 123456789

    simulate(dut, bench)


def test_latency_is_the_cores():
    for design in (FIR, CONV2D):
        core, accelerator = create(design), Accelerator(design)
        for made in (core, accelerator):
            Fragment.get(made, None)  # or Amaranth complains that it was made for nothing
        assert accelerator.latency == core.latency
