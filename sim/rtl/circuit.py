"""A synchronous circuit of one clock: registers, memories and outputs as expressions."""

from dataclasses import dataclass, field

from .expressions import Expressions, Node

__all__ = ["Circuit", "Memory", "Register", "Write"]


@dataclass
class Register:
    """`initial` at power-on; then, each clock, `reset` while the circuit's reset is held and `following` while it isn't."""

    width: int
    initial: int
    following: Node
    reset: Node


@dataclass
class Memory:
    """Words of `width` bits; `initial` are the first of them at power-on, the others are zero."""

    width: int
    depth: int
    initial: list[int] = field(default_factory=list)


@dataclass
class Write:
    """A memory's port: the word's bits under `mask` are written each clock. Of two to one memory the later one wins."""

    memory: str
    address: Node
    word: Node
    mask: Node


@dataclass
class Circuit:
    """`outputs` has each output's expression; `writes` and `outputs` twice: without the reset and with it."""

    made: Expressions
    inputs: dict[str, int]
    registers: dict[str, Register]
    memories: dict[str, Memory]
    outputs: tuple[dict[str, Node], dict[str, Node]]
    writes: tuple[list[Write], list[Write]]

    def payloads(self) -> set[str]:
        """Inputs that are streams' payloads, by Amaranth's names: they may be anything while their `valid` isn't held."""
        return {name for name in self.inputs if name.endswith("____payload")}

    def roots(self) -> list[Node]:
        """All that is computed."""
        nodes = [node for register in self.registers.values() for node in (register.following, register.reset)]
        return nodes + self.visible()

    def visible(self) -> list[Node]:
        """What is computed for others than registers."""
        nodes = [node for outputs in self.outputs for node in outputs.values()]
        return nodes + [part for writes in self.writes for write in writes for part in (write.address, write.word, write.mask)]

    def replace(self, leaves: dict[Node, Node]) -> None:
        """Puts other nodes in the place of `leaves`, everywhere."""
        new = iter(self.made.replaced(self.roots(), leaves))
        for register in self.registers.values():
            register.following, register.reset = next(new), next(new)
        for outputs in self.outputs:
            for name in outputs:
                outputs[name] = next(new)
        for writes in self.writes:
            for write in writes:
                write.address, write.word, write.mask = next(new), next(new), next(new)
