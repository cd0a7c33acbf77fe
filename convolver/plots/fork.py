"""The plot of a fork of filters of signals: that of one filter, as a pipeline's."""

from .pipeline import measured, panels

__all__ = ["measured", "panels"]
