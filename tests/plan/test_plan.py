"""The plan alone: what it plans, computed in numpy, is the golden model; its figures are counted by hand."""

import numpy as np
import pytest

import convolver
from convolver.designs import Conv2DDesign, FIRDesign
from convolver.errors import DesignError
from convolver.formats import Format
from convolver.plan import TARGETS, lower
from convolver.plan.adders import AdderProduct
from convolver.plan.array import CascadedProduct
from convolver.plan.array_stages import Align, GroupChain, Multiply, PreAdd, ProductRegisters, RoutingRegisters, Tree
from convolver.plan.stages import LineBuffer, Magnitude
from convolver.sim import golden


def test_a_fir_slot_computes_one_sample():
    design = convolver.FIRDesign([3, 0, -5, 7, 1], data="s12")
    x = np.random.default_rng(1).integers(-2048, 2047, 50)
    history = np.concatenate([np.zeros(4, int), x])
    samples = np.stack([history[4 - delay : 54 - delay] for delay in range(5)], axis=-1)
    assert list(lower(design).run(samples)) == list(golden.lfilter(design.coefficients, x))


@pytest.mark.parametrize("operation", ["convolve", "correlate"])
def test_a_window_slot_computes_one_pixel(operation):
    design = Conv2DDesign([[1, -2, 3, 4], [5, 6, 0, -8]], operation=operation, mode="valid")
    image = np.random.default_rng(2).integers(0, 256, (9, 11))
    windows = np.lib.stride_tricks.sliding_window_view(image, (2, 4)).reshape(8, 8, 8)
    assert np.array_equal(lower(design).run(windows), golden.conv2d(design, image))


def test_several_kernels_have_an_array_each():
    kernels = [[[1, 0, 0, 0]], [[1, -2, 3, 200]], [[0, 0, 0, 0]]]
    design = Conv2DDesign(kernels, mode="valid", combine="sum_abs", operation="correlate")
    plan = lower(design)
    assert plan.first_lanes == (0, 1, 5)
    assert [(product.lane, product.position, product.weight) for product in plan.coefficients.products] == [
        (0, 0, 0), (1, 0, 4), (2, 1, 5), (3, 2, 6), (4, 3, 7), (5, 0, 8)]  # fmt: skip
    assert plan.multipliers == 2  # for 3 and 200
    # The slowest array's tree has two levels; then magnitudes, and two levels that add three of them.
    assert (plan.cycles_in(Tree), plan.cycles_in(Magnitude)) == (2, 3)
    windows = np.random.default_rng(2).integers(0, 256, (5, 4))
    assert np.array_equal(plan.run(windows), np.array(kernels)[:, 0] @ windows.T)
    weights = np.random.default_rng(3).integers(-9, 9, 12)
    loadable = lower(design.replace(loadable=True, coefficient="s9", output=None))
    assert np.array_equal(loadable.run(windows, weights.tolist()), weights.reshape(3, 4) @ windows.T)
    assert loadable.coefficients.loaded == tuple(range(12))
    assert [line for line in plan.explain().splitlines() if line.startswith(("kernel", "level"))] == [
        "kernel 0",
        "kernel 1",
        "level 1: 2 nodes of s10, u16",
        "level 2: 1 node of s17",
        "kernel 2",
    ]


def test_a_window_is_computed_in_several_clocks():
    kernels = np.random.default_rng(5).integers(-9, 9, (2, 3, 3))
    design = Conv2DDesign(kernels, mode="valid", operation="correlate", coefficient="s5", clocks_per_pixel=4, loadable=True)
    plan = lower(design)
    assert (plan.lanes, plan.multipliers, plan.first_lanes) == (6, 6, (0, 3))
    assert [len(plan.coefficients.lane(lane)) for lane in range(6)] == [4, 4, 1, 4, 4, 1]
    assert all(product.phase == number for lane in range(6) for number, product in enumerate(plan.coefficients.lane(lane)))
    assert [product.weight for product in plan.coefficients.products] == list(range(18))
    windows = np.random.default_rng(6).integers(0, 256, (7, 9))
    assert np.array_equal(plan.run(windows), kernels.reshape(2, 9) @ windows.T)
    assert plan.memory_bits("samples") == 0
    assert plan.memory_bits("coefficients") == 6 * 3 * 4 * 5
    # operands 2, slot 3, accumulator 1, a tree of 3 lanes instead of 9
    assert plan.latency == lower(design.replace(clocks_per_pixel=1)).latency + 2 + 3 + 1 - 2
    assert plan.timing.frame_clocks(5, 6) == (5 * 6 - 1) * 4 + 1 + plan.latency
    assert plan.timing.frame_interval(5, 6) == 5 * 6 * 4


@pytest.mark.parametrize("operation", ["convolve", "correlate"])
@pytest.mark.parametrize("clocks", [1, 2])
def test_equal_weights_share_a_multiplier(operation, clocks):
    kernel = np.array([[3, 5, -3], [7, 1, 7], [-3, 5, 3]])
    design = Conv2DDesign(kernel, mode="valid", operation=operation, clocks_per_pixel=clocks)
    plan, direct = lower(design), lower(design.replace(structure="direct"))
    assert (plan.lanes, plan.multipliers) == ((4, 3), (2, 2))[clocks - 1]
    assert (direct.lanes, direct.multipliers) == ((9, 8), (5, 5))[clocks - 1]
    assert [(product.terms, product.weight) for product in plan.coefficients.products] == [
        (((0, 1), (2, -1), (6, -1), (8, 1)), 8 if operation == "convolve" else 0),
        (((1, 1), (7, 1)), 7 if operation == "convolve" else 1),
        (((3, 1), (5, 1)), 5 if operation == "convolve" else 3),
        (((4, 1),), 4),
    ]
    assert plan.arrays[0].operand == Format.parse("s10")  # of u8: from -510 to 510
    assert (plan.sum_levels, direct.sum_levels, direct.arrays[0].operand) == (2, 0, design.pixel)
    image = np.random.default_rng(2).integers(0, 256, (9, 11))
    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3)).reshape(7, 9, 9)
    for one in (plan, direct):
        assert np.array_equal(one.run(windows), golden.conv2d(design, image))
    assert "0 - 2 - 6 + 8" in plan.explain()


def test_sums_are_no_longer_than_they_need_be():
    def levels(kernel, **fields):
        return lower(Conv2DDesign(kernel, **fields)).sum_levels

    assert levels(np.full((5, 5), 3)) == 5
    assert levels(np.ones((5, 5), int)) == 0  # no multiplier to save
    assert levels([[3, 1, 5]]) == 0
    assert levels([[3, 1, 3]], loadable=True) == 0
    assert levels([[1, 1, 1]], clocks_per_pixel=2) == 1
    assert levels([[1, 1, 1]], clocks_per_pixel=3) == 0
    assert levels([[5, 5, 1]], clocks_per_pixel=2) == 1
    several = lower(Conv2DDesign([[[3, 1, 5]], [[3, 3, 3]]]))
    assert [array.sum_levels for array in several.arrays] == [0, 2]
    assert (several.sum_levels, several.lane_input, several.lanes) == (2, Format.parse("u10"), 4)


@pytest.mark.parametrize("operation", ["convolve", "correlate"])
def test_a_separable_kernel_is_a_column_filter_and_a_row_filter(operation):
    column, row = [6, -4, 10, 6], [3, 0, -5]
    design = Conv2DDesign(np.outer(column, row), mode="valid", operation=operation)
    plan = lower(design)
    assert plan.structure == "separable"
    assert (plan.column_filters[0].multipliers, plan.arrays[0].multipliers) == (2, 2)  # 6 and 10; 3 and 5
    assert (plan.multipliers, plan.hard_multipliers) == (4, 4)
    assert plan.arrays[0].sample == Format.parse("s14")  # of u8: from -1020 to 5610
    # sums 1, multiplier 3, a tree of 3 lanes 2; then multiplier 3, a tree of 2 lanes 1
    direct = lower(design.replace(structure="direct"))
    assert plan.latency == 2 + 1 + 2 + 1 + (1 + 3 + 2) + 1 + 3 + 1 + 3
    assert (direct.structure, direct.multipliers) == ("direct", 8)
    image = np.random.default_rng(2).integers(0, 256, (9, 11))
    windows = np.lib.stride_tricks.sliding_window_view(image, (4, 3)).reshape(6, 9, 12)
    assert np.array_equal(plan.run(windows), golden.conv2d(design, image))
    assert [line for line in plan.explain().splitlines() if line.startswith("of ")] == [
        "of each column",
        "of the columns' sums",
    ]


def test_a_kernel_is_separated_where_that_is_worth_it_and_possible():
    def structure(kernel, **fields):
        return lower(Conv2DDesign(kernel, **fields)).structure

    kernel = np.outer([3, 5, 7], [9, 11, 13])
    assert structure(kernel) == "separable"
    assert structure(kernel, structure="direct") == "direct"
    assert structure(kernel, loadable=True) == "direct"
    assert structure(kernel, switchable=True) == "separable"
    assert structure(kernel, planes=3) == structure(kernel, pixels_per_clock=4) == "separable"
    assert structure(kernel, clocks_per_pixel=2) == structure(kernel, multipliers=2) == "separable"  # 2 + 2 for 5, 1 + 1
    assert structure(kernel, clocks_per_pixel=5) == "direct"  # two multipliers, either way
    assert structure(kernel, pixel="u12") == "separable"  # 16 bits a column
    assert structure(kernel, pixel="u13") == "direct"
    assert structure([kernel]) == "separable"
    assert structure([kernel, kernel]) == structure([kernel, np.outer([1, 2, 0], [0, 1, 4])]) == "separable"
    assert structure([kernel, 0 * kernel]) == "direct"
    mixed = lower(Conv2DDesign([kernel, kernel + np.eye(3, dtype=int)]))
    assert (mixed.structure, mixed.column_filters) == ("direct", ())
    assert structure(kernel + np.eye(3, dtype=int)) == "direct"
    assert structure(np.outer([1, 3, 1], [1, 3, 1])) == "shared"  # two multipliers, either way: 3 and 9
    assert structure(np.outer([3, 1, 3], [5, 1, 5])) == "separable"
    assert structure([[6, 9, 15]]) == "direct"
    assert structure(np.zeros((3, 3), int)) == "direct"


def test_a_budget_of_multipliers_counts_what_is_planned():
    """Of random kernels, products of a column and a row among them."""
    random = np.random.default_rng(5)
    found = set()
    for _ in range(150):
        kernels = []
        for _ in range(random.integers(1, 3)):
            factors = random.integers(-9, 10, (2, 3))
            kernels.append(np.outer(*factors) if random.random() < 0.8 else random.integers(-20, 21, (3, 3)))
        fields = {"pixels_per_clock": int(random.choice((1, 2))), "planes": int(random.integers(1, 3))}
        clocks = int(random.choice((1, 2, 3))) if fields["pixels_per_clock"] * fields["planes"] == 1 else 1
        design = Conv2DDesign(kernels, clocks_per_pixel=clocks, **fields)
        plan = lower(design)
        found.add((plan.structure, clocks > 1, len(kernels)))
        if budget := plan.multipliers:
            assert design.replace(multipliers=max(budget, len(kernels))).choices.clocks == clocks
        if budget > len(kernels) and plan.copies == clocks == 1:
            assert design.replace(clocks_per_pixel=None, multipliers=budget - 1).choices.clocks > clocks
    assert {("separable", False, 1), ("separable", False, 2), ("shared", False, 2), ("shared", True, 1)} <= found


def test_sums_spoil_no_pairs_of_an_ice40():
    # Nine products of 8 bits take five multipliers there; eight wider ones eight.
    nine = Conv2DDesign([[3, 5, 7], [9, 11, 13], [15, 17, 3]])
    assert [(lower(nine, family).multipliers, lower(nine, family).hard_multipliers) for family in (None, "ice40")] == [
        (8, 8),
        (9, 5),
    ]
    four = Conv2DDesign([[3, 3, 5], [5, 3, 3], [5, 5, 7]])
    assert [(lower(four, family).multipliers, lower(four, family).hard_multipliers) for family in (None, "ice40")] == [
        (3, 3),
        (3, 3),
    ]


def test_a_loaded_set_replaces_the_designs_own():
    design = convolver.FIRDesign([1, 2], coefficient="s8", loadable=True)
    assert lower(design).run([10, 1], weights=[-3, 100]) == 70


@pytest.mark.parametrize("taps", [1, 2, 3, 7, 8, 9, 31, 256])
def test_every_node_is_as_wide_as_its_worst_case_and_no_wider(taps):
    design = convolver.FIRDesign(np.random.default_rng(taps).integers(-100, 100, taps).tolist(), data="s8")
    plan = lower(design)
    signs = np.sign(design.coefficients)
    high = np.where(signs > 0, 127, -128)
    low = np.where(signs > 0, -128, 127)
    assert (int(plan.run(low)), int(plan.run(high))) == design.sum_range
    nodes = [
        plan.coefficients.products[0],
        *(adder for level in plan.arrays[0].tree.adders[0] for adder in level),
        *plan.arrays[0].chain.adders,
    ]
    assert (nodes[-1].low, nodes[-1].high) == design.sum_range
    assert {len(tree) for tree in plan.arrays[0].tree.adders} == {int(np.ceil(np.log2(min(plan.lanes, 8))))}


def test_a_long_filter_is_a_chain_of_groups():
    plan = lower(convolver.FIRDesign([1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 9, 10]))
    assert plan.arrays[0].groups == (range(8), range(8, 10))
    assert plan.arrays[0].sections == (range(10), range(10, 12))  # the zeros' samples pass through the first one
    assert [adder.inputs for adder in plan.arrays[0].chain.adders] == [(0,), (0, 1)]
    assert plan.cycles_in(Tree, GroupChain) == 3 + 2
    symmetric = lower(convolver.FIRDesign([*range(1, 21), *range(20, 0, -1)]))
    assert symmetric.arrays[0].groups == (range(8), range(8, 16), range(16, 20))
    assert symmetric.arrays[0].sections == (
        range(8),
        range(8, 16),
        range(16, 20),
    )  # mirrored samples come from the first one's line
    assert symmetric.cycles_in(Tree, GroupChain) == 3 + 1 + 3  # of more than 16 lanes


def test_a_sample_outside_its_format_is_found():
    design = convolver.FIRDesign([1, 1], data="s8")
    with pytest.raises(DesignError, match=r"^A partial sum must be between -256 and 254, not 300$"):
        lower(design).run([200, 100])


def test_zeros_have_no_lane_and_powers_of_two_no_multiplier():
    plan = lower(convolver.FIRDesign([0, 1, -4, 3, 0, 7]))
    assert plan.lanes == 4
    assert plan.multipliers == 2
    assert lower(convolver.FIRDesign([0, 1, -4], coefficient="s8", loadable=True)).multipliers == 3


def test_latency_and_clocks_are_the_sum_of_the_stages():
    design = Conv2DDesign(3 * np.ones((3, 3), int), shift=3, output="u8", columns=640, structure="direct")
    plan = lower(design)
    # accept 2, raster 1, line buffer 2, rows 2, window 2, multiplier 3, tree of 9 lanes 4, rounding 2, saturation 1, buffer 3
    assert plan.latency == 22
    assert plan.timing.frame_clocks(480, 640) == 480 * 640 + 640 + 1 + 22
    assert lower(design.replace(mode="valid")).latency == 20
    assert plan.memory_bits("line buffer") == 2 * 8 * 640
    assert plan.buffer_depth == 32
    assert plan.memory_bits("output buffer") == 32 * (8 + 3)


def test_kernels_that_take_no_multiplier_are_one_graph_of_adders():
    design = Conv2DDesign([[1, 2, 1], [2, 4, 2], [1, 2, 1]], shift=4, output="u8", columns=640)
    plan = lower(design)
    assert [type(one) for one in plan.filters] == [AdderProduct, AdderProduct]  # a column and a row
    assert plan.stages == lower(design.replace(multipliers=0)).stages
    for other in (
        {"structure": "direct"},
        {"multipliers": 1},
        {"clocks_per_pixel": 2},
        {"loadable": True, "coefficient": "u3"},
    ):
        assert not any(isinstance(one, AdderProduct) for one in lower(design.replace(**other)).filters)
    assert not isinstance(lower(design.replace(kernel=[[1, 2, 1], [2, 5, 2], [1, 2, 1]])).arrays[0], AdderProduct)


def test_the_products_of_a_wide_tree_have_a_register_on_the_way():
    narrow, wide = (lower(Conv2DDesign(np.ones((4, columns), int), loadable=True)) for columns in (4, 5))
    assert (narrow.cycles_in(ProductRegisters, Tree), wide.cycles_in(ProductRegisters, Tree)) == (4, 1 + 5)
    assert lower(FIRDesign([1] * 16, loadable=True)).cycles_in(RoutingRegisters, ProductRegisters) == 0  # in trees of 8
    few, many = (lower(FIRDesign([1] * taps, loadable=True)) for taps in (16, 17))
    assert many.cycles_in(RoutingRegisters, ProductRegisters) == 0
    assert [plan.cycles_in(GroupChain) - len(plan.arrays[0].groups) for plan in (few, many)] == [0, 1]  # sums wait once
    assert lower(FIRDesign([1] * 4, data="s16", coefficient="s16", loadable=True)).cycles_in(ProductRegisters, Align) == 1 + 1


def test_frames_back_to_back_wait_only_if_shorter_than_their_end():
    plan = lower(Conv2DDesign(np.ones((5, 7), int), rows=9, columns=9))
    assert plan.timing.lag == (2, 3)
    assert plan.timing.frame_interval(3, 9) == 27
    assert plan.timing.frame_interval(2, 9) == 18 + 2 * 9 + 3
    assert plan.timing.frame_clocks(2, 9, frames=3) == 2 * 39 + 39 + plan.latency


@pytest.mark.parametrize(
    ("kernel", "operation", "boundary", "lag", "lines"),
    [
        ((4, 6), "convolve", "symmetric", (1, 2), 3),
        ((4, 6), "convolve", "reflect", (2, 3), 4),  # a row and a column more to look ahead
        ((4, 6), "correlate", "symmetric", (2, 3), 3),
        ((4, 6), "correlate", "reflect", (2, 3), 4),  # a row more to look back
        ((5, 7), "convolve", "reflect", (2, 3), 4),
    ],
)
def test_a_reflected_border_reaches_beyond_an_even_window(kernel, operation, boundary, lag, lines):
    design = Conv2DDesign(np.ones(kernel, int), operation=operation, boundary=boundary, rows=20, columns=30)
    plan = lower(design)
    assert (plan.timing.lag, plan.stage(LineBuffer).rows) == (lag, lines)
    assert plan.memory_bits("line buffer") == lines * 8 * design.frame_axes[1].most


def test_planning_grows_no_faster_than_the_taps():
    small, large = (lower(convolver.FIRDesign([3] * taps)) for taps in (64, 256))
    nodes = [
        sum(len(level) for tree in plan.arrays[0].tree.adders for level in tree) + len(plan.arrays[0].chain.adders)
        for plan in (small, large)
    ]
    assert nodes[1] <= 4 * nodes[0] + 16


def test_the_table_names_every_stage_and_lane():
    table = lower(convolver.FIRDesign([3, -1])).explain()
    assert "latency" in table
    assert [line.split() for line in table.splitlines() if line.startswith("0 ")] == [
        ["0", "0", "0", "3", "s18"],
        ["0", "1", "1", "-1", "s17"],
    ]


def test_a_cascade_is_7_series_and_where_everything_fits():
    plain = {"data": "s16", "coefficient": "s16", "loadable": True}
    plan = lower(convolver.FIRDesign([1] * 16, **plain), "7-series")
    assert isinstance(plan.arrays[0], CascadedProduct)
    assert [len(group) for group in plan.arrays[0].groups] == [1] * 16
    assert not plan.arrays[0].carry_cuts
    assert plan.cycles_in(Multiply, Tree, GroupChain, Align) == 2 + 16
    elsewhere = (lower(convolver.FIRDesign([1] * 16, **plain), family) for family in (None, "ecp5", "ice40"))
    assert {(isinstance(other.arrays[0], CascadedProduct), other.latency) for other in elsewhere} == {
        (False, lower(plan.design).latency)
    }
    pairs = lower(convolver.FIRDesign([1] * 16, symmetry="symmetric", **plain), "7-series")
    assert isinstance(pairs.arrays[0], CascadedProduct)
    assert pairs.cycles_in(PreAdd, Multiply, Tree, GroupChain, Align) == 1 + 2 + 8
    # A pre-adder stands before the longer factor alone.
    wide = {"coefficient": "s25", "symmetry": "symmetric"}
    others = ({"clocks_per_sample": 4}, wide, {"data": "u25"}, {"data": "s19", "coefficient": "s19"})
    for change in others:
        assert not isinstance(lower(convolver.FIRDesign([1] * 16, **(plain | change)), "7-series").arrays[0], CascadedProduct)
    assert isinstance(
        lower(convolver.FIRDesign([1] * 16, data="s25", coefficient="s18", loadable=True), "7-series").arrays[0],
        CascadedProduct,
    )
    # 43 bits a product: of 64 the sum has 49.
    wide = convolver.FIRDesign([1] * 64, data="s25", coefficient="s18", loadable=True)
    assert not isinstance(lower(wide, "7-series").arrays[0], CascadedProduct)
    assert lower(convolver.FIRDesign([1, 0, -4, 3]), "7-series").multipliers == 3
    assert lower(convolver.FIRDesign([1, 0, -4, 3])).multipliers == 1


@pytest.mark.parametrize(
    ("data", "coefficient", "expected"),
    [
        # For any device, on ECP5, iCE40 and 7-series: clocks of a product, and multipliers of three.
        ("s16", "u16", ((3, 3), (3, 3), (3, 3), (3, 3))),
        ("u8", "s8", ((3, 3), (3, 3), (3, 2), (3, 3))),
        ("s17", "s16", ((3, 3), (3, 3), (4, 6), (3, 3))),
        ("u18", "u18", ((3, 3), (3, 3), (5, 12), (4, 6))),
        ("s25", "s18", ((4, 6), (4, 6), (5, 12), (3, 3))),
        ("u32", "s32", ((5, 12), (5, 12), (5, 12), (5, 12))),
    ],
)
def test_wide_products_take_several_multipliers_and_clocks(data, coefficient, expected):
    design = convolver.FIRDesign([1, 2, 3, 2, 1], data=data, coefficient=coefficient, loadable=True, clocks_per_sample=2)
    plans = [lower(design, family) for family in (None, "ecp5", "ice40", "7-series")]
    assert tuple((plan.cycles_in(Multiply), plan.hard_multipliers) for plan in plans) == expected
    assert {plan.multipliers for plan in plans} == {3}


def test_parts_hold_every_bit_once():
    for width in range(1, 34):
        for signed in (False, True):
            for family in (None, "ecp5", "ice40", "7-series"):
                factors = Format(width, signed), Format(33 - width or 1, not signed)
                for factor, cuts in zip(factors, TARGETS[family].pieces(*factors), strict=True):
                    assert [bit for part in cuts for bit in part] == list(range(factor.width))
