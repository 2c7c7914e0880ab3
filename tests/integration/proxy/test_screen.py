# SPDX-License-Identifier: Apache-2.0
"""A real machine's screen in a real browser."""

from __future__ import annotations

import re
import struct

import pytest

from console_ext.proxy.consoles import assets, spice
from tests.functional.proxy.conftest import Served
from tests.integration.proxy.interposer import Interposer, spoil
from tests.integration.proxy.keyboard import read_until, stop_booting, type_in
from tests.integration.proxy.parts import SPICE_HTML5, needed
from tests.integration.proxy.screen import LIT, ended, opened, passing, state
from tests.integration.proxy.serial_page import click, type_keys
from tests.parts.programs import free_port
from tests.parts.waiting import wait_for


def errors(browser) -> list[str]:
    """Return the errors in the browser's log."""
    return [
        entry['message']
        for entry in browser.get_log('browser')
        if entry['level'] == 'SEVERE' and 'favicon' not in entry['message']
    ]


def test_the_screen(browser, page, artefacts):
    """The page shows the firmware's text, and its policy blocks nothing."""
    browser.get(page())
    opened(browser)
    wait_for(lambda: browser.execute_script(LIT) > 500)
    browser.save_screenshot(str(artefacts / 'screen.png'))
    assert not [text for text in errors(browser) if 'Content Security' in text]
    assert browser.get_cookies() == []
    assert 'token' not in browser.current_url


def test_the_screen_fits_the_window(browser, page):
    """For any size of the window and of the guest's screen."""
    browser.get(page())
    opened(browser)

    def fits():
        inside, around = browser.execute_script(
            """
            const box = (id) => document.getElementById(id).getBoundingClientRect();
            const screen = document.querySelector('#screen canvas')
              .getBoundingClientRect();
            const stage = box('stage');
            return [[screen.width, screen.height], [stage.width, stage.height]];
            """
        )
        spare = [outer - inner for inner, outer in zip(inside, around, strict=True)]
        return min(spare) >= -1 and min(spare) <= 2

    for width, height in ((500, 400), (1200, 500), (1400, 1000)):
        before = browser.execute_script('return innerWidth + innerHeight')
        browser.set_window_size(width, height)
        wait_for(
            lambda before=before: (
                browser.execute_script('return innerWidth + innerHeight') != before
            )
        )
        wait_for(fits)


def test_behind_a_reverse_proxy_that_ends_tls(browser, deployment, machine, nginx):
    """The page loads its modules and opens its WebSocket below nginx's URL."""
    base_url = f'{nginx.url("https")}spice_auto.html'
    served = Served(deployment, needed(str(SPICE_HTML5)))
    served.start(spice={'html5proxy_base_url': base_url})
    try:
        nginx.start(served.port('SPICE'))
        token = served.token(console_type='spice-html5', port=machine.spice_port)
        browser.get(f'{base_url}?token={token}')
        opened(browser)
        wait_for(lambda: browser.execute_script(LIT) > 500)
    finally:
        served.stop()


def test_a_key_typed_in_the_browser(browser, page, proxy, machine):
    """The key arrives at the serial port."""
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    serial = proxy.connect(proxy.token(port=machine.serial_port), max_queue=None)
    browser.get(page())
    opened(browser)
    keys = ActionChains(browser)
    keys.key_down(Keys.CONTROL).send_keys('b').key_up(Keys.CONTROL)
    stop_booting(serial, keys.perform)
    type_in(browser, 'echo typed', serial)
    read_until(serial, b'typed')


@pytest.fixture
def prompt(browser, page, proxy, machine):
    """The serial side of iPXE's command line, which the page shows too."""
    serial = proxy.connect(proxy.token(port=machine.serial_port), max_queue=None)
    stop_booting(serial)
    browser.get(page())
    opened(browser)
    # Until there is a picture, nothing takes keys.
    wait_for(lambda: browser.execute_script(LIT) > 500)
    return serial


def test_a_paste(browser, prompt):
    """It is typed with the keys of a US keyboard, or refused and kept."""
    from selenium.webdriver.common.keys import Keys

    text = 'aZ09 `~!@#$%^&*()-_=+[{]}\\|;:\'",<.>/?'
    click(browser, 'paste')
    field = browser.find_element('id', 'paste-text')
    field.send_keys(f'é{text}')
    click(browser, 'Paste')
    refusal = '1 character is not on a US keyboard (é). Nothing was typed.'
    assert browser.find_element('id', 'dialog-says').text == refusal
    field.send_keys(Keys.HOME, Keys.DELETE)
    click(browser, 'Paste')
    shown = re.sub(rb'\x1b\[[0-9;]*[A-Za-z]', b'', read_until(prompt, b'?'))
    assert text.encode() in shown


def test_keys_of_the_toolbar(browser, prompt, machine):
    """Ctrl applies to one letter; Ctrl+Alt+Del restarts the machine."""
    type_in(browser, 'echo one', prompt)
    assert b'one' in read_until(prompt, b'iPXE>')
    browser.find_element('css selector', '#screen canvas').click()
    for letter in 'xyz':
        type_keys(browser, letter)
        read_until(prompt, letter.encode())
    click(browser, 'show-keys')
    # Ctrl+U deletes the line.
    click(browser, 'Ctrl')
    type_keys(browser, 'u')
    type_in(browser, 'echo two', prompt)
    read_until(prompt, b'two')
    click(browser, 'ctrl-alt-del')
    read_until(prompt, b'SeaBIOS')


def test_fit_and_screenshot(browser, page, tmp_path):
    """The screen is shown in its own size, and its picture has that size."""
    browser.execute_cdp_cmd(
        'Browser.setDownloadBehavior',
        {'behavior': 'allow', 'downloadPath': str(tmp_path)},
    )
    sizes = """
        const canvas = document.querySelector('#screen canvas');
        const { width, height } = canvas.getBoundingClientRect();
        return [width, height, canvas.width, canvas.height];
    """
    browser.get(page())
    opened(browser)
    # The firmware has set the size of its screen before.
    wait_for(lambda: browser.execute_script(LIT) > 500)
    width, height, *own = browser.execute_script(sizes)
    assert [width, height] != own
    click(browser, 'fit')
    width, height, *own = browser.execute_script(sizes)
    assert [width, height] == own
    click(browser, 'screenshot')
    path = tmp_path / 'console.png'
    wait_for(lambda: path.exists() and path.stat().st_size > 24)
    assert list(struct.unpack('!II', path.read_bytes()[16:24])) == own


def test_a_reload(browser, page):
    """It connects again within the same session; the token stays in the tab only."""
    url = page()
    browser.get(url)
    opened(browser)
    browser.refresh()
    opened(browser)
    assert 'token' not in browser.current_url
    browser.switch_to.new_window('tab')
    browser.get(url.partition('?')[0])
    assert 'no token' in ended(browser)


def test_the_bundle(browser, deployment, machine, monkeypatch, tmp_path):
    """npm's spice-html5 works too, where the distribution has no package of it."""
    needed(str(assets.directory() / assets.FETCHED / assets.STAMP))
    monkeypatch.setattr(spice, 'DISTRIBUTION', tmp_path / 'none')
    port = free_port()
    served = Served(deployment, None)
    served.start(
        spice={
            'html5proxy_port': port,
            'html5proxy_base_url': f'http://127.0.0.1:{port}/spice_auto.html',
        }
    )
    try:
        token = served.token(console_type='spice-html5', port=machine.spice_port)
        browser.get(f'http://127.0.0.1:{port}/spice_auto.html?token={token}')
        opened(browser)
        wait_for(lambda: browser.execute_script(LIT) > 500)
        loaded = browser.execute_script(
            "return performance.getEntriesByType('resource').map((one) => one.name)"
        )
        assert [name for name in loaded if 'spice-html5/' in name] == [
            name for name in loaded if name.endswith('/spice-html5/spice.js')
        ]
    finally:
        served.stop()


def test_two_consoles_in_one_browser(browser, page):
    """Each with its own token, at the same time."""
    browser.get(page())
    opened(browser)
    first = browser.current_window_handle
    browser.switch_to.new_window('tab')
    browser.get(page())
    opened(browser)
    browser.switch_to.window(first)
    browser.refresh()
    opened(browser)


def test_twenty_loads(browser, page, proxy):
    """Also if tickets of spice-html5 are refused, as one in fifteen is."""
    tries = 0
    for _ in range(20):
        asked = len(proxy.store.asked)
        browser.get(page())
        opened(browser)
        tries += (len(proxy.store.asked) - asked) > 4
    print(f'{tries} of 20 loads took more than one try')


def test_a_url_that_has_expired(browser, page):
    """The proxy's message is shown, without an offer to try again."""
    browser.get(page(ttl_s=0))
    words = 'This console URL is invalid or has expired. Request a new one.'
    assert ended(browser) == words
    assert not browser.find_element('id', 'reconnect').is_displayed()


def test_an_address_without_token(browser, proxy):
    """The page says so."""
    browser.get(f'{proxy.proxy.url("SPICE")}/spice_auto.html')
    assert 'no token' in ended(browser)


def test_the_machine_ends(browser, page, machine, artefacts):
    """The page says so, and the last picture stays."""
    browser.get(page())
    opened(browser)
    wait_for(lambda: browser.execute_script(LIT) > 500)
    machine.process.kill()
    assert 'guest' in ended(browser)
    assert browser.execute_script(LIT) > 500
    browser.save_screenshot(str(artefacts / 'ended.png'))


@pytest.mark.parametrize('proxy', [{'max_session_time': 20}], indirect=True)
def test_a_session_that_ends(browser, page, machine):
    """The page connects again within the session, also where tickets are refused.

    At its end the proxy's reason is shown; then the button opens it no more.
    """
    before = Interposer([machine.spice_port], spoil({0, 1, 2, 3}))
    try:
        browser.get(page(port=before.port))
        opened(browser)
        browser.refresh()
        opened(browser)
        assert ended(browser) == 'The session has reached its maximum duration.'
        click(browser, 'reconnect')
        wait_for(lambda: 'Request a new one' in state(browser)[1])
        assert not browser.find_element('id', 'reconnect').is_displayed()
    finally:
        before.close()


def test_the_proxy_goes_away(browser, page, proxy):
    """First the proxy's reason is shown; later the proxy cannot be reached."""
    browser.get(page())
    opened(browser)
    words = 'The proxy is being stopped; connect again. Connecting again…'
    with passing(browser, 'connecting', words):
        proxy.proxy.stop()
    assert 'cannot be reached' in ended(browser)
    click(browser, 'reconnect')
    assert 'cannot be reached' in ended(browser)


def test_cve_2012_2094_cve_2017_18635_cve_2026_40212_text_is_not_html(browser, page):
    """No text that the page shows becomes an element."""
    markup = '<img src=x onerror="document.title=1"><script>1</script>'
    from urllib import parse

    browser.get(f'{page()}&title={parse.quote(markup)}')
    opened(browser)
    assert browser.find_element('id', 'title').text == markup
    assert browser.execute_script("return document.querySelectorAll('img').length") == 0
