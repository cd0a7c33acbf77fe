"""A headless Chromium, driven by its DevTools protocol over two pipes: no package is needed for it."""

import base64
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

__all__ = ["Browser", "chromium"]

TIMEOUT = 120
"""Seconds for an answer, on a machine that has much else to do."""


def chromium() -> str | None:
    """The browser's command, if there is one; CHROMIUM names another."""
    for name in (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        if name and (found := shutil.which(name)):
            return found
    return None


class Browser:
    """One page in a browser without a window. `messages` are what it wrote to its console as warnings or errors."""

    def __init__(self, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        command = chromium()
        assert command is not None
        self._profile = tempfile.TemporaryDirectory()
        to_child, self._out = os.pipe()
        self._in, from_child = os.pipe()

        def arrange() -> None:
            # The browser reads at 3 and writes at 4. The pipes' ends are moved out of the way first.
            one, other = os.dup(to_child), os.dup(from_child)
            while one < 10:
                one = os.dup(one)
            while other < 10:
                other = os.dup(other)
            os.dup2(one, 3)
            os.dup2(other, 4)

        options = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--remote-debugging-pipe",
            "--mute-audio",
            "--no-first-run",
            "--hide-scrollbars",
        ]
        options += ["--disable-dev-shm-usage", "--lang=en-US", f"--user-data-dir={self._profile.name}", "about:blank"]
        self._process = subprocess.Popen(
            [command, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=arrange,
            close_fds=False,
            start_new_session=True,
        )
        os.close(to_child)
        os.close(from_child)
        self._buffer = b""
        self._number = 0
        self._session = ""
        self.messages: list[str] = []
        self.requests: list[str] = []
        targets = self.call("Target.getTargets")["targetInfos"]
        target = next(item["targetId"] for item in targets if item["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.size(width, height)
        self.call(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        )

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._out)
        os.close(self._in)
        with contextlib.suppress(OSError):
            self._profile.cleanup()

    def size(self, width: int, height: int, mobile: bool = False) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)

    def call(self, method: str, **parameters: Any) -> Any:
        """A command, and its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + TIMEOUT
        while True:
            answer = self._next(end)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self._note(answer)

    def _next(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(end - time.monotonic(), 0))
            assert ready, "the browser doesn't answer"
            data = os.read(self._in, 1 << 16)
            assert data, "the browser has ended"
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(line)
        return found

    def _note(self, event: dict[str, Any]) -> None:
        told = event.get("params", {})
        match event.get("method"):
            case "Runtime.consoleAPICalled" if told["type"] in ("error", "warning", "assert"):
                self.messages.append(" ".join(str(item.get("value", item.get("description"))) for item in told["args"]))
            case "Runtime.exceptionThrown":
                details = told["exceptionDetails"]
                self.messages.append(details.get("exception", {}).get("description", details["text"]))
            case "Log.entryAdded" if told["entry"]["level"] in ("error", "warning"):
                self.messages.append(told["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requests.append(told["request"]["url"])

    def open(self, path: Path, fragment: str = "") -> None:
        """Opens a file by its address, as a double click does."""
        self.call("Page.navigate", url=f"{path.resolve().as_uri()}{fragment}")

    def run(self, script: str) -> Any:
        """What a script gives; a promise is waited for."""
        found = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def until(self, condition: str) -> None:
        """Waits until a script gives something true."""
        end = time.monotonic() + TIMEOUT
        while not self.run(f"Boolean({condition})"):
            assert time.monotonic() < end, f"never: {condition}; {self.messages}"
            time.sleep(0.05)

    def key(self, name: str, code: int, text: str = "") -> None:
        """Presses a key, and lets it go."""
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code, **more)

    def press(self, x: float, y: float) -> None:
        """Presses and lets go the pointer's button."""
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1, buttons=1)

    def picture(self, path: Path, whole: bool = False) -> None:
        """A screenshot as a PNG, of the window or of the whole page."""
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(found["data"]))
