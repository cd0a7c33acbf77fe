"""The same in two directions. 两个方向也一样。

In a picture each result is the sum of nine pixels, each times the number of the kernel that lies on it.
"""

import numpy as np

import convolver
from convolver.demo import load_photo

photo = np.asarray(load_photo(None).grey)[:64, 200:264]
blur = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]])

design = convolver.Conv2DDesign(blur.tolist(), shift=4, output=convolver.u8, boundary="edge", rows=64, columns=64)
with convolver.open(design) as device:
    soft = device(photo)

row, column = 20, 30
window = photo[row - 1 : row + 2, column - 1 : column + 2]
total = np.sum(window * blur[::-1, ::-1])
print(window, "times", blur, "added up:", total, sep="\n")
print(f"divided by 16: {total / 16}; the hardware gives {soft[row, column]}")
assert soft[row, column] == (total + 8) // 16
