"""Searches for the design that suits a device: points of a space are built, measured and compared.

`space` makes the points, `builder` builds them on a Dask cluster with a cache by content, `trial` has what one came to,
`explorer` the two calls: `explore` and `fit`.
"""

from .explorer import explore, fit
from .trial import Exploration, Trial

__all__ = ["Exploration", "Trial", "explore", "fit"]
