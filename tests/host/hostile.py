"""Far ends that mean harm: each speaks as a device does, up to a moment, and from then on as its script says.

Time is the pipe's own: ten seconds of a flood take as many reads as it has pieces.
"""

import itertools
import json
import random
import struct
import zlib

from convolver.errors import LinkError
from convolver.host.frames import Frame, FrameReceiver
from convolver.protocol import Type

from .device_model import Core, DeviceModel
from .line import Line

PIECE = 0.02
"""Seconds between two pieces of a flood."""


class HostilePipe(Line):
    """A line to a device that turns hostile once `turn` was called."""

    def __init__(self, design, script=None, core=None, seed=1):
        super().__init__(DeviceModel(design, core=core))
        self.script = script
        self.chance = random.Random(seed)
        self.hostile = None
        self.hears = FrameReceiver()
        self.heard = []  # sequenced frames since the turn
        self.written = 0

    def turn(self):
        """From now on the far end does what the script says."""
        self.session = self.device.session
        self.next = self.device.filled
        self.taken = self.device.expected
        self.acked = self.taken
        self.events.clear()
        self.inbox.clear()
        self.hostile = self.script(self)

    def frame(self, kind, payload=b"", seq=None, ack=None, limit=None, **flags):
        """A frame of this session, whose header fits what was heard unless it's said otherwise."""
        ack = self.taken if ack is None else ack
        limit = ack + 8 if limit is None else limit
        seq = self.next if seq is None else seq
        return Frame(kind, seq & 255, ack & 255, limit & 255, self.session, payload, **flags).wire()

    def sequenced(self, kind, payload=b"", **fields):
        """The next frame of the sequence."""
        self.next += 1
        return self.frame(kind, payload, seq=self.next - 1, **fields)

    def write(self, data, deadline):
        if self.hostile is None:
            return super().write(data, deadline)
        self.written += len(data)
        for frame in self.hears.feed(data):
            if frame.type is Type.HELLO:
                self.session, self.next, self.taken = frame.session, 0, 0
            elif frame.type.sequenced and frame.seq == self.taken & 255:
                self.taken += 1
                self.heard.append(frame)
        return len(data)

    def read(self, size, deadline):
        if self.hostile is None:
            return super().read(size, deadline)
        said = next(self.hostile, None)
        if said is None:
            self.time = max(self.time, deadline)
            return b""
        wait, data = said if isinstance(said, tuple) else (PIECE, said)
        self.time += wait
        return data


# Scripts: each yields what the host reads next, or how long it waits for that, too.


def moves_its_limit(far):
    """Acknowledges nothing; its limit goes up and down."""
    for number in itertools.count():
        yield far.frame(Type.DEVICE_ACK, ack=far.acked, limit=far.acked + number % 8)


def sends_empty_results(far):
    for _ in itertools.count():
        yield far.sequenced(Type.RESULTS)


def sends_empty_ends(far):
    for _ in itertools.count():
        yield far.sequenced(Type.RESULTS_END)


def asks_for_everything_again(far):
    for _ in itertools.count():
        yield far.frame(Type.DEVICE_ACK, ack=far.acked, resend=True) * 20


def polls_for_ever(far):
    for _ in itertools.count():
        yield far.frame(Type.DEVICE_ACK, ack=far.acked, limit=far.acked, poll=True) * 20


def says_goodbye_for_ever(far):
    for _ in itertools.count():
        yield Frame(Type.BYE).wire() * 100


def welcomes_for_ever(far):
    for _ in itertools.count():
        yield far.frame(Type.WELCOME, bytes(16)) * 20


def welcomes_to_an_old_session_for_ever(far):
    """So that the host tries another number each time."""
    for _ in itertools.count():
        yield far.frame(Type.WELCOME, bytes(16), seq=1)


def begins_a_frame_without_end(far):
    for _ in itertools.count():
        yield b"\x01" * 4096


def sends_delimiters_for_ever(far):
    for _ in itertools.count():
        yield bytes(8192)


def sends_noise_for_ever(far):
    for _ in itertools.count():
        yield far.chance.randbytes(4096)


def takes_everything_and_gives_nothing(far):
    for _ in itertools.count():
        yield far.frame(Type.DEVICE_ACK)


def says_nothing(far):
    yield from ()


def drips(far):
    """A byte of results whenever the host is about to give up."""
    yield far.sequenced(Type.WRITTEN)
    for _ in itertools.count():
        yield 9.0, far.sequenced(Type.RESULTS, b"x")


def answers_what_was_not_asked(far):
    for _ in itertools.count():
        yield far.sequenced(Type.VALUES, bytes(252))


def sends_any_frame(far):
    """Of this session and with a right check sum, and otherwise whatever comes to its mind."""
    chance = far.chance
    for _ in itertools.count():
        kind = chance.choice(list(Type))
        near = chance.random() < 0.7
        seq, ack = (far.next, far.taken) if near else (chance.randrange(256), chance.randrange(256))
        payload = chance.randbytes(chance.choice([0, 0, 1, 4, 12, 16, 255, 256]))
        flags = {"poll": chance.random() < 0.2, "resend": chance.random() < 0.2}
        far.next += near and kind.sequenced
        yield far.frame(kind, payload, seq=seq, ack=ack, limit=ack + chance.choice([0, 1, 8, 64, 200]), **flags)


SCRIPTS = {
    script.__name__: script
    for script in (
        moves_its_limit,
        sends_empty_results,
        sends_empty_ends,
        asks_for_everything_again,
        polls_for_ever,
        says_goodbye_for_ever,
        welcomes_for_ever,
        welcomes_to_an_old_session_for_ever,
        begins_a_frame_without_end,
        sends_delimiters_for_ever,
        sends_noise_for_ever,
        takes_everything_and_gives_nothing,
        says_nothing,
        answers_what_was_not_asked,
        sends_any_frame,
    )
}
"""Those that end a call by themselves; `drips` goes on as long as the call lets it."""


def welcoming(script):
    """The same script, of a device that answers each HELLO first: it meets the host while that opens the device."""

    def both(far):
        yield from iter(lambda: b"" if far.session == far.device.session else None, None)
        yield far.frame(Type.WELCOME, struct.pack("<BBHBBHII", 1, 8, 256, 2, 2, 0, 12_000_000, 7), seq=0, ack=0, limit=8)
        yield from script(far)

    return both


# Descriptions


def packed(text):
    return zlib.compress(text if isinstance(text, bytes) else text.encode(), 9)


FIR_FIELDS = '"kind":"fir","schema":1,"data":"s16","output":"s16"'
DESCRIPTIONS = {
    "bomb": packed(b"[" + b"1," * 4_000_000 + b"1]"),
    "spaces": packed(" " * 8_000_000),
    "table": packed(f'{{{FIR_FIELDS},"lowpass":{{"passband":3000,"stopband":3001,"fs":48000,"ripple_db":0.001}}}}'),
    "hidden table": packed(f'{{{FIR_FIELDS},"coefficients":[[{{"hilbert":{{}}}}]]}}'),
    "empty table": packed(f'{{{FIR_FIELDS},"bandpass":[]}}'),
    "deep": packed("[" * 60_000),
    "deep in a stage": packed('{"kind":"pipeline","stage":[{"kernel":' + "[" * 20 + "1" + "]" * 20 + "}]}"),
    "table in a stage": packed('{"kind":"pipeline","stage":[{"kind":"fir","lowpass":{"taps":99}}]}'),
    "stages in a stage": packed('{"kind":"pipeline","stage":[' * 4 + '{"kind":"fir"}' + "]}" * 4),
    "deep and closed": packed('{"kernel":' + "[" * 20_000 + "1" + "]" * 20_000 + "}"),
    "digits": packed(f'{{{FIR_FIELDS},"coefficients":[{"9" * 60_000}]}}'),
    "some digits": packed(f'{{{FIR_FIELDS},"coefficients":[{"9" * 4000}]}}'),
    "shift of many digits": packed(f'{{{FIR_FIELDS},"coefficients":[1],"shift":{"9" * 4000}}}'),
    "taps": packed(f'{{{FIR_FIELDS},"coefficients":[{"1," * 20_000}1]}}'),
    "float": packed(f'{{{FIR_FIELDS},"coefficients":[1e308]}}'),
    "not a number": packed(f'{{{FIR_FIELDS},"coefficients":[1],"shift":NaN}}'),
    "infinite": packed(f'{{{FIR_FIELDS},"coefficients":[Infinity]}}'),
    "long key": packed(json.dumps({"kind": "fir", "coefficients": [1], "k" * 50_000: 1})),
    "long word": packed(json.dumps({"kind": "f" * 50_000})),
    "terminal": packed(json.dumps({"kind": "fir", "coefficients": [1], "\x1b[2J\x1b]0;owned\x07\n": 1})),
    "terminal in a word": packed(json.dumps({"kind": "\x1b[2J\r\nall is well"})),
    "rows": packed('{"kind":"conv2d","kernel":[[1]],"rows":1000000000,"columns":1000000000}'),
    "stack": packed(json.dumps({"kind": "conv2d", "kernel": [[[1]]] * 5000})),
    "two objects": packed("{}{}"),
    "a list": packed("[]"),
    "latin": packed(b'{"kind":"f\xefr"}'),
    "no end": packed("{}")[:-2],
    "more behind": packed("{}") + b"x",
    "no zlib": b"rubbish",
}
"""What a device may call its description."""


def described(design, description):
    """A pipe to a device that is honest but for its description."""
    return HostilePipe(design, core=Core(design, description=description))


def check_error(error):
    """What holds of every error, whatever the far end has done: a short line that can be printed."""
    assert isinstance(error, LinkError)
    assert str(error).isprintable()
    assert 10 < len(str(error)) < 500
