"""The report as a page: what it shows is the plan's, it stands alone, and it can be read by everyone."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from convolver import CICDesign, Conv2DDesign, DesignError, FIRDesign, MovingMaximumDesign, Pipeline, cli
from convolver.errors import FileError
from convolver.page import page_of
from convolver.page.board_table import boards_of
from convolver.page.diagram import diagram, groups_of
from convolver.page.numbers_on_arrows import numbers_behind
from convolver.page.style import STYLE
from convolver.plan import lower
from convolver.plan.stages import needed

from .named_designs import DESIGNS

VOID = {"meta", "img", "br", "rect", "path", "polyline"}


class Page(HTMLParser):
    """The elements of a page, whose tags must be closed in their order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.found, self.words = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("family", [None, "ecp5"])
def test_the_diagram_has_each_stage_of_the_plan_once(name, family):
    plan = lower(DESIGNS[name], family)
    boxes = [box for group in groups_of(plan) for box in group.boxes]
    assert [box.stage for box in boxes] == list(needed(*plan.stages))
    if len(plan.cores) == 1:
        assert sum(box.stage.cycles for box in boxes) == plan.latency
    assert sum(box.stage.multipliers.lanes for box in boxes) == plan.multipliers
    page = Page(diagram(plan))
    assert len(page.all("rect")) == len(boxes)
    for core in plan.cores:
        behind = numbers_behind(core)[-1]
        assert (behind.count, behind.form) == (core.copies * core.design.outputs, core.design.output_format)
        assert all(numbers.count > 0 for numbers in numbers_behind(core))


def test_a_long_name_stays_in_its_box():
    texts = re.findall(r"<text[^>]*>[^<]*", diagram(lower(MovingMaximumDesign(9, data="s16"))))
    fitted = [text.partition(">")[2] for text in texts if 'textLength="106"' in text]
    assert fitted == ["window maximum"] * 4


def test_what_is_on_the_arrows_is_as_wide_as_the_numbers_are():
    kernel = [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    blur = lower(Conv2DDesign(kernel, shift=4, output="u8", boundary="edge", structure="direct"))
    told = dict(zip([stage.name for stage in blur.stages], map(str, numbers_behind(blur)), strict=True))
    assert told["line buffer"] == told["rows"] == "3 × u8"
    assert told["window"] == "9 × u8"
    assert told["multiplier"] == "9 × u10"
    assert told["adder tree"] == "u12"  # 16 * 255
    assert told["rounding"] == told["output buffer"] == "u8"
    folded = lower(FIRDesign([1, -2, 3, 4], data="s8", clocks_per_sample=2))
    told = dict(zip([stage.name for stage in folded.stages], map(str, numbers_behind(folded)), strict=True))
    assert told["sample memory"] == "2 × s8"
    assert told["accumulator"] == "s12"
    cic = lower(CICDesign(stages=4, down=4, data="s8", shift=8, output="s8"))  # sums of 16 bits
    told = dict(zip([stage.name for stage in cic.stages], map(str, numbers_behind(cic)), strict=True))
    assert [told[name] for name in ("integrators", "rate change", "combs", "rounding")] == ["s16", "s16", "s16", "s8"]
    pruned = lower(CICDesign(stages=4, down=16, shift=16, output="s16", pruned=True))
    told = dict(zip([stage.name for stage in pruned.stages], map(str, numbers_behind(pruned)), strict=True))
    assert (told["combs"], told["saturation"]) == (f"s{pruned.design.sections[-1].width}", "s16")


def seen(design, **more):
    titles = []
    text = page_of(design, lambda title, _share=None: titles.append(title), name="mine", **more)
    return Page(text), text, titles


@pytest.fixture(scope="module")
def few_boards():
    """Two boards, one of which has no room: each takes a second."""
    from convolver import boards

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boards, "names", lambda: ["icebreaker", "ulx3s-12f"])
        yield


@pytest.mark.usefixtures("few_boards")
def test_a_page_stands_alone_and_can_be_read(tmp_path):
    design = Conv2DDesign([[1, 2, 3]] * 4, loadable=True, pixel="s12", coefficient="s12", rows=40, columns=50, boundary="edge")
    np.save(tmp_path / "in.npy", np.arange(2000, dtype=np.uint8).reshape(40, 50) % 251)
    page, text, _ = seen(design, example=tmp_path / "in.npy")
    outside = [value for _, told in page.found for name, value in told.items() if name in ("src", "href")]
    assert outside
    assert all(value.startswith("data:") for value in outside)
    assert page.all("html") == [{"lang": "en"}]
    assert all(image["alt"] for image in page.all("img"))
    assert [name for name, _ in page.found if re.fullmatch("h[1-6]", name)] == ["h1"] + ["h2"] * 7
    names = [told["id"] for _, told in page.found if "id" in told]
    assert len(names) == len(set(names))
    labels = [told["aria-labelledby"] for _, told in page.found if "aria-labelledby" in told]
    assert all(set(label.split()) <= set(names) for label in labels)
    regions = [told["aria-label"] for _, told in page.found if told.get("role") == "region"]
    headings = re.findall("<h2[^>]*>(.*?)</h2>", text)
    assert len({*regions, *headings}) == len(regions) + len(headings)
    assert "<th scope='row'></th>" not in text
    words = " ".join(page.words)
    assert "12 multipliers" in words
    assert "A design for icebreaker must need at most 8 multipliers, not 12; clocks_per_pixel=2 needs 6 multipliers" in words
    assert "of 28" in words
    assert "The middle of in.npy, 40 rows of 50 pixels" in text


@pytest.mark.usefixtures("few_boards")
def test_a_signal_is_a_curve(tmp_path):
    np.save(tmp_path / "in.npy", np.arange(-20, 20))
    page, text, _ = seen(FIRDesign([1, -2], data="s8"), example=tmp_path / "in.npy")
    assert [told["aria-label"] for told in page.all("svg") if told["class"] == "curve"] == [
        "before: 40 samples of in.npy",
        "after: What the design makes of them",
    ]
    assert "before: -20 to 19" in text
    with pytest.raises(FileError, match="can't be read"):
        seen(FIRDesign([1, -2], data="s8"), example=tmp_path / "none.npy")


@pytest.mark.usefixtures("few_boards")
def test_what_cant_be_made_is_named(monkeypatch):
    def refused(*_rest):
        raise DesignError("A thing must be made of <something>")

    monkeypatch.setattr("convolver.page.page.boards_of", refused)
    _, text, _ = seen(DESIGNS["moving_maximum_11"])
    assert "Left out: A thing must be made of &lt;something&gt;." in text
    assert "Left out: A plot shows the response of a linear filter; a moving maximum has none." in text


@pytest.mark.usefixtures("few_boards")
def test_what_is_measured_of_the_whole_is_drawn_for_the_whole_alone(monkeypatch):
    drawn = []
    monkeypatch.setattr("convolver.plots.picture", lambda design, _suffix, measured: drawn.append((design, measured)) or b"")
    stage = FIRDesign([1, -2], data="s8")
    design = Pipeline([stage, stage.replace(data=stage.output, output=None)])
    measured = np.array([0.1]), np.array([1.0])
    page, _, _ = seen(design, measured=measured)
    assert drawn == [(design, measured), *((one, None) for one in design.stages)]
    assert [word for word in page.words if word in {"The whole", "Core 1", "Core 2"}] == ["The whole", "Core 1", "Core 2"]


def luminance(colour):
    parts = (
        [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)] if len(colour) == 7 else [int(c, 16) / 15 for c in colour[1:]]
    )
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_colours_have_contrast(mode):
    """WCAG 2.2, 1.4.3: 4.5 to 1 for text."""
    colours = [dict(re.findall(r"--(\w+):(#\w+)", block)) for block in re.findall(r":root\{(--.*?)\}", STYLE, re.DOTALL)][mode]
    for text, ground in [
        *((text, "page") for text in ("ink", "soft", "mark", "bad")),
        ("ink", "box"),
        ("soft", "box"),
        ("soft", "card"),
    ]:
        one, other = sorted((luminance(colours[name]) for name in (text, ground)), reverse=True)
        assert (one + 0.05) / (other + 0.05) >= 4.5, (text, ground)


def test_boards_are_the_boards_own(few_boards):
    design = FIRDesign([1] * 20, data="s16", coefficient="s16", loadable=True)
    small, large = boards_of(design, lambda *_: None)
    assert small.refused.startswith("A design for icebreaker must need at most 8 multipliers, not 20")
    assert (large.refused, large.rate, large.link_rate) == ("", 137.5e6, 300e3 / 5)


def test_the_command(capsys, tmp_path, few_boards):
    (tmp_path / "d.toml").write_text(DESIGNS["conv2d_1x1"].to_toml())
    np.save(tmp_path / "in.npy", np.zeros((9, 9), int))
    command = ["report", "-d", str(tmp_path / "d.toml"), "--html", str(tmp_path / "d.html"), "--on", str(tmp_path / "in.npy")]
    assert cli.main(command) == 0
    assert capsys.readouterr().err == ""
    assert (tmp_path / "d.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>\n")
    assert cli.main([*command[:3], "--on", "in.npy"]) == 2
    assert "--on is what --html shows before and after" in capsys.readouterr().err
    assert cli.main([*command[:3], "--html", str(tmp_path / "no" / "d.html")]) == 5
