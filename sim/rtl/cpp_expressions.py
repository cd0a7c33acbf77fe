"""Expressions as C++ text.

A number of up to 64 bits is a machine word, a wider one a `value<>`. A word has three forms: `u`, with zeros above its
width; `s`, sign-extended; `d`, with undefined bits above its width. Each operation requests its operands in the form
that it needs, so that few masks are written.
"""

from convolver.errors import ToolError

from .circuit import Circuit, Memory
from .expressions import Node, mathematical

__all__ = ["WORD", "CppExpressions", "always", "cheap", "constant", "stored"]

WORD = 64


def stored(width: int) -> str:
    for bits in (8, 16, 32, 64):
        if width <= bits:
            return f"std::uint{bits}_t"
    return f"value<{width}>"


def constant(value: int, width: int) -> str:
    if width <= WORD:
        return f"{value}u" if value >> 32 == 0 else f"{value}ull"
    pieces = ", ".join(f"{value >> low & 0xFFFFFFFF:#x}u" for low in range(0, width, 32))
    return f"value<{width}>{{{pieces}}}"


class CppExpressions:
    """Writes a circuit's expressions. Nodes in `names` have variables. Registers in `flags` have places in an array of
    bytes, which are compared eight at a time."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.names: dict[Node, str] = {}
        self.awaited: set[Node] = set()
        self.overwritten: set[str] = set()
        self.flags: dict[str, int] = {}

    def at(self, register: str) -> str:
        """The C++ name of a register."""
        if register in self.overwritten:
            raise ToolError(f"The twin can't order a design's statements: {register} is used after it is overwritten")
        return f"flags[{self.flags[register]}]" if register in self.flags else f"r_{register}"

    def name(self, node: Node) -> str:
        """A node's variable; empty if it has none.

        Raises
        ------
        ToolError
            If the variable is `awaited`: its value is written further down.
        """
        if node in self.awaited:
            raise ToolError(f"The twin can't order a design's statements: {self.names[node]} is used before it is computed")
        return self.names.get(node, "")

    def local(self, node: Node, name: str) -> str:
        """Declares a variable of that name for a node; later expressions use it."""
        text = self._declared(node, name)
        self.names[node] = name
        return text

    def _declared(self, node: Node, name: str) -> str:
        if node.op == "word":
            memory = self.circuit.memories[node.name]
            kind = f"const value<{node.width}>" if node.width > WORD else "const u64"
            zero = f"value<{node.width}>()" if node.width > WORD else "u64(0)"
            word = f"{node.name}[t]" if node.width > WORD else f"u64({node.name}[t])"
            index = self.index(memory, node.args[0])
            if always(memory, node.args[0]):
                return f"\t{kind} {name} = {node.name}[{index}];"
            return f"\t{kind} {name} = [&] {{ const size_t t = {index}; return t < {memory.depth} ? {word} : {zero}; }}();"
        if node.width > WORD:
            return f"\tconst value<{node.width}> {name} = {self._wide(node)};"
        return f"\tconst {self.kind(node)} {name} = {self._s(node) if self._signed_local(node) else self._u(node)};"

    def kind(self, node: Node) -> str:
        """The type of a narrow node's variable."""
        return "i64" if self._signed_local(node) else "u64"

    def form(self, node: Node, value: Node) -> str:
        """`value` in the form of `node`'s variable."""
        return self.s(value) if self._signed_local(node) else self.u(value)

    @staticmethod
    def _signed_local(node: Node) -> bool:
        """Whether a local is kept sign-extended, because it needs no mask in that form."""
        return _exact(node, True) and not _exact(node, False)

    def index(self, memory: Memory, address: Node) -> str:
        """The index of a memory's word; `depth` or more if there is no such word."""
        if address.width <= WORD:
            return self.u(address)
        whole = self.wide(address)
        return f"({whole}.zcast<64>().zcast<{address.width}>().equals({whole}) ? {whole}.low() : {memory.depth}u)"

    # The three forms of a narrow node.

    def u(self, node: Node) -> str:
        if name := self.name(node):
            return f"(u64({name}) & {_ones(node.width)})" if self._signed_local(node) else name
        return self._u(node)

    def s(self, node: Node) -> str:
        if name := self.name(node):
            if self._signed_local(node):
                return name
            return f"i64({self.u(node)})" if node.unsigned == node.signed else _extended(self.u(node), node.width)
        return self._s(node)

    def d(self, node: Node) -> str:
        if name := self.name(node):
            return f"u64({name})"
        return self._d(node)

    def _u(self, node: Node) -> str:
        op, args, width = node.op, node.args, node.width
        if op == "const":
            return f"u64({constant(node.value, width)})"
        if op == "read":
            return f"{node.name}.low()" if node.name in self.circuit.inputs else f"u64({self.at(node.name)})"
        if op in ("not", "any", "equal", "below", "below_signed", "parity") and width == 1:
            return self._bit(node)
        if op == "zext":
            return self.u(args[0])
        if op == "mux":
            return f"({self.u(args[0])} ? {self.u(args[1])} : {self.u(args[2])})"
        if op in ("and", "or", "xor"):
            return f"({self.u(args[0])} {_SIGNS[op]} {self.u(args[1])})"
        if op == "shr":
            if args[1].op == "const":
                return f"({self.u(args[0])} >> {args[1].value})" if args[1].value < WORD else "u64(0)"
            return _shifted(self.u(args[0]), ">>", args[1], self.amount(args[1]))
        if op == "concat":
            return self._concat(node, self.u)
        if op == "slice":
            inner = args[0]
            if inner.width > WORD:
                return f"{self.wide(inner)}.template cut<{node.low + width - 1}, {node.low}>().low()"
            if node.low + width == inner.width or inner.unsigned[1] >> node.low + width == 0:
                return f"({self.u(inner)} >> {node.low})" if node.low else self.u(inner)
        elif op in ("add", "sub", "mul", "neg"):
            if (form := _form(node, False)) == "u":
                return self._arithmetic(node, self.u)
            if form == "s":
                return f"u64({self._arithmetic(node, self.s)})"
        elif op == "sext" and args[0].signed[0] >= 0:
            return f"u64({self.s(args[0])})"
        return f"({self._d(node)} & {_ones(width)})" if width < WORD else self._d(node)

    def _s(self, node: Node) -> str:
        if node.op == "const":
            value = node.value - (1 << node.width) if node.value >> node.width - 1 else node.value
            return f"i64({value}ll)" if value > -(1 << 63) else "i64(u64(1) << 63)"
        if node.op == "sext":
            return self.s(node.args[0])
        if node.op == "mux":
            return f"({self.u(node.args[0])} ? {self.s(node.args[1])} : {self.s(node.args[2])})"
        if node.op in ("add", "sub", "mul", "neg") and (form := _form(node, True)):
            return self._arithmetic(node, self.s) if form == "s" else f"i64({self._arithmetic(node, self.u)})"
        if node.op == "shr_signed":
            count = "63" if node.args[1].op == "const" and node.args[1].value > 63 else self.amount(node.args[1])
            limited = count if node.args[1].unsigned[1] < WORD else f"({count} > 63 ? 63 : {count})"
            return f"({self.s(node.args[0])} >> {limited})"
        if node.unsigned == node.signed:
            return f"i64({self._u(node)})"
        if node.width in (8, 16, 32, 64):
            return f"i64(std::int{node.width}_t({self._d(node)}))"
        return _extended(self._d(node), node.width)

    def _d(self, node: Node) -> str:
        op, args = node.op, node.args
        if op in ("add", "sub", "mul", "neg"):
            return self._arithmetic(node, self.d)
        if op in ("and", "or", "xor"):
            return f"({self.d(args[0])} {_SIGNS[op]} {self.d(args[1])})"
        if op == "not" and node.width > 1:
            return f"(~{self.d(args[0])})"
        if op == "mux":
            return f"({self.u(args[0])} ? {self.d(args[1])} : {self.d(args[2])})"
        if op in ("sext", "shr_signed"):
            return f"u64({self.s(args[0]) if op == 'sext' else self._s(node)})"
        if op == "concat":
            return self._concat(node, self.d)
        if op == "slice" and args[0].width <= WORD:
            return f"({self.u(args[0])} >> {node.low})" if node.low else self.d(args[0])
        if op == "shl":
            return _shifted(self.d(args[0]), "<<", args[1], self.amount(args[1]))
        return self._u(node)

    def amount(self, node: Node) -> str:
        """The amount of a shift; amounts wider than a word are limited to 64."""
        if node.width <= WORD:
            return self.u(node)
        return f"{self.wide(node)}.at_most_64()"

    def _bit(self, node: Node) -> str:
        op, args = node.op, node.args
        wide = any(arg.width > WORD for arg in args)
        if op == "not":
            inner = args[0]
            if inner not in self.names and inner.op == "any":
                return (
                    f"u64({self.wide(inner.args[0])}.is_zero())"
                    if inner.args[0].width > WORD
                    else f"u64({self.u(inner.args[0])} == 0)"
                )
            if inner not in self.names and inner.op == "equal" and all(arg.width <= WORD for arg in inner.args):
                return f"u64({self.u(inner.args[0])} != {self.u(inner.args[1])})"
            return f"({self.u(inner)} ^ 1u)"
        if op == "any":
            return f"u64(!{self.wide(args[0])}.is_zero())" if wide else f"u64({self.u(args[0])} != 0)"
        if op == "parity":
            return f"u64(parity({self.wide(args[0])}))" if wide else f"u64(__builtin_parityll({self.u(args[0])}))"
        if wide:
            method = {"equal": "equals", "below": "below_unsigned", "below_signed": "below_signed"}[op]
            return f"u64({self.wide(args[0])}.{method}({self.wide(args[1])}))"
        if op == "equal":
            return f"u64({self.u(args[0])} == {self.u(args[1])})"
        if op == "below":
            return f"u64({self.u(args[0])} < {self.u(args[1])})"
        return f"u64({self.s(args[0])} < {self.s(args[1])})"

    def _arithmetic(self, node: Node, form: object) -> str:
        assert callable(form)
        if node.op == "neg":
            return f"(-{form(node.args[0])})"
        return f"({form(node.args[0])} {_SIGNS[node.op]} {form(node.args[1])})"

    def _concat(self, node: Node, form: object) -> str:
        """Parts side by side. Bits above the highest part may be undefined where those above the result may be."""
        assert callable(form)
        low, pieces = node.width, []
        for place, part in enumerate(node.args):  # the same node may occur twice
            low -= part.width
            text = self.u(part) if place else form(part)
            pieces.append(f"({text} << {low})" if low else text)
        return f"({' | '.join(pieces)})"

    # Wide nodes.

    def wide(self, node: Node) -> str:
        """Any node as a `value<>`."""
        if node.width <= WORD:
            return f"value<{node.width}>::of({self.u(node)})"
        return self.name(node) or self._wide(node)

    def _wide(self, node: Node) -> str:
        op, args, width = node.op, node.args, node.width
        if op == "const":
            return constant(node.value, width)
        if op == "read":
            return node.name if node.name in self.circuit.inputs else self.at(node.name)
        if op in ("zext", "sext"):
            return f"{self.wide(args[0])}.template {op[0]}cast<{width}>()"
        if op == "mux":
            return f"({self.u(args[0])} ? {self.wide(args[1])} : {self.wide(args[2])})"
        if op == "slice":
            return f"{self.wide(args[0])}.template cut<{node.low + width - 1}, {node.low}>()"
        if op == "concat":
            return self.wide(args[0]) + "".join(f".concat({self.wide(part)})" for part in args[1:])
        if op in ("shl", "shr", "shr_signed"):
            method = "shl" if op == "shl" else f"template shr<{'true' if op == 'shr_signed' else 'false'}>"
            return f"{self.wide(args[0])}.{method}({self.wide(args[1])})"
        method = {"and": "bit_and", "or": "bit_or", "xor": "bit_xor", "not": "bit_not"}.get(op, op)
        return f"{self.wide(args[0])}.{method}({', '.join(self.wide(arg) for arg in args[1:])})"


_SIGNS = {"add": "+", "sub": "-", "mul": "*", "and": "&", "or": "|", "xor": "^"}


def cheap(node: Node) -> bool:
    """Whether a node is cheaper to compute again than to keep: a part of a register."""
    if node.op in ("zext", "slice"):
        return node.args[0].op in ("const", "read") and node.width <= WORD and node.args[0].width <= WORD
    return node.op == "not" and node.width == 1 and node.args[0].op == "read"


def _form(node: Node, signed: bool) -> str:
    """The form of the operands, `u` or `s`, in which an arithmetic node needs no mask; empty if there is none."""
    top = 1 << node.width
    low, high = (-(top >> 1), (top >> 1) - 1) if signed else (0, top - 1)
    for form in "su" if signed else "us":
        exact = mathematical(node.op, [arg.unsigned if form == "u" else arg.signed for arg in node.args])
        if exact is not None and exact[0] >= low and exact[1] <= high:
            return form
    return ""


def _exact(node: Node, signed: bool) -> bool:
    """Whether a node needs no mask in this form."""
    if node.op in ("add", "sub", "mul", "neg"):
        return bool(_form(node, signed))
    if node.op == "sext":
        return signed
    return node.op == "shr_signed" if signed else node.op not in ("shr_signed", "shl")


def always(memory: Memory, address: Node) -> bool:
    """Whether every address has a word."""
    return address.width <= WORD and address.unsigned[1] < memory.depth


def _ones(width: int) -> str:
    return constant((1 << width) - 1, width)


def _extended(text: str, width: int) -> str:
    if width == WORD:
        return f"i64({text})"
    return f"(i64(u64({text}) << {WORD - width}) >> {WORD - width})"


def _shifted(text: str, sign: str, by: Node, amount: str) -> str:
    if by.unsigned[1] < WORD:
        return f"({text} {sign} {amount})"
    return f"({amount} < 64 ? {text} {sign} {amount} : u64(0))"
