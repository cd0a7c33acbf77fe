"""Writes a tick as C++: the statements of a schedule, and their additional state."""

from .circuit import Circuit, Write
from .control_gating import Control
from .cpp_expressions import WORD, CppExpressions, always, constant, stored
from .expressions import Node
from .idle_skipping import enable
from .memoised import MemoisedGroup
from .schedule import Schedule, chosen

__all__ = ["Tick"]


class Tick(CppExpressions):
    """One of the two ticks. With `tells` it sets `wrote` when it changes a memory."""

    def __init__(self, circuit: Circuit, schedule: Schedule, tells: bool = False) -> None:
        super().__init__(circuit)
        self.schedule = schedule
        self.tells = tells
        self.names, self.flags = schedule.names, schedule.flags
        self.registers = circuit.registers
        self.late = schedule.late

    def lines(self) -> list[str]:
        lines = [f"\t{stored(self.registers[name].width)} next_{name} = {self.at(name)};" for name in sorted(self.late)]
        self.awaited = set(self.schedule.locals)
        for statement in self.schedule.order:
            if statement.local is not None:
                lines.append(self.local(statement.local, self.names[statement.local]))
            elif statement.group is not None:
                lines.append(self._compare(statement.group))
            elif statement.control is not None:
                lines += self._compare_flags(statement.control)
            elif statement.output is not None:
                name, node = statement.output
                lines.append(f"\t{name}.data[0] = {self.u(node)};" if node.width <= WORD else f"\t{name} = {self.wide(node)};")
            elif statement.write is not None:
                lines += self._write(statement.write)
            else:
                lines += self._loads(statement.loads)
                self.overwritten.update(name for name, _ in statement.loads if name not in self.late)
            self.awaited.difference_update(statement.makes())
        self.overwritten.clear()
        lines += [f"\t{self.at(name)} = next_{name};" for name in sorted(self.late)]
        if self.schedule.control is not None:
            lines.append("\tif (__builtin_expect(changed, 0)) follow();")
        return [*lines, "\tstale = true;"] if self.schedule.reset else lines

    def _compare(self, group: MemoisedGroup) -> str:
        number = self.schedule.memoised.index(group)
        changed = " | ".join(f"({self.u(node)} ^ seen_{number}_{place})" for place, node in enumerate(group.operands))
        return f"\tif (__builtin_expect(({changed}) != 0, 0)) again_{number}();"

    def _signs(self) -> list[list[Node]]:
        """The control's operands that aren't in `flags`, in words."""
        assert self.schedule.control is not None
        return _words([node for node in self.schedule.control.operands if node.op != "read" or node.name not in self.flags])

    def _compare_flags(self, control: Control) -> list[str]:
        """Calls `control` if a flag has changed, or a restless bit that matters."""
        lines, differ, told = [], ["u64(stale)"], []
        for word, nodes in enumerate(self._signs()):
            lines.append(f"\tconst u64 signs_{word} = {self._side_by_side(nodes)};")
            differ.append(f"(signs_{word} ^ signs_seen[{word}])")
            told.append(f"signs_seen[{word}] = signs_{word};")
        for word, nodes in enumerate(_words(list(control.restless))):
            lines.append(f"\tconst u64 restless_{word} = {self._side_by_side(nodes)};")
            differ.append(f"((restless_{word} ^ restless_seen[{word}]) & restless_matter[{word}])")
            told.append(f"restless_seen[{word}] = restless_{word};")
        differ += [f"(eight(flags + {place}) ^ eight(flags_seen + {place}))" for place in range(0, len(self.flags), 8)]
        lines.append(f"\tconst bool changed = ({' | '.join(differ)}) != 0;")
        return [*lines, f"\tif (__builtin_expect(changed, 0)) {{ {' '.join(told)} control(); }}"]

    def _side_by_side(self, nodes: list[Node]) -> str:
        places, low = [], 0
        for node in nodes:
            places.append(f"({self.u(node)} << {low})")
            low += node.width
        return " | ".join(places) or "u64(0)"

    def control(self) -> list[str]:
        """The flags, the values that depend on them, and the functions that compute these and load the flags."""
        group = self.schedule.control
        lines = ["", "\tbool stale = true;"]
        if group is None:
            return lines
        size = -(-len(self.flags) // 8) * 8
        initial = ", ".join(constant(self.registers[name].initial, 8) for name in self.flags)
        lines.append(f"\tu64 signs_seen[{len(self._signs()) + 1}] = {{}};")
        restless = _words(list(group.restless))
        lines.append(f"\tu64 restless_seen[{len(restless) + 1}] = {{}}, restless_matter[{len(restless) + 1}] = {{}};")
        if size:
            lines.append(f"\tstd::uint8_t flags[{size}] = {{{initial}}}, flags_seen[{size}] = {{}};")
        cpp = CppExpressions(self.circuit)
        cpp.names, cpp.flags = dict(self.schedule.kept), self.flags
        lines += [f"\t{cpp.kind(node)} follows_{place} = 0;" for place, node in enumerate(group.values)]
        lines += [f"\t{stored(self.registers[name].width)} next_{name} = 0;" for name in group.loads]
        lines += ["\t[[gnu::noinline]] void control() {", "\t\tstale = false;"]
        lines += ["\t\tstd::memcpy(flags_seen, flags, sizeof flags);"] if size else []
        results = [*group.values, *group.loads.values(), *group.restless.values()]
        for place, node in enumerate(sorted(chosen(results, set(cpp.names)), key=lambda node: node.number)):
            lines.append("\t" + cpp.local(node, f"t{place}"))
        lines += [f"\t\tfollows_{place} = {cpp.form(node, node)};" for place, node in enumerate(group.values)]
        lines += [f"\t\tnext_{name} = {cpp.u(node)};" for name, node in group.loads.items()]
        for word, nodes in enumerate(restless):
            places, low = [], 0
            for node in nodes:
                places.append(f"({cpp.u(group.restless[node])} * {(1 << node.width) - 1}u << {low})")
                low += node.width
            lines.append(f"\t\trestless_matter[{word}] = {' | '.join(places)};")
        lines += ["\t}", "\t[[gnu::noinline]] void follow() {"]
        return [*lines, *(f"\t\t{self.at(name)} = next_{name};" for name in group.loads), "\t}"]

    def _loads(self, loads: list[tuple[str, Node]]) -> list[str]:
        """Assignments. Registers that hold their values load in branches; neighbours with the same condition share a
        branch."""
        lines: list[str] = []
        at = 0
        while at < len(loads):
            condition = self.schedule.condition(loads[at][1])
            end = at + 1
            while condition is not None and end < len(loads) and self.schedule.condition(loads[end][1]) is condition:
                end += 1
            part = loads[at:end]
            at = end
            name, node = part[0]
            old = self.circuit.made.read(name, self.registers[name].width)
            if node is old:
                continue
            if condition is None or (len(part) == 1 and not self.schedule.holds(node, old)):
                target = f"next_{name}" if name in self.late else self.at(name)
                text = self.wide(node) if node.width > WORD else self.d(node) if node.width in (8, 16, 32, 64) else self.u(node)
                lines.append(f"\t{target} = {text};")
                continue
            one, other = (self._loads([(name, node.args[place]) for name, node in part]) for place in (1, 2))
            if one:
                lines += [f"\tif ({self.u(condition)}) {{", *one, *(["\t} else {", *other] if other else []), "\t}"]
            else:
                lines += [f"\tif (!{self.u(condition)}) {{", *other, "\t}"]
        return lines

    def _write(self, write: Write) -> list[str]:
        memory = self.circuit.memories[write.memory]
        mask, wide = enable(write), memory.width > WORD
        lines = []
        conditions = []
        if mask is not write.mask:
            conditions.append(self.u(mask))
            mask = self.circuit.made.const(-1, memory.width)
        if not always(memory, write.address):
            conditions.append(f"{self.index(memory, write.address)} < {memory.depth}")
        place = f"{write.memory}[{self.index(memory, write.address)}]"
        word = self.wide(write.word) if wide else self.u(write.word)
        if mask.op == "const" and mask.value == (1 << memory.width) - 1:
            lines.append(f"\t\tconst {stored(memory.width)} word = {word};")
        elif wide:
            lines.append(f"\t\tconst {stored(memory.width)} word = {place}.update({word}, {self.wide(mask)});")
        else:
            lines.append(f"\t\tconst u64 mask = {self.u(mask)};")
            lines.append(f"\t\tconst {stored(memory.width)} word = ({place} & ~mask) | ({word} & mask);")
        if self.tells:
            lines.append(f"\t\twrote |= {f'!{place}.equals(word)' if wide else f'{place} != word'};")
        lines.append(f"\t\t{place} = word;")
        return [f"\tif ({' && '.join(conditions) or 'true'}) {{", *lines, "\t}"]


def _words(nodes: list[Node]) -> list[list[Node]]:
    """Narrow nodes, grouped into words."""
    words: list[list[Node]] = []
    for node in nodes:
        if not words or sum(other.width for other in words[-1]) + node.width > WORD:
            words.append([])
        words[-1].append(node)
    return words
