"""A design's report as one page that one can hand on: ``convolver report --html``."""

from .page import page_of

__all__ = ["page_of"]
