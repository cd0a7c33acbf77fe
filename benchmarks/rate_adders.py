"""What changes of rate by constants take without multipliers, beside the same filters with multipliers made of look-up tables.

    python benchmarks/rate_adders.py            # all rows
    python benchmarks/rate_adders.py up-8-32    # one
    python benchmarks/rate_adders.py --write    # also into docs/resample.md

Each row is a design file, of benchmarks/size but for `half_rate`, which is an example. Whole generated files in the shell that
`convolver generate` gives them by itself, synthesised for iCE40 by `synth_ice40`, not placed. Those with multipliers are for
any device, whose multipliers the synthesis makes of look-up tables there; they take the usual clocks of a result.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from size import synthesised, types_of
from tables import as_row, check_known, renew

from convolver.boards.cell_counts import size_of
from convolver.boards.toolchain import versions
from convolver.design_files import load_design
from convolver.designs import Design
from convolver.hw.export.verilog import generate
from convolver.plan import Family, lower

HERE = Path(__file__).parent
EXAMPLES, SIZE, PAGE = HERE.parent / "examples", HERE / "size", HERE.parent / "docs" / "resample.md"
FAMILY: Family = "ice40"

ROWS = {
    path.stem: path
    for path in (
        EXAMPLES / "half_rate.toml",
        *(SIZE / f"{name}.toml" for name in ("up-2-23", "down-2-31", "down-4-31", "down-8-32", "up-4-32", "up-8-32")),
    )
}
"""The files of the table's rows."""

HEADER = as_row(
    ["file", "rate and constant taps", "adders", "LUT, FF, block RAMs", "multipliers", "LUT, FF, block RAMs with these"]
)


def told(row: str) -> list[str]:
    """The cells that name a row."""
    design = load_design(ROWS[row])
    return [f"`{row}.toml`", f"times {design.rate}, {len(design.weights)} of {design.coefficient_format.width} bits"]


def designs(row: str) -> tuple[Design, Design]:
    """Its design without multipliers, and with the usual ones."""
    plain = load_design(ROWS[row]).replace(multipliers=None, clocks_per_result=None)
    return plain.replace(multipliers=0), plain


def planned(row: str) -> list[str]:
    """How many adders it takes, and how many multipliers."""
    added, plain = designs(row)
    adders: list[Any] = [*lower(added, FAMILY).filters]
    return [str(sum(len(array.graph.nodes) for array in adders)), str(lower(plain).multipliers)]


def measured(row: str) -> Iterator[str]:
    """The cells of what it takes."""
    for count, design, family in zip(planned(row), designs(row), (FAMILY, None), strict=True):
        yield count
        yield _size(design, family)


def _size(design: Design, family: Family | None) -> str:
    """Look-up tables, flip-flops and block RAMs of a generated file."""
    size = size_of(types_of(synthesised(generate(design, "core", family), FAMILY)).elements())
    return f"{size.luts}, {size.flip_flops}, {size.block_rams:g}"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="What changes of rate by constants take without multipliers.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; by default all")
    parser.add_argument("--write", action="store_true", help="put the table into docs/resample.md, too")
    arguments = parser.parse_args()
    check_known(parser, "row", arguments.rows, ROWS)
    print(HEADER, flush=True)
    lines = []
    for row in arguments.rows or ROWS:
        lines.append(as_row([*told(row), *measured(row)]))
        print(lines[-1], flush=True)
    if arguments.write:
        renew(HEADER, lines, keys=2, page=PAGE)
    print(", ".join(f"{name} {version}" for name, version in versions(["yosys"]).items()))


if __name__ == "__main__":
    main()
