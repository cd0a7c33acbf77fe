"""Writes a circuit as C++: `struct top` with the state, and `tick<reset>()` for one clock.

A synchronous circuit with one clock is evaluated once a clock. Costly values that seldom change are memoised together
with their operands, and computed again only when an operand has changed. Logic that depends on flags only is computed
again only when a flag has changed.
"""

from collections.abc import Collection, Sequence

from .circuit import Circuit
from .cpp_expressions import WORD, CppExpressions, constant, stored
from .expressions import Node
from .idle_skipping import Idle, find_idle
from .memoised import MemoisedGroup
from .schedule import Schedule, chosen
from .tick import Tick

__all__ = ["emit"]


def emit(circuit: Circuit, name: str, skips_idle: bool = False) -> str:
    """The circuit as C++ text: `struct top` in namespace `name`, with CXXRTL's port names.

    With `skips_idle` there is also a function `clock`: one clock without reset, which is fast while only counters
    change.
    """
    lines = [f"namespace {name} {{", "using namespace twin;", "struct top {"]
    lines += [f"\tvalue<{width}> {port};" for port, width in circuit.inputs.items()]
    lines += [f"\tvalue<{node.width}> {port};" for port, node in circuit.outputs[0].items()]
    idle = find_idle(circuit) if skips_idle else None
    schedule = Schedule(circuit, False)
    tick = Tick(circuit, schedule, tells=idle is not None)
    registers = {
        register_name: f"\t{stored(register.width)} {tick.at(register_name)} = {constant(register.initial, register.width)};"
        for register_name, register in circuit.registers.items()
        if register_name not in tick.flags
    }
    if idle is None:
        lines += registers.values()
    else:
        # Registers that stay constant while idle are adjacent, to be compared at once.
        lines += ["\tu64 first_register = 0;", *(line for at, line in registers.items() if at not in idle.counters)]
        lines += ["\tu64 first_counter = 0;", *(registers[at] for at in idle.counters), "\tu64 registers_end = 0;"]
    for memory_name, memory in circuit.memories.items():
        words = ", ".join(constant(word, memory.width) for word in memory.initial)
        lines.append(f"\t{stored(memory.width)} {memory_name}[{memory.depth}] = {{{words}}};")
    for number, group in enumerate(schedule.memoised):
        lines += _again(circuit, number, group, tick.flags)
    lines += tick.control()
    lines += ["", "\ttemplate<bool Reset> void tick() {", "\tif constexpr (!Reset) {"]
    lines += tick.lines()
    lines += ["\t} else {"]
    lines += Tick(circuit, Schedule(circuit, True, schedule.flags)).lines()
    lines += ["\t}", "\t}"]
    if skips_idle:
        lines += ["\tvoid clock() { tick<false>(); }"] if idle is None else _clock(circuit, idle, tick.flags)
    lines += ["};", f"}} // namespace {name}", ""]
    return "\n".join(lines)


def _clock(circuit: Circuit, idle: Idle, flags: dict[str, int]) -> list[str]:
    """`clock` and its state: nodes that don't depend on counters, and the tests and inputs under which that holds."""
    size = sum(-(-circuit.registers[name].width // WORD) * 8 for name in circuit.registers if name not in idle.counters)
    tests = [idle.tests[low : low + WORD] for low in range(0, len(idle.tests), WORD)]
    ports = circuit.inputs.items()
    lines = ["\tbool idle = false, wrote = false;", f"\tu64 tests_seen[{len(tests) + 1}] = {{}};"]
    lines += [f"\tvalue<{width}> seen_{port};" for port, width in ports]
    lines += [f"\tstd::uint8_t registers_before[{size + 16}], flags_before[{len(flags) + 8}];"]
    lines += _settle(_with_flags(circuit, flags), idle.still, [port for port, _ in ports])
    lines += _idle_tick(_with_flags(circuit, flags), idle)

    cpp = _with_flags(circuit, flags)
    lines += ["\tvoid clock() {", *_locals(cpp, idle.tests, ())]
    for place, part in enumerate(tests):
        bits = " | ".join(f"({cpp.u(node)} << {bit})" for bit, node in enumerate(part))
        lines.append(f"\t\tconst u64 now_{place} = {bits};")
    differ = " | ".join(f"(now_{place} ^ tests_seen[{place}])" for place in range(len(tests))) or "u64(0)"
    same = "".join(f" && seen_{port}.equals({port})" for port, _ in ports)
    lines += [
        f"\t\tif (idle && !({differ}){same} && idle_tick()) return;",
        "\t\tconst std::size_t size = std::size_t((const char *)&first_counter - (const char *)&first_register);",
        "\t\tstd::memcpy(registers_before, &first_register, size);",
    ]
    lines += ["\t\tstd::memcpy(flags_before, flags, sizeof flags);"] if flags else []
    lines += [f"\t\ttests_seen[{place}] = now_{place};" for place in range(len(tests))]
    unchanged = "!std::memcmp(registers_before, &first_register, size)"
    unchanged += " && !std::memcmp(flags_before, flags, sizeof flags)" if flags else ""
    return [*lines, "\t\tidle = wrote = false;", "\t\ttick<false>();", f"\t\tif (!wrote && {unchanged}) settle();", "\t}"]


def _settle(cpp: CppExpressions, still: Sequence[Node], ports: list[str]) -> list[str]:
    """Nodes that don't depend on counters, and the function that computes them once the circuit has been found idle."""
    lines = [
        f"\t{cpp.kind(node) if node.width <= WORD else stored(node.width)} still_{place}{{}};"
        for place, node in enumerate(still)
    ]
    lines += ["\t[[gnu::noinline]] void settle() {", *_locals(cpp, still, ())]
    lines += [
        f"\t\tstill_{place} = {cpp.form(node, node) if node.width <= WORD else cpp.wide(node)};"
        for place, node in enumerate(still)
    ]
    return [*lines, *(f"\t\tseen_{port} = {port};" for port in ports), "\t\tidle = true;", "\t}"]


def _idle_tick(cpp: CppExpressions, idle: Idle) -> list[str]:
    """The function that steps only the counters, if nothing else would change."""
    cpp.names = {node: f"still_{place}" for place, node in enumerate(idle.still)}
    results = [*idle.counters.values(), *idle.followers.values(), *idle.guards]
    lines = ["\tbool idle_tick() {", *_locals(cpp, results, set(cpp.names))]
    for name, node in idle.followers.items():
        held = cpp.at(name)
        differs = f"{cpp.u(node)} != {held}" if node.width <= WORD else f"!{cpp.wide(node)}.equals({held})"
        lines.append(f"\t\tif ({differs}) return false;")
    lines += [
        f"\t\tif ({cpp.u(node) if node.width <= WORD else f'!{cpp.wide(node)}.is_zero()'}) return false;"
        for node in idle.guards
    ]
    lines += [
        f"\t\tconst {stored(node.width)} next_{name} = {cpp.u(node) if node.width <= WORD else cpp.wide(node)};"
        for name, node in idle.counters.items()
    ]
    return [*lines, *(f"\t\t{cpp.at(name)} = next_{name};" for name in idle.counters), "\t\treturn true;", "\t}"]


def _with_flags(circuit: Circuit, flags: dict[str, int]) -> CppExpressions:
    cpp = CppExpressions(circuit)
    cpp.flags = flags
    return cpp


def _locals(cpp: CppExpressions, results: Sequence[Node], known: Collection[Node]) -> list[str]:
    """Variables for nodes that `results` use more than once, or that can't stand in an expression."""
    places = sorted(chosen(list(results), known), key=lambda node: node.number)
    return ["\t" + cpp.local(node, f"t{place}") for place, node in enumerate(places)]


def _again(circuit: Circuit, number: int, group: MemoisedGroup, flags: dict[str, int]) -> list[str]:
    """The memoised values of a group, and the function that computes them again."""
    made, initial = circuit.made, {}
    for node in group.operands:
        register = circuit.registers.get(node.name)
        initial[node] = made.const(register.initial if register else 0, node.width)
    cpp = CppExpressions(circuit)
    cpp.flags = flags
    operands = [
        f"\t{stored(node.width)} seen_{number}_{place} = {constant(initial[node].value, node.width)};"
        for place, node in enumerate(group.operands)
    ]
    values = []
    for place, node in enumerate(group.values):
        first = made.replaced([node], initial)[0]
        values.append(f"\t{cpp.kind(node)} kept_{number}_{place} = {cpp.form(node, first)};")
    again = [f"\t\tseen_{number}_{place} = {cpp.u(node)};" for place, node in enumerate(group.operands)]
    for place, node in enumerate(sorted(chosen(list(group.values)), key=lambda node: node.number)):
        again.append("\t" + cpp.local(node, f"t{place}"))
    again += [f"\t\tkept_{number}_{place} = {cpp.form(node, node)};" for place, node in enumerate(group.values)]
    return ["", *operands, *values, f"\t[[gnu::noinline, gnu::cold]] void again_{number}() {{", *again, "\t}"]
