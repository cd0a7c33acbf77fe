"""What elaboration needs around it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["without_collection"]


@contextmanager
def without_collection() -> Iterator[None]:
    """Keeps Python's garbage collector from its passes: a circuit is hundreds of thousands of small objects, none of which is
    garbage before the end, and looking at them again and again takes a third of the time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
