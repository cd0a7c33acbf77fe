"""The page in headless Chromium: all lessons and languages, cores beside exact results, keyboard, pointer, axe's rules.

`make page-test` runs all of it; `make test` what takes seconds. Without a browser these tests are skipped, and say so.
"""

import os
from pathlib import Path
from random import Random

import axe_core_python
import pytest
from PIL import Image

from convolver import FIRDesign
from convolver.designs import KINDS
from convolver.formats import OVERFLOWS, ROUNDINGS
from convolver.live import design_page
from convolver.live.lessons import LANGUAGES, lessons

from ..random_designs import generator
from .browser import Browser, chromium
from .conftest import silent

pytestmark = pytest.mark.skipif(
    chromium() is None, reason="no Chromium here (Debian: apt install chromium): no page was opened"
)

AXE = Path(os.environ.get("AXE") or Path(axe_core_python.__file__).with_name("axe.min.js"))
"""The rules for accessible pages; AXE names a newer file of them."""

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
LESSONS = [lesson["id"] for lesson in lessons()]
LOOKED_AT = {"impulse", "picture", "algebra", "equaliser"}
"""By axe in `make test`; `make page-test` has it look at all, in both colours and at two widths."""

PRESS = "[...document.querySelectorAll('button')].find((one) => one.textContent === {})?.click()"

PLACE = """
(() => {
  const { x, first } = app.lab;
  const box = x.svg.getBoundingClientRect();
  const scale = box.width / (x.wide * x.slots + 16);
  return [box.left + x.x(first + 2) * scale, box.top + x.y(20) * scale];
})()
"""
"""Where a stem of 20 at x[2] ends."""

CHOOSE = (
    "(() => {{ const one = document.querySelector('select'); one.value = '{}'; one.dispatchEvent(new Event('change')); }})()"
)

STAGES = """
(() => {
  const { bench, sums, expected } = app.lab;
  const { core } = bench;
  const columns = core.spec.scene.columns.filter((column) => column.cells);
  const rounded = sums.map((sum) => shaped(core.spec, sum).rounded);
  const faults = [];
  let seen = 0;
  for (let clock = 0; bench.results.length < expected.length && clock < 4000; clock++) {
    bench.sink = clock % 5 !== 3;
    bench.source = clock % 7 !== 5;
    bench.look();
    for (const { what, cells, behind, valid } of columns) {
      const number = bench.inside(behind);
      if ((number >= 0) !== (core.register(valid) === 1)) faults.push(`${what} at ${bench.time}: valid`);
      if (number < 0) continue;
      const total = cells.reduce((sum, name) => sum + core.register(name), 0);
      const wanted = {
        "products": sums, "products kept": sums, "sums": sums, "sum": sums, "rounded": rounded, "clipped": expected,
      }[what];
      if (!wanted) continue;
      seen++;
      if (total !== wanted[number]) faults.push(`${what} at ${bench.time}: ${total}, not ${wanted[number]}`);
    }
    bench.clock();
  }
  bench.results.forEach(({ values }, place) => values[0] !== expected[place] && faults.push(`result ${place}`));
  return [seen, bench.results.length - expected.length, faults.slice(0, 5)];
})()
"""


def opened(browser, page, lesson, language="en"):
    browser.open(page, f"#{lesson}")
    browser.until(f"document.body && document.body.dataset.shown === '{lesson}'")
    browser.run(f"speak('{language}')")
    browser.until("document.querySelector('main').isConnected && app.lab")


def violations(browser):
    browser.run(AXE.read_text(encoding="utf-8") + ";0")
    return browser.run(
        "axe.run().then((found) => found.violations.map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 120)}`))"
    )


@pytest.fixture(scope="module")
def browser():
    with Browser() as found:
        yield found


def test_every_lesson_in_every_language(browser, page):
    """Each is run to its end, and nothing is wrong with results, console and what it loads; axe looks at some."""
    for number, lesson in enumerate(LESSONS):
        language = LANGUAGES[number % 2]
        opened(browser, page, lesson, language)
        browser.run(PRESS.format("say('to the end')"))
        browser.run(PRESS.format("say('measure')") if lesson == "frequency" else "0")
        browser.run("document.querySelectorAll('details').forEach((one) => (one.open = true))")
        told = browser.run("[...document.querySelectorAll('.verdict')].map((one) => [one.dataset.wrong, one.textContent])")
        assert told or lesson == "frequency", lesson
        assert all(wrong != "true" for wrong, _ in told), (lesson, told)
        assert browser.run("!app.lab.expected || app.lab.bench.results.length === app.lab.expected.length"), lesson
        assert browser.run("document.documentElement.lang") == ("zh-Hans" if language == "zh" else "en")
        if lesson in LOOKED_AT:
            assert violations(browser) == [], lesson
    assert browser.messages == []
    assert {address.partition("#")[0] for address in browser.requests} == {page.resolve().as_uri()}
    print(f"first frame after {browser.run('performance.getEntriesByName(`shown`)[0].startTime'):.0f} ms")


@pytest.mark.parametrize("lesson", ["pipeline", "picture"])
def test_each_stage_holds_what_is_said_of_it(browser, page, lesson):
    """In every clock, with stalls on both sides: products, and the sums of each level, add up to the result's exact sum."""
    opened(browser, page, lesson)
    seen, missing, faults = browser.run(STAGES)
    assert faults == []
    assert missing == 0
    assert seen > 100


def test_a_wrong_result_would_be_seen(browser, page):
    opened(browser, page, "impulse")
    browser.run("app.lab.expected[5] += 1")
    browser.run(PRESS.format("say('to the end')"))
    assert browser.run("document.querySelector('.verdict').dataset.wrong") == "true"
    assert browser.run("document.querySelector('.verdict').textContent") == "Only 19 of 20 results equal the exact ones."


def test_back_pressure_by_hand(browser, page):
    opened(browser, page, "impulse")
    browser.run("document.querySelectorAll('.streams input')[1].click()")
    browser.run("for (let clock = 0; clock < 200; clock++) app.lab.pipeline.step()")
    assert browser.run("app.lab.bench.results.length") == 0
    assert browser.run("[...document.querySelectorAll('.light')].map((one) => one.dataset.on).join()") in (
        "true,false,true,false",  # the core takes no more
        "false,true,true,false",  # or has all of them
    )
    browser.run("document.querySelectorAll('.streams input')[1].click()")
    browser.run(PRESS.format("say('to the end')"))
    assert browser.run("document.querySelector('.verdict').textContent").startswith("20 of 20")


def test_keyboard_and_pointer(browser, page):
    opened(browser, page, "impulse")
    browser.run("app.lab.x.focus(3)")
    browser.key("ArrowUp", 38)
    browser.key("PageUp", 33)
    browser.key("ArrowRight", 39)
    browser.key("ArrowDown", 40)
    assert browser.run("app.lab.state.signal.slice(0, 6)") == [16, 0, 0, 11, -1, 0]
    assert browser.run("document.activeElement.getAttribute('aria-label')") == "the signal; draw into it [4]"
    where = browser.run(PLACE)
    browser.press(*where)
    assert abs(browser.run("app.lab.state.signal[2]") - 20) <= 2
    assert browser.run("app.lab.expected[2] === app.lab.sums[2] && app.lab.sums[2] !== 144")
    # A pixel is painted by the keyboard, and read aloud.
    opened(browser, page, "picture")
    browser.run("document.querySelector('canvas').focus()")
    before = browser.run("app.lab.image[9][8]")
    browser.key("ArrowDown", 40)
    assert browser.run("document.getElementById('announced').textContent").startswith("y[9, 8] = ")
    browser.key("Enter", 13, "\r")
    assert browser.run("app.lab.image[9][8]") == (0 if before > 127 else 255)
    assert browser.messages == []


def test_a_design_s_own_page(browser, tmp_path):
    """A fork of signals: several filters, none of whose stages the page knows by name."""
    check_design(browser, tmp_path, generator("fork")(Random("module fork 12")))


def test_numbers_of_any_width_are_exact(browser, tmp_path):
    """A sum of 66 bits: its results differ in bits that JavaScript's own numbers don't have."""
    check_design(browser, tmp_path, FIRDesign([(1 << 31) - 1, 3], data="s32", coefficient="s32"))
    shown = browser.run("app.lab.bench.results.map((one) => String(one.values[0]))")
    assert any(abs(int(value)) > 1 << 53 and int(value) % 2 for value in shown)


def check_design(browser, folder, design):
    path = folder / "design.html"
    path.write_text(design_page(design, silent, name="a design"), encoding="utf-8")
    browser.open(path)
    browser.until("document.body && document.body.dataset.shown === 'design'")
    for example in range(browser.run("page.data.design.examples.length")):
        browser.run(CHOOSE.format(example))
        browser.run(PRESS.format("say('to the end')"))
        wanted = browser.run("app.lab.frame.expected.length")
        assert browser.run("document.querySelector('.verdict').textContent").startswith(f"{wanted} of {wanted} "), design
    assert violations(browser) == []
    assert browser.messages == []


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", KINDS)
def test_pages_of_designs_of_every_kind(browser, tmp_path, kind):
    for number in range(4):
        check_design(browser, tmp_path, generator(kind)(Random(f"page {kind} {number}")))


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("lesson", ["eight_bits", "picture"])
def test_every_rounding_and_overflow(browser, whole_page, lesson):
    opened(browser, whole_page, lesson)
    for rounding in ROUNDINGS:
        for overflow in OVERFLOWS:
            browser.run(f"Object.assign(app.lab.state, {{ output: '8bit', rounding: '{rounding}', overflow: '{overflow}' }})")
            browser.run("app.lab.reopen()")
            seen, missing, faults = browser.run(STAGES)
            assert (faults, missing) == ([], 0), (rounding, overflow)
            assert seen >= 100


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False), (390, True)])
def test_axe_s_rules_at_other_widths_and_colours(whole_page, width, dark):
    with Browser(width, 900, dark) as browser:
        browser.size(width, 900, mobile=width < 500)
        for lesson in LESSONS:
            for language in LANGUAGES:
                opened(browser, whole_page, lesson, language)
                browser.run(PRESS.format("say('to the end')"))
                assert violations(browser) == [], (lesson, language)
                assert browser.run("document.documentElement.scrollWidth") <= width, lesson
        assert browser.messages == []


SOME_CLOCKS = "for (let clock = 0; clock < {}; clock++) app.lab.bench.clock(); app.lab.pipeline.refresh(); app.lab.moved();"
SHOTS = {
    "page-signal": ("pipeline", "en", 1280, False, SOME_CLOCKS.format(19)),
    "page-picture": ("picture", "zh", 1280, True, SOME_CLOCKS.format(600)),
    "page-phone": ("flip", "en", 390, False, SOME_CLOCKS.format(17)),
    "page-frequency": ("frequency", "en", 1280, False, "0"),
}


@pytest.mark.soak
def test_the_pictures_of_the_documentation(whole_page, tmp_path, request):
    """They are drawn; with `--pictures` into docs/, where somebody looks at them."""
    folder = PICTURES if request.config.getoption("--pictures", default=False) else tmp_path
    for name, (lesson, language, width, dark, script) in SHOTS.items():
        with Browser(width, 900, dark) as browser:
            opened(browser, whole_page, lesson, language)
            browser.run(script + ";0")
            browser.size(width, int(browser.run("document.documentElement.scrollHeight")), mobile=width < 500)
            browser.picture(folder / f"{name}.png")
        with Image.open(folder / f"{name}.png") as found:
            few = found.convert("RGB").quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        few.save(folder / f"{name}.png", optimize=True)
        assert (folder / f"{name}.png").stat().st_size > 20_000


def test_the_words_of_a_lesson_are_those_of_its_file(browser, page):
    opened(browser, page, "heart", "zh")
    heart = next(lesson for lesson in lessons() if lesson["id"] == "heart")
    assert browser.run("document.querySelector('h2').textContent") == heart["title"]["zh"]
    assert browser.run("[...document.querySelectorAll('.text')].map((one) => one.textContent)") == heart["text"]["zh"]
