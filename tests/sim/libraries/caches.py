"""What the tests of the cache and of whom it trusts share."""

import os
import warnings

__all__ = ["KEY", "forked"]

KEY = "0123456789abcdef" * 2 + "01234567"


def forked():
    """`os.fork`, which newer Pythons warn about where a test runner has threads; the child here uses none of theirs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()
