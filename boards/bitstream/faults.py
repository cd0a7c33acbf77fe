"""Single bits of a configuration that can be turned round: those that belong to the cells and switches of its circuit."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from .chip import Chip
from .configuration import Configuration

__all__ = ["GROUPS", "Fault", "faults"]

GROUPS = ("logic", "routing", "memory", "multiplier")
"""Of look-up tables and registers; of switches; of block RAMs' contents; of SB_MAC16's parameters."""


@dataclass(frozen=True)
class Fault:
    """One bit: its group, where it is in words, and what turns it round."""

    group: str
    where: str
    apply: Callable[[Configuration], Configuration]


def faults(chip: Chip, configuration: Configuration, group: str, seed: int) -> Iterator[Fault]:
    """All bits of a group in a random order, without those of tiles that the configuration leaves alone."""
    places = list(_RANGES[group](chip, configuration))
    order = np.random.default_rng(seed).permutation(len(places))
    return (places[number] for number in order)


def _flip(group: str, what: str, y: int, x: int, row: int, column: int) -> Fault:
    return Fault(group, f"{what} of tile {x},{y}", lambda configuration: configuration.flipped(y, x, row, column))


def _logic(chip: Chip, configuration: Configuration) -> Iterator[Fault]:
    """The 20 bits of each logic cell that has one set."""
    for bel in chip.bels:
        if bel.cell == "LC" and any(configuration.field(chip, bel.x, bel.y, f"LC_{bel.z}")):
            for number, (row, column) in enumerate(chip.bits_at(bel.x, bel.y)[f"LC_{bel.z}"]):
                yield _flip("logic", f"bit {number} of logic cell {bel.z}", bel.y, bel.x, row, column)


def _routing(chip: Chip, configuration: Configuration) -> Iterator[Fault]:
    """The bits of each group of switches of which one is closed."""
    switches = chip.switches
    for number in np.flatnonzero((switches["bel"] < 0) & (switches["bits"] > 0)):
        one = switches[number]
        x, y = int(one["x"]), int(one["y"])
        places = [(int(row), int(column)) for row, column in one["places"][: one["bits"]]]
        if any(configuration.bits[y, x, row, column] for row, column in places):
            for bit, (row, column) in enumerate(places):
                yield _flip("routing", f"bit {bit} of switch {number}", y, x, row, column)


def _memory(chip: Chip, configuration: Configuration) -> Iterator[Fault]:
    """The contents of each block RAM that has some."""
    del chip
    for (x, y), words in configuration.rams.items():
        if words.any():
            for word in range(256):
                for bit in range(16):
                    yield Fault("memory", f"bit {bit} of word {word} of the block RAM at {x},{y}", _stored((x, y), word, bit))


def _stored(ram: tuple[int, int], word: int, bit: int) -> Callable[[Configuration], Configuration]:
    return lambda configuration: configuration.flipped_word(ram, word, bit)


def _multiplier(chip: Chip, configuration: Configuration) -> Iterator[Fault]:
    """The parameters of each SB_MAC16 that has one set."""
    for bel in chip.bels:
        places = chip.special.get(bel.index, {}) if bel.cell == "MAC16" else {}
        if any(configuration.bit(chip, x, y, f"IpConfig.{name}") for x, y, name in places.values()):
            for parameter, (x, y, name) in places.items():
                ((row, column),) = chip.bits_at(x, y)[f"IpConfig.{name}"]
                yield _flip("multiplier", f"{parameter} of the SB_MAC16 at {bel.x},{bel.y}, a bit", y, x, row, column)


_RANGES = {"logic": _logic, "routing": _routing, "memory": _memory, "multiplier": _multiplier}
