"""A room with thick walls. 厚墙的房间。

The room's temperature is a weighted mean of the last hours outdoors: later, and never as hot or as cold.
"""

import numpy as np

import convolver

hours = np.arange(48)
outdoors = np.round(12 - 10 * np.cos(2 * np.pi * (hours - 3) / 24)).astype(int)
walls = convolver.FIRDesign([1, 2, 3, 4, 3, 2, 1], data=convolver.s8, output=convolver.s8, shift=4)

with convolver.open(walls) as room:
    indoors = room(outdoors)
day = slice(24, 48)
print(f"outdoors {outdoors[day].min()} to {outdoors[day].max()} degrees, warmest at {outdoors[day].argmax()} o'clock")
print(f"indoors  {indoors[day].min()} to {indoors[day].max()} degrees, warmest at {indoors[day].argmax()} o'clock")
assert indoors[day].max() < outdoors[day].max()
assert indoors[day].min() > outdoors[day].min()
assert indoors[day].argmax() == outdoors[day].argmax() + 3
