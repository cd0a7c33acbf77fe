"""A cache of a test's own."""

import pytest

from convolver.sim.libraries import cache as module
from convolver.sim.libraries.cache import user_cache

from .caches import KEY


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the cache is, in a folder of its own."""
    monkeypatch.setenv("CONVOLVER_CACHE", str(tmp_path / "cache"))
    module.say.cache_clear()
    return tmp_path / "cache"


@pytest.fixture
def filled(folder):
    """The cache with a file in it."""
    assert user_cache().write("libraries", KEY, b"content")
    return user_cache()
