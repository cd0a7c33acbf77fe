"""Inputs and outputs of the compiled driver for one run of a core: `struct job` of driver.h."""

import ctypes
from typing import Any

import numpy.typing as npt

__all__ = ["DONE", "LIMIT", "SLICE", "STUCK", "Job", "pointer", "progress"]

SLICE, DONE, LIMIT, STUCK = range(4)
"""How a call of the driver ended: its slice of clocks is over, the run is complete, the limit is reached, nothing
moves."""


class Job(ctypes.Structure):
    """`struct job` of driver.h, field by field."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("samples", "marks")),
        ("beats", ctypes.c_int64),
        *(
            (name, ctypes.c_void_p)
            for name in ("frame_starts", "frame_rows", "frame_columns", "frame_boundaries", "frame_fills")
        ),
        ("frames", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("coefficients", "coefficient_marks")),
        *((name, ctypes.c_int64) for name in ("coefficient_count", "coefficient_clock")),
        ("gaps", ctypes.c_void_p),
        ("gap_count", ctypes.c_int64),
        ("stalls", ctypes.c_void_p),
        ("stall_count", ctypes.c_int64),
        ("coefficient_gaps", ctypes.c_void_p),
        ("coefficient_gap_count", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("results", "result_marks")),
        ("capacity", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("accept_clocks", "result_clocks")),
        *((name, ctypes.c_int64) for name in ("wanted", "settle", "limit", "patience", "shy", "probe")),
        *((name, ctypes.c_int64) for name in ("clock", "accepted", "delivered", "loaded", "idle", "settled")),
        *((name, ctypes.c_int64) for name in ("first_accept", "first_result", "last_result")),
        *((name, ctypes.c_int64) for name in ("source_stalls", "sink_stalls", "violations", "violation_clock")),
        *((name, ctypes.c_int64) for name in ("frame", "holding", "coefficient_holding", "offered")),
        ("errors", ctypes.c_int64 * 8),
        ("error_clocks", ctypes.c_int64 * 8),
        *((name, ctypes.c_int64) for name in ("busy", "pending", "overflow")),
    )


def pointer(array: npt.NDArray[Any]) -> int:
    return int(array.ctypes.data)


def progress(job: Job) -> str:
    told = f"the core took {job.accepted} of {job.beats} samples and gave {job.delivered} of {job.wanted} results"
    if job.coefficient_count:
        told += f", and took {job.loaded} of {job.coefficient_count} coefficients"
    return told
