# SPDX-License-Identifier: Apache-2.0
"""A user's actions on the page of a serial console."""

from __future__ import annotations

from tests.integration.proxy.screen import state
from tests.parts.waiting import wait_for

ROWS = """
return [...document.querySelectorAll('.xterm-rows > div')]
  .map((row) => row.textContent.replaceAll('\\u00a0', ' ').trimEnd());
"""


def rows(browser) -> list[str]:
    """Return the visible lines of the terminal."""
    return browser.execute_script(ROWS)


def shown(browser) -> str:
    return '\n'.join(rows(browser))


def wait_for_text(browser, text: str, timeout_s: float = 20) -> None:
    try:
        wait_for(lambda: text in shown(browser), timeout_s)
    except AssertionError:
        raise AssertionError(f'{text!r} is not in {shown(browser)!r}') from None


def type_keys(browser, *keys: str) -> None:
    """Type where the keyboard focus is."""
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(browser).send_keys(*keys).perform()


def click(browser, name: str) -> None:
    """Click a button, found by its id or its label."""
    found = browser.find_elements('id', name) or browser.find_elements(
        'xpath', f'//button[.="{name}"]'
    )
    (button,) = [one for one in found if one.is_displayed()]
    button.click()


def opened(browser) -> None:
    wait_for(lambda: state(browser)[0] not in ('connecting', ''))
    assert state(browser)[0] == 'open', state(browser)
