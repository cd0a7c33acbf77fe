"""A Dask cluster: this machine's processors, or the workers of a scheduler elsewhere. `dask.distributed` keeps the queue, sends
work to workers, and gives what a lost one had to others."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Self

from .arguments import between
from .atomic import reason
from .errors import PortError, ToolError

__all__ = ["Cluster", "quiet"]

PATIENCE = 20.0
"""Seconds without a single worker after which nobody waits any longer."""

CONNECTING = 10.0
"""Seconds that a scheduler may take to answer."""

SCHEMES = ("tcp://", "tls://", "ws://", "wss://", "ucx://", "inproc://")


def quiet() -> None:
    """Keeps Dask from telling what it does: what goes wrong is told by convolver, in one line."""
    import dask

    dask.config.set({"distributed.admin.large-graph-warning-threshold": "100GB"})
    for name in (
        "distributed",
        "distributed.client",
        "distributed.worker",
        "distributed.core",
        "distributed.scheduler",
        "tornado",
    ):
        logging.getLogger(name).setLevel(logging.CRITICAL)


class Cluster:
    """Where work is done. It connects when the first piece is handed in.

    Parameters
    ----------
    scheduler : str, optional
        Address of a Dask scheduler, such as ``tcp://HOST:8786``; else this machine works itself.
    jobs : int, optional
        Pieces at a time on this machine; by default one for each processor.
    resource : str
        What a worker must have for the work, if anything.
    """

    def __init__(self, scheduler: str | None = None, jobs: int | None = None, resource: str = "") -> None:
        if scheduler is not None and (not isinstance(scheduler, str) or not scheduler.startswith(SCHEMES)):
            raise PortError(f"A scheduler's address must be as tcp://HOST:8786, not {scheduler!r}")
        if scheduler is not None and jobs is not None:
            raise PortError("Jobs are this machine's; those of a scheduler are its workers'")
        self.scheduler = scheduler
        self.jobs = between("Jobs", jobs, 1, 1024) if jobs is not None else os.cpu_count() or 1
        self._resource = resource
        self._client: Any = None
        self._local: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the cluster; work that isn't done is dropped."""
        for one in (self._client, self._local):
            if one is not None:
                one.close()
        self._client = self._local = None

    @property
    def client(self) -> Any:
        """Dask's client."""
        if self._client is None:
            self._connect()
        return self._client

    def _connect(self) -> None:
        try:
            from distributed import Client, LocalCluster
        except ModuleNotFoundError as error:
            raise ToolError(f"{error.name} isn't installed, and a cluster needs it; pip install 'convolver[explore]'") from None
        if self.scheduler is None:
            # The work is in programs of their own, so that threads are enough.
            self._local = LocalCluster(
                n_workers=1,
                threads_per_worker=self.jobs,
                processes=False,
                worker_dashboard_address="127.0.0.1:0",
                dashboard_address="127.0.0.1:0",  # Dask serves its pages in any case
                silence_logs=logging.CRITICAL,
                memory_limit=0,
            )
        quiet()
        try:
            self._client = Client(self._local or self.scheduler, timeout=CONNECTING, set_as_default=False)
        except (OSError, ValueError) as error:  # also a time-out
            raise PortError(f"Scheduler {self.scheduler} doesn't answer: {reason(error)}; dask scheduler starts one") from None
        if not self._wait_for_workers():
            self.close()
            raise PortError(self._lonely())

    def workers(self) -> Mapping[str, Mapping[str, Any]]:
        """The workers that can do the work, by their addresses."""
        found: Mapping[str, Mapping[str, Any]] = self.client.scheduler_info()["workers"]
        if not self._resource:
            return found
        return {address: one for address, one in found.items() if one.get("resources", {}).get(self._resource, 0) >= 1}

    def _wait_for_workers(self) -> bool:
        from time import monotonic, sleep

        until = monotonic() + PATIENCE
        while not self.workers():
            if monotonic() > until:
                return False
            sleep(0.2)
        return True

    def _lonely(self) -> str:
        what, starter = (f"workers with a {self._resource}", "convolver") if self._resource else ("workers", "dask")
        return f"Scheduler {self.scheduler} must have {what}; {starter} worker {self.scheduler} starts one"

    def submit(self, function: Callable[..., Any], *arguments: Any, key: str) -> Any:
        """Hands a piece of work in; a piece with the same key is done once."""
        resources = {self._resource: 1} if self._resource else None
        return self.client.submit(function, *arguments, key=key, resources=resources)

    def done(self, futures: Iterable[Any]) -> Iterator[Any]:
        """The pieces as they get done, in any order; raises as `some`."""
        pending = set(futures)
        while pending:
            ready = self.some(pending)
            pending -= ready
            yield from ready

    def some(self, pending: Iterable[Any]) -> set[Any]:
        """Waits until one piece or more is done, and gives these.

        Raises
        ------
        PortError
            If the scheduler, or all workers, are gone.
        """
        from distributed import wait

        def waited() -> set[Any]:
            with self.client.as_current():
                return set(wait(list(pending), timeout=PATIENCE, return_when="FIRST_COMPLETED").done)

        while True:
            ready: set[Any] = self._patiently(waited)
            if any(one.status == "cancelled" for one in ready):
                raise PortError(self._went_away())
            # One that has just been lost with its worker is done anew elsewhere.
            if found := {one for one in ready if one.status in ("finished", "error")}:
                return found

    def result(self, future: Any) -> Any:
        """What came out of a piece; of one that is lost with its worker, what comes out of it elsewhere. Raises as `some`."""
        return self._patiently(lambda: future.result(timeout=PATIENCE))

    def _patiently(self, action: Callable[[], Any]) -> Any:
        """Tries again whatever times out, while there is a worker."""
        from concurrent.futures import CancelledError

        while True:
            try:
                return action()
            except TimeoutError:
                if self._gone():
                    raise PortError(self._went_away()) from None
                if not self._wait_for_workers():
                    raise PortError(self._lonely()) from None
            except CancelledError:
                raise PortError(self._went_away()) from None

    def _went_away(self) -> str:
        return f"Scheduler {self.scheduler} must stay until all is done, and went away"

    def _gone(self) -> bool:
        return str(self.client.status) != "running"
