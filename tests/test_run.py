"""`run` without a twin: what a file becomes on its way in and out, and what is refused before anything is filtered."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from convolver import (
    Conv2DDesign,
    DataError,
    FIRDesign,
    Pipeline,
    cli,
    images,
    s8,
    s12,
    s16,
    s24,
    s32,
    sounds,
    u1,
    u8,
    u10,
    u12,
    u16,
)
from convolver.errors import ConvolverError, FileError
from convolver.run import Target, check_target, read_source, run_file
from convolver.sim import golden

RANDOM = np.random.default_rng(11)
BLUR = Conv2DDesign(((1, 2, 1), (2, 4, 2), (1, 2, 3)), shift=4, boundary="edge", rows=64, columns=64, output=u8)
DEEP = Conv2DDesign(((1, 2, 1), (2, 4, 2), (1, 2, 3)), pixel=u16, shift=4, boundary="edge", output=u16)
TEN = Conv2DDesign(((1, 2, 1), (2, 4, 2), (1, 2, 3)), pixel=u10, shift=4, boundary="edge", output=u10)
EDGES = Conv2DDesign(((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)))
THRESHOLD = BLUR.replace(output=None, threshold=9)
FIR = FIRDesign((1, 2, 1), shift=2, output=s16)


class StandIn:
    """Acts like a device whose core is the golden model."""

    def __init__(self, design: Any) -> None:
        self.design = design

    def __call__(self, samples: Any, timeout: Any = None, *, stack: Any = None, progress: Any = None) -> Any:
        if self.design.rank == 1:
            return (
                np.stack([golden.run(self.design, signal) for signal in samples]) if stack else golden.run(self.design, samples)
            )
        planes = [samples] if samples.ndim == 2 else [samples[..., plane] for plane in range(samples.shape[-1])]
        results = [golden.run(self.design, plane) for plane in planes]
        return results[0] if samples.ndim == 2 else np.stack(results, axis=-1)


def filtered(source: Path, target: Path, design: Any, kind: str | None = None, *, rounded: bool = False) -> list[str]:
    """Filters a file; the notes."""
    read = read_source(source, design, rounded=rounded)
    return run_file(StandIn(design), read, Target.of(target, kind), lambda *_: None)


def refusal(*arguments: Any, **more: Any) -> str:
    with pytest.raises(ConvolverError) as caught:
        filtered(*arguments, **more)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def planewise(design: Any, pixels: Any) -> Any:
    return np.stack([golden.run(design, pixels[..., plane]) for plane in range(3)], axis=-1)


def test_a_deep_colour_picture(tmp_path: Path) -> None:
    pixels = RANDOM.integers(0, 65536, (6, 9, 3))
    for suffix in ("png", "tif", "ppm"):
        images.write_image(tmp_path / f"in.{suffix}", pixels, u16)
        assert filtered(tmp_path / f"in.{suffix}", tmp_path / f"out.{suffix}", DEEP) == []
        assert np.array_equal(images.read_image(tmp_path / f"out.{suffix}").values, planewise(DEEP, pixels))
    assert refusal(tmp_path / "in.png", tmp_path / "out.png", BLUR) == (
        f'Pixels must be between 0 and 255 to fit u8, not {pixels.min()}; give the design pixel = "u16"'
    )


def test_a_pgm_of_ten_bits(tmp_path: Path) -> None:
    pixels = RANDOM.integers(0, 1024, (6, 9))
    images.write_image(tmp_path / "in.pgm", pixels, u10)
    assert filtered(tmp_path / "in.pgm", tmp_path / "out.pgm", TEN) == []
    picture = images.read_image(tmp_path / "out.pgm")
    assert picture.format == u10
    assert np.array_equal(picture.values, golden.run(TEN, pixels))
    assert filtered(tmp_path / "in.pgm", tmp_path / "out.png", TEN) == [
        "white in out.png is 65535, and results reach 1023: it looks dark; a .pgm file says what white is"
    ]
    assert np.array_equal(images.read_image(tmp_path / "out.png").values, golden.run(TEN, pixels))


def test_a_threshold_is_black_and_white(tmp_path: Path) -> None:
    pixels = RANDOM.integers(0, 256, (6, 9))
    images.write_image(tmp_path / "in.png", pixels)
    expected = golden.run(THRESHOLD, pixels)
    for name in ("out.png", "out.tif", "out.bmp", "out.pbm", "out.pgm"):
        assert filtered(tmp_path / "in.png", tmp_path / name, THRESHOLD) == []
        with Image.open(tmp_path / name) as image:
            assert np.array_equal(np.asarray(image.convert("L")), expected * 255)
        read = read_source(tmp_path / name, Conv2DDesign([[1]], pixel=u1))
        assert np.array_equal(read.values, expected)
        assert read.notes == ()
        assert read_source(tmp_path / name, BLUR).notes == (f"white in {name} is 1, and 255 in the design's u8",)
    assert refusal(tmp_path / "in.png", tmp_path / "out.jpg", THRESHOLD) == (
        "A threshold's 0 and 1 would look black in out.jpg; name a .png file"
    )
    images.write_image(tmp_path / "colour.png", np.dstack([pixels] * 3))
    assert refusal(tmp_path / "colour.png", tmp_path / "out.png", THRESHOLD) == (
        "A threshold's 0 and 1 would look black in out.png; name a .ppm file"
    )
    assert filtered(tmp_path / "colour.png", tmp_path / "out.ppm", THRESHOLD) == []


def test_a_jpeg_says_that_it_changes_values(tmp_path: Path) -> None:
    pixels = RANDOM.integers(0, 256, (64, 64, 3))
    np.save(tmp_path / "in.npy", pixels)
    same = Conv2DDesign([[1]], output="u8")
    told = filtered(tmp_path / "in.npy", tmp_path / "out.jpg", same)
    assert told == ["a JPEG changes values, here at quality 95; a .png file keeps them"]
    off = np.abs(images.read_image(tmp_path / "out.jpg").values - pixels)
    assert 0 < off.mean() < 5  # with colour subsampled 46


def test_planes_of_an_array(tmp_path: Path) -> None:
    pixels = RANDOM.integers(0, 240, (6, 9, 5))  # of which none saturates
    for planes in (1, 3, 5):
        np.save(tmp_path / f"{planes}.npy", pixels[..., :planes])
    assert filtered(tmp_path / "1.npy", tmp_path / "out.png", BLUR) == []
    assert np.array_equal(images.read_image(tmp_path / "out.png").values, golden.run(BLUR, pixels[..., 0]))
    assert filtered(tmp_path / "3.npy", tmp_path / "out.png", BLUR) == []
    assert np.array_equal(images.read_image(tmp_path / "out.png").values, planewise(BLUR, pixels))
    assert (
        refusal(tmp_path / "5.npy", tmp_path / "x.png", BLUR)
        == "A PNG picture must have 1 or 3 planes, not 5; name a .npy file"
    )
    assert not (tmp_path / "x.png").exists()
    assert filtered(tmp_path / "5.npy", tmp_path / "out.npz", BLUR) == []
    with np.load(tmp_path / "out.npz") as loaded:
        assert loaded["arr_0"].shape == (6, 9, 5)


@pytest.mark.parametrize(
    ("name", "design", "says"),
    [
        ("out.png", EDGES, "Pixels of a PNG picture must be between 0 and 65535, not -1020 to 1020; write .npy, or give the"),
        (
            "out.jpg",
            BLUR.replace(output=u12),
            "Pixels of a JPEG picture must be between 0 and 255, not 0 to 4095; write .npy, or",
        ),
        ("out.png", BLUR.replace(kernel=(BLUR.kernel, BLUR.kernel)), "A design with results of each of its kernels can't fill"),
        ("out.wav", BLUR, "Filtered pictures can't go into out.wav; name a .png or .npy file"),
        ("out.png", FIR, "Filtered sounds can't go into out.png; name a .wav or .npy file"),
        (
            "out.wav",
            FIR.replace(output=s32),
            "Results of s32 would sound 96 dB too quiet, as none needs more than 16 bits; give the",
        ),
        ("out.wav", FIR.replace(output=u16), "A sound's samples are signed, not u16; write .npy, or give the design a signed"),
        (
            "out.wav",
            FIRDesign([1 << 30] * 9, data=s16),
            "A WAV file holds up to s32, not s50; write .npy, or give the design a narrower output",
        ),
        (
            "out.npy",
            FIRDesign([2**31 - 1] * 9, data=s32),
            "A .npy file holds up to 64 bits a value, not 67; give the design a narrower output",
        ),
    ],
)
def test_the_way_out_is_checked_before_the_way_in(name: str, design: Any, says: str, tmp_path: Path) -> None:
    """Of the design alone: before its input is read, and long before anything is compiled."""
    with pytest.raises(FileError) as caught:
        check_target(Target.of(tmp_path / name), design)
    assert str(caught.value).startswith(says)


def test_no_command_compiles_before_the_files_are_known_to_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("convolver.open", lambda *_: pytest.fail("a device was opened"))
    (tmp_path / "blur.toml").write_text(BLUR.to_toml())
    (tmp_path / "fir.toml").write_text(FIR.to_toml())
    np.save(tmp_path / "five.npy", np.zeros((4, 4, 5), np.uint8))
    np.save(tmp_path / "many.npy", np.zeros((2, 70000), np.int16))
    images.write_image(tmp_path / "in.png", np.zeros((4, 4)))
    images.write_image(tmp_path / "deep.png", np.full((4, 4), 256), u16)
    rate = bytearray(sounds.encode(sounds.KINDS[".wav"], np.zeros(9), 8000, s16))
    rate[24:28] = bytes(4)
    (tmp_path / "rate.wav").write_bytes(rate)
    for arguments, says in (
        (["blur.toml", "five.npy", "out.png"], "A PNG picture must have 1 or 3 planes, not 5; name a .npy file"),
        (["fir.toml", "many.npy", "out.wav"], "A WAV file must have 1 to 65535 channels, not 70000; write .npy"),
        (["fir.toml", "rate.wav", "out.wav"], "A WAV file must have 1 to 655350 samples a second, not 0; write .npy"),
        (["blur.toml", "in.png", "none/out.png"], f"Output {tmp_path}/none/out.png can't be written: there is no folder"),
        (["blur.toml", "deep.png", "out.png"], "Pixels must be between 0 and 255 to fit u8, not 256; give the design pixel ="),
    ):
        design, source, target = (str(tmp_path / name) for name in arguments)
        assert cli.main(["run", "-d", design, source, "-o", target]) in (4, 5)
        assert capsys.readouterr().err.startswith(f"convolver: {says}")
        assert not Path(target).exists()


# Sounds


@pytest.mark.parametrize(("form", "width"), [(s8, 8), (s16, 16), (s24, 24)])
def test_eight_bits_are_heard_as_loud_as_before(tmp_path: Path, form: Any, width: int) -> None:
    """Without an offset, and at full scale whatever the design's format is."""
    samples = RANDOM.integers(-128, 128, 200)
    sounds.write_sound(tmp_path / "in.wav", samples, 8000, s8)
    identity = FIRDesign((1,), data=form, output=form)
    for name in ("out.wav", "out.flac"):
        assert filtered(tmp_path / "in.wav", tmp_path / name, identity) == []
        out = sounds.read_sound(tmp_path / name)
        assert (out.width, out.rate) == (width, 8000)
        assert np.array_equal(out.samples, samples << width - 8)


def test_saturated_results_are_counted(tmp_path: Path) -> None:
    loud = FIRDesign((1, 2, 1), data=s16, shift=1, output=s16)
    samples = np.array([[20000, 0], [20000, 100], [20000, 0], [-20000, 0], [-20000, 0], [-20000, 1]])
    sounds.write_sound(tmp_path / "in.wav", samples, 48000, s16)
    told = filtered(tmp_path / "in.wav", tmp_path / "out.wav", loud)
    cure = "a greater shift or a wider output keeps it"
    assert told == [f"2 of 12 results are -32768 or 32767, where what lies beyond s16 is saturated; {cure}"]
    assert filtered(tmp_path / "in.wav", tmp_path / "out.npy", loud) == told
    assert filtered(tmp_path / "in.wav", tmp_path / "out.wav", loud.replace(shift=2)) == []
    assert filtered(tmp_path / "in.wav", tmp_path / "out.wav", loud.replace(overflow="wrap")) == []
    sounds.write_sound(tmp_path / "in.wav", samples // 2, 48000, s16)
    assert filtered(tmp_path / "in.wav", tmp_path / "out.wav", loud) == []


def test_silence_stays_silence(tmp_path: Path) -> None:
    (tmp_path / "in.wav").write_bytes(sounds.encode(sounds.KINDS[".wav"], np.zeros(50), 8000, s8))
    assert (tmp_path / "in.wav").read_bytes().endswith(b"\x80" * 50)
    assert filtered(tmp_path / "in.wav", tmp_path / "out.wav", FIR) == []
    assert not sounds.read_sound(tmp_path / "out.wav").samples.any()


def test_an_exact_output_fills_its_file(tmp_path: Path) -> None:
    """Of 18 bits, all of which results reach: full scale, in 24."""
    exact = FIRDesign((1, 2, 1))
    assert str(exact.output) == "s18"
    samples = np.array([-32768] * 4 + [32767] * 4)
    sounds.write_sound(tmp_path / "in.wav", samples, 8000, s16)
    assert filtered(tmp_path / "in.wav", tmp_path / "out.wav", exact) == []
    out = sounds.read_sound(tmp_path / "out.wav")
    assert out.width == 24
    assert np.array_equal(out.samples, golden.run(exact, samples) << 6)
    assert out.samples.min() == -(1 << 23)


def test_a_wide_sound_and_a_narrow_design(tmp_path: Path) -> None:
    samples = RANDOM.integers(-(1 << 23), 1 << 23, 100)
    sounds.write_sound(tmp_path / "in.wav", samples, 8000, s24)
    assert refusal(tmp_path / "in.wav", tmp_path / "out.wav", FIR) == (
        "The samples of in.wav are 24 bits, which s16 of the design doesn't hold exactly; "
        'give it data = "s24", or --round them'
    )
    assert not (tmp_path / "out.wav").exists()
    notes = filtered(tmp_path / "in.wav", tmp_path / "out.wav", FIR, rounded=True)
    assert len(notes) == 1
    assert notes[0].startswith("the samples of in.wav, 24 bits, were rounded to s16: greatest error 0.")
    sounds.write_sound(tmp_path / "in.wav", samples >> 12, 8000, s12)
    twelve = FIRDesign((1,), data=s12, output=s12)
    assert filtered(tmp_path / "in.wav", tmp_path / "out.wav", twelve) == []
    assert np.array_equal(sounds.read_sound(tmp_path / "out.wav").samples, samples >> 12 << 4)


def test_real_samples(tmp_path: Path) -> None:
    samples = RANDOM.integers(-32768, 32768, (50, 2))
    soundfile.write(tmp_path / "in.wav", samples / 32768, 8000, subtype="FLOAT")
    assert filtered(tmp_path / "in.wav", tmp_path / "out.wav", FIR) == []
    expected = np.stack([golden.run(FIR, channel) for channel in samples.T], axis=-1)
    assert np.array_equal(sounds.read_sound(tmp_path / "out.wav").samples, expected)


def test_a_sound_of_another_rate_than_the_filters_is_told(tmp_path: Path) -> None:
    low = FIRDesign.lowpass(3000, 6000, fs=48_000, taps=9, output="s16")
    for rate, notes in ((48_000, 0), (24_000, 1)):
        sounds.write_sound(tmp_path / "in.wav", np.zeros(9, np.int64), rate, s16)
        found = read_source(tmp_path / "in.wav", low).notes
        assert len(found) == notes
        assert len(read_source(tmp_path / "in.wav", Pipeline([low, FIR])).notes) == notes
    says = "in.wav has 24000 samples a second, and the filter was made for 48000: its frequencies are 0.5 times those asked for"
    assert found == (says,)


# Kinds


def test_kinds_are_told_by_content(tmp_path: Path) -> None:
    """A file's name says nothing where its content does."""
    pixels = RANDOM.integers(0, 256, (6, 9))
    for suffix in (".png", ".tif", ".pgm", ".bmp"):
        octets = images.encode(images.KINDS[suffix], pixels, 0, 255)
        for name in ("in.wav", "in.npy", "in.txt", "in", "IN.PNG"):
            (tmp_path / name).write_bytes(octets)
            assert np.array_equal(read_source(tmp_path / name, BLUR).values, pixels)
            with pytest.raises(
                FileError, match=r"^A 1-D design filters sounds, and (in|IN)[^ ]* is a picture; give it a \.wav"
            ):
                read_source(tmp_path / name, FIR)
    for suffix in (".wav", ".flac", ".aiff"):
        octets = sounds.encode(sounds.KINDS[suffix], pixels[:, :8], 8000, s16)
        for name in ("in.png", "in.npy", "in"):
            (tmp_path / name).write_bytes(octets)
            assert np.array_equal(read_source(tmp_path / name, FIR).values, pixels[:, :8])
            with pytest.raises(
                FileError, match=r"^A 2-D design filters pictures, and in[^ ]* is a sound; give it a picture or"
            ):
                read_source(tmp_path / name, BLUR)
    for suffix in (".npy", ".npz", ".csv", ".txt"):
        assert filtered(tmp_path / "IN.PNG", tmp_path / f"a{suffix.upper()}", BLUR.replace(kernel=((1,),), shift=0)) == []
        for name in ("in.png", "in.wav", "in"):
            (tmp_path / name).write_bytes((tmp_path / f"a{suffix.upper()}").read_bytes())
            for design in (BLUR, FIR):
                assert np.array_equal(read_source(tmp_path / name, design).values, pixels)


def test_a_signal_in_a_text(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("1\n2\n3\n")
    assert filtered(tmp_path / "in.csv", tmp_path / "out.csv", FIRDesign((1, 10, 100))) == []
    assert (tmp_path / "out.csv").read_text() == "1\n12\n123\n"
    assert read_source(tmp_path / "in.csv", BLUR).values.shape == (3, 1)


def test_what_is_no_input(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"\x00\x01")
    assert refusal(tmp_path / "in", tmp_path / "out.png", BLUR).startswith(
        f"Picture {tmp_path}/in can't be read: its content isn't"
    )
    assert refusal(tmp_path / "in", tmp_path / "out.npy", FIR) == (
        f"Input {tmp_path}/in can't be read: its content is no sound and no array; give it a .wav or .npy file"
    )
    (tmp_path / "in.wav").write_bytes(b"RIFF")
    assert refusal(tmp_path / "in.wav", tmp_path / "out.npy", FIR).startswith(
        f"Signal {tmp_path}/in.wav can't be read: its content"
    )
    np.save(tmp_path / "in.npy", np.zeros((2, 2, 2, 2)))
    with pytest.raises(DataError, match=r"^An array for a conv2d design must be \(rows, columns\) or"):
        read_source(tmp_path / "in.npy", BLUR)


def test_kinds_of_output(tmp_path: Path) -> None:
    assert Target.of(tmp_path / "a.PNG").suffix == ".png"
    assert Target.of(tmp_path / "a.png", "TIFF").suffix == ".tiff"
    assert Target.of(Path("-"), ".npy").suffix == ".npy"
    for path, kind, says in (
        (Path("-"), None, "Output - has no ending that says its kind; add one, such as .png, or say --kind png"),
        (
            tmp_path / "a",
            None,
            f"Output {tmp_path}/a has no ending that says its kind; add one, such as .png, or say --kind png",
        ),
        (
            tmp_path / "a.mp3",
            None,
            "Output must end in one of .png, .tif, .tiff, .jpg, .jpeg, .bmp, .webp, .gif, .pbm, .pgm, .ppm,",
        ),
        (
            tmp_path / "a.png",
            "mp3",
            "A kind of output must be one of png, tif, tiff, jpg, jpeg, bmp, webp, gif, pbm, pgm, ppm, pnm,",
        ),
    ):
        with pytest.raises(FileError) as caught:
            Target.of(path, kind)
        assert str(caught.value).startswith(says)


def test_a_failure_leaves_the_good_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images.write_image(tmp_path / "in.png", np.zeros((4, 4)))
    (tmp_path / "out.png").write_text("good")
    monkeypatch.setattr(StandIn, "__call__", lambda *_, **__: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        filtered(tmp_path / "in.png", tmp_path / "out.png", BLUR)
    assert (tmp_path / "out.png").read_text() == "good"


def test_in_place(tmp_path: Path) -> None:
    pixels = RANDOM.integers(0, 256, (6, 9))
    images.write_image(tmp_path / "a.png", pixels)
    assert filtered(tmp_path / "a.png", tmp_path / "a.png", BLUR) == []
    assert np.array_equal(images.read_image(tmp_path / "a.png").values, golden.run(BLUR, pixels))


def test_standard_input_and_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    pixels = RANDOM.integers(0, 256, (6, 9))
    octets = images.encode(images.KINDS[".png"], pixels, 0, 255)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(octets)))
    assert filtered(Path("-"), Path("-"), BLUR, "pgm") == []
    out = capfdbinary.readouterr().out
    assert out == images.encode(images.KINDS[".pgm"], golden.run(BLUR, pixels), 0, 255)
