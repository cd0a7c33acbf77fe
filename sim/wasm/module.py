"""A core as a WebAssembly module, with a table of the addresses in its memory."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from convolver.designs import Design
from convolver.hw.export.elaboration import rtlil_of

from ..libraries.ports import Ports
from ..libraries.trusted import private_folder
from ..rtl.circuit import Circuit, Write
from ..rtl.expressions import Node
from ..rtl.names import unmangled
from ..rtl.reading import parse
from ..rtl.translate import cxxrtl
from .binary import assembled, i32, i64, op
from .code import Expression, limbs_of, ones
from .widening import LIMB, WORD, simplified

__all__ = ["Entry", "Module", "module_of_circuit", "module_of_design", "modules_of_components", "modules_of_designs"]

ROLES = ("input", "output", "register", "memory")


@dataclass(frozen=True)
class Entry:
    """A number in the module's memory: little-endian, in whole words of 64 bits, with zeros above its width.

    `role` is one of `ROLES`; a memory has `depth` words in sequence.
    """

    name: str
    role: str
    address: int
    width: int
    signed: bool = False
    depth: int = 0

    @property
    def stride(self) -> int:
        """Bytes of a word."""
        return 8 * -(-self.width // WORD)


@dataclass(frozen=True)
class Module:
    """A core at power-on.

    The module imports nothing. It exports `memory` and two functions. `settle` computes all outputs from registers and
    inputs. `clock` is one rising edge; outputs change only with the next `settle`. `ports` is None for a circuit that
    isn't a core.
    """

    binary: bytes
    entries: tuple[Entry, ...]
    ports: Ports | None = None

    def find(self, name: str) -> Entry:
        """The entry with a name of the hardware's description; dots separate the parts of a hierarchy."""
        return next(entry for entry in self.entries if entry.name == name)


def module_of_design(design: Design) -> Module:
    """The core of a design, planned for any device, in its full shell.

    Raises
    ------
    ToolError
        If Amaranth or its Yosys isn't installed.
    """
    return modules_of_designs([design])[0]


def modules_of_designs(designs: Sequence[Design]) -> list[Module]:
    """The cores of several designs; Yosys runs for them in parallel."""
    from convolver.hw.cores.core import create

    return modules_of_components(create(design) for design in designs)


def modules_of_components(components: Iterable[Any]) -> list[Module]:
    """Components with streams `i` and `o`; all their registers are kept."""
    described: list[tuple[Ports, str]] = []
    with private_folder() as folder, ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        texts = []
        for number, component in enumerate(components):
            described.append((Ports.of(component), rtlil_of(component)))
            texts.append(pool.submit(cxxrtl, described[-1][1], folder, f"core_{number}"))
        return [
            module_of_circuit(parse(text.result()), signed_names(rtlil), ports)
            for (ports, rtlil), text in zip(described, texts, strict=True)
        ]


def signed_names(rtlil: str) -> frozenset[str]:
    """Full names of the signed signals in RTLIL."""
    found, part = set(), ""
    for line in rtlil.splitlines():
        if match := re.fullmatch(r"module \\top\.?(.*)", line):
            part = f"{match[1]}." if match[1] else ""
        elif match := re.fullmatch(r"  wire .*\bsigned \\(\S+)", line):
            found.add(part + match[1])
    return frozenset(found)


def module_of_circuit(circuit: Circuit, signed: frozenset[str] = frozenset(), ports: Ports | None = None) -> Module:
    """A circuit as a module. Its registers have their power-on values; there is no reset."""
    entries, places = _layout(circuit, signed)
    last = max(entries, key=lambda entry: entry.address, default=None)
    size = 0 if last is None else last.address + last.stride * max(last.depth, 1)
    functions = {"settle": _settle(circuit, places), "clock": _clock(circuit, places)}
    return Module(assembled(functions, size, _initial(circuit, places)), entries, ports)


def _layout(circuit: Circuit, signed: frozenset[str]) -> tuple[tuple[Entry, ...], dict[tuple[str, str], Entry]]:
    """The addresses of all members; an output may have the same name as a register."""
    members = [("input", name, width, 0) for name, width in circuit.inputs.items()]
    members += [("output", name, node.width, 0) for name, node in circuit.outputs[0].items()]
    members += [("register", name, register.width, 0) for name, register in circuit.registers.items()]
    members += [("memory", name, memory.width, memory.depth) for name, memory in circuit.memories.items()]
    places: dict[tuple[str, str], Entry] = {}
    address = 0
    for role, name, width, depth in members:
        plain = unmangled(name)
        entry = Entry(plain, role, address, width, plain in signed, depth)
        places[role, name] = entry
        address += entry.stride * max(depth, 1)
    return tuple(places.values()), places


def _initial(circuit: Circuit, places: Mapping[tuple[str, str], Entry]) -> dict[int, int]:
    words: dict[int, int] = {}

    def put(entry: Entry, index: int, value: int) -> None:
        for place in range(entry.stride // 8):
            words[entry.address + entry.stride * index + 8 * place] = value >> WORD * place & ones(WORD)

    for name, register in circuit.registers.items():
        put(places["register", name], 0, register.initial)
    for name, memory in circuit.memories.items():
        for index, word in enumerate(memory.initial):
            put(places["memory", name], index, word)
    return words


def _expression(circuit: Circuit, places: Mapping[tuple[str, str], Entry], roots: list[Node], held: list[Node]) -> Expression:
    addresses = {name: entry.address for (role, name), entry in places.items() if role != "output"}
    depths = {name: memory.depth for name, memory in circuit.memories.items()}
    return Expression(roots, held, addresses.__getitem__, depths)


def _stores(found: Expression, entry: Entry, node: Node) -> list[tuple[bytes, bytes]]:
    """For each part of a number: the code that pushes address and value, and the store."""
    if node.width <= WORD:
        return [(i32(0) + found.value(node), op("i64.store", entry.address))]
    return [
        (i32(0) + found.limb(node, place), op("i64.store32", entry.address + 4 * place))
        for place in range(limbs_of(node.width))
    ]


def _settle(circuit: Circuit, places: Mapping[tuple[str, str], Entry]) -> tuple[int, bytes]:
    names = list(circuit.outputs[0])
    roots = simplified(circuit.made, list(circuit.outputs[0].values()))
    found = _expression(circuit, places, roots, [])
    code = [found.prologue]
    for name, node in zip(names, roots, strict=True):
        code += [first + then for first, then in _stores(found, places["output", name], node)]
    return found.locals, b"".join(code)


def _clock(circuit: Circuit, places: Mapping[tuple[str, str], Entry]) -> tuple[int, bytes]:
    """All next values, then all writes. The registers' next values stay on the stack meanwhile."""
    names = list(circuit.registers)
    count = len(names)
    writes = circuit.writes[0]
    roots = [circuit.registers[name].following for name in names]
    roots += [part for write in writes for part in (write.address, write.word, write.mask)]
    roots = simplified(circuit.made, roots)
    held = [node for node in roots[count:] if node.op != "const"]
    found = _expression(circuit, places, roots, held)
    pairs: list[tuple[bytes, bytes]] = []
    for name, node in zip(names, roots[:count], strict=True):
        if node is not circuit.made.read(name, node.width):
            pairs += _stores(found, places["register", name], node)
    code = [found.prologue, *(first for first, _ in pairs)]
    for place, write in enumerate(writes):
        address, word, mask = roots[count + 3 * place : count + 3 * place + 3]
        code.append(_write(found, places["memory", write.memory], Write(write.memory, address, word, mask)))
    return found.locals, b"".join([*code, *(then for _, then in reversed(pairs))])


def _write(found: Expression, entry: Entry, write: Write) -> bytes:
    """Writes a word's bits under the mask, if the address is inside the memory."""
    index = found.bits(write.address, 0, min(LIMB, write.address.width)) + op("i32.wrap") + i32(entry.stride) + op("i32.mul")
    code = found.below(write.address, entry.depth) + op("if")
    for place in range(limbs_of(entry.width)):
        wide = entry.width > WORD
        at = entry.address + 4 * place
        load, store = op("i64.load32" if wide else "i64.load", at), op("i64.store32" if wide else "i64.store", at)
        word, mask = (found.limb(node, place) if wide else found.value(node) for node in (write.word, write.mask))
        kept = index + load + mask + i64(-1) + op("i64.xor") + op("i64.and")
        code += index + kept + word + mask + op("i64.and") + op("i64.or") + store
    return code + op("end")
