"""What each stage of a plan makes of numbers, and of their ranges: as exact as the design's, and reached."""

from random import Random

import numpy as np
import pytest
from random_designs import conv2d, fir

from convolver.designs import Conv2DDesign, FIRDesign, MovingMaximumDesign
from convolver.formats import Format
from convolver.plan import lower
from convolver.plan.array_stages import GroupChain, Multiply, Tree
from convolver.plan.column_filter import ColumnFilter
from convolver.plan.stages import Magnitude, MagnitudeSum
from convolver.sim import golden

FAMILIES = (None, "ecp5", "ice40", "7-series")


def designs_of(number):
    return fir.random_design(Random(number)), conv2d.random_design(Random(number))


@pytest.mark.parametrize("number", range(40))
def test_the_ranges_of_the_stages_are_the_designs(number):
    for design in designs_of(number):
        plan = lower(design, FAMILIES[number % 4])
        assert plan.sum_ranges == design.kernel_ranges
        if plan.structure != "separable":
            assert tuple(found for array in plan.arrays for found in array.ranges) == design.kernel_ranges
        lows, highs = zip(*plan.ranges, strict=True)
        form = design.output_format
        if min(lows) in form and max(highs) in form:
            assert (min(lows), max(highs)) == design.output_range
        else:
            assert design.overflow == "wrap"
            assert (min(lows), max(highs)) == design.result_range


@pytest.mark.parametrize("number", range(40))
def test_every_stage_of_an_array_keeps_its_ranges_and_reaches_them(number):
    """Of samples at either end of their format, whatever each coefficient's sign is."""
    for design in designs_of(number):
        for array in lower(design, FAMILIES[number % 4]).filters:
            random = np.random.default_rng(number)
            ends = random.integers(0, 2, (64, array.positions))
            worst = np.zeros(array.positions, int)
            for product in array.products:
                for place, sign in product.terms:
                    worst[place] = (sign * array.weights[product.weight]) > 0
            samples = np.where(np.vstack([ends, worst, 1 - worst]), array.sample.max, array.sample.min).astype(object)
            numbers = [samples[:, place] for place in range(array.positions)]
            ranges = [(array.sample.min, array.sample.max)] * array.positions
            for stage in (array.operands, *array.behind):
                numbers, ranges = stage.run(numbers), stage.ranges(ranges)
                assert len(numbers) == len(ranges)
                for values, (low, high) in zip(numbers, ranges, strict=True):
                    assert low <= values.min(), stage
                    assert values.max() <= high, stage
            if not design.loadable:
                assert [(values.min(), values.max()) for values in numbers] == list(ranges)


def test_the_stages_say_what_each_can_give():
    plan = lower(FIRDesign([3, -5, 7, 2, 0, 1, 1, 1, 1, -9], data="u4", clocks_per_sample=2))
    array = plan.arrays[0]
    assert array.multiply.lane_ranges[0] == (-135, 15)  # -9 and 1: the oldest first
    lone = lower(FIRDesign([3], data="s4", clocks_per_sample=2)).arrays[0]
    assert lone.multiply.lane_ranges == ((-24, 21),)
    assert lower(FIRDesign([3], data=Format(4, False), clocks_per_sample=2)).arrays[0].multiply.lane_ranges == ((0, 45),)
    tree = Tree.of([(0, 1), (-2, 3), (5, 5)], (range(2), range(2, 3)))
    assert (tree.cycles, tree.ranges([])) == (1, ((-2, 4), (5, 5)))
    chain = GroupChain.of([(-2, 4), (5, 5)], 1)
    assert (chain.cycles, chain.ranges([])) == (3, ((3, 9),))
    assert Magnitude(1).ranges([(-3, 2), (0, 9)]) == ((0, 3), (0, 9))
    assert MagnitudeSum(2, terms=2, greatest=7).ranges([(-3, 2), (0, 9)]) == ((0, 7),)


def test_a_set_that_is_loaded_multiplies():
    multiply = lower(FIRDesign([1, 2], data="u4", coefficient="s4", loadable=True)).arrays[0].multiply
    assert isinstance(multiply, Multiply)
    operands = [np.array([[3]], object), np.array([[5]], object)]
    assert [values.tolist() for values in multiply.run(operands)] == [[[3]], [[10]]]
    assert [values.tolist() for values in multiply.with_weights([-7, 4]).run(operands)] == [[[-21]], [[20]]]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 16])
def test_the_stages_of_a_moving_maximum_give_its_results(size):
    design = MovingMaximumDesign(size, data="s8", fill=-7)
    x = np.random.default_rng(size).integers(-128, 128, 60)
    history = np.concatenate([np.full(size - 1, -7), x])
    windows = np.stack([history[size - 1 - delay : size - 1 - delay + 60] for delay in range(size)], axis=-1)
    assert lower(design).run(windows).tolist() == golden.run(design, x).tolist()


def test_separable_kernels_have_the_ranges_of_columns_and_rows():
    plan = lower(Conv2DDesign(np.outer([6, -4, 10, 6], [3, 0, -5])))
    column, row = plan.filters
    assert row.sample == Format.holding(*column.ranges[0])
    assert row.ranges[0][0] <= plan.design.sum_range[0] <= plan.design.sum_range[1] <= row.ranges[0][1]


@pytest.mark.parametrize("clocks", [1, 5])
def test_the_column_filter_gives_a_number_of_each_column_for_each_kernel(clocks):
    """Extremes of u4 reach its ranges."""
    columns, rows = ([3, -7, 11, 5, 9], [13, 0, -5, 1, 7]), ([5, 3, -11, 7, 3], [1, 3, 7, -3, 9])
    kernels = [np.outer(column, row) for column, row in zip(columns, rows, strict=True)]
    plan = lower(Conv2DDesign(kernels, pixel="u4", operation="correlate", clocks_per_pixel=clocks))
    (stage,) = (stage for stage in plan.stages if isinstance(stage, ColumnFilter))
    ends = 15 * np.array([[0] * 5, [15] * 5, *(np.array(columns) > 0), *(np.array(columns) < 0), [1, 0, 2, 0, 3]], object)
    ends = np.minimum(ends, 15)
    for found, column, (low, high) in zip(stage.run(list(ends.T)), columns, stage.ranges([(0, 15)] * 5), strict=True):
        scale = found[-1] // (np.array(column) @ ends[-1])  # of a factor that the row has in its place
        assert (found == scale * (ends @ np.array(column, object))).all()
        assert (found.min(), found.max()) == (low, high)
