"""The raster: the position of each step, the result that it completes, and the flush steps at a frame's end."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import Conv2DDesign
from convolver.plan import stages
from convolver.plan.geometry import geometry_of

from ..stream.layouts import beat_layout, marks_of
from ..stream.marks import ERROR_LAYOUT
from ..stream.sideband import Sideband
from ..stream.slot_timer import slot_timer
from .beats import beats_of
from .boundaries import boundary_of
from .frame_check import checked_layout
from .frame_size import KeptSize
from .kept_wire import kept_wire
from .scan import Control, scan_of
from .stride import stride_of

__all__ = ["Raster", "raster_ports", "step_layout", "step_sideband"]


def step_layout(design: Conv2DDesign) -> data.StructLayout:
    """The sideband of a step on its way through the feeder.

    pixel : the step's pixel, or all pixels of its beat.
    column : the step's column, in beats: address of the line buffer.
    near : one-hot, which of a line's first steps this is, up to number `WindowGeometry.ahead`; 0 in later steps.
    top, bottom : rows of the frame above and below the result row that this line serves, limited to the kernel's size.
    border, border_before : chosen border of the result row that this line serves, and of the row before: see
        `boundary_of`.
    remainder, ends : with several pixels a beat only, see `beats_of`.
    result : the step completes a wanted result, or a beat of results; its marks are those of `marks_of`.
    """
    border, geometry = boundary_of(design).layout, geometry_of(design)
    fields: dict[str, object] = {
        "pixel": beat_layout(design)["data"].shape,
        "column": range(geometry.line_beats),
        "near": geometry.ahead + 1,
        "top": range(design.above + 1),
        "bottom": range(geometry.below + 1),
        "border": border,
        "border_before": border,
    }
    return data.StructLayout(fields | beats_of(design).of_step | {"result": 1} | marks_of(design))


def step_sideband(design: Conv2DDesign) -> Sideband:
    """A `step`, and the `length` of its line: its beats less 4. `length` changes with the first step of a frame that
    found the core idle."""
    return Sideband(step=Out(step_layout(design)), length=Out(range(-1, geometry_of(design).line_beats - 3)))


def raster_ports(design: Conv2DDesign) -> dict[str, wiring.Member]:
    """The ports of every raster; see `Raster`."""
    return {
        "i": In(stream.Signature(checked_layout(design))),
        "available": In(1),
        "o": Out(step_sideband(design)),
        "claim": Out(1),
        "open": Out(1),
        "errors": Out(ERROR_LAYOUT),
    }


class Raster(wiring.Component):
    """Turns a stream of beats, of one pixel or of several, into steps: one step a slot, latency one cycle, no bubble at
    row ends or between frames of one size.

    A frame takes one step a beat. With a border, its end takes `WindowGeometry.below` lines and `ahead` steps more. The
    next frame drives the end out if it follows at once, has the same size and has more than `below` rows. Otherwise
    flush steps drive it out, and a new frame waits for them. In ``valid`` mode a frame has an end only where a line's
    results may overhang (`WindowGeometry.overhangs`): it is one step.

    Parameters
    ----------
    design : Conv2DDesign
    size : KeptSize, optional
        What is known of the frames' size; by default that of frames of any size.

    Ports
    -----
    i : stream of `checked_layout`
        Decisions depend on the marks of the offered beat: put a register slice in front. `last` and `keep` are ignored.
    available : In
        A result may be started; without it, no step is made.
    o : Out
        `step_sideband`.
    claim : Out
        A step that completes a result is made in this cycle; `o` shows it in the next.
    open : Out
        A frame is entering or leaving.
    errors : Out
        `size`, `first`, `orphan`, `eol` of `ERROR_LAYOUT`.
    """

    makes = (stages.Raster,)

    def __init__(self, design: Conv2DDesign, size: KeptSize | None = None) -> None:
        super().__init__(raster_ports(design))
        self.design = design
        self._size = size or KeptSize()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self.design
        beat, has, step = self.i.payload, self.i.valid, self.o.step
        first, starts, more, refused = beat.beat.first, beat.starts, beat.more, beat.refused
        # `available`: a step may be issued. `waits`: it is too early to decide whether another frame follows.
        timer = slot_timer(m, design.choices.clocks)
        available, waits = timer.later(m, self.available), timer.or_busy(beat.joins)

        # The state, one-hot. While one frame is `entering` or `completing`, another may still be leaving.
        idle = Signal(init=1)  # no frame is inside
        entering = Signal()  # the frame's pixels are taken
        completing = Signal()  # missing pixels are replaced by 0: the next frame began too early
        ending = Signal()  # the last pixel was taken in the cycle before: another frame may follow
        flushing = Signal()  # no frame followed: steps without a pixel drive the results out
        leaving = Signal()  # all pixels of a frame are in, and some of its results are still to come
        skipping = Signal()  # the beats of a frame of a wrong size are dropped

        # Decisions of this cycle: functions of registers only, most of them a single look-up table.
        enters, begin, drop, cut, advance = (Signal(name=name) for name in ("enters", "begin", "drop", "cut", "advance"))
        frame_end, ends, flushed = (Signal(name=name) for name in ("frame_end", "ends", "flushed"))
        # One term a state in which a beat is taken. Each fits a look-up table of four inputs, and so does their sum, by which
        # the slice in front moves: by itself synthesis makes three levels of it.
        terms = {
            "idle": idle & (refused | (available & starts)),
            "ending": ending & (refused | (available & beat.joins)),
            "entering": entering & available & more,
        }
        takes = [kept_wire(m, f"takes_{name}", term) for name, term in terms.items()]
        m.d.comb += [
            enters.eq((idle & starts) | (ending & beat.joins)),
            begin.eq(available & enters),
            drop.eq((idle | ending) & refused),
            cut.eq(entering & has & first),
            # In all other states a step is issued regardless of the input.
            advance.eq(available & ~((idle & ~starts) | (entering & ~more))),
            # A beat is taken, or there is none.
            self.i.ready.eq(kept_wire(m, "takes", Cat(takes).any() | ~has)),
            self.open.eq(~idle),
        ]
        m.d.comb += timer.begin.eq(advance)
        scan = scan_of(design)(m, design, beat, Control(idle, begin, advance, frame_end, leaving, flushed), self._size)
        frame_last, stays = scan.line_end & scan.last_line, entering & ~(has & first)
        m.d.comb += frame_end.eq(available & frame_last & ((entering & more) | completing))
        m.d.sync += [
            entering.eq(Mux(available, enters | (stays & ~(more & frame_last)), stays)),
            completing.eq((completing | cut) & ~frame_end),
            skipping.eq((skipping | (drop & first)) & ~scan.begun),
            self.errors.size.eq(drop & first),
            self.errors.orphan.eq(drop & ~first & ~skipping),
            self.errors.first.eq(cut),
        ]
        wrong = scan.beats.wrong(beat.beat.eol, scan.line_end, beat)
        m.d.sync += self.errors.eol.eq((begin | (available & entering & more)) & wrong)
        if scan.has_end:
            # No frame may follow: the first cycle of `flushing`.
            closing = self._size.closing(m, frame_end, scan.short)
            m.d.comb += [
                ends.eq(scan.ends),
                # A step of `ending` is the frame's last only if the frame's end is one step long.
                flushed.eq(available & ends & (flushing | closing | ((ending & ~waits) if scan.at_once else 0))),
            ]
            m.d.sync += [
                idle.eq((idle & ~(available & starts)) | flushed),
                # A frame shorter than its end leaves before another may begin: else three would be inside.
                ending.eq((frame_end & ~scan.short) | (ending & waits & ~available)),
                flushing.eq((flushing | closing | (ending & ~waits)) & ~flushed),
                leaving.eq((leaving & ~(advance & ends)) | frame_end),
            ]
        else:
            m.d.sync += idle.eq((idle & ~(available & starts)) | frame_end)

        m.submodules.stride = stride = stride_of(design, scan.inside, self._size)
        wanted = stride.wants(scan.result)
        m.d.comb += [
            stride.result.eq(advance & scan.result),
            stride.sized.eq(scan.begun),
            stride.rows_left.eq(scan.rows_given),
            stride.columns_left.eq(scan.columns_given),
        ]
        for name in ("first", "last", "eol"):
            m.d.comb += [getattr(stride, name).eq(getattr(scan, name)), step[name].eq(getattr(stride, f"o_{name}"))]
        scan.beats.tell(m, step, scan.line_end, scan.eol)
        m.d.comb += self.claim.eq(advance & wanted)
        with m.If(advance):
            m.d.sync += step.column.eq(Mux(scan.near[0], 0, step.column + 1))
        m.d.sync += [
            self.o.valid.eq(advance),
            step.pixel.eq(Mux(completing, 0, Value.cast(beat.beat.data))),
            step.result.eq(wanted),
            step.near.eq(Cat(scan.near[: geometry_of(design).ahead + 1])),
        ]
        m.d.comb += [
            *(step[name].eq(getattr(scan, name)) for name in ("top", "bottom", "border", "border_before")),
            self.o.length.eq(scan.columns_given),
        ]
        return m
