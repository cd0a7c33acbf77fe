"""Files that were cut short or damaged: read, or refused in one line; never anything else, and nothing printed beside it."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convolver import Conv2DDesign, FIRDesign, arrays, cli, images, load_design, q1_15, sounds
from convolver.errors import ConvolverError

from . import test_arrays, test_design_files, test_images, test_sounds

PATH = Path("file")
LONGEST = 400
"""Characters that a line may have: other libraries' words are cut."""


def damaged(octets: bytes, seed: str, number: int) -> list[bytes]:
    """Copies with a random fault or several, most of them in the header; and some that end early."""
    chance = random.Random(seed)
    found = []
    for _ in range(number):
        copy = bytearray(octets)
        if chance.random() < 0.2:
            found.append(bytes(copy[: chance.randrange(len(copy) + 1)]))
            continue
        for _ in range(chance.choice([1, 1, 2, 5, 20])):
            place = chance.randrange(min(len(copy), 200 if chance.random() < 0.7 else len(copy)) + 1)
            match chance.randrange(4):
                case 0:
                    copy[place : place + 1] = bytes([chance.choice([0, 255, 127, 128, chance.randrange(256)])])
                case 1:
                    copy[place : place + 1] = bytes(value ^ 1 << chance.randrange(8) for value in copy[place : place + 1])
                case 2:
                    del copy[place : place + chance.randrange(1, 9)]
                case 3:
                    copy[place:place] = chance.randbytes(chance.randrange(1, 5))
        found.append(bytes(copy))
    return found


def refusals(read: Callable[[bytes], Any], octets: bytes, seed: str, number: int) -> int:
    """How many damaged copies were refused, in one line; the others were read, and anything else is raised."""
    said = []
    for copy in damaged(octets, seed, number):
        try:
            read(copy)
        except ConvolverError as error:
            said.append(str(error))
    assert [line for line in said if "\n" in line or len(line) >= LONGEST or "object at 0x" in line] == []
    return len(said)


FILES: dict[str, tuple[bytes, Callable[[bytes], Any]]] = {
    **{kind: (octets, lambda copy: images.decode(copy, PATH)) for kind, (octets, _, _) in test_images.EXACT.items()},
    **{kind: (octets, lambda copy: sounds.decode(copy, PATH)) for kind, (octets, _, _) in test_sounds.EXACT.items()},
    **{
        kind: (test_sounds.other(np.sin(np.arange(400)), kind, subtype), lambda copy: sounds.decode(copy, PATH))
        for kind, subtype in (("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III"))
    },
    "npy": (test_arrays.npy(test_arrays.CUBE), lambda copy: arrays.decode(copy, PATH, 1)),
    "npz": (test_arrays.npz(a=test_arrays.CUBE), lambda copy: arrays.decode(copy, PATH, 1)),
    "csv": (b"1,-2,3\n4,5,6e0\n" * 3, lambda copy: arrays.decode(copy, PATH, 2)),
}


@pytest.mark.parametrize("kind", FILES)
def test_damaged_files(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    octets, read = FILES[kind]
    assert refusals(read, octets, kind, 15)
    assert capfd.readouterr() == ("", "")


@pytest.mark.soak
@pytest.mark.parametrize("kind", FILES)
def test_many_damaged_files(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    octets, read = FILES[kind]
    assert refusals(read, octets, f"soak {kind}", 5000)
    assert capfd.readouterr() == ("", "")


DESIGNS: dict[str, bytes] = {
    "toml": FIRDesign((1, -2, 3), q1_15, shift=2).to_toml().encode(),
    "json": Conv2DDesign([[1, 2], [3, 4]], boundary="edge").to_json().encode(),
    "real": b'kind = "fir"\ncoefficients = [0.5, -0.25, 1e-3]\ncoefficient = "q1_15"\n',
    "table": b'kind = "conv2d"\nkernel = "taps.csv"\n',
    **{name: octets if isinstance(octets, bytes) else octets.encode() for name, octets in test_design_files.FILES.items()},
}


@pytest.mark.parametrize("name", DESIGNS)
def test_damaged_designs(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taps.csv").write_text("1,2\n3,4\n")

    def read(copy: bytes) -> None:
        (tmp_path / "design").write_bytes(copy)
        load_design(tmp_path / "design")

    assert refusals(read, DESIGNS[name], name, 60)
    assert capfd.readouterr() == ("", "")


def test_the_command_lines_exit_codes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """3 for a design that can't be, 4 for values that it doesn't take, 5 for a file: one line each, and never a fault, 70."""
    (tmp_path / "fir.toml").write_text(FIRDesign((1,)).to_toml())
    octets = [copy for name in ("toml", "taps.coe") for copy in damaged(DESIGNS[name], "cli", 15)]
    for copy in octets:
        (tmp_path / "design").write_bytes(copy)
        code = cli.main(["report", "-d", str(tmp_path / "design")])
        out, err = capfd.readouterr()
        assert code in (0, 3, 5), err
        assert (err.count("\n"), bool(out)) == ((0, True) if code == 0 else (1, False)), err
    for kind in ("WAV 16", "FLAC 16", "PNG colour 16", "TIFF colour 16", "npy"):
        for copy in damaged(FILES[kind][0], "cli", 6):
            (tmp_path / "in").write_bytes(copy)
            code = cli.main(["run", "-d", str(tmp_path / "fir.toml"), str(tmp_path / "in"), "-o", str(tmp_path / "out.flac")])
            _, err = capfd.readouterr()
            assert code in (0, 4, 5), err
            assert err.count("\n") == (code != 0), err
