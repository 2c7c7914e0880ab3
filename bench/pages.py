# SPDX-License-Identifier: Apache-2.0
"""The time until a browser shows a VNC console: ``python -m bench.pages``.

Chromium loads the page through a relay that delays all bytes, as a network does: once
with noVNC as one file, once with the modules of a directory.  They take turns, with an
empty cache, and the figures are medians of the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import console_ext.cmd  # noqa: F401  isort: skip

from tests.deployment import Deployment
from tests.functional.programs import free_port
from tests.functional.proxy.conftest import Served
from tests.integration.proxy import chromium
from tests.integration.proxy.parts import NOVNC
from tests.proxy_parts import wait_for
from tests.vnc_host import VNCHost

# Milliseconds from the start of the navigation; 0 until the console is open.
OPEN = """
if (document.body?.dataset.state !== 'open') return 0;
const [paint] = performance.getEntriesByName('first-contentful-paint');
const resources = performance.getEntriesByType('resource');
return [paint.startTime, globalThis.openedAt ?? performance.now(), resources.length];
"""
WATCH = """
new MutationObserver(() => {
  if (document.body?.dataset.state === 'open') {
    globalThis.openedAt ??= performance.now();
  }
}).observe(document, { attributes: true, childList: true, subtree: true });
"""


class Relay:
    """Passes TCP connections on to a port, all bytes ``delay_s`` later."""

    def __init__(self, target: int, delay_s: float):
        self.port = free_port()
        self._target = target
        self._delay_s = delay_s
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        starting = asyncio.start_server(self._serve, '127.0.0.1', self.port)
        asyncio.run_coroutine_threadsafe(starting, self._loop).result(10)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        # The client waits for one round trip to connect.
        await asyncio.sleep(2 * self._delay_s)
        there, back = await asyncio.open_connection('127.0.0.1', self._target)
        await asyncio.gather(self._copy(reader, back), self._copy(there, writer))

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                self._loop.call_later(self._delay_s, writer.write, data)
        self._loop.call_later(self._delay_s, writer.close)


@contextlib.contextmanager
def served(path: Path, delay_s: float, options: dict) -> Iterator[tuple[Served, int]]:
    """A proxy and the port of the relay in front of it."""
    path.mkdir()
    port = free_port()
    proxy = Served(Deployment(path), None)
    relay = Relay(port, delay_s)
    try:
        proxy.start(
            vnc={
                'novncproxy_port': port,
                'novncproxy_base_url': f'http://127.0.0.1:{relay.port}/vnc_lite.html',
                **options,
            }
        )
        yield proxy, relay.port
    finally:
        proxy.stop()
        relay.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--delay', type=float, default=0.025, help='seconds, each way')
    parser.add_argument('--modules', default=NOVNC, help='a directory of noVNC')
    args = parser.parse_args()
    ways = {
        'one file': {},
        f'the modules of {args.modules}': {'novncproxy_web': args.modules},
    }
    measured: dict[str, list[list[float]]] = {way: [] for way in ways}
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        host = VNCHost()
        stack.callback(host.close)
        proxies = {
            way: stack.enter_context(
                served(directory / str(index), args.delay, options)
            )
            for index, (way, options) in enumerate(ways.items())
        }
        browser = chromium.start(directory / 'profile')
        stack.callback(browser.quit)
        browser.execute_cdp_cmd(
            'Page.addScriptToEvaluateOnNewDocument', {'source': WATCH}
        )
        for _ in range(args.rounds + 1):
            for way, (proxy, port) in proxies.items():
                token = proxy.token(host, console_type='novnc')
                browser.execute_cdp_cmd('Network.clearBrowserCache', {})
                browser.get(f'http://127.0.0.1:{port}/vnc_lite.html?token={token}')
                measured[way].append(wait_for(lambda: browser.execute_script(OPEN), 30))
                browser.get('about:blank')
    for way, rounds in measured.items():
        # The first round also starts processes of the browser.
        columns = zip(*rounds[1:], strict=True)
        paint, opened, files = (statistics.median(column) for column in columns)
        print(
            f'{way}: {files:.0f} files, first paint after {paint:.0f} ms, open after '
            f'{opened:.0f} ms'
        )


if __name__ == '__main__':
    main()
