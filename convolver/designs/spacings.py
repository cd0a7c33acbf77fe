"""Which places of an image have results: all of them, or those of a stride."""

__all__ = ["EveryPlace", "SomePlaces", "spacing_of"]


class EveryPlace:
    """Every place has a result."""

    note = ""
    """What is said of it behind a mode."""


class SomePlaces(EveryPlace):
    """Places some rows and columns apart have a result.

    Parameters
    ----------
    stride : (int, int)
    """

    def __init__(self, stride: tuple[int, int]) -> None:
        rows, columns = stride
        self.note = f", stride {rows}x{columns}"


def spacing_of(stride: tuple[int, int]) -> EveryPlace:
    """Which places have results, with a stride."""
    return EveryPlace() if stride == (1, 1) else SomePlaces(stride)
