"""Arrays in files: .npy, .npz and text, exactly or refused in one line."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convolver import FileError, arrays

PATH = Path("array")
CUBE = np.arange(-30, 30).reshape(3, 4, 5)


def npy(values: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, values, **options)
    return file.getvalue()


def npz(**values: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **values)
    return file.getvalue()


@pytest.mark.parametrize("octets", [npy(CUBE), npz(a=CUBE), npy(CUBE.astype(">i8")), npy(np.asfortranarray(CUBE))])
def test_an_array(octets: bytes) -> None:
    assert np.array_equal(arrays.decode(octets, PATH, 1), CUBE)
    assert arrays.is_one(octets)


@pytest.mark.parametrize(
    ("text", "one", "two"),
    [
        ("1\n-2\n3\n", [1, -2, 3], [[1], [-2], [3]]),
        ("1,-2,+3", [1, -2, 3], [[1, -2, 3]]),
        ("1, 2,\n3 ,4,\n", [[1, 2], [3, 4]], [[1, 2], [3, 4]]),
        ("1;2\r\n3;4\r\n", [[1, 2], [3, 4]], [[1, 2], [3, 4]]),
        ("# made by hand\n\n1 2\n  3\t4 # the last\n", [[1, 2], [3, 4]], [[1, 2], [3, 4]]),
        ("1.0 2e0 -3.", [1, 2, -3], [[1, 2, -3]]),
        ("1.000000000000000000e+00\n2.000000000000000000e+00\n", [1, 2], [[1], [2]]),
        ("9223372036854775807 -9223372036854775808", [2**63 - 1, -(2**63)], [[2**63 - 1, -(2**63)]]),
        ("9007199254740993.0", [2**53 + 1], [[2**53 + 1]]),
    ],
)
def test_a_text_of_numbers(text: str, one: Any, two: Any) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        octets = text.encode(encoding)
        assert arrays.is_text(octets)
        for rank, expected in ((1, one), (2, two)):
            array = arrays.decode(octets, PATH, rank)
            assert array.dtype == np.int64
            assert array.tolist() == expected


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        (b"", "it holds no numbers"),
        (b"1,2\n3\n", "line 2 must hold 2 numbers as the first one does, not 1"),
        (b"1,,2\n", "line 1 must hold numbers, not ''"),
        (b"1\nx\n", "line 2 must hold numbers, not 'x'"),
        (b"0x10", "line 1 must hold numbers, not '0x10'"),
        (b"1_000", "line 1 must hold numbers, not '1_000'"),
        (b"nan", "line 1 must hold numbers, not 'nan'"),
        (b"1e9999", "line 1 must hold numbers, not '1e9999'"),
        (b"1 0.5", "its numbers must be integers, not 0.5; scale and round them first"),
        (b"9223372036854775808", "its numbers must be of 64 bits, not 9.223372037e+18"),
        (b"1e300", "its numbers must be of 64 bits, not 1e+300"),
        (b"1 " * 600_000 + b"x", "it must hold whole numbers of 64 bits, as many on each line; or give a .npy file"),
        (b"1 " * (1 << 23) + b"1", "a text of numbers must have at most 16 MiB; give a .npy file"),
        (b"1 \xff", "its content isn't known; it must be .npy, .npz or a text of numbers"),
        (npy(np.array([1, "a"], object), allow_pickle=True), "it holds objects; it must hold numbers"),
        (npz(a=CUBE, b=CUBE), "it must hold one array, not 2: a, b"),
        (npz(), "it must hold one array, not 0"),
        (npy(CUBE)[:-8], "it ends early: 472 of 480 bytes"),
        (npy(CUBE).replace(b"(3, 4, 5), ", b"(3, 4, 10**9), "), "its header is damaged"),
        (npy(CUBE).replace(b"(3, 4, 5), }  ", b"(3, 4, 599), }"), "it ends early: 480 of 57504 bytes"),
        (npy(CUBE)[:20], "its header is damaged"),
        (b"PK\x03\x04" + bytes(30), "File is not a zip file"),
    ],
    ids=range(22),
)
def test_what_is_no_array_is_refused(octets: bytes, says: str) -> None:
    with pytest.raises(FileError) as caught:
        arrays.decode(octets, PATH, 1)
    assert str(caught.value).startswith(f"Array array can't be read: {says}")
    assert "\n" not in str(caught.value)


def test_an_archive_that_inflates_is_refused_before_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "DATA_BYTES", 1 << 20)
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_arguments: pytest.fail("it was read"))
    with pytest.raises(FileError, match=r"^Array array can't be read: its array has more than 1 MiB$"):
        arrays.decode(npz(a=np.zeros(1 << 18)), PATH, 1)


@pytest.mark.parametrize("suffix", arrays.KINDS)
@pytest.mark.parametrize("values", [CUBE[0, 0], CUBE[0], CUBE], ids=["1-D", "2-D", "3-D"])
def test_what_is_written_is_read_back(suffix: str, values: Any) -> None:
    if values.ndim > 2 and suffix in (".csv", ".txt"):
        with pytest.raises(FileError) as caught:
            arrays.encode(suffix, values)
        assert str(caught.value) == f"A {suffix} file holds lines of numbers, not 3 dimensions; name a .npy file"
        return
    assert np.array_equal(arrays.decode(arrays.encode(suffix, values), PATH, values.ndim), values)


def test_values_wider_than_64_bits() -> None:
    wide = np.array([1 << 70, -1], object)
    for suffix in (".npy", ".npz"):
        with pytest.raises(FileError) as caught:
            arrays.encode(suffix, wide)
        assert str(caught.value).startswith(
            f"A {suffix} file holds up to 64 bits a value, not 65; give the design a narrower output"
        )
    assert arrays.encode(".csv", wide) == b"1180591620717411303424\n-1\n"
