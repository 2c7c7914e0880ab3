# SPDX-License-Identifier: Apache-2.0
"""Pages that open their session again, after a reload or a lost connection."""

from __future__ import annotations

import threading
import time

import pytest
from websockets.sync.client import connect

from console_ext.proxy.relay.control import SUBPROTOCOL
from tests.functional.proxy.conftest import Served
from tests.integration.proxy.recording_host import RecordingHost
from tests.integration.proxy.screen import LIT, ended, opened, rejoin_key, state
from tests.integration.proxy.serial_page import click, type_keys, wait_for_text
from tests.parts.deployment import server_id
from tests.parts.network import Network
from tests.parts.programs import free_port
from tests.parts.waiting import wait_for

AGAIN = 'Request a new console URL to open it again.'
LOST = 'The connection to the console was lost.'
NOT_REACHED = 'The console proxy cannot be reached. Check your network.'

# What the proxy says of a key that is not valid any more.
REFUSED = 'This session cannot be opened again. Request a new console URL.'


@pytest.fixture
def network():
    made = Network(0)
    yield made
    made.close()


@pytest.fixture
def served(deployment, network, request):
    """A proxy whose URLs lead to it through the network."""
    made = Served(deployment, None)
    made.start(
        serial_console={
            'serialproxy_port': free_port(),
            'base_url': f'ws://127.0.0.1:{network.port}/',
        },
        spice={
            'html5proxy_port': free_port(),
            'html5proxy_base_url': f'http://127.0.0.1:{network.port}/spice_auto.html',
        },
        vnc={
            'novncproxy_port': free_port(),
            'novncproxy_base_url': f'http://127.0.0.1:{network.port}/vnc_lite.html',
        },
        console_tokens=getattr(request, 'param', {}),
    )
    yield made
    made.stop()


@pytest.fixture
def host():
    made = RecordingHost()
    yield made
    made.close()


def wait_until_it_can_be_reopened(browser, served) -> None:
    opened(browser)
    if served.deployment.conf().console_tokens.rejoin_grace:
        # The key follows the opening.
        rejoin_key(browser)


@pytest.fixture
def serial(browser, served, network):
    """A function that opens the page of a serial console."""

    def open_page(query='', serve=None):
        network.to_port = served.port()
        token = served.token(served.guest(serve))
        browser.get(f'http://127.0.0.1:{network.port}/?token={token}{query}')
        wait_until_it_can_be_reopened(browser, served)

    return open_page


@pytest.fixture
def vnc(browser, served, network, host):
    """A function that opens the page of a VNC console."""

    def open_page(query=''):
        network.to_port = served.port('VNC')
        token = served.token(host, console_type='novnc')
        path = f'%3Ftoken%3D{token}'
        url = f'http://127.0.0.1:{network.port}/vnc_lite.html?path={path}{query}'
        browser.get(url)
        wait_until_it_can_be_reopened(browser, served)

    return open_page


@pytest.fixture(params=['serial', 'vnc'])
def page(request, served):
    """The same for both."""
    return request.getfixturevalue(request.param)


def offers_again(browser) -> bool:
    return browser.find_element('id', 'reconnect').is_displayed()


def test_reloads(browser, page):
    """Each reload uses a new key, which stands in no address."""
    page('&title=web-1')
    keys = [rejoin_key(browser)]
    for _ in range(3):
        browser.refresh()
        opened(browser)
        keys.append(rejoin_key(browser, *keys))
        assert not any(key in browser.current_url for key in keys)
    assert browser.find_element('id', 'title').text == 'web-1'


def test_back(browser, page):
    """To the console that was there, though the tab has shown another one since."""
    page('&title=one')
    page('&title=two')
    browser.back()
    opened(browser)
    assert browser.find_element('id', 'title').text == 'one'
    browser.forward()
    opened(browser)
    assert browser.find_element('id', 'title').text == 'two'


def test_no_question(browser, serial):
    """A reload loses nothing, so the browser does not ask."""
    serial()
    type_keys(browser, 'typed')
    wait_for_text(browser, 'typed')
    browser.refresh()
    opened(browser)


def test_a_short_loss(browser, page, network):
    """The page connects again by itself, and says so."""
    page()
    network.cut()
    wait_for(lambda: state(browser)[0] == 'connecting')
    assert state(browser)[1].endswith(' Connecting again…')
    network.mend()
    opened(browser)
    assert state(browser)[1] == 'Connected'


def test_a_screen_of_spice(browser, served, network, machine):
    """Its token opens it again, during the same session."""
    network.to_port = served.port('SPICE')
    token = served.token(console_type='spice-html5', port=machine.spice_port)
    browser.get(f'http://127.0.0.1:{network.port}/spice_auto.html?token={token}')
    opened(browser)
    network.cut()
    wait_for(lambda: state(browser)[0] == 'connecting')
    assert state(browser)[1].endswith(' Connecting again…')
    network.mend()
    opened(browser)
    wait_for(lambda: browser.execute_script(LIT) > 500)


def test_the_terminal_goes_on(browser, serial, network):
    """Its text stays, and the same session continues."""
    serial()
    type_keys(browser, 'before')
    wait_for_text(browser, 'before')
    network.cut()
    wait_for(lambda: state(browser)[0] == 'connecting')
    network.mend()
    opened(browser)
    type_keys(browser, 'after')
    wait_for_text(browser, 'beforeafter')


def test_a_long_loss(browser, page, network, artefacts):
    """The page gives up, and the button opens the console as long as it can."""
    page()
    network.cut()
    assert ended(browser) == NOT_REACHED
    assert offers_again(browser)
    browser.save_screenshot(str(artefacts / 'lost.png'))
    network.mend()
    click(browser, 'reconnect')
    opened(browser)


@pytest.mark.parametrize('served', [{'rejoin_grace': 2}], indirect=True)
def test_a_loss_that_is_too_long(browser, page, network):
    """Then the page says how to get a new URL, and offers nothing."""
    page()
    network.cut()
    wait_for(lambda: state(browser) == ('ended', f'{NOT_REACHED} {AGAIN}'))
    assert not offers_again(browser)


@pytest.mark.parametrize('served', [{'rejoin_grace': 1}], indirect=True)
def test_a_key_that_is_too_old(browser, page, served):
    """The proxy's message is shown."""
    page()
    browser.get('about:blank')
    wait_for(lambda: served.store.open_sockets == 0)
    time.sleep(2)
    browser.back()
    assert ended(browser) == REFUSED
    assert not offers_again(browser)


@pytest.mark.parametrize('served', [{'rejoin_grace': 0}], indirect=True)
def test_no_key(browser, page, network):
    """A proxy may give none: a loss is then the end."""
    page()
    network.cut()
    assert ended(browser) == f'{LOST} {AGAIN}'
    network.mend()
    browser.refresh()
    assert 'no token' in ended(browser)


def test_a_session_that_is_revoked(browser, page, served):
    page()
    served.store.revoke(server_id('01'))
    assert ended(browser) == f'The access to this console was revoked. {AGAIN}'
    assert not offers_again(browser)
    browser.refresh()
    assert 'no token' in ended(browser)


def test_a_guest_that_ends(browser, serial):
    """Its console can be opened again, but not by itself."""
    visits = []
    over = threading.Event()

    def serve(connection):
        visits.append(connection)
        connection.sendall(b'visit %d ' % len(visits))
        if len(visits) == 1:
            over.wait(60)
        else:
            connection.recv(1)

    serial(serve=serve)
    over.set()
    assert ended(browser) == 'The guest ended the console.'
    assert offers_again(browser)
    click(browser, 'reconnect')
    opened(browser)
    wait_for_text(browser, 'visit 1 visit 2')


def test_another_client(browser, page, network):
    """One that has the key takes the session over, and the page says so."""
    page()
    key = rejoin_key(browser)
    url = f'ws://127.0.0.1:{network.port}/?rejoin={key}'
    with connect(url, subprotocols=[SUBPROTOCOL], proxy=None):
        words = 'A newer connection to this session has replaced this one.'
        assert ended(browser) == words
        assert not offers_again(browser)
