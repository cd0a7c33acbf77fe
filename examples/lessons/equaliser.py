"""Bass and treble. 低音与高音。

The taps of an equaliser: a low-pass times one gain, and what it leaves times another. They are loaded while the filter runs.
"""

import numpy as np

import convolver

count, middle, unit = 33, 16, 1 << 14
places = np.arange(count) - middle
low = 0.14 * np.sinc(0.14 * places) * (0.54 + 0.46 * np.cos(np.pi * places / (middle + 1)))
low /= low.sum()
rest = (places == 0) - low


def taps(bass: float, treble: float) -> list[int]:
    """Of two gains in decibels."""
    return [int(tap) for tap in np.round(unit * (10 ** (bass / 20) * low + 10 ** (treble / 20) * rest))]


design = convolver.FIRDesign(
    taps(0, 0),
    data=convolver.s16,
    coefficient=convolver.s16,
    output=convolver.s16,
    shift=14,
    loadable=True,
    symmetry="symmetric",
)
times = np.arange(4000)
with convolver.open(design) as equaliser:
    for bass, treble in ((0, 0), (3, -9), (-12, 6)):
        equaliser.load(taps(bass, treble))
        gains = []
        for frequency in (0.01, 0.3):
            sine = np.round(5000 * np.sin(2 * np.pi * frequency * times)).astype(int)
            gains.append(20 * np.log10(equaliser(sine)[100:].std() / sine[100:].std()))
        print(f"bass {bass:+3} dB, treble {treble:+3} dB: measured {gains[0]:+.1f} and {gains[1]:+.1f} dB")
        assert np.allclose(gains, (bass, treble), atol=0.5)
