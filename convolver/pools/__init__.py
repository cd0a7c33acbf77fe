"""Pools of boards, or of twins: a Dask cluster whose workers have one each filters many arrays.

`worker` is what runs beside a board, `pool` what hands arrays out and gives the results in order.
"""

from .pool import Pool

__all__ = ["Pool"]
