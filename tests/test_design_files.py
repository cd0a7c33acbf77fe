"""Design files: TOML, JSON and taps of other tools, told by their content; real taps become integers, and say what is lost."""

import io
import json
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convolver import Conv2DDesign, DesignError, FileError, FIRDesign, content, load_design, q1_15, quantize, s16, u8
from convolver.designs import KINDS
from convolver.report import report_of

FIR = FIRDesign((1, -2, 3), shift=1, output=s16)
TAPS = (20, -256, 40, 0)


def npy(values: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def npz(values: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, taps=values)
    return file.getvalue()


@pytest.fixture
def load(tmp_path: Path) -> Any:
    """Loads a design from a file of that content."""

    def loaded(octets: bytes | str, name: str = "fir.toml") -> Any:
        (tmp_path / name).write_bytes(octets.encode() if isinstance(octets, str) else octets)
        return load_design(tmp_path / name)

    return loaded


@pytest.mark.parametrize("name", ["fir.toml", "FIR.TOML", "fir.txt", "fir.json", "fir", "fir.tml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_toml_and_json_whatever_the_name(load: Any, name: str, encoding: str) -> None:
    assert load(FIR.to_json().encode(encoding), name) == FIR
    if not name.endswith("json"):
        assert load(f"# a comment\n{FIR.to_toml()}".encode(encoding), name) == FIR


FILES: dict[str, bytes | str] = {
    "taps.csv": "20,-256,40,0\n",
    "column.csv": "20\n-256\n40\n0\n",
    "taps.txt": "# from elsewhere\n20 -256\t40 0",
    "floats.txt": "2.0e+01\n-2.56e+02\n4.0e+01\n0.0e+00\n",
    "taps.npy": npy(np.array(TAPS)),
    "row.npy": npy(np.array([TAPS])),
    "floats.npy": npy(np.array(TAPS, float)),
    "taps.npz": npz(np.array(TAPS, np.int16)),
    "taps.coe": "; made by a tool\nradix = 10;\ncoefdata =\n20,\n-256,\n40,\n0;\n",
    "TAPS.COE": "Radix=10;\r\nCoefData=20 -256 40 0;",
}


@pytest.mark.parametrize("name", FILES)
def test_taps_of_other_tools(load: Any, tmp_path: Path, name: str) -> None:
    """As they are, and where a design names them."""
    assert load(FILES[name], name) == FIRDesign(TAPS)
    toml = f'kind = "fir"\ncoefficients = "{name}"\ndata = "u8"\nshift = 8\n'
    assert load(toml) == FIRDesign(TAPS, data=u8, shift=8)
    (tmp_path / "designs").mkdir()
    (tmp_path / "designs" / "fir.json").write_text(json.dumps({"kind": "fir", "coefficients": f"../{name}"}))
    assert load_design(tmp_path / "designs" / "fir.json") == FIRDesign(TAPS)


def test_kernels_of_other_tools(load: Any) -> None:
    kernel = [[1, -2, 3], [4, 5, 6]]
    assert load("1,-2,3\n4,5,6\n", "kernel.csv") == Conv2DDesign(kernel)
    assert load(npy(np.array(kernel)), "kernel.npy") == Conv2DDesign(kernel)
    assert load('kind = "conv2d"\nkernel = "kernel.csv"\nboundary = "edge"\n') == Conv2DDesign(kernel, boundary="edge")
    assert load(npy(np.array([kernel, kernel])), "two.npy") == Conv2DDesign([kernel, kernel])


@pytest.mark.parametrize(("radix", "words"), [(16, "0014,ff00,0028,0000"), (2, "10100,1111111100000000,101000,0")])
def test_coe_of_another_radix_needs_a_width(load: Any, radix: int, words: str) -> None:
    coe = f"radix={radix};\ncoefdata={words};"
    with pytest.raises(DesignError) as caught:
        load(coe, "taps.coe")
    assert str(caught.value) == (
        f'Taps of radix {radix} need a width; write a .toml file with coefficients = "taps.coe" and a coefficient such as "s16"'
    )
    toml = 'kind = "fir"\ncoefficients = "taps.coe"\ncoefficient = "{}"\n'
    assert load(toml.format("s16")) == FIRDesign(TAPS, coefficient=s16)
    assert load(toml.format("u16")).coefficients == (20, 65280, 40, 0)
    with pytest.raises(DesignError, match=rf"^Taps of radix {radix} must have 8 bits to fit s8, not 16$"):
        load(toml.format("s8"))


REAL = (0.5, -0.25, 0.1)


@pytest.mark.parametrize(
    ("given", "form", "shift"),
    [
        ('coefficient = "q1_15"', "q1_15", 15),
        ('coefficient = "q1_15"\nshift = 3', "q1_15", 3),
        ('coefficient = "s16"', "q1_15", 15),
        ('coefficient = "s8"', "q1_7", 7),
        ('coefficient = "s8"\nshift = 5', "q3_5", 5),
    ],
)
def test_real_taps_become_integers(load: Any, tmp_path: Path, given: str, form: str, shift: int) -> None:
    """What they lost is said, by the design and in its report; the gain is theirs."""
    expected = quantize(REAL, form)
    (tmp_path / "taps.csv").write_text("0.5,-0.25,0.1\n")
    (tmp_path / "taps.npy").write_bytes(npy(np.array(REAL)))
    for taps in ("[0.5, -0.25, 0.1]", '"taps.csv"', '"taps.npy"'):
        design = load(f'kind = "fir"\ncoefficients = {taps}\n{given}\n')
        assert design == FIRDesign(expected, coefficient=form, shift=shift)
        assert design.quantized.coefficients == design.coefficients
        assert design.quantized.error == pytest.approx(expected.error)
        assert str(design.quantized) in report_of(design).text()
    assert design.replace(coefficients=(1,)).quantized is None
    assert "quantized" not in design.to_dict()
    assert load(design.to_toml()) == design


def test_real_numbers_of_a_text_are_taken_exactly(load: Any, tmp_path: Path) -> None:
    (tmp_path / "taps.txt").write_text("0.1 0.3\n")
    design = load('kind = "fir"\ncoefficients = "taps.txt"\ncoefficient = "q1_15"\n')
    assert design.quantized == quantize([Fraction(1, 10), Fraction(3, 10)], q1_15)


def test_real_kernels(load: Any) -> None:
    kernel = [[0.1, 0.2], [0.3, 0.4]]
    design = load(f'kind = "conv2d"\nkernel = {kernel}\ncoefficient = "q1_7"\n')
    assert design == Conv2DDesign(quantize(kernel, "q1_7"), coefficient="q1_7", shift=7)
    assert str(design.quantized) == str(quantize(kernel, "q1_7"))
    stack = load(f'kind = "conv2d"\nkernel = {[kernel, kernel]}\ncoefficient = "q1_7"\n')
    assert stack.kernels == (design.kernel, design.kernel)


def test_whole_real_taps_are_integers(load: Any) -> None:
    design = load('kind = "fir"\ncoefficients = [1.0, -2e0, 3]\n')
    assert design == FIRDesign((1, -2, 3))
    assert design.quantized is None


@pytest.mark.parametrize(
    ("octets", "name", "error", "says"),
    [
        (
            'kind = "fir"\ncoefficients = [1, 0.5]\n',
            "fir.toml",
            DesignError,
            "Coefficients must be integers, not 0.5; convolver.quantize() makes integers of them, and so does "
            'coefficient = "s16" in the file that has coefficients',
        ),
        (
            "0.5,1\n",
            "taps.csv",
            DesignError,
            "Coefficients must be integers, not 0.5; convolver.quantize() makes integers of them, and so does "
            'coefficient = "s16" in a .toml file that has coefficients',
        ),
        (
            'kind = "fir"\ncoefficients = [1.5]\ncoefficient = "q1_15"\n',
            "fir.toml",
            DesignError,
            "Coefficients must be between -1 and 0.9999694824 to fit q1_15, not 1.5; take a format with more bits before the "
            "point",
        ),
        (
            'kind = "fir"\ncoefficients = [nan]\ncoefficient = "q1_15"\n',
            "fir.toml",
            DesignError,
            "Coefficients must be finite, not nan",
        ),
        (
            'kind = "fir"\ncoefficients = [0.5, true]\ncoefficient = "q1_15"\n',
            "fir.toml",
            DesignError,
            "Coefficients must be integers, not 0.5; convolver.quantize() makes integers of a float kernel",
        ),
        (
            'kind = "fir"\ncoefficients = "none.csv"\n',
            "fir.toml",
            FileError,
            "Taps {}/none.csv can't be read: no such file or ",
        ),
        ('kind = "fir"\ncoefficients = ""\n', "fir.toml", FileError, "Taps {} can't be read: is a directory"),
        (
            'kind = "fir"\ncoefficients = "fir.toml"\n',
            "fir.toml",
            FileError,
            "Taps {}/fir.toml can't be read: line 1 must hold ",
        ),
        (
            "1,2\n3\n",
            "taps.csv",
            FileError,
            "Design file {}/taps.csv can't be read: line 2 must hold 2 numbers as the first one",
        ),
        ("1,2,x\n", "taps.csv", FileError, "Design file {}/taps.csv can't be read: line 1 must hold numbers, not 'x'"),
        (
            "radix=8;\ncoefdata=1;",
            "a.coe",
            FileError,
            "Design file {}/a.coe can't be read: its radix must be 2, 10 or 16, not 8",
        ),
        (
            "radix=16;\ncoefdata=1,xy;",
            "a.coe",
            FileError,
            "Design file {}/a.coe can't be read: its numbers must be of radix 16,",
        ),
        ("radix=16;\ncoefdata=;", "a.coe", FileError, "Design file {}/a.coe can't be read: it holds no numbers"),
        ("radix=10;\ncoefdata=;", "a.coe", FileError, "Design file {}/a.coe can't be read: it holds no numbers"),
        (npy(np.array([1j])), "a.npy", FileError, "Design file {}/a.npy must hold real numbers, not complex128"),
        (npy(np.array(1)), "a.npy", DesignError, "Kernel must be a 2-D array of integers, not 1"),
        (npy(np.zeros((2, 2, 2, 2), int)), "a.npy", DesignError, "Kernel must be integers, not [0, 0]"),
        (npy(np.array([], int)), "a.npy", DesignError, "A FIR filter must have 1 to 256 taps, not 0"),
        (npy(np.zeros(257, int)), "a.npy", DesignError, "A FIR filter must have 1 to 256 taps, not 257"),
        ("", "fir.toml", DesignError, f"A design must have 'kind', one of {', '.join(KINDS)}"),
        ('{"kind": "fir"', "fir.toml", FileError, "Design file {}/fir.toml can't be read: Expecting ',' delimiter"),
        ("[" * 100_000, "fir.json", FileError, "Design file {}/fir.json can't be read: maximum recursion depth exceeded"),
        ("a = " + "[" * 10_000, "fir.toml", FileError, "Design file {}/fir.toml can't be read: "),
        (b"\x00\x01\x02", "fir.toml", FileError, "Design file {}/fir.toml can't be read: "),
        (b"\x89PNG\r\n\x1a\n", "fir.toml", FileError, "Design file {}/fir.toml can't be read: it is no text; a design is"),
    ],
    ids=range(25),
)
def test_what_is_no_design(load: Any, tmp_path: Path, octets: Any, name: str, error: Any, says: str) -> None:
    with pytest.raises(error) as caught:
        load(octets, name)
    assert str(caught.value).startswith(says.format(tmp_path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("real", "format"), [("0.5", "q1_15"), ("-1", "q1_15"), ("1", "s16"), ("32767.4", "s16"), ("32768", "s24"), ("9e8", "s32")]
)
@pytest.mark.parametrize("shift", ["", "shift = 0\n"])
def test_the_format_that_a_message_names_fits(load: Any, real: str, format: str, shift: str) -> None:  # noqa: A002
    toml = f'kind = "fir"\ncoefficients = [{real}, 0.25]\n{shift}'
    with pytest.raises(DesignError, match=f'and so does coefficient = "{format}" in the file that has coefficients$'):
        load(toml)
    assert load(f'{toml}coefficient = "{format}"\n').quantized is not None


def test_no_message_of_a_file_names_an_argument(load: Any) -> None:
    with pytest.raises(DesignError, match=r"; take a format with more bits before the point$"):
        load('kind = "fir"\ncoefficients = [1.5]\ncoefficient = "q1_15"\n')
    assert load('kind = "fir"\ncoefficients = [1.5]\ncoefficient = "q2_14"\n').coefficients == (3 << 13,)


def test_what_no_format_fits(load: Any) -> None:
    """Nothing is named that would be refused in turn."""
    with pytest.raises(DesignError, match=r"^Coefficients must be integers, not 0\.25$"):
        load('kind = "fir"\ncoefficients = [1e300, 0.25]\n')


@pytest.mark.parametrize("form", ["", 'coefficient = "q1_15"\n'])
@pytest.mark.parametrize("wrong", ["nan", "inf", "-inf", "1e400"])
def test_a_real_tap_that_is_not_finite(load: Any, wrong: str, form: str) -> None:
    """It is what the message names, not the real taps in front of it."""
    with pytest.raises(DesignError, match=rf"^Coefficients must be finite, not {wrong.replace('1e400', 'inf')}$"):
        load(f'kind = "fir"\ncoefficients = [0.5, {wrong}]\n{form}')


@pytest.mark.parametrize(("word", "hint"), [("True", "; write true or false"), ("False", "; write true or false"), ("yes", "")])
def test_a_flag_as_python_writes_it(load: Any, word: str, hint: str) -> None:
    """As "Loadable must be True or False" seems to ask for."""
    toml = 'kind = "fir"\r\ncoefficients = [1]\r\nloadable = '
    with pytest.raises(FileError) as caught:
        load(f"{toml}{word}\r\n")
    assert str(caught.value).endswith(f"fir.toml can't be read: Invalid value (at line 3, column 12){hint}")
    assert load(f"{toml}true\r\n").loadable


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "fir.toml").open("wb") as file:
        file.truncate(50 << 20)
    with pytest.raises(FileError, match=r"^Design file .*/fir\.toml can't be read: it has more than 1 MiB$"):
        load_design(tmp_path / "fir.toml")
    (tmp_path / "small.toml").write_text('kind = "fir"\ncoefficients = "fir.toml"\n')
    with pytest.raises(FileError, match=r"^Taps .*/fir\.toml can't be read: it has more than 1 MiB$"):
        load_design(tmp_path / "small.toml")


def test_a_fifo_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "PATIENCE", 0.05)
    os.mkfifo(tmp_path / "fir.toml")
    with pytest.raises(FileError, match=r"can't be read: nothing came for 0\.05 s$"):
        load_design(tmp_path / "fir.toml")
