# SPDX-License-Identifier: Apache-2.0
"""Serial consoles in a real browser."""

from __future__ import annotations

import hashlib
import select
import socket
import threading
import time

import pytest

from console_ext.exceptions import ComputeNotReady
from tests.integration.proxy.screen import ended, passing, rejoin_key, state
from tests.integration.proxy.serial_page import (
    click,
    opened,
    rows,
    shown,
    type_keys,
    wait_for_text,
)
from tests.integration.proxy.shells import running
from tests.parts.deployment import server_id
from tests.parts.peers import reset
from tests.parts.waiting import wait_for

AGAIN = 'Request a new console URL to open it again.'

LETTERS = 'é€☃𝄞漢字'


def complaints(browser) -> list[str]:
    """Return the errors in the browser's log, including violations of the policy."""
    return [one['message'] for one in browser.get_log('browser')]


def says(*parts: bytes, then=lambda connection: connection.recv(1)):
    """A guest that prints a text, and then calls a function."""

    def serve(connection):
        for part in parts:
            connection.sendall(part)
            time.sleep(0.01)
        then(connection)

    return serve


@pytest.fixture
def page(serial, browser):
    """A function that opens a guest's console, and returns its token."""

    def open_page(serve=None, query='', **values):
        token = serial.token(serial.guest(serve), **values)
        browser.get(f'{serial.url(token, scheme="http")}{query}')
        return token

    return open_page


def test_typed_at_and_answered(browser, page, serial, artefacts):
    """With a shell; the policy blocks nothing, and the URL no longer has the token."""
    token = page(running('sh'), '&title=web-1')
    opened(browser)
    wait_for_text(browser, '$')
    type_keys(browser, 'echo $((6 * 7)) é ☃\n')
    wait_for_text(browser, '\n42 é ☃')
    browser.save_screenshot(str(artefacts / 'serial.png'))
    assert browser.current_url == f'{serial.proxy.url("serial")}/?title=web-1'
    assert token not in browser.page_source
    assert browser.find_element('id', 'title').text == 'web-1'
    assert browser.title == 'web-1 – Serial console'
    assert browser.get_cookies() == []
    assert complaints(browser) == []


def test_the_token_is_in_no_history(browser, page, serial):
    """Neither "back" nor "reload" uses or shows it: they use a key, once."""
    token = page()
    opened(browser)
    key = rejoin_key(browser)
    browser.refresh()
    opened(browser)
    rejoin_key(browser, key)
    browser.get('about:blank')
    browser.back()
    opened(browser)
    assert token not in browser.current_url
    assert len(serial.store.asked) == 1


def test_letters_that_are_cut(browser, page):
    """Characters arrive even if the guest's writes split them."""
    page(says(*(bytes([one]) for one in LETTERS.encode())))
    opened(browser)
    wait_for_text(browser, LETTERS)


def test_colours(browser, page, artefacts):
    """Including 24-bit colours, despite the strict policy."""
    page(says(b'\x1b[38;2;12;34;56;48;2;250;240;230mcolour\x1b[0m \x1b[31mred\x1b[0m'))
    opened(browser)
    wait_for_text(browser, 'colour red')
    background = browser.execute_script(
        """
        const span = [...document.querySelectorAll('.xterm-rows span')]
          .find((one) => one.textContent === 'colour');
        return getComputedStyle(span).backgroundColor;
        """
    )
    assert background == 'rgb(250, 240, 230)'
    browser.save_screenshot(str(artefacts / 'serial-colours.png'))
    assert complaints(browser) == []


# How a console ends.


def test_the_guest_ends(browser, page, artefacts):
    """Its last output stays visible."""
    page(says(b'the last words', then=lambda connection: time.sleep(0.5)))
    assert ended(browser) == 'The guest ended the console.'
    wait_for(lambda: shown(browser).startswith('the last words'))
    assert browser.find_element('id', 'reconnect').is_displayed()
    browser.save_screenshot(str(artefacts / 'serial-ended.png'))


def test_the_guest_ends_at_once(browser, page):
    """It is not mistaken for a refusal."""
    page(lambda connection: None)
    assert ended(browser) == 'The guest ended the console.'


def test_the_guest_is_lost(browser, page):
    page(says(b'x', then=lambda connection: (time.sleep(0.5), reset(connection))))
    assert ended(browser) == 'The connection to the guest was lost.'


@pytest.mark.parametrize('serial', [{'max_session_time': 2}], indirect=True)
def test_the_session_is_over(browser, page):
    page()
    assert ended(browser) == f'The session has reached its maximum duration. {AGAIN}'


@pytest.mark.parametrize('serial', [{'idle_timeout': 2}], indirect=True)
def test_nobody_does_anything(browser, page):
    page()
    assert ended(browser) == f'The session was idle for too long. {AGAIN}'


def test_the_permission_ends(browser, page, serial):
    page()
    opened(browser)
    serial.store.revoke(server_id('01'))
    assert ended(browser) == f'The access to this console was revoked. {AGAIN}'


def test_the_proxy_is_stopped(browser, page, serial):
    page()
    opened(browser)
    words = 'The proxy is being stopped; connect again. Connecting again…'
    with passing(browser, 'connecting', words):
        serial.proxy.stop()
    assert 'cannot be reached' in ended(browser)


# Refusals.


def test_a_token_that_is_used(browser, page, serial):
    """The proxy's message is shown, without an offer to try again."""
    token = page()
    opened(browser)
    browser.switch_to.new_window('tab')
    browser.get(serial.url(token, scheme='http'))
    words = 'This console URL is invalid or has expired. Request a new one.'
    assert ended(browser) == words
    assert not browser.find_element('id', 'reconnect').is_displayed()


def test_what_may_pass(browser, page, serial):
    """Later the same token opens the console."""
    serial.computes.answer = ComputeNotReady()
    page()
    assert 'try again later' in ended(browser)
    wait_for(lambda: serial.store.open_sockets == 0)
    serial.computes.answer = True
    click(browser, 'reconnect')
    opened(browser)
    type_keys(browser, 'echoed')
    wait_for_text(browser, 'echoed')


def test_the_server_is_not_there(browser, page, serial):
    serial.computes.answer = False
    page()
    assert ended(browser).startswith('The console has moved.')


@pytest.mark.parametrize('serial', [{'max_sessions_per_server': 1}], indirect=True)
def test_too_many_sessions(browser, page, serial):
    first = serial.connect(serial.token(serial.guest()))
    page()
    assert ended(browser) == 'Too many console sessions are open; try again later.'
    first.close()
    wait_for(lambda: serial.store.open_sockets == 0)
    click(browser, 'reconnect')
    opened(browser)


def test_the_proxy_is_not_reachable(browser, page, serial):
    serial.computes.answer = ComputeNotReady()
    page()
    assert 'try again later' in ended(browser)
    serial.proxy.stop()
    click(browser, 'reconnect')
    wait_for(lambda: 'cannot be reached' in state(browser)[1])


def test_an_address_without_token(browser, serial):
    browser.get(f'{serial.proxy.url("serial")}/')
    assert 'no token' in ended(browser)


# A guest with endless output.

PROBE = """
globalThis.longest = 0;
let last = performance.now();
setInterval(() => {
  longest = Math.max(longest, performance.now() - last);
  last = performance.now();
}, 5);
globalThis.echo = (letters) => new Promise((resolve) => {
  const start = performance.now();
  const rows = document.querySelector('.xterm-rows');
  const observer = new MutationObserver(() => {
    if (rows.firstChild.textContent.includes(letters)) {
      observer.disconnect();
      resolve(performance.now() - start);
    }
  });
  observer.observe(rows, { childList: true, characterData: true, subtree: true });
  document.querySelector('.xterm-helper-textarea').dispatchEvent(
    new InputEvent('input', {
      bubbles: true, composed: true, data: letters, inputType: 'insertText',
    }),
  );
});
"""


class Flood:
    """A guest that fills all rows except the first, which shows the received keys."""

    def __init__(self):
        self.written = 0

    def __call__(self, connection):
        # As in a connection between machines; loopback would buffer megabytes.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32768)
        connection.sendall(b'\x1b[2;20r\x1b[5;1H')
        line = b'all work and no play makes jack a dull boy\r\n'
        while True:
            keys, room, _ = select.select([connection], [connection], [])
            if keys:
                typed = connection.recv(100)
                if not typed:
                    return
                connection.sendall(b'\x1b7\x1b[1;1H\x1b[K%s\x1b8' % typed)
            if room:
                self.written += connection.send(line * 50)


def heap(browser) -> float:
    """Return the size of the page's objects in MB."""
    browser.execute_cdp_cmd('HeapProfiler.collectGarbage', {})
    return browser.execute_script('return performance.memory.usedJSHeapSize') / 1e6


def test_a_flood(browser, page):
    """Keys are echoed meanwhile, and the guest waits for the page to draw."""
    flood = Flood()
    page(flood)
    opened(browser)
    browser.execute_script(PROBE)
    time.sleep(3)
    wait_for(lambda: flood.written > 10**6)
    before, written = heap(browser), flood.written
    times = []
    for index in range(8):
        time.sleep(0.5)
        letters = chr(ord('A') + index) * 3
        script = 'echo(arguments[0]).then(arguments[1])'
        times.append(browser.execute_async_script(script, letters))
    wait_for(lambda: flood.written - written > 2 * 10**6)
    megabytes = (flood.written - written) / 1e6
    grown = heap(browser) - before
    longest = browser.execute_script('return longest')
    print(f'{megabytes:.1f} MB; echoes after {sorted(map(round, times))} ms')
    print(f'longest pause {longest:.0f} ms; {grown:.1f} MB more in the heap')
    # It takes about 60 ms; the rest is for a busy machine.
    assert sorted(times)[len(times) // 2] < 2000
    assert grown < 16


def test_a_flood_while_the_page_is_hidden(browser, page, serial):
    """The guest waits, so that the browser's memory does not fill up."""
    flood = Flood()
    page(flood)
    opened(browser)
    wait_for(lambda: flood.written > 10**6)
    page_handle = browser.current_window_handle
    browser.switch_to.new_window('tab')
    time.sleep(3)
    written = flood.written
    time.sleep(3)
    assert (flood.written - written) / 1e6 < 20
    browser.switch_to.window(page_handle)
    written = flood.written
    wait_for(lambda: flood.written - written > 10**6)


# Output of a guest is shown, and has no other effect.


def test_a_guest_reaches_nothing(browser, page, serial, artefacts):
    """It cannot change the clipboard, the page, its title or its address."""
    from selenium.common.exceptions import NoAlertPresentException

    received = bytearray()

    def listen(connection):
        while data := connection.recv(4096):
            received.extend(data)

    page(
        says(
            b'\x1b]0;a title\x07\x1b]2;a title\x07',
            # The clipboard, in both directions.
            b'\x1b]52;c;ZXZpbA==\x07\x1b]52;c;?\x07',
            b'<script>document.title = 1</script><img src=x onerror="alert(1)">\r\n',
            # Links with schemes other than http and https.
            b'\x1b]8;;javascript:alert(1)\x07script\x1b]8;;\x07 ',
            b'\x1b]8;;file:///etc/passwd\x07file\x1b]8;;\x07 ',
            b'\x1b]8;;data:text/html,x\x07data\x1b]8;;\x07\r\n',
            # Requests for title, icon and cursor position: the answers would be typed.
            b'\x1b[21t\x1b[20t\x1b[?6n\x1bP$qm\x1b\\\x05',
            b'\x1b]50;x\x07\x1b]1337;File=inline=1:eA==\x07\x1bPq#0~~\x1b\\',
            b'done',
            then=listen,
        ),
        '&title=web-1',
    )
    opened(browser)
    wait_for_text(browser, 'done')
    for text in ('script', 'file', 'data'):
        click_text(browser, text)
    with pytest.raises(NoAlertPresentException):
        browser.switch_to.alert.text  # noqa: B018
    assert browser.title == 'web-1 – Serial console'
    assert len(browser.window_handles) == 1
    assert browser.find_elements('css selector', '#stage img, #stage script') == []
    assert not browser.find_elements('tag name', 'dialog')
    # No answer contains words of the guest or the user.
    wait_for(lambda: received)
    assert b'title' not in received
    assert b'ZXZ' not in received
    assert complaints(browser) == []


def click_text(browser, text: str, *, is_link: bool = False) -> None:
    """Click where the terminal shows a text."""
    from selenium.webdriver.common.action_chains import ActionChains

    at = next(
        (row, line.index(text))
        for row, line in reversed(list(enumerate(rows(browser))))
        if text in line
    )
    box = browser.execute_script(
        """
        const row = document.querySelectorAll('.xterm-rows > div')[arguments[0]];
        const range = document.createRange();
        range.selectNodeContents(row);
        const box = row.getBoundingClientRect();
        const cell = document.querySelector('.xterm-helper-textarea').clientWidth;
        return [box.x, box.y, box.height, cell];
        """,
        at[0],
    )
    x, y, height, cell = box
    chain = ActionChains(browser)
    chain.w3c_actions.pointer_action.move_to_location(
        int(x + (at[1] + 1) * cell), int(y + height / 2)
    )
    chain.w3c_actions.pointer_action.pause(0.3)
    chain.perform()
    if is_link:
        # The terminal looks for a link below the pointer in a later task.
        wait_for(lambda: browser.find_elements('class name', 'xterm-cursor-pointer'))
    ActionChains(browser).click().perform()


@pytest.mark.parametrize(
    'said',
    [
        b'see http://127.0.0.1:1/shown for more',
        b'see \x1b]8;;http://127.0.0.1:1/shown\x07the manual\x1b]8;;\x07 for more',
    ],
)
def test_a_link_asks(browser, page, said):
    """The whole address is shown first; it opens in a page without access to ours."""
    page(says(said))
    opened(browser)
    wait_for_text(browser, 'for more')
    click_text(browser, 'the manual' if b'manual' in said else 'http://', is_link=True)
    dialog = wait_for(lambda: browser.find_elements('tag name', 'dialog'))[0]
    assert 'http://127.0.0.1:1/shown' in dialog.text
    assert len(browser.window_handles) == 1
    click(browser, 'Cancel')
    # The browser tells the page of it in a later task.
    wait_for(lambda: not browser.find_elements('tag name', 'dialog'))
    assert complaints(browser) == []


# Pastes.


def test_a_large_paste(browser, page):
    """1 MB arrives completely at a slow guest, before a key that is typed later."""
    received = bytearray()

    def slow(connection):
        while data := connection.recv(16384):
            received.extend(data)
            time.sleep(0.002)

    page(slow)
    opened(browser)
    text = ''.join(f'{number:07}\n' for number in range(125_000))
    click(browser, 'paste')
    browser.execute_script(
        "document.getElementById('paste-text').value = arguments[0]", text
    )
    click(browser, 'Paste')
    type_keys(browser, '!')
    expected = text.replace('\n', '\r').encode() + b'!'
    wait_for(lambda: len(received) >= len(expected))
    assert hashlib.sha256(received).digest() == hashlib.sha256(expected).digest()


def test_a_paste_that_is_cut(browser, page):
    """The page says so: nobody sees that the end of a text is missing."""
    end = threading.Event()
    page(lambda _: end.wait(60))
    opened(browser)
    click(browser, 'paste')
    browser.execute_script(
        "document.getElementById('paste-text').value = 'x'.repeat(16e6)"
    )
    click(browser, 'Paste')
    wait_for(lambda: not browser.find_elements('tag name', 'dialog'))
    end.set()
    dialog = wait_for(lambda: browser.find_elements('tag name', 'dialog'), 30)[0]
    assert 'bytes did not arrive' in dialog.text
    assert state(browser)[0] == 'ended'
    click(browser, 'OK')
    wait_for(lambda: not browser.find_elements('tag name', 'dialog'))
    assert complaints(browser) == []


def test_a_paste_that_would_run(browser, page):
    """Nothing in a pasted text ends the bracketed paste."""
    received = bytearray()

    def serve(connection):
        connection.sendall(b'\x1b[?2004hready')
        while data := connection.recv(4096):
            received.extend(data)

    page(serve)
    opened(browser)
    wait_for_text(browser, 'ready')
    browser.execute_script(
        """
        const data = new DataTransfer();
        data.setData('text/plain', 'one\\x1b[201~\\rreboot\\x03\\ttwo');
        document.querySelector('.xterm-helper-textarea').dispatchEvent(
          new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
        """
    )
    wait_for(lambda: received.endswith(b'\x1b[201~'))
    assert received == b'\x1b[200~one[201~\rreboot\ttwo\x1b[201~'


# The toolbar.


def test_the_keyboard_alone(browser, page):
    """From the terminal to the toolbar, along it, and back."""
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    page()
    opened(browser)

    def focused() -> str:
        element = browser.switch_to.active_element
        return element.get_attribute('id') or element.get_attribute('class')

    def to_toolbar() -> None:
        keys = ActionChains(browser).key_down(Keys.CONTROL).key_down(Keys.ALT)
        keys.send_keys(Keys.HOME).key_up(Keys.ALT).key_up(Keys.CONTROL).perform()

    assert focused() == 'xterm-helper-textarea'
    to_toolbar()
    first = focused()
    type_keys(browser, Keys.ARROW_RIGHT)
    assert focused() != first
    type_keys(browser, Keys.HOME)
    assert focused() == first
    type_keys(browser, Keys.END)
    assert focused() == 'full-screen'
    type_keys(browser, Keys.ESCAPE)
    assert focused() == 'xterm-helper-textarea'
    type_keys(browser, 'typed')
    wait_for_text(browser, 'typed')


def test_search(browser, page):
    page(says(b'one two one\r\nthree one'))
    opened(browser)
    wait_for_text(browser, 'three one')
    click(browser, 'search')
    type_keys(browser, 'one')
    found = browser.find_element('id', 'found')
    wait_for(lambda: found.text.endswith('of 3'))
    before = found.text
    click(browser, 'Next')
    wait_for(lambda: found.text != before)
    type_keys(browser, 'x')
    click(browser, 'search')
    assert not browser.find_element('id', 'searching').is_displayed()


def test_letters_grow(browser, page):
    """The next console uses the same size."""

    def height() -> float:
        return browser.execute_script(
            "return document.querySelector('.xterm-rows > div').clientHeight"
        )

    page()
    opened(browser)
    grown = height()
    for _ in range(5):
        before = grown
        click(browser, 'larger')
        wait_for(lambda before=before: height() > before)
        grown = height()
    page()
    opened(browser)
    wait_for(lambda: height() == grown)
    click(browser, 'smaller')
    wait_for(lambda: height() < grown)


def test_download(browser, page, tmp_path):
    """Lines are as they were printed, whatever the width of the window."""
    long = 'x' * 300
    browser.execute_cdp_cmd(
        'Browser.setDownloadBehavior',
        {'behavior': 'allow', 'downloadPath': str(tmp_path)},
    )
    page(says(f'first\r\n{long}\r\nlast'.encode()), '&title=web-1')
    opened(browser)
    wait_for_text(browser, 'last')
    click(browser, 'download')
    path = tmp_path / 'web-1.txt'
    wait_for(path.exists)
    wait_for(lambda: path.read_text() == f'first\n{long}\nlast\n')
    assert complaints(browser) == []


def test_copy_on_selection(browser, page, serial):
    """A double click selects and copies a word."""
    from selenium.webdriver.common.action_chains import ActionChains

    browser.execute_cdp_cmd(
        'Browser.grantPermissions',
        {
            'permissions': ['clipboardReadWrite', 'clipboardSanitizedWrite'],
            'origin': serial.proxy.url('serial'),
        },
    )
    page(says(b'word'))
    opened(browser)
    wait_for_text(browser, 'word')
    click(browser, 'copy-on-selection')
    screen = browser.find_element('class name', 'xterm-screen')
    left, top = -screen.size['width'] // 2, -screen.size['height'] // 2
    chain = ActionChains(browser).move_to_element_with_offset(screen, left + 8, top + 8)
    chain.double_click()
    read = 'navigator.clipboard.readText().then(arguments[0], (e) => arguments[0](""))'

    def copied() -> str:
        # Two clicks that are too far apart are no double click.
        chain.perform()
        return browser.execute_async_script(read).strip()

    wait_for(lambda: copied() == 'word')


def test_keys_of_a_phone(browser, page):
    """They work like those of a keyboard; Ctrl applies to one letter."""
    received = bytearray()

    def serve(connection):
        while data := connection.recv(100):
            received.extend(data)

    page(serve)
    opened(browser)
    click(browser, 'show-keys')
    for key in ('Esc', 'Tab', '↑', 'Ctrl'):
        click(browser, key)
    type_keys(browser, 'da')
    wait_for(lambda: received == b'\x1b\t\x1b[A\x04a')


def holds_ctrl(browser) -> bool:
    button = browser.find_element('id', 'key-ctrl')
    return button.get_attribute('aria-pressed') == 'true'


@pytest.mark.parametrize('serial', [{'store_timeout': 20}], indirect=True)
def test_keys_before_the_console_is_open(browser, page, serial):
    """They are not sent later, when the user no longer expects it."""
    received = bytearray()

    def serve(connection):
        while data := connection.recv(100):
            received.extend(data)

    serial.store.answers.clear()
    page(serve)
    wait_for(lambda: browser.find_elements('id', 'show-keys'))
    click(browser, 'show-keys')
    type_keys(browser, 'early')
    click(browser, 'Ctrl')
    assert state(browser)[0] == 'connecting'
    assert not holds_ctrl(browser)
    serial.store.answers.set()
    opened(browser)
    type_keys(browser, 'd')
    wait_for(lambda: received.endswith(b'd'))
    assert received == b'd'


def test_no_key_is_held_after_the_end(browser, page):
    over = threading.Event()
    page(says(b'x', then=lambda connection: over.wait(30)))
    opened(browser)
    click(browser, 'show-keys')
    click(browser, 'Ctrl')
    assert holds_ctrl(browser)
    over.set()
    ended(browser)
    assert not holds_ctrl(browser)


@pytest.mark.parametrize(('width', 'height'), [(360, 640), (1200, 500)])
def test_it_fits(browser, page, artefacts, width, height):
    """Nothing is cut off on a phone or in a low window."""
    browser.execute_cdp_cmd(
        'Emulation.setDeviceMetricsOverride',
        {'width': width, 'height': height, 'deviceScaleFactor': 1, 'mobile': False},
    )
    page(says(b'\x1b[999;999Hx\x1b[1;1H$ '), '&title=a-server-with-a-long-name')
    opened(browser)
    wait_for_text(browser, '$')
    inside = """
        const box = document.querySelector('.xterm-screen').getBoundingClientRect();
        return box.right <= innerWidth && box.bottom <= innerHeight
          && document.documentElement.scrollWidth <= innerWidth;
    """
    wait_for(lambda: browser.execute_script(inside))
    browser.save_screenshot(str(artefacts / f'serial-{width}x{height}.png'))


def test_light_and_dark(browser, page, artefacts):
    """The page follows the browser's setting, even while it is open."""

    def prefer(scheme: str) -> None:
        browser.execute_cdp_cmd(
            'Emulation.setEmulatedMedia',
            {'features': [{'name': 'prefers-color-scheme', 'value': scheme}]},
        )

    def colours() -> list[str]:
        return browser.execute_script(
            """
            return ['header', '.xterm-scrollable-element'].map((name) =>
              getComputedStyle(document.querySelector(name)).backgroundColor);
            """
        )

    def differ(others) -> bool:
        pairs = zip(colours(), others, strict=True)
        return all(one != other for one, other in pairs)

    prefer('light')
    page(says(b'hello'))
    opened(browser)
    light = colours()
    browser.save_screenshot(str(artefacts / 'serial-light.png'))
    prefer('dark')
    wait_for(lambda: differ(light))
    browser.save_screenshot(str(artefacts / 'serial-dark.png'))
    prefer('light')
    wait_for(lambda: colours() == light)


def test_a_screen_reader(browser, page):
    """Output of the guest is announced."""
    page()
    opened(browser)
    click(browser, 'read-aloud')
    type_keys(browser, 'announced')
    announced = '.xterm-accessibility'
    wait_for(
        lambda: (
            'announced'
            in browser.find_element('css selector', announced).get_attribute(
                'textContent'
            )
        )
    )


def test_behind_a_reverse_proxy_that_ends_tls(browser, deployment, nginx, tmp_path):
    """The page loads its modules and opens its WebSocket below nginx's URL."""
    from tests.functional.proxy.conftest import Served

    served = Served(deployment, tmp_path)
    base_url = nginx.url('https').replace('https', 'wss')
    served.start(serial_console={'base_url': base_url})
    try:
        nginx.start(served.port('serial'))
        token = served.token(served.guest())
        browser.get(f'{nginx.url("https")}?token={token}')
        opened(browser)
        type_keys(browser, 'echoed')
        wait_for_text(browser, 'echoed')
    finally:
        served.stop()
