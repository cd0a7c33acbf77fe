"""The command line: what each command does, and one clear line, with its exit code, for whatever is wrong.

Commands run in this process where nothing of the process matters, and in one of their own where it does.
"""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import convolver
from convolver import Conv2DDesign, FIRDesign, cli, s16, s24, u8
from convolver.designs import KINDS
from convolver.plan import fewest
from convolver.plan.constants import made_and_least
from convolver.plots import MEASURED
from convolver.sim import golden
from convolver.sounds import read_sound, write_sound

RANDOM = np.random.default_rng(7)
BLUR = Conv2DDesign(((1, 2, 1), (2, 4, 2), (1, 2, 3)), shift=4, boundary="edge", rows=64, columns=64, output=u8)
VALID = BLUR.replace(mode="valid")
EDGES = Conv2DDesign(((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)), rows=64, columns=64)
FIR = FIRDesign((1, -2, 3), shift=2, output=s16)
PIXELS = RANDOM.integers(0, 256, (9, 11)).astype(np.uint8)


@pytest.fixture
def design(tmp_path: Path) -> Any:
    """Writes a design's file and gives its path."""

    def write(value: FIRDesign | Conv2DDesign) -> str:
        path = tmp_path / "design.toml"
        path.write_text(value.to_toml())
        return str(path)

    return write


def failure(capsys: pytest.CaptureFixture[str], code: int, *arguments: object) -> str:
    """Runs a command that must fail with `code`; its one line on stderr, without the program's name."""
    returned = cli.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1, err
    assert err.startswith("convolver: "), err
    assert "Traceback" not in err
    assert returned == code, err
    return err.removeprefix("convolver: ").rstrip("\n")


def success(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Runs a command that must succeed; what it printed."""
    returned = cli.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert (returned, err) == (0, "")
    return out


def command(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a command in a process of its own, with `environment` on top of this one's."""
    return subprocess.run(
        [sys.executable, "-m", "convolver.cli", *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


class TestUsage:
    def test_help_names_every_command(self, capsys: pytest.CaptureFixture[str]) -> None:
        text = success(capsys, "--help")
        for name in ("demo", "run", "generate", "report", "build", "program", "selftest", "twin", "boards"):
            assert f" {name} " in text

    def test_help_waits_for_nothing_heavy(self) -> None:
        code = (
            "import sys; from convolver import cli; cli.main(['--help'])\n"
            "heavy = {'amaranth', 'scipy', 'matplotlib', 'PIL', 'pywt', 'serial', 'convolver.sim', 'convolver.hw'}\n"
            "found = heavy & set(sys.modules); sys.exit(f'imported: {found}' if found else 0)"
        )
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert (result.returncode, result.stderr) == (0, "")

    @pytest.mark.parametrize("command", [(), ("run",), ("report",), ("generate",), ("serve",), ("verify",)])
    def test_a_flag_asks_for_no_word(self, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]) -> None:
        lines = success(capsys, *command, "--help").splitlines()
        own = re.compile(r"--(help|install-completion|show-completion)\b")  # typer's own
        assert [line for line in lines if re.search("<(bool|int range)>", line) and not own.search(line)] == []

    def test_a_line_of_help_ends_where_the_terminal_does(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 200)
        assert "What was built is kept, so that a second run builds nothing" in success(capsys, "explore", "--help")

    def test_version(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert success(capsys, "--version") == f"convolver {convolver.__version__}\n"

    def test_installed_under_its_name(self) -> None:
        program = Path(sys.executable).parent / "convolver"
        result = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
        assert (result.returncode, result.stdout) == (0, f"convolver {convolver.__version__}\n")

    def test_alone_it_prints_its_help(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main([]) == 2
        out, err = capsys.readouterr()
        assert "Usage: convolver" in out
        assert err == ""

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["nonsense"], "No such command 'nonsense'; see convolver --help"),
            (["reprot"], "No such command 'reprot'. Did you mean 'report'? See convolver --help"),
            (["report"], "Missing option '--design' / '-d'; convolver new writes such a FILE; see convolver report --help"),
            (["run", "--desing"], "No such option: --desing; did you mean --design? See convolver run --help"),
            (["run", "--nonsense"], "No such option: --nonsense; see convolver run --help"),
            (["selftest", "--frames", "none"], "Invalid value for '--frames'"),
            (["selftest", "--frames", "0"], "Invalid value for '--frames'"),
            (["twin"], "write convolver twin --pty: a pseudo-terminal is the only way in for now"),
        ],
    )
    def test_a_command_written_wrongly(self, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
        line = failure(capsys, 2, *arguments)
        assert line.startswith(says)
        assert "--help" in line

    def test_a_fault_of_our_own_has_no_traceback(
        self, capsys: pytest.CaptureFixture[str], design: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("convolver.report.Report.text", lambda _self: 1 // 0)
        line = failure(capsys, 70, "report", "-d", design(FIR))
        assert line.startswith("A fault of convolver's own, please report it (CONVOLVER_TRACEBACK=1 shows where): ZeroDivision")
        monkeypatch.setenv("CONVOLVER_TRACEBACK", "1")
        assert cli.main(["report", "-d", design(FIR)]) == 70
        assert "Traceback" in capsys.readouterr().err

    def test_a_missing_package_is_named_with_its_extra(
        self, capsys: pytest.CaptureFixture[str], design: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in [name for name in sys.modules if name.partition(".")[0] == "amaranth" or name.startswith("convolver.hw")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "amaranth", None)
        line = failure(capsys, 6, "generate", "-d", design(FIR))
        assert line == "amaranth isn't installed, and this needs it; pip install 'convolver[sim]'"
        # A command that needs more than this package names the extra that brings all of it.
        line = failure(capsys, 6, "page", design(FIR), "-o", tmp_path / "page.html")
        assert line == "amaranth isn't installed, and this needs it; pip install 'convolver[page]'"

    def test_ctrl_c_says_so_and_ends_with_130(
        self, capsys: pytest.CaptureFixture[str], design: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupt(_self: object) -> str:
            raise KeyboardInterrupt

        monkeypatch.setattr("convolver.report.Report.text", interrupt)
        assert failure(capsys, 130, "report", "-d", design(FIR)) == "stopped"

    def test_a_reader_that_goes_away_is_no_traceback(self, design: Any) -> None:
        program = subprocess.Popen(
            [sys.executable, "-m", "convolver.cli", "report", "-d", design(FIR)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.close()
        with program.stderr:
            assert program.stderr.read() == b""
        assert program.wait() == 1


class TestReport:
    def test_text(self, capsys: pytest.CaptureFixture[str], design: Any) -> None:
        text = success(capsys, "report", "-d", design(BLUR))
        assert "memory        " in text
        assert "convolve with a kernel of 3x3" in text

    def test_json(self, capsys: pytest.CaptureFixture[str], design: Any) -> None:
        assert json.loads(success(capsys, "report", "-d", design(FIR), "--json"))["worst_gain"] == 1.5

    def test_plan(self, capsys: pytest.CaptureFixture[str], design: Any) -> None:
        assert "adder tree" in success(capsys, "report", "-d", design(FIR), "--plan")

    def test_prove(self, capsys: pytest.CaptureFixture[str], design: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """What more steps than a plan's prove; of a separable kernel's column and row, which have the same constants, once."""
        made_and_least.cache_clear()
        monkeypatch.setattr(fewest, "LONG", 1)
        one, both = design(FIRDesign([171, 205, 77], multipliers=0)), "5 adders for 3 odd constants above 1, "
        assert "5 of these make the constants, at least 4 do" in success(capsys, "report", "-d", one, "--plan")
        assert success(capsys, "report", "-d", one, "--prove", 1).endswith(f"\n\n{both}at least 4 do\n")
        assert success(capsys, "report", "-d", one, "--prove", 10**7).endswith(f"\n\n{both}the fewest there are\n")
        kernel = design(Conv2DDesign(np.outer([3, 1, 3], [3, 2, 3]), multipliers=0))
        assert json.loads(success(capsys, "report", "-d", kernel, "--prove", 1, "--json"))["adders"] == [
            {"made": 1, "least": 1}
        ]
        told = failure(capsys, 2, "report", "-d", design(FIR), "--prove", 1)
        assert told.startswith("--prove is for constants that are shifted and added; the design's file needs multipliers = 0")
        made_and_least.cache_clear()

    def test_plot(self, capsys: pytest.CaptureFixture[str], design: Any, tmp_path: Path) -> None:
        """The twin's response is in it, unless it isn't wanted."""
        for options, found in ((["--no-measure"], False), ([], True)):
            success(capsys, "report", "-d", design(FIR), "--plot", tmp_path / "plot.png", *options)
            with Image.open(tmp_path / "plot.png") as image:
                assert image.size == (900, 360)
                assert (tuple(bytes.fromhex(MEASURED[1:])) in set(image.convert("RGB").get_flattened_data())) == found


class TestDesignFiles:
    @pytest.mark.parametrize(
        ("text", "code", "says"),
        [
            ('kind = "fir"\ncoefficients = [1]\nspeed = 9\n', 3, "Unknown key 'speed' in a fir design; known are coefficients"),
            ('kind = "fir"\ncoefficients = [300]\ncoefficient = "s8"\n', 3, "Coefficients must be between -128 and 127 to fit"),
            ('kind = "fir"\ncoefficients = [0.5]\n', 3, "Coefficients must be integers, not 0.5; convolver.quantize() makes"),
            ('kind = "fir"\ncoefficients = [nan]\n', 3, "Coefficients must be finite, not nan"),
            ('kind = "fir"\n', 3, "A fir design must have 'coefficients'"),
            ('kind = "fir"\ncoefficients = []\n', 3, "A FIR filter must have 1 to 256 taps, not 0"),
            ('kind = "iir"\n', 3, f"Kind must be one of {', '.join(KINDS)}, not 'iir'"),
            ('kind = "conv2d"\nkernel = [[1, 2], [3]]\n', 3, "Kernel must have rows of one length, not 2, 1"),
            ('kind = "conv2d"\nkernel = [1, 2]\n', 3, "Kernel must be a 2-D array of integers, not a 1-D one"),
            ('kind = "conv2d"\nkernel = [[1]]\npixel = "u99"\n', 3, "Sample width must be an integer between 1 and 32, not 99"),
            ('kind = "fir"\ncoefficients = [1]\nclocks_per_sample = 0\n', 3, "Clocks per sample must be an integer between"),
            ('kind = "fir"\n[halfband]\nfs = 48\npassband = 9\ntaps = 33\n', 3, "A half-band filter must have 3, 7, 11"),
            ('kind = "fir"\n[lowpass]\nfs = 48\npassband = 9\nstopband = 8\n', 3, "A low-pass filter must have taps, or"),
            ("kind = \n", 5, "Design file "),
        ],
    )  # fmt: skip
    def test_bad_ones(self, capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, code: int, says: str) -> None:
        path = tmp_path / "design.toml"
        path.write_text(text)
        assert failure(capsys, code, "report", "-d", path).startswith(says)

    def test_missing(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        assert "none.toml can't be read" in failure(capsys, 5, "report", "-d", tmp_path / "none.toml")

    def test_binary(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        (tmp_path / "design.toml").write_bytes(b"\xff\xfe\x00")
        assert "design.toml can't be read" in failure(capsys, 5, "report", "-d", tmp_path / "design.toml")


class TestRun:
    """On the twin."""

    @pytest.mark.parametrize("shape", [(13, 17), (13, 17, 3), (1, 1), (1, 20), (20, 1)])
    def test_pictures(self, capsys: pytest.CaptureFixture[str], design: Any, tmp_path: Path, shape: tuple[int, ...]) -> None:
        pixels = RANDOM.integers(0, 256, shape).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "in.png")
        success(capsys, "run", "-d", design(BLUR), tmp_path / "in.png", "-o", tmp_path / "out.png")
        with Image.open(tmp_path / "out.png") as image:
            result = np.asarray(image)
        planes = pixels.reshape(*shape[:2], -1)
        expected = np.stack([golden.run(BLUR, planes[..., plane]) for plane in range(planes.shape[-1])], axis=-1)
        assert np.array_equal(result, expected.reshape(shape))

    def test_signed_results_go_into_an_array(self, capsys: pytest.CaptureFixture[str], design: Any, tmp_path: Path) -> None:
        pixels = RANDOM.integers(0, 256, (13, 17)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "in.png")
        success(capsys, "run", "-d", design(EDGES), tmp_path / "in.png", "-o", tmp_path / "out.npy")
        assert np.array_equal(np.load(tmp_path / "out.npy"), golden.run(EDGES, pixels))
        line = failure(capsys, 5, "run", "-d", design(EDGES), tmp_path / "in.png", "-o", tmp_path / "out.png")
        assert line.endswith("; write .npy, or give the design an output format that fits")

    @pytest.mark.parametrize("channels", [1, 2])
    def test_sounds(self, capsys: pytest.CaptureFixture[str], design: Any, tmp_path: Path, channels: int) -> None:
        samples = RANDOM.integers(-16384, 16384, (100, channels) if channels > 1 else 100)  # of which none saturates
        write_sound(tmp_path / "in.wav", samples, 8000, s16)
        told = success(capsys, "run", "-d", design(FIR), tmp_path / "in.wav", "-o", tmp_path / "out.wav")
        assert told == f"written: {tmp_path / 'out.wav'}\n"
        result = read_sound(tmp_path / "out.wav")
        expected = np.stack([golden.run(FIR, channel) for channel in samples.reshape(100, -1).T], axis=-1)
        assert result.rate == 8000
        assert np.array_equal(result.samples, expected.reshape(samples.shape))

    @pytest.mark.parametrize(
        ("array", "value", "code", "says"),
        [
            (np.zeros((4, 4)), BLUR, 4, "Pixels must be integers, not float64; round and scale them first"),
            (np.full((4, 4), np.nan), BLUR, 4, "Pixels must be integers, not float64 with nan in it"),
            (np.zeros((0, 4), int), BLUR, 4, "Pixels must not be empty; its shape is (0, 4)"),
            (np.zeros((4, 4, 0), int), BLUR, 4, "An array must hold at least one plane or channel"),
            (np.zeros(4, int), BLUR, 4, "An array for a conv2d design must be (rows, columns) or (rows, columns, planes), not"),
            (np.zeros((4, 4, 4, 4), int), BLUR, 4, "An array for a conv2d design must be"),
            (np.zeros((2, 2, 2), int), FIR, 4, "An array for a fir design must be (samples,) or (samples, channels), not of 3"),
            (np.array(5), FIR, 4, "An array for a fir design must be"),
            (np.full((4, 4), 256), BLUR, 4, "Pixels must be between 0 and 255 to fit u8, not 256"),
            (np.full((4, 4), -1), BLUR, 4, "Pixels must be between 0 and 255 to fit u8, not -1"),
            (np.full(4, 32768), FIR, 4, "Samples must be between -32768 and 32767 to fit s16, not 32768"),
            (np.zeros((2, 9), int), VALID, 4, "In valid mode an image must be at least as large as the kernel, 3x3, not 2x9"),
            (np.array(["a", "b"]), FIR, 4, "Samples must be integers, not <U1"),
        ],
    )
    def test_arrays_that_a_design_can_not_take(
        self, capsys: pytest.CaptureFixture[str], design: Any, tmp_path: Path, array: Any, value: Any, code: int, says: str
    ) -> None:
        np.save(tmp_path / "in.npy", array)
        line = failure(capsys, code, "run", "-d", design(value), tmp_path / "in.npy", "-o", tmp_path / "out.npy")
        assert line.startswith(says)
        assert not (tmp_path / "out.npy").exists()

    @pytest.mark.parametrize(
        ("name", "output", "value", "says"),
        [
            ("none.png", "out.png", BLUR, "Picture "),
            ("none.npy", "out.png", BLUR, "Array "),
            ("none.wav", "out.wav", FIR, "Signal "),
            (
                "in.wav",
                "out.png",
                BLUR,
                "A 2-D design filters pictures, and in.wav is a sound; give it a picture or a 1-D design",
            ),
            ("in.png", "out.wav", FIR, "A 1-D design filters sounds, and in.png is a picture; give it a .wav or .npy file"),
            ("in.png", "out.wav", BLUR, "Filtered pictures can't go into out.wav; name a .png or .npy file"),
            (
                "in.png",
                "out.png",
                BLUR.replace(kernel=(BLUR.kernel, BLUR.kernel), output=None),
                "A design with results of each of its kernels can't fill out.png; name a .npy file",
            ),
            ("in.wav", "out.png", FIR, "Filtered sounds can't go into out.png; name a .wav or .npy file"),
            (
                "in.png",
                "out.xyz",
                BLUR,
                "Output must end in one of .png, .tif, .tiff, .jpg, .jpeg, .bmp, .webp, .gif, .pbm, .pgm,",
            ),
            ("in.png", "none/out.png", BLUR, "Output "),
            ("broken.png", "out.png", BLUR, "Picture "),
        ],
    )
    def test_files_that_do_not_fit(
        self, capsys: pytest.CaptureFixture[str], design: Any, tmp_path: Path, name: str, output: str, value: Any, says: str
    ) -> None:
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "in.png")
        (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        write_sound(tmp_path / "in.wav", np.zeros(9, np.int64), 8000, s16)
        assert failure(capsys, 5, "run", "-d", design(value), tmp_path / name, "-o", tmp_path / output).startswith(says)

    def test_taps_that_were_quantised_are_told(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        (tmp_path / "fir.toml").write_text('kind = "fir"\ncoefficients = [0.3, 0.5]\ncoefficient = "q1_7"\n')
        note = (
            "convolver: note: the taps of fir.toml were quantised: 2 coefficients in q1_7, greatest error 0.00312 (0.4 steps), "
            "rms error 0.00221, gain error -0.00312\n"
        )
        assert cli.main(["generate", "-d", str(tmp_path / "fir.toml"), "-o", "-"]) == 0
        out, err = capsys.readouterr()
        assert err == note
        assert "endmodule" in out
        text = success(capsys, "report", "-d", tmp_path / "fir.toml")
        assert f"quantised     {note.partition('quantised: ')[2]}" in text
        numbers = json.loads(success(capsys, "report", "-d", tmp_path / "fir.toml", "--json"))
        assert numbers["quantisation_error"] == pytest.approx(0.003125)

    def test_a_pipe_on_both_sides(self, design: Any) -> None:
        """A picture comes in and a grey one goes out, and nothing else does."""
        octets = b"P5 11 9 255\n" + PIXELS.tobytes()
        arguments = [sys.executable, "-m", "convolver.cli", "run", "-d", design(BLUR), "-", "-o", "-", "--kind", "pgm"]
        said = subprocess.run(arguments, input=octets, capture_output=True, check=False)
        assert (said.returncode, said.stderr) == (0, b"")
        assert said.stdout == b"P5\n11 9\n255\n" + golden.run(BLUR, PIXELS).astype(np.uint8).tobytes()

    def test_only_one_file_comes_in_by_the_pipe(self, capsys: pytest.CaptureFixture[str]) -> None:
        line = failure(capsys, 2, "run", "-d", "-", "-", "-o", "out.npy")
        assert line == "only one of IN and --design can be standard input; see convolver run --help"

    def test_rounded_samples_are_told(self, capsys: pytest.CaptureFixture[str], design: Any, tmp_path: Path) -> None:
        write_sound(tmp_path / "in.wav", np.array([256, 128, 0]), 8000, s24)
        arguments = ["run", "-d", design(FIR), tmp_path / "in.wav", "-o", tmp_path / "out.wav"]
        assert failure(capsys, 5, *arguments).endswith('give it data = "s24", or --round them')
        assert cli.main([*map(str, arguments), "--round"]) == 0
        note = "the samples of in.wav, 24 bits, were rounded to s16: greatest error 0.5 of a step"
        assert capsys.readouterr().err == f"convolver: note: {note}\n"

    def test_a_sound_without_its_library(
        self, capsys: pytest.CaptureFixture[str], design: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "soundfile", None)
        (tmp_path / "in.flac").write_bytes(b"fLaC")
        line = failure(capsys, 6, "run", "-d", design(FIR), tmp_path / "in.flac", "-o", tmp_path / "out.wav")
        assert line.endswith("need soundfile, which isn't installed; pip install 'convolver[files]'")
        line = failure(capsys, 6, "run", "-d", design(FIR), tmp_path / "none.wav", "-o", tmp_path / "out.flac")
        assert line.endswith("need soundfile, which isn't installed; pip install 'convolver[files]'")

    def test_neither_twin_nor_board(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        line = failure(capsys, 2, "run", tmp_path / "in.png", "-o", tmp_path / "out.png")
        assert line.startswith("give --design FILE for the twin, which convolver new writes, or --port URL for a board; see")

    def test_no_compiler(self, design: Any, tmp_path: Path) -> None:
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "in.png")
        # A kernel of its own: no earlier test has compiled it into a cache.
        path = design(BLUR.replace(kernel=((97, 89), (83, 79)), coefficient=u8, shift=9))
        environment = {
            "CXX": str(tmp_path / "none"),
            "PATH": str(tmp_path),
            "HOME": str(tmp_path),
            "XDG_CACHE_HOME": str(tmp_path),
        }
        result = command("run", "-d", path, tmp_path / "in.png", "-o", tmp_path / "out.png", **environment)
        assert result.returncode == 6
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1, result.stderr
        assert "compiler" in result.stderr


class TestPort:
    @pytest.mark.parametrize("name", ["run", "selftest"])
    def test_a_port_that_is_not_there(self, capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
        files = [tmp_path / "in.png", "-o", tmp_path / "out.png"] if name == "run" else []
        line = failure(capsys, 9, name, "--port", f"serial://{tmp_path}/none", *files)
        assert f"{tmp_path}/none" in line

    def test_a_port_of_another_kind(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "pigeon" in failure(capsys, 9, "selftest", "--port", "pigeon://loft")


BAD_DESIGNS = {
    "tap that overflows its format": (
        'kind = "fir"\ncoefficients = [1, 128]\ncoefficient = "s8"',
        "Coefficients must be between -128 and 127 to fit s8, not 128",
    ),
    "taps promised symmetric": (
        'kind = "fir"\ncoefficients = [1, 2, 3]\nloadable = true\nsymmetry = "symmetric"',
        "Coefficients must be symmetric: tap 0 must be tap 2, not 1 against 3",
    ),
    "odd half-band": (
        'kind = "fir"\n[halfband]\npassband = 9000\nfs = 48000\ntaps = 33',
        "A half-band filter must have 3, 7, 11 and so on to 255 taps, so that its ends aren't zero, not 33",
    ),
    "no clock a sample": (
        'kind = "fir"\ncoefficients = [1, 2]\nclocks_per_sample = 0',
        "Clocks per sample must be an integer between 1 and 1024, not 0",
    ),
    "no multiplier": (
        'kind = "fir"\ncoefficients = [1, 2]\nloadable = true\nmultipliers = 0',
        "Multipliers must be an integer between 1 and 256, not 0",
    ),
}


class TestBadDesigns:
    @pytest.mark.parametrize("name", BAD_DESIGNS)
    @pytest.mark.parametrize("command", ["report", "generate", "build", "run", "selftest", "twin"])
    def test_one_line_before_anything_is_built(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, command: str
    ) -> None:
        text, rule = BAD_DESIGNS[name]
        (tmp_path / "bad.toml").write_text(text)
        np.save(tmp_path / "in.npy", np.zeros(5, np.int64))
        options = {
            "build": ["--board", "icebreaker", "-o", tmp_path / "out"],
            "generate": ["-o", tmp_path / "out.v"],
            "run": [tmp_path / "in.npy", "-o", tmp_path / "out.npy"],
            "twin": ["--pty"],
        }
        for tool in ("convolver.sim.libraries.compiler.compile_components", "convolver.boards.flow.run"):
            monkeypatch.setattr(tool, lambda *_arguments, **_options: pytest.fail("something was built"))
        assert failure(capsys, 3, command, *options.get(command, []), "-d", tmp_path / "bad.toml").endswith(rule)
        assert {path.name for path in tmp_path.iterdir()} == {"bad.toml", "in.npy"}


class TestSelftest:
    @pytest.mark.parametrize("value", [BLUR, VALID, EDGES, FIR], ids=["blur", "valid", "edges", "fir"])
    def test_on_the_twin(self, capsys: pytest.CaptureFixture[str], design: Any, value: Any) -> None:
        text = success(capsys, "selftest", "-d", design(value), "--frames", 3, "--seed", 5)
        assert text.startswith("10 frames, ")
        assert text.endswith(" samples, seed 5: every result equals the golden model, bit for bit\n")

    def test_lfsr_data_when_asked(self, capsys: pytest.CaptureFixture[str], design: Any) -> None:
        text = success(capsys, "selftest", "-d", design(FIR), "--frames", 1, "--loopback", "0.25")
        assert re.fullmatch(
            r"8 frames, \d+ samples, 0\.25 MiB of LFSR data in [\d.]+ s, \d+ kB/s, seed 1: "
            r"every result equals the golden model, bit for bit\n",
            text,
        )

    def test_a_difference_is_found(
        self, capsys: pytest.CaptureFixture[str], design: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        right = golden.run

        def wrong(value: Any, samples: Any) -> Any:
            result = right(value, samples)
            result.flat[5 % result.size] += 1
            return result

        monkeypatch.setattr(golden, "run", wrong)
        line = failure(capsys, 20, "selftest", "-d", design(FIR), "--frames", 1)
        assert line == "the self-test failed: all zero: 0 instead of 1 at [5], 1 of 1000 results differ"


class TestGenerate:
    def test_to_a_file_and_to_stdout(self, capsys: pytest.CaptureFixture[str], design: Any, tmp_path: Path) -> None:
        assert success(capsys, "generate", "-d", design(FIR), "-o", tmp_path / "fir.v") == (
            f"{tmp_path}/fir.v: the Verilog\n"
            f"{tmp_path}/fir.veo: how it is instantiated\n"
            f"{tmp_path}/fir.core: a FuseSoC core of it\n"
            f"{tmp_path}/fir.vlt: the warnings that Verilator may give, each with its reason\n"
        )
        text = (tmp_path / "fir.v").read_text()
        assert "endmodule" in text
        assert "s_axis_tdata" in text
        assert success(capsys, "generate", "-d", design(FIR)) == text
        assert {path.name for path in tmp_path.iterdir()} == {"design.toml", "fir.v", "fir.veo", "fir.core", "fir.vlt"}

    def test_the_module_gets_its_name(self, capsys: pytest.CaptureFixture[str], design: Any, tmp_path: Path) -> None:
        success(capsys, "generate", "-d", design(FIR), "--name", "smooth", "-o", tmp_path / "fir.v")
        assert "\nmodule smooth(" in (tmp_path / "fir.v").read_text()
        assert "\nsmooth smooth_0 (\n" in (tmp_path / "fir.veo").read_text()
        assert 'name: "::smooth:' in (tmp_path / "fir.core").read_text()
        assert "not beginning with a digit, not '1st'" in failure(capsys, 3, "generate", "-d", design(FIR), "--name", "1st")

    def test_clocks_and_resets_are_chosen(self, capsys: pytest.CaptureFixture[str], design: Any, tmp_path: Path) -> None:
        chosen = ("--registers", "full", "--axi-clock", "own", "--reset", "active-high", "--reset-style", "async")
        success(capsys, "generate", "-d", design(FIR), *chosen, "-o", tmp_path / "fir.v")
        text = (tmp_path / "fir.v").read_text()
        assert success(capsys, "generate", "-d", design(FIR), *chosen) == text
        ports = re.findall(r"^ *input (\w*(?:clk|reset\w*));", text[: text.index("endmodule")], re.MULTILINE)
        assert sorted(ports) == ["aclk", "areset", "s_axi_aclk", "s_axi_areset"]
        assert re.search(r"always @\(posedge \w+, posedge \w+\)", text)
        assert "(s_axi_areset)" in (tmp_path / "fir.veo").read_text()
        says = failure(capsys, 2, "generate", "-d", design(FIR), "--reset", "low")
        assert says.startswith("Invalid value for '--reset'")

    def test_a_testbench_comes_beside_it(self, capsys: pytest.CaptureFixture[str], design: Any, tmp_path: Path) -> None:
        command = ("generate", "-d", design(FIR), "--testbench", "--frames", 1)
        told = success(capsys, *command, "-o", tmp_path / "fir.v").splitlines()
        assert [line.partition(": ")[0] for line in told] == [
            str(tmp_path / f"fir{ending}")
            for ending in (".v", ".veo", ".core", ".vlt", "_tb.v", "_tb_cocotb.py", "_tb_steps.hex", "_tb_results.hex")
        ]
        assert all(Path(line.partition(": ")[0]).read_text() for line in told)
        assert "\n  sim: " in (tmp_path / "fir.core").read_text()
        line = failure(capsys, 2, *command)
        assert line.startswith("a testbench is several files: give --output FILE.v")

    def test_another_ending_is_refused(self, capsys: pytest.CaptureFixture[str], design: Any, tmp_path: Path) -> None:
        line = failure(capsys, 5, "generate", "-d", design(FIR), "-o", tmp_path / "fir.core")
        assert line == f"Verilog must go to a file that ends with .v, not {tmp_path / 'fir.core'}"
        assert not (tmp_path / "fir.core").exists()

    def test_into_a_folder_that_is_not_there(self, capsys: pytest.CaptureFixture[str], design: Any, tmp_path: Path) -> None:
        assert "can't be written" in failure(capsys, 5, "generate", "-d", design(FIR), "-o", tmp_path / "none" / "fir.v")


class TestBoards:
    def test_names_are_those_of_the_table(self, capsys: pytest.CaptureFixture[str]) -> None:
        names = success(capsys, "boards", "--names").split()
        text = success(capsys, "boards")
        assert {"ulx3s-85f", "icebreaker", "arty-a7-35"} <= set(names)
        assert all(f"\n{name} " in text for name in names)
        assert "No physical board has been run yet" in text

    def test_a_board_that_is_not_known(self, capsys: pytest.CaptureFixture[str]) -> None:
        line = failure(capsys, 7, "build", "--board", "nonsense")
        assert line.startswith("Board must be one of ulx3s-12f, ulx3s-25f, ")
        assert line.endswith("not 'nonsense'")

    @pytest.mark.parametrize("command", ["build", "report"])
    def test_a_design_that_does_not_fit(
        self, capsys: pytest.CaptureFixture[str], design: Any, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        path = design(FIRDesign([0] * 64, coefficient=s16, loadable=True))
        line = failure(capsys, 7, command, "--board", "icebreaker", "-d", path)
        assert line == (
            "A design for icebreaker must need at most 8 multipliers, not 64; "
            "clocks_per_sample=8 needs 8 multipliers and 29 block RAMs"
        )
        assert [entry.name for entry in tmp_path.iterdir()] == ["design.toml"]

    @pytest.mark.parametrize("command", ["generate", "report"])
    def test_a_design_that_a_device_has_no_room_for(
        self, capsys: pytest.CaptureFixture[str], design: Any, command: str
    ) -> None:
        path = design(FIRDesign([0] * 64, coefficient=s16, loadable=True))
        line = failure(capsys, 3, command, "--device", "ice40up5k", "-d", path)
        assert line == (
            "A design for iCE40UP5K must need at most 8 multipliers, not 64; "
            "clocks_per_sample=8 needs 8 multipliers and 16 block RAMs"
        )

    def test_a_report_for_a_device(self, capsys: pytest.CaptureFixture[str], design: Any) -> None:
        path = design(FIRDesign([0] * 64, coefficient=s16, loadable=True))
        text = success(capsys, "report", "--device", "XC7A100T", "-d", path)
        assert "latency       71 clocks from the sample" in text
        assert text.endswith(
            "XC7A100T has room: at the least multiplier 64 of 240 (27 %), block RAM 0 of 135 (0 %); "
            "look-up tables aren't counted here\n"
        )
        numbers = json.loads(success(capsys, "report", "--device", "XC7A100T", "-d", path, "--json"))
        assert numbers["device"] == {"name": "XC7A100T", "multiplier": 64, "block RAM": 0}
        assert numbers["latency"] == 71
        other = json.loads(success(capsys, "report", "--family", "ecp5", "-d", path, "--json"))
        assert (other["family"], other["latency"]) == ("ecp5", 22)

    def test_a_board_has_its_own_device(self, capsys: pytest.CaptureFixture[str], design: Any) -> None:
        line = failure(capsys, 2, "report", "--board", "icebreaker", "--device", "iCE40UP5K", "-d", design(FIR))
        assert "give --board NAME, or --device NAME or --family NAME; a board has its own device" in line

    @pytest.mark.parametrize("option", ["--registers=none", "--description=hash", "--handshake=valid", "--frame=fixed"])
    def test_a_board_has_everything_around_its_core(self, capsys: pytest.CaptureFixture[str], design: Any, option: str) -> None:
        line = failure(capsys, 2, "report", "--board", "icebreaker", option, "-d", design(FIR))
        assert "--handshake, --frame; a board has everything around its core" in line

    def test_a_report_for_a_board(self, capsys: pytest.CaptureFixture[str], design: Any) -> None:
        path = design(FIRDesign([0] * 64, coefficient=s16, loadable=True, clocks_per_sample=8))
        text = success(capsys, "report", "--board", "icebreaker", "-d", path)
        assert text.endswith(
            "icebreaker has room: at the least multiplier 8 of 8 (100 %), block RAM 29 of 30 (97 %); "
            "convolver build counts look-up tables\n"
        )
        numbers = json.loads(success(capsys, "report", "--board", "icebreaker", "-d", path, "--json"))
        assert numbers["board"] == {"name": "icebreaker", "multiplier": 8, "block RAM": 29}


class TestServe:
    def test_a_board_behind_a_tcp_port(self, design: Any, tmp_path: Path) -> None:
        """Another program uses it by its address, refused first for want of the token. Then ctrl-C."""
        token = "sixteen or more letters"
        program = subprocess.Popen(
            [sys.executable, "-m", "convolver.cli", "serve", "-d", design(BLUR), "--tcp-port", "0", "--token", token],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert program.stdout is not None
            url = program.stdout.readline().rstrip("\n")
            assert url.startswith("tcp://127.0.0.1:")
            assert program.stdout.readline().endswith(f"selftest --port {url}, with the token in CONVOLVER_TOKEN\n")
            Image.fromarray(PIXELS).save(tmp_path / "in.png")
            arguments = "run", "--port", url, tmp_path / "in.png", "-o", tmp_path / "out.png"
            result = command(*arguments)
            assert (result.returncode, result.stderr.count("\n")) == (9, 1)
            assert "wants a token" in result.stderr
            result = command(*arguments, CONVOLVER_TOKEN=token)
            assert (result.returncode, result.stderr) == (0, "")
            with Image.open(tmp_path / "out.png") as image:
                assert np.array_equal(np.asarray(image), golden.run(BLUR, PIXELS))
            program.send_signal(signal.SIGINT)
            _out, err = program.communicate(timeout=60)
            assert (program.returncode, err) == (130, "convolver: stopped\n")
        finally:
            program.kill()
            program.communicate()

    def test_what_it_refuses(self, capsys: pytest.CaptureFixture[str], design: Any, tmp_path: Path) -> None:
        port = f"serial://{tmp_path}/none"
        assert "must have a token" in failure(capsys, 9, "serve", "--port", port, "--host", "0.0.0.0")
        assert "16 characters or more, not 3" in failure(capsys, 9, "serve", "--port", port, "--token", "abc")
        assert "can't be opened" in failure(capsys, 9, "serve", "--port", port, "--tcp-port", "0")
        assert "brings its own design" in failure(capsys, 2, "serve", "--port", port, "-d", design(BLUR))

    @pytest.mark.parametrize("arguments", [("selftest", "--port", "tcp://127.0.0.1:1"), ("serve", "--port", "serial:///none")])
    def test_a_token_that_is_not_utf_8(self, arguments: tuple[str, ...]) -> None:
        """Bytes as the environment has them: the server or the port is what is missing."""
        program = subprocess.run(
            [sys.executable, "-m", "convolver.cli", *arguments],
            env={**os.environb, b"CONVOLVER_TOKEN": b"\xff\xfe" * 10},
            capture_output=True,
            check=False,
        )
        assert program.returncode == 9
        assert program.stderr.endswith((b"nothing listens there; start convolver serve\n", b"there is no such port\n"))

    def test_a_name_that_no_machine_has(self, capsys: pytest.CaptureFixture[str]) -> None:
        long = "x" * 64
        line = failure(capsys, 9, "selftest", "--port", f"tcp://{long}:9876")
        assert line == f"Server {long}:9876 can't be reached: no machine of that name is known"
        line = failure(capsys, 9, "serve", "--port", "serial:///none", "--host", f"{long}.org", "--token", "y" * 16)
        assert line == f"No machine of the name {long}.org is known"


class TestTwin:
    def test_a_board_behind_a_pseudo_terminal(self, design: Any, tmp_path: Path) -> None:
        """The whole way: the compiled board top, a port, the host driver, a picture. Then ctrl-C."""
        program = subprocess.Popen(
            [sys.executable, "-m", "convolver.cli", "twin", "--pty", "-d", design(BLUR)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert program.stdout is not None
            port = program.stdout.readline().rstrip("\n")
            assert port.startswith("serial://")
            assert program.stdout.readline().endswith(f"convolver selftest --port {port}\n")
            Image.fromarray(PIXELS).save(tmp_path / "in.png")
            result = command("run", "--port", port, tmp_path / "in.png", "-o", tmp_path / "out.png")
            assert (result.returncode, result.stderr) == (0, "")
            with Image.open(tmp_path / "out.png") as image:
                assert np.array_equal(np.asarray(image), golden.run(BLUR, PIXELS))
            program.send_signal(signal.SIGINT)
            _out, err = program.communicate(timeout=60)
            assert (program.returncode, err) == (130, "convolver: stopped\n")
        finally:
            program.kill()
            program.communicate()
