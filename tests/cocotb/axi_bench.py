"""The cocotb tests of any design's Verilog; `test_verilog.py` runs them.

The top module holds several designs side by side, so that one simulator is built for all of them: ports of the design NAME
are called NAME_aclk and so on. CONVOLVER_DESIGNS is a JSON object with the latency, the description, the clocks and resets,
and the shell of each.

Every test but the first resets the block. It sends frames through AXI4-Stream, and compares what comes out with the golden
model: values, marks, and how many beats there were. What is still in a queue afterwards, or comes later, is an error.
"""

import itertools
import json
import os
import random
import zlib

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.queue import Queue
from cocotb.triggers import ClockCycles, RisingEdge, Timer, with_timeout
from cocotbext.axi import (
    AxiLiteBus,
    AxiLiteMaster,
    AxiResp,
    AxiStreamBus,
    AxiStreamFrame,
    AxiStreamSink,
    AxiStreamSource,
)

from convolver.clocking import Clocking
from convolver.designs import GATEWARE_BOUNDARIES, design_from_json
from convolver.designs.rates import SAME
from convolver.hw.bus.reset import ResetEntry
from convolver.plan.geometry import geometry_of
from convolver.plan.lowering import lower
from convolver.shell import Shell
from convolver.sim import golden

SEED = int(os.environ["CONVOLVER_SEED"])
LATENCY, DESIGNS, CLOCKING, SHELLS = {}, {}, {}, {}
for name, (latency, text, clocking, shell) in json.loads(os.environ["CONVOLVER_DESIGNS"]).items():
    LATENCY[name], DESIGNS[name], CLOCKING[name] = latency, design_from_json(text), Clocking(**clocking)
    SHELLS[name] = Shell(**shell)

ID, VERSION, DESCRIPTION_BYTES, STATUS, ROWS, COLUMNS, LENGTH = range(0, 0x1C, 4)
SILENCE, BOUNDARY, FILL = 0x34, 0x38, 0x3C
COEFFICIENTS, COEFFICIENT, RESTART, CLOCKS, BEATS_IN, BEATS_OUT = range(0x1C, 0x34, 4)
STAGE = 0x40
DESCRIPTION = 0x2000
SIZE, FIRST, ORPHAN, EOL = (1 << place for place in range(4))
BUSY, PENDING = 1 << 16, 1 << 17

ID_VALUE = 0x434F4E56
CLOCK_NS = 10
AXI_CLOCK_PS = {"fast": 3_702, "near": 10_026, "slow": 36_914}
"""Periods of the registers' own clock: even, and else unrelated to the streams'."""
STALLS = [(0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.5, 0.5), (0.1, 0.9), (0.9, 0.1)]
"""How often source and sink pause."""


def bursts(rng, share):
    """Endless pauses: a share of all clocks, in bursts of random length."""
    while True:
        pause = rng.random() < share
        for _ in range(rng.choice([1, 1, 1, 2, 3, 20])):
            yield pause


class FreeSink:
    """Takes every beat of a stream without `tready`: cocotbext-axi's own sink sleeps while nothing comes, and misses some."""

    def __init__(self):
        self.frames = Queue()
        self.clear()

    @property
    def active(self):
        """Whether a line was begun and not ended."""
        return bool(self.beats)

    def take(self, value, last, user):
        self.beats.append((value, user))
        if last:
            values, users = map(list, zip(*self.beats, strict=True))
            self.frames.put_nowait(AxiStreamFrame(values, tuser=users))
            self.beats = []

    def clear(self):
        self.beats = []
        while not self.frames.empty():
            self.frames.get_nowait()

    def empty(self):
        return self.frames.empty()

    def recv_nowait(self):
        return self.frames.get_nowait()

    async def recv(self, compact=False):
        return await self.frames.get()

    def set_pause_generator(self, generator):
        """Nothing holds it up."""


class Bench:
    """A block with its drivers."""

    def __init__(self, dut, name, purpose):
        self.dut = dut
        self.name = name
        self.design = DESIGNS[name]
        self.video = len(self.design.axes) > 1
        self.keeps = self.design.continuous
        self.slot = self.design.choices.clocks
        self.rng = random.Random(f"{purpose} {name} {SEED}")
        self.clocking, self.shell = CLOCKING[name], SHELLS[name]
        self.full = self.shell.registers == "full"
        self.strobes = 0  # errors that were seen at the ports, where there are no registers
        self.aclk, self.reset = self.port("aclk"), self.port(self.clocking.reset_pin)
        self.axi_clock, self.axi_reset = self.aclk, self.reset
        if self.clocking.own:
            self.axi_clock, self.axi_reset = self.port("s_axi_aclk"), self.port(f"s_axi_{self.clocking.reset_pin}")
        self.pixels = self.design.pixels_per_clock
        self.planes = self.design.planes
        axes = self.design.frame_axes
        self.least, self.most = [axis.least for axis in axes], [axis.most for axis in axes]  # sizes of a frame
        self.window = [sum(axis.reach) + 1 for axis in axes]  # of the samples that a result needs
        self.input_width = len(self.port("s_axis_tdata")) // self.pixels  # of one pixel, and of the results of one place
        self.output_width = len(self.port("m_axis_tdata")) // self.pixels
        self.accepted = 0  # beats, counted beside the drivers
        self.delivered = 0
        self.silence()

    def silence(self):
        """From here on the results of a continuous filter are expected to start from silence."""
        self.history = np.zeros(0, dtype=np.int64)

    def port(self, name):
        return getattr(self.dut, f"{self.name}_{name}")

    async def start(self, reset=True):
        # All pins are driven before the first edge: registers would keep what an undriven one shows.
        self.hold(self.reset, reset)
        axi = {"clock": self.axi_clock, "reset": self.axi_reset, "reset_active_level": not self.clocking.low}
        if self.clocking.own:
            self.hold(self.axi_reset, reset)
        sides = {"clock": self.aclk, "reset": self.reset, "reset_active_level": not self.clocking.low}
        lanes = {"byte_lanes": 1} if self.pixels == 1 else {}  # else as tkeep says
        self.source = AxiStreamSource(AxiStreamBus.from_prefix(self.dut, f"{self.name}_s_axis"), **sides, **lanes)
        m_axis = AxiStreamBus.from_prefix(self.dut, f"{self.name}_m_axis")
        self.sink = AxiStreamSink(m_axis, **sides, **lanes) if self.shell.waits else FreeSink()
        if self.shell.has_registers:
            self.registers = AxiLiteMaster(AxiLiteBus.from_prefix(self.dut, f"{self.name}_s_axi"), **axi)
        await Timer(1, "ns")
        cocotb.start_soon(Clock(self.aclk, CLOCK_NS, "ns").start())
        if self.clocking.own:
            period = AXI_CLOCK_PS[self.rng.choice(list(AXI_CLOCK_PS))]
            cocotb.start_soon(Clock(self.axi_clock, period, "ps").start())
        await ClockCycles(self.aclk, 3)
        cocotb.start_soon(self.watch())
        await ClockCycles(self.axi_clock, 2)
        await self.release(self.reset)
        if self.clocking.own:
            await self.release(self.axi_reset)
        await RisingEdge(self.aclk)
        return self

    def hold(self, reset, active=True):
        """Puts one side in reset, or leaves it out of one."""
        reset.value = int(active != self.clocking.low)

    async def release(self, reset):
        """Lets go of it: with its clock, or, if it is asynchronous, whenever."""
        if self.clocking.reset_style == "async":
            await Timer(self.rng.randrange(1, 5 * CLOCK_NS * 1000), "ps")
        else:
            await RisingEdge(self.aclk if reset is self.reset else self.axi_clock)
        reset.value = int(self.clocking.low)
        if not self.shell.waits:  # nothing says when the block takes beats again
            await ClockCycles(self.aclk, 1 + ResetEntry.CLOCKS)

    async def pulse(self, reset, clocks):
        """Resets one side for so many of its clocks, or longer."""
        if self.clocking.reset_style == "async":
            await Timer(self.rng.randrange(1, 2 * CLOCK_NS * 1000), "ps")
        self.hold(reset)
        await ClockCycles(self.aclk if reset is self.reset else self.axi_clock, max(clocks - 1, 1))
        await self.release(reset)

    @property
    def resetting(self):
        """Whether the streams are in reset."""
        return bool(self.reset.value) != self.clocking.low

    async def watch(self):
        """Counts beats; an offered beat must hold until it is taken."""
        names = ["m_axis_tdata", "m_axis_tlast"] + ["m_axis_tuser"] * self.video + ["m_axis_tkeep"] * (self.pixels > 1)
        payload = [self.port(name) for name in names]
        handshake = ("valid", "ready")[: 1 + self.shell.waits]
        taken, given = ([self.port(f"{side}_axis_t{name}") for name in handshake] for side in "sm")
        errors = {FIRST: "first", ORPHAN: "orphan", EOL: "eol"} if self.video and not self.shell.has_registers else {}
        offered = None
        while True:
            await RisingEdge(self.aclk)  # what is read here stood before the edge
            if self.resetting:
                offered = None
                continue
            self.accepted += all(signal.value for signal in taken)
            self.strobes |= sum(bit for bit, kind in errors.items() if self.port(f"error_{kind}_stb").value)
            valid, ready = (*(bool(signal.value) for signal in given), True)[:2]
            beat = [int(signal.value) for signal in payload] if valid else None
            assert offered is None or beat == offered, f"offered {offered}, then {beat}"
            self.delivered += valid and ready
            if valid and not self.shell.waits:
                self.sink.take(beat[0], beat[1], beat[2] if self.video else 0)
            offered = None if ready else beat

    def beats(self, shape):
        """How many beats a signal or an image has, its planes left out."""
        *rows, columns = shape[:2]
        return int(np.prod(rows)) * -(-columns // self.pixels)

    def results(self, frame):
        """How many beats of results a frame gives."""
        found = golden.run(self.design, frame)
        return self.beats(found.shape[len(self.design.result_axes) :][:2])

    def stall(self, share_in, share_out):
        self.source.set_pause_generator(bursts(self.rng, share_in) if share_in else itertools.repeat(False))
        self.sink.set_pause_generator(bursts(self.rng, share_out) if share_out else itertools.repeat(False))

    async def read(self, address):
        answer = await self.registers.read(address, 4)
        assert answer.resp == AxiResp.OKAY, f"read of {address:#x}: {answer.resp}"
        return int.from_bytes(answer.data, "little")

    async def write(self, address, value):
        answer = await self.registers.write(address, (value & 0xFFFFFFFF).to_bytes(4, "little"))
        assert answer.resp == AxiResp.OKAY, f"write of {value} to {address:#x}: {answer.resp}"

    async def refused(self, address, value=None, size=4):
        """Reads, or writes `size` bytes of `value`; either must be answered with SLVERR."""
        if value is None:
            answer = await self.registers.read(address, size)
            assert int.from_bytes(answer.data, "little") == 0
        else:
            answer = await self.registers.write(address, (value & (1 << 8 * size) - 1).to_bytes(size, "little"))
        assert answer.resp == AxiResp.SLVERR, f"{address:#x}, {value}: {answer.resp}"

    def samples(self, size, kind="random"):
        """A frame's samples: random, or one of the extremes; of several planes with an axis for them."""
        low, high = self.design.sample.min, self.design.sample.max
        size = (*size, self.planes) if self.planes > 1 else size
        count = int(np.prod(size))
        match kind:
            case "random":
                flat = [self.rng.randint(low, high) for _ in range(count)]
            case "corners":
                flat = [self.rng.choice([low, high]) for _ in range(count)]
            case "low":
                flat = [low] * count
            case "high":
                flat = [high] * count
            case "alternating":
                flat = [(low, high)[place % 2] for place in range(count)]
        return np.array(flat, dtype=np.int64).reshape(size)

    def size(self):
        """A random size of a frame, small ones as likely as larger."""
        if not self.video:
            window = min(self.design.history, 300) + 1  # of a pruned CIC a result depends on all of its frame
            return (self.rng.choice([1, 2, 3, window, window + 1, self.rng.randint(1, 80)]),)
        if not self.shell.resizes:
            return tuple(self.most)
        tall = min(self.most[0], self.least[0] + self.window[0] + 2)
        wide = min(self.most[1], self.least[1] + self.window[1] + 4)
        return self.rng.randint(self.least[0], tall), self.rng.randint(self.least[1], wide)

    def send(self, frame):
        """Queues a frame; the bits above the sample carry noise, which the block must ignore."""
        for row, line in enumerate(frame if self.video else [frame]):
            self.source.send_nowait(self.line(self.split([line]), row == 0))

    def split(self, lines):
        """The beats of lines: the samples of each, with noise above them."""
        return [line[at : at + self.pixels] for line in lines for at in range(0, len(line), self.pixels)]

    def line(self, beats, first=False, keeps=None):
        """Beats up to a `tlast`; `keeps` tells another `tkeep` for some of them, by their number."""
        mask, width = (1 << self.design.sample.width) - 1, self.input_width // self.planes

        def word(pixel):
            """A pixel, its first plane lowest."""
            samples = [int(x) & mask | self.rng.getrandbits(width) & ~mask for x in np.atleast_1d(pixel)]
            return sum(sample << width * plane for plane, sample in enumerate(samples))

        words = [[word(pixel) for pixel in beat] for beat in beats]
        width = self.input_width
        if self.pixels == 1:
            user = [int(first and place == 0) for place in range(len(words))] if self.video else None
            return AxiStreamFrame([word for (word,) in words], tuser=user)
        size, data, keep, user = width // 8, [], [], []
        for place, beat in enumerate(words):
            missing = self.pixels - len(beat)
            data += b"".join(word.to_bytes(size, "little") for word in beat) + self.rng.randbytes(size * missing)
            kept = [1] * size * len(beat) + [0] * size * missing
            keep += (keeps or {}).get(place, kept)
            user += [int(first and place == 0)] * size * self.pixels
        return AxiStreamFrame(bytes(data), tkeep=keep, tuser=user)

    def sized(self, *size):
        """That size, where frames may have it."""
        return size if self.shell.resizes else tuple(self.most)

    async def resize(self, size):
        if self.video and self.shell.resizes:
            await self.write(ROWS, size[0])
            await self.write(COLUMNS, size[1])

    async def expect(self, frame, design=None):
        """The next frame that comes out must be the golden one, beat for beat, mark for mark."""
        if self.keeps:  # a piece of one signal, whatever the coefficients were
            self.history = np.concatenate([self.history, frame])
            wanted = golden.run(design or self.design, self.history)[-frame.size :]
        else:
            wanted = golden.run(design or self.design, frame)
        kernels = len(wanted) if self.design.result_axes else 1
        lanes = kernels * self.planes
        if self.video:  # what a place has: the planes, and of each the kernels
            wanted = np.moveaxis(wanted if self.design.result_axes else wanted[None], 0, -1)
            wanted = wanted.reshape(*wanted.shape[:2], lanes)
        else:
            wanted = wanted.reshape(1, -1, 1)
        for row, line in enumerate(wanted):
            got = await with_timeout(self.sink.recv(compact=False), 10_000 * CLOCK_NS * max(1, len(line) // 20), "ns")
            width = self.output_width // lanes
            words = [[word >> width * lane & (1 << width) - 1 for lane in range(lanes)] for word in self.words(got, len(line))]
            values = [[signed(part, width) if self.design.output_format.signed else part for part in word] for word in words]
            assert values == [[int(y) for y in beat] for beat in line], f"row {row}: {values} instead of {line.tolist()}"
            if self.video:
                beats = got.tuser[:: len(got.tuser) // self.beats((len(line),))]
                assert beats == [int(row == 0 and place == 0) for place in range(len(beats))], f"row {row}: {got.tuser}"

    def words(self, got, count):
        """The results of each place of a line; where a beat has several, `tkeep` must leave out those behind the line's end."""
        if self.pixels == 1:
            return got.tdata
        size = self.output_width // 8
        beats = self.beats((count,))
        assert got.tkeep == [1] * count * size + [0] * (beats * self.pixels - count) * size, f"{got.tkeep} of {count}"
        return [int.from_bytes(got.tdata[at : at + size], "little") for at in range(0, count * size, size)]

    async def finish(self, accepted, delivered, status=0):
        """Nothing may be left or come later; all beats are accounted for."""
        await ClockCycles(self.aclk, 100)
        assert self.source.empty()
        assert self.source.idle()
        assert self.sink.empty(), f"left over: {self.sink.recv_nowait()}"
        assert not self.sink.active, "a line was begun and not ended"
        assert (self.accepted, self.delivered) == (accepted, delivered)
        if self.full:
            assert await self.read(BEATS_IN) == accepted & 0xFFFFFFFF
            assert await self.read(BEATS_OUT) == delivered & 0xFFFFFFFF
        assert await self.errors() == status

    async def errors(self):
        """STATUS, or the errors that were seen at the ports."""
        return await self.read(STATUS) if self.shell.has_registers else self.strobes

    async def clear(self, status):
        """Forgets these errors."""
        if self.shell.has_registers:
            await self.write(STATUS, status)
        self.strobes &= ~status


def signed(word, width):
    return word - (word >> width - 1 << width)


def with_set(design, values):
    """The design as it computes with another set of coefficients."""
    return design.with_weights(values)


def each(chosen=lambda design: True, own=False, around=lambda shell: True):
    """A test that runs for each design of which `chosen` is true, and `around` of its shell; with `own` only where the bus has
    a clock of its own."""
    names = [name for name, design in DESIGNS.items() if chosen(design) and (CLOCKING[name].own or not own)]
    names = [name for name in names if around(SHELLS[name])]

    def decorate(function):
        return cocotb.test(timeout_time=3, timeout_unit="ms", skip=not names)(
            cocotb.parametrize(name=names or ["none"])(function)
        )

    return decorate


@each()
async def it_works_without_a_reset(dut, name):
    """As it is at power-on, it takes a set of coefficients and a frame. This is the first test, before any reset."""
    bench = await Bench(dut, name, "power-on").start(reset=False)
    design = bench.design
    if bench.clocking.reset_style == "async":
        # An active-low pin shows a reset until it is driven; one that is asynchronous shuts the block without a clock.
        await ClockCycles(bench.aclk, 2 + ResetEntry.CLOCKS)
    if bench.shell.waits:
        assert bench.port("s_axis_tready").value == 1
    for port in ("m_axis_tvalid", *(["s_axi_bvalid", "s_axi_rvalid"] if bench.shell.has_registers else [])):
        assert bench.port(port).value == 0
    if design.loadable:
        values = some_set(bench, design)
        for value in values:
            await bench.write(COEFFICIENT, value)
        design = with_set(design, values)
    frame = bench.samples(bench.size())
    await bench.resize(frame.shape)
    bench.send(frame)
    await bench.expect(frame, design)
    results = design.output_shape(frame.size)[0] if design.shaping_sets else bench.results(frame)
    await bench.finish(bench.beats(frame.shape), results)


def some_set(bench, design):
    """Random coefficients; of a rate one that the core has room for."""
    if design.shaping_sets:
        return list(design.trial_sets(np.random.default_rng(bench.rng.getrandbits(32))).values())[1]
    form = design.coefficient_format
    return [bench.rng.randint(form.min, form.max) for _ in design.weights]


@each(lambda design: bool(design.shaping_sets))
async def a_rate_is_loaded(dut, name):
    """With its shift, between two frames; one that there is no room for is dropped and flagged."""
    bench = await Bench(dut, name, "rate").start()
    design, accepted, delivered = bench.design, 0, 0
    sets = [*design.trial_sets(np.random.default_rng(bench.rng.getrandbits(32))).values()]
    for values in [*sets, some_set(bench, design), sets[-1]]:
        bench.stall(0.3, 0.3)
        for value in values:
            await bench.write(COEFFICIENT, value)
        now, frame = design.with_weights(values), bench.samples(bench.size())
        await bench.resize(frame.shape)
        bench.send(frame)
        await bench.expect(frame, now)
        accepted, delivered = accepted + frame.size, delivered + now.output_shape(frame.size)[0]
    for value in (0, design.shift):
        await bench.write(COEFFICIENT, value)
    await ClockCycles(bench.aclk, 20)
    assert await bench.read(STATUS) & 0x1F == 0x10
    await bench.write(STATUS, 0x1F)
    await bench.finish(accepted, delivered)


@each(around=lambda shell: shell.registers == "full" and shell.description == "whole" and shell.resizes)
async def registers_answer(dut, name):
    """The description reads back as the design; what there isn't is refused; paused channels change nothing."""
    bench = await Bench(dut, name, "registers").start()
    design = bench.design
    assert await bench.read(ID) == ID_VALUE
    assert await bench.read(VERSION) == 1
    size = await bench.read(DESCRIPTION_BYTES)
    write, read = bench.registers.write_if, bench.registers.read_if
    channels = [write.aw_channel, write.w_channel, write.b_channel, read.ar_channel, read.r_channel]
    for channel in channels:
        channel.set_pause_generator(bursts(bench.rng, 0.4))
    packed = b"".join([(await bench.read(DESCRIPTION + at)).to_bytes(4, "little") for at in range(0, size, 4)])
    assert design_from_json(zlib.decompress(packed[:size]).decode()) == design
    await bench.refused(DESCRIPTION + (size + 3) // 4 * 4)
    await bench.refused(DESCRIPTION, 0)
    for number in range(1, len(design.parts) + 1):
        assert await bench.read(STAGE * number + STATUS) == 0
        assert await bench.read(STAGE * number + COEFFICIENTS) == design.parts[number - 1].set_size
    await bench.refused(STAGE + ID)
    await bench.refused(STAGE * (len(design.parts) + 1) + STATUS)
    if not design.switchable:
        await bench.refused(BOUNDARY)
        await bench.refused(FILL, 0)
    await bench.refused(0x1FFC)
    await bench.refused(ID, 1)
    await bench.refused(STATUS, 1, size=1)
    register = ROWS if bench.video else LENGTH
    await bench.write(register, 5)
    await bench.refused(register, 6, size=2)
    assert await bench.read(register) == 5
    await bench.refused(LENGTH if bench.video else ROWS)
    # Both directions at once, and in any order of address and data: each gets its own answer.
    writes = [bench.registers.init_write(register, value.to_bytes(4, "little")) for value in (1, 2, 3)]
    reads = [bench.registers.init_read(ID, 4) for _ in range(3)]
    for event in writes + reads:
        await event.wait()
    assert all(event.data.resp == AxiResp.OKAY for event in writes + reads)
    assert all(int.from_bytes(event.data.data, "little") == ID_VALUE for event in reads)
    assert await bench.read(register) == 3
    await bench.finish(0, 0)


@each(around=lambda shell: shell.has_registers and not (shell.description == "whole" and shell.resizes))
async def registers_that_are_left_out_are_refused(dut, name):
    """Those of a size that nobody can choose, and words of a description that isn't there; the CRC-32 of it reads back."""
    bench = await Bench(dut, name, "left out").start()
    whole = zlib.compress(bench.design.to_json().encode(), 9)
    told = {"hash": [zlib.crc32(bench.design.to_json().encode())], "none": []}.get(bench.shell.description)
    if bench.full:
        assert await bench.read(ID) == ID_VALUE
        assert await bench.read(VERSION) == 1
        assert await bench.read(CLOCKS) != await bench.read(CLOCKS)
    else:
        for register in (ID, VERSION, CLOCKS, BEATS_IN, BEATS_OUT):
            await bench.refused(register)
    if bench.full or told:
        assert await bench.read(DESCRIPTION_BYTES) == (len(whole) if told is None else 4 * len(told))
    else:
        await bench.refused(DESCRIPTION_BYTES)
    for at, word in enumerate(told or []):
        assert await bench.read(DESCRIPTION + 4 * at) == word
    if told is not None:
        await bench.refused(DESCRIPTION + 4 * len(told))
    for register in (ROWS, COLUMNS, LENGTH) if not bench.shell.resizes else ():
        await bench.refused(register)
        await bench.refused(register, 3)
    assert await bench.read(STATUS) == 0
    await bench.finish(0, 0)


@each()
async def frames_are_golden(dut, name):
    """Frames of many sizes back to back under every mix of stalls."""
    bench = await Bench(dut, name, "frames").start()
    accepted = delivered = 0
    for share_in, share_out in STALLS:
        bench.stall(share_in, share_out)
        size = bench.size()
        await bench.resize(size)
        frames = [bench.samples(size), bench.samples(size, "corners"), bench.samples(size)]
        for frame in frames:
            bench.send(frame)
        for frame in frames:
            await bench.expect(frame)
        accepted += sum(bench.beats(frame.shape) for frame in frames)
        delivered += sum(bench.results(frame) for frame in frames)
    bench.stall(0.3, 0.3)
    for kind in ("low", "high", "alternating"):
        frame = bench.samples(bench.size(), kind)
        await bench.resize(frame.shape)
        bench.send(frame)
        await bench.expect(frame)
        accepted += bench.beats(frame.shape)
        delivered += bench.results(frame)
    await bench.finish(accepted, delivered)


@each()
async def one_beat_a_clock(dut, name):
    """Without stalls: the stated latency, and a sample in as many clocks as stated, within frames and between them."""
    bench = await Bench(dut, name, "throughput").start()
    design = bench.design
    size = (64,) if not bench.video else bench.sized(bench.least[0] + bench.window[0], bench.least[1] + 5)
    await bench.resize(size)
    stages = design.links
    before = []
    if len(stages) > 1:  # a frame of another size waits in front of them
        before = [bench.samples(size)]
        bench.send(before[0])
        await bench.expect(before[0])
    frames = [bench.samples(size) for _ in range(3)]
    for frame in frames:
        bench.send(frame)
    clock, taken, given = 0, [], []
    beats = bench.beats(size)
    total = len(frames) * beats
    bound = 4 * (total + 3 * bench.results(frames[0])) * bench.slot + 1000
    while len(given) < sum(bench.results(frame) for frame in frames):
        await RisingEdge(bench.aclk)
        if int(bench.port("s_axis_tvalid").value) and (not bench.shell.waits or int(bench.port("s_axis_tready").value)):
            taken.append(clock)
        if int(bench.port("m_axis_tvalid").value):
            given.append(clock)
        clock += 1
        assert clock < bound, f"{len(taken)} beats in, {len(given)} beats out"
    # The register slice in front of a folded core takes beats ahead; from then on it keeps the core's time.
    steady = taken if bench.slot == 1 else taken[2:]
    if design.rate != SAME:
        check_rate(bench, size, len(frames), taken, given)
    elif any(stage.parts for stage in stages) and bench.video:
        pass  # which beat completes a result of a fork of images depends on its branches; the twin's tests count the clocks
    elif len({stage.pixels_per_clock for stage in stages}) > 1:
        # A spread holds some beats: its input comes in bursts, and no slower than the slowest stage asks for.
        assert taken[-1] - taken[0] < total * bench.slot, f"the input stalled: {taken}"
    elif all((axis.lost, axis.stride) == (0, 1) for stage in stages[:-1] for axis in stage.frame_axes):
        check_clocks(bench, stages, size, steady, taken, given)
    for frame in frames:
        await bench.expect(frame)
    frames += before
    await bench.finish(len(frames) * beats, sum(bench.results(frame) for frame in frames))


def check_rate(bench, size, frames, taken, given):
    """The first result was given in its clock, and the last one of all frames; of several stages in no more clocks than are
    stated."""
    plan = lower(bench.design)
    if not plan.timing.exact:
        assert given[-1] - taken[0] < plan.timing.frame_clocks(*size, frames=frames) + LATENCY[bench.name] - plan.latency
        return
    first = plan.timing.schedule(*size)[1][0]
    assert given[0] - taken[0] == first + LATENCY[bench.name] - plan.latency
    assert given[-1] - given[0] == plan.timing.frame_clocks(*size, frames=frames) - first - 1


def check_clocks(bench, stages, size, steady, taken, given):
    """Each sample was taken in its clock, and each result given `LATENCY` behind the one that completes it."""
    assert steady == [steady[0] + place * bench.slot for place in range(len(steady))], f"the input stalled: {taken}"
    sizes = list(itertools.accumulate(stages, lambda shape, stage: stage.frame_results(*shape), initial=size))
    completes = range(3 * bench.beats(sizes[-1]))  # which beat completes each result, of all three frames
    for stage, before, after in reversed([*zip(stages, sizes, sizes[1:], strict=False)]):
        completes = [completing(bench, stage, before, after, number) for number in completes]
    # The end of the last frame needs no next one: it leaves as if that had followed.
    wanted = [taken[0] + place * bench.slot + LATENCY[bench.name] for place in completes]
    assert given == wanted, [a - b for a, b in itertools.pairwise(given)]


def completing(bench, design, size, results, number):
    """Which beat of frames of a size completes a result, both counted over all frames."""
    if not bench.video:
        return number
    frame, within = divmod(number, bench.beats(results))
    row, place = divmod(within, bench.beats((results[1],)))
    down, across = design.stride
    below = geometry_of(design).below if geometry_of(design).mode == "same" else design.kernel_rows - 1
    due = (row * down + below) * bench.beats((size[1],)) + place * across + geometry_of(design).ahead
    return frame * bench.beats(size) + due


@each(lambda design: design.switchable)
async def borders_are_switched(dut, name):
    """Every frame has the border that stood in the registers at its first pixel, while the one before is still inside."""
    bench = await Bench(dut, name, "borders").start()
    design = bench.design
    form = design.pixel
    assert await bench.read(BOUNDARY) == GATEWARE_BOUNDARIES.index(design.boundary)
    assert await bench.read(FILL) == design.fill & 0xFFFFFFFF
    for bad in (form.min - 1, form.max + 1):
        await bench.refused(FILL, bad)
    await bench.refused(BOUNDARY, len(GATEWARE_BOUNDARIES))
    bench.stall(0.1, 0.2)
    size = bench.sized(bench.least[0] + 2, bench.least[1] + 2)
    await bench.resize(size)
    sent = []
    for boundary in (*GATEWARE_BOUNDARIES, *GATEWARE_BOUNDARIES[::-1]):
        fill = bench.rng.randint(form.min, form.max)
        await bench.write(BOUNDARY, GATEWARE_BOUNDARIES.index(boundary))
        await bench.write(FILL, fill)
        frame = bench.samples(size)
        bench.send(frame)
        while bench.accepted < len(sent) * bench.beats(size) + 3:  # some may wait in the slice in front of the core
            await RisingEdge(bench.aclk)
        sent.append((frame, design.replace(boundary=boundary, fill=fill)))
    for frame, wanted in sent:
        await bench.expect(frame, wanted)
    await bench.finish(len(sent) * bench.beats(size), len(sent) * bench.results(sent[0][0]))


@each()
async def reset_empties_everything(dut, name):
    """Reset in the middle of a frame, wherever that is; the next frame is right and nothing of the old one comes out."""
    bench = await Bench(dut, name, "reset").start()
    for attempt in range(6):
        bench.stall(0.2, 0.5)
        size = bench.size()
        await bench.resize(size)
        frame = bench.samples(size)
        for _ in range(3):
            bench.send(frame)
        await ClockCycles(bench.aclk, bench.rng.randint(1, 2 * frame.size + 30))
        bench.source.clear()
        await bench.pulse(bench.reset, 1 + attempt % 3)
        bench.source.clear()
        bench.sink.clear()
        await RisingEdge(bench.aclk)
        bench.accepted = bench.delivered = 0
        bench.silence()
        bench.stall(0.3, 0.3)
        size = bench.size()
        await bench.resize(size)
        frame = bench.samples(size)
        bench.send(frame)
        await bench.expect(frame)
        await bench.finish(bench.beats(frame.shape), bench.results(frame))


@each(own=True)
async def either_side_is_reset_alone(dut, name):
    """A reset of the streams leaves the bus alone: what was asked is answered. One of the bus leaves the streams alone: frames
    pass, and what was asked before is answered to nobody."""
    bench = await Bench(dut, name, "sides").start()
    register, other = (ROWS, COLUMNS) if bench.video else (LENGTH, STATUS)
    await bench.write(register, 7)
    for attempt in range(12):
        reads = [bench.registers.init_read(address, 4) for address in (ID, register, VERSION)]
        await ClockCycles(bench.aclk, bench.rng.randint(1, 40))
        await bench.pulse(bench.reset, 1 + attempt % 3)
        for event, value in zip(reads, (ID_VALUE, None, 1), strict=True):
            await with_timeout(event.wait(), 500 * CLOCK_NS, "ns")
            assert event.data.resp == AxiResp.OKAY
            assert value in (None, int.from_bytes(event.data.data, "little"))
        reset = await bench.read(register)
        assert reset == (bench.most[0] if bench.video else 0)
        await bench.write(register, 7)
    bench.accepted = bench.delivered = 0
    bench.silence()
    bench.stall(0.2, 0.2)
    accepted = delivered = 0
    for attempt in range(12):
        size = bench.size()
        await bench.resize(size)
        frame = bench.samples(size)
        bench.send(frame)
        bench.registers.init_read(other, 4)
        await ClockCycles(bench.axi_clock, bench.rng.randint(1, 30))
        await bench.pulse(bench.axi_reset, 1 + attempt % 3)
        await bench.expect(frame)
        accepted += bench.beats(frame.shape)
        delivered += bench.results(frame)
        assert await bench.read(ID) == ID_VALUE
    await bench.finish(accepted, delivered)


@each(lambda design: design.loadable_parts and not design.shaping_sets)
async def coefficients_are_replaced(dut, name):
    """A set takes effect whole with the next frame; half a set, a dropped one, or one that doesn't fit changes nothing. Of
    several filters as one design each is loaded while the others keep theirs."""
    bench = await Bench(dut, name, "coefficients").start()
    design = bench.design
    accepted = delivered = 0

    async def frame_is(wanted, kind="random"):
        nonlocal accepted, delivered
        frame = bench.samples(bench.size(), kind)
        await bench.resize(frame.shape)
        bench.send(frame)
        await bench.expect(frame, wanted)
        accepted += bench.beats(frame.shape)
        delivered += bench.results(frame)

    def new_set(kind):
        low, high = form.min, form.max
        match kind:
            case "random":
                return [bench.rng.randint(low, high) for _ in range(count)]
            case "low":
                return [low] * count
            case "high":
                return [high] * count

    await frame_is(design)
    now = design
    for number, part in design.loadable_parts.items():
        form, count, own = part.coefficient_format, len(part.weights), STAGE * number
        assert await bench.read(COEFFICIENTS + own) == count
        for kind, samples in (("random", "random"), ("low", "low"), ("high", "low"), ("low", "high"), ("random", "corners")):
            values = new_set(kind)
            await bench.write(RESTART + own, 0)
            for value in values:
                await bench.write(COEFFICIENT + own, value)
            bench.stall(0.3, 0.3)
            now = now.with_part(number, with_set(part, values)) if number else with_set(part, values)
            await frame_is(now, samples)
            await frame_is(now)
        for value in values[:-1]:
            await bench.write(COEFFICIENT + own, value ^ 1)
        await frame_is(now)  # half a set
        await bench.write(RESTART + own, 0)
        for bad in (form.min - 1, form.max + 1):
            if -(2**31) <= bad < 2**31:
                await bench.refused(COEFFICIENT + own, bad)
        await bench.refused(COEFFICIENT + own)
        await bench.refused(RESTART + own)

    if design.parts or not bench.shell.waits or (not bench.video and getattr(design, "swap", "frame") == "sample"):
        await bench.finish(accepted, delivered)
        return

    # While a frame is inside, its set stays; the next frame, already waiting behind it, has the new one.
    size = (200,)
    if bench.video:  # enough results to fill the output buffer, so that nothing of the frame behind is begun
        columns = bench.least[1] + bench.window[1]
        # With a stride a row has fewer results, and every other row none.
        results = -(-bench.beats((columns - bench.window[1] + 1,)) // design.stride[1])
        size = bench.sized(bench.window[0] + 100 // results * design.stride[0], columns)
    await bench.resize(size)
    frame, behind = bench.samples(size), bench.samples(size)
    after = new_set("random")
    bench.sink.set_pause_generator(itertools.repeat(True))
    bench.send(frame)
    bench.send(behind)
    enough = 4 * (design.below + 1) * size[1] * bench.slot if bench.video else 100
    await ClockCycles(bench.aclk, enough)  # its first result is made
    assert await bench.read(STATUS) == BUSY
    for value in after:
        await bench.write(COEFFICIENT, value)
    assert await bench.read(STATUS) == BUSY | PENDING
    await bench.refused(COEFFICIENT, 0)
    bench.stall(0.2, 0.2)
    await bench.expect(frame, with_set(design, values))
    await bench.expect(behind, with_set(design, after))
    accepted += 2 * bench.beats(frame.shape)
    delivered += 2 * bench.results(frame)
    await bench.finish(accepted, delivered)


@each(lambda design: design.continuous)
async def frames_are_pieces_of_one_signal(dut, name):
    """Until SILENCE is written: then the next frame starts from it, and only that one."""
    bench = await Bench(dut, name, "continuous").start()
    accepted = 0
    await bench.refused(SILENCE)
    for share_in, share_out in STALLS:
        bench.stall(share_in, share_out)
        for count in (1, 3, 2):
            frames = [bench.samples(bench.size(), kind) for kind in ("random", "high", "corners")[:count]]
            for frame in frames:
                bench.send(frame)
            for frame in frames:
                await bench.expect(frame)
            accepted += sum(frame.size for frame in frames)
        await bench.write(SILENCE, bench.rng.getrandbits(32))
        bench.silence()
    await bench.finish(accepted, accepted)


@each(lambda design: getattr(design, "swap", "frame") == "sample")
async def a_set_takes_effect_at_the_next_sample(dut, name):
    """In the middle of a frame, whole: all results before it by the old set, all after it by the new one."""
    bench = await Bench(dut, name, "swap").start()
    old, frame = bench.design, bench.samples((600,))
    for share_in, share_out in STALLS:
        bench.stall(share_in, share_out)
        new = with_set(old, [bench.rng.randint(old.coefficient.min, old.coefficient.max) for _ in old.coefficients])
        begun = bench.accepted
        bench.send(frame)
        for value in new.coefficients[:-1]:
            await bench.write(COEFFICIENT, value)
        while bench.accepted - begun < 100:
            await RisingEdge(bench.aclk)
        before = bench.accepted - begun
        await bench.write(COEFFICIENT, new.coefficients[-1])
        while await bench.read(STATUS) & PENDING:
            pass
        after = bench.accepted - begun
        got = await with_timeout(bench.sink.recv(compact=False), 10_000 * CLOCK_NS * 30, "ns")
        values = np.array([signed(word, bench.output_width) for word in got.tdata])
        history = np.concatenate([bench.history, frame])
        one, other = (golden.run(design, history)[-frame.size :] for design in (old, new))
        assert after < frame.size - 100, "the set waited for the frame's end"
        changed = next((place for place in range(frame.size) if values[place] != one[place]), frame.size)
        # Samples may stand between the block's door and the core, and some results are the same by both sets.
        assert before - 4 <= changed <= after + 4, f"between samples {before} and {after}, but at {changed}"
        np.testing.assert_array_equal(values[changed:], other[changed:])
        bench.history, old = history, new
    await bench.finish(6 * frame.size, 6 * frame.size)


@each(lambda design: len(design.axes) > 1)
async def errors_are_flagged(dut, name):
    """Bad frames set their bit of STATUS, or give their strobe, each alone, and the next good frame is right."""
    bench = await Bench(dut, name, "errors").start()
    bench.stall(0.2, 0.2)
    rows, columns = size = bench.sized(bench.least[0] + 2, bench.least[1] + 3)
    accepted = delivered = 0

    async def good_frame_after(status):
        nonlocal accepted, delivered
        frame = bench.samples(size)
        bench.send(frame)
        await bench.expect(frame)
        accepted += bench.beats(frame.shape)
        delivered += bench.results(frame)
        await bench.finish(accepted, delivered, status)
        await bench.clear(status)
        assert await bench.errors() == 0

    def send(lines, first, last):
        """Beats with marks at the given places only."""
        beats = bench.split(lines)
        for begin, end in itertools.pairwise([0, *last, len(beats)]):
            if end > begin:
                bench.source.send_nowait(bench.line(beats[begin:end], first and begin == 0))

    await bench.resize(size)
    line = bench.beats((columns,))
    send(bench.samples((1, columns)), first=False, last=[])  # outside any frame
    accepted += line
    await good_frame_after(ORPHAN)

    frame = bench.samples(size)  # lines cut in the wrong place
    send(frame, first=True, last=[line - 1, 2 * line])
    await bench.expect(frame)
    accepted += bench.beats(size)
    delivered += bench.results(frame)
    await good_frame_after(EOL)

    size_bytes = bench.input_width // 8
    wrong = [  # a beat of a line's middle with one pixel, with a pixel torn, and a line's last beat with another number of them
        {1: [1] * size_bytes + [0] * size_bytes * (bench.pixels - 1)},
        {1: [1] * (size_bytes * bench.pixels - 1) + [0]},
        {line - 1: [int(columns % bench.pixels != 0)] * size_bytes * bench.pixels},
    ]
    for keeps in wrong if bench.pixels > 1 else []:
        frame = bench.samples(size)
        for row, pixels in enumerate(frame):
            bench.source.send_nowait(bench.line(bench.split([pixels]), row == 0, keeps if row == 1 else None))
        await bench.expect(frame)
        accepted += bench.beats(size)
        delivered += bench.results(frame)
        await good_frame_after(EOL)

    frame = bench.samples(size)  # a frame that ends early
    kept = line * (rows - 1)
    send(frame[:-1], first=True, last=range(line, kept, line))
    frame[-1] = 0
    if not bench.shell.waits:
        frame = frame[:-1]  # no more comes of it
    accepted += kept
    delivered += bench.results(frame)
    another = bench.samples(size)
    bench.send(another)
    await bench.expect(frame)
    await bench.expect(another)
    accepted += bench.beats(size)
    delivered += bench.results(another)
    await good_frame_after(FIRST)

    if not bench.shell.resizes:
        return
    # What the first stage takes, a later one may refuse: then it has been given lines of another length.
    tall, wide = getattr(bench.design, "stages", (bench.design,))[0].frame_axes
    for bad in (
        (0, columns),
        (tall.least - 1, columns),
        (tall.most + 1, columns),
        (rows, wide.least - 1),
        (rows, wide.most + 1),
    ):
        if any(size.bit_length() > most.bit_length() for size, most in zip(bad, bench.most, strict=True)):
            continue  # the register refuses it
        await bench.resize(bad)
        frame = bench.samples(size)
        bench.send(frame)
        accepted += bench.beats(size)
        await ClockCycles(bench.aclk, 20 * frame.size)
        await bench.resize(size)
        await good_frame_after(SIZE)
