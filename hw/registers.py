"""The register bank: what a host reads and writes beside the samples. The map is in docs/registers.md.

`BUS` is the bus that every front of an accelerator speaks: a stream of requests and a stream of responses. AXI4-Lite
(`convolver.hw.axi`) and the link are two such fronts.
"""

import zlib
from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convolver.designs import GATEWARE_BOUNDARIES, Conv2DDesign, FIRDesign
from convolver.errors import DesignError
from convolver.hw.block_ram import BlockRAM
from convolver.hw.stream import shape_of
from convolver.schedule import Schedule

__all__ = [
    "BUS",
    "DESCRIPTION",
    "DESCRIPTION_LIMIT",
    "ID",
    "REGISTERS",
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


@dataclass(frozen=True, slots=True)
class Register:
    """One line of the register map: byte address, and who may do what: some of ``r`` and ``w``."""

    address: int
    access: str
    kind: str | None = None
    """The only kind of design that has it: "fir", "conv2d", "loadable", "continuous" or "switchable"; None for all."""


REGISTERS = {
    "ID": Register(0x00, "r"),
    "VERSION": Register(0x04, "r"),
    "DESCRIPTION_BYTES": Register(0x08, "r"),
    "STATUS": Register(0x0C, "rw"),
    "ROWS": Register(0x10, "rw", "conv2d"),
    "COLUMNS": Register(0x14, "rw", "conv2d"),
    "LENGTH": Register(0x18, "rw", "fir"),
    "COEFFICIENTS": Register(0x1C, "r"),
    "COEFFICIENT": Register(0x20, "w", "loadable"),
    "RESTART": Register(0x24, "w", "loadable"),
    "CLOCKS": Register(0x28, "r"),
    "BEATS_IN": Register(0x2C, "r"),
    "BEATS_OUT": Register(0x30, "r"),
    "SILENCE": Register(0x34, "w", "continuous"),
    "BOUNDARY": Register(0x38, "rw", "switchable"),
    "FILL": Register(0x3C, "rw", "switchable"),
}
"""The register map, without the description behind it."""

DESCRIPTION = 0x2000
"""Byte address of the description's first word."""

BUSY_BIT = 16
PENDING_BIT = 17


def description(design: FIRDesign | Conv2DDesign) -> bytes:
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


def frame_members(design: FIRDesign | Conv2DDesign) -> dict[str, wiring.Member]:
    """The ports by which a register bank tells the next frame's size and border; after reset a 2-D frame has the core's
    largest size and the design's border."""
    if isinstance(design, FIRDesign):
        return {"length": Out(32)}
    sizes = {"rows": design.core_rows, "columns": design.core_columns}
    members = {name: Out(size.bit_length(), init=size) for name, size in sizes.items()}
    if design.switchable:
        # For `wrap` the host pads, whatever the core puts around that.
        boundary = GATEWARE_BOUNDARIES.index(design.boundary) if design.boundary in GATEWARE_BOUNDARIES else 0
        members["boundary"] = Out(range(len(GATEWARE_BOUNDARIES)), init=boundary)
        members["fill"] = Out(shape_of(design.pixel), init=design.fill)
    return members


class RegisterBank(wiring.Component):
    """Answers a bus from the registers of an accelerator, and hands a core its frame size and coefficients.

    The response is offered two clocks after the request, for a word of the description three, and later for a coefficient
    that has to wait for room; one request is under way at a time. Nothing that comes in reaches a ready or valid of the bus
    within the same clock. What a request asks for happens once and before its response.

    A request is refused, with `error` and no effect, if the design has no such register, if the register can't be read or
    written, if the value doesn't fit it, and, for COEFFICIENT, while a complete set waits for its frame.

    Parameters
    ----------
    design : FIRDesign or Conv2DDesign
        What the accelerator computes; fixes the description, which registers there are, and how wide they are.

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
        The core drops the set that was begun.
    silence : Out(1), continuous only
        The next frame starts from silence.
    pending, busy : In(1)
        The core's. `pending` must rise in the clock after the last coefficient of a set is taken, and fall with `ready`.
    errors : In(5)
        The core's strobes, in the order of `convolver.hw.core.ERRORS`.
    i_stb, o_stb : In(1)
        A beat was accepted, a beat was delivered.

    Raises
    ------
    DesignError
        If the description is too long; see `description`.
    """

    def __init__(self, design: FIRDesign | Conv2DDesign) -> None:
        self.design = design
        self._description = description(design)
        members = {
            "bus": In(BUS),
            "pending": In(1),
            "busy": In(1),
            "errors": In(ERROR_KINDS),
            "i_stb": In(1),
            "o_stb": In(1),
        }
        members |= frame_members(design)
        if design.loadable:
            payload = data.StructLayout({"data": shape_of(design.coefficient_format), "last": 1})
            members |= {"coefficients": Out(stream.Signature(payload)), "restart": Out(1)}
        if self.has("SILENCE"):
            members["silence"] = Out(1)
        super().__init__(members)

    def has(self, name: str) -> bool:
        """Whether this design has the register `name`."""
        kind = REGISTERS[name].kind
        return kind in (None, self.design.kind) or getattr(self.design, kind, False) is True

    def elaborate(self, platform: object) -> Module:
        m = Module()
        words = [int.from_bytes(self._description[at : at + 4], "little") for at in range(0, len(self._description), 4)]
        # Without the attribute Yosys makes logic of a memory of so few words, on iCE40 some 200 look-up tables.
        m.submodules.description = rom = BlockRAM(32, len(words), words, {"rom_style": "block"})

        request, response = self.bus.request, self.bus.response
        word = request.p.address[2:]
        in_description = request.p.address[13]
        given = request.p.data
        fits = Signal(init=1)  # the value written fits the register
        wait = Signal()  # the request can't be answered yet
        known = Signal()  # the request asks for something that there is
        from_rom = Signal()
        value = Signal(32)
        clear = Signal(ERROR_KINDS)
        clocks, beats_in, beats_out = Signal(32), Signal(32), Signal(32)
        sticky = Signal(ERROR_KINDS)

        m.d.comb += rom.read_address.eq(word)
        m.d.sync += [
            clocks.eq(clocks + 1),
            beats_in.eq(beats_in + self.i_stb),
            beats_out.eq(beats_out + self.o_stb),
            sticky.eq(sticky & ~clear | self.errors),  # an error in the clock of its clearing is kept
        ]

        names = ("ROWS", "COLUMNS", "LENGTH", "BOUNDARY", "FILL")
        stored = {name: getattr(self, name.lower()) for name in names if self.has(name)}
        readable = stored | {
            "ID": Const(ID, 32),
            "VERSION": Const(VERSION, 32),
            "DESCRIPTION_BYTES": Const(len(self._description), 32),
            "STATUS": Cat(sticky, Const(0, BUSY_BIT - ERROR_KINDS), self.busy, self.pending),
            "COEFFICIENTS": Const(len(Schedule(self.design).loaded) if self.design.loadable else 0, 32),
            "CLOCKS": clocks,
            "BEATS_IN": beats_in,
            "BEATS_OUT": beats_out,
        }
        written = {name: Signal(name=f"write_{name.lower()}") for name in REGISTERS if "w" in REGISTERS[name].access}

        with m.If(in_description):
            m.d.comb += known.eq(~request.p.write & (word[:11] < len(words)))
        with m.Elif(request.p.write), m.Switch(word[:11]):
            for name, select in written.items():
                if self.has(name):
                    with m.Case(REGISTERS[name].address >> 2):
                        m.d.comb += [known.eq(fits), select.eq(1)]
        with m.Else(), m.Switch(word[:11]):
            for name, content in readable.items():
                with m.Case(REGISTERS[name].address >> 2):
                    m.d.comb += [known.eq(1), value.eq(content)]

        # Offered: the request is looked at, and has its effect. Taken: the memory has read. Read: its output register has the
        # word. Answered: the response is out.
        act = Signal()
        with m.FSM():
            with m.State("OFFERED"), m.If(request.valid & ~wait):
                m.d.comb += act.eq(1)
                m.d.sync += [response.p.data.eq(value), response.p.error.eq(~known), from_rom.eq(in_description & known)]
                m.next = "TAKEN"
            with m.State("TAKEN"):
                m.d.comb += request.ready.eq(1)
                m.next = "ANSWERED"
                with m.If(from_rom):
                    m.next = "READ"
            with m.State("READ"):
                m.d.sync += response.p.data.eq(rom.read_data)
                m.next = "ANSWERED"
            with m.State("ANSWERED"):
                m.d.comb += response.valid.eq(1)
                with m.If(response.ready):
                    m.next = "OFFERED"

        with m.If(act & written["STATUS"]):
            m.d.comb += clear.eq(given)
        for name, target in stored.items():
            with m.If(written[name]):
                m.d.comb += fits.eq(_fits(given, target.shape()))
                with m.If(act & fits):
                    m.d.sync += target.eq(given)
        if self.has("SILENCE"):
            m.d.comb += self.silence.eq(act & written["SILENCE"])
        if self.design.loadable:
            self._load(m, written, fits, wait, act)
        return m

    def _load(self, m: Module, written: dict[str, Signal], fits: Signal, wait: Signal, act: Signal) -> None:
        """Turns writes of COEFFICIENT into sets for the core, through a register of one coefficient."""
        given = self.bus.request.p.data
        form, count = self.design.coefficient_format, len(Schedule(self.design).loaded)
        begun = Signal(range(count))  # coefficients of the set that is being written
        last = Signal()

        m.d.comb += [
            wait.eq((written["COEFFICIENT"] | written["RESTART"]) & self.coefficients.valid),
            self.restart.eq(act & written["RESTART"]),
            last.eq(begun == count - 1),
        ]
        with m.If(self.coefficients.ready):
            m.d.sync += self.coefficients.valid.eq(0)
        with m.If(written["COEFFICIENT"]):
            m.d.comb += fits.eq(_fits(given, shape_of(form)) & ~self.pending)
            with m.If(act & fits):
                m.d.sync += [
                    self.coefficients.p.data.eq(given),
                    self.coefficients.p.last.eq(last),
                    self.coefficients.valid.eq(1),
                    begun.eq(Mux(last, 0, begun + 1)),
                ]
        with m.If(self.restart):
            m.d.sync += begun.eq(0)


def _fits(given: Value, shape: Shape) -> Value:
    """Whether a register of this shape can hold what is written, two's complement where it is signed."""
    above = given[shape.width - shape.signed :]
    return (above == 0) | above.all() if shape.signed else above == 0
