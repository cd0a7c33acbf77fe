"""A picture pipeline on a ULX3S: RGB in, a 3x3 filter of all three colours, RGB out, and a host that loads the kernel.

    python examples/boards/video.py FOLDER

builds the bitstream for 720p: 1280 x 720, 74.25 million pixels a second. Pixels never meet the host. Both ports are parallel
RGB, 8 bits a colour, with data enable and syncs: the one in on the pins GP0 to GP27, the one out on GN0 to GN27. The filter
runs at the pixel clock that comes in, which goes out again; the link has the oscillator's.

The picture out is the picture in, a constant time later. Its blanking is that of the picture in, and black.
"""

import sys
from typing import Any

from amaranth.build import Attrs, Clock, Pins, Resource, Subsignal
from amaranth.hdl import Cat, ClockDomain, ClockSignal, DomainRenamer, Module, Mux, ResetSignal, Signal
from amaranth.lib import data, fifo, io, memory, stream, wiring
from amaranth.lib.cdc import ResetSynchronizer
from amaranth.lib.wiring import In, Out, connect

from convolver import Conv2DDesign, boards
from convolver.boards.clocks import Domain, clocks_of
from convolver.designs import Design
from convolver.hw.cores.core import create
from convolver.hw.link.stream_device import StreamDevice
from convolver.hw.stream.layouts import beat_layout, result_layout

BOARD = boards.get("ulx3s-85f")
PIXEL_HZ, LINE = 74_250_000, 1650
"""The pixel clock, and clocks of a line with its blanking."""
DESIGN = Conv2DDesign(
    [[0, 0, 0], [0, 16, 0], [0, 0, 0]],
    coefficient="s8",
    output="u8",
    shift=4,
    planes=3,
    rows=720,
    columns=1280,
    boundary="constant",
    loadable=True,
)

VIDEO = data.StructLayout({"de": 1, "hsync": 1, "vsync": 1, "data": data.ArrayLayout(8, 3)})
"""What a port carries beside its clock: data enable, syncs of either polarity, and a pixel."""


class VideoIn(wiring.Component):
    """Pixels of a video port for a core: a pixel each clock, two clocks later.

    A line ends where `de` does. A frame begins with the first pixel behind a change of `vsync`.
    """

    def __init__(self, design: Design) -> None:
        super().__init__({"video": In(VIDEO), "o": Out(stream.Signature(beat_layout(design)))})

    def elaborate(self, _platform: object) -> Module:
        m = Module()
        now, before = Signal(VIDEO), Signal(VIDEO)
        fresh = Signal(init=1)
        m.d.sync += [now.eq(self.video), before.eq(now)]
        m.d.comb += [
            self.o.valid.eq(before.de),
            self.o.p.data.eq(before.data),
            self.o.p.eol.eq(~now.de),
            self.o.p.first.eq(fresh),
        ]
        with m.If(now.vsync != before.vsync):
            m.d.sync += fresh.eq(1)
        with m.Elif(before.de):
            m.d.sync += fresh.eq(0)
        return m


class VideoOut(wiring.Component):
    """A core's results in the frame of the picture in, `delay` clocks later: no back-pressure once a frame has begun.

    A frame whose results aren't there in time is black from there on, and the next one is whole.
    """

    def __init__(self, design: Design, delay: int) -> None:
        self._columns, self._delay = design.columns, delay
        super().__init__({"frame": In(VIDEO), "i": In(stream.Signature(result_layout(design))), "video": Out(VIDEO)})

    def elaborate(self, _platform: object) -> Module:
        m = Module()
        # A ring of the frame's three signals: written where it is read a round later.
        frame, syncs = self.frame, Signal(3)
        m.submodules.ring = ring = memory.Memory(shape=3, depth=self._delay - 2, init=[])
        write, read, place = ring.write_port(), ring.read_port(), Signal(range(self._delay - 2))
        m.d.sync += [place.eq(Mux(place == self._delay - 3, 0, place + 1)), syncs.eq(read.data)]
        m.d.comb += [write.en.eq(1), write.addr.eq(place), read.addr.eq(place)]
        m.d.comb += write.data.eq(Cat(frame.de, frame.hsync, frame.vsync))
        de, hsync, vsync = syncs

        # Results wait here: up to as many as a line has.
        layout = self.i.payload.shape()
        m.submodules.waiting = waiting = fifo.SyncFIFOBuffered(width=layout.size, depth=self._columns)
        result = data.View(layout, waiting.r_data)
        m.d.comb += [waiting.w_en.eq(self.i.valid), waiting.w_data.eq(self.i.payload), self.i.ready.eq(waiting.w_rdy)]

        # What isn't the frame's own is thrown away, until its first pixel waits for the frame's beginning.
        whole, begins, vsync_before = Signal(), Signal(), Signal()
        m.d.sync += vsync_before.eq(vsync)
        shown = de & waiting.r_rdy & (result.first == begins) & (whole | begins)
        m.d.comb += waiting.r_en.eq(shown | (~whole & ~(begins & result.first)))
        with m.If(vsync != vsync_before):
            m.d.sync += [begins.eq(1), whole.eq(0)]
        with m.Elif(de):
            m.d.sync += [begins.eq(0), whole.eq(shown)]
        m.d.sync += [self.video.de.eq(de), self.video.hsync.eq(hsync), self.video.vsync.eq(vsync)]
        m.d.sync += self.video.data.eq(Mux(shown, result.data.as_value(), 0))
        return m


class VideoFilter(wiring.Component):
    """The whole: UART, link, accelerator and both ports.

    Parameters
    ----------
    design : Design
        Of three planes.
    line : int
        Clocks of a line of the picture in, its blanking included; the same for all lines.
    """

    def __init__(self, design: Design = DESIGN, line: int = LINE) -> None:
        core = create(design, BOARD.family)
        clock_hz = clocks_of(BOARD).link.clock_hz
        self.design = design
        self.device = StreamDevice(design, clock_hz, BOARD.link.baud, core=core, core_hz=PIXEL_HZ, slots=2)
        # A result needs the pixels right of and below its place; the last ones of a line come with the next line, behind the
        # blanking. A little more, so that each result waits for its clock.
        rows, columns = (side // 2 for side in (design.kernel_rows, design.kernel_columns))
        self.delay = rows * line + columns + (line - design.columns) + core.latency + 6
        super().__init__({"rx": In(1), "tx": Out(1)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.device = device = DomainRenamer({"core": "pixel"})(self.device)
        m.d.comb += [device.rx.eq(self.rx), self.tx.eq(device.tx)]
        pixel = DomainRenamer("pixel")
        m.submodules.video_in = video_in = pixel(VideoIn(self.design))
        m.submodules.video_out = video_out = pixel(VideoOut(self.design, self.delay))
        connect(m, video_in.o, device.i)
        connect(m, device.o, video_out.i)

        platform.add_resources([port("rgb_in", "+", "i"), port("rgb_out", "-", "o")])
        pins_in, pins_out = (platform.request(name, 0, dir="-") for name in ("rgb_in", "rgb_out"))
        m.domains.pixel = ClockDomain()
        m.submodules.clock_in = clock_in = io.Buffer("i", pins_in.clock)
        m.submodules.clock_out = clock_out = io.Buffer("o", pins_out.clock)
        m.submodules.reset = ResetSynchronizer(ResetSignal("sync"), domain="pixel")
        # What goes out changes with the rising edge, so that its clock's rising edge is in the middle.
        m.d.comb += [ClockSignal("pixel").eq(clock_in.i), clock_out.o.eq(~clock_in.i)]
        frame = Signal(VIDEO)
        for name in ("de", "hsync", "vsync", "data"):
            m.submodules[f"{name}_in"] = buffer = io.Buffer("i", getattr(pins_in, name))
            m.d.comb += getattr(frame, name).eq(buffer.i)
            m.submodules[f"{name}_out"] = buffer = io.Buffer("o", getattr(pins_out, name))
            m.d.comb += buffer.o.eq(getattr(video_out.video, name))
        m.d.comb += [video_in.video.eq(frame), video_out.frame.eq(frame)]
        return m


def port(name: str, side: str, direction: str) -> Resource:
    """A video port on one side of the board's two headers."""
    places = [f"{place}{side}" for place in range(28)]
    signals = {"data": places[:12] + places[13:25], "clock": places[12:13], "de": places[25:26]}
    signals |= {"hsync": places[26:27], "vsync": places[27:]}
    clock = {"clock": [Clock(PIXEL_HZ)]} if direction == "i" else {}
    parts = [
        Subsignal(one, Pins(" ".join(pins), dir=direction, conn=("gpio", 0)), *clock.get(one, ()))
        for one, pins in signals.items()
    ]
    return Resource(name, 0, *parts, Attrs(IO_TYPE="LVCMOS33"))


if __name__ == "__main__":
    further = [Domain("pixel", PIXEL_HZ)]
    print(boards.build(BOARD, DESIGN, sys.argv[1], top=VideoFilter(), domains=further, step=print))
