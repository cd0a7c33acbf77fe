"""`Pool`: many arrays go to many boards, and their results come back in order."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .. import atomic
from ..arguments import is_sequence, shown
from ..cluster import Cluster, quiet
from ..designs import Design, design_from_json
from ..errors import DesignError, DesignMismatch, LinkError, PortError, ToolError
from ..images import Array
from .worker import RESOURCE, described, filtered

__all__ = ["Pool"]

AHEAD = 4
"""Arrays of each board that are on their way, so that none waits."""


class Pool:
    """Boards, or twins, that filter many arrays at a time.

        with Pool(["serial:///dev/ttyUSB0", "serial:///dev/ttyUSB1"]) as pool:
            for result in pool.map(images):
                ...

    Results come in the order of the arrays, each once. What a board had when it failed goes to another one; the rest of a pool
    goes on without it, and takes in what joins later.

    Parameters
    ----------
    boards : sequence of str or Design
        Addresses of boards, as `convolver.open` takes them, or designs, each of which is a twin; each gets a process of this
        machine.
    scheduler : str, optional
        Instead of these, a Dask scheduler, such as ``tcp://HOST:8786``, for which ``convolver worker`` runs beside each board.
    expected : Design, optional
        What all of them must hold.

    Raises
    ------
    PortError
        If the scheduler doesn't answer, or has no boards.
    DesignMismatch
        If the boards hold different designs, or another one than is expected.
    DesignError
        If frames of the design continue one another.
    LinkError, ToolError
        If a board of this machine can't be opened.
    """

    def __init__(
        self, boards: Sequence[str | Design] = (), *, scheduler: str | None = None, expected: Design | None = None
    ) -> None:
        if not is_sequence(boards) or not all(isinstance(board, str | Design) for board in boards):
            raise DesignError(f"Boards must be a list of addresses or designs, not {shown(boards)}")
        if (scheduler is None) == (not boards):
            raise PortError("A pool is of boards, or of a scheduler's: give either")
        if not isinstance(expected, Design | None):
            raise DesignError(f"What is expected must be a design, not {shown(expected)}")
        self.counts = Counter[str]()
        """How many arrays each board has filtered."""
        self._here: _Here | None = None
        try:
            if scheduler is None:
                self._here = _Here(list(boards))
                scheduler = self._here.address
            self._cluster = Cluster(scheduler, resource=RESOURCE)
            self.design = self._agreed(expected)
            """What all boards hold."""
            self.design.continuity.check_apart()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the boards; those of this machine are closed."""
        if (cluster := getattr(self, "_cluster", None)) is not None:
            cluster.close()
        if self._here is not None:
            self._here.close()

    @property
    def boards(self) -> list[str]:
        """The boards' names, as many as there are now."""
        return sorted(str(one["name"]) for one in self._cluster.workers().values())

    def map(self, arrays: Iterable[npt.ArrayLike], *, stack: bool | None = None) -> Iterator[Array]:
        """Filters arrays, and gives their results in the same order. Arrays are taken as they are needed.

        Parameters
        ----------
        arrays : iterable of array-like
            Signals, or images, or stacks of them.
        stack : bool, optional
            Whether the first axis of each counts signals or images, as for a device.

        Raises
        ------
        DataError
            If the design can't take an array; after the results of those before it.
        LinkError
            If the last board is gone, or one array after the other takes its board with it.
        """
        return self.run((array, stack) for array in arrays)

    def run(self, items: Iterable[tuple[npt.ArrayLike, bool | None]]) -> Iterator[Array]:
        """As `map`, each array with its own `stack`."""
        told, call = self.design.to_json(), uuid.uuid4().hex
        given = iter(items)
        waiting: dict[Any, int] = {}
        ready: dict[int, Any] = {}
        handed = turn = 0
        ended = False
        try:
            while True:
                while not ended and handed - turn < AHEAD * max(1, len(self._cluster.workers())):
                    try:
                        array, stack = next(given)
                    except StopIteration:
                        ended = True
                        break
                    except Exception as error:  # noqa: BLE001  # it is raised in its turn, behind the results before it
                        ready[handed], ended = error, True
                        break
                    key = f"filter-{call}-{handed}"
                    waiting[self._cluster.submit(filtered, np.asarray(array), stack, told, key=key)] = handed
                    handed += 1
                if turn in ready:
                    yield self._taken(ready.pop(turn))
                    turn += 1
                elif not waiting:
                    return
                else:
                    for future in self._cluster.some(waiting):
                        number = waiting.pop(future)
                        ready[number] = self._outcome(future, number)
        finally:
            for future in waiting:
                future.cancel()

    def _outcome(self, future: Any, number: int) -> Any:
        """A result with its board, or the error in its place."""
        if future.status == "error":
            error = future.exception()
            if type(error).__name__ == "KilledWorker":
                return LinkError(f"Array {number} must be filtered, and took one board after the other with it")
            return error
        return self._cluster.result(future)

    def _taken(self, outcome: Any) -> Array:
        if isinstance(outcome, BaseException):
            raise outcome
        result, board = outcome
        self.counts[board] += 1
        found: Array = result
        return found

    def _agreed(self, expected: Design | None) -> Design:
        """The design that all boards hold."""
        addresses = list(self._cluster.workers())
        told = self._cluster.client.run(described, workers=addresses).values()
        found = {name: design_from_json(text) for name, text in (one for one in told if one is not None)}
        if not found:
            raise PortError(f"Workers of {self._cluster.scheduler} must be started by convolver worker, and none was")
        first, design = next(iter(sorted(found.items(), key=lambda one: one[0])))
        other = next((name for name, held in found.items() if held != design), None)
        if other is not None:
            raise DesignMismatch(f"All boards of a pool must hold one design; {first} and {other} hold different ones")
        if expected is not None and design != expected:
            raise DesignMismatch(f"Boards must hold {expected.describe()}, and hold {design.describe()}")
        return design


class _Here:
    """A scheduler in this process, and a worker's process for each board of this machine."""

    def __init__(self, boards: Sequence[str | Design]) -> None:
        self._processes: list[subprocess.Popen[str]] = []
        self._folder = TemporaryDirectory(prefix="convolver-pool-")
        self._cluster: Any = None
        try:
            from distributed import LocalCluster
        except ModuleNotFoundError as error:
            self._folder.cleanup()
            raise ToolError(f"{error.name} isn't installed, and a pool needs it; pip install 'convolver[explore]'") from None
        quiet()
        try:
            self._cluster = LocalCluster(
                n_workers=0,
                processes=False,
                protocol="tcp",
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
            )
            self.address: str = self._cluster.scheduler_address
            for number, board in enumerate(boards):
                self._start(number, board)
            self._wait()
        except BaseException:
            self.close()
            raise

    def _start(self, number: int, board: str | Design) -> None:
        if isinstance(board, Design):
            path = Path(self._folder.name, f"design {number + 1}.json")
            atomic.write({path: board.to_json()}, "Design")
            which = ["--design", str(path)]
        else:
            which = ["--port", board]
        command = [sys.executable, "-m", "convolver.cli", "worker", self.address, *which, "--json"]
        self._processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True))

    def _wait(self) -> None:
        """Until all boards are there, or one says why it isn't."""
        while len(self._cluster.scheduler.workers) < len(self._processes):
            for process in self._processes:
                if process.poll() is not None:
                    assert process.stderr is not None
                    said = process.stderr.read().strip().splitlines()
                    raise LinkError(said[-1].removeprefix("convolver: ") if said else "A board's process ended")
            time.sleep(0.05)

    def close(self) -> None:
        """Ends the boards' processes, and the scheduler."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
            process.kill()
            process.wait()
            if process.stderr is not None:
                process.stderr.close()
        if self._cluster is not None:
            self._cluster.close()
        self._folder.cleanup()
