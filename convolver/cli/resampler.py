"""`convolver resampler`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from .answers import AsJson, answer

__all__ = ["EXAMPLES", "resampler"]

EXAMPLES = (
    "convolver resampler 1M 250k --passband 100k --attenuation 60 --output quarter.toml",
    "convolver resampler 1M 250k --passband 100k --clock 100M --output quarter.toml",
    "convolver resampler 44.1k 48k --passband 20k --attenuation 96 --format s24 --plot rate.png",
)


def resampler(
    fs_in: Annotated[str, typer.Argument(metavar="FS_IN", help="Samples a second, such as 1M or 44.1k.")],
    fs_out: Annotated[str, typer.Argument(metavar="FS_OUT", help="Results a second.")],
    passband: Annotated[str, typer.Option(metavar="HZ", help="What is to stay, from 0 up to it.")],
    ripple: Annotated[float, typer.Option(metavar="DB", help="Greatest gain over least gain in the passband.")] = 0.1,
    attenuation: Annotated[
        float, typer.Option(metavar="DB", help="Of all that could fold back, and of all images, below the passband.")
    ] = 60.0,
    stopband: Annotated[
        str | None, typer.Option(metavar="HZ", help="Where that begins; by default half of the lower rate, which is the most.")
    ] = None,
    format_: Annotated[str, typer.Option("--format", metavar="FORMAT", help="Of samples and results.")] = "s16",
    clock: Annotated[
        str | None,
        typer.Option(metavar="HZ", help="The core's clock, such as 100M: multipliers are shared as it and FS_IN allow."),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE.toml", help="Write the design there.")] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the response of the whole into this picture.")] = None,
    as_json: AsJson = False,
) -> None:
    """Finds the chain of filters that changes a rate with the fewest multiplications, and says what else it weighed."""
    from .. import atomic
    from ..folding import at_rate, hertz
    from ..progress import steps
    from ..resampler import resampler as find

    if output is not None:
        atomic.check(output, "Design file")
    with steps() as advance:
        advance("weighing chains")
        found = find(
            hertz(fs_in, "FS_IN"),
            hertz(fs_out, "FS_OUT"),
            hertz(passband, "Passband"),
            ripple_db=ripple,
            attenuation_db=attenuation,
            stopband=None if stopband is None else hertz(stopband, "Stopband"),
            format=format_,
        )
        if clock is not None:
            found = replace(found, design=at_rate(found.design, clock=hertz(clock, "Clock"), rate=found.fs_in))
        if plot is not None:
            from ..plots import check_plot
            from ..plots import plot as draw

            check_plot(plot, found.design)
            advance("drawing")
            draw(found.design, plot)
    if output is not None:
        atomic.write({output: found.design.to_toml()}, "Design file")
    told = found.text()
    if output is not None:
        told += f"\nwritten: {output}\nas Verilog:  convolver generate --design {output} --output {output.with_suffix('.v')}"
    numbers = {
        "design": found.design.to_dict(),
        "ripple_db": found.ripple_db,
        "attenuation_db": found.attenuation_db,
        "gain": found.gain,
        "multiplications": found.multiplications,
        "alternatives": [
            {"stages": one.stages, "multiplications": one.multiplications, "missed": one.missed} for one in found.alternatives
        ],
    }
    answer(as_json, told, numbers)
