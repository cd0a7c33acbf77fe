"""The proofs: for each part its specifications, how far they go, and the bugs that must break them. A kind's are in `kinds`."""

from itertools import product

from formal.bus.axi_lite import AXILiteFrontSpec, RegisterBankSpec
from formal.bus.crossing import BusCrossingSpec
from formal.kinds import proofs_of_kinds
from formal.kinds.fir import small_fir
from formal.lean import PROOFS as LEAN
from formal.link.fifo245 import FIFO245Spec
from formal.mac.coefficients import CoefficientBankSpec, CoefficientMemorySpec
from formal.mac.mac_array import MACArraySpec
from formal.output.requantiser import RequantiserSpec
from formal.proof import Proof
from formal.seeds import Seed
from formal.stream.compact_seeds import COMPACT
from formal.stream.delay import DelaySpec
from formal.stream.direct_output import DirectOutputSpec
from formal.stream.output_buffer import CompactBufferSpec, OutputBufferSpec
from formal.stream.skid_buffer import PlacedSkidBufferSpec, SkidBufferSpec
from formal.stream.slot_timer import SlotTimerSpec

from convolver.designs import FIRDesign, ResampleDesign
from convolver.formats import OVERFLOWS, ROUNDINGS, Format
from convolver.hw.bus.axi import AXILiteFront
from convolver.hw.bus.crossing import BusCrossing
from convolver.hw.bus.registers import RegisterBank
from convolver.hw.link.fifo245 import FIFO245
from convolver.hw.mac.adder_graph import AdderGraph
from convolver.hw.mac.coefficients import CoefficientBank, CoefficientLoader, LoadedMemory
from convolver.hw.mac.mac_array import MACArray
from convolver.hw.mac.summing import SummedInSegments, SummedWhole
from convolver.hw.mac.supply import Supply
from convolver.hw.output.requantiser import Requantiser
from convolver.hw.stream.delay import Delay
from convolver.hw.stream.direct_output import DirectOutput
from convolver.hw.stream.output_buffer import OutputBuffer
from convolver.hw.stream.placed_skid import PlacedSkidBuffer
from convolver.hw.stream.skid_buffer import SkidBuffer
from convolver.hw.stream.slot_timer import SlotTimer
from convolver.plan.lowering import lower

__all__ = ["PROOFS"]


SKID = (
    Seed("beat lost while stalled", SkidBuffer, "self.i.ready.eq(~full)", "self.i.ready.eq(1)"),
    Seed(
        "beat doubled",
        SkidBuffer,
        "~self.o.ready & (full | (self.i.valid & self.o.valid))",
        "full | (~self.o.ready & self.i.valid & self.o.valid)",
    ),
    Seed("beats swapped", SkidBuffer, "Mux(full, skid", "Mux(full & ~self.i.valid, skid"),
    Seed("offer changes while stalled", SkidBuffer, "skid.eq(self.i.payload)", "self.o.payload.eq(self.i.payload)"),
    Seed("kept beat overwritten", SkidBuffer, "with m.If(~full)", "with m.If(1)"),
    Seed("offer withdrawn", SkidBuffer, "with m.If(moves)", "with m.If(moves | full)"),
    Seed("valid waits for ready", SkidBuffer, "moves.eq(self.o.ready | ~self.o.valid)", "moves.eq(self.o.ready)"),
    Seed("half speed", SkidBuffer, "self.i.ready.eq(~full)", "self.i.ready.eq(~full & ~self.o.valid)"),
    Seed("ready follows ready", SkidBuffer, "self.i.ready.eq(~full)", "self.i.ready.eq(~full | self.o.ready)"),
)

PLACED = (
    Seed(
        "data on offer overwritten", PlacedSkidBuffer, "with m.If(self.i.ready & (put == number))", "with m.If(put == number)"
    ),
    Seed("place kept", PlacedSkidBuffer, "put ^ (self.i.valid & self.i.ready)", "put ^ self.i.valid"),
    Seed("place left while stalled", PlacedSkidBuffer, "get ^ (self.o.valid & self.o.ready)", "get ^ self.o.valid"),
    Seed("place left without a beat", PlacedSkidBuffer, "get ^ (self.o.valid & self.o.ready)", "get ^ self.o.ready"),
    Seed("both in one place", PlacedSkidBuffer, "(put == number)", "(put == 0)"),
)

BUFFER = (
    Seed("credit back with the write", OutputBuffer, "self.claim - (self.o.valid & self.o.ready)", "self.claim - self.write"),
    Seed("credit back before the transfer", OutputBuffer, "(self.o.valid & self.o.ready))", "self.o.valid)"),
    Seed("credit never back", OutputBuffer, "(self.o.valid & self.o.ready))", "(self.o.valid & self.o.ready & (credit != 1)))"),
    Seed("claim forgotten", OutputBuffer, "lent.eq(self.claim -", "lent.eq((self.claim & ~lent[1]) -"),
    Seed(
        "one credit too few in reserve", OutputBuffer, "available.eq(many | self._enough(credit))", "available.eq(credit >= 2)"
    ),
    Seed(
        "one credit too many in reserve", OutputBuffer, "available.eq(many | self._enough(credit))", "available.eq(credit > 3)"
    ),
    Seed("queue too small", OutputBuffer, "_BANKS, -(-self.depth // _BANKS)", "_BANKS, self.depth // _BANKS - 1"),
    Seed("idle too early", OutputBuffer, "all_here & (lent != 1)", "all_here"),
    Seed("result taken twice", OutputBuffer, "(there & ~skid.i.ready)", "there"),
    Seed("result lost at the slice", OutputBuffer, "(there & ~skid.i.ready)", "(there & ~read & written)"),
    Seed("banks out of turn", OutputBuffer, "with m.If(read & (get_bank == bank))", "with m.If(read & (get_bank != bank))"),
    Seed(
        "bank stepped without a read",
        OutputBuffer,
        "with m.If(read & (get_bank == bank))",
        "with m.If(there & (get_bank == bank))",
    ),
    Seed("second result forgotten", OutputBuffer, " | (level[0] & up)", ""),
    Seed("third result forgotten", OutputBuffer, "four | level[:2].all() |", "four |"),
)

BANK = (
    Seed("short set loaded", CoefficientLoader, "(self.write & beat.last & final)", "(self.write & beat.last)"),
    Seed("long set loaded", CoefficientLoader, "(self.write & beat.last & final)", "(self.write & final)"),
    Seed(
        "rest of a long set taken",
        CoefficientLoader,
        "beat.last & (overlong | final), overlong)",
        "beat.last & final, overlong)",
    ),
    Seed("changes while pending", CoefficientLoader, "(~self.pending & ~held & ~ended)", "(~held & ~ended)"),
    Seed("ready too early", CoefficientLoader, "(~self.pending & ~held & ~ended)", "(~self.pending & ~ended)"),
    Seed("ready before it begins anew", CoefficientLoader, "(~self.pending & ~held & ~ended)", "(~self.pending & ~held)"),
    Seed("handed over by idle alone", CoefficientLoader, "(self.pending & (self.swap | idle))", "(self.pending & idle)"),
    Seed("handed over in mid-frame", CoefficientLoader, "(self.pending & (self.swap | idle))", "(self.pending)"),
    Seed("handed over twice", CoefficientLoader, "(self.pending & ~self.load)", "(self.pending & ~self.swap)"),
    Seed(
        "restart forgotten",
        CoefficientLoader,
        "ended.eq(self.restart | (self.write & (beat.last | final)))",
        "ended.eq(self.write & (beat.last | final))",
    ),
    Seed("restart keeps its beat", CoefficientLoader, "self.i.ready & ~self.restart", "self.i.ready"),
    Seed("order turned", CoefficientBank, "(index[:low] == place)", "(index[:low] == len(shadow) - 1 - place)"),
    Seed("not there after reset", CoefficientBank, "initial | loader.load", "loader.load"),
    Seed("ready in the first clock", CoefficientLoader, "ended = Signal(init=1)", "ended = Signal()"),
)


MEMORY = (
    Seed("set written over the active one", LoadedMemory, "Mux(active == 1, 2, 1)", "Mux(active == 1, 1, 2)"),
    Seed("written into every lane's memory", LoadedMemory, "write.eq(loader.write & ours)", "write.eq(loader.write)"),
    Seed("handed over before its reason", LoadedMemory, "with m.If(loader.load):", "with m.If(loader.pending):"),
    Seed("reset keeps the set", LoadedMemory, "Signal(range(banks))  #", "Signal(range(banks), reset_less=True)  #"),
    Seed("written to a phase behind", LoadedMemory, "Cat(phase, spare)", "Cat(~phase, spare)"),
)


def _requantiser(rounding: str, overflow: str, shift: int, output: Format, data: Format) -> Proof:
    design = FIRDesign([1, -1], data=data, output=output, shift=shift, rounding=rounding, overflow=overflow)
    seeds = []
    if rounding == "floor":
        seeds.append(
            Seed("a bit too few dropped", Requantiser, "value = value >> stage.shift", "value = value >> stage.shift - 1")
        )
    else:
        seeds.append(Seed("sticky bit lost", Requantiser, "bits[: shift - 1].any()", "bits[1 : shift - 1].any()"))
        seeds.append(Seed("half bit of the place above", Requantiser, "bits[shift - 1], ", "bits[shift], "))
        if rounding == "half_up":
            seeds = seeds[1:]
    if overflow == "saturate":
        seeds.append(Seed("clips one too low", Requantiser, "~negative, output.max", "~negative, output.max - 1"))
        seeds.append(Seed("wraps below", Requantiser, "Mux(outside & negative, output.min, value)", "value"))
        seeds.append(Seed("clips what fits below", Requantiser, "Mux(outside & negative,", "Mux(negative,"))
    name = f"requantiser {rounding} {overflow}"
    return Proof(name, f"{design.accumulator} to {output}, shift {shift}", lambda: RequantiserSpec(design), 6, tuple(seeds))


PRODUCT = Seed(
    "product too narrow",
    MACArray,
    "holding(*array.multiply.lane_ranges[lane], sign)",
    "holding(*(reach // 2 for reach in array.multiply.lane_ranges[lane]), sign)",
)
SUM = "node = DataRegister(shape_of(holding(adder.low, adder.high, sign))"
ARRAY = (
    PRODUCT,
    Seed("sum too narrow", SummedWhole, SUM, SUM.replace("low", "low // 2").replace("high", "high // 2")),
    Seed("lane left out", MACArray, "operands = [self.samples[lane] for", "operands = [self.samples[max(lane, 1)] for"),
    Seed("adder without its register", SummedWhole, "d.sync += node.eq(added)", "d.comb += node.eq(added)"),
)
LOADED_ARRAY = (
    *ARRAY,
    Seed("coefficients crossed", Supply, "b.eq(self.values[lane])", "b.eq(self.values[lane - 1])"),
)
FOLDED_ARRAY = (
    PRODUCT,
    Seed("slots run together", SummedWhole, "Mux(start, 0, accumulator)", "accumulator"),
    Seed("slot begins late", MACArray, "self._array.start_latency)", "self._array.start_latency + 1)"),
)
SIGNED_ARRAY = (
    Seed("added instead of subtracted", SummedWhole, "added + other if alike", "added + other if 1"),
    Seed("sign lost on the way", SummedWhole, "return node, sign", "return node, 1"),
)
SIGNED_SEGMENTS = (
    Seed("negative of one less", SummedInSegments, "else Const(1, 1)", "else Const(0, 1)"),
    Seed("segment not turned over", SummedInSegments, "else _turned(segment)", "else segment"),
)
WIDE_ARRAY = (
    Seed(
        "carry lost",
        SummedInSegments,
        "zip((Const(1, 1), carry), terms",
        "zip((Const(1, 1), Const(0, 1)), terms",
    ),
    Seed("upper segments early", SummedInSegments, "for clock in range(place + 1)", "for clock in range(min(place + 1, 2))"),
    Seed("lower segments early", SummedInSegments, "self._last - place)", "min(self._last - place, 1))"),
)
GRAPH = (
    Seed("added instead of subtracted", AdderGraph, "above + high if node.signs[1] > 0 else above - high", "above + high"),
    Seed("subtracted the other way", AdderGraph, "high.shift_left(shift) - low", "low - high.shift_left(shift)"),
    Seed("lower bits of another", AdderGraph, "Cat(low[:shift], total)", "Cat(high[:shift], total)"),
    Seed("number early", AdderGraph, "late(source, node.time - 1 - times[source])", "late(source, 0)"),
    Seed("adder without its register", AdderGraph, "m.d.sync += register.eq", "m.d.comb += register.eq"),
    Seed("sum at another place", AdderGraph, "total.shift_left(root.shift)", "total"),
)
DIRECT = (
    Seed("idle with a result in flight", DirectOutput, "(flying == 0) & ~self.claim", "self.write & ~self.claim"),
    Seed("idle with a claim behind", DirectOutput, "(flying == 0) & ~self.claim", "flying == 0"),
    Seed("claim not counted", DirectOutput, "flying + self.claim - self.write", "flying - self.write"),
    Seed("held up", DirectOutput, "self.o.valid.eq(self.write)", "self.o.valid.eq(self.write & self.o.ready)"),
)

SLOT_TIMER = (
    Seed("a clock early", SlotTimer, "self.free.eq(self.free_next)", "self.free.eq(self.free_next | (left == 0))"),
    Seed("a clock late", SlotTimer, "left.eq(self._clocks - 3)", "left.eq(self._clocks - 2)"),
    Seed("begins whatever is", SlotTimer, "~self.begin & over", "over"),
)
BUS = (
    Seed("status of the byte before", FIFO245, "blind = timing.settle + 1", "blind = timing.settle"),
    Seed("read without room", FIFO245, "(read_blind == 0) & ~self.o.valid", "(read_blind == 0)"),
    Seed("write without a byte", FIFO245, "(write_blind == 0) & full", "(write_blind == 0)"),
    Seed("bus driven right behind RD#", FIFO245, "_leave(m, timer, timing.settle)", "_leave(m, timer, 1)"),
    Seed("bus never let go", FIFO245, "self.data_oe.eq(0), full.eq(0)", "full.eq(0)"),
    Seed("data gone with WR#", FIFO245, "timer.eq(timing.hold - 1)", "timer.eq(0)"),
    Seed(
        "RD# too short", FIFO245, "self.rd_n.eq(0), timer.eq(timing.strobe - 1)", "self.rd_n.eq(0), timer.eq(timing.strobe - 2)"
    ),
    Seed("byte taken over in the middle", FIFO245, "with m.If(self.i.valid & ~full):", "with m.If(self.i.valid):"),
    Seed("offer withdrawn", FIFO245, "with m.If(self.o.ready):", "with m.If(self.o.ready | rxf_n):"),
    Seed("driven behind a reset", FIFO245, "init=blind)\n        for", "init=0)\n        for"),
    Seed("reads wait for writes", FIFO245, "(read_blind == 0) & ~self.o.valid", "(read_blind == 0) & ~self.o.valid & ~full"),
    Seed("write waits for a read", FIFO245, "(write_blind == 0) & full", "(write_blind == 0) & full & self.o.valid"),
)

FRONT = (
    Seed("response withdrawn", AXILiteFront, "| (self.bvalid & ~self.bready)),", "),"),
    Seed("part of a word written", AXILiteFront, "| (checks & write_whole) |", "| checks |"),
    Seed("reads held up by a write", AXILiteFront, "have_read & ~self.rvalid", "have_read & ~self.rvalid & ~self.bvalid"),
    Seed("data changed on offer", AXILiteFront, "with m.If(~self.rvalid):", "with m.If(1):"),
    Seed("error changed on offer", AXILiteFront, "with m.If(~self.bvalid):", "with m.If(1):"),
    Seed("address overwritten", AXILiteFront, "with m.If(~have_address):", "with m.If(1):"),
    Seed("request withdrawn", AXILiteFront, "| (asks & ~request.ready)),", "),"),
    Seed("response on both channels", AXILiteFront, "(answered & ~writing) | (self.rvalid", "answered | (self.rvalid"),
    Seed("write without its data", AXILiteFront, "have_address & have_data & ~self.bvalid", "have_address & ~self.bvalid"),
    Seed("read done twice", AXILiteFront, "~(taken & ~writing), self.arvalid", "~(answered & ~writing), self.arvalid"),
    Seed("two requests at a time", AXILiteFront, "offers | (idle & ~can_write", "offers | taken | (idle & ~can_write"),
)
REGISTERS = (
    Seed("response withdrawn", RegisterBank, "phase[TAKING] | (response.valid & ~response.ready)", "phase[TAKING]"),
    Seed("next taken over an answer", RegisterBank, "~request.valid, response.valid & response.ready", "~request.valid, 1"),
    Seed("taken a clock early", RegisterBank, "request.ready.eq(phase[TAKING])", "request.ready.eq(phase[TAKING - 1])"),
    Seed("a write tells what stood there", RegisterBank, "found & (~request.p.write).replicate(32)", "found"),
    Seed("a read that writes", RegisterBank, "request.p.write & hits[name] &", "hits[name] &"),
    Seed("every read an error", RegisterBank, "~(readable | granted)", "~granted"),
    Seed("no write an error", RegisterBank, "eq(~(readable | granted))]", "eq(~(readable | request.p.write))]"),
)
CROSSING = (
    Seed("request done twice", BusCrossing, 'm.next = "ANSWERED"', 'm.next = "IDLE"'),
    Seed("response of before the reset", BusCrossing, "asking & near_answered & ~stale", "asking & near_answered"),
    Seed("answer gone before it is seen", BusCrossing, "m.If(~far_asking):", "m.If(1):"),
    Seed(
        "answer of the request before", BusCrossing, "~asking & ~near_answered & ~self.bus_reset", "~asking & ~self.bus_reset"
    ),
    Seed(
        "request overwritten",
        BusCrossing,
        "m.If(self.bus.request.valid & self.bus.request.ready)",
        "m.If(self.bus.request.valid)",
    ),
    Seed("stale for ever", BusCrossing, "[asking.eq(0), stale.eq(0)]", "asking.eq(0)"),
)


def _array(name: str, design: FIRDesign, seeds: tuple[Seed, ...], cuts: tuple[int, ...] = ()) -> Proof:
    plan = lower(design)
    lanes = f"{plan.lanes} lanes" + f", slots of {plan.cycles}" * (plan.cycles > 1)
    size = (
        f"{lanes}, {design.sample} by {design.coefficient_format}, sum {design.accumulator}"
        + f", cut at bits {' and '.join(map(str, cuts))}" * bool(cuts)
    )
    return Proof(name, size, lambda: MACArraySpec(design, cuts), 16, seeds, bounded=14)


def _buffer(
    name: str, spec: type[OutputBufferSpec], depth: int, flight: int, sustains: bool = False, seeds: tuple[Seed, ...] = ()
) -> Proof:
    size = f"depth {depth}, {flight} in flight{', sustained' * sustains}"
    return Proof(name, size, lambda: spec(depth, flight, sustains=sustains), 2 * depth + 16, seeds)


REQUANTISED = tuple(
    _requantiser(rounding, overflow, 6, Format(9, True), Format(15, True))
    for rounding, overflow in product(ROUNDINGS, OVERFLOWS)
)

PROOFS: tuple[Proof, ...] = (
    Proof("skid buffer", "8 bits", lambda: SkidBufferSpec(8), 12, SKID),
    Proof("placed skid buffer", "8 bits and 2 marks", lambda: PlacedSkidBufferSpec(10), 12, PLACED),
    _buffer("output buffer", OutputBufferSpec, 3, 1),
    _buffer("output buffer", OutputBufferSpec, 5, 1, seeds=BUFFER),
    _buffer("compact buffer", CompactBufferSpec, 4, 1, seeds=COMPACT),
    _buffer("compact buffer", CompactBufferSpec, 8, 2, sustains=True),
    Proof("direct output", "3 in flight", lambda: DirectOutputSpec(3), 8, DIRECT),
    Proof(
        "delay",
        "3 clocks, 2 bits",
        lambda: DelaySpec(3),
        8,
        (Seed("clock missing", Delay, "range(self._clocks)", "range(1, self._clocks)"),),
    ),
    Proof("slot timer", "4 clocks", lambda: SlotTimerSpec(4), 12, SLOT_TIMER),
    Proof("slot timer", "2 clocks", lambda: SlotTimerSpec(2), 8),
    Proof("FIFO bus", "100 MHz", lambda: FIFO245Spec(100_000_000, 13), 60, BUS),
    Proof("FIFO bus", "60 MHz", lambda: FIFO245Spec(60_000_000, 13), 60),
    Proof("AXI4-Lite front", "14 bits of address, 32 of data", AXILiteFrontSpec, 24, FRONT),
    Proof("register bank", "of a constant FIR, 2 taps", lambda: RegisterBankSpec(small_fir()), 30, REGISTERS),
    Proof("bus crossing", "two free clocks", BusCrossingSpec, 40, CROSSING),
    Proof(
        "coefficient bank",
        "3 of s3",
        lambda: CoefficientBankSpec(small_fir(coefficients=[1, -2, 3], coefficient=Format(3, True), loadable=True)),
        30,
        BANK,
    ),
    Proof(
        "coefficient bank",
        "1 of s2",
        lambda: CoefficientBankSpec(small_fir(coefficients=[1], coefficient=Format(2, True), loadable=True)),
        24,
    ),
    Proof(
        "coefficient memory",
        "3 of s2 in 2 lanes",
        lambda: CoefficientMemorySpec(
            small_fir(coefficients=[1, -2, 1], coefficient=Format(2, True), loadable=True, symmetry="none", clocks_per_sample=2)
        ),
        30,
        MEMORY,
    ),
    Proof(
        "coefficient memory",
        "3 of s2 in 2 lanes, their places found a clock before they come",
        lambda: CoefficientMemorySpec(
            ResampleDesign(
                [1, -2, 1], down=2, data=Format(1, False), coefficient=Format(2, True), loadable=True, symmetry="none"
            )
        ),
        30,
        (Seed("places of the coefficient before", LoadedMemory, 'place_{lane}", store.early)', 'place_{lane}", 2)'),),
    ),
    *REQUANTISED,
    _array("MAC array", FIRDesign([3, -4, 0, 2], data=Format(4, True)), ARRAY),
    _array("MAC array", FIRDesign([5], data=Format(8, False)), ()),
    _array("MAC array, signs", FIRDesign([-1, 2, -4, 3, -8], data=Format(3, True)), SIGNED_ARRAY),
    _array("MAC array, signs", FIRDesign([-1, -2, -4], data=Format(3, False)), ()),
    _array("MAC array, signs in segments", FIRDesign([-1, -2, 4, -1, -3], data=Format(3, True)), SIGNED_SEGMENTS, cuts=(2, 4)),
    _array("MAC array, signs in segments", FIRDesign([-2, -1, -4], data=Format(3, True)), (), cuts=(2, 4)),
    _array(
        "MAC array, loaded", FIRDesign([1, 0], data=Format(3, True), coefficient=Format(3, True), loadable=True), LOADED_ARRAY
    ),
    _array(
        "MAC array, folded",
        FIRDesign([1, 2, 3, 1], data=Format(3, True), coefficient=Format(3, True), loadable=True, clocks_per_sample=2),
        FOLDED_ARRAY,
    ),
    _array(
        "MAC array, in segments",
        FIRDesign([1, -2], data=Format(3, True), coefficient=Format(3, True), loadable=True, symmetry="none"),
        WIDE_ARRAY,
        cuts=(2, 4),
    ),
    _array(
        "MAC array, folded, in segments",
        FIRDesign([1, 2], data=Format(3, True), coefficient=Format(3, True), loadable=True, clocks_per_sample=2),
        (Seed("start early for upper segments", SummedInSegments, "start = late", "start = start"),),
        cuts=(2, 4),
    ),
    _array("adder graph", FIRDesign([3, 0, -5, 11], data=Format(3, True), multipliers=0), GRAPH[:5]),
    _array("adder graph", FIRDesign([-6, -10, -6], data=Format(3, False), multipliers=0), GRAPH[5:]),
    *proofs_of_kinds(),
    *LEAN,
)
