# SPDX-License-Identifier: Apache-2.0
"""A user at iPXE's command line, on its serial port and on its screen."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from tests.parts.waiting import wait_for

# The firmware can lose a key: then the user presses it again.
_AGAIN_S = 0.5
_STOP_S = 90


def read_until(console, mark: bytes, times: int = 1) -> bytes:
    """Return the output of a console up to a mark, and what came with it.

    :param times: how often the mark is there
    """
    shown = b''
    while shown.count(mark) < times:
        shown += console.recv(timeout=30)
    return shown


def stop_booting(console, press: Callable[[], object] | None = None) -> None:
    """Press Ctrl-B until the firmware stops at its prompt.

    :param press: does so elsewhere than at the serial port
    """
    read_until(console, b'Ctrl-B')
    shown, pressed_at = b'', 0.0
    end = time.monotonic() + _STOP_S
    while b'iPXE>' not in shown:
        now = time.monotonic()
        assert now < end, shown
        if now - pressed_at > _AGAIN_S:
            if press is None:
                console.send(b'\x02')
            else:
                press()
            pressed_at = now
        with contextlib.suppress(TimeoutError):
            shown += console.recv(timeout=_AGAIN_S)


def _stop_booting_in(window) -> int:
    """Do so in a terminal window.

    :returns: how much the window has shown by then
    """

    def stopped():
        window.type(b'\x02')
        time.sleep(_AGAIN_S)
        return b'iPXE>' in window.shown

    wait_for(stopped, _STOP_S)
    return len(window.shown)


def ask_the_firmware(window) -> None:
    """Stop the boot in a terminal window, type a command, and read its answer."""
    at = _stop_booting_in(window)
    for letter in b'echo ${buildarch} answers':
        # The firmware's serial port has no flow control.
        window.type(bytes([letter]))
        at = window.wait_for(bytes([letter]), at)
    window.type(b'\r')
    window.wait_for(b'i386 answers', at)


def type_at(console, line: str) -> None:
    """Type on the serial port."""
    # Wait for each echo: the firmware's serial port has no flow control.
    for letter in line:
        console.send(letter)
        read_until(console, letter.encode())
    console.send(b'\r')


def type_in(browser, line: str, echo=None) -> None:
    """Type in the page.

    :param echo: the serial port, where the firmware shows each key; it would lose some
        of many that come at once
    """
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    for letter in line + Keys.ENTER:
        ActionChains(browser).send_keys(letter).pause(0.05).perform()
        if echo is not None and letter != Keys.ENTER:
            read_until(echo, letter.encode())
