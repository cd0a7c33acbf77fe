"""The digests of seeded random designs, as accelerators, and the file that keeps them.

A line a design: its number, a digest of its JSON, and one of its netlist for each family. The first tells a change of the
designs' generator from one of the gateware.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import get_args
from unittest.mock import patch

from random_designs import OTHERS, seeded
from ratchet.netlist import digest

from convolver.designs import Design
from convolver.hw.bus.accelerator import Accelerator
from convolver.hw.cores.core import create
from convolver.hw.primitives.families import Family, FamilyPlatform

__all__ = [
    "COLUMNS",
    "DESIGNS",
    "FAMILIES",
    "FILE",
    "MIXED_DESIGNS",
    "OF_A_KIND",
    "differences",
    "line",
    "netlist",
    "read",
    "write",
]

MIXED_DESIGNS = 150
OF_A_KIND = 10
DESIGNS = MIXED_DESIGNS + OF_A_KIND * len(OTHERS)
"""The designs of several kinds, then those of each further kind."""

FAMILIES: dict[str, Family | None] = {"any": None, **{name: name for name in get_args(Family)}}
COLUMNS = ("design", "description", *FAMILIES)
RENEW = "make ratchet WRITE=1"
FILE = Path(__file__).with_name("digests.txt")


def numbered(number: int) -> Design:
    """The design of a number."""
    if number < MIXED_DESIGNS:
        return seeded(number)
    kind, of_kind = divmod(number - MIXED_DESIGNS, OF_A_KIND)
    return seeded(of_kind, OTHERS[kind])


def netlist(design: Design, family: Family | None) -> str:
    """The digest of a design's accelerator, but for the description in its memory: every zlib packs that in its own way."""
    platform = None if family is None else FamilyPlatform(family)
    with patch("convolver.hw.bus.registers.description", lambda _design: bytes(range(64))):
        return digest(Accelerator(design, create(design, family)), platform)


def outcome(design: Design, family: Family | None) -> str:
    """The digest, or the name of the error that making the accelerator ends in."""
    try:
        return netlist(design, family)
    except Exception as error:  # noqa: BLE001  # a fault that is known stays as it is, and doesn't hide the other designs
        return type(error).__name__


def line(number: int, families: Iterable[str] = tuple(FAMILIES)) -> dict[str, str]:
    """The digests of a seeded design, by the file's columns; those of some families."""
    design = numbered(number)
    told = {"design": str(number), "description": hashlib.sha256(design.to_json().encode()).hexdigest()[:8]}
    return told | {name: outcome(design, FAMILIES[name]) for name in families}


def read() -> dict[int, dict[str, str]]:
    """The file's lines, by the designs' numbers; none if it has other columns."""
    rows = [row.split() for row in FILE.read_text(encoding="utf-8").splitlines()] if FILE.exists() else []
    if not rows or tuple(rows[0]) != COLUMNS:
        return {}
    return {int(row[0]): dict(zip(COLUMNS, row, strict=True)) for row in rows[1:]}


def write(lines: Iterable[dict[str, str]]) -> None:
    """Writes the file anew."""
    rows = [COLUMNS, *([told[name] for name in COLUMNS] for told in lines)]
    FILE.write_text("".join(f"{' '.join(row)}\n" for row in rows), encoding="utf-8")


def differences(kept: dict[str, str] | None, told: dict[str, str]) -> list[str]:
    """What differs of a design from what is kept: a line for each family, which shows the design."""
    number = int(told["design"])
    if kept is None or kept["description"] != told["description"]:
        return [f"design {number} isn't the one that the digests are of: the generator has changed, not the gateware; {RENEW}"]
    return [
        f"design {number}, family {name}: its netlist has changed, {kept[name]} to {told[name]}; if it should have, {RENEW}: "
        + numbered(number).to_json()
        for name in told
        if told[name] != kept[name]
    ]
