"""Coefficients: constants in memories, and loading of a new set while the active one is in use."""

from functools import singledispatch

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.formats import Format
from convolver.plan.array import GROUP
from convolver.plan.coefficients import Coefficients, CoefficientStore, LoadedCoefficients, StoredCoefficients, StoredSets

from ..primitives.block_ram import BlockRAM
from ..stream.data_register import DataRegister, later
from ..stream.layouts import shape_of

__all__ = ["CoefficientBank", "CoefficientLoader", "CoefficientMemory", "LoadedMemory", "coefficient_layout", "source_of"]


def coefficient_layout(form: Format) -> data.StructLayout:
    """Payload of a set's stream: `data` of that format, and the mark of its `last` coefficient."""
    return data.StructLayout({"data": shape_of(form), "last": 1})


class CoefficientLoader(wiring.Component):
    """Counts the coefficients of a set, and decides when a complete set is handed over: one coefficient in two cycles.

    A set is handed over in one cycle: when `swap` is high while it is `pending`, or as soon as the core is `idle`. A
    set of a wrong length is dropped.

    Parameters
    ----------
    store : CoefficientStore
        A store whose coefficients can be loaded.

    Ports
    -----
    i : stream of `coefficient_layout`
        A set, in the order of `store.loaded`. Not ready while a set is pending.
    restart : In
        Drops a set that has begun.
    swap : In
        A frame's first result is at the multipliers' inputs.
    idle : In
        No frame is in the core.
    write : Out
        `data` is coefficient number `index` of a set that may become complete.
    index, data : Out
    load : Out
        The set is handed over in this cycle.
    pending : Out
        A complete set waits.
    error : Out
        A set of a wrong length was dropped; high for one cycle.
    """

    def __init__(self, store: CoefficientStore) -> None:
        self._count = len(store.loaded)
        self._store = store
        super().__init__(
            {
                "i": In(stream.Signature(coefficient_layout(store.format))),
                "restart": In(1),
                "swap": In(1),
                "idle": In(1),
                "write": Out(1),
                "index": Out(range(self._count)),
                "data": Out(shape_of(store.format)),
                "load": Out(1),
                "pending": Out(1),
                "error": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        beat = Signal(coefficient_layout(self._store.format))
        held = Signal()  # `beat` will be counted in this cycle
        final = Signal(init=self._count == 1)  # `index` is that of the last coefficient
        overlong = Signal()  # the set is too long: its remaining coefficients are dropped
        idle = Signal()
        # A set has ended, complete or not: the next coefficient is the first of another set. None is taken just after a
        # reset.
        ended = Signal(init=1)

        accepted = self.i.valid & self.i.ready & ~self.restart
        m.d.comb += [
            self.i.ready.eq(~self.pending & ~held & ~ended),
            self.load.eq(self.pending & (self.swap | idle)),
            self.data.eq(beat.data),
        ]
        m.d.sync += [
            idle.eq(self.idle),
            beat.eq(self.i.payload),
            held.eq(accepted),
            # `held & ~overlong`, from a register of its own, which may be placed near the coefficients. While a
            # coefficient is `held`, none is accepted, so only a restart changes `overlong`.
            self.write.eq(accepted & ~overlong),
            self.pending.eq((self.pending & ~self.load) | (self.write & beat.last & final)),
            self.error.eq(self.write & (beat.last ^ final)),
            overlong.eq(~self.restart & Mux(held, ~beat.last & (overlong | final), overlong)),
        ]
        # The next coefficient comes two cycles later, a set's first three cycles later: one more to decide on a new
        # start.
        m.d.sync += ended.eq(self.restart | (self.write & (beat.last | final)))
        with m.If(ended):
            m.d.sync += [self.index.eq(0), final.eq(self._count == 1)]
        with m.Elif(self.write):
            m.d.sync += [self.index.eq(self.index + 1), final.eq(self.index == self._count - 2)]
        return m


def _source_ports(store: CoefficientStore) -> dict[str, wiring.Member]:
    coefficients = Out(shape_of(store.format)).array(store.lanes)
    return {"phase": In(range(store.cycles)), "swap": In(1), "load": Out(1), "coefficients": coefficients}


def _loader_ports(store: CoefficientStore) -> dict[str, wiring.Member]:
    return {
        "i": In(stream.Signature(coefficient_layout(store.format))),
        "restart": In(1),
        "idle": In(1),
        "pending": Out(1),
        "error": Out(1),
    }


def _connect_loader(m: Module, bank: wiring.Component, loader: CoefficientLoader) -> None:
    wiring.connect(m, wiring.flipped(bank.i), loader.i)
    m.d.comb += [
        loader.restart.eq(bank.restart),
        loader.swap.eq(bank.swap),
        loader.idle.eq(bank.idle),
        bank.pending.eq(loader.pending),
        bank.error.eq(loader.error),
    ]


class NoSource(wiring.Component):
    """No source: all lanes have their constants. Ports are those of `CoefficientMemory`."""

    held = True

    def __init__(self, store: CoefficientStore) -> None:
        super().__init__(_source_ports(store))

    def elaborate(self, platform: object) -> Module:
        return Module()


class CoefficientBank(wiring.Component):
    """The next set of an array with slots of one cycle: one coefficient in two cycles; the old set stays until `load`.

    The active set is in the multipliers' own registers; this block holds only the next set. Writes travel along the
    groups of lanes, one group a cycle, as the samples do, so that no net spans a long filter. After reset the design's
    own coefficients are handed over in the first cycle.

    Parameters
    ----------
    store : CoefficientStore
        A store whose coefficients can be loaded.

    Ports
    -----
    i, restart, swap, idle, pending, error
        See `CoefficientLoader`.
    load : Out
        The first group's multipliers take `coefficients` in this cycle, one cycle after the `swap` that caused it.
    coefficients : Out
        An array of one coefficient a lane.
    """

    held = True
    """Whether the multipliers hold their coefficients between loads, instead of taking another one in each cycle."""

    def __init__(self, store: CoefficientStore) -> None:
        self._store = store
        super().__init__(_source_ports(store) | _loader_ports(store))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        store = self._store
        weights = store.weights
        m.submodules.loader = loader = CoefficientLoader(store)
        _connect_loader(m, self, loader)
        initial = Signal(init=1)
        # One register drives all multipliers; no coefficient changes before the cycle in which it is taken.
        m.d.sync += [initial.eq(0), self.load.eq(initial | loader.load)]
        # The shadow registers hold the first set until it is handed over: the loader takes no coefficient in the first
        # cycle.

        shape = shape_of(store.format)
        shadow = [
            DataRegister(shape, name=f"shadow_{index}", init=weights[weight]) for index, weight in enumerate(store.loaded)
        ]
        write, index, value, afresh = loader.write, loader.index, loader.data, initial
        low = (GROUP - 1).bit_length()
        ours: Value = index[low:] == 0  # the coefficient belongs to this group
        for number, first in enumerate(range(0, len(shadow), GROUP)):
            word = DataRegister(shape, name=f"word_{number}")
            m.d.sync += word.eq(value)
            for place, register in enumerate(shadow[first : first + GROUP]):
                # One register for each enable, placed near its coefficient, and one for the decoded index, which is
                # stable for two cycles before the write.
                chosen, here = (DataRegister(name=f"{name}_{first + place}") for name in ("chosen", "here"))
                m.d.sync += [chosen.eq(ours & (index[:low] == place)), here.eq(write & chosen)]
                with m.If(here):
                    m.d.sync += register.eq(word)
                with m.If(afresh):
                    m.d.sync += register.eq(register.init)
            ours = index[low:] == number + 1
            if number < store.groups - 1:
                # The next group takes the set one cycle later, so the write is delayed by one cycle too. So is a reset:
                # it follows every write that was on its way.
                moving = (write, index, afresh, ours)
                moved = [DataRegister(signal.shape(), name=f"later_{number}") for signal in moving]
                m.d.sync += [after.eq(now) for after, now in zip(moved, moving, strict=True)]
                (write, index, afresh, ours), value = moved, word
        places = {weight: index for index, weight in enumerate(store.loaded)}
        m.d.comb += [self.coefficients[product.lane].eq(shadow[places[product.weight]]) for product in store.products]
        return m


class CoefficientMemory(wiring.Component):
    """The constants of a folded array, one memory a lane: one coefficient a lane a cycle, latency 2 cycles from
    `phase`.

    Parameters
    ----------
    store : CoefficientStore
        With several phases a slot.

    Ports
    -----
    phase : In
        The phase of the slot whose coefficients are read.
    swap : In
        The next cycle is the first of a frame.
    load : Out
        Always high: the multipliers take `coefficients` in each cycle.
    coefficients : Out
        An array of one coefficient a lane, two cycles after `phase`.
    """

    held = False

    def __init__(self, store: CoefficientStore) -> None:
        self._store = store
        super().__init__(_source_ports(store))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        self._add_memories(m, Const(0, 0))
        return m

    def _add_memories(self, m: Module, bank: Value) -> list[BlockRAM]:
        """A memory for each lane; `bank` selects the bank that is read."""
        store, memories = self._store, []
        size = store.bank_words
        m.d.comb += self.load.eq(1)
        for lane in range(store.lanes):
            products = store.lane(lane)
            own = [0] * store.cycles
            for product in products:
                own[product.phase] = store.weights[product.weight]
            memory = BlockRAM(shape_of(store.format), size * store.banks, own)
            m.submodules[f"lane_{lane}"] = memory
            m.d.comb += memory.read_address.eq(Cat(self.phase[: (size - 1).bit_length()], bank))
            m.d.comb += self.coefficients[lane].eq(memory.read_data)
            memories.append(memory)
        return memories


class LoadedMemory(CoefficientMemory):
    """Loadable coefficients of a folded array; otherwise as `CoefficientMemory`.

    There are three banks. One holds the design's own coefficients, to which a reset returns. Of the other two, one
    holds the active set while the next set is written to the other.

    Ports
    -----
    i, restart, idle, pending, error
        See `CoefficientLoader`.
    swap : In
        The next cycle is the first of a frame: a pending set is used from that cycle on.
    """

    def __init__(self, store: CoefficientStore) -> None:
        self._store = store
        wiring.Component.__init__(self, _source_ports(store) | _loader_ports(store))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        store = self._store
        banks = store.banks
        active = Signal(range(banks))  # 0 after reset
        m.submodules.loader = loader = CoefficientLoader(store)
        _connect_loader(m, self, loader)
        spare = Signal(range(banks))
        m.d.comb += spare.eq(Mux(active == 1, 2, 1))
        with m.If(loader.load):
            m.d.sync += active.eq(spare)
        for lane, memory in enumerate(self._add_memories(m, active)):
            # Lane and phase of each coefficient of a set. They are looked up one or two cycles before the write, as the
            # loader's index is stable for two cycles. A set is read at least two cycles after its last coefficient.
            mine = {store.loaded.index(product.weight): product.phase for product in store.lane(lane)}
            phases = Array(mine.get(index, 0) for index in range(len(store.loaded)))
            here = Array(int(index in mine) for index in range(len(store.loaded)))
            place = [Const(0, (store.bank_words - 1).bit_length()) | phases[loader.index], here[loader.index]]
            phase, ours = later(m, place, f"place_{lane}", store.early)
            address = DataRegister(memory.write_address.shape(), name=f"address_{lane}")
            value = DataRegister(shape_of(store.format), name=f"value_{lane}")
            write = Signal(name=f"write_{lane}")
            m.d.sync += [
                address.eq(Cat(phase, spare)),
                value.eq(loader.data),
                write.eq(loader.write & ours),
            ]
            m.d.comb += [memory.write_address.eq(address), memory.write_data.eq(value), memory.write.eq(write)]
        return m


def source_of(store: CoefficientStore) -> CoefficientMemory | CoefficientBank | NoSource:
    """The source of a store's coefficients, for lanes that don't hold their own."""
    return _source(store.coefficients, store)


@singledispatch
def _source(coefficients: Coefficients, store: CoefficientStore) -> CoefficientMemory | CoefficientBank | NoSource:  # noqa: ARG001
    return NoSource(store)


@_source.register
def _(coefficients: LoadedCoefficients, store: CoefficientStore) -> CoefficientBank:  # noqa: ARG001  # by their class
    return CoefficientBank(store)


@_source.register
def _(coefficients: StoredCoefficients, store: CoefficientStore) -> CoefficientMemory:  # noqa: ARG001
    return CoefficientMemory(store)


@_source.register
def _(coefficients: StoredSets, store: CoefficientStore) -> LoadedMemory:  # noqa: ARG001
    return LoadedMemory(store)
