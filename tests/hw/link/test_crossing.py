# amaranth: UnusedElaboratable=no
"""Crossings between clocks of every ratio: nothing is lost, doubled or reordered, and a restart leaves nothing behind."""

import random
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from amaranth.hdl import Cat, ClockDomain, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from convolver import DesignError, FIRDesign, s16
from convolver.host.device import Device as Host
from convolver.host.link import LinkTransport
from convolver.hw.bus.crossing import BusCrossing
from convolver.hw.bus.registers import BUS
from convolver.hw.link.crossing import CoreCrossing
from convolver.hw.link.device_top import Device
from convolver.hw.link.line import Line
from convolver.sim import golden

RATIOS = {"equal": 1.0, "a third": 0.3371, "thrice": 2.93, "an eighth": 0.127, "seven times": 7.13, "almost equal": 1.013}
"""The other clock's period over that of `sync`; no edges of the two coincide for long."""


def simulator(component, ratio):
    sim = Simulator(component)
    sim.add_clock(1e-6)
    sim.add_clock(1e-6 * ratio, phase=0.123e-6, domain="core" if isinstance(component, CoreCrossing) else "line")
    return sim


async def until(ctx, domain, condition, *values):
    """As Amaranth's own, but fit for a bench that is still waiting when the simulation ends."""
    while True:
        *sampled, met = (await ctx.tick(domain).sample(*values, condition))[2:]
        if met:
            return sampled


async def send(ctx, domain, port, values, rng, idle):
    """Offers values one after the other, with pauses."""
    for value in values:
        while rng.random() < idle:
            await ctx.tick(domain)
        ctx.set(port.payload, value)
        ctx.set(port.valid, 1)
        await ctx.tick(domain).until(port.ready)
        ctx.set(port.valid, 0)


async def receive(ctx, domain, port, count, rng, idle, stamp=None):
    """Takes `count` values, with pauses."""
    taken = []
    for _ in range(count):
        while rng.random() < idle:
            await ctx.tick(domain)
        ctx.set(port.ready, 1)
        (value,) = await ctx.tick(domain).sample(port.payload).until(port.valid)
        ctx.set(port.ready, 0)
        taken.append(value)
        if stamp is not None:
            stamp(value)
    return taken


@pytest.mark.parametrize("idle", [0.0, 0.7], ids=["busy", "pauses"])
@pytest.mark.parametrize("ratio", RATIOS)
def test_bytes_arrive_both_ways(ratio, idle):
    dut = CoreCrossing()
    rng = random.Random(f"bytes {ratio} {idle}")
    there, back = [[rng.randrange(256) for _ in range(40)] for _ in range(2)]
    marks = [rng.randrange(2) for _ in back]
    got = {}

    async def samples(ctx):
        await send(ctx, "sync", dut.samples, there, random.Random(1), idle)

    async def core(ctx):
        got["there"] = await receive(ctx, "core", dut.core_samples, len(there), random.Random(2), idle)

    async def core_out(ctx):
        values = [{"data": byte, "last": mark} for byte, mark in zip(back, marks, strict=True)]
        await send(ctx, "core", dut.core_results, values, random.Random(3), idle)

    async def results(ctx):
        got["back"] = await receive(ctx, "sync", dut.results, len(back), random.Random(4), idle)

    sim = simulator(dut, RATIOS[ratio])
    for bench in (samples, core, core_out, results):
        sim.add_testbench(bench)
    sim.run()
    assert got["there"] == there
    assert [(value.data, value.last) for value in got["back"]] == list(zip(back, marks, strict=True))


@pytest.mark.parametrize("ratio", RATIOS)
def test_requests_come_behind_the_samples_before_them(ratio):
    """Each request carries how many samples were passed on before it: the core must have taken them all."""
    dut = CoreCrossing()
    rng = random.Random(f"order {ratio}")
    bursts = [rng.randrange(8) for _ in range(25)]
    taken = [0]
    seen = []

    async def link(ctx):
        passed = 0
        ctx.set(dut.bus.response.ready, 1)
        for place, burst in enumerate(bursts):
            await send(ctx, "sync", dut.samples, [place] * burst, rng, 0.2)
            passed += burst
            ctx.set(dut.bus.request.payload, {"address": 4 * place, "write": 1, "data": passed})
            ctx.set(dut.bus.request.valid, 1)
            await ctx.tick().until(dut.bus.request.ready)
            ctx.set(dut.bus.request.valid, 0)
            (response,) = await ctx.tick().sample(dut.bus.response.payload).until(dut.bus.response.valid)
            assert (response.data, response.error) == (passed * 3, place % 2)

    async def core(ctx):
        # A beat waits here, as in the unpacker: until it is taken on it isn't `empty`. Or it waits before.
        while True:
            for _ in range(20 if taken[0] % 3 == 2 else 0):
                await ctx.tick("core")
            ctx.set(dut.core_samples.ready, 1)
            await until(ctx, "core", dut.core_samples.valid)
            ctx.set(dut.core_samples.ready, 0)
            ctx.set(dut.empty, 0)
            for _ in range(random.Random(taken[0]).randrange(12)):
                await ctx.tick("core")
            taken[0] += 1
            ctx.set(dut.empty, 1)

    async def bank(ctx):
        while True:
            (request,) = await until(ctx, "core", dut.core_bus.request.valid, dut.core_bus.request.payload)
            seen.append((request.address, request.write, request.data, taken[0]))
            ctx.set(dut.core_bus.request.ready, 1)
            await ctx.tick("core")
            ctx.set(dut.core_bus.request.ready, 0)
            await ctx.tick("core").repeat(len(seen) % 5 + 1)
            ctx.set(dut.core_bus.response.payload, {"data": request.data * 3, "error": (len(seen) - 1) % 2})
            ctx.set(dut.core_bus.response.valid, 1)
            await until(ctx, "core", dut.core_bus.response.ready)
            ctx.set(dut.core_bus.response.valid, 0)

    async def start(ctx):
        ctx.set(dut.empty, 1)

    sim = simulator(dut, RATIOS[ratio])
    sim.add_testbench(start)
    sim.add_testbench(link)
    sim.add_testbench(core, background=True)
    sim.add_testbench(bank, background=True)
    sim.run()
    sums = [sum(bursts[: place + 1]) for place in range(len(bursts))]
    assert seen == [(4 * place, 1, passed, passed) for place, passed in enumerate(sums)]


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_restart_leaves_nothing_behind(ratio):
    """Restarts at random moments, while everything moves: what comes afterwards is of the new session alone, both ways."""
    dut = CoreCrossing()
    rng = random.Random(f"restart {ratio}")
    session = [0]
    core_session = [0]
    counts = {"samples": 0, "results": 0, "responses": 0}

    async def link(ctx):
        ctx.set(dut.results.ready, 1)
        ctx.set(dut.bus.response.ready, 1)
        for number in range(1, 7):
            session[0] = number
            ctx.set(dut.restart, 1)
            ctx.set(dut.samples.payload, number)
            ctx.set(dut.bus.request.payload, {"address": 0, "write": 1, "data": number})
            await ctx.tick()
            ctx.set(dut.restart, 0)
            if number % 4 == 0:  # another one follows at once
                continue
            asking = False  # while a request waits, no samples are passed on
            for _ in range(rng.randrange(60, 250) * max(1, round(RATIOS[ratio]))):
                if not asking and rng.random() < 0.03:
                    asking = True
                    ctx.set(dut.bus.request.valid, 1)
                ctx.set(dut.samples.valid, not asking and rng.random() < 0.8)
                values = await ctx.tick().sample(
                    dut.results.valid, dut.results.payload, dut.bus.response.valid, dut.bus.response.payload,
                    dut.bus.request.ready,
                )  # fmt: skip
                valid, payload, answered, response, ready = values[2:]
                if ready:
                    ctx.set(dut.bus.request.valid, 0)
                if valid:
                    assert payload.data == number
                    counts["results"] += 1
                if answered:
                    assert response.data == number
                    asking = False
                    counts["responses"] += 1
            ctx.set(dut.bus.request.valid, 0)
            ctx.set(dut.samples.valid, 0)

    async def core(ctx):
        # Echoes samples and requests; a reset clears it, as ResetInserter would, and it takes nothing then.
        ctx.set(dut.empty, 1)
        held, answer, reset = [], [], 0
        while True:
            ready = not reset and len(held) < 3
            ctx.set(dut.core_samples.ready, ready)
            ctx.set(dut.core_results.valid, bool(held))
            ctx.set(dut.core_results.payload, {"data": held[0] if held else 0, "last": 0})
            ctx.set(dut.core_bus.request.ready, not answer)
            ctx.set(dut.core_bus.response.valid, bool(answer))
            ctx.set(dut.core_bus.response.payload, {"data": answer[0] if answer else 0, "error": 0})
            values = await ctx.tick("core").sample(
                dut.reset, dut.core_samples.valid, dut.core_samples.payload, dut.core_results.ready,
                dut.core_bus.request.valid, dut.core_bus.request.payload, dut.core_bus.response.ready,
            )  # fmt: skip
            reset, valid, sample, taken, asked, request, heard = values[2:]
            if reset:
                held, answer = [], []
                core_session[0] = session[0]
                continue
            if taken and held:
                held.pop(0)
            if valid and ready:
                assert sample == core_session[0], "a sample of another session"
                counts["samples"] += 1
                held.append(sample)
            if heard and answer:
                answer = []
            elif asked and not answer:
                answer = [request.data]

    sim = simulator(dut, RATIOS[ratio])
    sim.add_testbench(link)
    sim.add_testbench(core, background=True)
    sim.run()
    assert core_session[0] >= 5
    assert min(counts.values()) > 3, counts


class Loop(wiring.Component):
    """A `Line` whose bytes come back."""

    def __init__(self, divisor):
        super().__init__({"rx": In(1, init=1), "tx": Out(1, init=1), "framing": Out(1), "overrun": Out(1)})
        self.line = Line(divisor)

    def elaborate(self, platform):
        m = Module()
        m.submodules.line = line = self.line
        wiring.connect(m, line.o, line.i)
        m.d.comb += [line.rx.eq(self.rx), self.tx.eq(line.tx), self.framing.eq(line.framing), self.overrun.eq(line.overrun)]
        return m


@pytest.mark.parametrize("divisor", [Fraction(4), Fraction(25, 6)])
@pytest.mark.parametrize("ratio", ["equal", "a third", "thrice"])
def test_a_line_at_its_own_clock(ratio, divisor):
    """Back to back, far more bytes than any FIFO holds; then one with a broken stop bit, which is flagged once."""
    dut = Loop(divisor)
    rng = random.Random(f"line {ratio}")
    sent = bytes(rng.randrange(256) for _ in range(64))
    received = bytearray()
    flags = [0, 0]
    bit = float(divisor) * 1e-6 * RATIOS[ratio]

    async def host(ctx):
        await ctx.delay(20 * bit)
        for byte in sent:
            for level in (0, *(byte >> place & 1 for place in range(8)), 1):
                ctx.set(dut.rx, level)
                await ctx.delay(bit)
        await ctx.delay(30 * bit)
        ctx.set(dut.rx, 0)
        await ctx.delay(11 * bit)
        ctx.set(dut.rx, 1)
        await ctx.delay(40 * bit)

    async def far(ctx):
        while True:
            await ctx.negedge(dut.tx)
            await ctx.delay(1.5 * bit)
            byte = 0
            for place in range(8):
                byte |= ctx.get(dut.tx) << place
                await ctx.delay(bit)
            assert ctx.get(dut.tx) == 1
            received.append(byte)

    async def watch(ctx):
        async for _clk, _rst, framing, overrun in ctx.tick().sample(dut.framing, dut.overrun):
            flags[0] += framing
            flags[1] += overrun

    sim = simulator(dut, RATIOS[ratio])
    sim.add_testbench(host)
    sim.add_testbench(far, background=True)
    sim.add_testbench(watch, background=True)
    sim.run()
    assert bytes(received) == sent
    assert flags == [1, 0]


class SimulatedPipe:
    """A device's line in Amaranth's simulator as a pipe for the real driver: time goes by only while somebody reads."""

    def __init__(self, sim, device, baud):
        self.byte_time = 10 / baud
        self._sim, self._bit = sim, 1 / baud
        self._outbox, self._inbox = bytearray(), bytearray()
        self._now = 0.0
        sim.add_testbench(self._send(device), background=True)
        sim.add_testbench(self._receive(device), background=True)

    def _send(self, device):
        async def bench(ctx):
            while True:
                await ctx.delay(self._bit)
                if self._outbox:
                    byte = self._outbox.pop(0)
                    for level in (0, *(byte >> place & 1 for place in range(8)), 1):
                        ctx.set(device.rx, level)
                        await ctx.delay(self._bit)

        return bench

    def _receive(self, device):
        async def bench(ctx):
            while True:
                await ctx.negedge(device.tx)
                await ctx.delay(1.5 * self._bit)
                byte = 0
                for place in range(8):
                    byte |= ctx.get(device.tx) << place
                    await ctx.delay(self._bit)
                assert ctx.get(device.tx) == 1
                self._inbox.append(byte)

        return bench

    def time(self):
        return self._now

    def write(self, data, deadline):
        self._outbox += data
        return len(data)

    def read(self, size, deadline):
        while not self._inbox and self._now < deadline:
            self._now += 20 * self.byte_time
            self._sim.run_until(self._now)
        data = bytes(self._inbox[:size])
        del self._inbox[:size]
        return data

    def close(self):
        pass


@pytest.mark.soak
def test_a_whole_device_at_unrelated_clocks():
    """The real driver, from pin to pin: registers, coefficients and a frame."""
    clock_hz, core_hz, line_hz = 700_000, 310_000, 1_300_000
    design = FIRDesign([3, -2, 1], data=s16, coefficient=s16, output=s16, shift=1, loadable=True)
    baud = line_hz // 4
    device = Device(design, clock_hz, baud, slots=2, core_hz=core_hz, line_hz=line_hz)
    sim = Simulator(device)
    sim.add_clock(1 / clock_hz)
    sim.add_clock(1 / core_hz, domain="core", phase=0.1e-6)
    sim.add_clock(1 / line_hz, domain="line", phase=0.2e-6)
    samples = np.random.default_rng(5).integers(-(2**15), 2**15, 40)
    taps = np.array([7, 11, -13])
    pipe = SimulatedPipe(sim, device, baud)
    with Host(LinkTransport(pipe, clock=pipe.time)) as host:
        assert host.design == design
        host.load(taps)
        assert (host(samples) == golden.run(design.replace(coefficients=taps), samples)).all()
        status = host.status()
    assert (status["clock_frequency"], status["link_resent"]) == (core_hz, 0)


def test_a_line_too_fast_for_its_link():
    with pytest.raises(DesignError, match=r"^Baud must be at most twice the link's clock, 2000000, not 2000001$"):
        Device(FIRDesign([1]), 1_000_000, 2_000_001, line_hz=48_000_000)


class Side(wiring.Component):
    """A `BusCrossing` with registers behind it that count what they are asked, and forget it when they are reset."""

    def __init__(self):
        self.crossing = BusCrossing()
        members = {"bus": In(BUS), "bus_reset": In(1), "far_reset": In(1), "asked": Out(8)}
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = ClockDomain("sync", reset_less=True)
        m.domains.axi = ClockDomain("axi", reset_less=True)
        m.submodules.crossing = crossing = self.crossing
        wiring.connect(m, wiring.flipped(self.bus), crossing.bus)
        m.d.comb += [crossing.bus_reset.eq(self.bus_reset), crossing.far_reset.eq(self.far_reset)]
        far, wait = crossing.far_bus, Signal(range(4))
        # Taken after three clocks, answered after three more: with the address, and how many came before.
        with m.If(self.far_reset):
            m.d.sync += [wait.eq(0), self.asked.eq(0), far.response.valid.eq(0)]
        with m.Elif(far.request.valid & far.request.ready):
            m.d.sync += [
                wait.eq(0),
                self.asked.eq(self.asked + 1),
                far.response.p.data.eq(Cat(far.request.p.address, self.asked)),
                far.response.p.error.eq(far.request.p.write),
                far.response.valid.eq(1),
            ]
        with m.Elif(far.request.valid):
            m.d.sync += wait.eq(wait + 1)
        with m.If(far.response.valid & far.response.ready):
            m.d.sync += far.response.valid.eq(0)
        m.d.comb += far.request.ready.eq((wait == 3) & ~self.far_reset)
        return m


def side(bench, ratio, *others):
    dut = Side()
    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_clock(1e-6 * ratio, phase=0.123e-6, domain="axi")

    async def ask(ctx, address, write):
        """A request; gives its response, or None if the front is reset before it comes."""
        ctx.set(dut.bus.request.payload, {"address": address, "write": write, "data": 0})
        ctx.set(dut.bus.request.valid, 1)
        for stage, port in ((dut.bus.request, "request"), (dut.bus.response, "response")):
            ctx.set(dut.bus.response.ready, port == "response")
            for _ in range(300):
                met, reset, data, error = (
                    ctx.get(stage.ready if port == "request" else stage.valid),
                    ctx.get(dut.bus_reset),
                    ctx.get(dut.bus.response.p.data),
                    ctx.get(dut.bus.response.p.error),
                )
                await ctx.tick("axi")
                if reset:
                    ctx.set(dut.bus.request.valid, 0)
                    ctx.set(dut.bus.response.ready, 0)
                    return None
                if met:
                    break
            else:
                raise TimeoutError(f"no {port}")
            ctx.set(dut.bus.request.valid, 0)
        ctx.set(dut.bus.response.ready, 0)
        return data, error

    async def main(ctx):
        await bench(ctx, dut, ask)
        main.ran = True

    sim.add_testbench(main)
    for other in others:

        async def run(ctx, other=other):
            await other(ctx, dut)

        sim.add_testbench(run, background=True)
    sim.run()
    assert main.ran


@pytest.mark.parametrize("ratio", RATIOS)
def test_requests_cross_once_each_in_order(ratio):
    async def bench(ctx, dut, ask):
        for place in range(30):
            assert await ask(ctx, 4 * place, place % 2) == (4 * place | place << 14, place % 2)
        assert ctx.get(dut.asked) == 30

    side(bench, RATIOS[ratio])


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_reset_of_the_registers_lets_every_request_be_answered(ratio):
    """It is done behind the reset, as if nothing had been before, or was done before it."""
    rng = random.Random(f"far {ratio}")

    async def resets(ctx, dut):
        while True:
            for value in (0, 1):
                ctx.set(dut.far_reset, value)
                for _ in range(rng.randrange(1, 4 if value else rng.choice([9, 60, 500]))):
                    await ctx.tick("sync")

    async def bench(ctx, dut, ask):
        counts = []
        for place in range(60):
            data, error = await ask(ctx, 4 * place, place % 2)
            assert (data & 0x3FFF, error) == (4 * place, place % 2)
            counts.append(data >> 14)
        assert set(counts) > {0, 1}, "no reset, or nothing between resets"
        assert all(after in (0, before + 1) for before, after in pairwise(counts) if after <= before + 1)

    side(bench, RATIOS[ratio], resets)


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_reset_of_the_front_leaves_no_response_for_the_next_request(ratio):
    rng = random.Random(f"near {ratio}")

    async def resets(ctx, dut):
        while True:
            for value in (0, 1):
                ctx.set(dut.bus_reset, value)
                for _ in range(rng.randrange(1, 4 if value else rng.choice([9, 60, 500]))):
                    await ctx.tick("axi")

    async def bench(ctx, dut, ask):
        answered = 0
        for place in range(120):
            answer = await ask(ctx, 4 * place, place % 2)
            while ctx.get(dut.bus_reset):
                await ctx.tick("axi")
            if answer is not None:
                assert (answer[0] & 0x3FFF, answer[1]) == (4 * place, place % 2)
                answered += 1
        assert 10 < answered < 120
        assert answered <= ctx.get(dut.asked) <= 120

    side(bench, RATIOS[ratio], resets)
