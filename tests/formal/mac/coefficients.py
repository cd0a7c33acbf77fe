"""What becomes of sets of coefficients, in the bank and in the memory."""

from typing import Any

from amaranth.hdl import Array, Assert, Const, Cover, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from convolver.designs import Design
from convolver.hw.mac import coefficients
from convolver.hw.mac.coefficients import coefficient_layout
from convolver.hw.stream import layouts
from convolver.plan.lowering import lower

__all__ = ["CoefficientBankSpec", "CoefficientMemorySpec"]


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
