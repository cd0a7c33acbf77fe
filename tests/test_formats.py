"""Number formats: limits, names, and the smallest format for a range.

The roundings are in tests/sim/golden/test_golden.py.
"""

import itertools

import pytest

import convolver
from convolver import DesignError, Format
from convolver import formats as module
from convolver.formats import OVERFLOWS, ROUNDINGS, round_shift

WIDTHS = (1, 2, 8, 17, 32, 63, 64, 65, 256)


@pytest.mark.parametrize("width", WIDTHS)
def test_limits(width):
    unsigned, signed = Format(width, False), Format(width, True)
    assert (unsigned.min, unsigned.max) == (0, 2**width - 1)
    assert (signed.min, signed.max) == (-(2 ** (width - 1)), 2 ** (width - 1) - 1)
    for form in (unsigned, signed):
        assert form.min in form
        assert form.max in form
        assert form.min - 1 not in form
        assert form.max + 1 not in form


@pytest.mark.parametrize(("width", "size"), [(1, 1), (8, 1), (9, 2), (31, 4), (64, 8), (67, 9), (256, 32)])
@pytest.mark.parametrize("signed", [False, True])
def test_whole_bytes(width, size, signed):
    assert Format(width, signed).bytes == size


@pytest.mark.parametrize(("width", "signed"), [*itertools.product(WIDTHS, (False, True))])
def test_names_are_read_back(width, signed):
    for fraction in {0, 1, width - 1, width, min(width + 3, 255), 255} & {*range(256)}:
        form = Format(width, signed, fraction)
        assert Format.parse(str(form)) == form


@pytest.mark.parametrize(
    ("name", "width", "signed", "fraction"),
    [
        ("u8", 8, False, 0),
        ("s16", 16, True, 0),
        ("q1_15", 16, True, 15),
        ("uq0_8", 8, False, 8),
        ("q-2_10", 8, True, 10),
        ("u256", 256, False, 0),
    ],
)
def test_names(name, width, signed, fraction):
    form = Format(width, signed, fraction)
    assert Format.parse(name) == form
    assert str(form) == name


def test_shorthands_are_what_their_names_say():
    found = [name for name in module.__all__ if isinstance(getattr(module, name), Format)]
    assert len(found) == 17
    for name in found:
        assert str(getattr(module, name)) == name
        assert getattr(convolver, name) is getattr(module, name)


@pytest.mark.parametrize(
    ("low", "high", "name"),
    [
        (0, 0, "u1"),
        (0, 1, "u1"),
        (0, 2, "u2"),
        (3, 255, "u8"),
        (0, 256, "u9"),
        (-1, -1, "s1"),
        (-1, 0, "s1"),
        (-1, 1, "s2"),
        (-2, 1, "s2"),
        (-3, 1, "s3"),
        (-128, 127, "s8"),
        (-128, 128, "s9"),
        (-129, 0, "s9"),
        (-(2**63), 2**63 - 1, "s64"),
        (0, 2**64 - 1, "u64"),
    ],
)
def test_holding_is_the_narrowest(low, high, name):
    form = Format.holding(low, high)
    assert str(form) == name
    assert low in form
    assert high in form
    if form.width > 1:
        narrower = Format(form.width - 1, form.signed)
        assert low not in narrower or high not in narrower


def test_holding_keeps_the_fraction():
    assert Format.holding(-3, 3, 2) == Format(3, True, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Format(0, False), "Width must be an integer between 1 and 256, not 0"),
        (lambda: Format(257, False), "Width must be an integer between 1 and 256, not 257"),
        (lambda: Format(8.5, False), "Width must be an integer between 1 and 256, not 8.5"),
        (lambda: Format(True, False), "Width must be an integer between 1 and 256, not True"),
        (lambda: Format(8, 1), "Signed must be True or False, not 1"),
        (lambda: Format(8, True, -1), "Fraction must be an integer between 0 and 255, not -1"),
        (lambda: Format(8, True, 256), "Fraction must be an integer between 0 and 255, not 256"),
        (lambda: Format(8, True, False), "Fraction must be an integer between 0 and 255, not False"),
        (lambda: Format.parse("x8"), "A format is written like u8, s16, q1_15 or uq0_8, not 'x8'"),
        (lambda: Format.parse("s8 "), "A format is written like u8, s16, q1_15 or uq0_8, not 's8 '"),
        (lambda: Format.parse("s٨"), "A format is written like u8, s16, q1_15 or uq0_8, not 's٨'"),
        (lambda: Format.parse("u0"), "Width must be an integer between 1 and 256, not 0"),
        (lambda: Format.parse("q0_256"), "Fraction must be an integer between 0 and 255, not 256"),
        (
            lambda: Format.parse("s" + "9" * 5000),
            f"A format is written like u8, s16, q1_15 or uq0_8, not 's{'9' * 36}...{'9' * 38}'",
        ),
        (lambda: Format.parse(8), "A format is written like u8, s16, q1_15 or uq0_8, not 8"),
        (lambda: Format.holding(0, "9"), "High must be an integer, not '9'"),
        (lambda: Format.holding(1, 0), "A range must not be empty: 1 to 0"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(DesignError) as caught:
        call()
    assert str(caught.value) == message


def test_formats_are_values():
    assert Format(8, False) == convolver.u8
    assert hash(Format(8, False)) == hash(convolver.u8)
    assert len({Format(8, False), convolver.u8, Format(8, True)}) == 2
    with pytest.raises(AttributeError):
        convolver.u8.width = 9  # type: ignore[misc]


def test_the_words():
    assert ROUNDINGS == ("floor", "half_up", "half_even", "half_away", "toward_zero")
    assert OVERFLOWS == ("saturate", "wrap")


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        #              -2.5  -1.5  -0.75 -0.5  -0.25   0  0.25  0.5  0.75  1.5  2.5
        ("floor", (-3, -2, -1, -1, -1, 0, 0, 0, 0, 1, 2)),
        ("half_up", (-2, -1, -1, 0, 0, 0, 0, 1, 1, 2, 3)),
        ("half_even", (-2, -2, -1, 0, 0, 0, 0, 0, 1, 2, 2)),
        ("half_away", (-3, -2, -1, -1, 0, 0, 0, 1, 1, 2, 3)),
        ("toward_zero", (-2, -1, 0, 0, 0, 0, 0, 0, 0, 1, 2)),
    ],
)
def test_roundings_by_hand(rounding, expected):
    quarters = (-10, -6, -3, -2, -1, 0, 1, 2, 3, 6, 10)
    assert tuple(round_shift(value, 2, rounding) for value in quarters) == expected
    assert tuple(round_shift(value, 0, rounding) for value in quarters) == quarters
