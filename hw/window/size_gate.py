"""The gate in front of several 2-D cores in a row: each is to know the size of the frames that come to it."""

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Mux, Shape, ShapeLike, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Design, Pipeline
from convolver.plan import pipeline as stages
from convolver.plan.plan import Plan

from ..stream.data_register import DataRegister
from ..stream.layouts import beat_layout
from ..stream.placed_skid import PlacedSkidBuffer
from .boundaries import border_ports
from .idle_wait import IdleWait

__all__ = ["AxisSizes", "OpenGate", "SizeGate", "gate_ports", "sized_axes", "told_sizes"]

WIDTH = 16
"""Bits of a size."""

PART = 4
"""Bits of two sizes that are compared in front of a register."""


class AxisSizes(wiring.Component):
    """From the size of a frame along one axis, those of the frames that each stage gets: a clock or two a stage, and `WIDTH`
    more of one with a stride.

    Parameters
    ----------
    most : int
        The size after reset.
    steps : sequence of (int, int)
        Of each stage but the last: by how much its results are fewer than what it gets, and the stride between them.

    Ports
    -----
    begin : In
        `size` is another one.
    size : In(16)
    sizes : Out
        Of each stage, the first one's as well.
    ready : Out
        All of them are right.
    """

    def __init__(self, most: int, steps: Sequence[tuple[int, int]]) -> None:
        self._most = most
        self._steps = steps
        sizes = data.ArrayLayout(WIDTH, len(steps) + 1)
        super().__init__({"begin": In(1), "size": In(WIDTH), "sizes": Out(sizes), "ready": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        size = self._most
        first = Signal(WIDTH, init=size, name="size_1")
        known: Value = Signal(init=1, name="known_1")
        with m.If(self.begin):
            m.d.sync += first.eq(self.size)
        m.d.sync += known.eq(~self.begin)
        sizes: list[Value] = [first]
        for number, (less, stride) in enumerate(self._steps, 2):
            size = max(-(-(size - less) // stride), 0)
            # In a register of its own where nothing is taken off, too: two stages may lie far apart.
            value = Signal(WIDTH, init=size * stride, name=f"shorter_{number}")
            after = Signal(init=1, name=f"shortened_{number}")
            m.d.sync += [value.eq(sizes[-1] - less), after.eq(known & ~self.begin)]
            known = after & known
            if stride > 1:
                value, known = self._divided(m, value, known, stride, size, number)
            sizes.append(value)
        m.d.comb += [
            self.ready.eq(known & ~self.begin),
            *(self.sizes[number].eq(value) for number, value in enumerate(sizes)),
        ]
        return m

    def _divided(self, m: Module, value: Value, known: Value, stride: int, init: int, number: int) -> tuple[Value, Value]:
        """How many strides begin in so many places: a bit of the quotient a clock, the highest first."""
        quotient = Signal(WIDTH, init=init, name=f"size_{number}")
        bits = WIDTH + 1  # a size, and less than a stride more
        rest, left = Signal(range(stride), name=f"rest_{number}"), Signal(bits, name=f"left_{number}")
        working, done = Signal(bits, name=f"working_{number}"), Signal(init=1, name=f"known_{number}")
        grown = Signal(range(2 * stride), name=f"grown_{number}")
        fits = Signal(name=f"fits_{number}")
        m.d.comb += [grown.eq(Cat(left[-1], rest)), fits.eq(grown >= stride)]
        m.d.sync += [
            rest.eq(Mux(fits, grown - stride, grown)),
            left.eq(left << 1),
            working.eq(working << 1),
        ]
        with m.If(working.any()):
            m.d.sync += quotient.eq(Cat(fits, quotient))
        with m.If(working[-1]):
            m.d.sync += done.eq(1)
        was = Signal(init=1, name=f"divided_{number}")
        m.d.sync += was.eq(known)
        with m.If(~known):
            m.d.sync += done.eq(0)
        with m.Elif(~was):  # it is known now: as many more as make a begun stride a whole one
            m.d.sync += [left.eq(value + (stride - 1)), rest.eq(0), working.eq(1), quotient.eq(0)]
        return quotient, done & known & was


def sized_axes(design: Design) -> tuple[str, ...]:
    """The axes of its frames whose sizes the cores are told: all but those of any length."""
    return tuple(name for name, axis in zip(design.axes, design.frame_axes, strict=True) if axis.most is not None)


def told_sizes(plan: Plan) -> tuple[str, ...]:
    """The axes along which each frame's size is told; none where all frames have one size."""
    return sized_axes(plan.design) if plan.checks_size else ()


def gate_ports(design: Design, sizes: ShapeLike) -> dict[str, wiring.Member]:
    """The ports of what stands in front of cores of images, and tells them `sizes` of that shape: see `SizeGate`."""
    beats, borders = stream.Signature(beat_layout(design)), border_ports(design)
    return {
        "i": In(beats),
        **dict.fromkeys(sized_axes(design), In(WIDTH)),
        **borders,
        "busy": In(1),
        "o": Out(beats),
        "chosen": Out(data.StructLayout({name: member.shape for name, member in borders.items()})),
        "sizes": Out(sizes),
        "waiting": Out(1),
    }


class OpenGate(wiring.Component):
    """In front of cores that need to know nothing: wires.

    Parameters
    ----------
    design : Design

    Ports
    -----
    i, o : streams of `beat_layout`
    busy, waiting : see `SizeGate`; nothing waits.
    """

    def __init__(self, design: Design) -> None:
        beats = stream.Signature(beat_layout(design))
        super().__init__({"i": In(beats), "o": Out(beats), "busy": In(1), "waiting": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        wiring.connect(m, wiring.flipped(self.i), wiring.flipped(self.o))
        return m


class SizeGate(wiring.Component):
    """Lets the frames of a pipeline in: one beat a clock, latency three clocks, full back-pressure, no bubble between frames
    of one size. One of another size waits until all frames before it have left, and until each stage's size is found.

    Whether a frame has another size is known in the clock behind the first register, in front of a slice: what holds it back
    is a register, and so is the slice's ready. Pixels and sizes are read from where the slice has written them: no enable that
    depends on the cores reaches them. What goes in passes a slice of its own, so that a core is offered registers.

    Parameters
    ----------
    design : Pipeline
        Of images.

    Ports
    -----
    i : stream of `beat_layout`
    rows, columns : In(16)
        Size of the frame, in the clock in which its first pixel is accepted.
    boundary_1, fill_1, ... : In
        See `border_ports`: as the size, and a frame with another border waits as one of another size does.
    busy : In
        Any core has a frame.
    o : stream of `beat_layout`
    chosen : Out
        Of the border of each stage that can be switched, for the frames that come to it.
    sizes : Out
        Rows and columns of the frames that come to each stage.
    waiting : Out
        A beat is inside.
    """

    makes = (stages.SizeGate,)

    def __init__(self, design: Pipeline) -> None:
        self._design = design
        self._layout = beat_layout(design)
        self._borders = border_ports(design)
        sizes = data.StructLayout({"rows": WIDTH, "columns": WIDTH})
        super().__init__(gate_ports(design, data.ArrayLayout(sizes, len(design.stages))))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        most = [axis.most or 0 for axis in self._design.frame_axes]
        border = Cat(getattr(self, name) for name in self._borders)
        given = Cat(self.rows, self.columns, border)
        stated = self._stated()
        before = Signal(len(given), init=most[0] | most[1] << WIDTH | stated << 2 * WIDTH)  # of the frame that came last
        differs = Cat(given[low : low + PART] != before[low : low + PART] for low in range(0, len(given), PART))
        with m.If(self.i.valid & self.i.ready & self.i.p.first):
            m.d.sync += before.eq(given)

        # The first register holds one beat, and takes the next unless the slice behind it is full as well.
        first = DataRegister(data.StructLayout({"beat": self._layout, "size": len(given), "differs": len(differs)}))
        marks = [name for name in self._layout.members if name != "data"]
        sized = data.StructLayout({"beat": self._layout["data"].shape, "size": len(given)})
        held = data.StructLayout({"data": sized, "waits": 1} | {name: self._layout[name].shape for name in marks})
        m.submodules.slice = held_back = PlacedSkidBuffer(held)
        there, full = Signal(), Signal()
        m.d.comb += [
            self.i.ready.eq(~full),
            held_back.i.valid.eq(there),
            held_back.i.p.data.beat.eq(first.beat.data),
            held_back.i.p.data.size.eq(first.size),
            held_back.i.p.waits.eq(first.beat.first & first.differs.any()),
            *(held_back.i.p[name].eq(first.beat[name]) for name in marks),
        ]
        with m.If(~full):
            m.d.sync += [there.eq(self.i.valid), first.beat.eq(self.i.payload), first.size.eq(given), first.differs.eq(differs)]
        stays = self.i.valid & held_back.o.valid & (there | ~held_back.i.ready)
        m.d.sync += full.eq(~held_back.o.ready & (full | stays))
        now = held_back.o.p.data

        found = []
        for number, name in enumerate(self._design.axes):
            rules = [stage.frame_axes[number] for stage in self._design.stages[:-1]]
            steps = [(rule.lost, rule.stride) for rule in rules]
            m.submodules[name] = axis = AxisSizes(most[number], steps)
            m.d.comb += axis.size.eq(now.size.word_select(number, WIDTH))
            m.d.comb += [self.sizes[place][name].eq(axis.sizes[place]) for place in range(len(self._design.stages))]
            found.append(axis)

        chosen = Signal(len(border), init=stated)
        m.d.comb += Value.cast(self.chosen).eq(chosen)

        m.submodules.wait = wait = IdleWait()
        m.submodules.offered = offered = PlacedSkidBuffer(self._layout)
        wiring.connect(m, offered.o, wiring.flipped(self.o))
        granted, leaves, goes = Signal(), Signal(), Signal()
        m.d.comb += [
            leaves.eq(granted & offered.i.ready),
            wait.held.eq(held_back.o.valid & held_back.o.p.waits),
            wait.leaves.eq(leaves),
            wait.busy.eq(self.busy | offered.o.valid),
            *(axis.begin.eq(wait.begin) for axis in found),
            goes.eq(~held_back.o.p.waits | granted),
            offered.i.valid.eq(held_back.o.valid & goes),
            held_back.o.ready.eq(offered.i.ready & goes),
            offered.i.p.data.eq(now.beat),
            *(offered.i.p[name].eq(held_back.o.p[name]) for name in marks),
            self.waiting.eq(there | held_back.o.valid | offered.o.valid),
        ]
        with m.If(wait.begin):
            m.d.sync += chosen.eq(now.size[2 * WIDTH :])
        m.d.sync += granted.eq(wait.begun & Cat(axis.ready for axis in found).all() & (wait.held & ~leaves))
        return m

    def _stated(self) -> int:
        """The borders of the design, as the ports tell them."""
        stated, place = 0, 0
        for member in self._borders.values():
            width = Shape.cast(member.shape).width
            stated |= (int(member.init or 0) & ((1 << width) - 1)) << place
            place += width
        return stated
