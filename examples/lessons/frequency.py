"""What a filter does to each frequency. 滤波器对每个频率做什么。

The transform of the taps is the gain at every frequency; convolution in time is multiplication in frequency. And when the
transform pays: directly, by transforms, and on the hardware at 100 MHz.
"""

import time

import numpy as np
import scipy.signal

import convolver

taps = np.ones(7, int)
design = convolver.FIRDesign(taps.tolist(), data=convolver.s16)
times = np.arange(700)
with convolver.open(design) as device:
    for frequency in (1 / 70, 1 / 14, 1 / 7):
        sine = np.round(10_000 * np.sin(2 * np.pi * frequency * times)).astype(int)
        result = device(sine)
        measured = result[70:].std() / sine[70:].std()
        exact = abs(np.sum(taps * np.exp(-2j * np.pi * frequency * np.arange(7))))
        print(f"{frequency:.3f} cycles a sample: gain {measured:.3f}, by the transform {exact:.3f}")
        assert abs(measured - exact) < 0.01
    signal = np.random.default_rng(1).integers(-1000, 1000, 58)
    both = np.fft.fft(signal, 64) * np.fft.fft(taps, 64)
    given = np.fft.fft(device(np.append(signal, np.zeros(6, int))), 64)
    assert np.allclose(given, both)
    print("the transform of the hardware's results is the product of the two transforms")

size = 1 << 16
long = np.random.default_rng(2).standard_normal(size)
print("taps   direct  by transform  hardware, microseconds for 65536 samples")
for count in (16, 64, 256):
    kernel = np.ones(count)
    spent = []
    for method in ("direct", "fft"):
        begun = time.perf_counter()
        scipy.signal.convolve(long, kernel, method=method)
        spent.append((time.perf_counter() - begun) * 1e6)
    print(f"{count:4} {spent[0]:8.0f} {spent[1]:13.0f} {size / 100:9.0f}")
