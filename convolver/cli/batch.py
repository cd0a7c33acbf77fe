"""`convolver batch`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .answers import AsJson, answer
from .devices import load, note
from .options import MaybeDesignFile

if TYPE_CHECKING:
    from ..designs import Design
    from ..images import Array
    from ..run import Source, Target

__all__ = ["EXAMPLES", "EXTRA", "batch"]

EXTRA = "explore"

EXAMPLES = (
    "convolver batch a.png b.png c.png --design examples/blur.toml --twins 2 --output blurred",
    "convolver batch a.png b.png --port serial:///dev/ttyUSB0 --port serial:///dev/ttyUSB1 --output blurred",
    "convolver batch a.png b.png c.png --scheduler tcp://HOST:8786 --output blurred --kind png",
)


def batch(
    sources: Annotated[list[Path], typer.Argument(metavar="IN...", help="Pictures, sounds or arrays (docs/files.md).")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where each result goes, under its name.")],
    design: MaybeDesignFile = None,
    twins: Annotated[int, typer.Option(min=1, max=256, metavar="N", help="Twins of --design.")] = 1,
    port: Annotated[
        list[str] | None,
        typer.Option("--port", "-p", metavar="URL", help="A board, such as serial:///dev/ttyUSB0; one for each board."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="URL", help="A Dask scheduler, such as tcp://HOST:8786, whose boards filter."),
    ] = None,
    ending: Annotated[
        str | None,
        typer.Option("--kind", metavar="KIND", help="What to write, such as png, wav or npy; else what each file was."),
    ] = None,
    rounded: Annotated[
        bool, typer.Option("--round", help="Round a sound's samples that the design's format doesn't hold.")
    ] = False,
    grey: Annotated[
        bool, typer.Option("--gray", "--grey", help="Make one plane of brightness of a picture's colours.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Filters many files on many boards, or on twins. What a board had when it failed goes to another one."""
    from .. import atomic
    from ..errors import FileError
    from ..pools import Pool
    from ..progress import steps
    from ..report.numbers import counted
    from ..run import Target, write_results

    if (
        sum(given is not None and given != [] for given in (port, scheduler))
        + (design is not None) * (not port and not scheduler)
        != 1
    ):
        raise typer.BadParameter("give --design FILE for twins, --port URL for each board, or --scheduler URL")
    atomic.check_folder(output)
    targets = [output / (source.stem + (f".{ending.removeprefix('.')}" if ending else source.suffix)) for source in sources]
    if (double := next((path for path in targets if targets.count(path) > 1), None)) is not None:
        raise FileError(f"Files of a batch must have names of their own; two would become {double}")
    wanted = None if design is None else load(design)
    with steps() as advance:
        advance("opening the boards")
        with Pool(port or ([wanted] * twins if wanted and not scheduler else ()), scheduler=scheduler, expected=wanted) as pool:
            output.mkdir(parents=True, exist_ok=True)
            checked = [Target.of(path) for path in targets]
            read = _Read(sources, checked, pool.design, rounded, grey)
            for number, result in enumerate(pool.run(read), 1):
                advance(f"{number} of {len(sources)} filtered, {counted(len(pool.boards), 'board')}", number / len(sources))
                source, target = read.taken(number - 1)
                write_results(target, pool.design, source, result)
            counts = dict(sorted(pool.counts.items()))
    note(list(dict.fromkeys(read.notes)))
    told = [f"{counted(len(sources), 'file')} in {output}", *(f"{board}: {count}" for board, count in counts.items())]
    answer(as_json, "\n".join(told), {"output": [str(path) for path in targets], "boards": counts, "notes": read.notes})


class _Read:
    """The files as arrays, read as they are needed, and kept until their results are there."""

    def __init__(self, paths: Sequence[Path], targets: "Sequence[Target]", design: "Design", rounded: bool, grey: bool) -> None:
        self.notes: list[str] = []
        self._paths, self._targets, self._design = paths, targets, design
        self._how = {"rounded": rounded, "grey": grey}
        self._kept: dict[int, Source] = {}

    def __iter__(self) -> "Iterator[tuple[Array, bool | None]]":
        from ..run import check_target, handed, read_source

        for number, (path, target) in enumerate(zip(self._paths, self._targets, strict=True)):
            source = read_source(path, self._design, **self._how)
            self.notes += [*source.notes, *check_target(target, self._design, source)]
            self._kept[number] = source
            yield handed(self._design, source)

    def taken(self, number: int) -> "tuple[Source, Target]":
        """A file whose result is there."""
        return self._kept.pop(number), self._targets[number]
