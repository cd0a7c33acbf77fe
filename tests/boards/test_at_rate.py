"""Filters whose samples come from a board's pins and leave through them, from pin to pin.

The audio filter is run as it is in its bitstream. The samples on both I2S lines are read by sigrok's decoder, which nobody here
wrote, where it is installed. The picture pipeline's Verilog is run by cocotb between the source and the sink of cocotbext-dvi.
"""

import importlib.util
import itertools
import lzma
import re
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import cocotb_tools.runner
import cv2
import numpy as np
import pytest

from convolver import Conv2DDesign, FIRDesign, boards
from convolver.boards.bitstream import Circuit, read
from convolver.boards.clocks import clocks_of
from convolver.boards.flow import _prepared
from convolver.boards.simulated import simulation_of
from convolver.boards.toolchain import run
from convolver.host.device import Device
from convolver.host.link import LinkTransport
from convolver.sim import golden
from convolver.sim.twin.board import BoardPipe
from convolver.sim.twin.fabric import FabricTwin

from .icarus import needs_icarus

EXAMPLES = Path(__file__).parents[2] / "examples" / "boards"


def example(name: str) -> ModuleType:
    """An example as a module."""
    specification = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


# I2S, from the bitstream

audio = example("audio")
TICKS = 2 * audio.FRAME
"""Of the UART's clock, twice as fast as the link's, in a sample of both channels."""
BIT = TICKS // 2 // audio.SLOT
PADS = {"mclk": 0, "lrck": 1, "sclk": 2, "data": 3}
PINS = {"dac": ("4", "2", "47", "45"), "adc": ("3", "48", "46", "44")}
"""The iCEBreaker's pins of PMOD1A, in the order of `PADS`."""


class Converters:
    """The two converters at a board's pins, and a host at its UART."""

    def __init__(self, circuit: Circuit) -> None:
        self.netlist = circuit.netlist
        self.twin = FabricTwin(circuit.table(), circuit.clock_hz, circuit.byte_clocks)
        self.pipe = BoardPipe(self.twin)

    def open(self) -> Device:
        return Device(LinkTransport(self.pipe, clock=self.pipe.time))

    def levels(self, nets: list[int], frames: int) -> np.ndarray:
        """The levels of nets behind each tick, one column a net."""
        self.twin.watch(nets, frames * TICKS)
        while (seen := self.twin.seen()) is None:
            self.twin.run(b"", TICKS)
        return seen[:, None] >> np.arange(len(nets)) & 1

    def lines(self, frames: int) -> dict[str, np.ndarray]:
        """What is on the three lines of each converter, as I2S has them: word select, clock, data."""
        pins = self.netlist.outputs | self.netlist.inputs
        nets = [pins[PINS[one][PADS[name]]] for one in PINS for name in ("lrck", "sclk", "data")]
        levels = self.levels(nets, frames)
        return {"dac": levels[:, :3], "adc": levels[:, 3:]}

    def play(self, samples: np.ndarray) -> None:
        """Lets the ADC send samples of both channels for ever, as a CS5343 does: a bit follows the clock's falling edge."""
        begun = self.twin.clocks
        lrck = self.levels([self.netlist.outputs[PINS["adc"][PADS["lrck"]]]], 2)[:, 0]
        fall = begun + int(np.flatnonzero(np.diff(lrck.astype(int)) == -1)[0]) + 1
        words = (samples.ravel() & (1 << audio.BITS) - 1) << audio.SLOT - audio.BITS - 1
        bits = (words[:, None] >> np.arange(audio.SLOT)[::-1] & 1).astype(np.uint8)
        # Four ticks behind the edge; the place in the loop is the tick's number since power-on.
        self.twin.drive(self.netlist.inputs[PINS["adc"][PADS["data"]]], np.roll(bits.repeat(BIT), fall + 4).tobytes())


def by_sigrok(lines: np.ndarray, folder: Path) -> list[tuple[str, int]]:
    """The words that sigrok finds on a converter's lines, and whose they are."""
    (folder / "lines.bin").write_bytes((lines << np.arange(3)).sum(axis=1).astype(np.uint8).tobytes())
    command = ["sigrok-cli", "-I", "binary:numchannels=3:samplerate=48000000", "-i", "lines.bin"]
    told = subprocess.run([*command, "-P", "i2s:ws=0:sck=1:sd=2", "-A", "i2s"], cwd=folder, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    # The first word began before what was seen; sigrok says so.
    words = told.stdout.splitlines()[3:]
    found = re.findall(r"(Left|Right) channel: ([0-9a-f]{8})$", "\n".join(words), re.MULTILINE)
    assert len(found) == len(words), told.stdout
    return [(channel, int(word, 16)) for channel, word in found]


def by_hand(lines: np.ndarray, folder: Path) -> list[tuple[str, int]]:
    """The same by ourselves: of each word the bits at the rising edges between two changes of word select, one later."""
    select, clock, data = lines.T.astype(int)
    rises = np.flatnonzero(np.diff(clock) == 1) + 1
    starts = np.flatnonzero(np.diff(select[rises])) + 1
    words = [(start, "".join(map(str, data[rises[start + 1 : end + 1]]))) for start, end in itertools.pairwise(starts)]
    return [("Right" if select[rises[start]] else "Left", int(word, 2)) for start, word in words]


READERS = [by_hand]
if shutil.which("sigrok-cli"):
    READERS.append(by_sigrok)


def samples_of(words: list[tuple[str, int]]) -> np.ndarray:
    """Words as samples of both channels."""
    while words[0][0] != "Left":
        words = words[1:]
    words = words[: len(words) // 2 * 2]
    assert [channel for channel, _ in words] == ["Left", "Right"] * (len(words) // 2)
    assert not any(word & 0xFF for _, word in words)
    values = np.array([word >> 8 for _, word in words])
    return (values - ((values >> 23) << 24)).reshape(-1, 2)


@pytest.fixture(scope="module")
def audio_circuit(tmp_path_factory: pytest.TempPathFactory) -> Circuit:
    path = tmp_path_factory.mktemp("audio") / "top.bin"
    path.write_bytes(lzma.decompress((Path(__file__).parent / "data" / "icebreaker-audio.bin.xz").read_bytes()))
    return read(path, audio.BOARD)


def filtered(taps: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Each channel of an endlessly repeated sound, filtered by itself with the golden model."""
    design = FIRDesign(taps, coefficient="s16", data="s24", output="s24", shift=audio.DESIGN.shift)
    return np.stack([golden.run(design, np.tile(channel, 2))[len(channel) :] for channel in samples.T], axis=1)


def is_played(found: np.ndarray, expected: np.ndarray) -> bool:
    """Whether samples are those of a loop, from any place of it on."""
    starts = [start for start in range(len(expected)) if (expected[start] == found[0]).all()]
    return any((np.roll(expected, -start, axis=0)[: len(found)] == found).all() for start in starts)


@pytest.mark.parametrize("reader", READERS)
def test_sound_goes_from_pin_to_pin(audio_circuit, reader, tmp_path):
    """Both channels, random samples and the extremes; then with taps that a host loads while the sound goes on."""
    random = np.random.default_rng(3)
    sound = random.integers(-(1 << 23), 1 << 23, (64, 2))
    sound[:4] = [[-(1 << 23), (1 << 23) - 1], [(1 << 23) - 1, -(1 << 23)], [0, -1], [1, 0]]
    board = Converters(audio_circuit)
    board.play(sound)
    lines = board.lines(24)
    played = samples_of(reader(lines["adc"], tmp_path))
    assert len(played) >= 22
    assert is_played(played, sound)
    # The first sounds may still have been on their way.
    assert is_played(samples_of(reader(lines["dac"], tmp_path))[4:], filtered(np.array([1 << 14]), sound))

    taps = random.integers(-(1 << 15), 1 << 15, 32) // 4
    with board.open() as device:
        assert device.design == audio.DESIGN
        device.load(audio.spread(taps), at_once=True)
        board.lines(34)
        found = samples_of(reader(board.lines(24)["dac"], tmp_path))
        status = device.status()
    expected = filtered(taps, sound)
    assert len(found) >= 22
    assert is_played(found, expected)
    assert not is_played(found, filtered(taps[::-1], sound))
    assert not any(status[name] for name in status if name.startswith("error_"))
    assert status["beats_in"] >= 2 * 58
    assert 0 <= status["beats_in"] - status["beats_out"] <= 2


def test_words_are_read_as_sigrok_does(tmp_path):
    """Both readers on a made-up line."""
    words = np.random.default_rng(1).integers(0, 1 << 24, 12) << 7
    data = (words[:, None] >> np.arange(32)[::-1] & 1).repeat(BIT)
    select, clock = np.arange(12).repeat(32 * BIT) % 2, np.tile(np.arange(BIT) >= BIT // 2, 12 * 32)
    lines = np.stack([select, clock, data], axis=1)
    expected = [("Right" if number % 2 else "Left", int(word) << 1) for number, word in enumerate(words)]
    for reader in READERS:
        assert reader(lines, tmp_path)[-8:] == expected[-9:-1]


# Pictures, in Icarus

video = example("video")
ROWS, COLUMNS, BLANKING = 24, 40, 250  # cocotbext-dvi's own


def simulated(design: Conv2DDesign, folder: Path, expected: np.ndarray, picture: np.ndarray) -> bool:
    """Plays a picture to the port in, and compares what comes out."""
    (folder / "top.il").write_text(simulation_of(video.BOARD, video.VideoFilter(design, COLUMNS + BLANKING)))
    # Without blocks that Icarus doesn't run at the beginning.
    script = "read_rtlil top.il; proc; flatten; opt_clean; write_verilog -noattr top.v"
    run("yosys", ["-q", "-p", script], folder, logs=["yosys.log"])
    for name, pixels in (("picture", picture), ("expected", expected)):
        cv2.imwrite(str(folder / f"{name}.png"), pixels.astype(np.uint8))
    period = 14e-9
    told = {name.upper(): str(folder / f"{name}.png") for name in ("picture", "expected")}
    told["FRAMES_A_SECOND"] = str(1 / (period * (COLUMNS + BLANKING) * (ROWS + 12)))
    runner = cocotb_tools.runner.get_runner("icarus")
    scale = ("1ns", "1ps")
    runner.build(sources=[folder / "top.v"], hdl_toplevel="top", build_dir=folder / "sim", always=True, timescale=scale)
    try:
        where = {"hdl_toplevel": "top", "build_dir": folder / "sim", "timescale": scale}
        results = runner.test(test_module="video_bench", extra_env=told, **where)
    except SystemExit:  # a test has failed
        return False
    return cocotb_tools.runner.get_results(results) == (1, 0)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@needs_icarus
@pytest.mark.skipif(
    importlib.util.find_spec("cocotbext.dvi") is None,
    reason="cocotbext-dvi isn't installed (pip install --no-deps cocotbext-dvi: it asks for another OpenCV than ours)",
)
@pytest.mark.parametrize("right", [True, False])
def test_pictures_go_from_port_to_port(right, tmp_path, monkeypatch):
    """Three frames in colour with an asymmetric kernel; and the sink sees one wrong pixel, the last one of a line."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    design = video.DESIGN.replace(kernel=[[1, 2, 1], [0, 9, 0], [-1, 2, 2]], rows=ROWS, columns=COLUMNS)
    picture = np.random.default_rng(1).integers(0, 256, (ROWS, COLUMNS, 3))
    expected = golden.run(design, picture)
    expected[5, COLUMNS - 1, 2] ^= not right
    assert simulated(design, tmp_path, expected, picture) == right


@pytest.mark.parametrize("module", [audio, pytest.param(video, marks=pytest.mark.soak)])
def test_an_example_has_its_pins(module):
    """It elaborates for its board, and asks for the pins that its text says."""
    top = {audio: "AudioFilter", video: "VideoFilter"}[module]
    files = _prepared(module.BOARD, module.DESIGN, clocks_of(module.BOARD), getattr(module, top)(), 1).files
    if module is audio:
        wanted = [f"set_io pmod_i2s2_0__{one}_{pad}__io {PINS[one][PADS[pad]]}" for one in PINS for pad in PADS]
        text = files["top.pcf"]
    else:
        wanted = ['LOCATE COMP "rgb_in_0__clock__io" SITE "G3"', 'LOCATE COMP "rgb_out_0__data__io[0]" SITE "C11"']
        wanted.append('FREQUENCY PORT "rgb_in_0__clock__io" 74250000.0 HZ')
        text = files["top.lpf"]
    assert all(line in text for line in wanted), text


@pytest.mark.soak
@pytest.mark.builds
@pytest.mark.timeout(7200)
def test_the_audio_filter_is_built_anew_and_plays(tmp_path):
    """The stored bitstream is that of the example as it is."""
    boards.build(audio.BOARD, audio.DESIGN, tmp_path, top=audio.AudioFilter())
    board = Converters(read(tmp_path / "top.bin", audio.BOARD))
    sound = np.random.default_rng(4).integers(-(1 << 23), 1 << 23, (64, 2))
    board.play(sound)
    assert is_played(samples_of(by_hand(board.lines(24)["dac"], tmp_path))[4:], sound)
