"""A page with the gateware in it: a browser clocks the real core beside the mathematics, and lessons on convolution use it."""

from .page import design_page, lesson_page

__all__ = ["design_page", "lesson_page"]
