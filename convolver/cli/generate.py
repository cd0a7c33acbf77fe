"""`convolver generate`."""

from pathlib import Path
from typing import Annotated

import typer

from ..clocking import AxiClock, Reset, ResetStyle
from ..shell import Shell
from .answers import AsJson, answer
from .devices import load, planned
from .options import Description, DesignFile, FrameSize, MaybeRate, OfDevice, OfFamily, PlannedClock, Registers, Streams

__all__ = ["EXAMPLES", "generate"]

EXAMPLES = (
    "convolver generate --design examples/blur.toml --output blur.v --name blur",
    "convolver generate --design examples/blur.toml --output blur.v --testbench",
    "convolver generate --design examples/lowpass.toml --clock 150M --family ecp5 --output lowpass.v",
    "convolver generate --design examples/lowpass.toml --clock 100M --rate 1M --device LFE5U-85F --output lowpass.v",
)


def generate(
    design: DesignFile,
    clock: PlannedClock = None,
    rate: MaybeRate = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.v", help="With FILE.veo, FILE.core and FILE.vlt beside it; else stdout."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The module's name; by default convolver_ and the kind, as in convolver_fir."),
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
    testbench: Annotated[
        bool,
        typer.Option("--testbench", help="Also a self-checking testbench, in plain Verilog and for cocotb; with --output."),
    ] = False,
    frames: Annotated[int, typer.Option(min=0, max=10_000, metavar="N", help="Random frames of the testbench.")] = 8,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Seed of the testbench's random frames.")] = 1,
    registers: Registers = None,
    description: Description = None,
    handshake: Streams = "back-pressure",
    frame: FrameSize = None,
    as_json: AsJson = False,
) -> None:
    """Writes a design as Verilog with AXI4-Stream ports, and AXI4-Lite ones if it has registers, a template to instantiate it,
    and a FuseSoC core."""
    from .. import atomic
    from ..errors import FileError
    from ..progress import steps

    if output == atomic.STANDARD:
        output = None
    if output is not None:
        if output.suffix != ".v":
            raise FileError(f"Verilog must go to a file that ends with .v, not {output}")
        atomic.check(output, "Verilog")
    elif testbench:
        raise typer.BadParameter("a testbench is several files: give --output FILE.v")
    elif as_json:
        raise typer.BadParameter("--json says which files were written: give --output FILE.v")
    loaded, hertz = planned(load(design), clock, rate)
    shell = Shell(registers, description, handshake, frame)
    with steps() as advance:
        advance("generating Verilog")
        if output is None:
            from ..hw.export.verilog import generate as verilog

            text = verilog(
                loaded,
                name,
                family,
                device=device,
                axi_clock=axi_clock,
                reset=reset,
                reset_style=reset_style,
                shell=shell,
                clock=hertz,
            )
        else:
            from ..hw.export.fusesoc import package

            files = package(
                loaded,
                output.stem,
                name,
                family,
                device=device,
                axi_clock=axi_clock,
                reset=reset,
                reset_style=reset_style,
                testbench=testbench,
                shell=shell,
                clock=hertz,
            )
            if testbench:
                from ..testbench import bench_files

                advance("computing the testbench's results")
                files |= bench_files(
                    loaded,
                    output.stem,
                    name,
                    axi_clock=axi_clock,
                    reset=reset,
                    reset_style=reset_style,
                    frames=frames,
                    seed=seed,
                    shell=shell,
                )
    if output is None:
        print(text, end="")
        return
    atomic.write({output.with_name(file): content for file, content in files.items()}, "Verilog")
    told = {str(output.with_name(file)): _what(file.removeprefix(output.stem)) for file in files}
    answer(as_json, "\n".join(f"{path}: {what}" for path, what in told.items()), {"files": told})


def _what(ending: str) -> str:
    """What a file is, by what stands behind the name that was asked for."""
    return {
        ".v": "the Verilog",
        ".veo": "how it is instantiated",
        ".core": "a FuseSoC core of it",
        ".vlt": "the warnings that Verilator may give, each with its reason",
        "_tb.v": "a self-checking testbench; how it is run stands in it",
        "_tb_cocotb.py": "the same for cocotb",
        "_tb_steps.hex": "what both of them send",
        "_tb_results.hex": "the golden model's results, to compare",
    }[ending]
