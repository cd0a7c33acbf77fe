"""Edges, and the picture's own edge. 边缘，以及图像自己的边界。

A constant beyond the border makes edges that aren't in the picture; a repeated border doesn't.
"""

import numpy as np

import convolver

flat = np.full((8, 10), 100)
flat[:, 5:] = 180
kernel = [[1, 0, -1], [2, 0, -2], [1, 0, -1]]

for boundary in ("fill", "symm"):
    found = convolver.convolve2d(flat, kernel, mode="same", boundary=boundary)
    places = sorted(set(np.nonzero(found)[1].tolist()))
    print(f"{boundary}: answers in columns {places}")
    assert places == ([0, 4, 5, 9] if boundary == "fill" else [4, 5])
