"""The text of a new design file, commented, for `convolver new`."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .arguments import choice
from .errors import DesignError
from .folding import hertz
from .formats import s32
from .quantize import holding

__all__ = ["FILTERS", "Ask", "Start", "started"]

Ask = Callable[[str, str], str]
"""Asks a question; is given the answer that is taken where there is none."""

Given = Mapping[str, Any]


Usual = str | Callable[[Given], str | None]
"""The usual answer to a question, or what finds it in the answers to those before; None where there is nothing to ask."""


@dataclass(frozen=True)
class Start:
    """A filter to start from: what it is, the questions it needs answers to with the usual ones, and its text of these."""

    says: str
    questions: Mapping[str, tuple[str, Usual]]
    text: Callable[[Given], str]


IMAGE = """\
pixel = "u8"          # what comes in: 8 bits without a sign; s for signed, up to 32 bits
output = "u8"         # what leaves; without this line as many bits as the sums can need
# rounding = "half_up"    # of what the shift drops: floor, half_up, half_even, half_away, toward_zero
# overflow = "saturate"   # where a result doesn't fit: saturate or wrap
boundary = "edge"     # outside the picture: constant (with fill), edge, reflect, symmetric, wrap
# mode = "same"           # same: a result for each pixel; valid: whole windows only; full: with all that overlaps
columns = 1920        # the widest picture, for which there are line memories
rows = 1080           # the tallest one
# loadable = true         # coefficients can be replaced while it runs
# clocks_per_pixel = 1    # more clocks for a pixel take fewer multipliers
# pixels_per_clock = 1    # or several pixels a clock: 2 or 4
"""

SIGNAL = """\
data = "s16"          # what comes in: 16 bits with a sign; u for unsigned, up to 32 bits
output = "s16"        # what leaves; without this line as many bits as the sums can need
# rounding = "half_up"    # of what the shift drops: floor, half_up, half_even, half_away, toward_zero
# overflow = "saturate"   # where a result doesn't fit: saturate or wrap
# loadable = true         # coefficients can be replaced while it runs
# clocks_per_sample = 1   # more clocks for a sample take fewer multipliers
"""


Numbers = list[list[int]] | list[list[float]]


def _rows(kernel: Numbers) -> str:
    return "kernel = [\n" + "".join(f"  {row},\n" for row in kernel) + "]\n"


def _numbers(text: str) -> Numbers:
    """Rows of numbers, which ; or a new line ends: integers or, if one has a point or a fraction bar, real ones."""
    rows = [row.replace(",", " ").split() for row in text.replace("\n", ";").split(";") if row.strip()]
    try:
        return [[int(word) for word in row] for row in rows]
    except ValueError:
        pass
    try:
        return [[float(Fraction(word)) for word in row] for row in rows]
    except (ValueError, ZeroDivisionError, OverflowError):
        raise DesignError(f"Numbers must have spaces between them, such as 1 -2 0.5 1/9, not {text!r}") from None


def _usual_shift(given: Given) -> str | None:
    """That which makes the gain 1, where the sum of integers is a power of two; real numbers have their gain."""
    rows = _numbers(str(given["numbers"]))
    if any(isinstance(value, float) for row in rows for value in row):
        return None
    total = sum(int(value) for row in rows for value in row)
    return str(total.bit_length() - 1 if total > 0 and not total & total - 1 else 0)


def _scale(given: Given, rows: Numbers) -> str:
    """How sums of these numbers become results."""
    values = [value for row in rows for value in row]
    total = math.fsum(values)
    if given["shift"] is None:
        form = holding(values) or s32
        return f'coefficient = "{form}"   # the numbers, whose sum is {total:.6g}, are rounded to integers of this format\n'
    return f"shift = {_whole(given, 'shift')}             # sums are divided by 2**shift; that of the numbers is {total:.6g}\n"


def _whole(given: Given, name: str) -> int:
    try:
        return int(given[name])
    except ValueError:
        raise DesignError(f"{name.capitalize()} must be an integer, not {given[name]!r}") from None


def _blur(given: Given) -> str:
    size = _whole(given, "size")
    if not 1 <= size <= 15:
        raise DesignError(f"Size must be an integer between 1 and 15, not {size}")
    row = [1]
    for _ in range(size - 1):
        row = [a + b for a, b in zip([0, *row], [*row, 0], strict=True)]
    kernel = [[a * b for b in row] for a in row]
    return (
        f"# A {size}x{size} binomial blur: nearly a Gaussian, of gain 1.\n"
        f'kind = "conv2d"\n{_rows(kernel)}'
        f"shift = {2 * (size - 1)}             # the sum of the kernel is 2**{2 * (size - 1)}\n{IMAGE}"
    )


def _sharpen(_given: Given) -> str:
    kernel = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
    return f'# Sharpens: five times the pixel less its four neighbours.\nkind = "conv2d"\n{_rows(kernel)}{IMAGE}'


def _edges(_given: Given) -> str:
    return (
        "# Edges: the magnitude of the gradient, |x| + |y|, halved, from both Sobel kernels in one pass.\n"
        'kind = "conv2d"\noperation = "correlate"\n'
        "kernel = [\n  [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],\n  [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],\n]\n"
        f'combine = "sum_abs"\nshift = 1\n{IMAGE}'
    )


def _kernel(given: Given) -> str:
    rows = _numbers(given["numbers"])
    return (
        "# A kernel of your own; convolution turns it by 180 degrees, correlation doesn't.\n"
        f'kind = "conv2d"\noperation = "correlate"   # or convolve\n{_rows(rows)}{_scale(given, rows)}{IMAGE}'
    )


def _taps(given: Given) -> str:
    rows = _numbers(given["numbers"])
    return (
        '# An FIR filter of your own taps; a file of them works too: coefficients = "taps.txt".\n'
        f'kind = "fir"\ncoefficients = {[value for row in rows for value in row]}\n{_scale(given, rows)}{SIGNAL}'
    )


def _average(given: Given) -> str:
    size = _whole(given, "size")
    if size < 1 or size & size - 1:
        raise DesignError(f"Size must be a power of two, so that a shift divides by it, not {size}")
    return (
        f'# A moving average of {size} samples.\nkind = "fir"\ncoefficients = {[1] * size}\n'
        f"shift = {size.bit_length() - 1}             # divides by {size}\n{SIGNAL}"
    )


def _specified(kind: str, passes: str, stops: str) -> Callable[[Given], str]:
    """The text of a filter with one edge, whose table says in a comment what passes and stops."""

    def text(given: Given) -> str:
        fs, passband, stopband = (hertz(str(given[name]), name.capitalize()) for name in ("fs", "passband", "stopband"))
        return (
            f"# A {kind[:-4]}-pass from a specification: the fewest taps that keep it, rounded to integers (docs/fir.md).\n"
            f"# Others are [lowpass], [highpass], [bandpass], [halfband] and [hilbert].\n"
            f'kind = "fir"\n{SIGNAL}\n[{kind}]\n'
            f"passband = {passband:g}       # passes, {passes}\nstopband = {stopband:g}       # stops, {stops}\n"
            f"fs = {fs:g}            # samples a second\nripple_db = 0.1       # in the passband\n"
            f"attenuation_db = {float(given['attenuation']):g}\n"
        )

    return text


def _maximum(given: Given) -> str:
    size = _whole(given, "size")
    return (
        f'# The greatest of the last {size} samples.\nkind = "moving_maximum"\nsize = {size}\n'
        'data = "s16"          # what comes in, and leaves: 16 bits with a sign; u for unsigned\n'
    )


SIZE = {"size": ("How many rows and columns", "5")}
SAMPLES = {"size": ("Of how many samples", "8")}
SHIFT: Mapping[str, tuple[str, Usual]] = {"shift": ("Divide sums by two to the power of", _usual_shift)}

FS: Mapping[str, tuple[str, Usual]] = {"fs": ("Samples a second", "48k")}
ATTENUATION: Mapping[str, tuple[str, Usual]] = {"attenuation": ("By how many dB", "60")}

FILTERS: Mapping[str, Start] = {
    "blur": Start("pictures: a binomial blur", SIZE, _blur),
    "sharpen": Start("pictures: sharper", {}, _sharpen),
    "edges": Start("pictures: edges, by two Sobel kernels", {}, _edges),
    "kernel": Start(
        "pictures: a kernel of your own",
        {"numbers": ("The kernel's rows, ; between them", "0 1 0; 1 4 1; 0 1 0"), **SHIFT},
        _kernel,
    ),
    "taps": Start("signals: taps of your own", {"numbers": ("The taps", "1 3 3 1"), **SHIFT}, _taps),
    "average": Start("signals: a moving average", SAMPLES, _average),
    "lowpass": Start(
        "signals: a low-pass from a specification",
        {**FS, "passband": ("What passes, up to", "3k"), "stopband": ("What stops, from", "4k"), **ATTENUATION},
        _specified("lowpass", "from 0 up to it", "from it on"),
    ),
    "highpass": Start(
        "signals: a high-pass from a specification",
        {**FS, "passband": ("What passes, from", "4k"), "stopband": ("What stops, up to", "3k"), **ATTENUATION},
        _specified("highpass", "from it on", "from 0 up to it"),
    ),
    "maximum": Start("signals: a moving maximum", SAMPLES, _maximum),
}


def started(word: str, given: Given, ask: Ask | None) -> str:
    """The text of a new design file.

    Parameters
    ----------
    word : str
        One of `FILTERS`.
    given : mapping
        What is known of the answers; the others are None.
    ask : callable, optional
        Asks for those that aren't; without it they are the usual ones.

    Raises
    ------
    DesignError
        If there is no such filter, an answer is wrong, or one is given that the filter doesn't need.
    """
    start = FILTERS[choice("Filter", word, list(FILTERS))]
    for name, value in given.items():
        if value is not None and name not in start.questions:
            options = ", ".join(f"--{one}" for one in start.questions) or "no option of its own"
            raise DesignError(f"A{'n' * (word[0] in 'aeiou')} {word} filter takes {options}, not --{name}")
    answers: dict[str, Any] = {}
    for name, (question, usual) in start.questions.items():
        answer = usual if isinstance(usual, str) else usual(answers)
        if given.get(name) is not None:
            if answer is None:
                raise DesignError(f"Real numbers have a scale of their own; leave out --{name}")
            answer = given[name]
        elif ask and answer is not None:
            answer = ask(question, answer)
        answers[name] = answer
    return start.text(answers)
