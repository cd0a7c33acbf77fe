"""The register bank: what a host reads and writes beside the samples. The map is in docs/registers.md.

`BUS` is the bus that every front of an accelerator speaks: a stream of requests and a stream of responses. AXI4-Lite
(`convolver.hw.bus.axi`) and the link are two such fronts.
"""

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import attrgetter, or_

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import GATEWARE_BOUNDARIES, Design
from convolver.errors import DesignError
from convolver.plan.lowering import lower
from convolver.plan.plan import Plan
from convolver.shell import FULL, Shell

from ..cores.part_ports import part_ports
from ..primitives.block_ram import BlockRAM, LogicROM
from ..primitives.families import family_of
from ..stream.data_register import DataRegister
from ..stream.layouts import shape_of
from ..window.boundaries import border_ports
from .steps import COUNTER_PART, below, chosen, counter, held_by

__all__ = [
    "BUS",
    "DESCRIPTION",
    "DESCRIPTION_LIMIT",
    "ID",
    "REGISTERS",
    "STAGE_BYTES",
    "STAGE_REGISTERS",
    "VERSION",
    "Register",
    "RegisterBank",
    "description",
    "frame_members",
]

ID = 0x434F4E56
"""What the first register reads: "CONV"."""

VERSION = 1
"""Version of the register map."""

ADDRESS_WIDTH = 14
ERROR_KINDS = 5
DESCRIPTION_LIMIT = 8192
"""Bytes that the description may have, compressed."""

REQUEST = data.StructLayout({"address": ADDRESS_WIDTH, "write": 1, "data": 32})
RESPONSE = data.StructLayout({"data": 32, "error": 1})

BUS = wiring.Signature({"request": Out(stream.Signature(REQUEST)), "response": In(stream.Signature(RESPONSE))})
"""The bus as its initiator sees it. ``request.address`` is in bytes, a multiple of four; ``request.data`` is that of a write;
``response.data`` is 0 for a write and wherever ``response.error`` is set. One response for every request, in order."""


Members = dict[str, wiring.Member]


@dataclass(frozen=True, slots=True)
class Register:
    """One line of the register map: byte address, and who may do what: some of ``r`` and ``w``."""

    address: int
    access: str
    belongs: Callable[[Design], bool] = lambda _design: True
    """Whether a design has it."""
    ports: Callable[[Design], Members] = lambda _design: {}
    """What the bank tells a core by it."""


def _axis(name: str) -> tuple[Callable[[Design], bool], Callable[[Design], Members]]:
    """Designs whose frames have an axis of that name; after reset its size is the core's greatest, or 0 of one without end."""

    def ports(design: Design) -> Members:
        most = design.frame_axes[design.axes.index(name)].most
        return {name: Out(32) if most is None else Out(most.bit_length(), init=most)}

    return lambda design: name in design.axes, ports


def _boundary(design: Design) -> Members:
    return {"boundary": Out(range(len(GATEWARE_BOUNDARIES)), init=design.border.outside.code)}


def _fill(design: Design) -> Members:
    return {"fill": Out(shape_of(design.sample), init=design.fill)}


def _coefficients(design: Design) -> Members:
    payload = data.StructLayout({"data": shape_of(design.coefficient_format), "last": 1})
    return {"coefficients": Out(stream.Signature(payload))}


def _strobe(name: str) -> Callable[[Design], Members]:
    return lambda _design: {name: Out(1)}


_LOADABLE = attrgetter("loadable")
_SWITCHABLE = attrgetter("switchable")

REGISTERS = {
    "ID": Register(0x00, "r"),
    "VERSION": Register(0x04, "r"),
    "DESCRIPTION_BYTES": Register(0x08, "r"),
    "STATUS": Register(0x0C, "rw"),
    "ROWS": Register(0x10, "rw", *_axis("rows")),
    "COLUMNS": Register(0x14, "rw", *_axis("columns")),
    "LENGTH": Register(0x18, "rw", *_axis("length")),
    "COEFFICIENTS": Register(0x1C, "r"),
    "COEFFICIENT": Register(0x20, "w", _LOADABLE, _coefficients),
    "RESTART": Register(0x24, "w", _LOADABLE, _strobe("restart")),
    "CLOCKS": Register(0x28, "r"),
    "BEATS_IN": Register(0x2C, "r"),
    "BEATS_OUT": Register(0x30, "r"),
    "SILENCE": Register(0x34, "w", attrgetter("continuous"), _strobe("silence")),
    "BOUNDARY": Register(0x38, "rw", _SWITCHABLE, _boundary),
    "FILL": Register(0x3C, "rw", _SWITCHABLE, _fill),
}
"""The register map, without the description behind it."""

STAGE_BYTES = 0x40
"""From one stage's registers to the next one's, of several filters as one design; those of the whole are in front."""

STAGE_REGISTERS = {
    "STATUS": Register(0x0C, "r"),
    "COEFFICIENTS": Register(0x1C, "r"),
    "COEFFICIENT": Register(0x20, "w", _LOADABLE),
    "RESTART": Register(0x24, "w", _LOADABLE),
    "BOUNDARY": Register(0x38, "rw", _SWITCHABLE),
    "FILL": Register(0x3C, "rw", _SWITCHABLE),
}
"""The registers of a stage, from its own part of the map on."""

FRAME = ("ROWS", "COLUMNS", "LENGTH", "BOUNDARY", "FILL")
"""Those that tell the next frame's size and border."""

LOADING_SET = ("STATUS", "COEFFICIENTS", "COEFFICIENT", "RESTART")
"""Those that load coefficients, and tell how that goes."""

DESCRIPTION = 0x2000
"""Byte address of the description's first word."""

BUSY_BIT = 16
PENDING_BIT = 17

PHASES = 7
"""Clocks of a request in the bank; what happens in each is said where it is made."""

LOADING, DECIDING, TAKING = 2, 4, 6
"""Of these: a coefficient waits for room, each register decides whether it changes a clock later, the request is taken."""

LOGIC_WORDS = 160
"""Words of the longest description that is made of look-up tables, one for 16 bits."""


def description(design: Design) -> bytes:
    """The design's JSON, zlib-compressed, as a host finds it in the accelerator.

    Raises
    ------
    DesignError
        If it has more than `DESCRIPTION_LIMIT` bytes.
    """
    packed = zlib.compress(design.to_json().encode(), 9)
    if len(packed) > DESCRIPTION_LIMIT:
        raise DesignError(f"A design's compressed description must have at most {DESCRIPTION_LIMIT} bytes, not {len(packed)}")
    return packed


def described(design: Design, shell: Shell) -> bytes:
    """What the registers of a shell tell of a design: `description`, the CRC-32 of its JSON, or nothing.

    Raises
    ------
    DesignError
        If the description is too long.
    """
    match shell.description:
        case "whole":
            return description(design)
        case "hash":
            return zlib.crc32(design.to_json().encode()).to_bytes(4, "little")
    return b""


def names_of(design: Design, shell: Shell) -> tuple[str, ...]:
    """The registers that a design has in a shell."""
    names: Iterable[str] = REGISTERS
    if shell.registers == "coefficients":
        names = (*(["DESCRIPTION_BYTES"] if shell.description != "none" else []), *LOADING_SET)
    sizes = () if shell.resizes else ("ROWS", "COLUMNS", "LENGTH")
    return tuple(name for name in names if name not in sizes and REGISTERS[name].belongs(design))


def frame_members(design: Design, shell: Shell = FULL) -> Members:
    """The ports by which a register bank tells the next frame's size and border; after reset the core's largest size,
    and the design's border."""
    there = names_of(design, shell)
    borders = {name: member.flip() for name, member in border_ports(design).items()} if shell.has_all_registers else {}
    return _members(design, [name for name in FRAME if name in there]) | borders


def _members(design: Design, names: Iterable[str]) -> Members:
    """The ports of these registers."""
    return {port: member for name in names for port, member in REGISTERS[name].ports(design).items()}


class RegisterBank(wiring.Component):
    """Answers a bus from the registers of an accelerator, and hands a core its frame size and coefficients.

    The response is offered `LATENCY` clocks after the request, later for a coefficient that has to wait for room; one request
    is under way at a time, and is taken in the clock before its response. Nothing that comes in reaches a ready or valid of
    the bus within the same clock. What a request asks for happens once and before its response.

    The bank never limits the clock: an address is decoded, a value compared, and what is read chosen in steps of a few bits,
    each with a clock of its own, and each register has an enable that is a register too.

    A request is refused, with `error` and no effect, if the design has no such register, if the register can't be read or
    written, if the value doesn't fit it, and, for COEFFICIENT, while a complete set waits for its frame.

    Parameters
    ----------
    design : Design
        What the accelerator computes; fixes the description, which registers there are, and how wide they are.
    shell : Shell, optional
        Which of these are wanted; by default all.
    plan : Plan, optional
        The core's; by default the one for any device.

    Members
    -------
    bus : In(BUS)
        The requests and responses.
    rows, columns : Out, 2-D only
        Size of the next frame; after reset the largest that the core takes.
    boundary, fill : Out, switchable only
        The next frame's border: see `Conv2DCore`; after reset the design's.
    length : Out(32), FIR only
        Samples of the next frame, for a front whose samples come without marks; 0 after reset.
    coefficients : Out(stream), loadable only
        The core's: ``data, last``; every set has the right length.
    restart : Out(1), loadable only
        The core drops the set that was begun. A register.
    boundary_1, fill_1, ... : Out, of several filters as one design those that can be switched
    parts : In, coefficients, restart : Out, pending : In, of several filters as one design
        See `convolver.hw.cores.part_ports.part_ports`.
    silence : Out(1), continuous only
        The next frame starts from silence. A register.
    pending, busy : In(1)
        The core's. `pending` must rise within two clocks after the last coefficient of a set is taken, and fall with `ready`.
    errors : In(5)
        The core's strobes, in the order of `convolver.hw.cores.core.ERRORS`.
    i_stb, o_stb : In(1)
        A beat was accepted, a beat was delivered.

    Raises
    ------
    DesignError
        If the description is too long; see `description`.
    """

    LATENCY = PHASES + 1

    def __init__(self, design: Design, shell: Shell = FULL, plan: Plan | None = None) -> None:
        self.design = design
        self._plan = lower(design) if plan is None else plan
        self._description = described(design, shell)
        self._names = names_of(design, shell)
        members = {
            "bus": In(BUS),
            "pending": In(1),
            "busy": In(1),
            "errors": In(ERROR_KINDS),
            "i_stb": In(1),
            "o_stb": In(1),
        }
        members |= _members(design, self._names)
        if design.parts:
            members |= {name: member.flip() for name, member in part_ports(design).items()}
        super().__init__(members | frame_members(design, shell))

    def has(self, name: str) -> bool:
        """Whether this design has the register `name`."""
        return name in self._names

    def _registers(self) -> dict[str, Register]:
        """Those that it has, by their names, to which a stage's own number is added."""
        found = {name: register for name, register in REGISTERS.items() if self.has(name)}
        for number, part in enumerate(self.design.parts, 1):
            for name, register in STAGE_REGISTERS.items():
                if register.belongs(part) and (name not in FRAME or hasattr(self, _of_stage(name, number).lower())):
                    found[_of_stage(name, number)] = replace(register, address=register.address + STAGE_BYTES * number)
        return found

    def elaborate(self, platform: object) -> Module:
        m = Module()
        words = [int.from_bytes(self._description[at : at + 4], "little") for at in range(0, len(self._description), 4)]
        text = self._text(m, words, platform)

        # A request stands still until it is taken. Phase by phase, from the clock after it was offered on:
        # 0  The upper bits of the address are compared, with 0 and with the description's end; the value, piece by piece.
        # 1  The lower bits are. The pieces come together.
        # 2  A coefficient waits until the one before it is taken. What is read is chosen, of two registers at a time;
        # 3  then of all. After the last coefficient of a set, `pending` comes in.
        # 4  Each register that can be written decides whether it is. The lower part of what is read is taken.
        # 5  The register changes.
        # 6  The upper part is taken, and whether anything was there to read or write. So is the request.
        request, response = self.bus.request, self.bus.response
        word, given = request.p.address[2:], request.p.data
        phase, idle, waits = Signal(PHASES), Signal(init=1), Signal()
        m.d.comb += request.ready.eq(phase[TAKING])
        going = Cat(phase[:LOADING], phase[LOADING] & ~waits, phase[LOADING + 1 :])
        m.d.sync += [
            phase.eq(Cat(request.valid & idle, going[:-1]) | (phase & ~going)),
            idle.eq(Mux(idle, ~request.valid, response.valid & response.ready)),
            response.valid.eq(phase[TAKING] | (response.valid & ~response.ready)),
        ]

        low, asked = DataRegister(), DataRegister(name="described")
        m.d.sync += [
            low.eq(word[4:] == 0),
            asked.eq(~idle & request.p.address[13] & below(m, word[:11], len(words))),
        ]
        sections = [low]
        for number in range(1, len(self.design.parts) + 1):
            sections.append(section := DataRegister(name=f"stage_{number}"))
            m.d.sync += section.eq(word[4:] == number)
        registers = self._registers()
        hits = {name: DataRegister(name=f"hit_{name.lower()}") for name in registers}
        for name, hit in hits.items():
            # None while nobody asks: then nothing that is read moves.
            number, place = divmod(registers[name].address, STAGE_BYTES)
            m.d.sync += hit.eq(~idle & sections[number] & (word[:4] == place >> 2))
        grants = {name: Signal(name=f"write_{name.lower()}") for name in hits if "w" in registers[name].access}
        stored = {name: getattr(self, name.lower()) for name in hits if name.rstrip("_0123456789") in FRAME}
        fits: dict[str, Value] = {name: held_by(m, name, given, target.shape()) for name, target in stored.items()}

        contents = stored | self._watch(m, given[:ERROR_KINDS] & grants["STATUS"].replicate(ERROR_KINDS))
        contents = {name: content for name, content in contents.items() if "r" in registers[name].access}
        found = chosen(m, [(asked, text), *((hits[name], content) for name, content in contents.items())])
        readable, granted = DataRegister(), DataRegister()
        m.d.sync += [
            readable.eq(~request.p.write & (asked | Cat(hits[name] for name in contents).any())),
            granted.eq(Cat(grants.values()).any()),
        ]
        value = found & (~request.p.write).replicate(32)
        with m.If(phase[DECIDING]):
            m.d.sync += response.p.data[:COUNTER_PART].eq(value[:COUNTER_PART])
        with m.If(phase[TAKING]):
            m.d.sync += [response.p.data[COUNTER_PART:].eq(value[COUNTER_PART:]), response.p.error.eq(~(readable | granted))]

        if self.design.loadable_parts:
            fits |= self._load(m, hits, grants, waits)
        if "SILENCE" in grants:
            m.d.comb += self.silence.eq(grants["SILENCE"])
        for name, grant in grants.items():
            m.d.sync += grant.eq(phase[DECIDING] & request.p.write & hits[name] & fits.get(name, Const(1)))
        for name, target in stored.items():
            with m.If(grants[name]):
                m.d.sync += target.eq(given)
        return m

    def _text(self, m: Module, words: Sequence[int], platform: object) -> Value:
        """What the description reads at the bus' address, two clocks later; one word takes no memory."""
        if len(words) <= 1:
            return Const(sum(words), 32)
        m.submodules.description = rom = self._memory(words, platform)
        m.d.comb += rom.read_address.eq(self.bus.request.p.address[2:])
        return rom.read_data

    def _memory(self, words: Sequence[int], platform: object) -> LogicROM | BlockRAM:
        """The description's memory: block RAM, as Yosys would not make of so few words; on iCE40 their logic takes 200 look-up
        tables. On ECP5 it would limit the clock of a core that has none: there a short one is logic."""
        others = self._plan.memory_bits("line buffer", "samples", "coefficients")
        if family_of(platform) == "ecp5" and len(words) <= LOGIC_WORDS and not others:
            return LogicROM(32, words)
        return BlockRAM(32, len(words), words, {"rom_style": "block"})

    def _watch(self, m: Module, clear: Value) -> dict[str, Value]:
        """What the registers tell that a host can't store: constants, what the core says, and counts of clocks and beats."""
        errors, sticky = Signal(ERROR_KINDS), Signal(ERROR_KINDS)
        busy, pending, i_stb, o_stb = Signal(), Signal(), Signal(), Signal()
        m.d.sync += [
            errors.eq(self.errors),
            busy.eq(self.busy),
            pending.eq(self.pending.any() if self.design.parts else self.pending),
            i_stb.eq(self.i_stb),
            o_stb.eq(self.o_stb),
            sticky.eq(sticky & ~clear | errors),  # an error in the clock of its clearing is kept
        ]
        counted = {"CLOCKS": Const(1), "BEATS_IN": i_stb, "BEATS_OUT": o_stb}
        told = {
            "ID": Const(ID, 32),
            "VERSION": Const(VERSION, 32),
            "DESCRIPTION_BYTES": Const(len(self._description), 32),
            "COEFFICIENTS": Const(self.design.set_size, 32),
            "STATUS": Cat(sticky, Const(0, BUSY_BIT - ERROR_KINDS), busy, pending),
        }
        found = {name: value for name, value in told.items() if self.has(name)}
        counts = {name: counter(m, name.lower(), step) for name, step in counted.items() if self.has(name)}
        return found | counts | self._watch_parts(m)

    def _watch_parts(self, m: Module) -> dict[str, Value]:
        """What the registers of the stages tell."""
        told: dict[str, Value] = {}
        for number, part in enumerate(self.design.parts, 1):
            state = self.parts[number - 1]
            pending = self.pending[number - 1] if part.set_size else Const(0)
            stands = Signal(4, name=f"stands_{number}")
            m.d.sync += stands.eq(Cat(state.busy, pending, state.waits, state.holds))
            told[_of_stage("STATUS", number)] = Cat(Const(0, BUSY_BIT), stands)
            told[_of_stage("COEFFICIENTS", number)] = Const(part.set_size, 32)
        return told

    def _load(self, m: Module, hits: dict[str, Signal], grants: dict[str, Signal], waits: Signal) -> dict[str, Value]:
        """Turns writes of COEFFICIENT into sets for the core, through a register of one coefficient; tells whether the value
        fits, and has room, of each filter whose coefficients can be loaded."""
        parts = self.design.loadable_parts
        names = {number: (_of_stage("COEFFICIENT", number), _of_stage("RESTART", number)) for number in parts}
        m.d.comb += waits.eq(reduce(or_, [hits[one] | hits[other] for one, other in names.values()]) & self.coefficients.valid)
        with m.If(self.coefficients.ready):
            m.d.sync += self.coefficients.valid.eq(0)
        fits: dict[str, Value] = {}
        for number, part in parts.items():
            name, restart = names[number]
            fits[name] = self._load_part(m, number, part, grants[name], grants[restart])
        return fits

    def _load_part(self, m: Module, number: int, part: Design, grant: Signal, restart: Signal) -> Value:
        """The same of one of them."""
        given = self.bus.request.p.data
        form, count = part.coefficient_format, part.set_size
        begun = Signal(range(count), name=_of_stage("begun", number))  # coefficients of the set that is being written
        last, pending = Signal(name=_of_stage("last", number)), Signal(name=_of_stage("pending", number))
        place = max(number - 1, 0)

        m.d.comb += self.restart[place].eq(restart)
        m.d.sync += [last.eq(begun == count - 1), pending.eq(self.pending[place])]
        with m.If(grant):
            m.d.sync += [
                self.coefficients.p.data.eq(given),
                self.coefficients.p.last.eq(last),
                self.coefficients.valid.eq(1),
                begun.eq(Mux(last, 0, begun + 1)),
            ]
            if number:
                m.d.sync += self.coefficients.p.stage.eq(number)
        with m.If(restart):
            m.d.sync += begun.eq(0)
        return held_by(m, _of_stage("COEFFICIENT", number), given, shape_of(form)) & ~pending


def _of_stage(name: str, number: int) -> str:
    """The name of a stage's register; that of a filter alone is none."""
    return f"{name}_{number}" if number else name
