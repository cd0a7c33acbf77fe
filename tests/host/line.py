"""A pipe to a device model with a time of its own: ten seconds of silence pass in an instant, and a byte takes its time."""

import heapq
import itertools
import random

from convolver.errors import PortError


class Faults:
    """Flips, drops, doubles and inserts bytes, each as often as the others, `rate` of all bytes."""

    def __init__(self, rate, seed):
        self.rate = rate
        self.random = random.Random(seed)
        self.count = 0

    def __call__(self, data):
        if not self.rate:
            return data
        out = bytearray()
        for byte in data:
            if self.random.random() >= self.rate:
                out.append(byte)
                continue
            self.count += 1
            match self.random.randrange(4):
                case 0:
                    out.append(byte ^ 1 << self.random.randrange(8))
                case 1:
                    pass
                case 2:
                    out += bytes([byte, byte])
                case 3:
                    out += bytes([byte, self.random.randrange(256)])
        return bytes(out)


class Line:
    """The host's pipe; `now` is its clock.

    `byte_time` is in seconds (10 bits at the baud rate), both ways at once. `events` are calls at certain times: cut the
    line, reset the device.
    """

    def __init__(self, device, byte_time=10 / 3e6, faults=None, latency=0.0):
        self.device = device
        self.byte_time = byte_time
        self.faults = faults or Faults(0, 0)
        self.latency = latency
        self.time = 0.0
        self.order = itertools.count()
        self.events = []
        self.inbox = bytearray()
        self.host_free = self.device_free = 0.0
        self.silent = False
        self.unplugged = False
        self.closed = 0
        self.sent_bytes = self.received_bytes = 0

    def now(self):
        return self.time

    def at(self, when, call):
        heapq.heappush(self.events, (when, next(self.order), call))

    def write(self, data, deadline):
        if self.unplugged:
            raise PortError("Port line went away: unplugged")
        self.sent_bytes += len(data)
        for start in range(0, len(data), 32):
            piece = data[start : start + 32]
            self.host_free = max(self.host_free, self.time) + len(piece) * self.byte_time
            self.at(self.host_free + self.latency, lambda piece=piece: self._to_device(piece))
        return len(data)

    def read(self, size, deadline):
        while True:
            self._device_sends()
            while self.events and self.events[0][0] <= self.time:
                heapq.heappop(self.events)[2]()
                self._device_sends()
            if self.unplugged:
                raise PortError("Port line went away: unplugged")
            if self.inbox:
                data, self.inbox = bytes(self.inbox[:size]), self.inbox[size:]
                return data
            if self.time >= deadline:
                return b""
            times = [deadline]
            if self.events:
                times.append(self.events[0][0])
            if self.device_free > self.time:
                times.append(self.device_free)
            elif self.device.timer is not None:
                times.append(max(self.device.timer, self.time))
            self.time = min(times)

    def close(self):
        self.closed += 1

    def noise(self, data):
        """Bytes out of nowhere, to the host."""
        self.inbox += data

    def _to_device(self, piece):
        if not self.silent:
            self.device.receive(self.faults(piece), self.time)

    def _device_sends(self):
        if self.device_free > self.time:
            return
        frame = self.device.transmit(self.time)
        if frame:
            self.received_bytes += len(frame)
            for start in range(0, len(frame), 32):
                piece = frame[start : start + 32]
                self.device_free = max(self.device_free, self.time) + len(piece) * self.byte_time
                self.at(self.device_free + self.latency, lambda piece=piece: self._to_host(piece))

    def _to_host(self, piece):
        if not self.silent:
            self.inbox += self.faults(piece)
