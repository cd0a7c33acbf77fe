"""From a design to a board's bitstream, or, where no open tool makes one, to the files that the vendor's tool takes."""

import importlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convolver import atomic
from convolver.designs import Design
from convolver.errors import BoardError, FileError, ToolError
from convolver.plan.fit import in_adders
from convolver.plan.lowering import lower
from convolver.plan.plan import Plan

from .clocks import Clocks, Domain, clocks_of
from .paths import in_words
from .registry import Board, get
from .resources import Use, check_fit, check_use, device_use, overfull, synthesis_use
from .timing import Clock, by_domain, cells, domain_clocks, slowest_path
from .toolchain import find, run, versions

__all__ = ["BuildResult", "Step", "build"]

Step = Callable[[str], None]
"""Called with the title of each step as it begins."""

TOOLS = {
    "ecp5": ("yosys", "nextpnr-ecp5", "ecppack"),
    "ice40": ("yosys", "nextpnr-ice40", "icepack"),
    "7-series": ("yosys",),
}
BITSTREAMS = {"ecp5": "top.bit", "ice40": "top.bin"}
PLACEMENTS = 3
"""Placements that are tried, each with a seed of its own, before a clock counts as missed: what separates them is chance."""

OUT_OF_ROOM = (
    "Unable to place cell",
    "no BELs remaining",
    "failed to place",
    "Unable to find legal placement",
    "Failed to expand region",
)
"""How nextpnr's placer says that something ran out."""
CLOSER = ("--placer-heap-beta", "0.99")
"""What lets nextpnr's placer fill an area up, which it leaves a tenth of free by itself."""
REPORT = "top.report.json"
PLACER_LOG = "top.tim"
ROUTED, DELAYS = "top.routed.json", "top.sdf"
COMMANDS = "build_top.json"
"""What Amaranth calls the file of the tools' commands."""


@dataclass(frozen=True)
class BuildResult:
    """What a build made, and what it costs.

    Parameters
    ----------
    board : Board
    design : Design
    domains : tuple of Domain
        What runs at which frequency.
    product : Path
        The bitstream; or the script that makes it with the vendor's tool.
    use : tuple of Use
    clocks : tuple of Clock
        Empty where nothing was timed.
    critical_path : str
        What limits the clock that has least to spare, on one line, in the design's words; empty where nothing was timed.
    versions : mapping
        Packages that built it.
    """

    board: Board
    design: Design
    domains: tuple[Domain, ...]
    product: Path
    use: tuple[Use, ...]
    clocks: tuple[Clock, ...]
    critical_path: str
    versions: Mapping[str, str]

    @property
    def complete(self) -> bool:
        """Whether `product` is a bitstream."""
        return self.board.family in BITSTREAMS

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "board": self.board.name,
            "device": self.board.device,
            "design": self.design.to_dict(),
            "product": str(self.product),
            "complete": self.complete,
            "domains": {domain.name: float(domain.hertz) for domain in self.domains},
            "use": {one.what: {"used": one.used, "available": one.available} for one in self.use},
            "clocks": {clock.name: {"needed": clock.needed, "reported": clock.reported} for clock in self.clocks},
            "critical_path": self.critical_path,
            "versions": dict(self.versions),
        }

    def __str__(self) -> str:
        board = self.board
        domains = ", ".join(f"{domain.name} {float(domain.hertz) / 1e6:g} MHz" for domain in self.domains)
        lines = [f"{board.title}: {board.device}, {board.link}, clocks {domains}"]
        lines += [f"  {use}" for use in self.use]
        if self.complete:
            lines += [f"  clock {clock.name} {clock}" for clock in self.clocks]
            lines += [f"  slowest path: {self.critical_path}", f"bitstream: {self.product}"]
        else:
            lines += ["  after synthesis; not placed, not timed: no open tool does that for this device"]
            lines += [f"build plan: {self.product.parent}; with Vivado in PATH: sh {self.product.name}"]
        return "\n".join(lines)


def build(
    board: str | Board,
    design: Design | None = None,
    directory: str | Path | None = None,
    *,
    core_hz: int | None = None,
    seed: int = 1,
    top: Any = None,
    domains: Sequence[Domain] = (),
    routed: bool = False,
    step: Step | None = None,
) -> BuildResult:
    """Builds a design for a board: minutes, most of them placement and routing.

    Parameters
    ----------
    board : str or Board
        A board's name; see `names`.
    design : Design, optional
        By default the board's own.
    directory : path, optional
        Where everything is written, logs included; by default ``build/<board>``.
    core_hz : int, optional
        Clock of the core; by default the board's own choice. The PLL's next lower one is taken, at most a tenth below. The
        core has the registers that it needs; by default those of the devices' full speed.
    seed : int
        Of the placer: other seeds, other clocks. Where a clock is missed, the next two are tried.
    top : Component, optional
        Built instead of the device top; has the ports of the link's pins, as `Device` has them.
    domains : sequence of Domain
        Those that `top` makes of clocks from pins of its own.
    routed : bool
        Whether nextpnr also writes the netlist that it has routed, as `ROUTED`, and its delays, as `DELAYS`; not for 7-series.
    step : callable, optional
        Called with the title of each step as it begins.

    Raises
    ------
    BoardError
        If the board isn't known, the design doesn't fit it, the PLL can't make the clock, or the clock is missed.
    ToolError
        If a tool is missing or fails.
    FileError
        If `directory` can't be written.
    """
    board = get(board) if isinstance(board, str) else board
    design = board.design if design is None else design
    directory = Path("build", board.name) if directory is None else Path(directory)
    step = step or _silent
    plan = in_adders(lower(design, board.target), board.multipliers)
    check_fit(board, plan)
    design = plan.design
    for tool in TOOLS[board.family]:
        find(tool)
    clocks = clocks_of(board, core_hz)

    step("elaborating")
    prepared = _prepared(board, design, clocks, top, seed, core_hz, routed)
    directory = directory.resolve()
    try:
        files: dict[Path, bytes | str] = {directory / name: content for name, content in prepared.files.items()}
        for folder in {path.parent for path in files}:
            folder.mkdir(parents=True, exist_ok=True)
        atomic.write({**files, directory / "design.json": design.to_json() + "\n"}, "Build file")
        # What an earlier build left must not be taken for this one's.
        for name in (*BITSTREAMS.values(), REPORT, ROUTED, DELAYS, "top.json"):
            (directory / name).unlink(missing_ok=True)
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"Build folder {directory} can't be written: {error.strerror}") from None
    if board.family == "7-series":
        return _synthesise(board, design, clocks, directory, step)
    domains = (*clocks.all, *domains)
    return _place(board, plan, domains, directory, json.loads(prepared.files[COMMANDS])["commands"], step)


def _silent(_title: str) -> None:
    pass


def _prepared(
    board: Board,
    design: Design,
    clocks: Clocks,
    top: Any,
    seed: int,
    core_hz: int | None = None,
    routed: bool = False,
) -> Any:
    """Amaranth's build plan: the design as RTLIL or Verilog, the constraints, and the tools' commands."""
    try:
        from .top import BoardTop, device_on

        module, name = board.platform.split(":")
        kind = getattr(importlib.import_module(module), name)
        if board.family == "7-series":
            from .vivado import bounded, max_delays

            kind = bounded(kind)
        platform = kind()
    except ImportError as error:
        raise ToolError(f"{error.name} is missing; install it with: pip install 'convolver[boards]'") from None
    if top is None:
        top = device_on(board, design, clocks, asked_hz=core_hz)
    # Timing is judged here, after clipping it to the device's limits, not by nextpnr's exit code.
    more = f" --write {ROUTED} --sdf {DELAYS}" * routed
    options = {"nextpnr_opts": f"--report {REPORT} --timing-allow-fail --seed {seed}{more}"}
    if board.family == "7-series":
        # To Vivado two clocks of one oscillator are related; what crosses between these is made for any ratio.
        options["script_after_synth"] = max_delays(clocks, f"{platform.default_clk}_0__io")
    # The Verilog that Vivado gets is written by the Yosys that comes with Amaranth, whatever else is in PATH.
    kept = os.environ.get("AMARANTH_USE_YOSYS")
    os.environ["AMARANTH_USE_YOSYS"] = "builtin"
    try:
        return platform.prepare(BoardTop(top, clocks, board.link), "top", **options)
    finally:
        if kept is None:
            del os.environ["AMARANTH_USE_YOSYS"]
        else:
            os.environ["AMARANTH_USE_YOSYS"] = kept


def _place(
    board: Board, plan: Plan, domains: tuple[Domain, ...], directory: Path, commands: list[list[str]], step: Step
) -> BuildResult:
    synthesis, placement, packing = commands
    step("synthesising")
    run(synthesis[0], synthesis[1:], directory, logs=["top.rpt"])
    wanted = {domain.name: float(domain.hertz) for domain in domains} | {"power_on": float(board.clock_hz)}
    at = placement.index("--seed") + 1
    for number in range(PLACEMENTS):
        seed = str(int(placement[at]) + number)
        title = "placing and routing" + f" again, seed {seed}" * bool(number)
        _lay_out(board, [*placement[:at], seed, *placement[at + 1 :]], directory, title, step)
        netlist = cells(_read(directory / "top.json"))
        report = by_domain(_read(directory / REPORT), wanted, netlist)
        timed = domain_clocks(report, wanted, board.family, board.speed, netlist)
        if all(clock.met for clock in timed):
            break
    clock = min(timed, key=lambda clock: clock.hertz / clock.needed)
    path = in_words(slowest_path(report, clock.name), clock.name, plan)
    if not clock.met:
        raise BoardError(
            f"Clock {clock.name} of a design for {board.name} must reach {clock.needed / 1e6:.2f} MHz, not "
            f"{clock.hertz / 1e6:.2f} MHz; ask for less with --clock: {path}"
        )
    use = device_use(board, report, netlist)
    check_use(board, use)
    step("writing the bitstream")
    _pack(packing, directory, BITSTREAMS[board.family])
    return BuildResult(
        board,
        plan.design,
        domains,
        directory / BITSTREAMS[board.family],
        use,
        timed,
        path,
        versions([synthesis[0], placement[0]]),
    )


def _lay_out(board: Board, command: list[str], directory: Path, title: str, step: Step) -> None:
    """Places and routes a netlist; where the placer finds no room although there is enough of each kind, once more, closer."""
    for closer in ((), CLOSER):
        step(title + ", closer to each other" * bool(closer))
        try:
            run(command[0], [*command[1:], *closer], directory, logs=[PLACER_LOG])
        except ToolError as error:
            if not any(words in str(error) for words in OUT_OF_ROOM):
                raise
            overfull = _overfull(board, directory)
            if overfull or closer:
                raise BoardError(f"A design must fit {board.name}: {overfull or error}") from None
        else:
            return


def _pack(command: Sequence[str], directory: Path, bitstream: str) -> None:
    """Writes the bitstream, which stands under its name only once it is whole."""
    aside = f"new-{bitstream}"
    try:
        run(command[0], [aside if argument == bitstream else argument for argument in command[1:]], directory)
        if (directory / aside).exists():
            (directory / aside).replace(directory / bitstream)
    except OSError as error:
        raise FileError(f"Bitstream {directory / bitstream} can't be written: {atomic.reason(error)}") from None
    finally:
        (directory / aside).unlink(missing_ok=True)


def _overfull(board: Board, directory: Path) -> str:
    """What the placer's log says that a design needs too much of; empty where each kind is enough by itself."""
    log = directory / PLACER_LOG
    try:
        use = overfull(board, log.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""
    return f"needs {', '.join(f'{one.used:g} of {one.available} {one.what}s' for one in use)}; log {log}" if use else ""


def _synthesise(board: Board, design: Design, clocks: Clocks, directory: Path, step: Step) -> BuildResult:
    step("synthesising")
    # Amaranth's clock buffer carries a parameter for Vivado's simulator, which Yosys' model of it doesn't have.
    script = [
        "read_verilog top.v",
        "setparam -unset SIM_DEVICE t:BUFGCTRL",
        "synth_xilinx -family xc7 -flatten -top top",
        "write_json top.json",
    ]
    run("yosys", ["-q", "-l", "top.rpt", "-p", "; ".join(script)], directory, logs=["top.rpt"])
    use = synthesis_use(board, cells(_read(directory / "top.json")))
    check_use(board, use)
    return BuildResult(board, design, clocks.all, directory / "build_top.sh", use, (), "", versions(["yosys"]))


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ToolError(f"{path} must be JSON that a tool has written: {error}") from None
