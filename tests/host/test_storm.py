"""A server and its hosts with everything going wrong around them: for an hour in `make soak`, a moment of each kind in CI.

docs/reliability.md says what came of the hours.
"""

import itertools
import time
from collections import Counter

import pytest

from convolver import FIRDesign, s16

from .storm import Troubles

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

DESIGN = FIRDesign([3, -7, 11, 60, 25, -9, 1], data=s16, coefficient=s16, output=s16, shift=6)


def test_each_kind_of_trouble_once(tmp_path):
    with Troubles(DESIGN, 7, tmp_path) as storm:
        kinds = storm.kinds()
        assert len(kinds) == 14
        for kind in kinds:
            if kind != "client_stopped":  # it takes eight seconds, and has a test of its own
                storm.once(kind)
        assert len(storm.counts) == 13
        descriptors, threads, _ = storm.health()
        assert descriptors < 40
        assert threads < 8


def test_some_kinds_of_trouble_around_an_encrypted_server(tmp_path):
    with Troubles(DESIGN, 8, tmp_path, tls=True) as storm:
        for kind in ("nothing", "far_end_stopped", "closed", "forked_and_used", "server_killed"):
            storm.once(kind)
        assert len(storm.counts) == 5


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("tls", [False, True], ids=["", "tls"])
@pytest.mark.parametrize("twin", [False, True], ids=["model", "twin"])
def test_soak_troubles(twin, tls, tmp_path):
    """An hour in all, by the clock; prints what docs/reliability.md shows."""
    counts = Counter()
    end = time.monotonic() + 900
    with Troubles(DESIGN, 100 + 2 * twin + tls, tmp_path, twin=twin, tls=tls) as storm:
        first = None
        for number in itertools.takewhile(lambda _: time.monotonic() < end, itertools.count()):
            storm.once(storm.chance.choice(storm.kinds()))
            counts = storm.counts
            if number % 20 == 19:
                descriptors, threads, memory = storm.health()
                first = first or memory
                print(number + 1, dict(sorted(counts.items())), f"{descriptors} descriptors, {memory:.0f} MB", flush=True)
                assert descriptors < 40
                assert threads < 8
                assert memory < first + 50
    assert sum(counts.values()) > 50
    assert {name.partition(":")[0] for name in counts} == set(storm.kinds())
