"""Which axes of an array of images are which."""

from ..errors import DataError

__all__ = ["by", "stack_of_images"]

PLANES = 4
"""Planes at most that the last axis of three is taken for without being told: grey, with alpha, RGB, RGBA."""


def stack_of_images(shape: tuple[int, ...], stack: bool | None) -> bool:
    """Whether the first axis of an array counts images."""
    if stack is None:
        if len(shape) == 3 and shape[2] > PLANES:
            raise DataError(
                f"An array of {by(shape)} may be a stack or many planes; say stack=True for (N, rows, columns), "
                "stack=False for (rows, columns, planes)"
            )
        stack = len(shape) == 4
    if len(shape) - stack not in (2, 3):
        if stack:
            raise DataError(f"A stack must be (N, rows, columns) or (N, rows, columns, planes), not of {len(shape)} dimensions")
        raise DataError(f"An image must be (rows, columns) or (rows, columns, planes), not of {len(shape)} dimensions")
    return stack


def by(shape: tuple[int, ...]) -> str:
    """A shape as people write it."""
    return "x".join(str(size) for size in shape)
