"""What changes of rate by constants take without multipliers, beside the same filters with multipliers made of look-up tables.

    python benchmarks/rate_adders.py            # all rows
    python benchmarks/rate_adders.py up-8-32    # one; 48-8 and the like are chains
    python benchmarks/rate_adders.py --write    # also into docs/resample.md

Each row is a design file, of benchmarks/size but for `half_rate`, which is an example. Whole generated files in the shell that
`convolver generate` gives them by itself, synthesised for iCE40 by `synth_ice40`, not placed. Those with multipliers are for
any device, whose multipliers the synthesis makes of look-up tables there; they take the usual clocks of a result.

A second table has chains of `convolver resampler` on devices with too few multipliers for them.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from size import synthesised, types_of
from tables import as_row, check_known, renew

from convolver import resampler
from convolver.boards.cell_counts import size_of
from convolver.boards.toolchain import versions
from convolver.design_files import load_design
from convolver.designs import Design
from convolver.folding import hertz
from convolver.hw.export.verilog import generate
from convolver.plan import Family, lower
from convolver.plan.fit import in_adders
from convolver.plan.fpgas import named_fpga
from convolver.resampler import Resampler

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


CHAINS: dict[str, tuple[tuple[str, ...], str]] = {
    "48-8-s12": (("48k", "8k", "--passband", "3k", "--attenuation", "40", "--format", "s12"), "iCE40HX8K"),
    "48-8": (("48k", "8k", "--passband", "3k"), "iCE40UP5K"),
    "1000-250": (("1M", "250k", "--passband", "100k"), "iCE40HX8K"),
    "1000-250-up5k": (("1M", "250k", "--passband", "100k"), "iCE40UP5K"),
}
"""The arguments of `convolver resampler` for the second table's rows, and their devices."""

OPTIONS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "--passband": ("passband", hertz),
    "--attenuation": ("attenuation_db", float),
    "--format": ("format", str),
}
"""Options among these arguments: what `resampler` calls them, and what reads them."""

CHAINS_HEADER = as_row(["`convolver resampler`", "device, its multipliers", "chain", "multipliers", "LUT, FF, block RAMs"])


@cache
def chain(row: str) -> Resampler:
    """The chain that the command finds."""
    (fs_in, fs_out, *options), _ = CHAINS[row]
    given = {}
    for option, value in zip(options[::2], options[1::2], strict=True):
        name, read = OPTIONS[option]
        given[name] = read(value)
    return resampler(hertz(fs_in), hertz(fs_out), **given)


def told_of_chain(row: str) -> list[str]:
    """The cells that name a chain's row, what it is made of, and how many multipliers it takes where there are enough."""
    arguments, device = CHAINS[row]
    found = chain(row)
    multipliers = lower(found.design, FAMILY).hard_multipliers
    held = f"{device}, {named_fpga(device).multipliers}"
    return [f"`{' '.join(arguments)}`", held, found.alternatives[0].stages, str(multipliers)]


def measured_chain(row: str) -> str:
    """What it takes where the device has too few."""
    plan = in_adders(lower(chain(row).design, FAMILY), named_fpga(CHAINS[row][1]).multipliers)
    assert not plan.hard_multipliers
    return _size(plan.design, FAMILY)


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


def _table(header: str, rows: Iterator[list[str]], write: bool) -> None:
    """Prints a table row by row, and puts the rows into the page."""
    print(header, flush=True)
    lines = []
    for cells in rows:
        lines.append(as_row(cells))
        print(lines[-1], flush=True)
    if write:
        renew(header, lines, keys=2, page=PAGE)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description="What changes of rate by constants take without multipliers.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join((*ROWS, *CHAINS))}; by default all")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/resample.md, too")
    arguments = parser.parse_args()
    check_known(parser, "row", arguments.rows, {*ROWS, *CHAINS})
    asked = arguments.rows or (*ROWS, *CHAINS)
    _table(HEADER, ([*told(row), *measured(row)] for row in ROWS if row in asked), arguments.write)
    _table(CHAINS_HEADER, ([*told_of_chain(row), measured_chain(row)] for row in CHAINS if row in asked), arguments.write)
    print(", ".join(f"{name} {version}" for name, version in versions(["yosys"]).items()))


if __name__ == "__main__":
    main()
