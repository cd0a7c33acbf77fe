"""Sounds: integers around silence, full scale to full scale, exactly or refused; what is written is read back."""

import io
import struct
import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from convolver import FileError, Format, ToolError, q1_15, s8, s12, s16, s24, s32, sounds, u8
from convolver.sounds import KINDS, Sound

RANDOM = np.random.default_rng(5)
PATH = Path("sound")
SAMPLES = {width: RANDOM.integers(-(1 << width - 1), 1 << width - 1, (50, 2)) for width in (8, 16, 24, 32)}
for values in SAMPLES.values():
    values[0] = values.min(), values.max()


def octets_of(samples: Any, width: int, order: str = "<") -> bytes:
    """Samples as a WAV file has them; another formulation than the writer's."""
    flat = samples.reshape(-1)
    if width == 8:
        return bytes((flat + 128).tolist())
    return b"".join(int(value).to_bytes(width // 8, "little" if order == "<" else "big", signed=True) for value in flat)


def wav(
    content: bytes,
    width: int,
    *,
    channels: int = 2,
    rate: int = 8000,
    tag: int = 1,
    magic: bytes = b"RIFF",
    extension: bytes = b"",
    before: bytes = b"",
    sizes: tuple[int | None, int | None] = (None, None),
) -> bytes:
    """A WAV file by its specification; `sizes` are what it says of its own length and of the samples'."""
    order = ">" if magic == b"RIFX" else "<"
    frame = channels * width // 8
    form = struct.pack(order + "HHIIHH", tag, channels, rate, rate * frame, frame, width) + extension
    chunks = b"fmt " + struct.pack(order + "I", len(form)) + form
    data = b"data" + struct.pack(order + "I", len(content) if sizes[1] is None else sizes[1]) + content
    body = b"WAVE" + before + chunks + data
    return magic + struct.pack(order + "I", len(body) if sizes[0] is None else sizes[0]) + body


def extensible(valid: int, tag: int) -> bytes:
    """What WAVE_FORMAT_EXTENSIBLE adds: the valid bits, the loudspeakers, and the GUID of the real kind."""
    return struct.pack("<HHIH", 22, valid, 3, tag) + bytes.fromhex("000000001000800000aa00389b71")


def other(samples: Any, kind: str, subtype: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, 8000, format=kind, subtype=subtype)
    return file.getvalue()


def read(octets: bytes) -> Sound:
    return sounds.decode(octets, PATH)


S16 = SAMPLES[16]
DATA = octets_of(S16, 16)
EXACT: dict[str, tuple[bytes, Any, int]] = {
    **{f"WAV {width}": (wav(octets_of(SAMPLES[width], width), width), SAMPLES[width], width) for width in SAMPLES},
    "WAV mono": (wav(DATA, 16, channels=1), S16.reshape(-1), 16),
    "WAV of length 0xFFFFFFFF": (wav(DATA, 16, sizes=(0xFFFFFFFF, 0xFFFFFFFF)), S16, 16),
    "WAV of length 0x7FFFFFFF": (wav(DATA, 16, sizes=(0x7FFFFFFF, 0x7FFFFFDB)), S16, 16),
    "WAV extensible 16": (wav(DATA, 16, tag=0xFFFE, extension=extensible(16, 1)), S16, 16),
    "WAV extensible 24": (
        wav(octets_of(SAMPLES[24], 24), 24, tag=0xFFFE, extension=extensible(24, 1)),
        SAMPLES[24],
        24,
    ),
    "WAV extensible of length 0xFFFFFFFF": (
        wav(DATA, 16, tag=0xFFFE, extension=extensible(16, 1), sizes=(0xFFFFFFFF, 0xFFFFFFFF)),
        S16,
        16,
    ),
    "RIFX": (wav(octets_of(S16, 16, ">"), 16, magic=b"RIFX"), S16, 16),
    "RF64": (
        wav(
            DATA,
            16,
            magic=b"RF64",
            sizes=(0xFFFFFFFF, 0xFFFFFFFF),
            before=b"ds64" + struct.pack("<IQQQI", 28, len(DATA) + 72, len(DATA), 50, 0),
        ),
        S16,
        16,
    ),
    "FLAC 16": (other(S16.astype(np.int16), "FLAC", "PCM_16"), S16, 16),
    "FLAC 24": (other((SAMPLES[24] << 8).astype(np.int32), "FLAC", "PCM_24"), SAMPLES[24], 24),
    "FLAC 8": (other((SAMPLES[8] << 24).astype(np.int32), "FLAC", "PCM_S8"), SAMPLES[8], 8),
    "AIFF 16": (other(S16.astype(np.int16), "AIFF", "PCM_16"), S16, 16),
    "AIFF 32": (other(SAMPLES[32].astype(np.int32), "AIFF", "PCM_32"), SAMPLES[32], 32),
    "CAF": (other(S16.astype(np.int16), "CAF", "PCM_16"), S16, 16),
    "WAV without samples": (wav(b"", 16), S16[:0], 16),
}


@pytest.mark.parametrize("kind", EXACT)
def test_every_sample_is_the_files_own(kind: str) -> None:
    octets, samples, width = EXACT[kind]
    sound = read(octets)
    assert sound.samples.dtype == np.int64
    assert (sound.width, sound.rate) == (width, 8000)
    assert np.array_equal(sound.samples, samples)


@pytest.mark.parametrize(("kind", "subtype"), [("WAV", "FLOAT"), ("WAVEX", "DOUBLE"), ("AIFF", "FLOAT"), ("OGG", "VORBIS")])
def test_real_samples(kind: str, subtype: str) -> None:
    given = np.sin(np.arange(400)).reshape(200, 2) / 2
    given = given.astype(np.float32).astype(float)
    sound = read(other(given, kind, subtype))
    assert (sound.width, sound.rate, sound.samples.shape) == (0, 8000, (200, 2))
    assert np.abs(sound.samples - given).max() <= (0.1 if kind == "OGG" else 0)


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        (wav(DATA, 16)[:-8], "it ends early: 192 of 200 bytes"),
        (wav(DATA, 16, tag=0xFFFE, extension=extensible(16, 1))[:-8], "it ends early: 192 of 200 bytes"),
        (other(S16.astype(np.int16), "AIFF", "PCM_16")[:-8], "it ends early: 200 of 208 bytes"),
        (b"", "its content isn't known; it must be a sound, such as WAV or FLAC"),
        (b"no sound at all", "its content isn't known; it must be a sound, such as WAV or FLAC"),
        (b"RIFF\x10\0\0\0WAVEfmt \xff\xff\xff\xff" + bytes(16), "Error in WAV/W64/RF64 file. Short 'fmt ' chunk"),
        (wav(DATA, 64), "File contains data in an unimplemented format"),
    ],
)
def test_what_is_no_whole_sound_is_refused(octets: bytes, says: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(FileError) as caught:
        read(octets)
    assert str(caught.value) == f"Signal sound can't be read: {says}"
    assert capfd.readouterr() == ("", "")


def test_a_header_that_promises_more_than_memory_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A FLAC file of 2**36 - 1 samples, of which there are none."""
    octets = bytearray(other(S16.astype(np.int16), "FLAC", "PCM_16"))
    octets[21] |= 0x0F
    octets[22:26] = b"\xff" * 4
    with pytest.raises(
        FileError, match=r"^Signal sound can't be read: it must have at most 268435456 samples, not 137438953470; "
    ):
        read(bytes(octets))
    monkeypatch.setattr(sounds, "MOST_SAMPLES", 99)
    for kind in ("WAV 16", "FLAC 16"):
        with pytest.raises(FileError, match=r"it must have at most 99 samples, not 100; cut it, or stream it from Python$"):
            read(EXACT[kind][0])


def test_without_the_extra_a_plain_wav_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    assert np.array_equal(read(EXACT["WAV 24"][0]).samples, SAMPLES[24])
    assert np.array_equal(read(EXACT["WAV of length 0xFFFFFFFF"][0]).samples, S16)
    says = r"^Sounds other than plain WAV need soundfile, which isn't installed; pip install 'convolver\[files\]'$"
    for kind in ("FLAC 16", "RIFX", "RF64"):
        with pytest.raises(ToolError, match=says):
            read(EXACT[kind][0])
    with pytest.raises(ToolError, match=says):
        sounds.check_kind(KINDS[".flac"], s16, 1, 1, 8000)
    sounds.check_kind(KINDS[".wav"], s16, 1, 1, 8000)


# Between a file's bits and a design's


def fit(samples: Any, width: int, form: Format, rounded: bool = False) -> tuple[list[int], str]:
    fitted, note = sounds.fit(Sound(np.array(samples), 8000, width), form, name="in.wav", rounded=rounded)
    return fitted.tolist(), note


@pytest.mark.parametrize(
    ("samples", "width", "form", "fitted"),
    [
        ([-128, 0, 127], 8, s8, [-128, 0, 127]),
        ([-128, 0, 127], 8, s16, [-32768, 0, 32512]),
        ([-32768, 1], 16, s24, [-8388608, 256]),
        ([-32768, 1], 16, q1_15, [-32768, 1]),
        ([-32768, 32752], 16, s12, [-2048, 2047]),  # twelve bits in sixteen
        ([-1.0, 0.5, 32767 / 32768], 0, s16, [-32768, 16384, 32767]),
        ([-(1 << 31), 65536], 32, s16, [-32768, 1]),
    ],
)
def test_full_scale_stays_full_scale(samples: Any, width: int, form: Format, fitted: list[int]) -> None:
    assert fit(samples, width, form) == (fitted, "")
    assert fit(samples, width, form, rounded=True) == (fitted, "")


@pytest.mark.parametrize(
    ("samples", "width", "form", "says"),
    [
        (
            [256, 3],
            24,
            s16,
            'The samples of in.wav are 24 bits, which s16 of the design doesn\'t hold exactly; give it data = "s24", '
            "or --round them",
        ),
        (
            [0.5, 0.1],
            0,
            s16,
            "The samples of in.wav are real numbers, which s16 of the design doesn't hold exactly; --round them",
        ),
        ([1.0], 0, s16, "The samples of in.wav are real numbers, which s16 of the design doesn't hold exactly; --round them"),
        ([np.nan], 0, s16, "The samples of in.wav must be finite numbers, not NaN or infinite"),
        ([-np.inf], 0, s16, "The samples of in.wav must be finite numbers, not NaN or infinite"),
        ([1], 8, u8, 'A sound\'s samples are signed, and the design takes u8; give it data = "s8"'),
    ],
)
def test_what_a_design_does_not_hold_is_refused(samples: Any, width: int, form: Format, says: str) -> None:
    with pytest.raises(FileError) as caught:
        fit(samples, width, form)
    assert str(caught.value) == says


def test_rounding_says_what_it_lost() -> None:
    assert fit([256, 3, -128, 384], 24, s16, rounded=True) == (
        [1, 0, 0, 2],
        "the samples of in.wav, 24 bits, were rounded to s16: greatest error 0.5 of a step",
    )
    assert fit([0.25, 1.0, -1.0], 0, s8, rounded=True) == (
        [32, 127, -128],
        "the samples of in.wav, real numbers, were rounded to s8: greatest error 0 of a step, 1 of 3 clipped",
    )
    assert fit([2147483647], 32, s16, rounded=True)[0] == [32767]


# Ways out


@pytest.mark.parametrize(
    ("suffix", "form", "width"),
    [
        (".wav", s8, 8), (".wav", s12, 16), (".wav", s16, 16), (".wav", Format(17, True), 24), (".wav", s24, 24),
        (".wav", s32, 32), (".wav", q1_15, 16),
        (".flac", s8, 8), (".flac", s16, 16), (".flac", s24, 24), (".aiff", s16, 16), (".aif", s32, 32),
    ],
)  # fmt: skip
@pytest.mark.parametrize("channels", [1, 2])
def test_what_is_written_is_read_back(suffix: str, form: Format, width: int, channels: int) -> None:
    samples = RANDOM.integers(form.min, form.max + 1, (100, channels) if channels > 1 else 100)
    samples[0], samples[1] = form.min, form.max
    octets = sounds.encode(KINDS[suffix], samples, 44100, form)
    sound = read(octets)
    assert (sound.width, sound.rate) == (width, 44100)
    fitted, note = sounds.fit(sound, form, name="", rounded=False)
    assert np.array_equal(fitted, samples)
    assert note == ""
    # Full scale: the least sample of the format is the least of the file.
    assert sound.samples.min() == -(1 << width - 1)


def test_pythons_own_reader_and_libsndfile_agree() -> None:
    samples = np.array([-32768, -1, 0, 1, 32767])
    octets = sounds.encode(KINDS[".wav"], samples, 48000, s16)
    with wave.open(io.BytesIO(octets)) as opened:
        assert struct.unpack("<5h", opened.readframes(5)) == (-32768, -1, 0, 1, 32767)
    for form in (s8, s16, s24, s32):
        octets = sounds.encode(KINDS[".wav"], np.array([form.min, -1, 0, form.max]), 48000, form)
        left, rate = soundfile.read(io.BytesIO(octets), dtype="int32")
        assert rate == 48000
        assert left.tolist() == [value << 32 - form.width for value in (form.min, -1, 0, form.max)]


@pytest.mark.parametrize(
    ("suffix", "form", "shape", "rate", "says"),
    [
        (".wav", Format(33, True), (1, 1), 1, "A WAV file holds up to s32, not s33; write .npy, or give the design a narrower "
         "output"),
        (".flac", s32, (1, 1), 1, "A FLAC file holds up to s24, not s32; write .npy, or give the design a narrower output"),
        (".wav", u8, (1, 1), 1, "A sound's samples are signed, not u8; write .npy, or give the design a signed output"),
        (".wav", s16, (2, 70000), 1, "A WAV file must have 1 to 65535 channels, not 70000; write .npy"),
        (".flac", s16, (2, 9), 1, "A FLAC file must have 1 to 8 channels, not 9; write .npy"),
        (".wav", s16, (2, 1), 0, "A WAV file must have 1 to 655350 samples a second, not 0; write .npy"),
        (".wav", s16, (2, 1), 655351, "A WAV file must have 1 to 655350 samples a second, not 655351; write .npy"),
        (".wav", s16, (1 << 31, 1), 1, "A WAV file holds up to 4294967167 bytes, not 4294967296; write .npy"),
    ],
)  # fmt: skip
def test_what_a_sound_can_not_hold(suffix: str, form: Format, shape: tuple[int, int], rate: int, says: str) -> None:
    with pytest.raises(FileError) as caught:
        sounds.check_kind(KINDS[suffix], form, *shape, rate)
    assert str(caught.value) == says


def test_files_come_back(tmp_path: Path) -> None:
    for name in ("a.WAV", "a.flac"):
        sounds.write_sound(tmp_path / name, S16, 8000, s16)
        assert np.array_equal(sounds.read_sound(tmp_path / name).samples, S16)
