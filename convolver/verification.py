"""Runs the circuit that is in a bitstream behind the host's own driver."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .counting import counted
from .designs import Design
from .errors import ConvolverError, DeviceRestarted
from .host.deadlines import Timing

if TYPE_CHECKING:
    from .boards.bitstream import Circuit
    from .host.device import Device
    from .sim.twin.timed import TimedTwin

__all__ = ["Delayed", "delayed", "opened"]

_RATE = 115_200
"""Bits a second that the driver is told, which its patience follows: about what the circuit gets through on one core."""


@dataclass(frozen=True)
class Delayed:
    """What became of a circuit with its delays at one speed.

    Parameters
    ----------
    speed : float
        How many times as fast as the board's its oscillator was.
    clocks : str
        What its clocks were then.
    seed : int
    wrong : str
        What differed, or how the call ended; empty if every result was the golden model's.
    frames, samples, resets : int
        What went through, and how often the device was reset in the middle of a call.
    late : tuple of str
        Cells that took a level within their own clock that came too late.
    crossing : int
        How often others did, whose levels come from another clock or a pad: they may.
    """

    speed: float
    clocks: str
    seed: int
    wrong: str
    frames: int
    samples: int
    resets: int
    late: tuple[str, ...]
    crossing: int

    @property
    def sound(self) -> bool:
        """Whether all was right, and in time."""
        return not self.wrong and not self.late

    def __str__(self) -> str:
        lately = f"{len(self.late)} cells took levels too late, {self.late[0]} among them" if self.late else "no level too late"
        if self.wrong:
            return f"at {self.clocks}: {self.wrong}; {lately}"
        reset = f", {self.resets} resets in the middle of a call" * bool(self.resets)
        sent = f"{counted(self.frames, 'frame')}, {counted(self.samples, 'sample')}"
        return f"at {self.clocks}: {sent}{reset}: every result right, {lately}"


_PATIENCE = Timing(retry=0.004, retry_min=0.001, retry_max=0.016, progress=0.02, opening=0.04)
"""A second of a device takes minutes here: its host is less patient."""


def delayed(
    circuit: "Circuit",
    design: Design | None,
    speed: float = 1.0,
    seed: int = 1,
    *,
    frames: int = 1,
    shape: tuple[int, ...] | None = None,
    resets: int = 0,
    undefined: bool = False,
    step: Callable[[str], None] | None = None,
) -> Delayed:
    """Runs a circuit with its delays behind the host's driver, from power-on.

    Its time is the device's: how fast the machine is makes no difference.

    Parameters
    ----------
    circuit : Circuit
        With its delays.
    design : Design, optional
        What it must carry.
    speed : float
        How many times as fast as the board's its oscillator is.
    seed : int
        Of what isn't defined: contents of RAMs at power-up, the moment in a clock at which its input changes, what a register
        takes that is too late, the moments of the resets.
    frames : int
        Random frames, behind the self-test's extremes.
    shape : tuple of int, optional
        Frames are no larger; by default as large as the self-test's.
    resets : int
        How often the PLL loses its clock in the middle of a call. The host may be told so; the next call must be right.
    undefined : bool
        Whether registers, and block RAMs that the bitstream fills with 0, start with anything.
    step : callable, optional
        Called with a title before what may take longer than a second.

    Raises
    ------
    ToolError
        If the delays aren't known, are of another circuit, or there is no C++ compiler.
    """
    from .host.device import Device as Host
    from .host.link import LinkTransport
    from .selftest import cases, check
    from .sim.twin.board import BoardPipe
    from .sim.twin.timed import TimedTwin

    tick = round(1e12 / (circuit.clock_hz * speed))
    table = circuit.timed_table(tick, seed, undefined=undefined)
    twin = TimedTwin(table, round(1e12 / tick), circuit.byte_clocks, step)
    pipe = BoardPipe(twin)
    wrong, count, samples = "", 0, 0
    try:
        with Host(LinkTransport(pipe, design, timing=_PATIENCE, clock=pipe.time)) as device:
            for case in cases(device.design, frames, seed, shape):
                if step is not None:
                    step(f"at {circuit.clocks(speed)}: {case.name}")
                wrong = check(device, case) or ""
                count, samples = count + 1, samples + case.samples.size
                if wrong:
                    break
            for number in range(resets * (not wrong)):
                if step is not None:
                    step(f"at {circuit.clocks(speed)}: reset {number + 1}")
                wrong = _reset_within(device, twin, circuit, seed + number, shape)
                if wrong:
                    break
    except ConvolverError as error:
        wrong = str(error)
    late = twin.violations(len(circuit.timed.places))
    own = [place for number, place in enumerate(circuit.timed.places) if late[number] and number not in circuit.timed.crossing]
    crossing = sum(int(late[number]) for number in circuit.timed.crossing)
    return Delayed(speed, circuit.clocks(speed), seed, wrong, count, samples, resets, tuple(own), crossing)


def _reset_within(device: "Device", twin: "TimedTwin", circuit: "Circuit", seed: int, shape: tuple[int, ...] | None) -> str:
    """Lets the PLL lose its clock in the middle of a call, and come back; says what is wrong then."""
    from .selftest import cases, check

    lock = circuit.netlist.locked
    assert lock is not None
    random = np.random.default_rng(seed)
    case = next(case for case in cases(device.design, 1, seed, shape) if case.name == "random frame 1")
    if wrong := check(device, case):
        return wrong
    begun, ticks = twin.clocks, int(2 * case.samples.size * case.design.sample.bytes * circuit.byte_clocks)
    fails = begun + int(random.integers(ticks))
    for level, moment in ((False, fails), (True, fails + int(random.integers(1, 200)))):
        twin.put(lock, level, moment, int(random.integers(10**12 // twin.clock_hz)))
    with suppress(DeviceRestarted):
        wrong = check(device, case)
    return wrong or check(device, case) or ""


@contextmanager
def opened(
    circuit: "Circuit", design: Design | None = None, seed: int = 0, step: Callable[[str], None] | None = None
) -> Iterator["Device"]:
    """A device that is a bitstream's circuit, behind a pseudo-terminal, as the driver finds a board behind its port.

    Parameters
    ----------
    circuit : Circuit
        Of `convolver.boards.bitstream.read`.
    design : Design, optional
        What it must carry.
    seed : int
        Of what isn't defined at power-up.
    step : callable, optional
        Called with a title before what may take longer than a second.

    Raises
    ------
    LinkError
        If nothing there speaks the link's protocol, or it carries another design.
    ToolError
        If there is no C++ compiler, or the circuit isn't a board's of ours.
    """
    from . import open as open_device
    from .sim.twin.board import serving
    from .sim.twin.fabric import FabricTwin

    twin = FabricTwin(circuit.table(seed), circuit.clock_hz, circuit.byte_clocks, step)
    with serving(twin) as terminal, open_device(f"serial://{terminal.port}?baud={_RATE}", design) as device:
        yield device
