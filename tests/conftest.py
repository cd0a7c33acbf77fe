"""What all tests share."""

import gc
import logging
import os
import signal
from collections.abc import Iterator

import pytest

# A shell that runs a script's command in the background makes it ignore ctrl-C, and all that it starts inherits that: the
# tests of ctrl-C would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What a command writes on stderr doesn't depend on how long its steps take.
os.environ["CONVOLVER_PROGRESS"] = "never"


@pytest.fixture(autouse=True)
def told_as_before() -> Iterator[None]:
    """A command with ``-v`` says its steps to the logger, which the next test is not to hear."""
    logger = logging.getLogger("convolver")
    level, handlers, propagates = logger.level, list(logger.handlers), logger.propagate
    yield
    logger.setLevel(level)
    logger.handlers[:] = handlers
    logger.propagate = propagates


@pytest.fixture(scope="module")
def finalized() -> Iterator[None]:
    """What a module's tests leave behind is finalized before the next module's.

    A wait of Dask's that ran out of time ends as a task with an error that nobody asks for. Its finalizer formats a traceback,
    for which Python 3.11 parses source. Where that happens inside `ast.parse`, which may collect garbage, Python before 3.11.8
    raises SystemError, "AST constructor recursion depth mismatch" (https://github.com/python/cpython/issues/106905).
    """
    yield
    gc.collect()
