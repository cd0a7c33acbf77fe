"""A heart, cleaned. 干净的心电图。

A mean over one cycle of the mains has no hum left, and lower peaks.
"""

import numpy as np
import pywt.data

import convolver

rate, mains = 360, 60
clean = pywt.data.ecg().astype(int)
times = np.arange(clean.size)
noisy = clean + np.round(60 * np.sin(2 * np.pi * mains * times / rate)).astype(int)

mean = convolver.FIRDesign([1, 2, 2, 2, 2, 2, 1], data=convolver.s16)  # of six samples, between two of them: twelve times
with convolver.open(mean) as device:
    filtered = device(noisy) / 12


def hum(signal: np.ndarray) -> float:
    """How much of the mains there is."""
    part = signal[60 : 60 + 900]
    return 2 * abs(np.mean(part * np.exp(-2j * np.pi * mains * np.arange(900) / rate)))


print(f"hum: {hum(noisy):.1f} before, {hum(filtered):.1f} after")
print(f"highest peak: {clean.max()} in the clean one, {filtered.max():.0f} after")
assert hum(filtered) < hum(noisy) / 20
assert filtered.max() < clean.max()
