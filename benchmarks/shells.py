"""What is around a core, in look-up tables: generated files of a design in several shells, synthesised for each family.

    python benchmarks/shells.py            # the tables of all pages
    python benchmarks/shells.py cic        # of one
    python benchmarks/shells.py --write    # also into the pages

Synthesis only, and LUT counted, as in benchmarks/size.py.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from size import SYNTHESIS, synthesised, types_of
from tables import as_row, check_known, renew

from convolver import s8, s16, u8
from convolver.boards.cell_counts import size_of
from convolver.boards.toolchain import versions
from convolver.design_files import load_design
from convolver.designs import CICDesign, Design, MovingMaximumDesign
from convolver.hw.export.verilog import generate
from convolver.shell import FULL, Shell

HERE = Path(__file__).parent
EXAMPLES, SIZE, DOCS = HERE.parent / "examples", HERE / "size", HERE.parent / "docs"
FAMILIES = ("ECP5", "iCE40", "7-series")

HASH, UNTOLD = (replace(FULL, description=told) for told in ("hash", "none"))
FIXED = replace(FULL, frame="fixed")
LEAN, VALID = Shell(), Shell(handshake="valid")
FEW = Shell(registers="coefficients", description="none")
FEW_VALID = replace(FEW, handshake="valid")


@dataclass(frozen=True)
class Table:
    """A page's table: the shells of each design, the words of a shell that it names, and what tells the designs apart."""

    shells: dict[Design, tuple[Shell, ...]]
    words: tuple[str, ...] = ("registers", "handshake")
    names: tuple[str, ...] = ()
    title: str = ""

    @property
    def header(self) -> str:
        """Its first line, by which it is found."""
        return as_row([*([self.title] if self.names else []), *(f"`--{word}`" for word in self.words), *FAMILIES])

    def rows(self) -> Iterator[tuple[list[str], Design, Shell]]:
        """The cells in front of each row's figures, and what is measured."""
        for place, (design, shells) in enumerate(self.shells.items()):
            for shell in shells:
                full = shell.of(design)
                told = {"registers": full.registers or "none", "description": full.description or "none"}
                words = [f"`{told.get(word) or getattr(full, word)}`" for word in self.words]
                yield [*self.names[place : place + 1], *words], design, full


TAPS, GAUSSIAN, VALID_GAUSSIAN = (load_design(SIZE / f"{name}.toml") for name in ("taps-8", "gaussian", "gaussian-valid"))
HALF_RATE = load_design(EXAMPLES / "half_rate.toml")
LOADED = {"loadable": True, "coefficient": s8, "multipliers": None}
"""What makes a constant kernel a loadable one."""
TABLES = {
    "fir": Table(
        {
            TAPS: (FULL, FIXED, HASH, UNTOLD, LEAN, VALID),
            TAPS.replace(loadable=True, coefficient=s8): (FULL, FIXED, HASH, UNTOLD, FEW, FEW_VALID),
        },
        ("registers", "description", "handshake", "frame"),
        ("constant", "loadable, s8"),
        "coefficients",
    ),
    "conv2d": Table(
        {
            GAUSSIAN: (FULL, FIXED, HASH, UNTOLD, LEAN),
            VALID_GAUSSIAN: (FULL, FIXED, VALID),
            GAUSSIAN.replace(**LOADED): (FULL, FIXED, HASH, UNTOLD, FEW),
            VALID_GAUSSIAN.replace(**LOADED): (FULL, FIXED, FEW, FEW_VALID),
        },
        ("registers", "description", "handshake", "frame"),
        ("`edge`", "mode `valid`", "`edge`, loadable", "mode `valid`, loadable"),
        "border, coefficients",
    ),
    "moving_maximum": Table({MovingMaximumDesign(8, data=u8): (FULL, LEAN, VALID)}),
    "resample": Table(
        {HALF_RATE: (FULL, FIXED, LEAN), HALF_RATE.replace(loadable=True): (FULL, FIXED, FEW)},
        ("registers", "description", "handshake", "frame"),
        ("constant", "loadable, s15"),
        "coefficients",
    ),
    "cic": Table({CICDesign(4, down=64, data=s16, shift=24, output=s16): (FULL, LEAN, VALID)}),
    "pipeline": Table({load_design(EXAMPLES / "outlines.toml"): (FULL, LEAN)}, ("registers",)),
    "fork": Table({load_design(EXAMPLES / "sharpen.toml"): (FULL, LEAN)}, ("registers",)),
}
"""By their pages."""


def measured(design: Design, shell: Shell) -> Iterator[str]:
    """The look-up tables for each family."""
    for family in SYNTHESIS:
        module = synthesised(generate(design, "core", family, shell=shell), family)
        yield str(size_of(types_of(module).elements()).luts)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description="Look-up tables of what is around a core, shell by shell.")
    parser.add_argument("pages", nargs="*", metavar="PAGE", help=f"of {', '.join(TABLES)}; by default all")
    parser.add_argument("--write", action="store_true", help="put the tables into the pages, too")
    arguments = parser.parse_args()
    check_known(parser, "page", arguments.pages, TABLES)
    for page in arguments.pages or TABLES:
        table = TABLES[page]
        print(f"\n{page}\n{table.header}", flush=True)
        lines = []
        for cells, design, shell in table.rows():
            lines.append(as_row([*cells, *measured(design, shell)]))
            print(lines[-1], flush=True)
        if arguments.write:
            renew(table.header, lines, keys=len(table.words) + bool(table.names), page=DOCS / f"{page}.md")
    print(", ".join(f"{name} {version}" for name, version in versions(["yosys"]).items()))


if __name__ == "__main__":
    main()
