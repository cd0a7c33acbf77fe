"""`convolver new`."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from .answers import AsJson, answer
from .options import MaybeClock, MaybeRate

__all__ = ["EXAMPLES", "new"]

EXAMPLES = (
    "convolver new mine.toml",
    "convolver new blur.toml --filter blur --size 5",
    "convolver new mine.toml --filter kernel --numbers '1 2 1; 2 4 2; 1 2 1' --shift 4",
    "convolver new box.toml --filter kernel --numbers '1/9 1/9 1/9; 1/9 1/9 1/9; 1/9 1/9 1/9'",
    "convolver new low.toml --filter lowpass --fs 48k --passband 3k --stopband 4k",
    "convolver new taps.toml --filter taps --numbers '1 3 3 1' --shift 3 --clock 100M --rate 1M",
)


def _words(typed: str) -> list[str]:
    from ..starting import FILTERS

    return [word for word in FILTERS if word.startswith(typed)]


def new(
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="The design file to write; it must not be there yet.")],
    filter_: Annotated[
        str | None,
        typer.Option(
            "--filter",
            metavar="WORD",
            help="One of blur, sharpen, edges, kernel, taps, average, lowpass, highpass, maximum.",
            autocompletion=_words,
        ),
    ] = None,
    size: Annotated[
        int | None, typer.Option(metavar="N", help="Rows of a blur's kernel; samples of an average or a maximum.")
    ] = None,
    numbers: Annotated[
        str | None, typer.Option(metavar="'1 2 1'", help="Of kernel or taps: numbers, a kernel's rows with ; between them.")
    ] = None,
    shift: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="BITS",
            help="Of kernel or taps: sums are divided by 2**BITS; by default so that the gain is 1, if it can be.",
        ),
    ] = None,
    fs: Annotated[str | None, typer.Option("--fs", metavar="HZ", help="Samples a second, such as 48k.")] = None,
    passband: Annotated[str | None, typer.Option(metavar="HZ", help="The edge of what passes.")] = None,
    stopband: Annotated[str | None, typer.Option(metavar="HZ", help="The edge of what stops.")] = None,
    attenuation: Annotated[float | None, typer.Option(metavar="DB", help="How much of that is stopped; by default 60.")] = None,
    clock: MaybeClock = None,
    rate: MaybeRate = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Writes a commented design file. At a terminal it asks for what isn't given."""
    from .. import atomic
    from ..design_files import parse_design
    from ..errors import FileError
    from ..media import media_of
    from ..starting import FILTERS, started

    if file.suffix.lower() != ".toml":
        raise FileError(f"A new design must go to a file that ends with .toml, not {file}")
    if file.exists() and not force:
        raise FileError(f"{file} is there already; name another, or say --force")
    atomic.check(file, "Design file")
    if filter_ is None and not sys.stdin.isatty():
        raise typer.BadParameter(f"say which with --filter: {', '.join(FILTERS)}")
    given: dict[str, Any] = {
        "size": size,
        "numbers": numbers,
        "shift": shift,
        "fs": fs,
        "passband": passband,
        "stopband": stopband,
        "attenuation": attenuation,
    }
    filter_, text = _asked(filter_, given, file) if sys.stdin.isatty() else (filter_, started(str(filter_), given, None))
    text = _shared(text, file, clock, rate)
    atomic.write({file: text}, "Design file")
    taken, given_back = media_of(parse_design(text, file)).example
    answer(
        as_json,
        f"written: {file}\n"
        f"on a file:      convolver run {taken} --design {file} --output {given_back}\n"
        f"what it costs:  convolver report --design {file}\n"
        f"as Verilog:     convolver generate --design {file} --output {file.with_suffix('.v')}",
        {"file": str(file), "filter": filter_},
    )


def _asked(word: str | None, given: Mapping[str, Any], file: Path) -> tuple[str, str]:
    """The filter and its text, of answers at the terminal; where they make no design, it says why and asks again."""
    from ..design_files import parse_design
    from ..errors import ConvolverError
    from ..starting import FILTERS, started

    asked: list[str] = []

    def ask(what: str, default: str) -> str:
        asked.append(what)
        return str(typer.prompt(what, default=default, err=True))

    while True:
        asked.clear()
        try:
            chosen = word
            if chosen is None:
                print("\n".join(f"  {name:<10}{kind.says}" for name, kind in FILTERS.items()), file=sys.stderr)
                chosen = ask("Which filter", "blur")
            text = started(chosen, given, ask)
            parse_design(text, file)
        except ConvolverError as error:
            if not asked:
                raise
            print(f"{error}\n", file=sys.stderr)
        else:
            return chosen, text


def _shared(text: str, file: Path, clock: str | None, rate: str | None) -> str:
    """The text, with the clocks of a sample where a clock and a rate are given; a text that is no design is refused."""
    from ..design_files import parse_design
    from .devices import shared

    plain = parse_design(text, file)
    design = shared(plain, clock, rate)
    field = design.cycles_field
    changed = {name: getattr(design, name) for name in ("pixels_per_clock", field) if name}
    lines = [
        f"{name} = {value}  # for {rate} samples a second at {clock}"
        for name, value in changed.items()
        if value != getattr(plain, name)
    ]
    head, mark, tables = text.partition("\n[")  # a table ends the fields
    return head.rstrip("\n") + "\n" + "".join(f"{line}\n" for line in lines) + (f"\n[{tables}" if mark else "")
