"""Where coefficients come from: what lanes multiply by, what may be rewritten, and what lies in memories."""

import pytest

from convolver.designs import Conv2DDesign, FIRDesign
from convolver.formats import Format
from convolver.plan import lower
from convolver.plan.array_stages import Multiply
from convolver.plan.bilinear import direct
from convolver.plan.coefficients import Coefficients, LoadedCoefficients, StoredCoefficients, StoredSets
from convolver.plan.column_filter import ColumnFilter
from convolver.plan.factors import ConstantFactor, Factor, WiredFactor, constant_factor
from convolver.plan.stages import Memory

WEIGHTS = (5, -5, 0, 4, -8)
ALL = direct([range(5)], 5, 5)
CLASSES = [Coefficients, StoredCoefficients, LoadedCoefficients, StoredSets]


@pytest.mark.parametrize("loadable", [False, True])
@pytest.mark.parametrize("cycles", [1, 3])
def test_a_plan_has_those_of_its_design(loadable, cycles):
    signal = FIRDesign([3, 7, 1, 4, 5, 9], loadable=loadable, clocks_per_sample=cycles)
    image = Conv2DDesign([[3, 7], [1, 4], [5, 9]], loadable=loadable, clocks_per_pixel=cycles)
    wanted = CLASSES[2 * loadable + (cycles > 1)]
    for design in (signal, image):
        plan = lower(design)
        assert type(plan.coefficients.coefficients) is wanted
        assert {type(array.coefficients) for array in plan.arrays} == {wanted}
        assert len(plan.coefficients.loaded) == 6 * loadable
        assert plan.memory_bits("coefficients") == sum(memory.words * memory.bits for memory in plan.coefficients.memories)


def test_only_constants_in_the_lanes_are_known_there():
    constants = Coefficients(Format.parse("s5"), WEIGHTS)
    factors = [constants.factor(index) for index in range(5)]
    assert [type(factor) for factor in factors] == [ConstantFactor, ConstantFactor, WiredFactor, WiredFactor, WiredFactor]
    assert [factor.multiplies for factor in factors] == [True, True, False, False, False]
    assert [factor.sign for factor in factors] == [1, 1, 1, 1, -1]
    assert constants.widest == Format.parse("s4")
    for kind in CLASSES[1:]:
        one = kind(Format.parse("s5"), WEIGHTS)
        assert {one.factor(index) for index in range(5)} == {Factor(Format.parse("s5"))}
        assert one.widest == Format.parse("s5")


def test_the_sign_of_a_wired_factor_may_be_taken_out_of_it():
    assert constant_factor(-8).times(-1) == constant_factor(8)
    assert constant_factor(-5).times(1) == constant_factor(-5)
    assert Factor(Format.parse("s5")).times(-1) == Factor(Format.parse("s5"))


@pytest.mark.parametrize("kind", CLASSES)
def test_only_of_constants_zeros_are_dropped_and_equal_ones_share(kind):
    one = kind(Format.parse("s5"), WEIGHTS)
    loaded = issubclass(kind, LoadedCoefficients)
    assert len(one.without_zeros(ALL).products) == (5 if loaded else 4)
    assert len(one.shared(ALL, 2).products) == (5 if loaded else 3)
    assert one.ends(1) == ((-16, 15) if loaded else (-5,))
    assert one.told(1) == ("[1]" if loaded else "-5")
    assert one.loaded(range(5)) == (tuple(range(5)) if loaded else ())


def test_folded_arrays_have_a_memory_a_lane():
    found = [kind(Format.parse("s5"), WEIGHTS).memories(2, 4) for kind in CLASSES]
    constant, three = Memory("coefficients", 4, 5, written=False), Memory("coefficients", 12, 5)
    assert found == [(), (constant, constant), (), (three, three)]


@pytest.mark.parametrize("family", [None, "ecp5", "ice40", "7-series"])
@pytest.mark.parametrize(
    "design",
    [
        FIRDesign([3, 7, 1, 4, 5, 9, 11, 13, 15, 17]),
        Conv2DDesign([[[3, 7], [1, 4], [5, 9]], [[1, 2], [4, 8], [3, 3]]], planes=2),
        Conv2DDesign([[6, 9, 15], [10, 15, 25], [14, 21, 35]], pixels_per_clock=2, columns=64),
    ],
)
def test_a_plans_multipliers_are_those_of_its_stages(design, family):
    plan = lower(design, family)
    told = [stage.multipliers for stage in plan.stages if isinstance(stage, Multiply | ColumnFilter)]
    assert plan.multipliers == sum(one.lanes for one in told) == sum(array.multipliers for array in plan.filters)
    assert plan.hard_multipliers == sum(one.blocks for one in told) == sum(array.hard_multipliers for array in plan.filters)
    assert plan.multiplications == plan.copies * sum(array.lanes for array in plan.filters)
