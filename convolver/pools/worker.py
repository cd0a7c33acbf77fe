"""What runs beside a board: a worker of a Dask cluster that filters on it. One whose board fails leaves the cluster."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..atomic import reason
from ..cluster import CONNECTING, quiet
from ..designs import design_from_json
from ..errors import DesignMismatch, LinkError, PortError
from ..host.device import Device
from ..images import Array

__all__ = ["RESOURCE", "Board", "described", "filtered", "serve"]

RESOURCE = "board"
"""What a worker with a board has one of."""

ATTRIBUTE = "convolver_board"
"""Where a worker has it."""


@dataclass
class Board:
    """A worker's board, and why it left, if it did."""

    device: Device
    name: str
    failure: LinkError | None = None


def filtered(samples: Array, stack: bool | None, expected: str) -> tuple[Array, str]:
    """Filters an array on this worker's board; gives the result and the board's name.

    A board that fails takes its worker out of the cluster, and the array goes to another one.
    """
    from distributed import Reschedule, get_worker

    worker = get_worker()
    board: Board = getattr(worker, ATTRIBUTE)
    try:
        if board.device.design != design_from_json(expected):
            raise DesignMismatch(f"Board {board.name} must hold the design of the pool's others; program it, or leave it out")
        return board.device(samples, stack=stack), board.name
    except DesignMismatch:
        raise
    except LinkError as error:
        board.failure = error
        worker.loop.add_callback(_leave, worker, str(error))
        raise Reschedule from None


async def _leave(worker: Any, why: str) -> None:
    """Closes a worker, and takes its results to others: those that nobody has fetched yet."""
    from distributed.core import Status

    worker.status = Status.paused  # it begins nothing more
    # The scheduler saves what it knows of, and has a result made again that it hears of too late.
    while True:
        held = list(worker.data)
        known = await worker.scheduler.who_has(keys=held)
        if all(worker.address in known.get(key, ()) for key in held if key in worker.data):
            break
        await asyncio.sleep(0.01)
    await worker.close_gracefully(reason=why)


def described(dask_worker: Any = None) -> tuple[str, str] | None:
    """The name of a worker's board, and its design as JSON; nothing of a worker without a board."""
    board: Board | None = getattr(dask_worker, ATTRIBUTE, None)
    return None if board is None else (board.name, board.device.design.to_json())


def serve(scheduler: str, name: str, opened: Callable[[], Device], started: Callable[[], None]) -> None:
    """Filters for a scheduler until it, or the board, is gone; `started` is called once the board works for it.

    Raises
    ------
    PortError
        If the scheduler doesn't answer.
    LinkError
        If the board fails.
    """
    quiet()
    with opened() as device:
        board = Board(device, f"{name} ({os.uname().nodename}, process {os.getpid()})")
        asyncio.run(_serve(scheduler, board, started))
        if board.failure is not None:
            raise board.failure


async def _serve(scheduler: str, board: Board, started: Callable[[], None]) -> None:
    from distributed import Worker

    worker = Worker(
        scheduler,
        nthreads=1,
        resources={RESOURCE: 1},
        name=board.name,
        memory_limit=0,
        dashboard_address="127.0.0.1:0",
        death_timeout=CONNECTING,
    )
    setattr(worker, ATTRIBUTE, board)
    try:
        await worker
    except (OSError, ValueError) as error:  # also a time-out
        raise PortError(f"Scheduler {scheduler} doesn't answer: {reason(error)}; dask scheduler starts one") from None
    started()
    try:
        await worker.finished()
    finally:
        await worker.close()
