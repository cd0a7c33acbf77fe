"""A path of those that `make paths` walks; CI walks this one."""

import pytest

from . import dsp_engineer, walk


def test_a_dsp_engineer_arrives(tmp_path):
    steps = []
    path = walk.Walk(tmp_path, steps.append)
    dsp_engineer.walk(path, "--frames", "0")
    assert len(steps) >= 4


def test_a_command_that_fails_ends_a_path(tmp_path):
    path = walk.Walk(tmp_path, lambda _step: None)
    with pytest.raises(AssertionError, match="convolver boards must print 'atlantis'"):
        path.run("convolver", "boards", expect="atlantis")
    with pytest.raises(AssertionError, match="convolver report --design none"):
        path.run("convolver", "report", "--design", "none.toml")
    with pytest.raises(AssertionError, match=r"none\.v isn't there"):
        path.made("none.v")
