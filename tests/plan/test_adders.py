"""Constants without multipliers: how many adders a sum of products takes, that they give the sum, and how a design asks for
them."""

import random
import re
from pathlib import Path

import numpy as np
import pytest

from convolver import Conv2DDesign, DesignError, FIRDesign, load_design, s12, u8
from convolver.designs import design_from_json
from convolver.plan import adders
from convolver.plan.adders import AdderProduct, summed, summed_each
from convolver.plan.constants import DEEPEST, Made, adders_needed, made_and_least, made_of_one, odd_part
from convolver.plan.lowering import lower

DESIGNS = Path(__file__).parents[2] / "benchmarks" / "size"
FIR_PAGE = Path(__file__).parents[2] / "docs" / "fir.md"
LOWPASS_31, LOWPASS_64 = (load_design(DESIGNS / f"{name}.toml").weights for name in ("lowpass-31", "lowpass-64"))
EIGHT = (127, -113, 101, -89, 83, -71, 67, -53)


def odd_constants(weights):
    return {odd_part(weight) for weight in weights} - {0, 1}


def bound(weights):
    """At most 3 %, or one adder, above the distinct odd constants above one, one more, and all that add up."""
    least = len(odd_constants(weights)) + 1 + sum(map(bool, weights)) - 1
    return max(least + 1, int(1.03 * least))


@pytest.mark.parametrize(
    "weights",
    [LOWPASS_31, LOWPASS_64, EIGHT, (1, 2, 1, 2, 4, 2, 1, 2, 1), (1, 4, 6, 4, 1), (5,)],
    ids=["31 taps", "64 taps", "8 taps", "Gaussian", "binomial", "one"],
)
def test_there_are_few_adders_and_few_behind_each_other(weights):
    made = made_of_one(frozenset(odd_constants(weights)))
    depth = {1: 0}
    for step in made:
        assert step.value << step.down == step.a * step.a_factor + step.b * step.b_factor
        depth[step.value] = 1 + max(depth[step.a], depth[step.b])
    assert odd_constants(weights) <= depth.keys()
    assert max(depth.values()) <= DEEPEST
    assert adders_needed(weights) <= bound(weights)
    assert len(summed(weights, (-128, 127)).nodes) == adders_needed(weights)


def test_the_page_has_the_adders_of_each_file():
    """Also of those whose constants are wider than what one step from another reaches."""
    pattern = r"^\| `([\w-]+\.toml)`[^|]*" + r"\| (\d+) " * 5 + r"\|$"
    rows = re.findall(pattern, FIR_PAGE.read_text(), re.MULTILINE)
    assert len(rows) == 5
    for name, *told in rows:
        weights = load_design(DESIGNS / name).weights
        graph = summed(weights, (-(1 << 15), (1 << 15) - 1))
        made, least = made_and_least(frozenset(odd_constants(weights)))
        found = [len(odd_constants(weights)), len(graph.nodes), graph.cycles, len(made)]
        assert found == list(map(int, told[:-1]))
        assert least == int(told[-1]) or least < int(told[-1]) <= len(made)  # a longer proof


@pytest.mark.parametrize("seed", range(12))
def test_a_graph_gives_the_sum_in_its_ranges(seed):
    """Of random constants and of the extremes; each node, and the whole, at the ends of what it can be."""
    rng = random.Random(seed)
    count, top = rng.choice([1, 2, 5, 12]), 2 ** rng.choice([2, 6, 12])
    weights = [rng.choice([0, rng.randint(-top, top), -rng.randint(0, top)]) for _ in range(count)]
    low, high = rng.choice([(0, 255), (-128, 127), (-1, 0)])
    graph = summed(weights, (low, high))
    signs = np.sign(weights)
    rows = [np.where(signs > 0, high, low), np.where(signs > 0, low, high)]
    rows += [np.array([rng.randint(low, high) for _ in range(count)]) for _ in range(20)]
    samples = np.array(rows, dtype=object)
    (found,) = graph.run([samples[:, lane] for lane in range(count)])
    wanted = samples @ np.array(weights, dtype=object)
    assert found.tolist() == wanted.tolist()
    assert graph.ranges([(low, high)] * count) == ((min(wanted[:2]), max(wanted[:2])),)


def test_the_same_constants_give_the_same_graph():
    made_and_least.cache_clear()
    first = summed(EIGHT, (0, 255))
    made_and_least.cache_clear()
    assert summed(EIGHT, (0, 255)) == first


def test_constants_that_are_all_subtracted_take_one_more():
    weights = (-3, -5, -24)
    assert len(summed(weights, (0, 1)).nodes) == adders_needed(weights) + 1
    assert summed((0, 0), (0, 1)).nodes == ()


def test_sums_of_the_same_lanes_share_their_adders():
    same, other = [3, 5, 7], [1, 0, -4]
    graph = summed_each([same, [2 * weight for weight in same], other], (-128, 127))
    assert len(graph.nodes) == adders_needed(same) + adders_needed(other)
    x = np.array([[1, 2, 3], [-128, 127, 5]], dtype=object)
    assert [sums.tolist() for sums in graph.run(list(x.T))] == [(x @ row).tolist() for row in (same, [6, 10, 14], other)]


def test_a_graph_that_adds_up_something_else_is_refused(monkeypatch):
    monkeypatch.setattr(adders, "made_of_one", lambda _constants: (Made(3, 1, 1, 1, 4),))
    rule = r"^A graph must add up what it is made for, and doesn't with the coefficients \[3, 6\]$"
    with pytest.raises(DesignError, match=rule):
        summed([3, 6], (0, 1))


def test_a_design_without_multipliers():
    design = FIRDesign(EIGHT, data=u8, multipliers=0)
    plan = lower(design)
    assert (plan.multipliers, plan.hard_multipliers, plan.multiplications) == (0, 0, 0)
    assert isinstance(plan.arrays[0], AdderProduct)
    assert plan.latency < lower(design.replace(multipliers=None)).latency + 2
    told = plan.explain()
    assert "constants are shifted and added, in 16 adders without a multiplier" in told
    assert "16 adders in 6 levels, for 8 odd constants above 1" in told
    assert "9 of these make the constants, the fewest there are" in told
    assert f"{plan.arrays[0].graph.flip_flops(u8, 8)} flip-flops" in told
    assert design_from_json(design.to_json()) == design


def test_a_separable_kernel_takes_fewer():
    """A binomial of 5x5 is 5 adders of a column and 5 of a row."""
    row = np.array([1, 4, 6, 4, 1])
    plan = lower(Conv2DDesign(np.outer(row, row), shift=8, multipliers=0))
    assert [len(array.graph.nodes) for array in (*plan.column_filters, *plan.arrays)] == [5, 5]
    ragged = lower(Conv2DDesign([[1, 2, 3], [4, 5, 6]], multipliers=0))
    assert not ragged.column_filters


@pytest.mark.parametrize("clocks", [2, 3])
def test_without_multipliers_a_sample_takes_a_clock(clocks):
    with pytest.raises(DesignError, match=rf"^Clocks per sample must be 1 for 0 multipliers, not {clocks}$"):
        FIRDesign([1, 2], data=s12, multipliers=0, clocks_per_sample=clocks)
