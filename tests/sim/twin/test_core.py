"""The twin's driver on blocks that keep the stream contract and on blocks that break it, and the twin as a transport."""

import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from amaranth.hdl import Module, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from convolver import Conv2DDesign, FIRDesign, Format, s32
from convolver.errors import FrameError, LinkTimeout, PortError
from convolver.plan.lowering import lower
from convolver.sim import golden
from convolver.sim.twin.core import Simulation, TwinTransport, open_twins, simulate_components, simulate_designs
from convolver.sim.twin.streams import EOL, FIRST, LAST, STALLS, beats_of, marks_of, random_samples, stalls

FAULTS = (None, "drops valid", "changes payload", "ready through", "valid waits", "dead", "error")


class Queue(wiring.Component):
    """A queue of 80-bit numbers, ``3 * i``, with a fault on request."""

    def __init__(self, fault=None):
        self.fault = fault
        marks = {"first": 1, "last": 1, "eol": 1}
        super().__init__(
            {
                "i": In(stream.Signature(data.StructLayout({"data": signed(32), **marks}))),
                "o": Out(stream.Signature(data.StructLayout({"data": signed(80), **marks}))),
                "rows": In(16),
                "columns": In(16),
                "errors": Out(data.StructLayout({"size": 1, "orphan": 1})),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.queue = queue = SyncFIFOBuffered(width=83, depth=8)
        word = data.View(self.o.payload.shape(), queue.w_data)
        m.d.comb += [
            word.data.eq(self.i.payload.data * (3 << 40)),
            word.first.eq(self.i.payload.first),
            word.last.eq(self.i.payload.last),
            word.eol.eq(self.i.payload.eol),
            queue.w_en.eq(self.i.valid & self.i.ready),
            self.i.ready.eq(queue.w_rdy),
            self.o.valid.eq(queue.r_rdy),
            self.o.payload.eq(queue.r_data),
            queue.r_en.eq(self.o.valid & self.o.ready),
            self.busy.eq(queue.level != 0),
        ]
        ticking = Signal(8)
        m.d.sync += ticking.eq(ticking + 1)
        if self.fault == "drops valid":
            m.d.comb += self.o.valid.eq(queue.r_rdy & ticking[0])
        elif self.fault == "changes payload":
            m.d.comb += self.o.payload.data[70].eq(queue.r_data[70] ^ ticking[1])
        elif self.fault == "ready through":
            m.d.comb += self.i.ready.eq(queue.w_rdy & self.o.ready)
        elif self.fault == "valid waits":
            m.d.comb += self.o.valid.eq(queue.r_rdy & self.o.ready)
        elif self.fault == "dead":
            m.d.comb += self.o.valid.eq(0)
        elif self.fault == "error":
            m.d.comb += self.errors.orphan.eq(self.i.valid & self.i.ready & (self.i.payload.data == 13))
        return m


@pytest.fixture(scope="module")
def queues():
    """A simulation of each fault, from one library."""
    compiled = [simulation.compiled for simulation in simulate_components([Queue(fault) for fault in FAULTS])]
    return lambda fault=None: Simulation(compiled[FAULTS.index(fault)])


SAMPLES = random_samples(s32, 300, 1)
EXPECTED = [3 * int(sample) << 40 for sample in SAMPLES]


@pytest.mark.parametrize("sink", STALLS)
@pytest.mark.parametrize("source", STALLS)
def test_a_sound_queue_passes_under_every_stall(queues, source, sink):
    run = queues().run(
        beats_of([SAMPLES]), 300, gaps=stalls(source, 1), stalls=stalls(sink, 2), shy=sink == "rare", probe=True, settle=20
    )
    assert run.results.tolist() == EXPECTED
    np.testing.assert_array_equal(run.marks, marks_of((300,)))
    assert (run.accepted, run.delivered, run.violations, run.busy) == (300, 300, 0, False)


def test_counts_are_of_clocks(queues):
    run = queues().run(beats_of([SAMPLES]), 300, times=True)
    latency = run.first_result
    assert run.clocks == 300 + latency
    np.testing.assert_array_equal(run.accept_clocks, np.arange(300))
    np.testing.assert_array_equal(run.result_clocks, np.arange(300) + latency)
    assert (run.source_stalls, run.sink_stalls, run.last_result) == (0, 0, 299 + latency)


@pytest.mark.parametrize("fault", ["drops valid", "changes payload"])
def test_an_offer_that_does_not_hold_is_seen(queues, fault):
    run = queues(fault).run(beats_of([SAMPLES]), 300, stalls=stalls("half", 1))
    assert run.violations > 0
    assert 0 < run.violation_clock < run.clocks


@pytest.mark.parametrize("fault", ["ready through", "valid waits"])
def test_a_path_from_the_sinks_ready_is_seen(queues, fault):
    assert queues(fault).run(beats_of([SAMPLES]), 300, probe=True).violations > 0


def test_a_block_that_waits_for_ready_sticks_at_a_shy_sink(queues):
    with pytest.raises(LinkTimeout, match=r"^The twin is stuck: the core took 8 of 300 samples and gave 0 of 300 results, "):
        queues("valid waits").run(beats_of([SAMPLES]), 300, shy=True, patience=500)


def test_a_dead_block_ends_the_run(queues):
    with pytest.raises(LinkTimeout, match=r"gave 0 of 300 results, then nothing moved for 700 clocks$"):
        queues("dead").run(beats_of([SAMPLES]), 300, patience=700)


def test_a_deadline_ends_the_run(queues):
    with pytest.raises(LinkTimeout, match=r"^The twin took longer than 0\.2 seconds: the core took"):
        queues("dead").run(beats_of([SAMPLES]), 300, patience=1 << 60, timeout=0.2)


def test_error_strobes_are_counted_with_their_clock(queues):
    samples = SAMPLES.copy()
    samples[[40, 41, 200]] = 13
    run = queues("error").run(beats_of([samples]), 300)
    assert run.errors == {"size": 0, "orphan": 3}
    assert run.error_clocks == {"orphan": 40}


def test_a_limit_stops_and_a_reset_empties(queues):
    simulation = queues()
    run = simulation.run(beats_of([SAMPLES]), 300, stalls=np.ones(1, np.uint8), limit=20)
    assert (run.clocks, run.finished, run.delivered, run.busy) == (20, False, 0, True)
    simulation.reset()
    assert simulation.run(beats_of([SAMPLES]), 300).results.tolist() == EXPECTED


def test_ctrl_c_ends_a_run():
    script = """
        import numpy as np
        from convolver import FIRDesign
        from convolver.sim.twin.streams import beats_of
        from convolver.sim.twin.core import simulate_designs
        simulation = simulate_designs([FIRDesign([1, 2])])[0]
        print("running", flush=True)
        simulation.run(beats_of([np.arange(5)]), 5, gaps=np.ones(1, np.uint8), patience=1 << 60)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "running\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "KeyboardInterrupt" in errors


def test_marks_of_frames():
    assert marks_of((3,)).tolist() == [FIRST, 0, LAST]
    assert marks_of((1,)).tolist() == [FIRST | LAST]
    assert marks_of((2, 2)).tolist() == [FIRST, EOL, 0, EOL | LAST]


IMAGE = Conv2DDesign([[1, 2, 3], [4, -5, 6]], rows=30, columns=40)
SIGNAL = FIRDesign([5, -3, 2**31 - 1], data=s32, output=Format(80, True), loadable=True)


@pytest.fixture(scope="module")
def twins():
    return dict(zip((IMAGE, SIGNAL), open_twins([IMAGE, SIGNAL]), strict=True))


def test_an_offer_of_many_results_is_held_up_to_its_last_word():
    design = Conv2DDesign([[[kernel]] for kernel in range(1, 9)], rows=9, columns=9)
    image = random_samples(design.pixel, (9, 9), 6)
    run = simulate_designs([design])[0].run(beats_of([image]), 81, stalls=stalls("half", 1))
    assert run.results.T.reshape(8, 9, 9).tolist() == golden.run(design, image).tolist()
    assert (run.violations, set(run.errors.values())) == (0, {0})


def test_frames_go_through_a_transport(twins):
    transport = twins[IMAGE]
    before = int(transport.status()["clocks"])
    images = [random_samples(IMAGE.pixel, shape, 3) for shape in ((30, 40), (7, 9), (30, 40))]
    for image, result in zip(images, transport.run_frames(images), strict=True):
        np.testing.assert_array_equal(result, golden.run(IMAGE, image))
    np.testing.assert_array_equal(transport.run(images[1]), golden.run(IMAGE, images[1]))
    status = transport.status()
    assert status["frame_clocks"] == lower(IMAGE).timing.frame_clocks(7, 9)
    assert status["frame_samples"] == 63
    assert status["beats_in"] == status["beats_out"] == 30 * 40 * 2 + 63 * 2
    assert int(status["clocks"]) - before > 30 * 40 * 2
    assert not any(value for name, value in status.items() if name.startswith("error_"))


def test_coefficients_go_in_with_the_next_frame(twins):
    transport = twins[SIGNAL]
    samples = random_samples(s32, 100, 4)
    np.testing.assert_array_equal(transport.run(samples), golden.run(SIGNAL, samples))
    transport.load([9, 9, 9])
    transport.load([-(2**31), 7, 1])  # the last one counts
    result = transport.run(samples)
    assert result.dtype == object
    np.testing.assert_array_equal(result, golden.run(SIGNAL.replace(coefficients=(-(2**31), 7, 1)), samples))
    np.testing.assert_array_equal(transport.run(samples), result)


def test_a_call_that_fails_leaves_the_next_one_right(twins):
    with TwinTransport(SIGNAL) as transport:
        samples = random_samples(s32, 100, 4)
        transport.load([1, 2, 3])
        transport.run(samples)
        with pytest.raises(LinkTimeout, match=r"^The twin took longer than 0\.0 seconds"):
            transport.run(random_samples(s32, 2000, 5), timeout=0.0)
        np.testing.assert_array_equal(transport.run(samples), golden.run(SIGNAL.replace(coefficients=(1, 2, 3)), samples))


def test_a_wrong_mark_is_an_error(twins, monkeypatch):
    with TwinTransport(SIGNAL) as transport:
        monkeypatch.setattr("convolver.sim.twin.core.marks_of", lambda shape, pixels: np.zeros(shape, np.uint8))
        with pytest.raises(FrameError, match=r"^The core marked result 0 first, not with nothing$"):
            transport.run(np.arange(10))


def test_a_closed_transport_says_so(twins):
    transport = TwinTransport(SIGNAL)
    transport.close()
    transport.close()
    with pytest.raises(PortError, match=r"^The twin is closed; open it again$"):
        transport.run(np.arange(10))
