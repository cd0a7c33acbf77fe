"""Pages of the site that are made of the code: command line, keys, formats, errors, Python."""

import dataclasses
import inspect
import re
from typing import Any

import typer.main

import convolver
from convolver import errors, exploring
from convolver.cli import app, exit_codes
from convolver.designs import KINDS
from convolver.formats import OVERFLOWS, ROUNDINGS

__all__ = ["pages"]


def pages() -> dict[str, str]:
    """Each page by its file."""
    return {
        "reference/command-line.md": command_line(),
        "reference/keys.md": keys(),
        "reference/formats.md": formats(),
        "reference/errors.md": exits(),
        "reference/python.md": python(),
    }


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def command_line() -> str:
    """All commands with their options and examples."""
    group = typer.main.get_command(app)
    lines = [
        "# Command line",
        "",
        "`convolver COMMAND --help` shows the same. Every command takes `--json`, which prints one JSON object, and `-v`,",
        "which says each step on stderr. `convolver --install-completion` completes words in the shell.",
    ]
    for name, command in group.commands.items():  # type: ignore[attr-defined]  # a group's
        _, *examples = (command.epilog or "").split("\n\n")
        lines += [
            "",
            f"## convolver {name}",
            "",
            _cell(command.help or ""),
            "",
            *(f"    {example}" for example in examples),
            "",
        ]
        lines += ["| option | meaning |", "|---|---|"]
        for parameter in command.params:
            opts = (
                ", ".join(f"`{option}`" for option in parameter.opts) if parameter.param_type_name == "option" else "argument"
            )
            shown = parameter.metavar or ""
            lines.append(f"| {opts} {f'`{_cell(shown)}`' if shown else ''} | {_cell(getattr(parameter, 'help', '') or '')} |")
    return "\n".join(lines) + "\n"


def _fields(text: str) -> dict[str, tuple[str, str]]:
    """Parameters of a numpydoc docstring: type and description."""
    found = re.search(r"Parameters\n-+\n(.*?)(?:\n[A-Z][a-z]+\n-+\n|\Z)", inspect.cleandoc(text), re.DOTALL)
    told: dict[str, tuple[str, str]] = {}
    for names, kind, body in re.findall(
        r"^(\w[\w, ]*) : (.*)\n((?:(?:    .*)?(?:\n|\Z))*)", found[1] if found else "", re.MULTILINE
    ):
        for name in names.split(", "):
            told[name] = kind, body
    return told


def keys() -> str:
    """The keys of design files, by kind."""
    lines = [
        "# Keys of a design file",
        "",
        "What stands in a design file, for those who write one; `convolver new` writes one with comments. A file is TOML or",
        "JSON. `kind` says what it describes; a key that is left out has its default. The same words are the parameters of the",
        "classes in Python. In a file real taps become integers of the format `coefficient`",
        "([files](../files.md#design-files)), and a table such as `[lowpass]` may stand in their place",
        "([FIR filters](../fir.md#from-a-specification)).",
    ]
    for kind, cls in KINDS.items():
        # What is as in a FIR filter isn't said again.
        told = _fields(convolver.FIRDesign.__doc__ or "") | _fields(cls.__doc__ or "")
        lines += [
            "",
            f'## kind = "{kind}"',
            "",
            _cell((cls.__doc__ or "").split("\n\n")[0]),
            "",
            "| key | value | default | meaning |",
        ]
        lines.append("|---|---|---|---|")
        for field in dataclasses.fields(cls):  # type: ignore[arg-type]  # each is a dataclass
            if not field.compare:
                continue
            value, meaning = told.get(field.name, ("", ""))
            name = (cls.stages_field or field.name) if field.name in ("stages", "branches") and cls.stages_field else field.name
            value = value.removesuffix(", optional")
            lines.append(f"| `{name}` | {_cell(value)} | {_default(field)} | {_cell(meaning)} |")
    return "\n".join(lines) + "\n"


def _default(field: "dataclasses.Field[Any]") -> str:
    """As a design file would have it."""
    match field.default:
        case dataclasses.MISSING:
            return "must be given"
        case None:
            return "none"
        case bool(flag):
            return f"`{str(flag).lower()}`"
        case other:
            return f"`{other}`"


def formats() -> str:
    """How number formats are written."""
    names = [name for name in convolver.__all__ if isinstance(getattr(convolver, name), convolver.Format)]
    lines = [
        "# Number formats",
        "",
        "A format is a width, a sign and a number of fraction bits. `u8` is eight bits without a sign, `s16` sixteen with one",
        "(two's complement), `q1_15` sixteen with a sign of which fifteen are behind the point: the integer n means",
        "n / 2**15. Samples and coefficients have 1 to 32 bits.",
        "",
        "| name | least | greatest | one step |",
        "|---|---|---|---|",
    ]
    for name in names:
        form = getattr(convolver, name)
        lines.append(f"| `{form}` | {form.min} | {form.max} | {f'2**-{form.fraction}' if form.fraction else '1'} |")
    lines += [
        "",
        "Any other width is written the same way, as `s12` or `q2_10`. Sums and products are exact inside a core. A result is",
        "shifted right by `shift`, rounded, and brought into its format.",
        "",
        f"`rounding` is one of {', '.join(f'`{word}`' for word in ROUNDINGS)}; `overflow` one of",
        f"{', '.join(f'`{word}`' for word in OVERFLOWS)}.",
        "",
        "::: convolver.Format",
        "",
        "::: convolver.quantize",
    ]
    return "\n".join(lines) + "\n"


def exits() -> str:
    """Errors and exit codes."""
    found: list[tuple[int, str, type[errors.ConvolverError]]] = [
        (error.exit_code, name, error)
        for name, error in vars(errors).items()
        if isinstance(error, type) and issubclass(error, errors.ConvolverError)
    ]
    lines = [
        "# Errors and exit codes",
        "",
        "Each error is one line: the rule, the value that broke it, what to do. In Python it is a class, on the command line",
        "an exit code. All classes derive from `ConvolverError`.",
        "",
        "| exit code | error | also a | meaning |",
        "|---|---|---|---|",
        "| 0 | | | done |",
        "| 2 | | | the command was written wrongly |",
    ]
    for code, name, error in sorted(found, key=lambda item: item[0]):
        also = [
            base.__name__ for base in error.__bases__ if not issubclass(base, errors.ConvolverError) and base is not Exception
        ]
        lines.append(f"| {code} | `{name}` | {', '.join(f'`{one}`' for one in also)} | {_cell(error.__doc__ or '')} |")
    lines += [
        f"| {exit_codes.DIFFERENCE} | | | a result differs from the golden model |",
        f"| {exit_codes.FAULT} | | | a fault of convolver's own; `CONVOLVER_TRACEBACK=1` shows where |",
        f"| {exit_codes.INTERRUPTED} | | | stopped by ctrl-C |",
    ]
    return "\n".join(lines) + "\n"


GROUPS = {
    "Designs": [cls.__name__ for cls in KINDS.values()],
    "Running them": ["open", "load_design", "at_rate"],
    "As in scipy": ["convolve", "convolve2d", "correlate", "correlate2d", "lfilter", "upfirdn", "resample_poly", "decimate"],
    "As in scipy.ndimage": ["maximum_filter1d"],
    "Around a core": ["Shell"],
    "What they give": ["Quantized", "Specified"],
}


def python() -> str:
    """The API, from its docstrings."""
    lines = [
        "# Python",
        "",
        "All names of `convolver.__all__`. [Formats](formats.md) and [errors](errors.md) have pages of their own.",
    ]
    listed = {name for names in GROUPS.values() for name in names} | {"Format", "quantize"}
    others = [name for name in convolver.__all__ if name not in listed and _is_own(getattr(convolver, name))]
    for title, names in {**GROUPS, "More": others}.items():
        lines += ["", f"**{title}**"]
        lines += [line for name in names for line in ("", f"::: {_path(getattr(convolver, name))}")]
    lines += ["", "**Devices**", "", "::: convolver.host.device.Device"]
    lines += ["", "::: convolver.pools.pool.Pool"]
    lines += ["", "**Searches**, of `convolver.exploring`"]
    lines += [line for name in exploring.__all__ for line in ("", f"::: {_path(getattr(exploring, name))}")]
    return "\n".join(lines) + "\n"


def _is_own(value: Any) -> bool:
    """Whether it is a class or a function of convolver's, and no error."""
    return callable(value) and not (isinstance(value, type) and issubclass(value, convolver.ConvolverError))


def _path(value: Any) -> str:
    return f"{value.__module__}.{value.__qualname__}"
