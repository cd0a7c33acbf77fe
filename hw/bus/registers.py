"""The register bank: registers that a host reads and writes. The map is in docs/registers.md.

`BUS` connects every front to an accelerator: a stream of requests and a stream of responses. AXI4-Lite
(`convolver.hw.bus.axi`) and the link are such fronts.
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
from convolver.plan.plan import Plan
from convolver.shell import FULL, Shell

from ..cores.loading import part_sets_of
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
"""Value of the first register: "CONV"."""

VERSION = 1
"""Version of the register map."""

ADDRESS_WIDTH = 14
ERROR_KINDS = 5
DESCRIPTION_LIMIT = 8192
"""Most bytes of the compressed description."""

REQUEST = data.StructLayout({"address": ADDRESS_WIDTH, "write": 1, "data": 32})
RESPONSE = data.StructLayout({"data": 32, "error": 1})

BUS = wiring.Signature({"request": Out(stream.Signature(REQUEST)), "response": In(stream.Signature(RESPONSE))})
"""The bus, as seen by its initiator. ``request.address`` is in bytes, a multiple of four. ``request.data`` is used for
writes. ``response.data`` is 0 for a write, and when ``response.error`` is set. One response for each request, in
order."""


Members = dict[str, wiring.Member]


@dataclass(frozen=True, slots=True)
class Register:
    """One line of the register map: byte address, and the allowed accesses: ``r``, ``w`` or both."""

    address: int
    access: str
    belongs: Callable[[Design], bool] = lambda _design: True
    """Whether a design has this register."""
    ports: Callable[[Design], Members] = lambda _design: {}
    """Ports from the bank to a core that the register drives."""


def _axis(name: str) -> tuple[Callable[[Design], bool], Callable[[Design], Members]]:
    """Rule and ports of a frame axis. After reset its size is the core's greatest, or 0 for an axis without a limit."""

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
"""The register map, without the description that follows it."""

STAGE_BYTES = 0x40
"""Distance between the registers of two stages, for several filters in one design; the registers of the whole come
first."""

STAGE_REGISTERS = {
    "STATUS": Register(0x0C, "r"),
    "COEFFICIENTS": Register(0x1C, "r"),
    "COEFFICIENT": Register(0x20, "w", _LOADABLE),
    "RESTART": Register(0x24, "w", _LOADABLE),
    "BOUNDARY": Register(0x38, "rw", _SWITCHABLE),
    "FILL": Register(0x3C, "rw", _SWITCHABLE),
}
"""The registers of a stage, relative to the stage's part of the map."""

FRAME = ("ROWS", "COLUMNS", "LENGTH", "BOUNDARY", "FILL")
"""Registers of the next frame's size and border."""

LOADING_SET = ("STATUS", "COEFFICIENTS", "COEFFICIENT", "RESTART")
"""Registers for loading coefficients, and its status."""

DESCRIPTION = 0x2000
"""Byte address of the description's first word."""

BUSY_BIT = 16
PENDING_BIT = 17

PHASES = 7
"""Cycles of a request in the bank; `RegisterBank.elaborate` describes each."""

LOADING, DECIDING, TAKING = 2, 4, 6
"""Of these: a coefficient waits for room; each register decides whether it changes one cycle later; the request is
taken."""

LOGIC_WORDS = 160
"""Most words of a description in look-up tables, one table for 16 bits."""


def description(design: Design) -> bytes:
    """The design's JSON, zlib-compressed, as a host reads it from the accelerator.

    Raises
    ------
    DesignError
        If it is longer than `DESCRIPTION_LIMIT` bytes.
    """
    packed = zlib.compress(design.to_json().encode(), 9)
    if len(packed) > DESCRIPTION_LIMIT:
        raise DesignError(f"A design's compressed description must have at most {DESCRIPTION_LIMIT} bytes, not {len(packed)}")
    return packed


def described(design: Design, shell: Shell) -> bytes:
    """Bytes that describe a design in a shell's registers: `description`, the CRC-32 of its JSON, or nothing.

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
    """The registers of a design in a shell."""
    names: Iterable[str] = REGISTERS
    if shell.registers == "coefficients":
        names = (*(["DESCRIPTION_BYTES"] if shell.description != "none" else []), *LOADING_SET)
    sizes = () if shell.resizes else ("ROWS", "COLUMNS", "LENGTH")
    return tuple(name for name in names if name not in sizes and REGISTERS[name].belongs(design))


def frame_members(design: Design, shell: Shell = FULL) -> Members:
    """The ports of a register bank for the next frame's size and border. After reset they hold the core's largest size
    and the design's border."""
    there = names_of(design, shell)
    borders = {name: member.flip() for name, member in border_ports(design).items()} if shell.has_all_registers else {}
    return _members(design, [name for name in FRAME if name in there]) | borders


def _members(design: Design, names: Iterable[str]) -> Members:
    """The ports of these registers."""
    return {port: member for name in names for port, member in REGISTERS[name].ports(design).items()}


class RegisterBank(wiring.Component):
    """Answers a bus from the registers of an accelerator, and drives a core's frame size and coefficients.

    The response is offered `LATENCY` cycles after the request; later for a coefficient that has to wait for room. One
    request is processed at a time; it is taken one cycle before its response. No input reaches a ready or valid of the
    bus within the same cycle. The effect of a request happens once, and before its response.

    The bank never limits the clock frequency: addresses are decoded, values compared and read data selected in steps of
    a few bits, one cycle each, and every register's enable comes from a register.

    A request is refused, with `error` and no effect, if the design has no such register, if the register can't be read
    or written, if the value doesn't fit it, or, for COEFFICIENT, while a complete set waits for its frame.

    Parameters
    ----------
    plan : Plan
        The core's plan; its design sets the description, the registers and their widths.
    shell : Shell, optional
        Selects some of these registers; by default all.

    Members
    -------
    bus : In(BUS)
        The requests and responses.
    rows, columns : Out, 2-D only
        Size of the next frame; after reset the largest that the core takes.
    boundary, fill : Out, switchable only
        The next frame's border: see `Conv2DCore`; after reset the design's border.
    length : Out(32), FIR only
        Samples of the next frame, for a front whose samples have no marks; 0 after reset.
    coefficients : Out(stream), loadable only
        The core's stream: ``data, last``; every set has the right length.
    restart : Out(1), loadable only
        The core drops the set that has begun. A register.
    boundary_1, fill_1, ... : Out, for the switchable filters of a composite design
    parts : In, coefficients, restart : Out, pending : In, for composite designs
        See `convolver.hw.cores.part_ports.part_ports`.
    silence : Out(1), continuous only
        The next frame starts from silence. A register.
    pending, busy : In(1)
        From the core. `pending` must rise within two cycles after a set's last coefficient is taken, and fall with
        `ready`.
    errors : In(5)
        Error strobes of the core, in the order of `convolver.hw.cores.core.ERRORS`.
    i_stb, o_stb : In(1)
        A beat was accepted; a beat was delivered.

    Raises
    ------
    DesignError
        If the description is too long; see `description`.
    """

    LATENCY = PHASES + 1

    def __init__(self, plan: Plan, shell: Shell = FULL) -> None:
        self.design = design = plan.design
        self._plan = plan
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
        """The registers of this bank by name; a stage's registers have its number in their names."""
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

        # A request is held until it is taken. The phases, from the cycle after it was offered:
        # 0  Compares the upper address bits with 0 and with the description's end, and the value piece by piece.
        # 1  Compares the lower address bits. Combines the pieces.
        # 2  A coefficient waits until the one before it is taken. Selects the read data among pairs of registers.
        # 3  Selects the read data among all registers. After a set's last coefficient, `pending` is sampled.
        # 4  Each writable register decides whether it changes. The lower part of the read data is taken.
        # 5  The register changes.
        # 6  The upper part of the read data is taken, and whether the access was valid. The request is taken.
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
            # No hit without a request: then the read data don't toggle.
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
        """The description's word at the bus' address, two cycles later; a single word needs no memory."""
        if len(words) <= 1:
            return Const(sum(words), 32)
        m.submodules.description = rom = self._memory(words, platform)
        m.d.comb += rom.read_address.eq(self.bus.request.p.address[2:])
        return rom.read_data

    def _memory(self, words: Sequence[int], platform: object) -> LogicROM | BlockRAM:
        """The description's memory. It is block RAM, which Yosys wouldn't infer for so few words: on iCE40 their logic
        takes 200 look-up tables. On ECP5 block RAM would limit the clock frequency of a core without any: there a short
        description is logic."""
        others = self._plan.memory_bits("line buffer", "samples", "coefficients")
        if family_of(platform) == "ecp5" and len(words) <= LOGIC_WORDS and not others:
            return LogicROM(32, words)
        return BlockRAM(32, len(words), words, {"rom_style": "block"})

    def _watch(self, m: Module, clear: Value) -> dict[str, Value]:
        """Read-only registers: constants, the core's state, and counts of cycles and beats."""
        errors, sticky = Signal(ERROR_KINDS), Signal(ERROR_KINDS)
        busy, pending, i_stb, o_stb = Signal(), Signal(), Signal(), Signal()
        m.d.sync += [
            errors.eq(self.errors),
            busy.eq(self.busy),
            pending.eq(self.pending.any() if self.design.parts else self.pending),
            i_stb.eq(self.i_stb),
            o_stb.eq(self.o_stb),
            sticky.eq(sticky & ~clear | errors),  # an error in the cycle in which it is cleared is kept
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
        """The read-only registers of the stages."""
        told: dict[str, Value] = {}
        for number, part in enumerate(self.design.parts, 1):
            state = self.parts[number - 1]
            pending = part_sets_of(part).pending(self, number)
            stands = Signal(4, name=f"stands_{number}")
            m.d.sync += stands.eq(Cat(state.busy, pending, state.waits, state.holds))
            told[_of_stage("STATUS", number)] = Cat(Const(0, BUSY_BIT), stands)
            told[_of_stage("COEFFICIENTS", number)] = Const(part.set_size, 32)
        return told

    def _load(self, m: Module, hits: dict[str, Signal], grants: dict[str, Signal], waits: Signal) -> dict[str, Value]:
        """Turns writes of COEFFICIENT into sets for the core, through a register for one coefficient. Gives, for each
        loadable filter, whether the value fits and has room."""
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
        """As `_load`, for one filter."""
        given = self.bus.request.p.data
        form, count = part.coefficient_format, part.set_size
        begun = Signal(range(count), name=_of_stage("begun", number))  # coefficients written so far of the current set
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
    """The name of a stage's register; without a number for a single filter."""
    return f"{name}_{number}" if number else name
