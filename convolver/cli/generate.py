"""`convolver generate`."""

from pathlib import Path
from typing import Annotated

import typer

from ..clocking import AxiClock, Reset, ResetStyle
from .devices import load
from .options import DesignFile, OfDevice, OfFamily

__all__ = ["generate"]


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
    from .. import atomic
    from ..errors import FileError
    from ..progress import steps

    if output == atomic.STANDARD:
        output = None
    if output is not None:
        if output.suffix != ".v":
            raise FileError(f"Verilog must go to a file that ends with .v, not {output}")
        atomic.check(output, "Verilog")
    loaded = load(design)
    with steps() as advance:
        advance("generating Verilog")
        if output is None:
            from ..hw.export.verilog import generate as verilog

            text = verilog(loaded, name, family, device=device, axi_clock=axi_clock, reset=reset, reset_style=reset_style)
        else:
            from ..hw.export.fusesoc import package

            files = package(
                loaded, output.stem, name, family, device=device, axi_clock=axi_clock, reset=reset, reset_style=reset_style
            )
    if output is None:
        print(text, end="")
        return
    atomic.write({output.with_name(file): content for file, content in files.items()}, "Verilog")
