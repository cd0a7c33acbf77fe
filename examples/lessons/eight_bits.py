"""Eight bits are not enough. 八位不够用。

What is too large saturates or wraps; what is dropped is rounded, and a rounding can shift the mean.
"""

import numpy as np

import convolver

wave = np.round(40 * np.sin(2 * np.pi * np.arange(16) / 8)).astype(int)
loud = convolver.FIRDesign([30, 30, 30], data=convolver.s8, output=convolver.s8, shift=4)
for overflow in ("saturate", "wrap"):
    with convolver.open(loud.replace(overflow=overflow)) as device:
        results = device(wave)
    print(f"{overflow:12}", results)
    assert (results.max() == convolver.s8.max) == (overflow == "saturate")

noise = np.random.default_rng(1).integers(-128, 128, 4000)
halved = convolver.FIRDesign([1], data=convolver.s8, shift=2)
for rounding in ("floor", "half_up", "half_even"):
    with convolver.open(halved.replace(rounding=rounding)) as device:
        error = np.mean(device(noise) - noise / 4)
    print(f"{rounding:12} shifts the mean by {error:+.3f}")
    assert abs(error) < 0.01 or rounding != "half_even"
