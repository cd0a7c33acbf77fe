# amaranth: UnusedElaboratable=no
"""The UART against a line driven and read clock by clock."""

import random
from fractions import Fraction

import pytest
from amaranth.hdl import Module
from amaranth.sim import Simulator

from convolver.errors import DesignError
from convolver.hw.link.uart import UARTReceiver, UARTTransmitter


def levels(data, divisor, stop=1):
    """The line's level at every clock while `data` is sent at `divisor` clocks a bit, which needn't be an integer."""
    line, time = [], 0.0
    for byte in data:
        for bit in [0, *(byte >> place & 1 for place in range(8)), stop]:
            time += divisor
            line += [bit] * (round(time) - len(line))
    return line


def receive(dut, line, ready=lambda: True, tail=64):
    """Plays `line` into the receiver; the bytes taken, and how often each flag was high."""
    taken, flags = [], {"overrun": 0, "framing": 0}

    async def bench(ctx):
        for level in [*line, *[1] * tail]:
            ctx.set(dut.rx, level)
            ctx.set(dut.o.ready, ready())
            if ctx.get(dut.o.valid) and ctx.get(dut.o.ready):
                taken.append(ctx.get(dut.o.payload))
            for name in flags:
                flags[name] += ctx.get(getattr(dut, name))
            await ctx.tick()

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return taken, flags


@pytest.mark.parametrize(
    ("divisor", "error"),
    [(4, 0.02), (5, 0.03), (8, 0.03), (16, 0.04), (Fraction(25, 3), 0.03), (Fraction(25, 3), 0), (104, 0.045)],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_receives_at_a_rate_that_is_off(divisor, error, sign):
    rng = random.Random(1)
    data = [0, 255, 0x55, 0xAA, 1, 0x80, *(rng.randrange(256) for _ in range(14))]
    line = [1] * 5 + levels(data, float(divisor) * (1 + sign * error))
    assert receive(UARTReceiver(divisor), line) == (data, {"overrun": 0, "framing": 0})


def test_a_rate_that_is_too_far_off_is_not_understood():
    data = [0x55, 0x00, 0xFF, 0x0F] * 4
    taken, _ = receive(UARTReceiver(8), levels(data, 8 * 1.1))
    assert taken != data


def test_every_phase_of_the_edge():
    for phase in range(8):
        line = [1] * (3 + phase) + levels([0x53, 0xCA], 8)
        assert receive(UARTReceiver(8), line)[0] == [0x53, 0xCA]


def test_noise_shorter_than_half_a_start_bit_is_ignored():
    line = [1] * 4 + [0] * 3 + [1] * 20 + levels([0x42], 8)
    assert receive(UARTReceiver(8), line) == ([0x42], {"overrun": 0, "framing": 0})


def test_a_low_stop_bit_drops_the_byte_and_is_flagged():
    line = levels([0x42], 8, stop=0) + [0] * 200 + [1] * 8 + levels([0x17], 8)
    assert receive(UARTReceiver(8), line) == ([0x17], {"overrun": 0, "framing": 1})


def test_bytes_that_nobody_takes_are_dropped_and_flagged():
    clock = iter(range(10**6))
    # Taken only from the clock 8 * 10 * 4 on: the first byte waits, the second and the third are lost, the fourth arrives.
    line = levels([1, 2, 3, 4], 8)
    taken, flags = receive(UARTReceiver(8), line, ready=lambda: next(clock) >= 8 * 10 * 3 + 4)
    assert taken == [1, 4]
    assert flags == {"overrun": 2, "framing": 0}


def send(dut, data, clocks, gap=lambda: 0):
    """Offers `data` to the transmitter; the line's level at every clock, and the clock at which each byte was accepted."""
    line, accepted = [], []

    async def bench(ctx):
        pending, wait = list(data), 0
        for clock in range(clocks):
            offer = bool(pending) and wait == 0
            wait -= wait > 0
            ctx.set(dut.i.valid, offer)
            ctx.set(dut.i.payload, pending[0] if offer else 0xA5)
            line.append(ctx.get(dut.tx))
            if offer and ctx.get(dut.i.ready):
                accepted.append(clock)
                pending.pop(0)
                wait = gap()
            await ctx.tick()

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return line, accepted


@pytest.mark.parametrize("divisor", [4, 7, 16, Fraction(25, 3), Fraction(25, 2)])
def test_sends_a_byte_in_exactly_its_time(divisor):
    rng = random.Random(2)
    data = [0, 255, *(rng.randrange(256) for _ in range(30))]
    byte = int(10 * divisor)
    line, accepted = send(UARTTransmitter(divisor), data, byte * len(data) + 20)
    assert accepted == [byte * n for n in range(len(data))]
    # One clock of latency, then every edge within half a clock of its place.
    for n, value in enumerate(data):
        start = 1 + byte * n
        for place, bit in enumerate([0, *(value >> k & 1 for k in range(8)), 1]):
            middle = start + int(divisor * (2 * place + 1) / 2)
            assert line[middle] == bit, (n, place)
        assert line[start - 1] == 1
        assert line[start] == 0
    assert line[1 + byte * len(data) :] == [1] * 19


def test_idle_gaps_leave_the_line_high():
    rng = random.Random(3)
    data = [rng.randrange(256) for _ in range(20)]
    line, accepted = send(UARTTransmitter(5), data, 3000, gap=lambda: rng.randrange(90))
    assert len(accepted) == len(data)
    assert receive(UARTReceiver(5), line)[0] == data


@pytest.mark.parametrize("divisor", [4, Fraction(25, 3)])
def test_a_long_echo_loses_nothing(divisor):
    """The transmitter keeps up with the receiver beside it for ever: 200 bytes back to back, with no FIFO between."""
    rng = random.Random(4)
    data = bytes(rng.randrange(256) for _ in range(200))
    m = Module()
    m.submodules.rx = rx = UARTReceiver(divisor)
    m.submodules.tx = tx = UARTTransmitter(divisor)
    m.d.comb += [tx.i.payload.eq(rx.o.payload), tx.i.valid.eq(rx.o.valid), rx.o.ready.eq(tx.i.ready)]
    echo, overruns = [], 0

    async def bench(ctx):
        nonlocal overruns
        for level in [*levels(data, float(divisor)), *[1] * 200]:
            ctx.set(rx.rx, level)
            overruns += ctx.get(rx.overrun)
            echo.append(ctx.get(tx.tx))
            await ctx.tick()

    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert overruns == 0
    assert receive(UARTReceiver(divisor), echo)[0] == list(data)


@pytest.mark.parametrize("divisor", [3, 65536, 4.5, True, Fraction(7, 2)])
@pytest.mark.parametrize("block", [UARTReceiver, UARTTransmitter])
def test_divisor_out_of_range(block, divisor):
    with pytest.raises(DesignError, match=r"^Divisor must be an integer or a Fraction between 4 and 65535 clocks a bit, not "):
        block(divisor)
