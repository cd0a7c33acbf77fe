"""Smoothing, and its price. 平滑及其代价。

A mean of more samples has less noise, and a step that takes longer.
"""

import numpy as np

import convolver

random = np.random.default_rng(5)
step = np.repeat([-1000, 1000], 300)
noisy = step + random.integers(-200, 201, step.size)

for taps in (1, 4, 16):
    mean = convolver.FIRDesign([1] * taps, data=convolver.s16, output=convolver.s16, shift=taps.bit_length() - 1)
    with convolver.open(mean) as device:
        smooth, edge = device(noisy), device(step)
    noise = smooth[50:300].std()
    rise = np.count_nonzero(np.abs(edge[50:]) < 1000) + 1
    print(f"mean of {taps:2}: noise {noise:5.1f}, the step takes {rise} samples")
    assert rise == taps
