# SPDX-License-Identifier: Apache-2.0
"""A real machine's VNC console in a real browser."""

from __future__ import annotations

import functools
import http.server
import re
import signal
import threading
from urllib import parse

import pytest

from console_ext.exceptions import ComputeNotReady
from tests.functional.proxy.conftest import Served
from tests.integration.proxy.keyboard import read_until, stop_booting, type_in
from tests.integration.proxy.machine import Machine
from tests.integration.proxy.parts import NOVNC, SPICE_HTML5, needed
from tests.integration.proxy.screen import LIT, ended, opened, passing, state
from tests.integration.proxy.serial_page import click
from tests.parts.authority import Authority
from tests.parts.deployment import server_id
from tests.parts.waiting import wait_for

AGAIN = 'Request a new console URL to open it again.'


def shown(browser) -> None:
    """Wait for the firmware's text."""
    opened(browser)
    wait_for(lambda: browser.execute_script(LIT) > 500)


def complaints(browser) -> list[str]:
    """Return what the browser has logged, but for our reading of the picture."""
    messages = [one['message'] for one in browser.get_log('browser')]
    return [message for message in messages if 'getImageData' not in message]


def button(browser, name: str):
    return browser.find_element('id', name)


def test_the_screen(browser, vnc_page, artefacts):
    """The page shows the firmware's text, and the browser logs no error."""
    browser.get(vnc_page())
    shown(browser)
    browser.save_screenshot(str(artefacts / 'vnc.png'))
    assert complaints(browser) == []
    assert browser.get_cookies() == []
    assert state(browser)[1] == 'Connected'


def test_a_directory_of_novnc(browser, deployment, request):
    """The page also works with the distribution's noVNC, which is older."""
    deployment.configure(vnc={'novncproxy_web': needed(str(NOVNC))})
    browser.get(request.getfixturevalue('vnc_page')())
    shown(browser)


@pytest.mark.parametrize('name', ['vnc_auto.html', 'vnc.html'])
def test_its_other_names(browser, vnc_page, name):
    """The page connects by itself, even if the token is in its own query."""
    url = vnc_page().replace('vnc_lite.html?path=%3Ftoken%3D', f'{name}?token=')
    browser.get(f'{url}&title=web-1(a-uuid)&autoconnect=0')
    opened(browser)
    assert button(browser, 'title').text == 'web-1(a-uuid)'
    assert browser.title == 'web-1(a-uuid) – VNC console'


@pytest.mark.parametrize('query', ['', '&resize=off', '&resize=remote', '&scale=false'])
def test_the_screen_fits_the_window(browser, vnc_page, query):
    """For any size of the window, unless the URL disables scaling."""
    browser.set_window_size(1400, 1100)
    browser.get(f'{vnc_page()}{query}')
    shown(browser)

    def sizes():
        """The sizes of the stage, of the visible picture, and of the guest's screen."""
        return browser.execute_script(
            """
            const stage = document.getElementById('stage').getBoundingClientRect();
            const canvas = document.querySelector('#screen canvas');
            const seen = canvas.getBoundingClientRect();
            return [stage, seen, canvas].map((one) => [one.width, one.height]);
            """
        )

    def fits():
        stage, seen, guest = sizes()
        if query in ('&resize=off', '&scale=false'):
            return seen == guest
        spare = [outer - inner for outer, inner in zip(stage, seen, strict=True)]
        return -1 <= min(spare) <= 2

    for width, height in ((1400, 1000), (500, 400), (1200, 500)):
        browser.set_window_size(width, height)
        wait_for(fits)


@pytest.fixture
def prompt(browser, vnc_page, proxy, machine):
    """The serial side of iPXE's command line, which the page shows too."""
    serial = proxy.connect(proxy.token(port=machine.serial_port), max_queue=None)
    stop_booting(serial)
    browser.get(vnc_page())
    shown(browser)
    return serial


def paste(browser, text: str) -> None:
    click(browser, 'paste')
    button(browser, 'paste-text').send_keys(text)
    click(browser, 'Paste')


def test_keys_typed_in_the_browser(browser, prompt):
    """They arrive at the serial port."""
    type_in(browser, 'echo typed', prompt)
    read_until(prompt, b'typed')


def test_pasted_text(browser, prompt, artefacts):
    """Each character arrives; then the picture has the keyboard focus again."""
    text = 'aZ09 `~!@#$%^&*()-_=+[{]}\\|;:\'",<.>/?'
    click(browser, 'paste')
    browser.save_screenshot(str(artefacts / 'vnc-paste.png'))
    click(browser, 'Cancel')
    paste(browser, text)
    shown = re.sub(rb'\x1b\[[0-9;]*[A-Za-z]', b'', read_until(prompt, b'?'))
    assert text.encode() in shown
    paste(browser, '\necho of two\n')
    read_until(prompt, b'of two', times=2)
    type_in(browser, 'echo after', prompt)


def test_ctrl_alt_del(browser, prompt):
    """The machine restarts, which it does not do by itself at its prompt."""
    button(browser, 'ctrl-alt-del').click()
    read_until(prompt, b'SeaBIOS')


@pytest.mark.parametrize('value', ['1', 'true'])
def test_view_only(browser, vnc_page, proxy, machine, value):
    """Keys are not sent, and there are no buttons for keys."""
    serial = proxy.connect(proxy.token(port=machine.serial_port), max_queue=None)
    stop_booting(serial)
    browser.get(f'{vnc_page()}&view_only={value}')
    opened(browser)
    for name in ('paste', 'ctrl-alt-del', 'show-keys'):
        assert not browser.find_elements('id', name)
    type_in(browser, 'x')
    serial.send(b'y')
    assert b'x' not in read_until(serial, b'y')


def test_full_screen(browser, vnc_page):
    """Only the picture is shown."""
    browser.get(vnc_page())
    opened(browser)
    button(browser, 'full-screen').click()
    wait_for(
        lambda: (
            browser.execute_script('return document.fullscreenElement?.id') == 'stage'
        )
    )


def test_two_consoles_in_one_browser(browser, vnc_page):
    """Each with its own token; the second viewer does not disconnect the first."""
    browser.get(vnc_page())
    shown(browser)
    first = browser.current_window_handle
    browser.switch_to.new_window('tab')
    browser.get(vnc_page())
    shown(browser)
    browser.switch_to.window(first)
    assert state(browser)[0] == 'open'


def test_behind_a_reverse_proxy_that_ends_tls(browser, deployment, machine, nginx):
    """The page loads its modules and opens its WebSocket below nginx's URL."""
    base_url = f'{nginx.url("https")}vnc_lite.html'
    served = Served(deployment, needed(str(SPICE_HTML5)))
    served.start(
        vnc={'novncproxy_base_url': base_url, 'novncproxy_web': needed(str(NOVNC))}
    )
    try:
        nginx.start(served.port('VNC'))
        for path in ('?', 'consoles/websockify?'):
            token = served.token(console_type='novnc', port=machine.vnc_port)
            path = parse.quote(f'{path}token={token}', safe='')
            browser.get(f'{base_url}?path={path}')
            shown(browser)
    finally:
        served.stop()


@pytest.fixture
def elsewhere():
    """The origin of noVNC's own pages on another server."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            """Log nothing."""

    handler = functools.partial(Handler, directory=needed(str(NOVNC)))
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f'http://127.0.0.1:{server.server_port}'
        server.shutdown()


@pytest.mark.parametrize('name', ['vnc_lite.html', 'vnc.html'])
def test_pages_of_novnc(browser, deployment, machine, elsewhere, name):
    """They connect like to Nova's proxy, if their origin is allowed."""
    served = Served(deployment, needed(str(SPICE_HTML5)))
    served.start(console={'allowed_origins': elsewhere})
    try:
        token = served.token(console_type='novnc', port=machine.vnc_port)
        browser.get(
            f'{elsewhere}/{name}?host=127.0.0.1&port={served.port("VNC")}'
            f'&path=%3Ftoken%3D{token}&autoconnect=1'
        )
        lit = LIT.replace('#screen canvas', 'canvas')
        wait_for(lambda: browser.execute_script(lit) > 500)
    finally:
        served.stop()


def test_a_url_that_has_expired(browser, vnc_page):
    """The proxy's message is shown, without an offer to try again."""
    browser.get(vnc_page(ttl_s=0))
    words = 'This console URL is invalid or has expired. Request a new one.'
    assert ended(browser) == words
    assert not button(browser, 'reconnect').is_displayed()


def test_an_address_without_token(browser, proxy):
    """The page says so, without a button to try again."""
    browser.get(f'{proxy.proxy.url("VNC")}/vnc_lite.html?path=websockify')
    assert 'no token' in ended(browser)
    assert not button(browser, 'reconnect').is_displayed()


def test_a_console_that_cannot_be_reached(browser, vnc_page, machine):
    """It is reported; the token stays valid, and the button uses it."""
    url = vnc_page()
    machine.process.send_signal(signal.SIGSTOP)
    browser.get(url)
    assert ended(browser) == (
        "The server's console cannot be reached; try again later."
    )
    machine.process.send_signal(signal.SIGCONT)
    button(browser, 'reconnect').click()
    opened(browser)


def test_the_machine_ends(browser, vnc_page, machine, artefacts):
    """The page says so, the last picture stays, and nothing can be typed."""
    browser.get(vnc_page())
    shown(browser)
    machine.process.kill()
    assert 'guest' in ended(browser)
    assert browser.execute_script(LIT) > 500
    browser.save_screenshot(str(artefacts / 'vnc-ended.png'))
    assert button(browser, 'reconnect').is_displayed()
    for name in ('paste', 'ctrl-alt-del'):
        assert not button(browser, name).is_displayed()


def test_a_session_that_is_revoked(browser, vnc_page, proxy):
    """The proxy's reason is shown; reloading the page opens nothing."""
    browser.get(vnc_page())
    opened(browser)
    proxy.store.revoke(server_id('01'))
    assert ended(browser) == f'The access to this console was revoked. {AGAIN}'
    browser.refresh()
    assert 'no token' in ended(browser)


def test_the_proxy_goes_away(browser, vnc_page, proxy):
    """First the proxy's reason is shown; later the proxy cannot be reached."""
    proxy.computes.answer = ComputeNotReady()
    browser.get(vnc_page())
    assert 'try again later' in ended(browser)
    proxy.computes.answer = True
    waiting = browser.current_window_handle
    browser.switch_to.new_window('tab')
    browser.get(vnc_page())
    opened(browser)
    words = 'The proxy is being stopped; connect again. Connecting again…'
    with passing(browser, 'connecting', words):
        proxy.proxy.stop()
    assert 'cannot be reached' in ended(browser)
    browser.switch_to.window(waiting)
    button(browser, 'reconnect').click()
    wait_for(lambda: 'cannot be reached' in state(browser)[1])


def test_cve_2012_2094_cve_2017_18635_cve_2026_40212_text_is_not_html(
    browser, vnc_page
):
    """No text that the page shows becomes an element."""
    markup = '<img src=x onerror="document.title=1"><script>1</script>'
    browser.get(f'{vnc_page()}&title={parse.quote(markup)}')
    opened(browser)
    assert button(browser, 'title').text == markup
    assert browser.execute_script("return document.querySelectorAll('img').length") == 0


@pytest.fixture
def authority(authority):
    """The authority for the certificates of compute hosts and of the proxy."""
    authority.issue('server', '127.0.0.1')
    return authority


@pytest.fixture
def encrypting(tmp_path, authority):
    """A machine that requires VeNCrypt and a client certificate."""
    made = Machine(tmp_path, tls=authority.path)
    yield made
    made.close()


def vencrypt(authority, client=None):
    """The options of a proxy.

    :param client: who signs its certificate; None where it has none
    """
    files = {'vencrypt_ca_certs': authority.file}
    if client is not None:
        cert, key = client.issue('client')
        files |= {'vencrypt_client_cert': cert, 'vencrypt_client_key': key}
    return {'auth_schemes': 'vencrypt', **files}


def test_the_screen_by_vencrypt(
    browser, deployment, request, authority, encrypting, artefacts
):
    """The same, with TLS between proxy and machine."""
    deployment.configure(vnc=vencrypt(authority, authority))
    vnc_page = request.getfixturevalue('vnc_page')
    browser.get(vnc_page(port=encrypting.vnc_port))
    shown(browser)
    browser.save_screenshot(str(artefacts / 'vencrypt.png'))
    assert complaints(browser) == []


@pytest.mark.parametrize('shows', ['nothing', "another authority's"])
def test_a_machine_that_wants_a_certificate(
    browser, deployment, request, authority, encrypting, tmp_path, shows, caplog
):
    """It refuses an untrusted certificate; the page and the log say so."""
    other = None if shows == 'nothing' else Authority(tmp_path / 'other')
    deployment.configure(vnc=vencrypt(authority, other))
    vnc_page = request.getfixturevalue('vnc_page')
    caplog.set_level('INFO')
    browser.get(vnc_page(port=encrypting.vnc_port))
    assert 'refused' in ended(browser)
    assert any(
        'Refused a VNC client' in one and '502' in one for one in caplog.messages
    )
