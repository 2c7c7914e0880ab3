# SPDX-License-Identifier: Apache-2.0
"""Reading the state of a page with a screen."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

from tests.parts.waiting import wait_for

# The share of the picture that is not black, and whether it can be read at all.
LIT = """
const canvas = document.querySelector('#screen canvas');
if (!canvas?.width) return 0;
const pixels = canvas.getContext('2d')
  .getImageData(0, 0, canvas.width, canvas.height).data;
let lit = 0;
for (let at = 0; at < pixels.length; at += 4) {
  if (pixels[at] + pixels[at + 1] + pixels[at + 2] > 150) lit += 1;
}
return lit;
"""


STATE = """
return [
  document.body?.dataset.state ?? '',
  document.getElementById('status')?.innerText ?? '',
];
"""


# Every state from now on, even one that lasts too short to be seen from outside.
RECORD = """
const status = document.getElementById('status');
globalThis.recorded = [];
new MutationObserver(
  () => recorded.push([document.body.dataset.state, status.textContent]),
).observe(status, { childList: true });
"""


def state(browser) -> tuple[str, str]:
    """Return the page's state and its text."""
    found, words = browser.execute_script(STATE)
    return found, words


def opened(browser) -> None:
    wait_for(lambda: state(browser)[0] not in ('connecting', ''))
    assert state(browser)[0] == 'open', state(browser)


@contextlib.contextmanager
def passing(browser, *expected: str) -> Iterator[None]:
    """Within the block, the page comes to a state that it may soon leave.

    :param expected: as from :func:`state`
    """
    browser.execute_script(RECORD)
    yield
    wait_for(lambda: [*expected] in browser.execute_script('return recorded'))


def rejoin_key(browser, *others: str) -> str:
    """Wait until the page keeps a rejoin key in the tab that is none of the others."""

    def new() -> str | None:
        texts = browser.execute_script('return Object.values(sessionStorage)')
        keys = [json.loads(text).get('rejoin') for text in texts]
        return next((key for key in keys if key not in (None, *others)), None)

    key: str = wait_for(new)
    return key


def ended(browser) -> str:
    wait_for(lambda: state(browser)[0] == 'ended')
    return state(browser)[1]
