# SPDX-License-Identifier: Apache-2.0
"""A user of the demo's Linux machine, on its serial port and on its screen."""

from __future__ import annotations

from tests.integration.proxy.keyboard import read_until, type_in
from tests.parts.waiting import wait_for

# Without KVM, on a busy machine.
BOOT_S = 100

PROMPT = b'ada@vm-1:~# '


def boot(console) -> None:
    """Wait for the login at the serial port."""
    shown = b''
    while b'vm-1 login: ' not in shown:
        shown += console.recv(timeout=BOOT_S)


def log_in(console) -> None:
    """Log in at the serial port, after the boot."""
    boot(console)
    console.send('ada\r')
    read_until(console, b'Password: ')
    console.send('secret\r')
    # The machine asks for the size of the terminal.
    shown = read_until(console, b'\x1b[6n')
    console.send('\x1b[24;80R')
    if PROMPT not in shown:
        read_until(console, PROMPT)
    # The shell gets an answer that comes too late.
    console.send('\x15')


def run(console, command: str) -> str:
    """Run a command at the serial port, and return what it prints."""
    # Not the prompt, which the output may contain.
    console.send(f'{command}; echo "<$((6 * 7))>"\r')
    shown = read_until(console, b'<42>')
    return shown.decode().partition('))>"\r\n')[2]


def on_the_screen(console, text: str) -> None:
    """Wait until a text is on the screen, as the serial port shows it."""
    wait_for(lambda: text in run(console, 'cat /dev/vcs1'))


def log_in_on_the_screen(browser, console) -> None:
    """
    :param console: the serial port, where the user has logged in
    """
    type_in(browser, 'ada')
    # The machine discards what is typed before.
    on_the_screen(console, 'Password:')
    type_in(browser, 'secret')
    on_the_screen(console, PROMPT.decode())
