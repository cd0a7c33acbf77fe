"""What a device's methods are given: anything of a wrong type is refused in one line, before anything is sent."""

import asyncio
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import convolver
from convolver import Conv2DDesign, FIRDesign
from convolver.errors import ConvolverError, DataError, DesignError
from convolver.host.device import Device

from .test_device import GoldenTransport

FIR = FIRDesign([1, 2, 3], data="s16", loadable=True)
IMAGES = Conv2DDesign([[1, 2], [3, 4]], rows=16, columns=16, switchable=True, loadable=True)
ARRAYS = {FIR: [1, 2, 3], IMAGES: [[1, 2], [3, 4]]}
SETS = {FIR: FIR.coefficients, IMAGES: IMAGES.kernel}

WRONG_SECONDS = {
    "'1'": "1",
    "b'1'": b"1",
    "True": True,
    "np.True_": np.True_,
    "-1": -1,
    "-0.001": -0.001,
    "nan": float("nan"),
    "1j": 1j,
    "[1]": [1],
    "Decimal('1')": Decimal(1),
    "an integer of 1329 bits": 10**400,
    "an integer of 16610 bits": 10**5000,
}


def used_up(call):
    """Whatever a method gives, to its end."""
    result = call()
    if hasattr(result, "__next__"):
        return list(result)
    if hasattr(result, "__anext__"):

        async def all_of():
            return [one async for one in result]

        return asyncio.run(all_of())
    return asyncio.run(result) if asyncio.iscoroutine(result) else result


def calls(device, array, coefficients):
    """Each method that takes the option, as a function of it."""
    return {
        "timeout": [
            lambda value: device(array, value),
            lambda value: device.stream([array], value),
            lambda value: device.acall(array, value),
            lambda value: device.astream([array], value),
            lambda value: device.load(coefficients, value),
        ],
        "stack": [
            lambda value: device(array, stack=value),
            lambda value: device.stream([array], stack=value),
            lambda value: device.acall(array, stack=value),
            lambda value: device.astream([array], stack=value),
        ],
        "joined": [
            lambda value: device.stream([array], joined=value),
            lambda value: device.astream([array], joined=value),
        ],
        "ahead": [
            lambda value: device.stream([array], ahead=value),
            lambda value: device.astream([array], ahead=value),
        ],
        "progress": [lambda value: device(array, progress=value)],
        "items": [device.stream, device.astream],
        "boundary": [lambda value: device(array, boundary=value)],
        "samples": [device, lambda value: device.stream([value]), device.acall, lambda value: device.astream([value])],
        "coefficients": [device.load],
    }


CASES = [
    *(
        ("timeout", value, f"Timeout must be a number of seconds, 0 or more, not {shown}")
        for shown, value in WRONG_SECONDS.items()
    ),
    ("stack", 1, "Stack must be True or False, not 1"),
    ("stack", "yes", "Stack must be True or False, not 'yes'"),
    ("stack", [True], "Stack must be True or False, not [True]"),
    ("joined", None, "Joined must be True or False, not None"),
    ("joined", 1, "Joined must be True or False, not 1"),
    ("ahead", "8", "Ahead must be an integer from 0, not '8'"),
    ("ahead", 1.5, "Ahead must be an integer from 0, not 1.5"),
    ("ahead", True, "Ahead must be an integer from 0, not True"),
    ("ahead", None, "Ahead must be an integer from 0, not None"),
    ("ahead", -1, "Ahead must be an integer from 0, not -1"),
    ("progress", 5, "Progress must be a function of two numbers, not 5"),
    ("items", 5, "The arrays of a stream must be an iterable, not 5"),
    ("items", None, "The arrays of a stream must be an iterable, not None"),
    ("items", np.array(5), "The arrays of a stream must be an iterable, not array(5)"),
]


@pytest.mark.parametrize("design", ARRAYS)
@pytest.mark.parametrize(("option", "value", "message"), CASES, ids=range(len(CASES)))
def test_wrong_types_are_refused(design, option, value, message):
    transport = GoldenTransport(design)
    transport.load = lambda *_arguments: pytest.fail("it was sent")
    device = Device(transport)
    for call in calls(device, ARRAYS[design], SETS[design])[option]:
        with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
            used_up(lambda call=call: call(value))
    assert not transport.frames


@pytest.mark.parametrize("timeout", [None, 0, 1, 2.5, np.float32(2), np.int64(3), Fraction(1, 2), float("inf")])
def test_seconds_of_any_kind_are_taken(timeout):
    seen = []
    transport = GoldenTransport(FIR)
    stream = transport.stream
    transport.stream = lambda take, give, timeout: (seen.append(timeout), stream(take, give))[1]
    Device(transport)([1, 2], timeout)
    assert seen == [None if timeout is None else float(timeout)]


def test_asynchronous_arrays_are_for_astream():
    async def source():
        yield [1]

    with pytest.raises(DataError, match=r"^The arrays of a stream must be an iterable; astream takes asynchronous ones$"):
        Device(GoldenTransport(FIR)).stream(source())


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (
            np.ma.masked_array([1, 2], [0, 1]),
            "Samples must have no masked values, as their mask would be lost; filled(0) puts zeros in their place",
        ),
        (np.array(["2020"], "M8[D]"), "Samples must be integers, not datetime64[D]"),
        ({}, "Samples must be integers, not {}"),
        ([10**5000], "Samples must be between -32768 and 32767 to fit s16, not an integer of 16610 bits"),
    ],
    ids=range(4),
)
def test_arrays_that_are_none(samples, message):
    for call in calls(Device(GoldenTransport(FIR)), None, None)["samples"]:
        with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
            used_up(lambda call=call: call(samples))


def test_a_masked_array_without_a_mask_is_an_array():
    assert Device(GoldenTransport(FIR))(np.ma.masked_array([1, 2], [0, 0])).tolist() == [1, 4]


HOSTILE = [
    *WRONG_SECONDS.values(),
    None,
    1.5,
    1,
    {},
    {1},
    object(),
    np.array([1, 2]),
    np.zeros((3, 3), int),
    np.zeros((2, 2, 2, 2)),
    np.array([], "U1"),
    np.array([(1, 2)], "i4, i4"),
    np.ma.masked_array([1, 2, 3], [0, 1, 0]),
    np.datetime64("2020"),
    [[1], [2, 3]],
    [1, "a"],
    [10**400, 1.5],
    range(3),
    slice(1),
    "edge",
    ["edge"],
    "a\nb",
]


@pytest.mark.parametrize("design", ARRAYS)
def test_whatever_is_given_is_taken_or_refused_in_one_line(design):
    device = Device(GoldenTransport(design))
    device._transport.border = design.boundary if design is IMAGES else None, 0
    messages = []
    for option, several in calls(device, ARRAYS[design], SETS[design]).items():
        for call in several:
            for value in HOSTILE:
                try:
                    used_up(lambda call=call, value=value: call(value))
                except ConvolverError as error:
                    messages.append((option, value, str(error)))
    assert len(messages) > 400
    assert [told for told in messages if not re.fullmatch(r"[A-Z][^\n]*", told[-1])] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((FIR, "s16"), "What is expected must be a design, not 's16'"),
        (("tcp://127.0.0.1:1", {"kind": "fir"}), "What is expected must be a design, not {'kind': 'fir'}"),
        ((b"serial://",), "What to open must be a design or an address such as serial:///dev/ttyUSB0, not b'serial://'"),
        (
            (np.eye(2),),
            "What to open must be a design or an address such as serial:///dev/ttyUSB0, not array([[1., 0.], [0., 1.]])",
        ),
    ],
)
def test_what_can_t_be_opened(arguments, message):
    with pytest.raises(DesignError, match=f"^{re.escape(message)}$"):
        convolver.open(*arguments)


def test_a_word_that_is_an_array():
    with pytest.raises(DesignError, match=r"^Rounding must be one of .*, not array\(\['floor'\], dtype='<U5'\)$"):
        FIRDesign([1], rounding=np.array(["floor"]))
