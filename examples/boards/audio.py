"""An audio filter on an iCEBreaker: I2S in, I2S out, and a host beside it that loads coefficients.

    python examples/boards/audio.py FOLDER

builds the bitstream. A Pmod I2S2 (Digilent: CS5343 and CS4344) sits in PMOD1A. The board is the master of both converters:
48 000 - 2.3 % samples a second, 24 bits, left and right. Samples never meet the host.

One core filters both channels. Left and right take turns in one signal, so that the taps of a filter stand at every second
place of it, with zeros between them (`spread`).
"""

import sys
from typing import Any

import numpy as np
from amaranth.build import Attrs, Pins, Resource, Subsignal
from amaranth.hdl import C, Cat, Module, Mux, Signal
from amaranth.lib import io, stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out, connect

from convolver import FIRDesign, boards
from convolver.boards.clocks import clocks_of
from convolver.hw.cores.core import create
from convolver.hw.link.stream_device import StreamDevice
from convolver.hw.stream.layouts import beat_layout, result_layout

BOARD = boards.get("icebreaker")
CLOCKS = clocks_of(BOARD)
BITS, SLOT = 24, 32
FRAME = 512
"""Clocks of a sample of both channels: 24 MHz / 512 = 46.875 kHz."""
TAPS = 64


def spread(taps: object) -> np.ndarray:
    """The taps of one channel as the core's, which has the other channel's samples in between."""
    taps = np.asarray(taps)
    spread = np.zeros(2 * TAPS - 1, np.int64)
    spread[: 2 * len(taps) : 2] = taps
    return spread


THROUGH = spread([1 << 14])
"""A filter that changes nothing."""
DESIGN = FIRDesign(
    THROUGH, coefficient="s16", data="s24", output="s24", shift=14, loadable=True, swap="sample", clocks_per_sample=128
)

PMOD = Resource(
    "pmod_i2s2",
    0,
    *(
        Subsignal(f"{converter}_{name}", Pins(str(first + place), dir=direction, conn=("pmod", 0)))
        for converter, first, data in (("dac", 1, "o"), ("adc", 7, "i"))
        for place, (name, direction) in enumerate({"mclk": "o", "lrck": "o", "sclk": "o", "data": data}.items())
    ),
    Attrs(IO_STANDARD="SB_LVCMOS"),
)


class I2S(wiring.Component):
    """The master of an I2S ADC and DAC: a sample of either channel each `FRAME` / 2 clocks, left first.

    Ports
    -----
    mclk, lrck, sclk, adc, dac : the converters' pins; a bit lasts eight clocks, and changes with the falling `sclk`.
    i, o : samples to and from the core.
    reset : begins with a left sample again.
    """

    def __init__(self) -> None:
        pins = {"mclk": Out(1), "lrck": Out(1), "sclk": Out(1), "adc": In(1), "dac": Out(1), "reset": In(1)}
        beats = {"o": Out(stream.Signature(beat_layout(DESIGN))), "i": In(stream.Signature(result_layout(DESIGN)))}
        super().__init__(pins | beats)

    def elaborate(self, _platform: object) -> Module:
        m = Module()
        count = Signal(range(FRAME))
        m.d.sync += count.eq(count + 1)
        m.d.comb += [self.mclk.eq(count[0]), self.sclk.eq(count[2]), self.lrck.eq(count[8])]
        bit, right = count[3:8], count[8]
        falls = count[:3].all()

        # In: the first bit of a slot belongs to the sample before.
        adc, shift, begun, first = Signal(), Signal(BITS), Signal(), Signal(init=1)
        m.submodules.adc = FFSynchronizer(self.adc, adc)
        with m.If(falls):
            m.d.sync += shift.eq(Cat(adc, shift))
        with m.If(falls & (bit == BITS) & (begun | ~right)):
            m.d.sync += [begun.eq(1), self.o.valid.eq(1), self.o.p.data.eq(Cat(adc, shift)), self.o.p.first.eq(first)]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += [self.o.valid.eq(0), first.eq(0)]

        # Out: a result waits for its channel's slot; the first one is left.
        turn, sent = Signal(), Signal(SLOT)
        takes = falls & bit.all()
        m.d.comb += [self.dac.eq(sent[-1]), self.i.ready.eq(takes & (turn == ~right))]
        with m.If(takes):
            m.d.sync += sent.eq(Mux(self.i.valid & self.i.ready, Cat(C(0, SLOT - BITS - 1), self.i.p.data), 0))
        with m.Elif(falls):
            m.d.sync += sent.eq(sent << 1)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += turn.eq(~turn)

        with m.If(self.reset):
            m.d.sync += [self.o.valid.eq(0), begun.eq(0), first.eq(1), turn.eq(0)]
        return m


class AudioFilter(wiring.Component):
    """The whole: UART, link, accelerator and converters."""

    def __init__(self) -> None:
        rates = {"line_hz": CLOCKS.get("line").clock_hz, "slots": 2}
        core = create(DESIGN, BOARD.family)
        self.device = StreamDevice(DESIGN, CLOCKS.link.clock_hz, BOARD.link.baud, core=core, **rates)
        super().__init__({"rx": In(1), "tx": Out(1)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.device = device = self.device
        m.submodules.i2s = i2s = I2S()
        m.d.comb += [device.rx.eq(self.rx), self.tx.eq(device.tx), i2s.reset.eq(device.reset)]
        connect(m, i2s.o, device.i)
        connect(m, device.o, i2s.i)

        platform.add_resources([PMOD])
        pins = platform.request(PMOD.name, PMOD.number, dir="-")
        for name in ("mclk", "lrck", "sclk"):
            for converter in ("adc", "dac"):
                pin = f"{converter}_{name}"
                m.submodules[pin] = buffer = io.Buffer("o", getattr(pins, pin))
                m.d.comb += buffer.o.eq(getattr(i2s, name))
        m.submodules.adc_data = adc = io.Buffer("i", pins.adc_data)
        m.submodules.dac_data = dac = io.Buffer("o", pins.dac_data)
        m.d.comb += [i2s.adc.eq(adc.i), dac.o.eq(i2s.dac)]
        return m


if __name__ == "__main__":
    print(boards.build(BOARD, DESIGN, sys.argv[1], top=AudioFilter(), step=print))
