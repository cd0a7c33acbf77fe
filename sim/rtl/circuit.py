"""A synchronous circuit with one clock: registers, memories and outputs as expressions."""

from dataclasses import dataclass, field

from .expressions import Expressions, Node

__all__ = ["Circuit", "Memory", "Register", "Write"]


@dataclass
class Register:
    """`initial` at power-on; then, each clock, `reset` while the circuit's reset is held, else `following`."""

    width: int
    initial: int
    following: Node
    reset: Node


@dataclass
class Memory:
    """Words of `width` bits. `initial` holds the first words at power-on; the others are zero."""

    width: int
    depth: int
    initial: list[int] = field(default_factory=list)


@dataclass
class Write:
    """A write port of a memory: it writes the word's bits under `mask` in each clock. Of two ports the later has
    priority."""

    memory: str
    address: Node
    word: Node
    mask: Node


@dataclass
class Circuit:
    """`outputs` holds each output's expression. `outputs` and `writes` exist twice: without the reset and with it."""

    made: Expressions
    inputs: dict[str, int]
    registers: dict[str, Register]
    memories: dict[str, Memory]
    outputs: tuple[dict[str, Node], dict[str, Node]]
    writes: tuple[list[Write], list[Write]]

    def payloads(self) -> set[str]:
        """Inputs that are streams' payloads, by Amaranth's names: they may have any value without `valid`."""
        return {name for name in self.inputs if name.endswith("____payload")}

    def roots(self) -> list[Node]:
        """The expressions of all registers, outputs and writes."""
        nodes = [node for register in self.registers.values() for node in (register.following, register.reset)]
        return nodes + self.visible()

    def visible(self) -> list[Node]:
        """The expressions of all outputs and writes."""
        nodes = [node for outputs in self.outputs for node in outputs.values()]
        return nodes + [part for writes in self.writes for write in writes for part in (write.address, write.word, write.mask)]

    def replace(self, leaves: dict[Node, Node]) -> None:
        """Replaces `leaves` by other nodes in all expressions."""
        new = iter(self.made.replaced(self.roots(), leaves))
        for register in self.registers.values():
            register.following, register.reset = next(new), next(new)
        for outputs in self.outputs:
            for name in outputs:
                outputs[name] = next(new)
        for writes in self.writes:
            for write in writes:
                write.address, write.word, write.mask = next(new), next(new), next(new)
