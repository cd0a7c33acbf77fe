# amaranth: UnusedElaboratable=no
import pytest
from amaranth.hdl import unsigned

from convolver.hw.stream.delay import Delay
from convolver.hw.stream.skid_buffer import SkidBuffer
from convolver.sim.bench import run_stream


@pytest.mark.parametrize("gap", [0, 0.3, 0.8])
@pytest.mark.parametrize("stall", [0, 0.3, 0.8])
def test_skid_buffer_passes_all_beats_in_order(gap, stall):
    beats = list(range(1, 200))
    run = run_stream(SkidBuffer(unsigned(8)), beats, len(beats), seed=7, gap=gap, stall=stall)
    assert run.beats == beats


def test_skid_buffer_takes_one_beat_a_clock_with_a_latency_of_one():
    beats = list(range(100))
    run = run_stream(SkidBuffer(unsigned(8)), beats, len(beats))
    assert run.accepted == list(range(100))
    assert run.delivered == list(range(1, 101))


def test_skid_buffer_accepts_one_beat_behind_the_one_that_stalls():
    run = run_stream(SkidBuffer(unsigned(8)), list(range(40)), 40, seed=3, stall=0.9)
    first = run.delivered[0]
    assert sum(clock < first for clock in run.accepted) == 2


def test_delay_must_not_be_negative():
    with pytest.raises(ValueError, match=r"^Clocks must be at least 0, not -1$"):
        Delay(unsigned(1), -1)
