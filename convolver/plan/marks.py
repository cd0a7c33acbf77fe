"""The marks of a core's beats, beside the samples and the results."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..designs import Design
from .beats import beat_of

__all__ = ["Framing", "framing_of", "marks_of"]


@dataclass(frozen=True, slots=True)
class Framing:
    """How AXI4-Stream carries the marks of frames.

    Parameters
    ----------
    carried : mapping of str to str
        The mark that each of its signals is.
    made : tuple of str
        Marks that no signal carries: they are set in the beat behind each `tlast`, and behind reset.
    errors : tuple of str
        The kinds of error that there can be without registers: marks that are made are right.
    """

    carried: Mapping[str, str]
    made: tuple[str, ...]
    errors: tuple[str, ...]


OF_SIGNALS = Framing({"tlast": "last"}, ("first",), ())
OF_IMAGES = Framing({"tuser": "first", "tlast": "eol"}, (), ("first", "orphan", "eol"))
"""By the AXI4-Stream video convention."""


def marks_of(design: Design) -> dict[str, int]:
    """The marks, with their bits: a frame's `first` and `last`, and with lines `eol` at the end of each. Of several pixels a
    beat, `keep` has a bit for each of them: all are set but with `eol`, where those behind the line's end aren't."""
    return dict.fromkeys(design.frame_marks, 1) | dict(beat_of(design).marks)


def framing_of(design: Design) -> Framing:
    """How the marks of a design's frames are carried."""
    return OF_IMAGES if "eol" in design.frame_marks else OF_SIGNALS
