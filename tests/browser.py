"""A real browser, driven over its own protocol: no driver to install, nothing to download."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SECONDS = 30
"""After which an answer is no longer waited for."""


def find_browser() -> str | None:
    """The path of a Chromium or Chrome, if there is one."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Browser:
    """One page of a headless Chromium, spoken to through its pipe (DevTools protocol).

    Args:
        program: Its path.
        width: Of the page, in pixels.
        height: Likewise.
    """

    def __init__(self, program: str, width: int = 1280, height: int = 900) -> None:
        self._folder = tempfile.mkdtemp(prefix="browser")
        hear, tell = os.pipe(), os.pipe()
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
        flags += ["--disable-dev-shm-usage", f"--user-data-dir={self._folder}", "about:blank"]
        shell = f'exec "$@" 3<&{tell[0]} 4>&{hear[1]}'
        self._process = subprocess.Popen(
            ["bash", "-c", shell, "bash", program, *flags],
            pass_fds=(tell[0], hear[1]),
            stderr=subprocess.DEVNULL,
        )
        os.close(tell[0])
        os.close(hear[1])
        self._hear, self._tell = os.fdopen(hear[0], "rb", 0), os.fdopen(tell[1], "wb", 0)
        self._count, self._rest, self._session = 0, b"", None
        self.events: list[dict[str, Any]] = []
        page = self.call("Target.getTargets")["targetInfos"]
        target = next(t["targetId"] for t in page if t["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.resize(width, height)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Calls a method of the protocol; what is said meanwhile goes to `events`."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._tell.write(json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._count:
            self.events.append(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._hear.fileno(), 1 << 20)
            assert more, "the browser has ended"
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def open(self, page: Path) -> None:
        """Shows a file, until it is loaded; `events` are of this page."""
        self.events.clear()
        self.call("Page.navigate", url=page.resolve().as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())

    def resize(self, width: int, height: int) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            **{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )

    def run(self, script: str) -> Any:
        """The value of a script, once it is settled."""
        wanted = {"returnByValue": True, "awaitPromise": True, "userGesture": True}
        answer = self.call("Runtime.evaluate", expression=script, **wanted)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def point(self, x: float, y: float, kind: str = "mouseMoved") -> None:
        """Moves the mouse to a place of the page that is shown."""
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y)

    def press(self, key: str) -> None:
        """Presses a key, named as in `KeyboardEvent.key`."""
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def tap(self, x: float, y: float) -> None:
        """Touches the page with a finger and lifts it."""
        self.call("Emulation.setTouchEmulationEnabled", enabled=True)
        self.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        self.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def picture(self, file: Path, whole: bool = True) -> None:
        """Writes a PNG of the page."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        """Ends the browser."""
        self._process.terminate()
        self._process.wait(SECONDS)
        self._hear.close()
        self._tell.close()
        shutil.rmtree(self._folder, ignore_errors=True)
