"""Three laws. 三条定律。

Order, grouping and sums: on the hardware, bit for bit.
"""

import numpy as np

import convolver

a, b, c = np.array([3, 1, -1, 4, -1, 2, -3]), np.array([2, -3, 2, -1]), np.array([-3, -2, -1, 3])
convolve = convolver.convolve

laws = {
    "a * b = b * a": (convolve(a, b), convolve(b, a)),
    "(a * b) * c = a * (b * c)": (convolve(convolve(a, b), c), convolve(a, convolve(b, c))),
    "a * (b + c) = a * b + a * c": (convolve(a, b + c), convolve(a, b) + convolve(a, c)),
}
for law, (left, right) in laws.items():
    print(f"{law:28} {left}")
    assert np.array_equal(left, right)
