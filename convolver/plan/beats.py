"""What comes in one beat of a core: a sample or a pixel, or several pixels of a line."""

from collections.abc import Mapping

from ..designs import Design

__all__ = ["Beat", "WideBeat", "beat_of", "beat_with"]


class Beat:
    """One sample or pixel."""

    marks: Mapping[str, int] = {}
    """Marks of its own, with their bits."""

    rounded = ""
    """What of a frame goes in beats of its own."""

    def named(self, unit: str) -> str:
        """What a beat is called, where a sample or a pixel is called so."""
        return unit

    def rate(self, unit: str, every: str) -> str:
        """How often it comes, with a slot so often."""
        return f"One {unit} {every}"

    def keeps(self, columns: int) -> bytes:
        """Its `keep` in each beat of a line of so many pixels; 0 where it has none."""
        return bytes(columns)


class WideBeat(Beat):
    """Several pixels of a line: `keep` has a bit for each, of which all are set but at the line's end.

    Parameters
    ----------
    pixels : int
    """

    rounded = ", a line in whole clocks"

    def __init__(self, pixels: int) -> None:
        self._pixels = pixels
        self.marks = {"keep": pixels}

    def named(self, unit: str) -> str:  # noqa: ARG002  # of several
        return "beat"

    def rate(self, unit: str, every: str) -> str:
        return f"{self._pixels} {unit}s {every}"

    def keeps(self, columns: int) -> bytes:
        return bytes((1 << min(left, self._pixels)) - 1 for left in range(columns, 0, -self._pixels))


def beat_of(design: Design) -> Beat:
    """The beat of a design's core."""
    return beat_with(design.pixels_per_clock)


def beat_with(pixels: int) -> Beat:
    """The beat of so many samples or pixels."""
    return WideBeat(pixels) if pixels > 1 else Beat()
