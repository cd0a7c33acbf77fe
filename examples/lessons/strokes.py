"""Effects add up. 影响会叠加。

Strokes that come faster than their effect fades find something left.
"""

import convolver

left = [16, 13, 10, 8, 6, 5, 4]  # of a stroke, after so many moments

for gap in (2, 4, 8):
    signal = [0] * 12
    signal[0] = signal[gap] = 1
    effect = convolver.convolve(signal, left)[:12]
    print(f"a second stroke {gap} moments later: {effect}, at most {effect.max()}")
    assert effect[gap] == left[0] + (left[gap] if gap < len(left) else 0)
