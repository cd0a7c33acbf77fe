"""Pictures: each value of a file is the file's own, or the file is refused in one line; what is written is read back."""

import io
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from convolver import FileError, Format, ToolError, images, netpbm, s8, s16, s32, u1, u8, u10, u12, u16, u32
from convolver.images import KINDS, Picture

RANDOM = np.random.default_rng(5)
GREY = RANDOM.integers(0, 256, (5, 7)).astype(np.uint8)
COLOUR = RANDOM.integers(0, 256, (5, 7, 3)).astype(np.uint8)
DEEP = RANDOM.integers(0, 65536, (5, 7, 4)).astype(np.uint16)
BITS = RANDOM.integers(0, 2, (5, 11)).astype(np.uint8)
PATH = Path("picture")


def png(samples: Any, depth: int, kind: int, extra: bytes = b"") -> bytes:
    """A PNG of samples (rows, columns, planes), by its specification: chunk by chunk."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    rows, columns = samples.shape[:2]
    lines = samples.reshape(rows, -1)
    if depth == 16:
        raw = [line.astype(">u2").tobytes() for line in lines]
    else:
        bits = (lines[..., None] >> np.arange(depth)[::-1] & 1).reshape(rows, -1).astype(np.uint8)
        raw = [np.packbits(line).tobytes() for line in bits]
    head = struct.pack(">IIBBBBB", columns, rows, depth, kind, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + line for line in raw))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def chunk_of(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def pillow(image: Any, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(file, kind, **options)
    return file.getvalue()


def tiff(values: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, values, **options)
    return file.getvalue()


def read(octets: bytes) -> Picture:
    return images.decode(octets, PATH)


def refusal(octets: bytes) -> str:
    with pytest.raises(FileError) as caught:
        read(octets)
    said = str(caught.value)
    assert "\n" not in said
    return said


PALETTE = Image.fromarray(COLOUR).quantize(8)
GREY_PALETTE = Image.fromarray(GREY & 0xF0).quantize(16)

EXACT: dict[str, tuple[bytes, Any, Format]] = {
    "PNG grey 8": (png(GREY[..., None], 8, 0), GREY, u8),
    "PNG colour 8": (png(COLOUR, 8, 2), COLOUR, u8),
    "PNG grey 16": (png(DEEP[..., :1], 16, 0), DEEP[..., 0], u16),
    "PNG colour 16": (png(DEEP[..., :3], 16, 2), DEEP[..., :3], u16),
    "PNG grey 16, opaque": (png(np.dstack([DEEP[..., 0], 0 * DEEP[..., 0] + 65535]), 16, 4), DEEP[..., 0], u16),
    "PNG colour 16, opaque": (png(np.dstack([DEEP[..., :3], 0 * DEEP[..., 0] + 65535]), 16, 6), DEEP[..., :3], u16),
    "PNG grey 8, opaque": (pillow(Image.fromarray(GREY).convert("LA"), "PNG"), GREY, u8),
    "PNG colour 8, opaque": (pillow(Image.fromarray(COLOUR).convert("RGBA"), "PNG"), COLOUR, u8),
    "PNG 1 bit": (png(BITS[..., None], 1, 0), BITS, u1),
    "PNG 2 bits": (png(GREY[..., None] >> 6, 2, 0), GREY >> 6, Format(2, False)),
    "PNG 4 bits": (png(GREY[..., None] >> 4, 4, 0), GREY >> 4, Format(4, False)),
    "PNG palette": (pillow(PALETTE, "PNG"), np.asarray(PALETTE.convert("RGB")), u8),
    "PNG palette of 2 bits": (pillow(PALETTE.quantize(4), "PNG", bits=2), np.asarray(PALETTE.quantize(4).convert("RGB")), u8),
    "PNG grey palette": (pillow(GREY_PALETTE, "PNG"), np.asarray(GREY_PALETTE.convert("L")), u8),
    "GIF grey": (pillow(GREY, "GIF"), GREY, u8),
    "GIF palette": (pillow(PALETTE, "GIF"), np.asarray(PALETTE.convert("RGB")), u8),
    "WebP colour": (pillow(COLOUR, "WEBP", lossless=True), COLOUR, u8),
    "WebP grey": (pillow(GREY, "WEBP", lossless=True), GREY, u8),
    "WebP opaque": (pillow(Image.fromarray(COLOUR).convert("RGBA"), "WEBP", lossless=True), COLOUR, u8),
    "BMP grey": (pillow(GREY, "BMP"), GREY, u8),
    "BMP colour": (pillow(COLOUR, "BMP"), COLOUR, u8),
    "BMP 1 bit": (pillow(Image.fromarray(BITS.astype(bool)), "BMP"), BITS, u1),
    "TIFF grey 8": (tiff(GREY), GREY, u8),
    "TIFF colour 8": (tiff(COLOUR, photometric="rgb"), COLOUR, u8),
    "TIFF 1 bit": (pillow(Image.fromarray(BITS.astype(bool)), "TIFF"), BITS, u1),
    "TIFF 1 bit, fax": (pillow(Image.fromarray(BITS.astype(bool)), "TIFF", compression="group4"), BITS, u1),
    "TIFF white is zero": (tiff(GREY, photometric="miniswhite"), 255 - GREY, u8),
    "TIFF white is zero, 16": (tiff(DEEP[..., 0], photometric="miniswhite"), 65535 - DEEP[..., 0], u16),
    "TIFF grey 16": (tiff(DEEP[..., 0]), DEEP[..., 0], u16),
    "TIFF grey 16, big-endian": (tiff(DEEP[..., 0], byteorder=">"), DEEP[..., 0], u16),
    "TIFF grey 16, BigTIFF": (tiff(DEEP[..., 0], bigtiff=True), DEEP[..., 0], u16),
    "TIFF colour 16": (tiff(DEEP[..., :3], photometric="rgb"), DEEP[..., :3], u16),
    "TIFF colour 16, LZW": (tiff(DEEP[..., :3], photometric="rgb", compression="lzw"), DEEP[..., :3], u16),
    "TIFF colour 16, deflated": (
        tiff(DEEP[..., :3], photometric="rgb", compression="zlib", predictor=True),
        DEEP[..., :3],
        u16,
    ),
    "TIFF colour 16, by planes": (
        tiff(np.moveaxis(DEEP[..., :3], -1, 0), photometric="rgb", planarconfig="separate"),
        DEEP[..., :3],
        u16,
    ),
    "TIFF colour 16, opaque": (
        tiff(np.dstack([DEEP[..., :3], 0 * DEEP[..., 0] + 65535]), photometric="rgb", extrasamples=["unassalpha"]),
        DEEP[..., :3],
        u16,
    ),
    "TIFF 5 planes": (
        tiff(np.dstack([COLOUR, GREY, GREY]), photometric="minisblack", planarconfig="contig"),
        np.dstack([COLOUR, GREY, GREY]),
        u8,
    ),
    "TIFF signed 8": (tiff(GREY.astype(np.int8)), GREY.astype(np.int8), s8),
    "TIFF signed 16": (tiff(DEEP[..., 0].astype(np.int16)), DEEP[..., 0].astype(np.int16), s16),
    "TIFF 32": (tiff(DEEP[..., 0].astype(np.uint32) << 16), DEEP[..., 0].astype(np.uint32) << 16, u32),
    "TIFF signed 32": (tiff(-DEEP[..., 0].astype(np.int32) << 15), -DEEP[..., 0].astype(np.int32) << 15, s32),
    "TIFF float 32, whole": (tiff(GREY.astype(np.float32)), GREY, u8),
    "TIFF float 64, whole": (tiff(-GREY.astype(np.float64)), -GREY.astype(int), Format(9, True)),
    "TIFF palette": (
        tiff(GREY, photometric="palette", colormap=np.arange(768).reshape(3, 256).astype(np.uint16) % 256 * 257),
        GREY,
        u8,
    ),
    "PBM": (b"P4\n11 5\n" + np.packbits(1 - BITS, axis=1).tobytes(), BITS, u1),
    "PBM, plain": (b"P1\n# ink is 1\n3 2\n101\n0 1 0\n", np.array([[0, 1, 0], [1, 0, 1]]), u1),
    "PGM 8": (b"P5\n7 5\n255\n" + GREY.tobytes(), GREY, u8),
    "PGM of maxval 1023": (b"P5\n7 5\n1023\n" + (DEEP[..., 0] >> 6).astype(">u2").tobytes(), DEEP[..., 0] >> 6, u10),
    "PGM of maxval 4095": (b"P5 7 5 4095\n" + (DEEP[..., 0] >> 4).astype(">u2").tobytes(), DEEP[..., 0] >> 4, u12),
    "PGM of maxval 100": (b"P5\n7 5\n# a\n100\n" + (GREY % 101).tobytes(), GREY % 101, Format(7, False)),
    "PGM of maxval 65535": (b"P5\n7 5\n65535\n" + DEEP[..., 0].astype(">u2").tobytes() + b"\n", DEEP[..., 0], u16),
    "PGM, plain": (b"P2\n3 2\n1000\n0 1 1000\n7 8 # nine is next\n9\n", np.array([[0, 1, 1000], [7, 8, 9]]), u10),
    "PPM of maxval 1023": (b"P6\n7 5\n1023\n" + (DEEP[..., :3] >> 6).astype(">u2").tobytes(), DEEP[..., :3] >> 6, u10),
    "PPM, plain": (b"P3 1 2 255 1 2 3 4 5 6", np.array([[[1, 2, 3]], [[4, 5, 6]]]), u8),
}


@pytest.mark.parametrize("kind", EXACT)
def test_every_value_is_the_files_own(kind: str) -> None:
    octets, values, form = EXACT[kind]
    picture = read(octets)
    assert picture.values.dtype.kind in "ui"
    assert picture.values.shape == values.shape
    assert np.array_equal(picture.values, values)
    assert picture.format == form


def test_a_jpegs_values_are_its_decoders() -> None:
    """A JPEG holds none; grey stays one plane, and a telephone's second picture isn't looked at."""
    for pixels in (GREY, COLOUR):
        octets = pillow(pixels, "JPEG", quality=95)
        assert np.array_equal(read(octets).values, np.asarray(Image.open(io.BytesIO(octets))))
        assert read(octets).format == u8
    two = pillow(COLOUR, "MPO", save_all=True, append_images=[Image.fromarray(COLOUR[::-1])])
    assert np.array_equal(read(two).values, np.asarray(Image.open(io.BytesIO(two))))


REFUSED: dict[str, tuple[bytes, str]] = {
    "JPEG CMYK": (
        pillow(Image.fromarray(COLOUR).convert("CMYK"), "JPEG"),
        "Picture picture has CMYK pixels, which aren't grey or RGB; make it one of these first",
    ),
    "TIFF CMYK": (
        pillow(Image.fromarray(COLOUR).convert("CMYK"), "TIFF"),
        "Picture picture has CMYK pixels, which aren't grey or RGB; make it one of these first",
    ),
    "TIFF LAB": (
        pillow(Image.fromarray(COLOUR).convert("LAB"), "TIFF"),
        "Picture picture has LAB pixels, which aren't grey or RGB; make it one of these first",
    ),
    "TIFF float": (
        tiff(np.array([[1, 0.25]], np.float32)),
        "Picture picture has real pixels, such as 0.25; scale and round them in numpy, and give the .npy file",
    ),
    "TIFF float, NaN": (
        tiff(np.array([[1, np.nan]])),
        "Picture picture has real pixels, such as nan; scale and round them in numpy, and give the .npy file",
    ),
    "TIFF complex": (
        tiff(np.array([[1, 1j]], np.complex64)),
        "Picture picture can't be read: its samples are of 64 bits, or lie, in a way that isn't known",
    ),
    "TIFF of two pages": (
        tiff(np.stack([GREY, GREY]), photometric="minisblack"),
        "Picture picture holds several pictures, of an animation or of several pages; take one out first",
    ),
    "TIFF of two deep pages": (
        tiff(np.stack([DEEP[..., :3]] * 2), photometric="rgb"),
        "Picture picture can't be read: it holds several pictures; take one out first",
    ),
    "GIF animated": (
        pillow(GREY, "GIF", save_all=True, append_images=[Image.fromarray(GREY[::-1])]),
        "Picture picture holds several pictures, of an animation or of several pages; take one out first",
    ),
    "WebP animated": (
        pillow(COLOUR, "WEBP", save_all=True, append_images=[Image.fromarray(COLOUR[::-1])]),
        "Picture picture holds several pictures, of an animation or of several pages; take one out first",
    ),
    "PNG animated": (
        pillow(COLOUR, "PNG", save_all=True, append_images=[Image.fromarray(COLOUR[::-1])]),
        "Picture picture holds several pictures, of an animation or of several pages; take one out first",
    ),
    "PNG grey 8, transparent": (
        png(np.dstack([GREY, GREY]), 8, 4),
        "Picture picture has transparent pixels; put it on a background first",
    ),
    "PNG colour 16, transparent": (png(DEEP, 16, 6), "Picture picture has transparent pixels; put it on a background first"),
    "PNG colour 16, transparent by its value": (
        png(DEEP[..., :3], 16, 2, chunk_of(b"tRNS", DEEP[2, 3, :3].astype(">u2").tobytes())),
        "Picture picture has transparent pixels; put it on a background first",
    ),
    "PNG grey 16, transparent by its value": (
        png(DEEP[..., :1], 16, 0, chunk_of(b"tRNS", DEEP[2, 3, :1].astype(">u2").tobytes())),
        "Picture picture has transparent pixels; put it on a background first",
    ),
    "PNG palette, transparent": (
        pillow(PALETTE, "PNG", transparency=int(np.asarray(PALETTE)[0, 0])),
        "Picture picture has transparent pixels; put it on a background first",
    ),
    "GIF, transparent": (
        pillow(PALETTE, "GIF", transparency=int(np.asarray(PALETTE)[0, 0])),
        "Picture picture has transparent pixels; put it on a background first",
    ),
    "TIFF colour 16, transparent": (
        tiff(DEEP, photometric="rgb", extrasamples=["unassalpha"]),
        "Picture picture has transparent pixels; put it on a background first",
    ),
    "TIFF palette of 16 bits": (
        tiff(GREY, photometric="palette", colormap=np.arange(768).reshape(3, 256).astype(np.uint16)),
        "Picture picture has a palette of 16 bits a colour; make it RGB first",
    ),
    "BMP of 5 bits a colour": (
        b"BM" + struct.pack("<IHHIIiiHHIIiiII", 58, 0, 0, 54, 40, 1, 1, 1, 16, 0, 4, 0, 0, 0, 0)[:52] + bytes(4),
        "Picture picture has 5 or 6 bits a colour; make it one of 8 first",
    ),
    "PGM above its maxval": (
        b"P5 1 1 9 \n",
        "Picture picture can't be read: its samples must be between 0 and its maxval, 9, not 10",
    ),
    "PGM of maxval 0": (b"P5 1 1 0 \0", "Picture picture can't be read: its maxval must be between 1 and 65535, not 0"),
    "PGM of maxval 65536": (
        b"P5 1 1 65536 \0\0",
        "Picture picture can't be read: its maxval must be between 1 and 65535, not 65536",
    ),
    "PGM of no columns": (b"P5 0 1 255 ", "Picture picture can't be read: it must have rows and columns, not 1x0"),
    "PGM that ends early": (b"P5 2 2 255 \1\2\3", "Picture picture can't be read: it ends early: 3 of 4 bytes"),
    "PGM, plain, that ends early": (b"P2 2 2 255 1 2 3", "Picture picture can't be read: it must hold 4 samples, not 3 words"),
    "two PGM": (
        b"P5 1 1 255 \1P5 1 1 255 \1",
        "Picture picture can't be read: it is followed by more: by another picture, perhaps; take one out first",
    ),
    "PAM": (
        b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nENDHDR\n\0",
        "Picture picture can't be read: its content isn't known",
    ),
    "nothing": (
        b"",
        "Picture picture can't be read: its content isn't known; it must be PNG, TIFF, JPEG, GIF, WebP, BMP, PBM,",
    ),
    "text": (b"not a picture", "Picture picture can't be read: its content isn't known; it must be PNG, TIFF, JPEG, GIF,"),
    "PCX": (pillow(GREY, "PCX"), "Picture picture can't be read: its content isn't known; it must be PNG, TIFF, JPEG, GIF,"),
    "too many columns": (
        pillow(Image.new("1", (16385, 2)), "PNG"),
        "Picture picture must have at most 16384 rows and columns, not 2x16385",
    ),
    "too many columns, deep": (
        tiff(np.zeros((2, 16385), np.uint32)),
        "Picture picture must have at most 16384 rows and columns, not 2x16385",
    ),
    "too many values": (b"P6 16384 16384 255 ", "Picture picture must have at most 268435456 values, not 16384x16384x3"),
    "too many columns, PGM": (b"P5 16385 2 255 ", "Picture picture must have at most 16384 rows and columns, not 2x16385"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_not_exact_is_refused(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    octets, says = REFUSED[kind]
    assert refusal(octets).startswith(says)
    assert capfd.readouterr() == ("", "")


def test_the_most_rows_and_columns() -> None:
    assert read(pillow(Image.new("1", (16384, 2)), "PNG")).values.shape == (2, 16384)


def test_an_enormous_picture_is_refused_without_a_warning() -> None:
    # 10000 x 10000 is past the size at which Pillow warns, 20000 x 20000 past that at which it gives up.
    for side in (10_000, 20_000):
        head = struct.pack("<IHHIIiiHHIIiiII", 62, 0, 0, 62, 40, side, side, 1, 1, 0, 0, 0, 0, 2, 0)
        assert "Picture picture " in refusal(b"BM" + head + bytes(8))


@pytest.mark.parametrize("kind", ["PNG grey 8", "PNG grey 16", "PNG colour 16", "PNG palette"])
def test_a_png_with_another_pixel_is_refused(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    """A bit of its pixels, of their check sum, or its last byte: decoders look at some of these only."""
    octets = EXACT[kind][0]
    for place in (octets.index(b"IDAT") + 8, octets.index(b"IEND") - 9):
        broken = bytearray(octets)
        broken[place] ^= 1
        assert refusal(bytes(broken)).startswith(
            "Picture picture can't be read: its check sums are wrong: it is damaged near byte"
        )
    assert refusal(octets[:-1]) == "Picture picture can't be read: it ends early"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("deep", [False, True])
def test_a_camera_picture_is_turned_upright(orientation: int, deep: bool) -> None:
    """As EXIF 2.3 says where the first row and the first column of the file belong."""
    upright = DEEP[..., :3] if deep else COLOUR
    stored = {
        1: upright,
        2: np.fliplr(upright),
        3: np.rot90(upright, 2),
        4: np.flipud(upright),
        5: np.rot90(np.fliplr(upright), 1),
        6: np.rot90(upright, 1),
        7: np.rot90(np.fliplr(upright), -1),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    if deep:
        octets = png(stored, 16, 2, chunk_of(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")))
        turned = tiff(np.ascontiguousarray(stored), photometric="rgb", extratags=[(274, 3, 1, orientation, True)])
        assert np.array_equal(read(turned).values, upright)
    else:
        octets = pillow(np.ascontiguousarray(stored), "PNG", exif=exif)
    assert np.array_equal(read(octets).values, upright)


def test_without_the_extra_a_deep_picture_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    for octets in (png(DEEP[..., :3], 16, 2), tiff(np.ones((2, 2), np.float32)), tiff(DEEP[..., :3], photometric="rgb")):
        with pytest.raises(ToolError) as caught:
            read(octets)
        assert str(caught.value) == ("Deep pictures need imagecodecs, which isn't installed; pip install 'convolver[files]'")
    with pytest.raises(ToolError, match=r"pip install 'convolver\[files\]'$"):
        images.width_for(KINDS[".png"], 0, 65535, 3)
    for kind in ("PNG grey 16", "TIFF grey 16", "PGM of maxval 1023", "PPM of maxval 1023", "PNG colour 8", "TIFF 1 bit"):
        assert np.array_equal(read(EXACT[kind][0]).values, EXACT[kind][1])


WRITTEN = [
    (".png", u1, (5, 7)), (".png", u8, (5, 7)), (".png", u8, (5, 7, 3)), (".png", u12, (5, 7)), (".png", u16, (5, 7, 3)),
    (".tif", u1, (5, 7)), (".tiff", u8, (5, 7, 3)), (".tif", u16, (5, 7)), (".tif", u16, (5, 7, 3)), (".tif", u32, (5, 7)),
    (".tif", s8, (5, 7)), (".tif", s16, (5, 7, 3)), (".tif", s32, (5, 7)), (".bmp", u1, (5, 7)), (".bmp", u8, (5, 7)),
    (".bmp", u8, (5, 7, 3)), (".webp", u8, (5, 7)), (".webp", u8, (5, 7, 3)), (".gif", u8, (5, 7)), (".pbm", u1, (5, 7)),
    (".pgm", u8, (5, 7)), (".pgm", u10, (5, 7)), (".ppm", u8, (5, 7, 3)), (".ppm", u12, (5, 7, 3)), (".ppm", u1, (5, 7, 3)),
    (".pnm", u16, (5, 7)), (".pnm", u16, (5, 7, 3)), (".png", u8, (1, 1)), (".pbm", u1, (1, 9)),
]  # fmt: skip


@pytest.mark.parametrize(("suffix", "form", "shape"), WRITTEN, ids=str)
def test_what_is_written_is_read_back(suffix: str, form: Format, shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(1).integers(form.min, form.max + 1, shape)
    values.flat[0], values.flat[-1] = form.min, form.max
    octets = images.encode(KINDS[suffix], values, form.min, form.max)
    picture = read(octets)
    assert np.array_equal(picture.values, values)
    assert images.is_one(octets)
    if KINDS[suffix].any_maxval:
        assert picture.format == form


def test_others_read_what_is_written() -> None:
    """With libraries that had no part in writing it."""
    ramp = np.arange(12).reshape(3, 4)
    colour = ramp[..., None] * np.array([1000, 2000, 5000])
    octets = images.encode(KINDS[".png"], colour, 0, 65535)
    assert np.array_equal(cv2.imdecode(np.frombuffer(octets, np.uint8), cv2.IMREAD_UNCHANGED)[..., ::-1], colour)
    octets = images.encode(KINDS[".tif"], -ramp, -32768, 32767)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(octets))), -ramp)
    octets = images.encode(KINDS[".pgm"], ramp * 20, 0, 255)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(octets))), ramp * 20)
    octets = images.encode(KINDS[".pbm"], ramp % 2, 0, 1)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(octets))), ramp % 2 == 1)


def test_a_thresholds_picture_is_black_and_white() -> None:
    octets = images.encode(KINDS[".png"], BITS, 0, 1)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(octets)).convert("L")), BITS * 255)


@pytest.mark.parametrize(
    ("suffix", "low", "high", "planes", "says"),
    [
        (".png", -1, 5, 1, "Pixels of a PNG picture must be between 0 and 65535, not -1 to 5; write .npy, or give the design "
         "an output format that fits"),
        (".png", 0, 65536, 3, "Pixels of a PNG picture must be between 0 and 65535, not 0 to 65536; write .npy, or"),
        (".jpg", 0, 256, 3, "Pixels of a JPEG picture must be between 0 and 255, not 0 to 256; write .npy, or"),
        (".pbm", 0, 2, 1, "Pixels of a PBM picture must be between 0 and 1, not 0 to 2; write .npy, or"),
        (".tif", -1, 1 << 31, 1, "Pixels of a TIFF picture must be between -2147483648 and 4294967295, not -1 to 2147483648;"),
        (".png", 0, 255, 5, "A PNG picture must have 1 or 3 planes, not 5; name a .npy file"),
        (".png", 0, 255, 2, "A PNG picture must have 1 or 3 planes, not 2; name a .npy file"),
        (".gif", 0, 255, 3, "A GIF picture must have 1 plane, not 3; name a .npy file"),
        (".ppm", 0, 255, 1, "A PPM picture must have 3 planes, not 1; name a .npy file"),
    ],
)  # fmt: skip
def test_what_a_picture_can_not_hold(suffix: str, low: int, high: int, planes: int, says: str) -> None:
    with pytest.raises(FileError) as caught:
        images.width_for(KINDS[suffix], low, high, planes)
    assert str(caught.value).startswith(says)


def test_values_outside_what_was_promised_do_not_wrap() -> None:
    with pytest.raises(FileError, match=r"^Pixels of a JPEG picture must be between 0 and 255, not -3 to 255; "):
        images.encode(KINDS[".jpg"], np.array([[-3]]), 0, 255)
    with pytest.raises(FileError, match=r"^A picture must have rows and columns, not 0x4$"):
        images.encode(KINDS[".png"], np.zeros((0, 4)), 0, 255)


def test_files_come_back(tmp_path: Path) -> None:
    images.write_image(tmp_path / "a.PNG", COLOUR)
    assert np.array_equal(images.read_image(tmp_path / "a.PNG").values, COLOUR)
    images.write_image(tmp_path / "a.pgm", GREY, u12)
    assert netpbm.header((tmp_path / "a.pgm").read_bytes()).maxval == 4095
