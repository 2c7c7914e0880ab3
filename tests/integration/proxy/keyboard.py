# SPDX-License-Identifier: Apache-2.0
"""A user at iPXE's command line, on its serial port and on its screen."""

from __future__ import annotations


def read_until(console, mark: bytes) -> bytes:
    """Return the output of a console up to a mark."""
    shown = b''
    while mark not in shown:
        shown += console.recv(timeout=30)
    return shown


def stop_booting(console) -> None:
    read_until(console, b'Ctrl-B')
    console.send(b'\x02')
    read_until(console, b'iPXE>')


def type_at(console, line: str) -> None:
    """Type on the serial port."""
    # Wait for each echo: the firmware's serial port has no flow control.
    for letter in line:
        console.send(letter)
        read_until(console, letter.encode())
    console.send(b'\r')


def type_in(browser, line: str) -> None:
    """Type in the page."""
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    for letter in line + Keys.ENTER:
        ActionChains(browser).send_keys(letter).pause(0.05).perform()
