"""The host against the gateware's end of the link, simulated clock for clock; the bytes skip the UART."""

import numpy as np
import pytest
from amaranth.hdl import Module, ResetInserter
from amaranth.lib.wiring import connect
from amaranth.sim import Simulator

from convolver import Conv2DDesign, FIRDesign, Pipeline, s8, u8
from convolver.errors import DeviceRestarted, LinkTimeout
from convolver.host.device import Device
from convolver.host.link import LinkTransport
from convolver.host.session import Timing
from convolver.hw.bus.accelerator import Accelerator
from convolver.hw.bus.packing import ResultPacker, SampleUnpacker
from convolver.hw.link.link import Link
from convolver.sim import golden

from .device_model import BYE, build
from .line import Faults

CLOCK = 9600
"""Hertz. So slow a clock makes the time-outs of both ends some hundred clocks long."""

FIR = FIRDesign([1, -2, 3], data=s8, coefficient=s8, loadable=True)
EDGES = Conv2DDesign([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], pixel=u8, boundary="reflect", rows=20, columns=20)
GRADIENTS = EDGES.replace(kernel=(EDGES.kernel, ((1, 2, 1), (0, 0, 0), (-1, -2, -1))), output=None)


class Simulated:
    """A pipe to the simulated device, a byte a clock each way; its clock is the simulation's."""

    byte_time = 1 / CLOCK

    def __init__(self, design, faults=None, slots=4):
        m = Module()
        m.submodules.link = link = Link(CLOCK, design.sample.bytes, design.result_bytes, 7, slots)
        unpacker, packer, accelerator = SampleUnpacker(design), ResultPacker(design), Accelerator(design)
        for name, part in {"unpacker": unpacker, "packer": packer, "accelerator": accelerator}.items():
            m.submodules[name] = ResetInserter(link.restart)(part)
        connect(m, link.samples, unpacker.i)
        connect(m, unpacker.o, accelerator.i)
        connect(m, accelerator.o, packer.i)
        connect(m, packer.o, link.results)
        connect(m, link.bus, accelerator.bus)
        for name in design.axes:
            m.d.comb += getattr(unpacker, name).eq(getattr(accelerator, name))
        m.d.comb += link.handed.eq(unpacker.empty)
        self.faults = faults or Faults(0, 0)
        self.inbox, self.outbox = bytearray(), bytearray()
        self.silent = False
        self.clocks = 0

        async def pins(ctx):
            ctx.set(link.o.ready, 1)
            while True:
                byte = self.outbox.pop(0) if self.outbox else None
                ctx.set(link.i.valid, byte is not None)
                ctx.set(link.i.payload, byte or 0)
                _, _, valid, payload = await ctx.tick().sample(link.o.valid, link.o.payload)
                self.clocks += 1
                if valid and not self.silent:
                    self.inbox += self.faults(bytes([payload]))

        self.simulator = Simulator(m)
        self.simulator.add_clock(1 / CLOCK)
        self.simulator.add_process(pins)

    def now(self):
        return self.clocks / CLOCK

    def read(self, size, deadline):
        while not self.inbox and self.now() < deadline:
            self.simulator.advance()
        data, self.inbox = bytes(self.inbox[:size]), self.inbox[size:]
        return data

    def write(self, data, deadline):
        if not self.silent:
            self.outbox += self.faults(data)
        return len(data)

    def close(self):
        pass


def open_device(pipe, **timing):
    return Device(LinkTransport(pipe, timing=Timing(progress=1, **timing), clock=pipe.now))


def test_frames_of_samples_and_loaded_coefficients():
    x = np.random.default_rng(1).integers(-128, 128, 400)
    patience = 1500 / CLOCK  # for 63 words of the description in one frame
    with open_device(Simulated(FIR), retry_min=patience) as device:
        assert device.design == FIR
        assert np.array_equal(device(x), golden.fir(FIR, x))
        for taps in ([-128, 127, 5], [0, 0, 1]):
            device.load(taps)
            assert np.array_equal(device(x[:100]), golden.fir(FIR.replace(coefficients=taps), x[:100]))
        status = device.status()
    assert status["beats_in"] == status["beats_out"] == 600
    assert status["serial_number"] == 7
    assert not any(value for key, value in status.items() if key.startswith(("error", "device_dropped")))
    assert status["link_resent"] == status["link_missed"] == status["link_tries"] == 0


DESIGNS = [
    EDGES,
    GRADIENTS,
    GRADIENTS.replace(combine="sum_abs", output=None),
    GRADIENTS.replace(pixels_per_clock=2),
    EDGES.replace(pixels_per_clock=4),
    GRADIENTS.replace(planes=3),
    EDGES.replace(planes=2, pixels_per_clock=2),
]


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("shape", [(1, 1), (3, 4), (20, 20)])
def test_images(design, shape):
    image = np.random.default_rng(2).integers(0, 256, (*shape, design.planes) if design.planes > 1 else shape)
    with open_device(Simulated(design)) as device:
        for _ in range(2):
            assert np.array_equal(device(image), golden.conv2d(design, image))


def test_images_of_changing_size_through_two_filters():
    """The sizes are written before each frame, and the second filter finds its own."""
    design = Pipeline([EDGES.replace(mode="valid", output=u8, stride=(1, 2)), EDGES.replace(columns=10)])
    with open_device(Simulated(design)) as device:
        assert device.design == design
        for shape in ((20, 20), (20, 20), (7, 9), (8, 20)):
            image = np.random.default_rng(3).integers(0, 256, shape)
            assert np.array_equal(device(image), golden.run(design, image))


def test_a_stage_is_loaded_through_its_own_registers():
    taps = FIRDesign([1, 2, 3], data=s8, coefficient=s8, shift=2, output=s8, loadable=True)
    design = Pipeline([taps, taps.replace(coefficients=[4, -5])])
    x = np.random.default_rng(4).integers(-128, 128, 60)
    with open_device(Simulated(design)) as device:
        for stage, values in ((2, [7, -8]), (1, [-1, 0, 5])):
            device.load(values, stage=stage)
            design = design.with_part(stage, taps.replace(coefficients=values))
            assert np.array_equal(device(x), golden.run(design, x))
        told = device.status()
        assert {told["stage_1"], told["stage_2"]} <= {"idle", "busy"}


@pytest.mark.parametrize("seed", range(2))
def test_a_bad_line_costs_only_time(seed):
    faults = Faults(1e-3, seed)
    x = np.random.default_rng(seed).integers(-128, 128, 800)
    with open_device(Simulated(FIR, faults)) as device:
        assert np.array_equal(device(x), golden.fir(FIR, x))
        assert device.status()["link_resent"] > 0
    assert faults.count > 3


def test_a_host_that_comes_in_mid_frame_gets_a_clean_device():
    pipe = Simulated(EDGES)
    image = np.random.default_rng(2).integers(0, 256, (20, 20))
    first = open_device(pipe)
    with pytest.raises(LinkTimeout, match=r"^The call wasn't done within 0.03 s"):
        first(image, timeout=0.03)
    second = open_device(pipe)
    assert np.array_equal(second(image[:5]), golden.conv2d(EDGES, image[:5]))


def test_silence_names_the_link_and_passes():
    pipe = Simulated(FIR)
    device = open_device(pipe)
    pipe.silent = True
    with pytest.raises(LinkTimeout, match=r"^Nothing moved for 1 s; it stalls in the link: nothing was heard"):
        device([1, 2, 3])
    pipe.silent = False
    assert np.array_equal(device([1, 2, 3]), golden.fir(FIR, [1, 2, 3]))


def test_a_device_that_was_reset_says_so():
    pipe = Simulated(FIR)
    device = open_device(pipe)
    pipe.write(b"\0" + build(BYE, 0, 0, 0, 0), 0)
    with pytest.raises(DeviceRestarted):
        device([1, 2, 3])
    assert np.array_equal(device([1, 2, 3]), golden.fir(FIR, [1, 2, 3]))
