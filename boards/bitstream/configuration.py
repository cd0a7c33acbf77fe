"""What a bitstream configures: the bits of each tile, and the contents of block RAMs."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convolver.errors import ToolError

from ..toolchain import run
from .chip import Chip

__all__ = ["Configuration", "unpack"]

_ROWS, _COLUMNS = 16, 54
"""The most rows and columns of bits that a tile has."""

_TILE = re.compile(r"\.(\w+)_tile (\d+) (\d+)")


@dataclass(frozen=True, eq=False)
class Configuration:
    """All bits of a bitstream.

    Parameters
    ----------
    bits : ndarray, shape (height, width, 16, 54), bool
        Of each tile; a smaller tile's are the first ones.
    rams : dict
        Of each block RAM's lower tile its 256 words of 16 bits.
    pads : frozenset
        Bank, column and row of each bit that takes a pad straight to a global net.
    device : str
        The chip, as the database names it.
    """

    bits: NDArray[np.bool_]
    rams: dict[tuple[int, int], NDArray[np.uint16]]
    pads: frozenset[tuple[int, int, int]]
    device: str

    def flipped(self, y: int, x: int, row: int, column: int) -> "Configuration":
        """The same with one bit of a tile the other way round."""
        bits = self.bits.copy()
        bits[y, x, row, column] ^= True
        return replace(self, bits=bits)

    def flipped_word(self, ram: tuple[int, int], word: int, bit: int) -> "Configuration":
        """The same with one bit of a block RAM's contents the other way round."""
        words = self.rams[ram].copy()
        words[word] ^= np.uint16(1 << bit)
        return replace(self, rams=self.rams | {ram: words})

    def bit(self, chip: Chip, x: int, y: int, name: str) -> bool:
        """A bit of a tile by its name; False if the tile has none of it."""
        return any(self.field(chip, x, y, name))

    def field(self, chip: Chip, x: int, y: int, name: str) -> list[bool]:
        """The bits of a tile by their name."""
        places = chip.bits_at(x, y).get(name, ())
        return [bool(self.bits[y, x, row, column]) for row, column in places]


def read(text: str, chip_of: Callable[[str], Chip]) -> Configuration:
    """Reads IceStorm's text form of a bitstream.

    Raises
    ------
    ToolError
        If it is none.
    """
    blocks = re.split(r"^(?=\.)", text, flags=re.MULTILINE)
    named = [block.split(None, 1)[1].split()[0] for block in blocks if block.startswith(".device ")]
    if len(named) != 1:
        raise ToolError("A bitstream must be one of an iCE40: its text form names no device")
    chip = chip_of(named[0])
    bits = np.zeros((chip.height, chip.width, _ROWS, _COLUMNS), np.bool_)
    rams: dict[tuple[int, int], Any] = {}
    pads: set[tuple[int, int, int]] = set()
    for block in blocks:
        head, _, body = block.partition("\n")
        lines = body.split()
        if found := _TILE.fullmatch(head):
            rows = np.array([[digit == "1" for digit in line] for line in lines], np.bool_)
            bits[int(found[3]), int(found[2]), : len(rows), : rows.shape[1]] = rows
        elif head.startswith(".ram_data "):
            x, y = map(int, head.split()[1:])
            words = [int(line, 16) >> 16 * word & 0xFFFF for line in lines for word in range(16)]
            rams[x, y] = np.array(words, np.uint16)
        elif head.startswith(".extra_bit "):
            bank, x, y = map(int, head.split()[1:])
            pads.add((bank, x, y))
    return Configuration(bits, rams, frozenset(pads), named[0])


def unpack(bitstream: Path, chip_of: Callable[[str], Chip]) -> Configuration:
    """Takes a bitstream apart with IceStorm's own tool.

    Raises
    ------
    ToolError
        If the file isn't there, is no bitstream of an iCE40, or the tool is missing.
    """
    if not bitstream.is_file():
        raise ToolError(f"A bitstream must be a file, and {bitstream} is none")
    with TemporaryDirectory(prefix="bitstream-") as folder:
        shutil.copyfile(bitstream, Path(folder) / "packed.bin")
        try:
            run("iceunpack", ["packed.bin", "unpacked.asc"], Path(folder))
        except ToolError as error:
            if "exit code" not in str(error):
                raise  # it isn't there
            raise ToolError(f"{bitstream} must be a bitstream of an iCE40: {str(error).rpartition(': ')[2]}") from None
        return read((Path(folder) / "unpacked.asc").read_text(encoding="ascii"), chip_of)
