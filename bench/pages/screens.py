# SPDX-License-Identifier: Apache-2.0
"""From the click on a link to the guest's picture."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.pages.browser import TIMEOUT_S, Browser
from bench.pages.peers import Peer

# For the guest and the proxy to end the session before.
_SETTLE_S = 0.5


@dataclass(slots=True)
class Visits:
    """What the visits of a page took, in ms; None where the picture did not appear.

    :param files: how many files the first visit has loaded, and their bytes
    """

    first: list[float | None] = field(default_factory=list)
    later: list[float | None] = field(default_factory=list)
    files: tuple[int, int] = (0, 0)


def compare(
    browser: Browser, peers: Sequence[tuple[Peer, int]], rounds: int
) -> list[Visits]:
    """Visit each page in turns, with an empty cache and then again.

    :param peers: each with the port of the link to it
    """
    found = [Visits() for _ in peers]
    for number in range(rounds):
        order = list(zip(peers, found, strict=True))
        for (peer, port), visits in order if number % 2 else reversed(order):
            browser.leave()
            browser.forget()
            visits.first.append(_visit(browser, peer.url(port)))
            visits.files = browser.loaded()
            visits.later.append(_visit(browser, peer.url(port)))
    browser.leave()
    return found


def _visit(browser: Browser, url: str) -> float | None:
    browser.leave()
    time.sleep(_SETTLE_S)
    browser.driver.get(url)
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        painted: float | None = browser.run('return globalThis.benchPainted ?? null')
        if painted is not None:
            return painted
        time.sleep(0.05)
    return None


def report(name: str, peers: Sequence[Peer], visits: Sequence[Visits]) -> None:
    """Print the medians, and the ratio of the first page to the second."""
    _report(f'{name}, first visit', peers, [one.first for one in visits])
    _report(f'{name}, later visit', peers, [one.later for one in visits])
    sizes = [
        f'{peer.name} {one.files[0]} files, {one.files[1] / 1000:.0f} kB'
        for peer, one in zip(peers, visits, strict=True)
    ]
    print(f'{name}, loaded: {", ".join(sizes)}', flush=True)


def _report(
    name: str, peers: Sequence[Peer], columns: Sequence[Sequence[float | None]]
) -> None:
    ours, theirs = columns
    pairs = [
        (a, b)
        for a, b in zip(ours, theirs, strict=True)
        if a is not None and b is not None
    ]
    if not pairs:
        print(f'{name}: no picture')
        return
    words = []
    for peer, column in zip(peers, columns, strict=True):
        seen = [one for one in column if one is not None]
        failed = (
            f' ({len(column) - len(seen)} failed)' if len(column) > len(seen) else ''
        )
        words.append(f'{peer.name} {statistics.median(seen):.0f} ms{failed}')
    ratio = statistics.median(a / b for a, b in pairs)
    print(f'{name}: {", ".join(words)}, ratio {ratio:.2f}')
