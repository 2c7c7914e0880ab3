# SPDX-License-Identifier: Apache-2.0
"""console-ext attach --url in a terminal: input, output, and the restored terminal."""

from __future__ import annotations

import signal
import ssl
import sys

import psutil
import pytest

from tests.functional.attach.guest import Guest
from tests.functional.attach.terminal import Window
from tests.parts.programs import BIN
from tests.parts.waiting import wait_for
from tests.parts.websocket_server import TOKEN

PROGRAM = str(BIN / 'console-ext')
CONNECTED = b'console-ext: connected to 127.0.0.1:'
MIB = 2**20


@pytest.fixture
def guest():
    with Guest() as guest:
        yield guest


def attached(guest, *options, reads=True, program=(PROGRAM,)):
    """A window with an attached program."""
    window = Window([*program, 'attach', '--url', guest.url, *options], reads)
    if reads:
        window.wait_for(CONNECTED)
    wait_for(window.is_raw)
    return window


def left_as_it_was(window, status, said):
    """Check that the program has ended and the terminal is restored."""
    assert window.ends() == status
    assert window.current_modes() == window.modes
    shown = window.shown.decode(errors='replace')
    assert said in shown
    assert TOKEN not in shown
    assert 'Traceback' not in shown
    # Colours, the cursor, pastes and the title.
    for one in ('\x1b[0m', '\x1b[?25h', '\x1b[?2004l', '\x1b[23;2t'):
        assert one in shown


def test_both_ways(guest):
    """Every byte goes to the guest, including Ctrl-C, Ctrl-Z and Ctrl-\\."""
    with attached(guest) as window:
        keys = bytes(one for one in range(256) if one != 0x1D)
        window.type(keys)
        guest.wait_for(keys)
        guest.say(b'\xff\x00 and \xe2\x82')
        guest.say(b'\xac')
        window.wait_for(b'\xff\x00 and \xe2\x82\xac')
        assert window.process.poll() is None


def test_one_line_of_help(guest):
    with attached(guest) as window:
        window.wait_for(
            b'^] disconnects; pressed twice, it is sent once. '
            b"Run 'stty rows 24 cols 80' in the guest to set the size of the "
            b'terminal.\r\n'
        )
        assert b'\x1b]2;127.0.0.1:' in window.shown


def test_leave(guest):
    with attached(guest) as window:
        window.type(b'\x1d')
        left_as_it_was(window, 0, 'console-ext: left 127.0.0.1:')


def test_twice(guest):
    """One escape key goes to the guest, and the program stays attached."""
    with attached(guest) as window:
        window.type(b'a\x1d')
        guest.wait_for(b'a')
        window.type(b'\x1db')
        guest.wait_for(b'a\x1db')
        assert window.process.poll() is None


def test_in_a_pasted_chunk(guest):
    """What follows the key reaches neither the guest nor the shell."""
    with attached(guest) as window:
        window.type(b'echo one\x1drm -rf /\r')
        left_as_it_was(window, 0, 'left')
        assert guest.typed == b'echo one'


def test_in_a_bracketed_paste(guest):
    """The key in a pasted text is not pressed."""
    with attached(guest) as window:
        paste = b'\x1b[200~one\x1dtwo\x1b[201~'
        window.type(paste)
        guest.wait_for(paste)
        window.type(b'\x1d')
        left_as_it_was(window, 0, 'left')


def test_another_key(guest):
    with attached(guest, '--escape', '^A') as window:
        window.wait_for(b'^A disconnects')
        window.type(b'\x1d')
        guest.wait_for(b'\x1d')
        window.type(b'\x01')
        left_as_it_was(window, 0, 'left')


def test_no_key(guest):
    with attached(guest, '--escape', 'none') as window:
        window.type(b'\x1d.')
        guest.wait_for(b'\x1d.')
        assert b'disconnects' not in window.shown
        guest.end(1000, 'The guest ended the console.')
        left_as_it_was(window, 0, 'console-ext: The guest ended the console.')


@pytest.mark.parametrize(
    ('code', 'status'), [(1000, 0), (1001, 3), (1008, 3), (1011, 3)]
)
def test_closed(guest, code, status):
    with attached(guest) as window:
        guest.end(code, 'This is why.')
        left_as_it_was(window, status, 'console-ext: This is why.')


def test_lost(guest):
    """A URL can be used only once, so there is no reconnect."""
    with attached(guest) as window:
        guest.vanish()
        left_as_it_was(window, 3, 'console-ext: The connection was lost.')


def test_refused():
    """The terminal is not changed."""

    def refuse(wire, request):
        return wire.respond(401, 'The token is not valid.\n')

    with Guest(process_request=refuse) as guest:
        with Window([PROGRAM, 'attach', '--url', guest.url]) as window:
            assert window.ends() == 1
            assert window.current_modes() == window.modes
            assert window.shown == (
                b'console-ext: The token is not valid. (HTTP 401)\r\n'
            )


@pytest.mark.parametrize(
    'number', [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT]
)
def test_signals(guest, number):
    with attached(guest) as window:
        window.signal(number)
        left_as_it_was(window, 128 + number, '')


def test_closed_window(guest):
    """The program ends, and the guest's connection is closed."""
    with attached(guest) as window:
        window.close()
        assert window.process.wait(30) == 128 + signal.SIGHUP
    guest.wait_until(lambda: guest.close_code == 1000)


CRASH = """
from console_ext.client import keys, program
def feed(self, chunk):
    raise ZeroDivisionError
keys.Scanner.feed = feed
program.main()
"""


def test_crash(guest):
    """The terminal is restored even after a bug."""
    program = (sys.executable, '-c', CRASH)
    with attached(guest, program=program) as window:
        window.type(b'x')
        assert window.ends() == 1
        assert window.current_modes() == window.modes
        assert b'ZeroDivisionError' in window.shown
        assert TOKEN.encode() not in window.shown


def test_stopped_from_outside(guest):
    """The shell gets a restored terminal, and the guest gets it again afterwards."""
    with attached(guest) as window:
        process = psutil.Process(window.process.pid)
        window.signal(signal.SIGTSTP)
        wait_for(lambda: process.status() == psutil.STATUS_STOPPED)
        assert window.current_modes() == window.modes
        window.signal(signal.SIGCONT)
        wait_for(window.is_raw)
        window.type(b'x')
        guest.wait_for(b'x')


def test_resized(guest):
    """A serial line has no size, so nothing is sent."""
    with attached(guest) as window:
        window.resize(50, 132)
        window.signal(signal.SIGWINCH)
        window.type(b'x')
        guest.wait_for(b'x')
        assert guest.typed == b'x'


def test_flood():
    """Keys and detaching work while a guest prints without end."""
    with Guest(floods=True) as guest, attached(guest) as window:
        window.wait_for(b'y\r\ny\r\n')
        window.type(b'\x03')
        guest.wait_for(b'\x03')
        window.type(b'\x1d')
        left_as_it_was(window, 0, 'left')


def test_flood_into_a_window_that_stands_still():
    """The guest waits, the memory does not grow, and keys still reach the guest."""
    with Guest(floods=True) as guest, attached(guest, reads=False) as window:
        process = psutil.Process(window.process.pid)
        guest.wait_until_it_waits()
        assert guest.printed < 64 * MIB
        assert process.memory_info().rss < 160 * MIB
        window.type(b'\x03')
        guest.wait_for(b'\x03')
        window.read_on()
        window.wait_for(b'y\r\n', after=8 * MIB)
        window.type(b'\x1d')
        left_as_it_was(window, 0, 'left')


def test_paste_at_the_guest_s_pace():
    """A megabyte arrives completely, even if the guest starts to read late."""
    paste = bytes(range(32, 127)) * 11_000
    with Guest(takes=False) as guest, attached(guest) as window:
        window.type(paste)
        guest.take()
        guest.wait_until(lambda: len(guest.typed) >= len(paste))
        assert guest.typed == paste


def test_leave_a_guest_that_takes_nothing():
    """The escape key works while a paste waits."""
    with Guest(takes=False) as guest, attached(guest) as window:
        window.type(b'x' * MIB)
        window.type(b'\x1d')
        left_as_it_was(window, 0, 'left')


@pytest.fixture
def tls(certificate):
    cert_file, key_file = certificate()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert_file, key_file)
    return context, str(cert_file)


def test_tls(tls):
    context, cert_file = tls
    for options in (('--os-cacert', cert_file), ('--insecure',)):
        with Guest(ssl=context) as guest, attached(guest, *options) as window:
            guest.say(b'here I am')
            window.wait_for(b'here I am')
            window.type(b'\x1d')
            left_as_it_was(window, 0, 'left')


def test_tls_of_nobody(tls):
    with Guest(ssl=tls[0]) as guest:
        with Window([PROGRAM, 'attach', '--url', guest.url]) as window:
            assert window.ends() == 1
            shown = window.shown.decode()
            assert 'The certificate of 127.0.0.1:' in shown
            assert 'name its authority with --os-cacert' in shown
            assert TOKEN not in shown
