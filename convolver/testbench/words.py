"""The vectors as two files of hexadecimal words, which ``$readmemh`` and the cocotb bench read; and where a word has what."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .vectors import Beat, Read, Result, Step, Vectors, Wait, Write

__all__ = ["KINDS", "Words", "results_text", "steps_text", "words_of"]

KINDS = {"BEAT": 1, "WRITE": 2, "READ": 3, "WAIT": 4, "END": 5}
"""What a step does, in a word's first digit. A file that can't be read has none of these."""

LAST, USER = 1, 2
"""Bits of a word's digit of marks."""

PLACE = 4
"""Digits of an address, and of a frame's number."""


@dataclass(frozen=True)
class Words:
    """How many hexadecimal digits each field of a word has; fields are joined by underscores, the first highest.

    A step is its kind, its address or frame, marks, `keep`, and data or a value; a result its frame, marks, `keep`, mask and
    data.
    """

    keep_in: int
    data_in: int
    keep_out: int
    data_out: int

    @property
    def step(self) -> tuple[int, ...]:
        """Digits of a step's fields."""
        return 1, PLACE, 1, self.keep_in, self.data_in

    @property
    def result(self) -> tuple[int, ...]:
        """Digits of a result's fields."""
        return PLACE, 1, self.keep_out, self.data_out, self.data_out


def words_of(widths: Mapping[str, int]) -> Words:
    """The words of a block whose ports are so many bits wide."""

    def keep(port: str) -> int:
        """A bit for each byte."""
        return -(-widths[port] // 32)

    return Words(keep("s_axis_tdata"), max(widths["s_axis_tdata"] // 4, 8), keep("m_axis_tdata"), widths["m_axis_tdata"] // 4)


def steps_text(words: Words, vectors: Vectors) -> str:
    """The steps, a word a line, with a comment where a frame begins."""
    told = ((step.frame if isinstance(step, Beat) else 0, _word(words.step, _fields(step))) for step in vectors.steps)
    return "".join([*_lines(told, vectors), _word(words.step, (KINDS["END"], 0, 0, 0, 0)), "\n"])


def results_text(words: Words, vectors: Vectors) -> str:
    """The results, a word a line, with a comment where a frame's begin."""
    told = (
        (result.frame, _word(words.result, (result.frame, _marks(result), result.keep, result.mask, result.data)))
        for result in vectors.results
    )
    return "".join(_lines(told, vectors))


def _lines(words: Iterable[tuple[int, str]], vectors: Vectors) -> Iterator[str]:
    """A line a word, each of which is told its frame or 0, and one for each frame that begins."""
    begun = 0
    for frame, word in words:
        if frame > begun:
            begun = frame
            yield f"// frame {frame}: {vectors.frames[frame - 1]}\n"
        yield f"{word}\n"


def _fields(step: Step) -> tuple[int, ...]:
    """Kind, address, marks, keep and data of a step."""
    match step:
        case Beat():
            return KINDS["BEAT"], step.frame, _marks(step), step.keep, step.data
        case Write():
            return KINDS["WRITE"], step.address, 0, 0, step.value & 0xFFFFFFFF
        case Read():
            return KINDS["READ"], step.address, 0, 0, step.value
        case Wait():
            return KINDS["WAIT"], 0, 0, 0, step.results


def _marks(beat: Beat | Result) -> int:
    return LAST * beat.last + USER * beat.user


def _word(digits: tuple[int, ...], values: tuple[int, ...]) -> str:
    return "_".join(f"{value:0{count}x}" for count, value in zip(digits, values, strict=True))
