"""Pools of boards: results in order, each once, whatever becomes of a board."""

import itertools
import os
import re
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import nullcontext
from unittest.mock import Mock

import numpy as np
import pytest
from distributed import LocalCluster
from PIL import Image

from convolver import Conv2DDesign, DataError, DesignError, DesignMismatch, FIRDesign, LinkTimeout, PortError, cli, cluster
from convolver.cluster import quiet
from convolver.pools import Pool
from convolver.pools.worker import ATTRIBUTE, Board
from convolver.sim import golden

from .test_explore import HERE

pytestmark = pytest.mark.usefixtures("finalized")
DESIGN = Conv2DDesign([[1, 2], [3, 4]], shift=4, output="u8", rows=64, columns=64)
IMAGES = [np.full((3, 4), value, np.uint8) for value in range(40)]


class Fake:
    """A board whose core is the golden model. It notes what it has done in `done`, and fails when `fails` says so."""

    def __init__(self, done, design=DESIGN, fails=lambda _samples: False, takes=0.0):
        self.design, self._done, self._fails, self._takes = design, done, fails, takes
        self._lock = threading.Lock()

    def __call__(self, samples, *, stack=None):
        assert self._lock.acquire(blocking=False)  # one array at a time
        try:
            time.sleep(self._takes)
            if self._fails(samples):
                raise LinkTimeout("Nothing moved for 1 s: the core stalls")
            if samples.max() > 255:
                raise DataError(f"Pixels must be between 0 and 255 to fit u8, not {samples.max()}")
            self._done.append(int(samples.flat[0]))
            return golden.run(self.design, samples)
        finally:
            self._lock.release()


@pytest.fixture
def boards():
    """Starts boards at a scheduler in this process; gives its address."""
    quiet()
    made = []

    def start(*fakes, more=0):
        made.append(LocalCluster(n_workers=len(fakes), threads_per_worker=1, resources={"board": 1}, memory_limit=0, **HERE))
        for number, (worker, fake) in enumerate(zip(made[-1].workers.values(), fakes, strict=True)):
            setattr(worker, ATTRIBUTE, Board(fake, f"board {number}"))
        return made[-1].scheduler_address

    start.workers = lambda: [worker for one in made for worker in one.workers.values()]
    yield start
    for one in made:
        one.close()


def test_results_come_in_order_and_each_is_made_once(boards):
    done = []
    # The first board is slow: the second one's results wait for it.
    address = boards(Fake(done, takes=0.05), Fake(done))
    with Pool(scheduler=address) as pool:
        assert pool.design == DESIGN
        results = list(pool.map(iter(IMAGES)))
        counts = dict(pool.counts)
    assert all(np.array_equal(result, golden.run(DESIGN, image)) for result, image in zip(results, IMAGES, strict=True))
    assert sorted(done) == list(range(40))
    assert set(counts) == {"board 0", "board 1"}
    assert sum(counts.values()) == 40


def test_a_failed_boards_arrays_go_elsewhere(boards):
    done = []
    address = boards(Fake(done, fails=lambda samples: samples.flat[0] > 4, takes=0.01), Fake(done, takes=0.01))
    with Pool(scheduler=address) as pool:
        results = list(pool.map(IMAGES))
        # The board that failed has left the pool.
        assert len(pool.boards) == 1
    assert all(np.array_equal(result, golden.run(DESIGN, image)) for result, image in zip(results, IMAGES, strict=True))
    assert sorted(done) == list(range(40))


def test_what_a_board_did_just_before_it_failed_is_not_done_again(boards):
    done, arrays = [], itertools.count()
    # It filters two arrays, and fails at the third.
    address = boards(Fake(done, fails=lambda _samples: next(arrays) == 2), Fake(done, takes=0.01))
    # What its worker tells the scheduler of its results comes late.
    failing = next(worker for worker in boards.workers() if getattr(worker, ATTRIBUTE).name == "board 0")
    failing.batched_stream.interval = 0.5
    with Pool(scheduler=address) as pool:
        assert len(list(pool.map(IMAGES))) == 40
    assert next(arrays) == 3  # and nothing more
    assert sorted(done) == list(range(40))


def test_arrays_are_taken_as_they_are_needed(boards):
    taken = []

    def images():
        for image in IMAGES:
            taken.append(len(taken))
            yield image

    with Pool(scheduler=boards(Fake([]))) as pool:
        results = pool.map(images())
        next(results)
        assert len(taken) <= 5
        results.close()


def test_an_error_comes_in_its_turn(boards):
    def images():
        yield IMAGES[1]
        yield np.full((3, 4), 300)
        yield IMAGES[2]

    with Pool(scheduler=boards(Fake([]), Fake([]))) as pool:
        results = pool.map(images())
        assert np.array_equal(next(results), golden.run(DESIGN, IMAGES[1]))
        with pytest.raises(DataError, match=r"^Pixels must be between 0 and 255 to fit u8, not 300$"):
            next(results)
        # The pool itself goes on.
        assert len(list(pool.map(IMAGES[:3]))) == 3

        def broken():
            yield IMAGES[1]
            raise OSError("no such picture")

        results = pool.map(broken())
        next(results)
        with pytest.raises(OSError, match=r"^no such picture$"):
            next(results)


def test_the_last_board_fails(boards, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    address = boards(Fake([], fails=lambda samples: samples.flat[0] == 3))
    with Pool(scheduler=address) as pool, pytest.raises(PortError) as caught:
        list(pool.map(IMAGES))
    assert str(caught.value) == f"Scheduler {address} must have workers with a board; convolver worker {address} starts one"


def test_a_result_that_is_lost_is_waited_for(monkeypatch):
    """Between two looks a finished piece may be lost with its worker, and is done anew."""
    future = Mock(status="lost")
    looks = iter(("lost", "pending", "finished"))

    def wait(_futures, **_how):
        future.status = next(looks)
        return Mock(done={future})

    monkeypatch.setattr("distributed.wait", wait)
    one = cluster.Cluster()
    one._client = Mock(as_current=nullcontext)
    assert one.some([future]) == {future}
    assert next(looks, None) is None


def test_boards_of_other_designs(boards):
    other = DESIGN.replace(shift=3)
    with pytest.raises(
        DesignMismatch, match=r"^All boards of a pool must hold one design; board 0 and board 1 hold different ones$"
    ):
        Pool(scheduler=boards(Fake([]), Fake([], other)))
    with pytest.raises(DesignMismatch, match=r"^Boards must hold .*, and hold .*$"):
        Pool(scheduler=boards(Fake([])), expected=other)


def test_what_cannot_be_filtered_apart(boards):
    with pytest.raises(
        DesignError, match=r"^A pool of boards needs frames that start from silence; a design with continuous=True"
    ):
        Pool(scheduler=boards(Fake([], FIRDesign([1, 2], continuous=True))))


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, r"A pool is of boards, or of a scheduler's: give either"),
        ({"boards": ["a"], "scheduler": "tcp://host:1"}, r"A pool is of boards, or of a scheduler's: give either"),
        ({"boards": "serial:///dev/ttyUSB0"}, r"Boards must be a list of addresses or designs, not 'serial:///dev/ttyUSB0'"),
        ({"boards": [1]}, r"Boards must be a list of addresses or designs, not \[1\]"),
        ({"scheduler": "host"}, r"A scheduler's address must be as tcp://HOST:8786, not 'host'"),
        ({"scheduler": "tcp://host:1", "expected": 1}, r"What is expected must be a design, not 1"),
    ],
)
def test_bad_input(given, error):
    with pytest.raises((DesignError, PortError)) as caught:
        Pool(**given)
    assert re.fullmatch(error, str(caught.value))


def test_many_files(boards, tmp_path, capsys):
    names = []
    for value in range(6):
        names.append(str(tmp_path / f"{value}.png"))
        Image.fromarray(np.full((5, 6), 40 * value, np.uint8)).save(names[-1])
    address, output = boards(Fake([]), Fake([])), tmp_path / "out"
    assert cli.main(["batch", *names, "--scheduler", address, "-o", str(output)]) == 0
    for value in range(6):
        wanted = golden.run(DESIGN, np.full((5, 6), 40 * value, np.uint8))
        assert np.array_equal(np.asarray(Image.open(output / f"{value}.png")), wanted)
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"6 files in {output}"
    assert sum(int(line.rpartition(" ")[2]) for line in told[1:]) == 6
    # One that isn't a picture: those before it are written.
    (tmp_path / "bad.png").write_text("?")
    again = tmp_path / "again"
    assert cli.main(["batch", names[0], str(tmp_path / "bad.png"), names[1], "--scheduler", address, "-o", str(again)]) == 5
    assert [path.name for path in again.iterdir()] == ["0.png"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["batch", "a.png"], "give --design FILE for twins, --port URL for each board, or --scheduler URL"),
        (["batch", "a.png", "-p", "x", "--scheduler", "y"], "give --design FILE for twins, --port URL for each board, or"),
        (["batch", "a.png", "b/a.png", "-p", "x"], "Files of a batch must have names of their own; two would become out/a.png"),
        (["batch", "a.png", "--scheduler", "here"], "A scheduler's address must be as tcp://HOST:8786, not 'here'"),
        (["worker", "tcp://host:1"], "give --design FILE for a twin, or --port URL for a board, which brings its own design"),
        (["worker", "here", "-p", "x"], "A scheduler's address must be as tcp://HOST:8786, not 'here'"),
    ],
)
def test_the_command_line_says_what_is_wrong(arguments, error, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main([*arguments, *(["-o", "out"] if arguments[0] == "batch" else [])]) in (2, 5, 9)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert error in captured.err


def test_a_worker_without_its_scheduler(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("convolver.pools.worker.CONNECTING", 0.5)
    monkeypatch.setattr("convolver.cli.worker.open_device", lambda *_: OpenFake())
    (tmp_path / "design.toml").write_text(DESIGN.to_toml())
    assert cli.main(["worker", "tcp://127.0.0.1:9", "-d", str(tmp_path / "design.toml")]) == 9
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("convolver: Scheduler tcp://127.0.0.1:9 doesn't answer: ")
    assert line.endswith("; dask scheduler starts one")


class OpenFake(Fake):
    def __init__(self):
        super().__init__([])

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        pass


@pytest.mark.soak
def test_four_board_twins_one_of_which_is_killed(tmp_path):
    """Whole boards, UART pin to UART pin, each in a process of its own; one gets SIGKILL in the middle of its work."""
    design = Conv2DDesign([[1, 2], [3, 4]], shift=4, output="u8", rows=16, columns=16)
    (tmp_path / "design.json").write_text(design.to_json())
    random = np.random.default_rng(20)
    images = [random.integers(0, 256, random.integers(2, 16, 2), dtype=np.uint8) for _ in range(200)]
    with Pool([f"twin://{tmp_path / 'design.json'}"] * 4) as pool:
        before, results, killed = pool.boards, [], ""
        assert len(before) == 4
        for number, result in enumerate(pool.map(images)):
            results.append(result)
            if number == 50:
                killed = max(pool.counts, key=lambda name: pool.counts[name])
                os.kill(int(re.search(r"process (\d+)", killed)[1]), signal.SIGKILL)
        counts = Counter(pool.counts)
        assert pool.boards == [name for name in before if name != killed]
    assert all(np.array_equal(result, golden.run(design, image)) for result, image in zip(results, images, strict=True))
    assert counts.total() == 200
    assert len(counts) == 4
    assert counts[killed] < 200 - counts[killed]
    print(dict(counts), file=sys.stderr)
