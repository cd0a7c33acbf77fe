"""A result in every clock. 每个时钟一个结果。

The circuit begins the next result before the last one is done: its latency is paid once, not for each sample.
"""

import numpy as np

import convolver
from convolver.report import report_of

design = convolver.FIRDesign([1, -2, 3, -4, 3, -2, 1], data=convolver.s8, shift=4, output=convolver.s8)
plan = report_of(design).plan
print(f"latency {plan.latency} clocks")

with convolver.open(design) as device:
    for samples in (1, 10, 1000):
        device(np.zeros(samples, int))
        clocks = device.status()["frame_clocks"]
        print(f"{samples:5} samples: {clocks} clocks, {clocks / samples:.3f} a sample")
        assert clocks == samples + plan.latency
