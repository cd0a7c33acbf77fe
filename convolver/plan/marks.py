"""The marks of a core's beats, beside the samples and the results."""

from ..designs import Design
from .beats import beat_of

__all__ = ["has_lines", "marks_of"]


def marks_of(design: Design) -> dict[str, int]:
    """The marks, with their bits: a frame's `first` and `last`, and with lines `eol` at the end of each. Of several pixels a
    beat, `keep` has a bit for each of them: all are set but with `eol`, where those behind the line's end aren't."""
    return dict.fromkeys(design.frame_marks, 1) | dict(beat_of(design).marks)


def has_lines(design: Design) -> bool:
    """Whether a design's frames are made of lines."""
    return "eol" in design.frame_marks
