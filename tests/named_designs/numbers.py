"""Integers of the named designs: the same in every run."""

import random

__all__ = ["kernel", "kernels", "mirrored", "numbers"]


def numbers(seed, count, low, high):
    """The same few integers in every run; both ends are among them if there is room."""
    rng = random.Random(seed)
    ends = [low, high] if count > 1 else []
    values = ends + [rng.randint(low, high) for _ in range(count - len(ends))]
    rng.shuffle(values)
    return values


def mirrored(seed, count, low, high, sign=1):
    """Taps that are their own mirror image, or, with a sign of -1, its negative."""
    half = numbers(seed, count // 2, low, high)
    return [*half, *[high if sign > 0 else 0] * (count % 2), *(sign * value for value in reversed(half))]


def kernel(seed, rows, columns, low, high):
    flat = numbers(seed, rows * columns, low, high)
    return [flat[at : at + columns] for at in range(0, len(flat), columns)]


def kernels(seed, count, *size):
    return [kernel(seed + number, *size) for number in range(count)]
