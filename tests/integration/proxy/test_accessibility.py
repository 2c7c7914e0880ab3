# SPDX-License-Identifier: Apache-2.0
"""Each page, in each of its states, in light and dark colours, checked by axe-core."""

from __future__ import annotations

import threading

import pytest

from console_ext.exceptions import ComputeNotReady
from tests.integration.proxy.axe import Axe
from tests.integration.proxy.screen import LIT, ended, opened, state
from tests.integration.proxy.serial_page import click, wait_for_text
from tests.parts.deployment import server_id
from tests.parts.waiting import wait_for


@pytest.fixture
def axe(browser, artefacts):
    return Axe(browser, artefacts)


class Held:
    """A compute host that takes its time to say that the console is there."""

    def __init__(self):
        self._released = threading.Event()

    def __call__(self) -> bool:
        return self._released.wait(20)

    def release(self) -> None:
        self._released.set()


def test_axe_finds_something(browser, tmp_path):
    """Otherwise, the tests below would pass with anything."""
    axe = Axe(browser, tmp_path)
    browser.get('data:text/html,<title>x</title><button></button>')
    assert any('critical: button-name' in one for one in axe.findings('faulty'))


def colours(connection) -> None:
    """A guest that prints with each of the sixteen colours."""
    for code in (*range(30, 38), *range(90, 98)):
        connection.sendall(f'\x1b[{code}mcolour {code}\r\n'.encode())
    connection.recv(1)


def test_the_serial_page(browser, axe, serial):
    """With its rows and dialogs."""
    serial.computes.answer = held = Held()
    guest = serial.guest(colours)
    browser.get(f'{serial.url(serial.token(guest), scheme="http")}&title=web-1')
    wait_for(lambda: state(browser)[0] == 'connecting')
    found = axe.findings('serial-connecting')
    held.release()
    opened(browser)
    wait_for_text(browser, 'colour 97')
    found += axe.findings('serial-open')
    click(browser, 'show-keys')
    click(browser, 'search')
    found += axe.findings('serial-search')
    click(browser, 'paste')
    found += axe.findings('serial-paste')
    click(browser, 'Cancel')
    serial.store.revoke(server_id('01'))
    ended(browser)
    found += axe.findings('serial-ended')
    click(browser, 'read-aloud')
    found += axe.findings('serial-read-aloud')
    serial.computes.answer = ComputeNotReady()
    browser.get(serial.url(serial.token(guest), scheme='http'))
    ended(browser)
    found += axe.findings('serial-refused')
    assert found == []


@pytest.mark.parametrize('kind', ['VNC', 'SPICE'])
def test_a_screen(browser, axe, request, proxy, machine, kind):
    url = request.getfixturevalue({'VNC': 'vnc_page', 'SPICE': 'page'}[kind])
    name = kind.lower()
    proxy.computes.answer = held = Held()
    browser.get(f'{url()}&title=web-1')
    wait_for(lambda: state(browser)[0] == 'connecting')
    found = axe.findings(f'{name}-connecting')
    held.release()
    opened(browser)
    wait_for(lambda: browser.execute_script(LIT) > 500)
    found += axe.findings(f'{name}-open')
    click(browser, 'show-keys')
    found += axe.findings(f'{name}-keys')
    click(browser, 'paste')
    found += axe.findings(f'{name}-paste')
    click(browser, 'Cancel')
    machine.process.kill()
    ended(browser)
    found += axe.findings(f'{name}-ended')
    assert found == []
