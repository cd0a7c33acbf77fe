"""Why the kernel flips. 为什么要翻转。

The newest sample meets h[0], the one before it h[1]: over the signal the kernel lies the other way round.
"""

import numpy as np

import convolver

signal, kernel = [1, 2, 3, 4, 5], [16, 4, 1]

convolved = convolver.convolve(signal, kernel)
print("convolution      ", convolved)
print("cross-correlation", convolver.correlate(signal, kernel))

# By hand, at n = 3: the kernel from its end to its beginning over the samples 1, 2 and 3.
by_hand = kernel[2] * signal[1] + kernel[1] * signal[2] + kernel[0] * signal[3]
assert convolved[3] == by_hand
# The two are one operation: with the kernel turned round, one gives what the other does.
assert np.array_equal(convolver.correlate(signal, kernel), convolver.convolve(signal, kernel[::-1]))
