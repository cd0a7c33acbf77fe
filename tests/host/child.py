"""The child of a fork, whatever it does: it ends, and what came of it is told."""

import os
import signal


class Child:
    """The other process of a fork: does `work`, and ends; `said` is what came of it."""

    def __init__(self, work):
        end, other = os.pipe()
        self.number = os.fork()
        if self.number == 0:
            os.close(end)
            signal.alarm(20)  # no child outlives its test
            try:
                try:
                    said = work()
                except BaseException as error:  # noqa: BLE001
                    said = f"{type(error).__name__}: {error}"
                os.write(other, str(said).encode())
            finally:
                os._exit(0)
        os.close(other)
        self._end = end

    @property
    def said(self):
        with os.fdopen(self._end, "rb") as file:
            text = file.read().decode()
        os.waitpid(self.number, 0)
        return text

    def kill(self):
        os.kill(self.number, signal.SIGKILL)
        return self.said
