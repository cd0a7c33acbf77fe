"""The binary format of WebAssembly: numbers, instructions, and a module of functions with one memory.

Code is bytes. Each function here returns instructions that push one value, or that consume values on the stack.
"""

from collections.abc import Mapping, Sequence

__all__ = ["Function", "assembled", "i32", "i64", "local_get", "local_set", "op", "signed_leb", "unsigned_leb"]

MAGIC = b"\0asm\1\0\0\0"
I64 = 0x7E
EMPTY_BLOCK = 0x40
PAGE = 1 << 16

_CODES = {
    "if": 0x04,
    "end": 0x0B,
    "select": 0x1B,
    "i32.eqz": 0x45,
    "i32.and": 0x71,
    "i32.mul": 0x6C,
    "i64.eqz": 0x50,
    "i64.eq": 0x51,
    "i64.ne": 0x52,
    "i64.lt_s": 0x53,
    "i64.lt_u": 0x54,
    "i64.popcnt": 0x7B,
    "i64.add": 0x7C,
    "i64.sub": 0x7D,
    "i64.mul": 0x7E,
    "i64.and": 0x83,
    "i64.or": 0x84,
    "i64.xor": 0x85,
    "i64.shl": 0x86,
    "i64.shr_s": 0x87,
    "i64.shr_u": 0x88,
    "i32.wrap": 0xA7,
    "i64.extend": 0xAD,
}
_MEMORY = {"i64.load": (0x29, 3), "i64.load32": (0x35, 2), "i64.store": (0x37, 3), "i64.store32": (0x3E, 2)}

Function = tuple[int, bytes]
"""A function without parameters and results: the number of its locals, all i64, and its code."""


def unsigned_leb(value: int) -> bytes:
    """An unsigned number, seven bits a byte, lowest first."""
    found = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        if not value:
            return bytes([*found, low])
        found.append(low | 0x80)


def signed_leb(value: int) -> bytes:
    """A signed number, seven bits a byte, in two's complement: bit 6 of the last byte is the sign."""
    found = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        if value == -(low >> 6):
            return bytes([*found, low])
        found.append(low | 0x80)


def i64(value: int) -> bytes:
    """A constant of 64 bits, signed or unsigned."""
    value &= (1 << 64) - 1
    return b"\x42" + signed_leb(value - (1 << 64) if value >> 63 else value)


def i32(value: int) -> bytes:
    return b"\x41" + signed_leb(value)


def local_get(index: int) -> bytes:
    return b"\x20" + unsigned_leb(index)


def local_set(index: int) -> bytes:
    return b"\x21" + unsigned_leb(index)


def op(name: str, offset: int = 0) -> bytes:
    """An instruction. For a load or store, `offset` is added to the address on the stack."""
    if name in _MEMORY:
        code, alignment = _MEMORY[name]
        return bytes([code]) + unsigned_leb(alignment) + unsigned_leb(offset)
    if name == "if":
        return bytes([_CODES[name], EMPTY_BLOCK])
    return bytes([_CODES[name]])


def assembled(functions: Mapping[str, Function], size: int, words: Mapping[int, int]) -> bytes:
    """A module that exports the functions by name, and a `memory` of at least `size` bytes.

    Parameters
    ----------
    functions : mapping of name to function
    size : int
        Bytes of the memory, rounded up to a page.
    words : mapping of address to int
        Initial content of the memory: words of 64 bits; 0 elsewhere.
    """
    names = list(functions)
    bodies = []
    for count, code in functions.values():
        body = (unsigned_leb(1) + unsigned_leb(count) + bytes([I64]) if count else unsigned_leb(0)) + code + b"\x0b"
        bodies.append(unsigned_leb(len(body)) + body)
    exports = [_name(name) + b"\0" + unsigned_leb(place) for place, name in enumerate(names)]
    exports.append(_name("memory") + b"\2\0")
    sections = [
        (1, [b"\x60\0\0"]),
        (3, [b"\0"] * len(names)),
        (5, [b"\0" + unsigned_leb(max(-(-size // PAGE), 1))]),
        (7, exports),
        (10, bodies),
        (11, [b"\0" + i32(at) + b"\x0b" + unsigned_leb(len(data)) + data for at, data in _runs(words)]),
    ]
    return MAGIC + b"".join(_section(number, items) for number, items in sections)


def _runs(words: Mapping[int, int]) -> list[tuple[int, bytes]]:
    """Adjacent words, joined; zero words are left out."""
    runs: list[tuple[int, bytearray]] = []
    for at, word in sorted(words.items()):
        if word:
            data = word.to_bytes(8, "little")
            if runs and runs[-1][0] + len(runs[-1][1]) == at:
                runs[-1][1].extend(data)
            else:
                runs.append((at, bytearray(data)))
    return [(at, bytes(data)) for at, data in runs]


def _section(number: int, items: Sequence[bytes]) -> bytes:
    content = unsigned_leb(len(items)) + b"".join(items)
    return bytes([number]) + unsigned_leb(len(content)) + content


def _name(text: str) -> bytes:
    data = text.encode()
    return unsigned_leb(len(data)) + data
