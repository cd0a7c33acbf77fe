"""Expressions as WebAssembly code.

A number of up to 64 bits is one i64, with zeros above its width. A wider number has several i64, 32 bits in each, so
that a carry has room. It has its own locals, and so has each of its operands.
"""

from collections.abc import Callable, Iterable, Mapping

from ..rtl.expressions import Node, mathematical, reachable
from ..rtl.schedule import chosen
from .binary import i32, i64, local_get, local_set, op
from .widening import LIMB, WORD

__all__ = ["Expression", "limbs_of", "ones"]

_BITWISE = {"and": "i64.and", "or": "i64.or", "xor": "i64.xor"}
_ARITHMETIC = {"add": "i64.add", "sub": "i64.sub", "mul": "i64.mul"}


def ones(width: int) -> int:
    return (1 << width) - 1


def limbs_of(width: int) -> int:
    """The number of locals of a number."""
    return 1 if width <= WORD else -(-width // LIMB)


class Expression:
    """Code for the logic of `roots`: `prologue` computes all nodes with locals; after it, `value` and `limb` return
    numbers.

    Parameters
    ----------
    roots : iterable of Node
    held : iterable of Node
        Roots that always get locals.
    address : callable
        Address of the first word of a register, an input or a memory.
    depth : mapping of str to int
        Words of each memory.
    """

    def __init__(
        self, roots: Iterable[Node], held: Iterable[Node], address: Callable[[str], int], depth: Mapping[str, int]
    ) -> None:
        roots = list(roots)
        self._address, self._depth = address, depth
        nodes = reachable(roots)
        named = chosen(roots) | set(held)
        for node in nodes:
            if node.width > WORD or any(arg.width > WORD for arg in node.args):
                named |= {node, *node.args}
            if node.op == "word":
                named |= {node, *node.args}
        self._places: dict[Node, int] = {}
        self.locals = 1  # the first is scratch
        code = []
        for node in nodes:
            if node in named and node.op != "const":
                code.append(self._define(node))
                self._places[node] = self.locals
                self.locals += limbs_of(node.width)
        self.prologue = b"".join(code)

    def value(self, node: Node) -> bytes:
        """A number of up to 64 bits."""
        if node in self._places:
            return local_get(self._places[node])
        return self._value(node)

    def limb(self, node: Node, place: int) -> bytes:
        """32 bits of a wider number."""
        if node in self._places:
            return local_get(self._places[node] + place)
        low = LIMB * place
        width = min(LIMB, node.width - low)
        args = node.args
        if node.op == "const":
            return i64(node.value >> low & ones(LIMB))
        if node.op == "read":
            return i32(0) + op("i64.load32", self._address(node.name) + 4 * place)
        if node.op == "slice":
            return self.bits(args[0], node.low + low, width)
        if node.op in ("zext", "sext"):
            inner = max(min(width, args[0].width - low), 0)
            code = self.bits(args[0], low, inner) if inner else i64(0)
            if node.op == "zext" or inner == width:
                return code
            sign = i64(0) + self.bits(args[0], args[0].width - 1, 1) + op("i64.sub")
            return code + sign + i64(ones(width) & ~ones(inner)) + op("i64.and") + op("i64.or")
        assert node.op == "concat", node.op
        pieces, top = [], node.width
        for part in args:
            top -= part.width  # position of its lowest bit
            first, last = max(low, top), min(low + width, top + part.width)
            if first < last:
                shift = i64(first - low) + op("i64.shl") if first > low else b""
                pieces.append(self.bits(part, first - top, last - first) + shift)
        return pieces[0] + b"".join(part + op("i64.or") for part in pieces[1:])

    def bits(self, node: Node, low: int, width: int) -> bytes:
        """Up to 32 bits of any number, from bit `low` on."""
        mask = i64(ones(width)) + op("i64.and")
        if node.width <= WORD:
            code = self.value(node) + (i64(low) + op("i64.shr_u") if low else b"")
            return code if node.unsigned[1] >> low <= ones(width) else code + mask
        place, shift = divmod(low, LIMB)
        code = self.limb(node, place) + (i64(shift) + op("i64.shr_u") if shift else b"")
        if shift + width > LIMB:
            code += self.limb(node, place + 1) + i64(LIMB - shift) + op("i64.shl") + op("i64.or")
        return code if shift + width == LIMB or low + width == node.width else code + mask

    def flag(self, node: Node) -> bytes:
        """One bit as an i32, the operand type of choices and branches."""
        if node not in self._places and (code := self._comparison(node)):
            return code
        return self.value(node) + op("i32.wrap")

    def _define(self, node: Node) -> bytes:
        """Computes a number into the next free locals."""
        first, count = self.locals, limbs_of(node.width)
        if node.op == "word":
            return self._word(node)
        if count == 1:
            return self._value(node) + local_set(first)
        if node.op in ("add", "sub", "neg"):
            return self._carried(node)
        code = []
        for place in range(count):
            args = node.args
            if node.op == "mux":
                text = self.limb(args[1], place) + self.limb(args[2], place) + self.flag(args[0]) + op("select")
            elif node.op in _BITWISE:
                text = self.limb(args[0], place) + self.limb(args[1], place) + op(_BITWISE[node.op])
            elif node.op == "not":
                text = self.limb(args[0], place) + i64(ones(min(LIMB, node.width - LIMB * place))) + op("i64.xor")
            else:
                text = self.limb(node, place)
            code.append(text + local_set(first + place))
        return b"".join(code)

    def _word(self, node: Node) -> bytes:
        """A memory's word; 0 beyond its depth."""
        (address,) = node.args
        count = limbs_of(node.width)
        depth, stride = self._depth[node.name], 8 * -(-node.width // WORD)
        always = address.width <= WORD and address.unsigned[1] < depth
        index = self.bits(address, 0, min(LIMB, address.width)) + op("i32.wrap")
        inside = b"" if always else self.below(address, depth)
        if not always:
            index += i32(0) + inside + op("select")
        code = b""
        for place in range(count):
            load = op("i64.load" if count == 1 else "i64.load32", self._address(node.name) + 4 * place)
            code += index + i32(stride) + op("i32.mul") + load
            code += (b"" if always else i64(0) + inside + op("select")) + local_set(self.locals + place)
        return code

    def below(self, address: Node, depth: int) -> bytes:
        """Whether an address is inside a memory, as an i32."""
        if address.width <= WORD:
            return self.value(address) + i64(depth) + op("i64.lt_u")
        high = self.limb(address, 1)
        for place in range(2, limbs_of(address.width)):
            high += self.limb(address, place) + op("i64.or")
        return high + i64(LIMB) + op("i64.shl") + self.limb(address, 0) + op("i64.or") + i64(depth) + op("i64.lt_u")

    def _carried(self, node: Node) -> bytes:
        """A sum or a difference. The part above a limb's bits, with its sign, is carried into the next limb."""
        args, code = node.args, []
        for place in range(limbs_of(node.width)):
            if node.op == "neg":
                text = i64(0) + self.limb(args[0], place) + op("i64.sub")
            else:
                text = self.limb(args[0], place) + self.limb(args[1], place) + op(_ARITHMETIC[node.op])
            if place:
                text += local_get(0) + i64(LIMB) + op("i64.shr_s") + op("i64.add")
            width = min(LIMB, node.width - LIMB * place)
            code.append(text + local_set(0) + local_get(0) + i64(ones(width)) + op("i64.and") + local_set(self.locals + place))
        return b"".join(code)

    def _value(self, node: Node) -> bytes:
        args, width = node.args, node.width
        if node.op == "const":
            return i64(node.value)
        if node.op == "read":
            return i32(0) + op("i64.load", self._address(node.name))
        if node.op == "zext":
            return self.value(args[0])
        if code := self._comparison(node):
            return code + op("i64.extend")
        if node.op == "parity":
            if args[0].width <= WORD:
                return self.value(args[0]) + op("i64.popcnt") + i64(1) + op("i64.and")
            code = self.limb(args[0], 0)
            for place in range(1, limbs_of(args[0].width)):
                code += self.limb(args[0], place) + op("i64.xor")
            return code + op("i64.popcnt") + i64(1) + op("i64.and")
        if node.op == "slice":
            inner = args[0]
            if inner.width > WORD:
                code = self.bits(inner, node.low, min(width, LIMB))
                if width > LIMB:
                    code += self.bits(inner, node.low + LIMB, width - LIMB) + i64(LIMB) + op("i64.shl") + op("i64.or")
                return code
            code = self.value(inner) + (i64(node.low) + op("i64.shr_u") if node.low else b"")
            return code if inner.unsigned[1] >> node.low <= ones(width) else self._masked(code, width)
        if node.op == "concat":
            low, pieces = width, []
            for part in args:
                low -= part.width
                pieces.append(self.value(part) + (i64(low) + op("i64.shl") if low else b""))
            return pieces[0] + b"".join(part + op("i64.or") for part in pieces[1:])
        if node.op == "mux":
            return self.value(args[1]) + self.value(args[2]) + self.flag(args[0]) + op("select")
        if node.op in _BITWISE:
            return self.value(args[0]) + self.value(args[1]) + op(_BITWISE[node.op])
        if node.op == "not":
            return self.value(args[0]) + i64(ones(width)) + op("i64.xor")
        if node.op == "shr":
            return self._within(self.value(args[0]) + self.value(args[1]) + op("i64.shr_u"), args[1])
        exact = mathematical(node.op, [arg.unsigned for arg in args])
        if exact is not None and exact[0] >= 0 and exact[1] <= ones(width):  # bits above the width stay 0
            first = i64(0) if node.op == "neg" else self.value(args[0])
            return first + self.value(args[-1]) + op(_ARITHMETIC.get(node.op, "i64.sub"))
        return self._masked(self._loose(node), width)

    def _loose(self, node: Node) -> bytes:
        """A number whose bits above its width are undefined."""
        if node in self._places:
            return local_get(self._places[node])
        args = node.args
        if node.op in _ARITHMETIC:
            return self._loose(args[0]) + self._loose(args[1]) + op(_ARITHMETIC[node.op])
        if node.op == "neg":
            return i64(0) + self._loose(args[0]) + op("i64.sub")
        if node.op == "sext":
            return self.signed(args[0])
        if node.op == "shr_signed":
            limit = args[1].unsigned[1] >= WORD
            amount = self.value(args[1])
            if limit:
                amount += i64(WORD - 1) + self.value(args[1]) + i64(WORD) + op("i64.lt_u") + op("select")
            return self.signed(args[0]) + amount + op("i64.shr_s")
        if node.op == "shl":
            return self._within(self._loose(args[0]) + self.value(args[1]) + op("i64.shl"), args[1])
        if node.op == "mux":
            return self._loose(args[1]) + self._loose(args[2]) + self.flag(args[0]) + op("select")
        return self._value(node)

    def signed(self, node: Node) -> bytes:
        """A number of up to 64 bits, sign-extended above its width."""
        if node.op == "const":
            return i64(node.value - (1 << node.width) if node.value >> node.width - 1 else node.value)
        if node.unsigned == node.signed or node.width == WORD:
            return self.value(node)
        if node not in self._places and node.op == "sext":
            return self.signed(node.args[0])
        shift = i64(WORD - node.width)
        return self._loose(node) + shift + op("i64.shl") + shift + op("i64.shr_s")

    def _comparison(self, node: Node) -> bytes:
        """A comparison as an i32; empty for other nodes."""
        args = node.args
        if node.op == "not" and node.width == 1:
            inner = args[0]
            code = b"" if inner in self._places else self._comparison(inner)
            return (code + op("i32.eqz")) if code else self.value(inner) + op("i64.eqz")
        if node.op not in ("any", "equal", "below", "below_signed"):
            return b""
        if args[0].width <= WORD:
            if node.op == "any":
                return self.value(args[0]) + i64(0) + op("i64.ne")
            if node.op == "below_signed":
                return self.signed(args[0]) + self.signed(args[1]) + op("i64.lt_s")
            return self.value(args[0]) + self.value(args[1]) + op("i64.eq" if node.op == "equal" else "i64.lt_u")
        code = b""
        count = limbs_of(args[0].width)
        flip = i64(1 << (args[0].width - 1) % LIMB) + op("i64.xor") if node.op == "below_signed" else b""
        for place in range(count):
            limbs = [self.limb(arg, place) for arg in args]
            if node.op in ("below", "below_signed"):
                last = flip if place == count - 1 else b""
                before = code + i64(LIMB) + op("i64.shr_s") if place else b""
                code = before + limbs[0] + last + limbs[1] + last + op("i64.sub") + (op("i64.add") if place else b"")
            else:
                one = limbs[0] if node.op == "any" else limbs[0] + limbs[1] + op("i64.xor")
                code += one + (op("i64.or") if place else b"")
        if node.op in ("below", "below_signed"):
            return code + i64(0) + op("i64.lt_s")
        return code + (op("i64.eqz") if node.op == "equal" else i64(0) + op("i64.ne"))

    def _within(self, code: bytes, amount: Node) -> bytes:
        """The shifted number; 0 if the amount is a word or more."""
        if amount.unsigned[1] < WORD:
            return code
        return code + i64(0) + self.value(amount) + i64(WORD) + op("i64.lt_u") + op("select")

    @staticmethod
    def _masked(code: bytes, width: int) -> bytes:
        return code if width == WORD else code + i64(ones(width)) + op("i64.and")
