"""Specifications of the parts: what each promises, for free inputs, in another formulation than its own."""

from dataclasses import fields, replace
from typing import Any, TypeVar

from amaranth.hdl import Array, Assert, Cat, Const, Cover, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from formal.contracts import Queue

from convolver.designs import Conv2DDesign, Design, FIRDesign
from convolver.hw.cores import conv2d, fir
from convolver.hw.mac import coefficients, mac_array
from convolver.hw.mac.coefficients import coefficient_layout
from convolver.hw.output import requantiser
from convolver.hw.stream import delay, layouts, output_buffer, skid_buffer, slot_timer
from convolver.hw.stream.marks import ERROR_LAYOUT
from convolver.hw.window import raster
from convolver.plan.array import DotProduct
from convolver.plan.lowering import lower
from convolver.plan.plan import Plan
from convolver.plan.stages import OutputBuffer

__all__ = [
    "CoefficientBankSpec",
    "CoefficientMemorySpec",
    "Conv2DCoreSpec",
    "DelaySpec",
    "FIRCoreSpec",
    "MACArraySpec",
    "OutputBufferSpec",
    "RasterSpec",
    "RequantiserSpec",
    "SkidBufferSpec",
    "SlotTimerSpec",
    "shallow",
]

P = TypeVar("P", bound=Plan)


class SkidBufferSpec(wiring.Component):
    """A queue of two beats, one clock; ready whenever it has room, whatever `o.ready` is."""

    def __init__(self, width: int = 2) -> None:
        super().__init__({"valid": In(1), "payload": In(width), "ready": In(1), "tag": In(1)})
        self._width = width

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = skid_buffer.SkidBuffer(self._width)
        m.d.comb += [dut.i.valid.eq(self.valid), dut.i.payload.eq(self.payload), dut.o.ready.eq(self.ready)]
        queue = Queue(
            m,
            enters=self.valid & dut.i.ready,
            value=self.payload,
            valid=dut.o.valid,
            ready=self.ready,
            payload=dut.o.payload,
            depth=2,
            latency=1,
            tag=self.tag,
        )
        m.d.comb += Assert(dut.i.ready == (queue.level < 2))
        return m


class OutputBufferSpec(wiring.Component):
    """The buffer with its pipeline: a result is started only while `available`, and written `flight` clocks later.

    ``credits + in flight + queued = depth``: `owed` counts what was started and hasn't left. `available` and `idle` follow
    exactly what it was two clocks ago, and the two results that may have been started since find room too. With `sustains`
    the buffer is deep enough for one result a clock: it is never short of credits while `o` is ready.
    """

    def __init__(self, depth: int, flight: int, width: int = 2, sustains: bool = False) -> None:
        super().__init__({"want": In(1), "data": In(width), "ready": In(1), "tag": In(1)})
        self._depth, self._flight, self._width, self._sustains = depth, flight, width, sustains

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = output_buffer.OutputBuffer(self._width, self._depth)
        flying = Signal(self._flight)
        owed, owed_before, owed_then = (Signal(range(2 * self._depth + 2), name=name) for name in ("owed", "before", "then"))
        claim, leaves = Signal(), Signal()
        m.d.comb += [
            claim.eq(self.want & dut.available),
            leaves.eq(dut.o.valid & self.ready),
            dut.claim.eq(claim),
            dut.write.eq(flying[-1]),
            dut.data.eq(self.data),
            dut.o.ready.eq(self.ready),
        ]
        m.d.sync += [
            flying.eq(Cat(claim, flying)),
            owed.eq(owed + claim - leaves),
            owed_before.eq(owed),
            owed_then.eq(owed_before),
        ]
        Queue(
            m,
            enters=dut.write,
            value=self.data,
            valid=dut.o.valid,
            ready=self.ready,
            payload=dut.o.payload,
            depth=self._depth,
            latency=3,
            tag=self.tag,
            streak=3 if self._sustains else 0,
        )
        m.d.comb += [
            Assert(owed <= self._depth),
            Assert(dut.available == (owed_then + 2 < self._depth)),
            Assert(dut.idle == ((owed_then == 0) & (owed_before == 0))),
            Assert(~dut.overflow),
        ]
        if self._sustains:
            stalled = Signal()  # since the last reset
            with m.If(~self.ready):
                m.d.sync += stalled.eq(1)
            m.d.comb += Assert(stalled | dut.available)
        return m


class DelaySpec(wiring.Component):
    """The input of `clocks` clocks ago; 0 before."""

    def __init__(self, clocks: int, width: int = 2) -> None:
        super().__init__({"i": In(width)})
        self._clocks, self._width = clocks, width

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = delay.Delay(self._width, self._clocks)
        history = Signal(self._width * self._clocks)
        m.d.comb += dut.i.eq(self.i)
        m.d.sync += history.eq(Cat(self.i, history))
        m.d.comb += [
            Assert(dut.o == Cat(self.i, history)[self._width * self._clocks :]),
            Cover((dut.o == (1 << self._width) - 1) & (self.i == 0)),
        ]
        return m


class _Sets:
    """What becomes of the sets of a bank: a set is known here by its length and its coefficient number `place`.

    A coefficient counts a clock after it was accepted, `idle` a clock after it was said; a clock passes between two
    coefficients, and one more behind the last one or a restart.
    """

    def __init__(self, m: Module, spec: Any, dut: Any, design: Design, place: Value) -> None:
        count = len(lower(design).coefficients.loaded)
        self.length, self.number = Signal(range(count + 2)), Signal(2)
        self.value, complete = Signal(design.coefficient_format.width), Signal()
        self.current = Signal.like(self.length)  # the coefficient's place, from 1; count + 1 for all that are too many
        self.counts, beat = Signal(), Signal(coefficient_layout(design.coefficient_format))
        self.idle, self.handed, self.fault, anew = Signal(), Signal(), Signal(), Signal()
        self.ready = ~complete & ~self.counts & ~anew
        m.d.comb += [
            dut.i.valid.eq(spec.valid),
            dut.i.payload.eq(spec.payload),
            dut.restart.eq(spec.restart),
            dut.swap.eq(spec.swap),
            dut.idle.eq(spec.idle),
            self.current.eq(Mux(self.length > count, self.length, self.length + 1)),
            self.handed.eq(complete & (spec.swap | self.idle)),
        ]
        m.d.sync += [
            self.counts.eq(spec.valid & dut.i.ready & ~spec.restart),
            beat.eq(spec.payload),
            self.idle.eq(spec.idle),
            anew.eq(spec.restart | (self.counts & ((beat.last & (self.current <= count)) | (self.current == count)))),
            # Said once for each wrong set: at its early end, or where it should have ended.
            self.fault.eq(self.counts & ((beat.last & (self.current < count)) | (~beat.last & (self.current == count)))),
        ]
        with m.If(self.handed):
            m.d.sync += complete.eq(0)
            with m.If(self.number != 3):
                m.d.sync += self.number.eq(self.number + 1)
        with m.If(self.counts):
            m.d.sync += self.length.eq(Mux(beat.last, 0, Mux(self.current == count, count + 1, self.current)))
            with m.If(self.current == place + 1):
                m.d.sync += self.value.eq(beat.data)
            with m.If(beat.last & (self.current == count)):
                m.d.sync += complete.eq(1)
        with m.If(spec.restart):
            m.d.sync += self.length.eq(0)
        m.d.comb += [Assert(dut.pending == complete), Assert(dut.error == self.fault)]


class SlotTimerSpec(wiring.Component):
    """A slot may begin as soon as the one before began `clocks` clocks ago, and no sooner."""

    def __init__(self, clocks: int) -> None:
        super().__init__({"begin": In(1)})
        self._clocks = clocks

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = slot_timer.SlotTimer(self._clocks)
        begun = Signal(self._clocks - 1)  # whether a slot began in each of the clocks before, the last one first
        free_next = Signal(init=1)
        m.d.comb += dut.begin.eq(self.begin & dut.free)
        m.d.sync += [begun.eq(Cat(dut.begin, begun)), free_next.eq(dut.free_next)]
        age = Signal(range(self._clocks + 1))  # clocks since a slot began, up to its end; 0 before the first
        m.d.sync += age.eq(Mux(dut.begin, 1, Mux((age == 0) | (age == self._clocks), age, age + 1)))
        m.d.comb += [
            Assert(dut.free == ~begun.any()),
            Assert(dut.free == free_next),
            Cover(dut.begin & (age == self._clocks)),
        ]
        return m


class CoefficientBankSpec(wiring.Component):
    """Sets of the right length, and only those, are handed over whole, when a frame begins or none is inside.

    Sets as in `_Sets`, known by the one coefficient at the free index `chosen`; `load` is high a clock after the reason for it.
    """

    def __init__(self, design: Design) -> None:
        self._design = design
        self._store = lower(design).coefficients
        count = len(self._store.loaded)
        ports = {name: In(1) for name in ("valid", "restart", "swap", "idle")}
        super().__init__({**ports, "payload": In(coefficient_layout(design.coefficient_format)), "chosen": In(range(count))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design, store = self._design, self._store
        count = len(store.loaded)
        m.submodules.dut = dut = coefficients.CoefficientBank(store)
        begun, second, chosen = Signal(), Signal(), Signal.like(self.chosen)
        m.d.sync += second.eq(~begun)
        with m.If(~begun):
            m.d.sync += [begun.eq(1), chosen.eq(Mux(self.chosen < count, self.chosen, 0))]

        sets, load = _Sets(m, self, dut, design, chosen), Signal()
        m.d.sync += load.eq(sets.handed | ~begun)

        # Which lane multiplies by the coefficient of this number.
        lanes = {product.weight: product.lane for product in store.products}
        held = Signal.like(sets.value)
        m.d.comb += held.eq(Array(Value.cast(dut.coefficients[lanes[weight]]) for weight in store.loaded)[chosen])
        initial = Array(Const(design.weights[weight] % (1 << len(held)), len(held)) for weight in store.loaded)
        m.d.comb += [
            Assert(dut.i.ready == (begun & sets.ready)),
            Assert(dut.load == load),
            Assert(~(load & begun & ~second) | (held == sets.value)),
            Assert(~second | (held == initial[chosen])),
        ]
        dropped, wrong = Signal(), Signal()
        with m.If(sets.fault):
            m.d.sync += wrong.eq(1)
        with m.If(self.restart & (sets.length != 0)):
            m.d.sync += dropped.eq(1)
        m.d.comb += [
            Cover((sets.number == 3) & (sets.value != 0) & load),
            Cover(wrong & sets.handed & self.swap & ~sets.idle),
            Cover((dropped if count > 1 else 1) & sets.handed & sets.idle & ~self.swap),
            Cover(sets.counts & (sets.length > count)),
        ]
        return m


class CoefficientMemorySpec(wiring.Component):
    """The coefficients of a slot's clocks, of the set that was handed over last, whole; two clocks after they were asked for.

    Sets as in `_Sets`, but a set is handed over in the clock of the reason for it, and the design's own is there
    from the first clock after a reset on. None is taken in that clock. What a memory gives in the two clocks behind a reset
    isn't said.
    """

    def __init__(self, design: Design) -> None:
        self._design = design
        self._store = store = lower(design).coefficients
        ports = {name: In(1) for name in ("valid", "restart", "swap", "idle")} if design.loadable else {}
        if design.loadable:
            ports |= {"payload": In(coefficient_layout(design.coefficient_format))}
        super().__init__({**ports, "phase": In(range(store.cycles)), "chosen": In(range(len(store.products)))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design, store = self._design, self._store
        products = store.products
        m.submodules.dut = dut = coefficients.source_of(store)
        asked, begun, chosen = Signal.like(self.phase), Signal(), Signal.like(self.chosen)
        m.d.comb += [asked.eq(Mux(self.phase < store.cycles, self.phase, 0)), dut.phase.eq(asked)]
        with m.If(~begun):
            m.d.sync += [begun.eq(1), chosen.eq(Mux(self.chosen < len(products), self.chosen, 0))]

        def of_chosen(values: list[int]) -> Value:
            return Array(values)[chosen]

        shape = layouts.shape_of(design.coefficient_format)
        own, changed, active = Signal(shape), Signal(), Signal(shape)
        m.d.comb += own.eq(of_chosen([Const(design.weights[product.weight], shape) for product in products]))
        now = Mux(changed, active, own)
        if design.loadable:
            sets = _Sets(m, self, dut, design, of_chosen([store.loaded.index(product.weight) for product in products]))
            m.d.comb += [
                Assert(dut.i.ready == (sets.ready & begun)),
                Cover((sets.number == 3) & (active != sets.value)),
                Cover(sets.fault & (sets.length == 0)),
            ]
            with m.If(sets.handed):
                m.d.sync += [changed.eq(1), active.eq(sets.value)]

        wanted, there = now, begun & (asked == of_chosen([product.phase for product in products]))
        for clock in range(2):
            later, old = Signal(shape, name=f"wanted_{clock}"), Signal(name=f"there_{clock}")
            m.d.sync += [later.eq(wanted), old.eq(there)]
            wanted, there = later, old
        held = Signal(shape)
        m.d.comb += [
            held.eq(Array(dut.coefficients)[of_chosen([product.lane for product in products])]),
            Assert(~there | (held == wanted)),
            Assert(dut.load == 1),
            Cover(there & (held != own) if design.loadable else there & (held != 0)),
        ]
        return m


class RequantiserSpec(wiring.Component):
    """The rounded quotient by its definition: the neighbours of ``i / 2**shift`` and the distances to them, then the
    overflow rule.

    All inputs in the range that the design says, one in each clock.
    """

    def __init__(self, design: Design) -> None:
        self._design = design
        self._plan = lower(design)
        width = design.accumulator.width
        super().__init__({"i": In(signed(width) if design.accumulator.signed else width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        m.submodules.dut = dut = requantiser.Requantiser(self._plan)
        low, high = design.sum_range
        value = Signal.like(self.i)
        m.d.comb += [value.eq(Mux((self.i >= low) & (self.i <= high), self.i, low)), dut.i.eq(value)]

        wide = signed(design.accumulator.width + 2)
        one = 1 << design.shift
        below, exact = Signal(wide), Signal(wide)
        distance = Signal(design.shift + 1)  # from the neighbour below, in units of 2**-shift
        # Cutting off the low bits, then asking for the rest by subtraction.
        m.d.comb += [below.eq(value // one), distance.eq(value - below * one)]
        nearer_above, tie = Signal(), Signal()
        m.d.comb += [nearer_above.eq(distance > one - distance), tie.eq(distance == one - distance)]
        above = (below + 1)[: len(below)].as_signed()
        match design.rounding:
            case "floor":
                rounded = below
            case "half_up":
                rounded = Mux(nearer_above | tie, above, below)
            case "half_even":
                rounded = Mux(nearer_above | tie & below[0], above, below)
            case "half_away":
                rounded = Mux(nearer_above | tie & (value > 0), above, below)
            case "toward_zero":
                rounded = Mux((value < 0) & (distance != 0), above, below)
        output = design.output_format
        m.d.comb += exact.eq(rounded)
        wanted = Signal(layouts.shape_of(output))
        m.d.comb += wanted.eq(exact)
        if design.overflow == "saturate":
            with m.If(exact > output.max):
                m.d.comb += wanted.eq(output.max)
            with m.Elif(exact < output.min):
                m.d.comb += wanted.eq(output.min)

        delayed, age = [wanted], [Const(1)]
        for clock in range(dut.latency):
            later = Signal.like(wanted, name=f"wanted_{clock}")
            old = Signal(name=f"age_{clock}")
            m.d.sync += [later.eq(delayed[-1]), old.eq(age[-1])]
            delayed.append(later)
            age.append(old)
        m.d.comb += Assert(~age[-1] | (dut.o == delayed[-1]))
        for name, reached in {
            "tie": tie & (value != 0),
            "up": exact == above,
            "down": exact == below,
            "clipped": wanted != exact,
            "lowest": value == low,
        }.items():
            possible = {
                "tie": design.shift > 0,
                "up": design.rounding != "floor",
                "clipped": not all(end in output for end in design.result_range),
            }.get(name, True)
            if possible:
                m.d.comb += Cover(reached, name)
        return m


def _array_of(design: Design, cuts: tuple[int, ...]) -> DotProduct:
    """The array of a design with one, whose sums are added in parts that `cuts` says, though they are narrow."""
    (array,) = lower(design).arrays
    cut = type("Cut", (type(array),), {"carry_cuts": cuts} if cuts else {})
    return cut(**{field.name: getattr(array, field.name) for field in fields(array)})


class MACArraySpec(wiring.Component):
    """The sum of the products, one after the other in one wide number, as many clocks later as the array says.

    Loaded coefficients are taken for the operands of the clock in which `load` is high. In a slot of several clocks the
    products of all its clocks are added; slots follow each other at once or, by the free input `pause`, later. With `cuts`
    sums are added in parts that begin there, however narrow they are.
    """

    def __init__(self, design: Design, cuts: tuple[int, ...] = ()) -> None:
        self._design = design
        self._array = array = _array_of(design, cuts)
        if array.pre_added or (array.cycles > 1 and not design.loadable):
            raise ValueError("A pre-adder's operands, and constants that change with the clock, are not free inputs")
        ports = {"samples": In(layouts.shape_of(array.operand)).array(array.lanes)}
        if design.loadable:
            ports["coefficients"] = In(layouts.shape_of(design.coefficient_format)).array(array.lanes)
            ports["load" if array.cycles == 1 else "pause"] = In(1)
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design, array = self._design, self._array
        lanes = range(array.lanes)
        m.submodules.dut = dut = mac_array.MACArray(array)
        m.d.comb += [dut.samples[lane].eq(self.samples[lane]) for lane in lanes]
        known = Const(1)
        if not design.loadable:
            factors = [Const(design.weights[array.lane(lane)[0].weight]) for lane in lanes]
        elif array.cycles > 1:
            factors = [self.coefficients[lane] for lane in lanes]
            m.d.comb += [dut.load.eq(1), *(dut.coefficients[lane].eq(factors[lane]) for lane in lanes)]
        else:
            # The coefficients of this clock: those that are being loaded, or the last that were.
            loaded, factors = Signal(), []
            for lane in lanes:
                factor = Signal(layouts.shape_of(design.coefficient_format), name=f"factor_{lane}")
                kept = Signal.like(factor, name=f"kept_{lane}")
                m.d.comb += [dut.coefficients[lane].eq(self.coefficients[lane])]
                m.d.comb += factor.eq(Mux(self.load, self.coefficients[lane], kept))
                m.d.sync += kept.eq(factor)
                factors.append(factor)
            m.d.comb += dut.load.eq(self.load)
            m.d.sync += loaded.eq(loaded | self.load)
            known = loaded | self.load
        wide = signed(design.accumulator.width + 4)
        total = Const(0, wide)
        for lane, factor in enumerate(factors):
            partial = Signal(wide, name=f"partial_{lane}")
            m.d.comb += partial.eq(total + self.samples[lane] * factor)
            total = partial
        if array.cycles > 1:
            phase = Signal(range(array.cycles))
            m.d.comb += dut.start.eq(phase == 0)
            with m.If((phase != 0) | ~self.pause):
                m.d.sync += phase.eq(Mux(phase == array.cycles - 1, 0, phase + 1))
            known = phase == array.cycles - 1
            clocks = [total]
            for clock in range(array.cycles - 1):
                before = Signal(wide, name=f"before_{clock}")
                m.d.sync += before.eq(clocks[-1])
                clocks.append(before)
            total = sum(clocks[1:], clocks[0])[: len(clocks[0])].as_signed()
        sums, ages = [total], [known]
        for clock in range(dut.latency):
            later, old = Signal(wide, name=f"sum_{clock}"), Signal(name=f"age_{clock}")
            m.d.sync += [later.eq(sums[-1]), old.eq(ages[-1])]
            sums.append(later)
            ages.append(old)
        low, high = design.sum_range
        m.d.comb += [
            Assert(~ages[-1] | (dut.sum == sums[-1])),
            Cover(ages[-1] & (dut.sum == low)),
            Cover(ages[-1] & (dut.sum == high)),
        ]
        return m


def shallow(plan: P, depth: int) -> P:
    """The plan with a smaller output buffer: as right, only slower."""
    *stages, buffer = plan.stages
    assert isinstance(buffer, OutputBuffer)
    return replace(plan, stages=(*stages, replace(buffer, depth=depth)))


class FIRCoreSpec(wiring.Component):
    """A whole FIR core: every accepted sample of a frame gives one result, the right one, with its marks, `latency` clocks
    later.

    The result is computed from the last samples as they were accepted, from silence at each `first`, or, of a continuous
    design, at one behind a reset or `silence`. As many results fit inside as the output buffer has places (here `depth`, or as
    many as the plan says); the core accepts if three more did two clocks ago, and a slot has passed since the sample
    before. It is busy while a frame is open or inside, and two clocks longer. Loaded coefficients change between two frames
    only, or, if the design says so, between any two samples.
    """

    def __init__(self, design: FIRDesign, depth: int | None = None) -> None:
        self._design = design
        self._depth = depth
        ports = {"valid": In(1), "payload": In(layouts.beat_layout(design)), "ready": In(1), "tag": In(1)}
        if design.loadable:
            ports |= {"new_valid": In(1), "new": In(coefficient_layout(design.coefficient_format)), "restart": In(1)}
        if design.continuous:
            ports["silence"] = In(1)
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        core = fir.FIRCore(design)
        if self._depth:
            core.plan = shallow(core.plan, self._depth)
        m.submodules.dut = core
        m.d.comb += [core.i.valid.eq(self.valid), core.i.payload.eq(self.payload), core.o.ready.eq(self.ready)]
        accept, opened, belongs = Signal(), Signal(), Signal()
        m.d.comb += [accept.eq(self.valid & core.i.ready), belongs.eq(accept & (opened | self.payload.first))]
        with m.If(belongs):
            m.d.sync += opened.eq(~self.payload.last)

        # Two clocks later, or three with a pre-adder, the sample and those before it meet the coefficients.
        plan = core.plan
        later = 3 if plan.pre_added and plan.cycles == 1 else 2
        shape = layouts.shape_of(design.data)
        clear = self.payload.first
        if design.continuous:
            silent = Signal(init=1)
            m.d.comb += core.silence.eq(self.silence)
            m.d.sync += silent.eq(self.silence | (silent & ~(belongs & self.payload.first)))
            clear = self.payload.first & silent
        past = [Signal(shape, name=f"past_{age}") for age in range(1, design.taps)]
        with m.If(belongs):
            for older, newer in zip(past, [self.payload.data, *past], strict=False):
                m.d.sync += older.eq(newer)
            with m.If(clear):
                m.d.sync += [older.eq(0) for older in past[1:]]
        now = [self.payload.data, *(Mux(clear, Const(0, shape), older) for older in past)]
        marks = Cat(self.payload.first, self.payload.last)
        for clock in range(later):
            after = [Signal(shape, name=f"now_{clock}_{age}") for age in range(design.taps)]
            marks_after = Signal(2, name=f"marks_{clock}")
            m.d.sync += [*(one.eq(other) for one, other in zip(after, now, strict=True)), marks_after.eq(marks)]
            now, marks = after, marks_after
        wide = signed(design.accumulator.width + 4)
        total = Const(0, wide)
        factors = self._factors(m, core, belongs)
        for index, (sample, factor) in enumerate(zip(now, factors, strict=True)):
            partial = Signal(wide, name=f"partial_{index}")
            m.d.comb += partial.eq(total + sample * factor)
            total = partial
        wanted = Signal(layouts.result_layout(design))
        m.d.comb += [wanted.data.eq(_finished(design, total)), wanted.first.eq(marks[0]), wanted.last.eq(marks[1])]

        depth = plan.buffer_depth
        queue = Queue(
            m,
            enters=belongs,
            value=wanted,
            valid=core.o.valid,
            ready=self.ready,
            payload=core.o.payload,
            # Slots keep those apart that are accepted before their credits are counted.
            depth=depth - min(plan.cycles - 1, 2),
            latency=core.latency,
            tag=self.tag,
            later=later,
            # A shallow buffer lets no more through at once, and a slot of several clocks takes as many.
            streak=1 if self._depth or plan.cycles > 1 else 3,
        )
        level_before, level_then = Signal.like(queue.level), Signal.like(queue.level)
        m.d.sync += [level_before.eq(queue.level), level_then.eq(level_before)]
        pause = Signal(range(plan.cycles))  # clocks of a slot that are still to come
        m.d.sync += pause.eq(Mux(belongs, plan.cycles - 1, Mux(pause == 0, 0, pause - 1)))
        errors = Signal(ERROR_LAYOUT)
        m.d.sync += [errors.first.eq(accept & opened & self.payload.first), errors.orphan.eq(accept & ~belongs)]
        m.d.comb += [
            Assert(core.i.ready == ((level_then + 2 < depth) & (pause == 0))),
            Assert(core.busy == (opened | (queue.level != 0) | (level_before != 0) | (level_then != 0))),
            Assert(~core.overflow),
            *(Assert(core.errors[name] == errors[name]) for name in ("size", "first", "orphan", "eol")),
        ]
        return m

    def _factors(self, m: Module, core: fir.FIRCore, belongs: Value) -> list[Value]:
        """The coefficient of each tap that belongs to the sample which meets the coefficients now."""
        design = self._design
        if not design.loadable:
            return [Const(weight) for weight in design.weights]
        # A complete set waits for a `first` to come near the multipliers, or for an empty core.
        plan = core.plan
        shape = layouts.shape_of(design.coefficient_format)
        m.submodules.bank = bank = coefficients.CoefficientLoader(plan.coefficients)
        shown = [Signal(shape, name=f"shown_{weight}", init=design.weights[weight]) for weight in plan.coefficients.loaded]
        with m.If(bank.write):
            m.d.sync += Array(shown)[bank.index].eq(bank.data)
        swap, load, begun = Signal(), Signal(), Signal(init=plan.cycles > 1)
        m.d.sync += [swap.eq(belongs & (self.payload.first | (design.swap == "sample"))), begun.eq(1)]
        m.d.comb += bank.swap.eq(swap)
        if plan.cycles > 1:
            m.d.comb += load.eq(bank.load)
        else:
            # A register drives the multipliers, and a pre-adder delays the samples.
            m.d.sync += load.eq(bank.load)
            if plan.pre_added:
                behind = Signal()
                m.d.sync += behind.eq(swap)
                m.d.comb += bank.swap.eq(behind)
        m.d.comb += [
            core.coefficients.valid.eq(self.new_valid),
            core.coefficients.payload.eq(self.new),
            core.restart.eq(self.restart),
            bank.i.valid.eq(self.new_valid & begun),
            bank.i.payload.eq(self.new),
            bank.restart.eq(self.restart),
            bank.idle.eq(~core.busy),
            Assert(core.pending == bank.pending),
            Assert(core.coefficients.ready == (bank.i.ready & begun)),
            Assert(core.errors.coefficients == bank.error),
        ]
        taken = []
        for new, weight in zip(shown, plan.coefficients.loaded, strict=True):
            active = Signal(shape, name=f"active_{weight}", init=design.weights[weight])
            now = Signal(shape, name=f"taken_{weight}")
            m.d.comb += now.eq(Mux(load, new, active))
            m.d.sync += active.eq(now)
            taken.append(now)
        factors: list[Value] = [Const(0)] * design.taps
        for (tap, mirror), value in zip(design.terms, taken, strict=True):
            factors[tap] = value
            if mirror is not None:
                factors[mirror] = -value if plan.arrays[0].mirror_sign < 0 else value
        return factors


def _finished(design: Design, total: Value) -> Value:
    """The output stage by its definition: roundings are for `RequantiserSpec`, here bits are cut off."""
    if design.rounding != "floor":
        raise ValueError(f"Rounding must be floor here, not {design.rounding}")
    quotient, output = total >> design.shift, design.output_format
    if design.overflow == "wrap":
        return quotient
    return Mux(quotient > output.max, output.max, Mux(quotient < output.min, output.min, quotient))


def _inside(boundary: str, place: Value, size: Value) -> Value:
    """The place in a line of `size` pixels of the one that stands at `place`; for the fill, any."""
    if boundary == "reflect":
        return Mux(place < 0, -place, Mux(place >= size, 2 * size - 2 - place, place))
    if boundary == "symmetric":
        return Mux(place < 0, -1 - place, Mux(place >= size, 2 * size - 1 - place, place))
    return Mux(place < 0, 0, Mux(place >= size, size - 1, place))


class RasterSpec(wiring.Component):
    """The raster: a frame of R x C pixels gives R x C results (those of ``valid`` fewer), in order, marked by their place.

    Frames are counted as they begin; the results of one, chosen by `tag`, are followed one by one. Bounded liveness: while
    results
    may start and pixels come, there is progress within `patience` clocks, and without pixels a frame's end still leaves.
    """

    def __init__(self, design: Conv2DDesign) -> None:
        self._design = design
        self._layout = layouts.beat_layout(design)
        ports = {"next_valid": In(1), "next_payload": In(self._layout), "available": In(1), "tag": In(1)}
        sizes = {"next_rows": In(range(design.core_rows + 2)), "next_columns": In(range(design.core_columns + 2))}
        super().__init__(ports | sizes)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        same = design.core_mode == "same"
        below, right = (design.core_below, design.core_right) if same else (0, 0)
        above, low = (design.above, below) if same else (0, 0)
        # Of the first pixel that completes a result.
        start_row, start_column = (below, right) if same else (design.kernel_rows - 1, design.kernel_columns - 1)
        m.submodules.dut = dut = raster.Raster(design)
        fits = Signal()
        # A source that keeps to the stream's rule, and sets the size a clock before it offers a frame.
        valid, payload, rows, columns = Signal(), Signal(self._layout), Signal(4), Signal(4)
        size = Cat(rows, columns)
        hold, valid_next, payload_next = Signal(), Signal(), Signal(self._layout)
        m.d.comb += [
            hold.eq(valid & ~dut.i.ready),
            valid_next.eq(hold | self.next_valid),
            payload_next.eq(Mux(hold, payload.as_value(), self.next_payload.as_value())),
            dut.i.valid.eq(valid),
            dut.i.p.beat.eq(payload),
            dut.i.p.rows_left.eq(rows - 2),
            dut.i.p.short.eq(rows <= below),
            dut.i.p.columns_left.eq(columns - 4),
            dut.available.eq(self.available),
        ]
        # The size of the first pixel that was accepted last, and whether it fits: what the core keeps in front of the raster.
        begun, begun_fits = Signal(8), Signal()
        starts = valid & payload.first & fits
        m.d.comb += [
            dut.i.p.starts.eq(starts),
            dut.i.p.joins.eq(starts & (size == begun) & begun_fits),
            dut.i.p.more.eq(valid & ~payload.first),
        ]
        with m.If(valid & dut.i.ready & payload.first):
            m.d.sync += [begun.eq(size), begun_fits.eq(fits)]
        m.d.sync += [valid.eq(valid_next), payload.eq(payload_next)]
        with m.If(~(valid_next & payload_next.first)):
            m.d.sync += [rows.eq(self.next_rows), columns.eq(self.next_columns)]
        first = payload.first
        m.d.comb += fits.eq(
            (rows >= design.core_min_rows)
            & (rows <= design.core_rows)
            & (columns >= design.core_min_columns)
            & (columns <= design.core_columns)
        )

        # The frame that enters: how many of its pixels are still to come, and whether the core makes them up.
        most = design.core_rows * design.core_columns
        area = Signal(range(most + 1))
        m.d.comb += area.eq(Mux(fits, rows * columns, 0))
        left = Signal(range(most + 1))
        made_up, dropping = Signal(), Signal()
        accept, begins, enters = Signal(), Signal(), Signal()
        m.d.comb += [
            accept.eq(valid & dut.i.ready),
            begins.eq(accept & first & fits & (left == 0)),
            enters.eq(begins | (left != 0) & (made_up | accept)),
        ]
        column, last_column = Signal(4), Signal(4)
        with m.If(begins):
            m.d.sync += [left.eq(area - 1), last_column.eq(columns - 1), column.eq(Mux(columns == 1, 0, 1)), dropping.eq(0)]
        with m.Elif(left != 0):
            with m.If(made_up):
                # One pixel made up for each clock in which results may start.
                with m.If(self.available):
                    m.d.sync += left.eq(left - 1)
                    with m.If(left == 1):
                        m.d.sync += made_up.eq(0)
            with m.Elif(valid & first):
                m.d.sync += made_up.eq(1)
            with m.Elif(accept):
                m.d.sync += [left.eq(left - 1), column.eq(Mux(column == last_column, 0, column + 1))]
        wrong_size = accept & first & ~fits & (left == 0)
        with m.If(wrong_size):
            m.d.sync += dropping.eq(1)

        errors = Signal(ERROR_LAYOUT)
        eol_wanted = Mux(begins, columns == 1, column == last_column)
        m.d.sync += [
            errors.size.eq(wrong_size),
            errors.first.eq((left != 0) & ~made_up & valid & first),
            errors.orphan.eq(accept & ~first & (left == 0) & ~dropping),
            errors.eol.eq((begins | (left != 0) & ~made_up & accept) & (payload.eol != eol_wanted)),
        ]
        m.d.comb += [Assert(dut.errors[name] == errors[name]) for name in ("size", "first", "orphan", "eol")]

        # Results promised and not yet started; at most three frames are inside, the chosen one among them.
        high, wide = (rows, columns) if same else (rows - design.kernel_rows + 1, columns - design.kernel_columns + 1)
        promise = Signal(range(most + 1))
        owed = Signal(range(4 * most))
        m.d.comb += promise.eq(Mux(begins, (high * wide)[: len(promise)], 0))
        m.d.sync += owed.eq(owed + promise - dut.claim)
        chosen, done, ahead = Signal(), Signal(), Signal.like(owed)
        row, place = Signal(4), Signal(4)
        chosen_rows, chosen_columns = Signal(4), Signal(4)
        ours = Signal()
        choose = begins & self.tag & ~chosen
        with m.If(choose):
            m.d.sync += [
                chosen.eq(1),
                ahead.eq(owed - dut.claim),
                chosen_rows.eq(high),
                chosen_columns.eq(wide),
                row.eq(0),
                place.eq(0),
            ]
        # A frame of one pixel may complete its only result as it begins.
        at_once = Signal()
        m.d.comb += [at_once.eq(choose & dut.claim & (owed == 0)), ours.eq(at_once | chosen & (ahead == 0) & dut.claim)]
        with m.If(at_once):
            m.d.sync += ahead.eq(0)
        with m.If(chosen & dut.claim & (ahead != 0)):
            m.d.sync += ahead.eq(ahead - 1)
        rows_now, columns_now = Mux(chosen, chosen_rows, high), Mux(chosen, chosen_columns, wide)
        row_now, place_now = Mux(chosen, row, 0), Mux(chosen, place, 0)
        wanted = Signal(3)
        ours_before, took = Signal(), Signal()
        row_end = place_now == columns_now - 1
        frame_end = row_end & (row_now == rows_now - 1)
        m.d.sync += [
            ours_before.eq(ours),
            took.eq(dut.claim),
            wanted.eq(Cat((row_now == 0) & (place_now == 0), frame_end, row_end)),
        ]
        with m.If(ours):
            m.d.sync += [place.eq(Mux(row_end, 0, place_now + 1)), row.eq(row_now + row_end)]
            with m.If(frame_end):
                m.d.sync += [chosen.eq(0), done.eq(1)]
        step = dut.o.step
        m.d.comb += [
            Assert((owed != 0) | (promise != 0) | ~dut.claim),
            Assert(took == (dut.o.valid & step.result)),
            Assert(~ours_before | (Cat(step.first, step.last, step.eol) == wanted)),
            Assert(dut.open == (left != 0) | (owed != 0)) if same else Assert(dut.open == (left != 0)),
            Assert(dut.i.ready <= valid),
            # No pixel of a frame waits: not in a row, not at its end, not between frames of one size.
            Assert(~(valid & self.available & ~first & (left != 0) & ~made_up) | dut.i.ready),
            Assert(~dut.claim | self.available),
        ]
        # Each step stands where its pixel is, and has so many rows above and below its own; a step of the chosen frame that
        # has a pixel completes the result `below` lines and `right` columns before.
        x, y, rows_of, columns_of = Signal(4), Signal(4), Signal(4), Signal(4)
        stepping, follows = Signal(), Signal()  # a pixel of the frame makes a step; the frame is the chosen one
        x_now, y_now = Mux(begins, 0, x), Mux(begins, 0, y)
        rows_in, columns_in = Mux(begins, rows, rows_of), Mux(begins, columns, columns_of)
        m.d.comb += stepping.eq(begins | (left != 0) & (made_up & self.available | ~made_up & accept))
        with m.If(begins):
            m.d.sync += [rows_of.eq(rows), columns_of.eq(columns), follows.eq(choose)]
        with m.If(stepping):
            line_ends = x_now == columns_in - 1
            m.d.sync += [x.eq(Mux(line_ends, 0, x_now + 1)), y.eq(y_now + line_ends)]
        stepped, serves, pixel = Signal(), Signal(), Signal.like(payload.data)
        wanted_column, wanted_top, wanted_bottom = Signal(4), Signal(4), Signal(4)
        wanted_length = Signal.like(dut.o.length)
        rows_before, rows_behind = y_now - low, rows_in - 1 - y_now + low
        m.d.sync += [
            stepped.eq(stepping),
            serves.eq(y_now >= low),
            wanted_column.eq(x_now),
            wanted_length.eq(columns_in - 4),
            wanted_top.eq(Mux(rows_before > above, above, rows_before)),
            wanted_bottom.eq(Mux(rows_behind > low, low, rows_behind)),
            pixel.eq(Mux(made_up & ~begins, 0, payload.data)),
        ]
        whole = Mux(begins, choose, follows & chosen) & (y_now >= start_row) & (x_now >= start_column)
        m.d.comb += [
            Assert(~stepped | (dut.o.valid & (step.column == wanted_column) & (step.pixel == pixel))),
            Assert(~dut.o.valid | (dut.o.length == wanted_length)),
            *(Assert(~stepped | (step.near[place] == (wanted_column == place))) for place in range(design.core_ahead + 1)),
            Assert(~(stepping & whole) | (ours & (row_now == y_now - start_row) & (place_now == x_now - start_column))),
        ]
        if same:
            m.d.comb += Assert(~(stepped & serves) | ((step.top == wanted_top) & (step.bottom == wanted_bottom)))
            # Behind the frame's last pixel, too: the line of a result, or, at its row's end, of the next row.
            at_end = place_now + right >= columns_now
            row_served = row_now + at_end
            ours_top, ours_bottom, ours_served = Signal(4), Signal(4), Signal()
            rows_after = rows_now - 1 - row_served
            m.d.sync += [
                ours_served.eq(ours & (row_served < rows_now)),
                ours_top.eq(Mux(row_served > above, above, row_served)),
                ours_bottom.eq(Mux(rows_after > low, low, rows_after)),
            ]
            m.d.comb += Assert(~ours_served | ((step.top == ours_top) & (step.bottom == ours_bottom)))

        # The next frame, if it has the same size and follows at once, waits for nothing.
        ended, ended_size = Signal(), Signal(8)
        m.d.sync += ended.eq(enters & ~made_up & ((left == 1) | begins & (area == 1)))
        with m.If(begins):
            m.d.sync += ended_size.eq(size)
        high_enough = ended_size[:4] > below
        m.d.comb += Assert(~(ended & valid & first & fits & (size == ended_size) & high_enough & self.available) | dut.i.ready)

        # Progress: clocks in which it could have moved on, and didn't.
        patience = most + below * design.core_columns + right + 3
        waits, rests = Signal(range(patience + 2)), Signal(range(patience + 2))
        with m.If(dut.i.ready | ~valid):
            m.d.sync += waits.eq(0)
        with m.Elif(self.available & (waits <= patience)):
            m.d.sync += waits.eq(waits + 1)
        with m.If(dut.claim | (owed == 0)):
            m.d.sync += rests.eq(0)
        with m.Elif(self.available & ((left == 0) | made_up | valid) & (rests <= patience)):
            m.d.sync += rests.eq(rests + 1)
        m.d.comb += [Assert(waits <= patience), Assert(rests <= patience)]

        covers = {
            "frame": done & ((chosen_rows > 1) | (design.core_rows == 1)) & ((chosen_columns > 1) | (design.core_columns == 1)),
            "back to back": ended & begins,
            "flushed and begun": done & begins & (owed == 0),
            "made up": made_up & (left == 2),
            "dropped": dropping & begins,
            "largest": begins & (area == most),
        }
        m.d.comb += [Cover(reached, name) for name, reached in covers.items()]
        return m


class Conv2DCoreSpec(wiring.Component):
    """A whole 2-D core: each result of a frame has the right value and the right marks, whatever came before and comes after.

    One frame at a time, chosen by `tag`, is written down as it is accepted, and one of its results, at the free place `row` and
    `column`, is computed from it by looking at every pixel under the kernel: outside the frame it is the fill, the nearest
    pixel, or a mirrored one. Pixels that a frame lacks are 0. The marks are compared for all of its results. With the buffer's
    own depth: while no result has ever been stalled, a frame that found the core empty is accepted one pixel a clock, and the
    result is offered `latency` clocks after the pixel that completes it.
    """

    def __init__(self, design: Conv2DDesign, depth: int | None = None) -> None:
        self._design = design
        self._depth = depth
        self._layout = layouts.beat_layout(design)
        ports = {name: In(1) for name in ("next_valid", "ready", "tag")}
        ports |= {"next_payload": In(self._layout)}
        sizes = {"rows": In(range(design.core_rows + 2)), "columns": In(range(design.core_columns + 2))}
        super().__init__({**ports, **sizes, "row": In(range(design.core_rows)), "column": In(range(design.core_columns))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        design = self._design
        same = design.core_mode == "same"
        core = conv2d.Conv2DCore(design)
        if self._depth:
            core.plan = shallow(core.plan, self._depth)
        m.submodules.dut = core
        valid, payload, rows, columns = Signal(), Signal(self._layout), self.rows, self.columns
        hold, valid_next, payload_next = Signal(), Signal(), Signal(self._layout)
        m.d.comb += [
            hold.eq(valid & ~core.i.ready),
            valid_next.eq(hold | self.next_valid),
            payload_next.eq(Mux(hold, payload.as_value(), self.next_payload.as_value())),
            core.i.valid.eq(valid),
            core.i.payload.eq(payload),
            core.rows.eq(rows),
            core.columns.eq(columns),
            core.o.ready.eq(self.ready),
        ]
        m.d.sync += [valid.eq(valid_next), payload.eq(payload_next)]

        # Which pixel of which frame is accepted; the time doesn't matter, only the order.
        most = design.core_rows * design.core_columns
        accept, fits, begins = Signal(), Signal(), Signal()
        left = Signal(range(most + 1))
        frame_columns, x, y = Signal(4), Signal(4), Signal(4)
        m.d.comb += [
            accept.eq(valid & core.i.ready),
            fits.eq(
                (rows >= design.core_min_rows)
                & (rows <= design.core_rows)
                & (columns >= design.core_min_columns)
                & (columns <= design.core_columns)
            ),
            begins.eq(accept & payload.first & fits),
        ]
        belongs = begins | accept & ~payload.first & (left != 0)
        now_x, now_y = Mux(begins, 0, x), Mux(begins, 0, y)
        now_columns = Mux(begins, columns, frame_columns)
        with m.If(begins):
            m.d.sync += [frame_columns.eq(columns), left.eq(rows * columns - 1)]
        with m.Elif(accept & payload.first):
            m.d.sync += left.eq(0)
        with m.Elif(belongs):
            m.d.sync += left.eq(left - 1)
        with m.If(belongs):
            m.d.sync += [x.eq(Mux(now_x == now_columns - 1, 0, now_x + 1)), y.eq(now_y + (now_x == now_columns - 1))]

        # The results promised and not out; those of the chosen frame are followed.
        height, width = (rows, columns) if same else (rows - design.kernel_rows + 1, columns - design.kernel_columns + 1)
        owed = Signal(range(64 + 4 * most))
        leaves = Signal()
        m.d.comb += leaves.eq(core.o.valid & self.ready)
        m.d.sync += owed.eq(owed + Mux(begins, (height * width)[: len(left)], 0) - leaves)
        chosen, ours, ahead = Signal(), Signal(), Signal.like(owed)
        entering = Signal()  # the chosen frame is the one that enters
        high, wide, in_row, in_column = Signal(4), Signal(4), Signal(4), Signal(4)
        shape = layouts.shape_of(design.pixel)
        pixels = [[Signal(shape, name=f"pixel_{r}_{c}") for c in range(design.core_columns)] for r in range(design.core_rows)]
        row, column = Signal(4), Signal(4)
        m.d.comb += ours.eq(chosen & (ahead == 0) & leaves)
        row_end, place_end = Signal(), Signal()
        m.d.comb += [place_end.eq(in_column == wide - 1), row_end.eq(in_row == high - 1)]
        choose = begins & self.tag & ~chosen
        source_rows, source_columns = Signal(4), Signal(4)
        with m.If(choose):
            m.d.sync += [
                chosen.eq(1),
                entering.eq(1),
                ahead.eq(owed - leaves),
                high.eq(height),
                wide.eq(width),
                source_rows.eq(rows),
                source_columns.eq(columns),
                in_row.eq(0),
                in_column.eq(0),
                row.eq(self.row),
                column.eq(self.column),
            ]
            for pixel in (pixel for line in pixels for pixel in line):
                m.d.sync += pixel.eq(0)
            m.d.sync += pixels[0][0].eq(payload.data)
        with m.Elif(chosen):
            with m.If(begins):
                m.d.sync += entering.eq(0)
            with m.If(leaves & (ahead != 0)):
                m.d.sync += ahead.eq(ahead - 1)
            with m.If(entering & belongs & ~begins):
                for r, line in enumerate(pixels):
                    for c, pixel in enumerate(line):
                        with m.If((y == r) & (x == c)):
                            m.d.sync += pixel.eq(payload.data)
            with m.If(ours):
                m.d.sync += [in_column.eq(Mux(place_end, 0, in_column + 1)), in_row.eq(in_row + place_end)]
                with m.If(place_end & row_end):
                    m.d.sync += chosen.eq(0)

        # The chosen result, pixel by pixel under the kernel.
        above, left_of = (design.above, design.left) if same else (0, 0)
        total = Const(0, signed(design.accumulator.width + 4))
        for i in range(design.kernel_rows):
            for j in range(design.kernel_columns):
                weight = design.kernel[-1 - i][-1 - j] if design.operation == "convolve" else design.kernel[i][j]
                place_y, place_x = Signal(signed(6), name=f"y_{i}_{j}"), Signal(signed(6), name=f"x_{i}_{j}")
                m.d.comb += [place_y.eq(row + i - above), place_x.eq(column + j - left_of)]
                near_y, near_x = Signal(signed(6), name=f"near_y_{i}_{j}"), Signal(signed(6), name=f"near_x_{i}_{j}")
                m.d.comb += [
                    near_y.eq(_inside(design.boundary, place_y, source_rows)),
                    near_x.eq(_inside(design.boundary, place_x, source_columns)),
                ]
                lines = [Array(line)[near_x.as_unsigned()] for line in pixels]
                found = Signal(shape, name=f"found_{i}_{j}")
                m.d.comb += found.eq(Array(lines)[near_y.as_unsigned()])
                if design.boundary == "constant":
                    with m.If((near_y != place_y) | (near_x != place_x)):
                        m.d.comb += found.eq(design.fill)
                partial = Signal(total.shape(), name=f"partial_{i}_{j}")
                m.d.comb += partial.eq(total + found * weight)
                total = partial
        wanted = Signal(layouts.shape_of(design.output_format))
        m.d.comb += wanted.eq(_finished(design, total))

        output = core.o.payload
        stalled, before = Signal(), Signal.like(output)
        m.d.sync += [stalled.eq(core.o.valid & ~self.ready), before.eq(output)]
        shown = chosen & (ahead == 0) & core.o.valid
        met = shown & (in_row == row) & (in_column == column)
        if not self._depth:
            late, alone = Signal(), Signal()  # a result was stalled since the last reset; the chosen frame found no other
            with m.If(~self.ready):
                m.d.sync += late.eq(1)
            with m.If(choose):
                m.d.sync += alone.eq(~core.busy)
            below, right_of = (
                (design.core_below, design.core_right) if same else (design.kernel_rows - 1, design.kernel_columns - 1)
            )
            came = Signal(core.latency)
            completes = chosen & entering & alone & belongs & ~begins & (y == row + below) & (x == column + right_of)
            m.d.sync += came.eq(Cat(completes, came))
            m.d.comb += [
                Assert(~(came[-1] & ~late & chosen) | met),
                Assert(~(chosen & entering & alone & ~late & valid & ~payload.first & (left != 0)) | core.i.ready),
            ]
        one_row = design.core_rows == (1 if same else design.kernel_rows)  # no frame has more results
        m.d.comb += [
            Assert(~stalled | (core.o.valid & (output == before))),
            Assert(~core.overflow),
            Assert(~core.o.valid | (owed != 0)),
            Assert(core.busy | (owed == 0)),
            Assert(~shown | (output.first == ((in_row == 0) & (in_column == 0)))),
            Assert(~shown | (output.eol == place_end)),
            Assert(~shown | (output.last == (place_end & row_end))),
            Assert(~met | (output.data == wanted)),
            Cover(met & ((row != 0) | one_row) & (column != 0) & (wanted != 0), "a result inside"),
            Cover(ours & place_end & row_end & begins, "one leaves while the next one enters"),
        ]
        return m
