"""What callers hand in: taken where the meaning is clear, else a `ConvolverError` of one line, whatever it is."""

import asyncio
import contextlib
import inspect
import itertools
from collections.abc import Callable
from typing import Any

import pytest

import convolver
from convolver import Conv2DDesign, ConvolverError, DataError, FIRDesign, Format, opening
from convolver.designs import design_from_dict, design_from_json
from convolver.host.device import Device
from convolver.measure import measure_response

from .odd_values import ODD
from .test_functions import GoldenTransport

LOW: dict[str, Any] = {"passband": 3000, "stopband": 9000, "fs": 48_000, "taps": 9}
FIR, LOADABLE = FIRDesign([1, 2, 3]), FIRDesign([1, 2, 1], coefficient="s8", loadable=True, symmetry="symmetric")
BLUR = Conv2DDesign([[1, 2], [3, 4]], rows=8, columns=8)
SWITCHED = BLUR.replace(switchable=True)


class Transport(GoldenTransport):
    """Whose border doesn't matter: no result is looked at."""

    def switch(self, boundary: str, fill: int, stage: int = 0) -> None:
        assert isinstance(boundary, str)
        assert type(fill) is int


def of(design: Any) -> Device:
    return Device(Transport(design))


CALLS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "convolve": (convolver.convolve, {"in1": [1, 2], "in2": [3], "mode": "full", "method": "auto"}),
    "correlate": (convolver.correlate, {"in1": [1, 2], "in2": [3], "mode": "full", "method": "auto"}),
    "convolve2d": (
        convolver.convolve2d,
        {"in1": [[1, 2]], "in2": [[3]], "mode": "full", "boundary": "fill", "fillvalue": 0},
    ),
    "correlate2d": (
        convolver.correlate2d,
        {"in1": [[1, 2]], "in2": [[3]], "mode": "full", "boundary": "fill", "fillvalue": 0},
    ),
    "lfilter": (convolver.lfilter, {"b": [1, 2], "a": 1, "x": [1, 2], "axis": -1, "zi": [1]}),
    "maximum_filter1d": (
        convolver.maximum_filter1d,
        {"input": [1, 2], "size": 3, "axis": -1, "mode": "reflect", "cval": 0, "origin": 0},
    ),
    "at_rate": (convolver.at_rate, {"design": FIR, "clock": 100e6, "rate": 1e6}),
    "Shell": (convolver.Shell, {"registers": "full"}),
    "Fork": (convolver.Fork, {"branches": [convolver.FIRDesign([1, 2]), convolver.FIRDesign([3])], "join": "sum"}),
    "Pipeline": (convolver.Pipeline, {"stages": [convolver.FIRDesign([1, 2])]}),
    "ResampleDesign": (convolver.ResampleDesign, convolver.ResampleDesign([1, 2, 3], 2, 3).to_dict()),
    "CICDesign": (convolver.CICDesign, convolver.CICDesign(3, down=8).to_dict()),
    "resampler": (
        convolver.resampler,
        {"fs_in": 4, "fs_out": 2, "passband": 0.8, "ripple_db": 1, "attenuation_db": 20, "stopband": 1, "format": "s8"},
    ),
    "compensator": (
        convolver.compensator,
        {"cic": convolver.CICDesign(2, down=4), "passband": 0.1, "stopband": 0.3, "taps": 5, "coefficient_width": 8},
    ),
    "upfirdn": (convolver.upfirdn, {"h": [1, 2], "x": [1, 2], "up": 2, "down": 3, "axis": 0, "mode": "edge", "cval": 0}),
    "resample_poly": (
        convolver.resample_poly,
        {"x": [1, 2], "up": 2, "down": 3, "axis": 0, "window": [1, 2], "padtype": "constant", "cval": 0},
    ),
    "decimate": (convolver.decimate, {"x": [1, 2], "q": 2, "n": 3, "ftype": "fir", "axis": 0, "zero_phase": True}),
    "MovingMaximumDesign": (convolver.MovingMaximumDesign, {"size": 3, "data": "u8", "fill": 0}),
    "quantize": (convolver.quantize, {"kernel": [0.5], "format": "q1_7", "clip": False}),
    "Format": (Format, {"width": 8, "signed": True, "fraction": 0}),
    "Format.parse": (Format.parse, {"text": "u8"}),
    "Format.holding": (Format.holding, {"low": 0, "high": 1, "fraction": 0}),
    "FIRDesign": (FIRDesign, FIR.to_dict() | {"specified": None}),
    "Conv2DDesign": (Conv2DDesign, BLUR.to_dict()),
    "lowpass": (FIRDesign.lowpass, LOW | {"ripple_db": 3, "attenuation_db": 3, "coefficient": "s16", "multipliers": 2}),
    "lowpass, cutoff": (FIRDesign.lowpass, {"cutoff": 9000, "fs": 48_000, "taps": 31}),
    "highpass": (FIRDesign.highpass, LOW | {"passband": 9000, "stopband": 3000}),
    "bandpass": (FIRDesign.bandpass, LOW | {"passband": (6000, 9000), "stopband": [2000, 14_000]}),
    "bandpass, cutoff": (FIRDesign.bandpass, {"cutoff": (6000, 15_000), "fs": 48_000, "taps": 31}),
    "halfband": (FIRDesign.halfband, {"passband": 6000, "fs": 48_000, "taps": 7, "ripple_db": 3, "attenuation_db": 3}),
    "hilbert": (FIRDesign.hilbert, {"passband": 6000, "fs": 48_000, "taps": 7, "ripple_db": 3, "coefficient": "s16"}),
    "from_tables": (lambda fields: FIRDesign.from_tables(fields), {"fields": {"lowpass": LOW}}),
    "from_tables, table": (lambda table: FIRDesign.from_tables({"lowpass": table}), {"table": LOW}),
    "replace": (FIR.replace, {"shift": 0, "coefficients": [1, 2]}),
    "replace, 2-D": (BLUR.replace, {"kernel": [[1]], "stride": 2}),
    "with_weights": (FIR.with_weights, {"weights": [1, 2, 3]}),
    "with_weights, 2-D": (BLUR.with_weights, {"weights": [1, 2, 3, 4]}),
    "independent": (LOADABLE.independent, {"coefficients": [1, 2, 1]}),
    "complete": (LOADABLE.complete, {"independent": [1, 2]}),
    "output_shape": (BLUR.output_shape, {"rows": 4, "columns": 5}),
    "design_from_dict": (lambda plain: design_from_dict(plain), {"plain": FIR.to_dict()}),
    "design_from_dict, kind": (lambda kind: design_from_dict({"kind": kind, "coefficients": [1]}), {"kind": "fir"}),
    "design_from_dict, schema": (
        lambda schema: design_from_dict({"kind": "fir", "schema": schema, "coefficients": [1]}),
        {"schema": 1},
    ),
    "design_from_json": (lambda text: design_from_json(text), {"text": FIR.to_json()}),
    "load_design": (lambda path: convolver.load_design(path), {"path": "examples/blur.toml"}),
    "open, expected": (lambda expected: opening_of(FIR, expected), {"expected": FIR}),
    "device": (
        lambda samples, stack: of(FIR)(samples, stack=stack),
        {"samples": [1, 2], "stack": None},
    ),
    "device, 2-D": (
        lambda samples, boundary, fill: of(SWITCHED)(samples, boundary=boundary, fill=fill),
        {"samples": [[1, 2]], "boundary": "constant", "fill": 0},
    ),
    "load": (lambda coefficients: of(FIR.replace(loadable=True)).load(coefficients), {"coefficients": [1, 2, 3]}),
    "stream": (
        lambda joined, stack, ahead: list(of(FIR).stream([[1, 2]], joined=joined, stack=stack, ahead=ahead)),
        {"joined": False, "stack": None, "ahead": 8},
    ),
    "stream, items": (lambda items: list(itertools.islice(of(FIR).stream(items), 9)), {"items": [[1, 2], [3]]}),
    "astream, items": (lambda items: asyncio.run(asynchronous(items)), {"items": [[1, 2], [3]]}),
    "stream, item": (lambda item: list(of(FIR).stream([item], joined=True)), {"item": [1, 2]}),
    "measure_response": (lambda points: measure_response(of(FIR), points), {"points": 8}),
}


def opening_of(design: Any, expected: Any) -> Any:
    """`convolver.open`, but for the twin, which takes long to compile."""
    return real_open(design, expected) if expected is not None and not isinstance(expected, FIRDesign) else None


async def asynchronous(items: Any) -> None:
    async with of(FIR) as device:
        async with contextlib.aclosing(device.astream(items)) as results:
            for _ in range(9):
                await anext(results, None)


real_open = opening.open


@pytest.fixture(autouse=True)
def golden_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "open", of)


def refusal(call: Callable[..., Any], arguments: dict[str, Any]) -> str | None:
    """The message of what is refused; none of what is taken. Any other exception passes."""
    try:
        call(**arguments)
    except ConvolverError as error:
        return str(error)
    return None


@pytest.mark.parametrize("name", CALLS)
def test_whatever_is_handed_in_is_taken_or_refused_in_one_line(name: str) -> None:
    call, arguments = CALLS[name]
    plain = {key: value for key, value in arguments.items() if key not in ("kind", "schema") or name.startswith("design_from")}
    assert refusal(call, plain) is None
    faults = []
    for argument, (odd, make) in itertools.product(plain, ODD.items()):
        try:
            message = refusal(call, plain | {argument: make()})
        except Exception as error:  # noqa: BLE001  # the one that must not be
            faults.append(f"{argument}={odd}: {type(error).__name__}: {error}")
            continue
        if message is not None and (len(message.splitlines()) != 1 or len(message) > 600):
            faults.append(f"{argument}={odd}: {message!r}")
    assert not faults, "\n".join(faults)


def test_what_is_told_of_progress_is_a_function() -> None:
    with pytest.raises(DataError) as caught:
        of(FIR)([1, 2], progress=[1, 2])  # type: ignore[arg-type]
    assert str(caught.value) == "Progress must be a function of two numbers, not [1, 2]"


RESULTS = ("Quantized", "Resampler", "Specified", "load_design", "open")


def test_every_public_name_is_called_above() -> None:
    """Errors and numbers aren't called; `Quantized`, `Resampler` and `Specified` are results, made by what is."""
    covered = {call for call, _ in CALLS.values()}
    for name in convolver.__all__:
        thing = getattr(convolver, name)
        if not callable(thing) or (inspect.isclass(thing) and issubclass(thing, Exception)):
            continue
        assert thing in covered or name in RESULTS, name


@pytest.mark.parametrize("name", convolver.__all__)
def test_a_signature_names_formats_in_short(name):
    """As `help()` shows it."""
    public = getattr(convolver, name)
    for made in (public, *vars(public).values()) if inspect.isclass(public) else (public,):
        with contextlib.suppress(TypeError, ValueError):  # what has none
            assert "Format(" not in str(inspect.signature(made))
