"""The page as a file: it stands alone, is small, and has each word in each language."""

import json
import re
from importlib.resources import files

import pytest

import convolver.live
from convolver import FIRDesign, cli
from convolver.live import lessons
from convolver.live.cores import lesson_cores
from convolver.live.examples import example_of
from convolver.live.page import LARGEST, SCRIPTS

SOURCES = {name: (files(convolver.live) / name).read_text(encoding="utf-8") for name in SCRIPTS}
SCRIPT = "".join(SOURCES.values())


def test_it_loads_nothing_and_is_small(page):
    text = page.read_text(encoding="utf-8")
    assert len(text.encode()) < LARGEST / 2
    outside = set(re.findall(r"https?://[^\s\"'`<]+", text))
    assert outside == {"http://www.w3.org/2000/svg"}  # a name, not an address
    assert not re.search(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"(?!data:,)", text)
    for call in ("fetch(", "import(", "XMLHttpRequest", "new Worker", "WebSocket"):
        assert call not in text


@pytest.mark.soak
def test_the_whole_page_is_small(whole_page):
    assert len(whole_page.read_bytes()) < LARGEST


def test_both_languages_have_the_same_words():
    words = lessons.words()
    assert set(words) == set(lessons.LANGUAGES)
    one, other = words["en"], words["zh"]
    assert list(one) == list(other)
    for key, text in one.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", other[key])), key
        assert text.strip()
        assert other[key].strip()


def test_every_word_that_is_said_is_there():
    known = lessons.words()["en"]
    said = set(re.findall(r"\b(?:say|button|choice|slider|gain|row|title)\(\s*\"([^\"]+)\"", SCRIPT)) - {"bass", "treble"}
    said |= {word for pair in re.findall(r"\bsay\([^()?]*\? \"([^\"]+)\" : \"([^\"]+)\"", SCRIPT) for word in pair}
    assert len(said) > 60
    assert said - known.keys() == set()
    stages = {
        "operands",
        "inputs",
        "coefficients",
        "products",
        "products kept",
        "sums",
        "sum",
        "quotient",
        "rounded",
        "clipped",
        "queue",
    }
    families = {"stage": stages, "signal": lessons.signals().keys() - {"heart"}, "picture": lessons.pictures(8).keys()}
    for family, names in families.items():
        assert {f"{family} {name}" for name in names} - known.keys() == set()


def test_every_lesson_has_its_words_and_what_it_begins_with():
    found = lessons.lessons()
    cores, signals, pictures = lesson_cores(), lessons.signals(), lessons.pictures(8)
    assert len({lesson["id"] for lesson in found}) == len(found) == 15
    for lesson in found:
        for part in ("title", "text", "try"):
            assert set(lesson[part]) == set(lessons.LANGUAGES)
        assert len(lesson["text"]["en"]) == len(lesson["text"]["zh"])
        assert re.search("[一-鿿]", lesson["title"]["zh"])
        begins = lesson["set"]
        assert begins.get("signal", "step") in signals
        assert begins.get("picture", "photo") in pictures
        assert begins.get("core", "echo") in cores
        assert f"  {lesson['lab']}: " in SOURCES["app.js"]


@pytest.mark.parametrize("form", ["u1", "s1", "s2", "u8", "s32"])
def test_examples_fit_the_samples_format(form):
    design = FIRDesign([1, 2], data=form)
    frames = example_of(design)
    assert [frame["name"] for frame in frames] == ["impulse", "step", "extremes", "noise"]
    for frame in frames:
        values = {value for beat in frame["beats"] for value in beat}
        assert len(values) > 1
        assert all(value in design.data for value in values)


@pytest.mark.parametrize("taps", [2, 33, 126, 256])
def test_the_impulse_s_whole_response_is_shown(taps):
    (impulse, *_) = example_of(FIRDesign([1] * taps, data="s16"))
    results = [values[0] for values in impulse["expected"]]
    assert results[-1] == 0
    assert sum(value != 0 for value in results) == taps
    assert len(results) <= 400


def test_the_command_writes_a_design_s_page(tmp_path, capsys, monkeypatch):
    design = tmp_path / "mean.toml"
    design.write_text('kind = "fir"\ncoefficients = [1, 2, 1]\ndata = "s8"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert cli.main(["page", "mean.toml"]) == 0
    assert re.fullmatch(r"Written: build/page/mean\.html, \d+ kB\n", capsys.readouterr().out)
    assert "<title>mean</title>" in (tmp_path / "build/page/mean.html").read_text(encoding="utf-8")
    assert cli.main(["page", "mean.toml", "-o", "no/where.html"]) == 5
    assert "there is no folder" in capsys.readouterr().err
    assert cli.main(["page", "none.toml"]) == 5


def test_it_is_opened_where_there_is_a_window(tmp_path, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr("convolver.live.design_page", lambda *_args, **_more: "<p>")
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    monkeypatch.setenv("DISPLAY", ":9")
    design = tmp_path / "d.json"
    design.write_text(json.dumps({"kind": "fir", "coefficients": [1]}))
    assert cli.main(["page", str(design), "-o", str(tmp_path / "d.html"), "--no-open"]) == 0
    assert opened == []
    assert cli.main(["page", str(design), "-o", str(tmp_path / "d.html")]) == 0
    assert opened == [(tmp_path / "d.html").as_uri()]
    assert capsys.readouterr().out.splitlines()[1].startswith("Opened: ")
