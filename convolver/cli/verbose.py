"""``-v``: what goes on, by Python's logging; before a command or behind it."""

import functools
import inspect
import logging
from collections.abc import Callable
from typing import Annotated, Any, get_origin

import typer

__all__ = ["Verbose", "with_verbose"]


def _tell(count: int) -> int:
    """Sets what is told: steps from 1 on, everything from 2 on."""
    if count:
        logging.basicConfig(format="%(relativeCreated)7d ms  %(message)s")
        logging.getLogger("convolver").setLevel(logging.INFO if count == 1 else logging.DEBUG)
    return count


Verbose = Annotated[
    int,
    typer.Option(
        "--verbose",
        "-v",
        count=True,
        callback=_tell,
        metavar="",
        show_default=False,
        help="Say each step on stderr, with -vv more: what the logger convolver of Python's logging is told.",
    ),
]


def _flags_without_type(signature: inspect.Signature) -> None:
    """Help shows a flag by its name alone: `<bool>` behind it would ask for a word."""
    for parameter in signature.parameters.values():
        if get_origin(parameter.annotation) is Annotated and parameter.annotation.__origin__ is bool:
            for info in parameter.annotation.__metadata__:
                info.metavar = ""


def _reflowed(text: str) -> str:
    """Paragraphs of one line each: a terminal, not the source, says where a line of help ends."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def with_verbose(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that takes ``-v`` too."""

    @functools.wraps(command)
    def wrapped(*arguments: Any, verbose: int = 0, **options: Any) -> Any:
        del verbose  # its callback has told the logging
        return command(*arguments, **options)

    wrapped.__doc__ = _reflowed(inspect.getdoc(command) or "")
    signature = inspect.signature(command)
    _flags_without_type(signature)
    added = inspect.Parameter("verbose", inspect.Parameter.KEYWORD_ONLY, default=0, annotation=Verbose)
    wrapped.__signature__ = signature.replace(parameters=[*signature.parameters.values(), added])  # type: ignore[attr-defined]
    wrapped.__annotations__ = {**command.__annotations__, "verbose": Verbose}
    return wrapped
