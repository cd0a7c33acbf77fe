"""Builds points on a Dask cluster, and keeps what came out under its content: the same circuit is built once.

What is kept is the size and the netlist of a circuit, and the clock of each placement. It is kept as soon as it is there, so
that a search which was stopped goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..boards.alone import PLACERS, Alone, Circuit, alone, circuit_of
from ..boards.cell_counts import Size
from ..boards.registry import Board
from ..boards.timing import Limit
from ..boards.toolchain import find, versions
from ..cluster import Cluster
from ..counting import counted
from ..errors import ConvolverError, ToolError
from ..progress import Advance
from ..shell import Shell
from .space import Point
from .trial import Run, Trial
from .work import Placed, Synthesised, place, synthesise

if TYPE_CHECKING:
    from ..sim.libraries.cache import Cache

__all__ = ["Builder"]


@dataclass
class _Job:
    """A point on its way: its circuit, and the keys of what is kept of it."""

    point: Point
    circuit: Circuit
    key: str
    trial: Trial | None = None


class Builder:
    """Builds points for a board's device.

    Parameters
    ----------
    board : Board
    cluster : Cluster
    shell : Shell
        What is around each core.
    kept : Cache
    advance : callable
        Is told of each step.
    """

    def __init__(self, board: Board, cluster: Cluster, shell: Shell, kept: Cache, advance: Advance) -> None:
        self.board = board
        self.device: Alone = alone(board)
        self.tools = ["yosys", *([PLACERS[board.family]] if board.family in PLACERS else [])]
        self.versions = versions(self.tools)
        self._made: set[str] = set()
        self.notes: list[str] = []
        self._cluster, self._shell, self._kept, self._advance = cluster, shell, kept, advance
        self._jobs: dict[int, _Job] = {}
        for tool in self.tools if cluster.scheduler is None else ():
            find(tool)

    @property
    def built(self) -> int:
        """How many tools were run."""
        return len(self._made)

    def build(self, points: Sequence[Point], seeds: Sequence[int]) -> list[Trial]:
        """Synthesises points, and places them with each seed; gives those that came out.

        Raises
        ------
        ToolError
            If none came out.
        """
        jobs = [self._job(point, f"{number} of {len(points)}") for number, point in enumerate(points, 1)]
        seeds = seeds if self.board.family in PLACERS else ()
        failed: list[str] = []
        # Equal circuits have equal keys: Dask does them once.
        asked: dict[Any, tuple[_Job, int | None]] = {self._submit(job): (job, None) for job in jobs if job.trial is None}
        for job in jobs:
            for seed in seeds:
                if (future := self._seed(job, seed)) is not None:
                    asked[future] = job, seed
        for number, future in enumerate(self._cluster.done(asked) if asked else (), 1):
            title = self._take(*asked[future], future, failed)
            self._advance(f"{number} of {len(asked)}: {title}", number / len(asked))
        self.notes += [note for note in dict.fromkeys(failed) if note not in self.notes]
        if failed and not any(job.trial for job in jobs):
            raise ToolError(failed[0])
        for job in jobs:
            if job.trial is not None:
                job.trial.runs.sort(key=lambda run: run.seed)
        return [job.trial for job in jobs if job.trial is not None]

    def _job(self, point: Point, which: str) -> _Job:
        """A point's circuit, and what is kept of it."""
        if (known := self._jobs.get(id(point))) is not None:
            return known
        self._advance(f"elaborating {which}")
        circuit = circuit_of(point.design, self.device, self._shell.of(point.design))
        text = [circuit.family, circuit.script("top"), circuit.harness, circuit.verilog, self.device.speed]
        job = _Job(point, circuit, _key("synthesis", text, self._version("yosys")))
        if (told := self._read(job.key)) is not None:
            limit = told["limit"]
            job.trial = Trial(point, self.board, Size(**told["size"]), None if limit is None else limit["hertz"])
        self._jobs[id(point)] = job
        return job

    def _version(self, tool: str) -> list[str]:
        return sorted(f"{name} {version}" for name, version in versions([tool]).items())

    def _read(self, key: str) -> Any:
        octets = self._kept.read("builds", key)
        try:
            return None if octets is None else json.loads(octets)
        except ValueError:
            return None

    def _write(self, key: str, told: Any) -> None:
        self._kept.write("builds", key, json.dumps(told).encode())

    def _submit(self, job: _Job) -> Any:
        """The netlist that a worker makes."""
        return self._cluster.submit(synthesise, job.circuit, self.device, self.versions, key=f"synthesise-{job.key}")

    def _placement(self, job: _Job, seed: int) -> str:
        return _key("placement", job.key, self.device.arguments, job.point.aim, seed, self._version(self.tools[1]))

    def _seed(self, job: _Job, seed: int) -> Any:
        """A placement that a worker makes; none if it is kept, which goes into the trial."""
        key = self._placement(job, seed)
        told = self._read(key)
        if told is not None and job.trial is not None:
            _add(job.trial, seed, Placed(**told))
            return None
        if job.trial is not None and any(run.seed == seed for run in job.trial.runs):
            return None
        return self._cluster.submit(
            place, self._netlist(job), self.device, job.point.aim, seed, self.tools[1], self.versions, key=f"place-{key}"
        )

    def _netlist(self, job: _Job) -> Any:
        """The netlist of a job: the one that is kept, or that which a worker makes."""
        packed = self._kept.read("netlists", job.key) if job.trial is not None else None
        if packed is not None and job.trial is not None:
            return Synthesised(packed, job.trial.size, None)
        return self._submit(job)

    def _take(self, job: _Job, seed: int | None, future: Any, failed: list[str]) -> str:
        """Keeps what a worker made; gives a line for it."""
        if future.status == "error":
            error = future.exception()
            failed.append(f"{job.point}: {error if isinstance(error, ConvolverError) else f'{type(error).__name__}: {error}'}")
            return failed[-1]
        self._made.add(future.key)
        found = future.result()
        if seed is None:
            self._kept.write("netlists", job.key, found.packed)
            self._write(job.key, {"size": asdict(found.size), "limit": _plain(found.limit)})
            self._trial(job, found)
            return f"{job.point}: {found.size.luts} LUT, {counted(found.size.multipliers, 'multiplier')}"
        self._write(self._placement(job, seed), asdict(found))
        trial = job.trial or self._trial(job, _netlist_of(self._submit(job)))
        _add(trial, seed, found)
        return f"{job.point}: seed {seed}, " + (f"{found.hertz / 1e6:.0f} MHz" if not found.refused else "no room")

    def _trial(self, job: _Job, found: Synthesised) -> Trial:
        if job.trial is None:
            job.trial = Trial(job.point, self.board, found.size, None if found.limit is None else found.limit.hertz)
        return job.trial


def _netlist_of(future: Any) -> Synthesised:
    """The netlist that a placement was made of, which is there already."""
    found: Synthesised = future.result()
    return found


def _add(trial: Trial, seed: int, found: Placed) -> None:
    if found.refused:
        trial.refused = found.refused
    elif all(run.seed != seed for run in trial.runs):
        trial.runs.append(Run(seed, found.hertz, found.path))


def _plain(limit: Limit | None) -> Any:
    return None if limit is None else asdict(limit)


def _key(*values: Any) -> str:
    return hashlib.blake2b(json.dumps(values).encode(), digest_size=20).hexdigest()
