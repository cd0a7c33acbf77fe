"""The demo: on the real twin with small inputs; on a stand-in where only what stands around the twin is tested."""

import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
import scipy.signal
import soundfile
import tifffile
from PIL import Image

from convolver import FileError, FIRDesign, cli, demo, s8, s16
from convolver.formats import q1_15
from convolver.pictures import CAPTION, TILE, side_by_side
from convolver.plan.lowering import lower
from convolver.quantize import quantize
from convolver.sim import golden
from convolver.sounds import write_sound

RANDOM = np.random.default_rng(3)
WRITTEN = ["before.png", "gaussian.png", "photo.png", "sharpen.png", "signal.png", "sobel.png"]


class StandIn:
    """Acts like a device whose core is the golden model; `fault` is added to each frame's last result."""

    def __init__(self, design: Any, fault: int = 0) -> None:
        self.design, self.fault, self.clocks = design, fault, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def __call__(self, samples: Any) -> Any:
        self.clocks += lower(self.design).timing.frame_clocks(*samples.shape)
        result = golden.run(self.design, samples)
        result.flat[-1] += self.fault
        return result

    def status(self) -> dict[str, int]:
        return {"clocks": self.clocks, "frame_clocks": 1, "clocks_a_second": 1_000_000}


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(designs: Sequence[Any], _advance: object) -> list[StandIn]:
        return [StandIn(design) for design in designs]

    monkeypatch.setattr(demo, "open_twins", make)


def picture(path: Path, *shape: int) -> Path:
    Image.fromarray(RANDOM.integers(0, 256, shape).astype(np.uint8)).save(path)
    return path


def read(path: Path) -> Any:
    with Image.open(path) as image:
        return np.asarray(image)


def test_on_the_twin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo = picture(tmp_path / "in.png", 20, 30, 3)
    assert cli.main(["demo", "--photo", str(photo), "--output", str(tmp_path / "out")]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "photo   in.png, 20 rows of 30 pixels, colour" in out
    assert "signal  PyWavelets' ECG, 1024 samples, s16" in out
    assert "Every output equals the numpy golden model, bit for bit." in out
    assert out.endswith("clock by clock, in a browser: make page, or convolver page\n")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == WRITTEN
    assert all(str(tmp_path / "out" / name) in out for name in WRITTEN)
    pixels = read(photo)
    design = demo.filters(30)["gaussian 5x5"]
    blurred = np.stack([golden.run(design, pixels[..., plane]) for plane in range(3)], axis=-1)
    assert np.array_equal(read(tmp_path / "out" / "gaussian.png"), blurred)
    # The clocks were counted on the twin: as many as the plan promises.
    rows = {line[:14].strip(): line[14:].split() for line in out.splitlines() if line.startswith(("gaussian", "low-pass"))}
    assert rows["gaussian 5x5"][:2] == ["1800", str(3 * lower(design).timing.frame_clocks(20, 30))]
    assert rows["low-pass FIR"][:2] == ["1024", str(lower(demo.low_pass(s16)).timing.frame_clocks(1024))]


@pytest.mark.parametrize("shape", [(1, 1), (1, 5, 3), (40, 1), (3, 4096), (700, 600)])
@pytest.mark.usefixtures("stand_ins")
def test_any_size(tmp_path: Path, capsys: pytest.CaptureFixture[str], shape: tuple[int, ...]) -> None:
    assert demo.run_demo(picture(tmp_path / "in.png", *shape), None, tmp_path)
    assert f"in.png, {shape[0]} rows of {shape[1]} pixels, {'colour' if len(shape) == 3 else 'grey'}" in capsys.readouterr().out
    assert read(tmp_path / "before.png").shape == read(tmp_path / "sharpen.png").shape == shape


@pytest.mark.usefixtures("stand_ins")
def test_the_photo_that_comes_with_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.run_demo(None, None, tmp_path)
    assert "matplotlib's grace_hopper.jpg, 600 rows of 512 pixels, colour" in capsys.readouterr().out


@pytest.mark.usefixtures("stand_ins")
def test_a_deep_photo_keeps_its_upper_bits(tmp_path: Path) -> None:
    deep = RANDOM.integers(0, 65536, (9, 9)).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "in.png")
    assert np.array_equal(demo.load_photo(tmp_path / "in.png").pixels, deep >> 8)


def test_a_photo_of_any_depth_is_brought_to_eight_bits(tmp_path: Path) -> None:
    pixels = RANDOM.integers(0, 1024, (9, 9))
    (tmp_path / "in.pgm").write_bytes(b"P5 9 9 1023\n" + pixels.astype(">u2").tobytes())
    assert np.array_equal(demo.load_photo(tmp_path / "in.pgm").pixels, pixels >> 2)
    Image.fromarray(pixels > 500).save(tmp_path / "in.png")
    assert np.array_equal(demo.load_photo(tmp_path / "in.png").pixels, np.where(pixels > 500, 255, 0))
    tifffile.imwrite(tmp_path / "in.tif", np.array([[-1]], np.int16))
    with pytest.raises(FileError, match=r"^A photo must have unsigned pixels, not s16 as .*in\.tif has$"):
        demo.load_photo(tmp_path / "in.tif")
    tifffile.imwrite(tmp_path / "in.tif", np.zeros((5, 5, 5), np.uint8), photometric="minisblack", planarconfig="contig")
    with pytest.raises(FileError, match=r"^A photo must have 1 or 3 planes, not 5 as .*in\.tif has$"):
        demo.load_photo(tmp_path / "in.tif")


def test_a_sound_of_real_samples_is_brought_to_sixteen_bits(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "in.wav", np.array([[0.5, -1], [0.25, 1e-9]]), 8000, subtype="FLOAT")
    loaded = demo.load_wave(tmp_path / "in.wav")
    assert loaded.format == s16
    assert [channel.tolist() for channel in loaded.channels] == [[16384, 8192], [-32768, 0]]


@pytest.mark.parametrize(("form", "channels"), [(s8, 1), (s16, 2)])
@pytest.mark.usefixtures("stand_ins")
def test_a_sound(tmp_path: Path, capsys: pytest.CaptureFixture[str], form: Any, channels: int) -> None:
    samples = RANDOM.integers(form.min, form.max + 1, (50, channels))
    write_sound(tmp_path / "in.wav", samples, 8000, form)
    assert demo.run_demo(picture(tmp_path / "in.png", 4, 4), tmp_path / "in.wav", tmp_path)
    shown = f"in.wav, 50 samples{', 2 channels' if channels > 1 else ''}, {form}"
    assert shown in capsys.readouterr().out


def test_a_sound_of_eight_bits_has_its_silence_at_zero(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "in.wav"), "wb") as opened:
        opened.setparams((1, 1, 8000, 3, "NONE", ""))
        opened.writeframes(bytes([0, 128, 255]))
    loaded = demo.load_wave(tmp_path / "in.wav")
    assert [channel.tolist() for channel in loaded.channels] == [[-128, 0, 127]]


def test_a_difference_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        demo,
        "open_twins",
        lambda designs, _advance: [StandIn(design, fault=isinstance(design, FIRDesign)) for design in designs],
    )
    photo = picture(tmp_path / "in.png", 4, 4)
    assert cli.main(["demo", "--photo", str(photo), "-o", str(tmp_path)]) == 20
    out = capsys.readouterr().out
    assert "DIFFERENT from the golden model: low-pass FIR\n" in out
    assert "bit for bit" not in out


@pytest.mark.parametrize(
    ("option", "name", "says"),
    [
        ("--photo", "none.png", "Picture {} can't be read: no such file or directory"),
        (
            "--photo",
            "text.png",
            "Picture {} can't be read: its content isn't known; it must be PNG, TIFF, JPEG, GIF, WebP, BMP, PBM, PGM or PPM",
        ),
        ("--photo", ".", "Picture {} can't be read: is a directory"),
        ("--photo", "wide.png", "Picture {} must have at most 16384 rows and columns, not 1x16385"),
        ("--signal", "none.wav", "Signal {} can't be read: no such file or directory"),
        ("--signal", "silent.wav", "A signal must have 1 to 16777216 samples, not 0 as {} has"),
        ("--output", "text.png", "Folder {} can't be made: file exists"),
    ],
)
def test_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, name: str, says: str) -> None:
    (tmp_path / "text.png").write_text("not a picture")
    Image.new("L", (16385, 1)).save(tmp_path / "wide.png")
    with wave.open(str(tmp_path / "silent.wav"), "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(2)
        opened.setframerate(8000)
    path = tmp_path / name
    assert cli.main(["demo", option, str(path)]) == FileError.exit_code
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"convolver: {says.format(path)}\n")


def test_a_large_photo_is_made_smaller(tmp_path: Path) -> None:
    pixels = np.zeros((4, 4097), np.uint8)
    pixels[:2, :2] = 201
    Image.fromarray(pixels).save(tmp_path / "large.png")
    photo = demo.load_photo(tmp_path / "large.png")
    assert photo.name == "large.png, its 4x4097 made 2 times as small"
    assert photo.pixels.shape == (2, 2049)
    assert photo.pixels[0, 0] == 201
    Image.fromarray(pixels[:, 1:]).save(tmp_path / "all.png")
    assert demo.load_photo(tmp_path / "all.png").pixels.shape == (4, 4096)


def test_the_low_pass_passes_low_frequencies_only() -> None:
    design = demo.low_pass(s16)
    assert design.taps >= 31
    assert design.coefficients == design.coefficients[::-1]
    places = np.arange(2000)
    for frequency, least, most in ((0.01, 0.99, 1.01), (0.2, 0, 0.005)):
        tone = (10_000 * np.sin(2 * np.pi * frequency * places)).round().astype(np.int64)
        gain = np.abs(golden.run(design, tone)[500:]).max() / 10_000
        assert least <= gain <= most


def test_the_low_pass_is_scipys() -> None:
    taps = scipy.signal.firwin(demo.FIR_TAPS, demo.CUTOFF, fs=1)
    assert demo.low_pass(s16).coefficients == quantize(taps, q1_15).coefficients


def test_photos_of_nearly_one_width_share_their_twins() -> None:
    assert demo.filters(512) == demo.filters(640) != demo.filters(641)
    assert demo.filters(4096)["sharpen"].columns == 4096


def test_side_by_side_shows_the_middle() -> None:
    large = np.zeros((TILE + 100, TILE + 100), np.uint8)
    large[50:-50, 50:-50] = 200
    sheet = np.asarray(side_by_side({"large": large, "small": np.full((1, 1, 3), 90, np.uint8)}).convert("L"))
    sheet = sheet[CAPTION:]  # below the names, whose letters have greys of their own
    assert (sheet == 200).sum() == TILE * TILE
    assert (sheet == 90).sum() == TILE * TILE
