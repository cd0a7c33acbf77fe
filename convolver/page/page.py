"""The page: HTML with everything in it, for a browser, a mail or a printer."""

import base64
import re
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path

from ..designs import Design
from ..errors import ConvolverError
from ..plan import Family
from ..plots import Measured
from ..progress import Advance
from ..promises import OWNERSHIP
from ..report import report_of
from ..report.base import Report
from ..report.numbers import counted
from ..version import __version__
from .before_after import before_after
from .board_table import OnBoard, boards_of
from .diagram import diagram, groups_of
from .style import STYLE

__all__ = ["page_of"]


def page_of(
    design: Design,
    advance: Advance,
    *,
    name: str = "",
    family: Family | None = None,
    example: Path | None = None,
    measured: Measured = None,
) -> str:
    """Makes the report of a design as one page, which loads nothing from elsewhere.

    What can't be made, since a package is missing or the design has no response, is left out, and the page says why.

    Parameters
    ----------
    design : Design
    advance : callable
        Told the title of each step.
    name : str, optional
        What the design is called, such as its file.
    family : {"ecp5", "ice40", "7-series"}, optional
        Device that it is planned for; by default any.
    example : Path, optional
        A picture, a sound or an array to show before and after; by default the demo's.
    measured : frequencies and gains, optional
        What `convolver.plots.measured` gave.

    Raises
    ------
    FileError, DataError
        If `example` can't be read, or isn't for this design.
    """
    told = report_of(design, family)
    title = f"{name}: {told.what()}" if name else told.what()
    sections = [
        ("Block diagram", _diagram(told)),
        ("Numbers", _numbers(told.lines())),
        ("Boards", _or_reason(lambda: _boards(list(boards_of(design, advance))))),
        ("Response", _responses(told, measured, advance)),
        ("Before and after", _example(design, example, advance)),
        ("Stages", _stages(told)),
        ("The design", f"<pre tabindex='0'>{escape(design.to_toml())}</pre>"),
    ]
    body = "".join(
        f'<section aria-labelledby="s{number}"><h2 id="s{number}">{heading}</h2>{content}</section>'
        for number, (heading, content) in enumerate(sections)
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n"
        f"<body><main><header><h1>{escape(name or design.title)}</h1><p>{escape(told.what())}</p>{_tiles(told)}</header>\n"
        f"{body}</main><footer>Made by convolver {__version__}. {OWNERSHIP} "
        "Counts of multipliers and memories are the plan's; clocks of "
        "boards are those that their bitstreams are built for.</footer></body></html>\n"
    )


def _or_reason(make: Callable[[], str]) -> str:
    """What is made, or why it isn't."""
    try:
        return make()
    except ConvolverError as error:
        return f'<p class="missing">Left out: {escape(str(error))}.</p>'


def _tiles(told: Report) -> str:
    """The five numbers that most readers look for."""
    plan, design = told.plan, told.design
    bits = plan.memory_bits()
    tiles = (
        ("latency", f"{plan.latency}", "clocks"),
        ("throughput", *f"{counted(plan.pixels, design.element)} {plan.slot.every}".split(" ", 1)),
        ("multipliers", f"{plan.multipliers}", f"for {counted(plan.multiplications, 'product')} a clock"),
        ("memory", f"{bits / 1024:.1f}" if bits >= 1024 else f"{bits}", "Kibit" if bits >= 1024 else "bits"),
        ("in, out", f"{design.sample}, {design.output_format}", "number formats"),
    )
    return (
        '<dl class="tiles">'
        + "".join(f"<div><dt>{name}</dt><dd><b>{value}</b> {unit}</dd></div>" for name, value, unit in tiles)
        + "</dl>"
    )


def _diagram(told: Report) -> str:
    note = (
        "Each arrow names what goes over it: how many numbers side by side, and their format. Inside a core nothing stalls: "
        "its output buffer has room for everything in flight."
    )
    region = f'<div class="wide" tabindex="0" role="region" aria-label="Block diagram, to scroll">{diagram(told.plan)}</div>'
    return f"{region}<p>{note}</p>"


def _numbers(lines: Iterable[tuple[str, str]]) -> str:
    rows = "".join(f"<tr>{_head(name)}<td>{escape(text)}</td></tr>" for name, text in lines)
    return f"<table class='facts'><tbody>{rows}</tbody></table>"


def _head(name: str) -> str:
    """The head of a row; a sentence that goes on has none of its own."""
    return f"<th scope='row'>{escape(name)}</th>" if name else "<td></td>"


def _boards(found: list[OnBoard]) -> str:
    def row(one: OnBoard) -> str:
        uses = "".join(f"<td>{use.used:g} of {use.available}</td>" for use in one.uses[:2])
        verdict = "no" if one.refused else "yes"
        rate = "" if one.refused else f"{one.rate / 1e6:.4g}"
        link = "" if one.refused else f"{one.link_rate / 1e6:.3g}"
        clock = f"{one.clock_hz / 1e6:g}{'' if one.timed else ', not timed'}"
        return (
            f"<tr class='{verdict}'><th scope='row'>{escape(one.title)}</th><td>{escape(one.device)}</td><td>{verdict}</td>"
            f"<td>{clock}</td><td>{rate}</td><td>{link}</td>{uses}<td>{escape(one.refused)}</td></tr>"
        )

    heads = (
        "board",
        "device",
        "room",
        "clock, MHz",
        "core, M/s",
        "link, M/s",
        "multipliers",
        "block RAMs",
        "why not",
    )
    head = "".join(f"<th scope='col'>{head}</th>" for head in heads)
    note = (
        "Room is counted in multipliers and memories; whether look-up tables are enough, convolver build finds out. "
        "M/s: million samples or pixels a second. The link is the board's to its host, at the most. No board has been run."
    )
    return (
        "<div class='wide' tabindex='0' role='region' aria-label='Boards, to scroll'><table class='boards'><thead><tr>"
        f"{head}</tr></thead><tbody>{''.join(map(row, found))}</tbody></table></div><p>{note}</p>"
    )


def _responses(told: Report, measured: Measured, advance: Advance) -> str:
    """The response of the whole, which was measured, and of each core where there are several; or why there is none."""

    def plotted(design: Design, found: Measured) -> str:
        return _or_reason(lambda: _plot(design, found, advance))

    cores = told.plan.cores
    if len(cores) == 1:
        return plotted(cores[0].design, measured)
    each = (f"<h3>Core {number}</h3>{plotted(core.design, None)}" for number, core in enumerate(cores, 1))
    return "".join((f"<h3>The whole</h3>{plotted(told.design, measured)}", *each))


def _plot(design: Design, measured: Measured, advance: Advance) -> str:
    from ..plots import picture

    advance("drawing the response")
    data = base64.b64encode(picture(design, ".svg", measured)).decode()
    text = escape(f"The response of {design.describe()}")
    return f'<img class="plot" src="data:image/svg+xml;base64,{data}" alt="{text}">'


def _example(design: Design, path: Path | None, advance: Advance) -> str:
    advance("filtering an example")
    if path is not None:  # what a user asked for isn't left out
        return before_after(design, path)
    return _or_reason(lambda: before_after(design, None))


def _stages(told: Report) -> str:
    """The diagram as a table: for those who don't see it, and with what each stage is for."""
    rows = []
    for group in groups_of(told.plan):
        rows.append(f"<tr><th scope='rowgroup' colspan='5'>{escape(group.title)}</th></tr>")
        for box in group.boxes:
            cells = (box.purpose, box.cycles, box.cost or "nothing", str(box.behind))
            row = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
            rows.append(f"<tr><th scope='row'>{escape(box.stage.name)}</th>{row}</tr>")
    head = "".join(f"<th scope='col'>{name}</th>" for name in ("stage", "what it does", "time", "takes", "gives"))
    plan = re.sub(r"\n{3,}", "\n\n", told.plan.explain())
    return (
        f"<table class='stages'><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        f"<details><summary>Lanes and adders</summary><pre tabindex='0'>{escape(plan)}</pre></details>"
    )
