# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, and what scripts inside its pages measure."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from selenium import webdriver

from tests.parts.chromium import ARGUMENTS
from tests.parts.programs import BIN

TIMEOUT_S = 30

_ARGUMENTS = (*ARGUMENTS, 'enable-precise-memory-info')

# For any page: it looks at the canvases that the page draws on, before each frame, and
# notes the time at which one of them shows some text, in ms since the navigation began.
# The second script notes how long the page is busy, and its largest heap.
_SCRIPTS = (
    """
    (() => {
      const MIN_LIT = 500;
      const drawn = new Set();
      const { getContext } = HTMLCanvasElement.prototype;
      HTMLCanvasElement.prototype.getContext = function (...args) {
        const context = getContext.apply(this, args);
        if (context instanceof CanvasRenderingContext2D) {
          drawn.add(context);
        }
        return context;
      };
      const shows = (context) => {
        const { canvas } = context;
        if (!canvas.isConnected || !canvas.width || !canvas.height) {
          return false;
        }
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        let lit = 0;
        for (let at = 0; at < data.length; at += 4) {
          lit += data[at] + data[at + 1] + data[at + 2] > 150;
        }
        return lit > MIN_LIT;
      };
      const look = () => {
        if ([...drawn].some(shows)) {
          globalThis.benchPainted = performance.now();
        } else {
          requestAnimationFrame(look);
        }
      };
      requestAnimationFrame(look);
    })();
    """,
    """
    (() => {
      let last = 0;
      let drawn = 0;
      globalThis.benchReset = () => {
        last = performance.now();
        drawn = last;
        globalThis.benchBusy = { pause: 0, frame: 0, heap: 0 };
      };
      globalThis.benchReset();
      setInterval(() => {
        const now = performance.now();
        benchBusy.pause = Math.max(benchBusy.pause, now - last);
        benchBusy.heap = Math.max(benchBusy.heap, performance.memory.usedJSHeapSize);
        last = now;
      }, 5);
      const draw = () => {
        const now = performance.now();
        benchBusy.frame = Math.max(benchBusy.frame, now - drawn);
        drawn = now;
        requestAnimationFrame(draw);
      };
      draw();
    })();
    """,
)

_LOADED = """
const all = performance.getEntriesByType('resource');
return [all.length + 1, all.reduce((sum, one) => sum + one.transferSize, 0)];
"""


class Browser:
    """
    :param driver: of Chromium, by selenium
    """

    def __init__(self, driver: Any):
        self.driver = driver
        for source in _SCRIPTS:
            self.tell('Page.addScriptToEvaluateOnNewDocument', source=source)

    def tell(self, command: str, **values: Any) -> Any:
        """Send a command of Chromium's DevTools protocol."""
        return self.driver.execute_cdp_cmd(command, values)

    def run(self, script: str, *args: Any) -> Any:
        return self.driver.execute_script(script, *args)

    def leave(self) -> None:
        """End what the page does."""
        self.driver.get('about:blank')

    def forget(self) -> None:
        """Empty the cache, as for a first visit."""
        self.tell('Network.clearBrowserCache')

    def loaded(self) -> tuple[int, int]:
        """Return how many files the page has loaded, and their bytes."""
        files, size = self.run(_LOADED)
        return files, size

    def press(self, key: str) -> None:
        """Press and release a key, where the keyboard focus is."""
        self.tell('Input.dispatchKeyEvent', type='keyDown', key=key, text=key)
        self.tell('Input.dispatchKeyEvent', type='keyUp', key=key)

    def pages_mb(self) -> float:
        """Return the memory (RSS) of the processes that show pages."""
        process = psutil.Process(self.driver.service.process.pid)
        total = 0
        for child in process.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if '--type=renderer' in child.cmdline():
                    total += child.memory_info().rss
        return total / 1e6


@contextlib.contextmanager
def opened(profile: Path) -> Iterator[Browser]:
    """A browser with a new profile, until the end of a ``with``."""
    options = webdriver.ChromeOptions()
    options.binary_location = program('chromium')
    for argument in (*_ARGUMENTS, f'user-data-dir={profile}'):
        options.add_argument(f'--{argument}')
    service = webdriver.ChromeService(program('chromedriver'))
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_page_load_timeout(TIMEOUT_S)
    driver.set_script_timeout(TIMEOUT_S)
    try:
        yield Browser(driver)
    finally:
        driver.quit()


def program(name: str) -> str:
    """
    :raises SystemExit: it is not installed
    """
    found = shutil.which(name, path=BIN) or shutil.which(name)
    if found is None:
        raise SystemExit(f'{name} is not installed (see bindep.txt)')
    return found
