"""An echo is a tap. 回声就是一个系数。

The sound once more, later and weaker; two filters in a row give the echo of the echo.
"""

import numpy as np

import convolver

delay = 200
echo = convolver.FIRDesign([2, *[0] * (delay - 1), 1], data=convolver.s16, output=convolver.s16, shift=1)
clap = np.zeros(3 * delay, int)
clap[0] = 16_000

with convolver.open(convolver.Pipeline([echo, echo])) as hall:
    heard = hall(clap)
for moment in np.nonzero(heard)[0]:
    print(f"after {moment:3} samples: {heard[moment]}")
assert {int(place): int(heard[place]) for place in np.nonzero(heard)[0]} == {0: 16_000, 200: 16_000, 400: 4_000}
