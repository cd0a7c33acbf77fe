# amaranth: UnusedElaboratable=no
"""The FIFO's bus against an FT2232H that raises at what its data sheet forbids, and against the contract of streams."""

import random
from itertools import pairwise

import pytest
from amaranth.hdl import ResetInserter, Signal
from amaranth.sim import Simulator

from convolver.errors import DesignError
from convolver.hw.link.fifo245 import FIFO245, Timing

from .ft2232h import FT2232H, Violation

BYTES = bytes(random.Random(0).randrange(256) for _ in range(100))


class Run:
    """Clocks a FIFO and its chip; what passed, and in which clock."""

    QUIET = 1e-6
    """Seconds without a strobe after which nothing more comes, once all bytes are on their way."""

    def __init__(self, dut, chip, send=b"", ready=lambda: True, offer=lambda: True, resets=()):
        self.dut, self.chip = dut, chip
        self.pending, self.ready, self.offer, self.resets = list(send), ready, offer, set(resets)
        self.accepted, self.taken, self.offered, self.rd_falls, self.wr_falls = [], [], [], [], []
        self.received = []

    def clocks(self, count, clock_hz):
        dut, chip, period = self.dut, self.chip, 1e9 / clock_hz
        reset = Signal()
        simulator = Simulator(ResetInserter(reset)(dut))
        simulator.add_clock(period * 1e-9)

        async def bench(ctx):
            before, rd_was, wr_was, valid_was, offering, quiet = None, 1, 1, 0, False, 0
            for clock in range(count):
                if quiet > self.QUIET * clock_hz and not self.pending and not chip.to_device:
                    break
                was_reset = clock - 1 in self.resets
                if was_reset:
                    chip.forgive()
                    before, offering = None, False
                rd_n, wr_n = ctx.get(dut.rd_n), ctx.get(dut.wr_n)
                drives = rd_n, wr_n, ctx.get(dut.data_oe), ctx.get(dut.data_o)
                rxf_n, txe_n, data = chip.clock(clock * period, period, *drives)
                self.rd_falls += [clock] * (rd_was and not rd_n)
                self.wr_falls += [clock] * (wr_was and not wr_n)
                rd_was, wr_was = rd_n, wr_n
                quiet = quiet + 1 if rd_n and wr_n else 0
                ctx.set(dut.rxf_n, rxf_n)
                ctx.set(dut.txe_n, txe_n)
                ctx.set(dut.data_i, data)

                ctx.set(reset, clock in self.resets)
                valid, payload = ctx.get(dut.o.valid), ctx.get(dut.o.payload)
                self.offered += [clock] * (valid and not valid_was)
                if before is not None:
                    assert (valid, payload) == (1, before), "an offer stays until it is taken"
                ready = self.ready()
                ctx.set(dut.o.ready, ready)
                before = payload if valid and not ready else None
                if valid and ready and clock not in self.resets:
                    self.received.append(payload)
                    self.taken.append(clock)
                valid_was = valid

                offering = bool(self.pending) and (offering or self.offer())
                was_ready = ctx.get(dut.i.ready)
                ctx.set(dut.i.valid, offering)
                ctx.set(dut.i.payload, self.pending[0] if offering else 0xA5)
                assert ctx.get(dut.i.ready) == was_ready, "ready waits for valid"
                if offering and was_ready:
                    self.pending.pop(0)
                    self.accepted.append(clock)
                    offering = False
                assert not ctx.get(dut.framing)
                assert not ctx.get(dut.overrun)
                await ctx.tick()

        simulator.add_testbench(bench)
        simulator.run()
        return self


CLOCKS = [100_000_000, 12_000_000, 48_000_000, 133_333_333, 400_000_000]


@pytest.mark.parametrize("pace", ["fast", "slow", "random"])
@pytest.mark.parametrize("clock_hz", CLOCKS)
def test_bytes_pass_both_ways_whoever_stalls(clock_hz, pace):
    rng = random.Random(clock_hz)
    for busy in (1.0, 0.3):
        chip = FT2232H(rng, pace, stall=lambda busy=busy: rng.choice([0, 0, 30, 400]) if busy < 1 else 0)
        chip.to_device += BYTES[:25]
        run = Run(
            FIFO245(clock_hz),
            chip,
            BYTES[25:50],
            ready=lambda busy=busy: rng.random() < busy,
            offer=lambda busy=busy: rng.random() < busy,
        )
        run.clocks(25 * (int(1e-6 * clock_hz) + 50), clock_hz)
        assert (run.pending, chip.to_device) == ([], [])
        assert (bytes(run.received), bytes(chip.from_device)) == (BYTES[:25], BYTES[25:50])
        assert (chip.reads, chip.writes) == (25, 25)


def gaps(clocks):
    return {after - before for before, after in pairwise(clocks[2:])}


@pytest.mark.parametrize(("pace", "read", "write"), [("fast", {11}, {12}), ("slow", {13}, {14})])
def test_clocks_of_a_byte_one_way(pace, read, write):
    chip = FT2232H(random.Random(1), pace)
    chip.to_device += BYTES
    run = Run(FIFO245(100_000_000), chip).clocks(2000, 100_000_000)
    assert len(run.taken) == 100
    assert gaps(run.taken) == read
    run = Run(FIFO245(100_000_000), FT2232H(random.Random(1), pace), BYTES).clocks(2000, 100_000_000)
    assert len(run.accepted) == 100
    assert gaps(run.accepted) == gaps(run.wr_falls) == write


@pytest.mark.parametrize("pace", ["fast", "slow", "random"])
def test_both_ways_take_turns(pace):
    chip = FT2232H(random.Random(1), pace)
    chip.to_device += BYTES
    run = Run(FIFO245(100_000_000), chip, BYTES).clocks(2000, 100_000_000)
    assert gaps(run.rd_falls) == gaps(run.wr_falls) == {15}


def test_latency():
    clock_hz = 100_000_000
    timing = Timing(clock_hz)
    # RXF# falls after 200 ns: the edge that begins clock 20 samples it.
    chip = FT2232H(random.Random(1), stall=lambda: 200)
    chip.to_device.append(7)
    run = Run(FIFO245(clock_hz), chip).clocks(1000, clock_hz)
    assert (run.rd_falls, run.offered) == ([22], [22 + timing.strobe])
    clock = iter(range(10**6))
    run = Run(FIFO245(clock_hz), FT2232H(random.Random(1)), b"x", offer=lambda: next(clock) == 20).clocks(1000, clock_hz)
    assert (run.accepted, run.wr_falls) == ([20], [22 + timing.setup])


def test_no_read_begins_without_room():
    chip = FT2232H(random.Random(1))
    chip.to_device += BYTES
    clock = iter(range(10**6))
    run = Run(FIFO245(100_000_000), chip, BYTES, ready=lambda: next(clock) >= 500)
    run.clocks(490, 100_000_000)
    assert (chip.reads, len(run.offered)) == (1, 1)
    assert chip.writes > 25


def test_writes_wait_for_room_and_reads_go_on():
    chip = FT2232H(random.Random(1))
    chip.to_device += BYTES
    chip.txe.edge(2, 1)
    run = Run(FIFO245(100_000_000), chip, BYTES).clocks(490, 100_000_000)
    assert (chip.writes, len(run.accepted)) == (0, 1)
    assert chip.reads > 25


@pytest.mark.parametrize("clock", range(40, 56))
def test_a_reset_in_any_clock(clock):
    """Of the bytes on their way one may be lost either way, on the bus and behind it; the bus is quiet, all else goes on."""
    rng = random.Random(clock)
    chip = FT2232H(rng)
    chip.to_device += range(30)
    run = Run(FIFO245(100_000_000), chip, range(30), resets=(clock,)).clocks(2000, 100_000_000)
    assert (run.pending, chip.to_device) == ([], [])
    for passed in (run.received, chip.from_device):
        assert len(passed) >= 28
        assert passed == sorted(passed)
        assert passed[-20:] == list(range(10, 30))


@pytest.mark.parametrize(
    ("name", "clocks", "words"),
    [
        ("strobe", 11, "too shortly"),
        ("settle", 1, "both sides drive the bus"),
        ("setup", 1, "T8"),
        ("hold", 7, "T9"),
    ],
)
def test_the_chip_sees_a_time_that_is_too_short(name, clocks, words):
    dut = FIFO245(400_000_000)
    assert getattr(dut.timing, name) > clocks
    setattr(dut.timing, name, clocks)
    chip = FT2232H(random.Random(1), "slow")
    chip.to_device += BYTES
    with pytest.raises(Violation, match=words):
        Run(dut, chip, BYTES).clocks(1000, 400_000_000)


def test_times_are_rounded_up():
    timing = Timing(100_000_000)
    assert (timing.strobe, timing.settle, timing.setup, timing.hold, timing.release) == (4, 2, 1, 3, 1)
    timing = Timing(12_000_000)
    assert set(vars(timing).values()) == {1}
    timing = Timing(250_000_000)
    assert (timing.strobe, timing.settle, timing.setup, timing.hold, timing.release) == (9, 5, 3, 6, 1)


@pytest.mark.parametrize("clock_hz", [999_999, 400_000_001, 1e8, True])
def test_clock_out_of_range(clock_hz):
    with pytest.raises(DesignError, match=r"^Clock of a FIFO must be an integer between 1000000 and 400000000 Hz, not "):
        FIFO245(clock_hz)
