"""One stroke tells all. 敲一下，便知一切。

The answer to one stroke is the taps; any signal is a row of strokes, so the answers to them add up.
"""

import numpy as np

import convolver

bell = [8, 12, 9, 6, 4, 2, 1]
one_stroke = [1, 0, 0, 0, 0, 0, 0, 0]
print("one stroke    ", convolver.convolve(one_stroke, bell)[:8])

strokes = [3, 0, -1, 2]
answer = convolver.convolve(strokes, bell)
print("three strokes ", answer)

# The same from the answer to one stroke alone: each stroke's own, later and higher.
added = np.zeros(len(answer), int)
for moment, height in enumerate(strokes):
    added[moment : moment + len(bell)] += height * np.array(bell)
assert np.array_equal(answer, added)
print("the hardware's results are the strokes' answers, added up")
