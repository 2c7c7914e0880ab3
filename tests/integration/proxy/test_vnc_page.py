# SPDX-License-Identifier: Apache-2.0
"""The page of VNC consoles, on hosts that do what a test needs."""

from __future__ import annotations

import struct

import pytest

from console_ext.exceptions import ComputeNotReady
from tests.integration.proxy.recording_host import (
    ALT,
    CONTROL,
    DELETE,
    F2,
    SHIFT,
    RecordingHost,
)
from tests.integration.proxy.screen import ended, opened, state
from tests.integration.proxy.serial_page import click, type_keys
from tests.parts.deployment import server_id
from tests.parts.waiting import wait_for

AGAIN = 'Request a new console URL to open it again.'


@pytest.fixture
def host():
    """A function that creates a VNC server."""
    made = []

    def host(**options):
        made.append(RecordingHost(**options))
        return made[-1]

    yield host
    for one in made:
        one.close()


@pytest.fixture
def show(browser, vnc_page, host):
    """A function that opens the page of a console, and returns its host."""

    def show(query='', **options):
        made = host(**options)
        browser.get(f'{vnc_page(port=made.port)}{query}')
        opened(browser)
        return made

    return show


def labelled(browser, label: str):
    return browser.find_element('css selector', f'[aria-label="{label}"]')


def test_no_token_in_the_address(browser, vnc_page, host):
    """It is in no history and not in the page; the path of the WebSocket stays."""
    url = vnc_page(port=host().port)
    token = url.rpartition('%3D')[2]
    browser.get(f'{url}&title=web-1'.replace('path=', 'path=websockify'))
    opened(browser)
    base = url.partition('?')[0]
    assert browser.current_url == f'{base}?path=websockify&title=web-1'
    assert token not in browser.page_source
    assert browser.get_log('browser') == []


# Keys.


def test_keys_of_the_toolbar(browser, show):
    """Combinations that a browser or a phone does not send."""
    host = show()
    click(browser, 'ctrl-alt-del')
    up = [-DELETE, -ALT, -CONTROL]
    wait_for(lambda: host.keys == [CONTROL, ALT, DELETE, *up])
    host.keys.clear()
    click(browser, 'show-keys')
    labelled(browser, 'Ctrl+Alt+F2').click()
    wait_for(lambda: host.keys == [CONTROL, ALT, F2, -F2, -ALT, -CONTROL])


def test_modifiers_that_stay_down(browser, show):
    """They apply to one key, of the page or of the keyboard."""
    host = show()
    click(browser, 'show-keys')
    click(browser, 'Ctrl')
    pressed = '//button[.="Ctrl" and @aria-pressed="true"]'
    assert browser.find_elements('xpath', pressed)
    type_keys(browser, 'c')
    wait_for(lambda: host.keys == [CONTROL, ord('c'), -ord('c'), -CONTROL])
    host.keys.clear()
    click(browser, 'Alt')
    click(browser, 'Shift')
    click(browser, 'Shift')
    labelled(browser, 'Keys').find_element('xpath', './/button[.="F2"]').click()
    wait_for(lambda: host.keys == [ALT, SHIFT, -SHIFT, F2, -F2, -ALT])


def test_a_paste(browser, show):
    """Letters of a US keyboard are typed with Shift; others as they are, if the user
    insists."""
    host = show()
    click(browser, 'paste')
    browser.find_element('id', 'paste-text').send_keys('aB\né')
    host.keys.clear()
    click(browser, 'Paste')
    assert 'To try, paste again.' in browser.find_element('id', 'dialog-says').text
    assert host.keys == []
    click(browser, 'Paste')
    a, b, enter, e = ord('a'), ord('B'), 0xFF0D, 0xE9
    expected = [a, -a, SHIFT, b, -b, -SHIFT, enter, -enter, e, -e]
    wait_for(lambda: host.keys == expected)


def test_a_paste_that_is_cut(browser, show, proxy):
    """The page gives back what it has not typed when the console is lost."""
    host = show()
    click(browser, 'paste')
    browser.execute_script(
        "document.getElementById('paste-text').value = 'x'.repeat(2000)"
    )
    click(browser, 'Paste')
    wait_for(lambda: host.keys)
    proxy.store.revoke(server_id('01'))
    ended(browser)
    (field,) = wait_for(lambda: browser.find_elements('id', 'paste-text'))
    assert 0 < len(field.get_property('value')) < 2000
    words = 'The console was lost before this part of the text was typed.'
    assert browser.find_element('id', 'dialog-says').text == words
    click(browser, 'Paste')
    assert 'not open' in browser.find_element('id', 'dialog-says').text


def test_the_keyboard_alone(browser, show):
    """From the screen to the toolbar, along it, and back; no key stays down."""
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    host = show()

    def focused() -> str:
        element = browser.switch_to.active_element
        return element.get_attribute('id') or element.tag_name

    assert focused() == 'canvas'
    keys = ActionChains(browser).key_down(Keys.CONTROL).key_down(Keys.ALT)
    keys.send_keys(Keys.HOME).key_up(Keys.ALT).key_up(Keys.CONTROL).perform()
    assert focused() == 'paste'
    type_keys(browser, Keys.END)
    assert focused() == 'full-screen'
    type_keys(browser, Keys.ESCAPE)
    assert focused() == 'canvas'
    wait_for(lambda: {-CONTROL, -ALT} <= set(host.keys))
    host.keys.clear()
    type_keys(browser, 'x')
    wait_for(lambda: host.keys == [ord('x'), -ord('x')])


# The screen.


SIZES = """
const canvas = document.querySelector('#screen canvas');
const seen = canvas.getBoundingClientRect();
return [seen.width, canvas.width];
"""


def test_fit(browser, show):
    """The page remembers the choice; an address that names one comes first."""

    def fits() -> bool:
        seen, own = browser.execute_script(SIZES)
        return seen != own

    show()
    wait_for(fits)
    click(browser, 'fit')
    wait_for(lambda: not fits())
    show()
    assert not fits()
    show('&resize=scale')
    wait_for(fits)


def test_a_screenshot(browser, show, tmp_path):
    """It has the size of the guest's screen."""
    browser.execute_cdp_cmd(
        'Browser.setDownloadBehavior',
        {'behavior': 'allow', 'downloadPath': str(tmp_path)},
    )
    show('&title=web-1')
    click(browser, 'screenshot')
    path = tmp_path / 'web-1.png'
    wait_for(lambda: path.exists() and path.stat().st_size > 24)
    head = path.read_bytes()[:24]
    assert head.startswith(b'\x89PNG')
    assert struct.unpack('!II', head[16:]) == (720, 400)
    assert browser.get_log('browser') == []


@pytest.mark.parametrize(('width', 'height'), [(360, 640), (1200, 500)])
def test_it_fits(browser, show, artefacts, width, height):
    """Nothing is cut off on a phone or in a low window."""
    browser.execute_cdp_cmd(
        'Emulation.setDeviceMetricsOverride',
        {'width': width, 'height': height, 'deviceScaleFactor': 1, 'mobile': False},
    )
    show('&title=a-server-with-a-long-name')
    click(browser, 'show-keys')
    inside = """
        const box = document.querySelector('#screen canvas').getBoundingClientRect();
        return box.width > 100 && box.right <= innerWidth && box.bottom <= innerHeight
          && document.documentElement.scrollWidth <= innerWidth;
    """
    wait_for(lambda: browser.execute_script(inside))
    browser.save_screenshot(str(artefacts / f'vnc-{width}x{height}.png'))


# How a console ends.


def test_the_end_in_full_screen(browser, show, proxy):
    """Only the screen is shown there: the page returns, to say why it ended."""
    show()
    click(browser, 'full-screen')
    is_full = 'return document.fullscreenElement?.id'
    wait_for(lambda: browser.execute_script(is_full) == 'stage')
    proxy.store.revoke(server_id('01'))
    assert 'revoked' in ended(browser)
    wait_for(lambda: browser.execute_script(is_full) is None)


def test_data_that_is_no_vnc(browser, vnc_page, host):
    """The page says so."""
    browser.get(vnc_page(port=host(behind=b'\xee' * 100).port))
    words = f'The console sent data that this page does not understand. {AGAIN}'
    assert ended(browser) == words


@pytest.mark.parametrize('proxy', [{'max_sessions_per_server': 1}], indirect=True)
def test_too_many_sessions(browser, vnc_page, host, proxy):
    """The token stays valid, and the button uses it."""
    made = host()
    token = proxy.token(made, console_type='novnc')
    first = proxy.connect(token, name='VNC')
    browser.get(vnc_page(port=made.port))
    assert ended(browser) == 'Too many console sessions are open; try again later.'
    first.close()
    wait_for(lambda: proxy.store.open_sockets == 0)
    click(browser, 'reconnect')
    opened(browser)


def test_the_proxy_is_not_reachable(browser, vnc_page, host, proxy):
    proxy.computes.answer = ComputeNotReady()
    browser.get(vnc_page(port=host().port))
    assert 'try again later' in ended(browser)
    proxy.proxy.stop()
    click(browser, 'reconnect')
    wait_for(lambda: 'cannot be reached' in state(browser)[1])
