"""`convolver new`: each filter's file is a design, says what its fields mean, and is never written over another."""

import json
import re

import numpy as np
import pytest

from convolver import FIRDesign, cli, load_design
from convolver.starting import FILTERS, started

NONE = dict.fromkeys(("size", "numbers", "shift", "fs", "passband", "stopband", "attenuation"))


def run(capsys, *arguments):
    code = cli.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize("word", FILTERS)
def test_each_filter_is_a_design_with_comments(word, tmp_path, capsys):
    path = tmp_path / "one.toml"
    code, out, err = run(capsys, "new", path, "--filter", word)
    assert (code, err) == (0, "")
    assert out.startswith(f"written: {path}\n")
    text = path.read_text()
    assert text.startswith("# ")
    assert text.count("# ") > 1
    design = load_design(path)
    # What is commented out are defaults.
    for name, value in re.findall(r"^# (\w+) = (\S+)", text, re.MULTILINE):
        if name != "loadable":
            assert str(getattr(design, name)) == value.strip('"')


def test_answers_are_taken(tmp_path, capsys):
    path = tmp_path / "one.toml"
    assert run(capsys, "new", path, "--filter", "kernel", "--numbers", "1 2 3; 4,5,6", "--shift", 2)[0] == 0
    design = load_design(path)
    assert (design.kernel, design.shift, design.operation) == (((1, 2, 3), (4, 5, 6)), 2, "correlate")
    assert run(capsys, "new", path, "--filter", "blur", "--size", 3, "--force")[0] == 0
    assert load_design(path).kernel == ((1, 2, 1), (2, 4, 2), (1, 2, 1))


def test_real_numbers_are_quantised_and_integers_get_the_shift_of_their_sum(tmp_path, capsys):
    path = tmp_path / "one.toml"
    _, out, _ = run(capsys, "new", path, "--filter", "kernel", "--numbers", "1/9 0.5; -1e-1 0.25")
    assert f"convolver run in.jpg --design {path} --output out.png\n" in out
    design = load_design(path)
    assert design.shift == design.coefficient.fraction
    np.testing.assert_allclose(np.array(design.kernel) / 2.0**design.shift, [[1 / 9, 0.5], [-0.1, 0.25]], atol=2e-5)
    for numbers, shift in (("1 2 1", 2), ("3 4", 0), ("1 -1", 0), ("-4 -4", 0)):
        assert run(capsys, "new", path, "--filter", "taps", "--numbers", numbers, "--force")[0] == 0
        assert load_design(path).shift == shift
    assert "whose sum" not in path.read_text()
    assert "that of the numbers is -8\n" in path.read_text()


@pytest.mark.parametrize(("numbers", "form"), [("0.5 32767", "s16"), ("0.5 -40000", "s24"), ("1/3 1e9", "s32")])
def test_real_numbers_get_a_format_that_holds_them(numbers, form, tmp_path, capsys):
    path = tmp_path / "one.toml"
    assert run(capsys, "new", path, "--filter", "taps", "--numbers", numbers)[0] == 0
    assert f'coefficient = "{form}" ' in path.read_text()
    assert load_design(path).coefficient.width == int(form[1:])


def test_a_high_pass_passes_what_is_high(tmp_path, capsys):
    path = tmp_path / "high.toml"
    _, out, _ = run(capsys, "new", path, "--filter", "highpass", "--fs", "48k", "--passband", "5k", "--stopband", "3k")
    assert f"convolver run in.wav --design {path} --output out.wav\n" in out
    taps = np.array(load_design(path).coefficients)
    assert abs(taps.sum()) < 1e-3 * abs((taps * (-1) ** np.arange(len(taps))).sum())


def test_a_clock_and_a_rate_are_written_down(tmp_path, capsys):
    path = tmp_path / "one.toml"
    command = ("new", path, "--filter", "taps", "--numbers", "3 5 7 11", "--clock", "100M", "--rate", "1M")
    assert run(capsys, *command)[0] == 0
    assert path.read_text().endswith("\nclocks_per_sample = 4  # for 1M samples a second at 100M\n")
    assert load_design(path) == FIRDesign([3, 5, 7, 11], output="s16", clocks_per_sample=4)
    low = tmp_path / "low.toml"
    assert run(capsys, "new", low, "--filter", "lowpass", "--clock", "100M", "--rate", "48k")[0] == 0
    design = load_design(low)
    assert design.clocks_per_sample > 30  # the field stands in front of the table
    assert design.specified is not None


def test_json(tmp_path, capsys):
    path = tmp_path / "one.toml"
    code, out, _ = run(capsys, "new", path, "--filter", "edges", "--json")
    assert (code, json.loads(out)) == (0, {"file": str(path), "filter": "edges"})


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--filter", "blurr"], 3, "Filter must be one of .*, not 'blurr'; did you mean blur\\?"),
        (["--filter", "edges", "--size", "3"], 3, "An edges filter takes no option of its own, not --size"),
        (["--filter", "blur", "--size", "16"], 3, "Size must be an integer between 1 and 15, not 16"),
        (["--filter", "average", "--size", "6"], 3, "Size must be a power of two, so that a shift divides by it, not 6"),
        (["--filter", "taps", "--numbers", "1 a"], 3, "Numbers must have spaces between them, such as 1 -2 0.5 1/9, not '1 a'"),
        (["--filter", "taps", "--numbers", "1/0"], 3, "Numbers must have spaces between them, such as .*, not '1/0'"),
        (
            ["--filter", "taps", "--numbers", "0.5", "--shift", "1"],
            3,
            "Real numbers .* leave out --shift",
        ),
        (["--filter", "lowpass", "--fs", "4x"], 3, "Fs must be a number such as 100M, 48k or 1e6, in hertz, not '4x'"),
        (["--filter", "taps", "--clock", "1M"], 2, ".*--clock picks how multipliers are shared for a rate: give --rate too.*"),
        (["--filter", "taps", "--rate", "1M"], 2, ".*--rate picks how multipliers are shared at a clock: give --clock too.*"),
        ([], 2, ".*say which with --filter: blur, sharpen, .*"),
    ],
)
def test_refusals_write_nothing(options, code, message, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    path = tmp_path / "one.toml"
    returned, out, err = run(capsys, "new", path, *options)
    assert (returned, out) == (code, "")
    assert re.fullmatch(f"convolver: {message}\n", err), err
    assert not path.exists()


def test_a_file_that_is_there_stays(tmp_path, capsys):
    path = tmp_path / "one.toml"
    path.write_text("mine")
    code, _, err = run(capsys, "new", path, "--filter", "blur")
    assert (code, err) == (5, f"convolver: {path} is there already; name another, or say --force\n")
    assert path.read_text() == "mine"


def test_a_wrong_answer_is_asked_for_again(tmp_path, capsys, monkeypatch):
    path = tmp_path / "one.toml"
    answers = iter(["blurr", "kernel", "1 2 1; 2 4", "0", "kernel", "1 2 1; 2 4 2; 1 2 1", "4"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.prompt", lambda *_told, **_how: next(answers))
    code, out, err = run(capsys, "new", path, "--json")
    assert (code, json.loads(out)) == (0, {"file": str(path), "filter": "kernel"})
    assert next(answers, None) is None
    assert "not 'blurr'; did you mean blur?\n" in err
    assert err.count("pictures: a binomial blur") == 3
    assert load_design(path).shift == 4


def test_what_no_answer_can_mend_is_not_asked_again(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    code, _, err = run(capsys, "new", tmp_path / "one.toml", "--filter", "blur", "--size", "99")
    assert code == 3
    assert err.count("\n") == 1


def test_questions_are_those_whose_answer_is_not_given():
    asked = []

    def ask(question, default):
        asked.append(question)
        return default

    started("taps", NONE | {"shift": 3}, ask)
    assert asked == ["The taps"]
