# SPDX-License-Identifier: Apache-2.0
"""The pages in Firefox; the tests of all that they do are those with Chromium."""

from __future__ import annotations

import time

import pytest

from console_ext.exceptions import ComputeNotReady
from tests.integration.proxy.firefox import CONTROL, ENTER, Firefox
from tests.integration.proxy.keyboard import read_until, stop_booting
from tests.integration.proxy.parts import needed
from tests.integration.proxy.screen import LIT, ended, opened, passing, rejoin_key
from tests.integration.proxy.serial_page import shown, wait_for_text
from tests.integration.proxy.shells import running
from tests.parts.deployment import server_id
from tests.parts.peers import reset
from tests.parts.waiting import wait_for

AGAIN = 'Request a new console URL to open it again.'

LETTERS = 'é€☃𝄞漢字'


@pytest.fixture(scope='module')
def firefox(tmp_path_factory):
    """Started once: each test has a tab with stored data of its own."""
    made = Firefox(needed('firefox-esr'), tmp_path_factory.mktemp('firefox'))
    yield made
    made.close()


@pytest.fixture
def tab(firefox):
    with firefox.tab() as made:
        yield made


@pytest.fixture
def serial_page(serial, tab):
    """A function that opens a guest's console, and returns its token."""

    def open_page(serve=None, query=''):
        token = serial.token(serial.guest(serve))
        tab.get(f'{serial.url(token, scheme="http")}{query}')
        return token

    return open_page


def test_typed_at_and_answered(tab, serial_page, serial, artefacts):
    """The policy blocks nothing, and the address has no token."""
    token = serial_page(running('sh'), '&title=web-1')
    opened(tab)
    wait_for_text(tab, '$')
    tab.type_keys('echo $((6 * 7)) é ☃', ENTER)
    wait_for_text(tab, '\n42 é ☃')
    tab.save_screenshot(str(artefacts / 'firefox-serial.png'))
    address, title, source = tab.execute_script(
        'return [location.href, document.title, document.documentElement.outerHTML]'
    )
    assert address == f'{serial.proxy.url("serial")}/?title=web-1'
    assert title == 'web-1 – Serial console'
    assert token not in source
    assert tab.complaints() == []


def test_complaints_are_seen(tab, serial_page):
    """Otherwise, the tests would pass with any."""
    serial_page()
    opened(tab)
    tab.execute_script(
        """
        new Image().src = 'http://127.0.0.1:1/x';
        setTimeout(() => { throw new Error('thrown'); });
        """
    )
    wait_for(lambda: len(tab.complaints()) == 2)
    blocked, thrown = sorted(tab.complaints())
    assert 'thrown' in thrown
    assert blocked.startswith('Content-Security-Policy: ')
    assert 'http://127.0.0.1:1/x' in blocked


def test_output_as_the_guest_sent_it(tab, serial_page):
    """Characters that its writes split, and 24-bit colours."""

    def serve(connection):
        for one in LETTERS.encode():
            connection.sendall(bytes([one]))
            time.sleep(0.01)
        connection.sendall(b' \x1b[48;2;250;240;230mcolour\x1b[0m')
        connection.recv(1)

    serial_page(serve)
    opened(tab)
    wait_for_text(tab, f'{LETTERS} colour')
    background = tab.execute_script(
        """
        const span = [...document.querySelectorAll('.xterm-rows span')]
          .find((one) => one.textContent === 'colour');
        return getComputedStyle(span).backgroundColor;
        """
    )
    assert background == 'rgb(250, 240, 230)'
    assert tab.complaints() == []


def test_a_paste(tab, serial_page):
    """With the dialog; then the terminal has the keyboard focus again."""
    received = bytearray()

    def serve(connection):
        while data := connection.recv(4096):
            received.extend(data)

    serial_page(serve)
    opened(tab)
    tab.click('#paste')
    tab.type_keys('pasted')
    tab.click('dialog button:first-of-type')
    tab.type_keys('!')
    wait_for(lambda: received == b'pasted!')
    assert tab.complaints() == []


# How a console ends.


def test_the_guest_ends(tab, serial_page, artefacts):
    """Its last output stays visible."""

    def serve(connection):
        connection.sendall(b'the last words')
        time.sleep(0.5)

    serial_page(serve)
    assert ended(tab) == 'The guest ended the console.'
    wait_for(lambda: shown(tab).startswith('the last words'))
    tab.save_screenshot(str(artefacts / 'firefox-serial-ended.png'))


def test_the_guest_is_lost(tab, serial_page):
    def serve(connection):
        connection.sendall(b'x')
        time.sleep(0.5)
        reset(connection)

    serial_page(serve)
    assert ended(tab) == 'The connection to the guest was lost.'


def test_the_permission_ends(tab, serial_page, serial):
    serial_page()
    opened(tab)
    serial.store.revoke(server_id('01'))
    assert ended(tab) == f'The access to this console was revoked. {AGAIN}'


def test_the_proxy_is_stopped(tab, serial_page, serial):
    """The page names the reason, and tries to connect again."""
    serial_page()
    opened(tab)
    words = 'The proxy is being stopped; connect again. Connecting again…'
    with passing(tab, 'connecting', words):
        serial.proxy.stop()


def test_a_reload(tab, serial_page, serial):
    """It opens the session again, and neither uses nor shows the token."""
    token = serial_page()
    opened(tab)
    tab.type_keys('typed')
    wait_for_text(tab, 'typed')
    rejoin_key(tab)
    tab.refresh()
    opened(tab)
    tab.type_keys('again')
    wait_for_text(tab, 'again')
    assert token not in tab.execute_script('return location.href')
    assert len(serial.store.asked) == 1


# Refusals.


def test_a_token_that_is_used(tab, firefox, serial_page, serial):
    """The proxy's message is shown."""
    token = serial_page()
    opened(tab)
    with firefox.tab() as other:
        other.get(serial.url(token, scheme='http'))
        words = 'This console URL is invalid or has expired. Request a new one.'
        assert ended(other) == words


def test_what_may_pass(tab, serial_page, serial):
    """Later the same token opens the console."""
    serial.computes.answer = ComputeNotReady()
    serial_page()
    assert 'try again later' in ended(tab)
    wait_for(lambda: serial.store.open_sockets == 0)
    serial.computes.answer = True
    tab.click('#reconnect')
    opened(tab)
    tab.type_keys('echoed')
    wait_for_text(tab, 'echoed')


# Screens.


@pytest.mark.parametrize('kind', ['VNC', 'SPICE'])
def test_a_screen(tab, request, proxy, machine, artefacts, kind):
    """The firmware's text is shown, and typed keys arrive at the serial port."""
    url = request.getfixturevalue({'VNC': 'vnc_page', 'SPICE': 'page'}[kind])
    serial = proxy.connect(proxy.token(port=machine.serial_port), max_queue=None)
    tab.get(url())
    opened(tab)
    wait_for(lambda: tab.execute_script(LIT) > 500)
    stop_booting(serial, lambda: tab.type_keys('b', hold=CONTROL))
    for letter in 'echo typed':
        tab.type_keys(letter)
        read_until(serial, letter.encode())
    tab.type_keys(ENTER)
    read_until(serial, b'typed')
    tab.save_screenshot(str(artefacts / f'firefox-{kind.lower()}.png'))
    assert tab.complaints() == []
    machine.process.kill()
    assert 'guest' in ended(tab)
    assert tab.execute_script(LIT) > 500
