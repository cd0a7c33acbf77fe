"""What is promised, as plain values: the files of a release in tests/promises/VERSION.

python -m tests.promises.record        writes those of this version, once, when it is released
"""

import enum
import inspect
import json
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np

import convolver
from convolver import errors, protocol
from convolver.cli import app, exit_codes
from convolver.designs import KINDS, Design
from convolver.designs.base import SCHEMA
from convolver.host import frames
from convolver.host import registers as host_registers
from convolver.promises import API_VERSION
from convolver.sim import golden

from ..random_designs import seeded

__all__ = ["DESIGNS", "HERE", "checksum", "recorded", "samples_of"]

HERE = Path(__file__).parent
DESIGNS = 3
"""Random designs of each kind."""


def samples_of(design: Design) -> Any:
    """Samples that are the same whatever numpy's generators do: a small congruential one's."""
    shape = (*(min(size, 24) for size in design.trial_shape), *design.sample_axes)
    values, state = [], 12345
    for _ in range(int(np.prod(shape))):
        state = (state * 1103515245 + 12345) % 2**31
        values.append(design.sample.min + (state >> 7) % (design.sample.max - design.sample.min + 1))
    return np.array(values, np.int64).reshape(shape)


def checksum(design: Design) -> int:
    """The CRC-32 of a design's results of these samples, as decimal numbers."""
    results = golden.run(design, samples_of(design))
    return zlib.crc32(f"{results.shape} {' '.join(str(int(value)) for value in results.flat)}".encode())


def _parameters(call: Any) -> list[list[str]]:
    """Names of the parameters of a call, how each is given, and its default, if it has one."""
    return [
        [one.name, one.kind.name, "" if one.default is one.empty else str(one.default)]
        for one in inspect.signature(call).parameters.values()
    ]


def recorded() -> dict[str, Any]:
    """All of it, by the file that it goes into."""
    import typer.main

    public = {name: getattr(convolver, name) for name in convolver.__all__}
    frame = frames.Frame(protocol.Type.WRITE, 3, 250, 7, 0x1234, bytes(range(12)), poll=True)
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # a group's
    return {
        "designs": {
            "schema": SCHEMA,
            "designs": [
                {"json": design.to_json(), "toml": design.to_toml(), "results": checksum(design)}
                for kind in KINDS
                for design in (seeded(number, kind) for number in range(DESIGNS))
            ],
        },
        "registers": {
            "version": host_registers.MAP_VERSION,
            "identity": host_registers.IDENTITY,
            "stage_bytes": host_registers.STAGE_BYTES,
            "errors": list(host_registers.ERRORS),
            "addresses": {register.name: int(register) for register in host_registers.Register},
        },
        "protocol": {
            "version": protocol.VERSION,
            "types": {kind.name: int(kind) for kind in protocol.Type},
            "drops": [drop.value for drop in protocol.Drop],
            "frame": frame.wire().hex(),
        },
        "api": {
            "version": API_VERSION,
            "calls": {
                name: _parameters(call)
                for name, call in public.items()
                if callable(call) and not (isinstance(call, type) and issubclass(call, convolver.ConvolverError))
            },
            "errors": {
                name: [error.exit_code, [base.__name__ for base in error.__mro__[1:-3]]]
                for name, error in vars(errors).items()
                if isinstance(error, type) and issubclass(error, errors.ConvolverError)
            },
            "formats": {name: str(value) for name, value in public.items() if isinstance(value, convolver.Format)},
            "exit_codes": {name: value for name, value in vars(exit_codes).items() if name in exit_codes.__all__},
            "commands": {
                name: sorted(option for parameter in command.params for option in parameter.opts)
                for name, command in commands.items()
            },
        },
    }


def main() -> int:
    folder = HERE / convolver.__version__
    if folder.exists() and "--again" not in sys.argv:
        print(f"{folder} is there already: what is released stays as it is; --again before the release", file=sys.stderr)
        return 1
    folder.mkdir(exist_ok=True)
    for name, content in recorded().items():
        (folder / f"{name}.json").write_text(json.dumps(content, indent=1, default=_plain) + "\n", encoding="utf-8")
    return 0


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, enum.Enum) else str(value)


if __name__ == "__main__":
    sys.exit(main())
