"""What all commands have: examples in their help, --json, -v, completion, and steps in a log."""

import json
import logging
import os
import re
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image

from convolver import Conv2DDesign, cli, progress, run
from convolver.boards import names
from convolver.progress import begun_when_told, steps
from convolver.sim import golden

ROOT = Path(__file__).parent.parent
COMMANDS = typer.main.get_command(cli.app).commands
BLUR = Conv2DDesign([[1, 2], [3, 4]], shift=4, output="u8", rows=40, columns=40)
EXAMPLES = [line.strip() for command in COMMANDS.values() for line in (command.epilog or "").split("\n\n")[1:]]


def test_each_command_has_examples_of_itself():
    for name, command in COMMANDS.items():
        title, *examples = command.epilog.split("\n\n")
        assert title == "Examples:"
        assert examples
        assert all(example.split()[:2] == ["convolver", name] for example in examples)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_written_rightly(example):
    """Its options are known, its values of the right kind, its designs are there."""
    name, *arguments = shlex.split(example)[1:]
    context = COMMANDS[name].make_context(name, arguments)
    for option in ("design",):
        if (path := context.params.get(option)) is not None:
            assert (ROOT / path).is_file()
    if context.params.get("board"):
        assert context.params["board"] in names()


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_takes_json_and_v(name):
    options = {option for parameter in COMMANDS[name].params for option in parameter.opts}
    assert {"--json", "-v", "--verbose"} <= options


def written(tmp_path):
    path = tmp_path / "design.toml"
    path.write_text(BLUR.to_toml())
    return str(path)


@pytest.mark.parametrize("command", ["boards", "cache", "doctor", "report", "generate", "selftest", "program"])
def test_json(command, tmp_path, capsys):
    more = {
        "report": ["-d", written(tmp_path), "--plan"],
        "generate": ["-d", written(tmp_path), "-o", str(tmp_path / "a.v")],
        "selftest": ["-d", written(tmp_path), "--frames", "1"],
        "program": ["-b", "icebreaker", "--udev"],
    }
    assert cli.main([command, "--json", *more.get(command, [])]) == 0
    told = json.loads(capsys.readouterr().out)
    wanted = {
        "boards": lambda: [one["name"] for one in told["boards"]] == list(names()),
        "cache": lambda: told["compiled twins"]["bytes"] >= 0,
        "doctor": lambda: {"convolver", "sim"} <= {check["name"] for check in told["checks"]},
        "report": lambda: told["latency"] > 0 and "window" in told["plan"],
        "generate": lambda: all(Path(path).is_file() for path in told["files"]),
        "selftest": lambda: told["equal"] is True and told["frames"] > 5,
        "program": lambda: "SUBSYSTEM" in told["rules"],
    }
    assert wanted[command]()


def test_json_of_a_run_has_numbers(tmp_path, capsys):
    np.save(tmp_path / "in.npy", np.zeros((8, 9), np.uint8))
    assert cli.main(["run", str(tmp_path / "in.npy"), "-d", written(tmp_path), "-o", str(tmp_path / "o.npy"), "--json"]) == 0
    status = json.loads(capsys.readouterr().out)["status"]
    assert status["clocks_a_sample"] == pytest.approx(status["frame_clocks"] / 72, abs=1e-4)
    assert [name for name, value in status.items() if isinstance(value, str)] == ["transport"]


def test_verbose_says_the_steps(tmp_path):
    """Also where progress is never shown."""
    command = [sys.executable, "-m", "convolver.cli", "generate", "-d", written(tmp_path), "-o", str(tmp_path / "a.v")]
    quiet, told = (
        subprocess.run([*command, *more], capture_output=True, text=True, check=True).stderr for more in ([], ["-v"])
    )
    assert quiet == ""
    assert re.fullmatch(r" *\d+ ms  generating Verilog\n", told)


@pytest.mark.parametrize(
    ("words", "count", "found"), [("rep", 1, "report"), ("res", 1, "resampler"), ("build --board icebr", 3, "icebreaker")]
)
def test_a_shell_completes(words, count, found):
    environment = {"_CONVOLVER_COMPLETE": "complete_bash", "COMP_WORDS": f"convolver {words}", "COMP_CWORD": str(count)}
    result = subprocess.run(
        [sys.executable, "-m", "convolver.cli"], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert result.stdout.split() == [found]


@pytest.fixture
def late(monkeypatch):
    """Steps are late at once; what the timer would do is done where the test says."""
    timers = []

    class Timer:
        def __init__(self, seconds, call, arguments):
            assert seconds == progress.LATE
            self.call, self.arguments, self.cancelled = call, arguments, False
            timers.append(self)

        def start(self):
            pass

        def cancel(self):
            self.cancelled = True

    monkeypatch.setattr(threading, "Timer", Timer)
    monkeypatch.delenv("CONVOLVER_PROGRESS")
    return timers


def test_a_step_that_takes_long_is_a_line_in_a_log(late, capsys):
    with steps() as advance:
        advance("one")
        advance("two", 0.1)
        late[-1].call(*late[-1].arguments)
        advance("two", 0.9)
        advance("three")
    assert capsys.readouterr().err == "two ...\n"
    assert len(late) == 3
    assert all(timer.cancelled for timer in late)


def test_what_begins_when_told_is_the_steps_of_whoever_shows_some(late):
    with begun_when_told() as advance:
        assert late == []
        advance("alone")
    assert len(late) == 1
    told = []
    token = progress._shown.set(lambda title, share=None: told.append((title, share)))
    try:
        with begun_when_told() as advance:
            advance("inside", 0.5)
    finally:
        progress._shown.reset(token)
    assert told == [("inside", 0.5)]
    assert len(late) == 1


def test_the_logger_is_told(caplog):
    with caplog.at_level(logging.INFO, logger="convolver"), steps() as advance:
        advance("one", 0.5)
        advance("one", 0.7)
        advance("two")
    assert caplog.messages == ["one", "two"]


def test_a_picture_is_made_grey_first(tmp_path, capsys):
    pixels = np.random.default_rng(1).integers(0, 256, (9, 11, 3)).astype(np.uint8)
    source, output = tmp_path / "in.png", tmp_path / "out.png"
    Image.fromarray(pixels).save(source)
    assert cli.main(["run", str(source), "--gray", "-d", written(tmp_path), "-o", str(output)]) == 0
    grey = (pixels.astype(int) @ [77, 150, 29]) >> 8
    assert np.array_equal(np.asarray(Image.open(output)), golden.run(BLUR, grey))
    stack = tmp_path / "in.npy"
    np.save(stack, np.zeros((9, 11, 2), np.uint8))
    capsys.readouterr()
    assert cli.main(["run", str(stack), "--gray", "-d", written(tmp_path), "-o", str(output)]) == 5
    assert capsys.readouterr().err == "convolver: A picture must have 3 planes to be made grey, not 2 as in.npy has\n"


def test_the_time_of_a_long_run_is_told(monkeypatch):
    source = run.Source("wide.npy", np.zeros((300, 40), np.int64), stacked=False)
    assert run.estimate(BLUR, source) == []
    monkeypatch.setattr(run, "TRIED", 400)
    monkeypatch.setattr(run, "LONG", 0.0)
    (told,) = run.estimate(BLUR, source)
    assert re.fullmatch(r"wide\.npy takes about \d+ s on the twin, which makes [\d.]+ million clocks a second", told)
    monkeypatch.setattr(run, "LONG", 1e9)
    assert run.estimate(BLUR, source) == []
