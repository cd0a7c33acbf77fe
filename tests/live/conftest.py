"""Pages that the tests of a browser share, and where its pictures go."""

import pytest

from convolver.live import lesson_page
from convolver.live.cores import lesson_cores, variant

USED = (
    "signal exact",
    "picture exact",
    "patch",
    "equaliser",
    "echo",
    variant("signal", "half_up", "saturate"),
    variant("signal", "half_up", "wrap"),
    variant("picture", "half_up", "saturate"),
)
"""The cores that lessons begin with: the others are what a visitor chooses."""


def pytest_addoption(parser):
    parser.addoption("--pictures", action="store_true", help="draw the pictures of docs/page.md")


def silent(_title, _share=None):
    pass


@pytest.fixture(scope="session")
def page(tmp_path_factory):
    """The lessons, with the cores that they begin with."""
    path = tmp_path_factory.mktemp("page") / "lessons.html"
    cores = lesson_cores()
    path.write_text(lesson_page(silent, {name: cores[name] for name in USED}), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def whole_page(tmp_path_factory):
    """The lessons as a user has them."""
    path = tmp_path_factory.mktemp("page") / "whole.html"
    path.write_text(lesson_page(silent), encoding="utf-8")
    return path
