"""Pictures, sounds and arrays: what is written is read back, and what can't be is refused in one line."""

import struct
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convolver import FileError, Format, s8, s12, s16, s24, s32, u8, u12
from convolver.files import check_output, read_array, read_image, read_signal, write_array, write_image, write_signal

RANDOM = np.random.default_rng(5)
GREY = RANDOM.integers(0, 256, (5, 7)).astype(np.uint8)
COLOUR = RANDOM.integers(0, 256, (5, 7, 3)).astype(np.uint8)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff"])
@pytest.mark.parametrize("pixels", [GREY, COLOUR, GREY[:1, :1]], ids=["grey", "colour", "one"])
def test_pictures_come_back(tmp_path: Path, pixels: Any, suffix: str) -> None:
    path = tmp_path / f"picture.{suffix}"
    write_image(path, pixels)
    read = read_image(path)
    assert read.dtype == np.uint8
    assert np.array_equal(read, pixels)


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_deep_grey_comes_back(tmp_path: Path, suffix: str) -> None:
    deep = RANDOM.integers(0, 4096, (4, 6))
    write_image(tmp_path / f"deep.{suffix}", deep, u12)
    assert np.array_equal(read_image(tmp_path / f"deep.{suffix}"), deep)


@pytest.mark.parametrize(
    ("mode", "shape"), [("1", (5, 7)), ("LA", (5, 7)), ("P", (5, 7, 3)), ("RGBA", (5, 7, 3)), ("CMYK", (5, 7, 3))]
)
def test_other_modes_become_grey_or_three_planes(tmp_path: Path, mode: str, shape: tuple[int, ...]) -> None:
    path = tmp_path / f"picture.{'tiff' if mode == 'CMYK' else 'png'}"
    Image.fromarray(COLOUR).convert("L" if mode == "LA" else "RGB").convert(mode).save(path)
    assert read_image(path).shape == shape


def test_a_camera_picture_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.fromarray(COLOUR).save(tmp_path / "turned.png", exif=exif)
    assert np.array_equal(read_image(tmp_path / "turned.png"), np.rot90(COLOUR, -1))


def test_a_large_picture_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    Image.new("1", (4097, 2)).save(tmp_path / "wide.png")
    Image.new("1", (4096, 2)).save(tmp_path / "most.png")
    assert read_image(tmp_path / "most.png").shape == (2, 4096)
    with pytest.raises(FileError, match=r"^A picture must have at most 4096 rows and columns, not 2x4097 as .*wide\.png has$"):
        read_image(tmp_path / "wide.png")


def test_an_enormous_picture_is_refused_without_a_warning(tmp_path: Path) -> None:
    # 10000 x 10000 is past the size at which Pillow warns, 20000 x 20000 past that at which it gives up.
    for side in (10_000, 20_000):
        path = tmp_path / "bomb.bmp"
        path.write_bytes(
            b"BM" + struct.pack("<IHHIIiiHHIIiiII", 62, 0, 0, 62, 40, side, side, 1, 1, 0, 0, 0, 0, 2, 0) + bytes(8)
        )
        with pytest.raises(FileError):
            read_image(path)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + bytes(20)])
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"^Picture .*picture\.png can't be read: [^\n]+$"):
        read_image(path)


def test_half_a_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    Image.fromarray(RANDOM.integers(0, 256, (64, 64)).astype(np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(FileError, match=r"^Picture .*picture\.png can't be read: [^\n]+$"):
        read_image(path)


def test_missing_files_are_named(tmp_path: Path) -> None:
    for read in (read_image, read_signal, read_array):
        with pytest.raises(FileError, match=r"^\w+ .*none\.x can't be read: no such file or directory[^\n]*$"):
            read(tmp_path / "none.x")


@pytest.mark.parametrize("form", [u8, s16, s24, s32], ids=str)
@pytest.mark.parametrize("channels", [1, 2])
def test_sounds_come_back(tmp_path: Path, form: Format, channels: int) -> None:
    samples = RANDOM.integers(form.min, form.max + 1, (100, channels) if channels > 1 else 100)
    samples[0], samples[1] = form.min, form.max
    write_signal(tmp_path / "sound.wav", samples, 8000, form)
    read = read_signal(tmp_path / "sound.wav")
    assert (read.rate, read.format) == (8000, form)
    assert np.array_equal(read.samples, samples)


def test_a_sound_is_as_pythons_own_reader_sees_it(tmp_path: Path) -> None:
    # The standard library packs and unpacks 16-bit samples by itself: a formulation that isn't ours.
    write_signal(tmp_path / "sound.wav", np.array([-32768, -1, 0, 1, 32767]), 48000, s16)
    with wave.open(str(tmp_path / "sound.wav")) as opened:
        assert struct.unpack("<5h", opened.readframes(5)) == (-32768, -1, 0, 1, 32767)


@pytest.mark.parametrize(
    ("form", "width"), [(s8, 2), (u8, 1), (s12, 2), (Format(17, True), 3), (Format(16, False), 3)], ids=str
)
def test_a_sound_takes_the_bytes_that_its_format_needs(tmp_path: Path, form: Format, width: int) -> None:
    write_signal(tmp_path / "sound.wav", np.array([form.min, form.max]), 8000, form)
    with wave.open(str(tmp_path / "sound.wav")) as opened:
        assert opened.getsampwidth() == width
    assert np.array_equal(read_signal(tmp_path / "sound.wav").samples, [form.min, form.max])


def test_too_wide_a_sound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        FileError, match=r"^A WAV file holds up to s32, not s33; write \.npy, or give the design a narrower output$"
    ):
        write_signal(tmp_path / "sound.wav", np.array([0]), 8000, Format(33, True))


def test_float_sounds_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "float.wav"
    head = b"fmt " + struct.pack("<IHHIIHH", 16, 3, 1, 8000, 32000, 4, 32)
    body = b"data" + struct.pack("<I", 4) + struct.pack("<f", 0.5)
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(head) + len(body)) + b"WAVE" + head + body)
    with pytest.raises(FileError, match=r"^Signal .*float\.wav can't be read: [^\n]+; it must be a WAV file of PCM samples$"):
        read_signal(path)


def test_arrays_come_back(tmp_path: Path) -> None:
    write_array(tmp_path / "array.npy", COLOUR.astype(np.int64))
    assert np.array_equal(read_array(tmp_path / "array.npy"), COLOUR)


def test_an_array_of_objects_is_neither_read_nor_written(tmp_path: Path) -> None:
    objects = np.array([1 << 70], dtype=object)
    with pytest.raises(FileError, match=r"^A \.npy file holds up to 64 bits a value; give the design a narrower output$"):
        write_array(tmp_path / "array.npy", objects)
    np.save(tmp_path / "array.npy", objects)
    with pytest.raises(FileError, match=r"^Array .*array\.npy can't be read: [^\n]+; it must be a \.npy file of numbers$"):
        read_array(tmp_path / "array.npy")


@pytest.mark.parametrize(
    ("pixels", "output", "says"),
    [
        (np.array([[-1]]), s16, "Pixels of a grey picture must be between 0 and 65535, not -1 to -1; write .npy, or"),
        (np.array([[-1]]), s8, "Pixels of a picture must be between 0 and 255, not -1 to -1; write .npy, or"),
        (np.array([[[0, 1, 256]]]), u12, "Pixels of a picture must be between 0 and 255, not 0 to 256; write .npy, or"),
        (np.zeros((0, 4)), u8, "A picture must have rows and columns, not 0x4"),
    ],
)
def test_pixels_that_a_picture_can_not_hold(tmp_path: Path, pixels: Any, output: Format, says: str) -> None:
    with pytest.raises(FileError) as raised:
        write_image(tmp_path / "picture.png", pixels, output)
    assert str(raised.value).startswith(says)
    assert not (tmp_path / "picture.png").exists()


def test_deep_pixels_need_a_deep_file(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"^Results of u12 need a \.png or \.tiff file, or \.npy, not 'picture\.jpg'$"):
        write_image(tmp_path / "picture.jpg", np.array([[4095]]), u12)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("none/a.png", "there is no folder"),
        ("folder.png", "it is a folder"),
        ("a.xyz", "Output must end in"),
        ("a", "Output must end in"),
    ],
)
def test_an_output_that_can_not_be_is_refused_early(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(FileError, match=says):
        check_output(tmp_path / name)


@pytest.mark.parametrize("name", ["a.png", "a.JPG", "a.wav", "a.npy", "a.tiff"])
def test_an_output_that_can_be(tmp_path: Path, name: str) -> None:
    check_output(tmp_path / name)
