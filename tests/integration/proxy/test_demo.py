# SPDX-License-Identifier: Apache-2.0
"""The demo's virtual machine."""

from __future__ import annotations

import re
import signal

import psutil
import pytest
from websockets.sync.client import connect

from console_ext.demo.welcome import READY
from tests.functional import demo as demos
from tests.integration.proxy import serial_page
from tests.integration.proxy.keyboard import type_in
from tests.integration.proxy.linux import (
    BOOT_S,
    boot,
    log_in,
    log_in_on_the_screen,
    run,
)
from tests.integration.proxy.parts import NOVNC, SPICE_HTML5, needed, needed_linux
from tests.integration.proxy.screen import LIT, opened
from tests.parts.programs import Program
from tests.parts.waiting import wait_for


@pytest.fixture
def demo(programs):
    """The running demo."""
    needed('qemu-system-x86_64')
    needed(str(SPICE_HTML5))
    needed(str(NOVNC))
    program = programs.start('console-ext-demo', *demos.ports())
    program.wait_for(READY)
    return program


def link(demo: Program, console: str) -> str:
    """Return the link to a console of the machine."""
    found = re.search(rf'vm-1 +{re.escape(console)} +(http://\S+)', demo.log)
    assert found is not None, demo.log
    return found[1]


@pytest.mark.parametrize('number', [signal.SIGKILL, signal.SIGTERM])
def test_no_machine_without_the_demo(demo, number):
    """However the demo ends, the machine ends too."""
    (machine,) = psutil.Process(demo.process.pid).children(recursive=True)
    assert 'qemu' in machine.name()
    demo.process.send_signal(number)
    demo.process.wait(60)
    wait_for(lambda: not machine.is_running())


@pytest.mark.timeout(400)
@pytest.mark.parametrize('kind', ['VNC', 'SPICE'])
def test_the_demo_s_screen(demo, browser, artefacts, kind):
    """The printed link opens in a browser, and shows the machine's login.

    The same machine is at the serial port: it shows what is typed on the screen.
    """
    needed_linux()
    with connect(
        link(demo, 'terminal').replace('http', 'ws', 1), max_queue=None
    ) as serial:
        log_in(serial)
        browser.get(link(demo, f'screen ({kind})'))
        opened(browser)
        wait_for(lambda: browser.execute_script(LIT) > 500)
        log_in_on_the_screen(browser, serial)
        type_in(browser, 'touch from-the-screen')
        wait_for(lambda: 'from-the-screen' in run(serial, 'ls'))
        browser.save_screenshot(str(artefacts / f'demo-{kind.lower()}.png'))
        assert 'password secret' in run(serial, 'cat /dev/vcs1')
        users = run(serial, 'who')
        assert 'ttyS0' in users
        assert 'tty1' in users
    assert demo.stop() == 0, demo.log


@pytest.mark.timeout(400)
def test_the_demo_s_terminal(demo, browser, artefacts):
    """The link to the machine's terminal shows the prompt, even after the boot."""
    needed_linux()
    url = link(demo, 'terminal')
    # Nobody is connected while the machine boots.
    browser.get(link(demo, 'screen (VNC)'))
    opened(browser)
    wait_for(lambda: browser.execute_script(LIT) > 2000, BOOT_S)
    browser.get(url)
    serial_page.opened(browser)
    serial_page.wait_for_text(browser, 'vm-1 login:', BOOT_S)
    serial_page.type_keys(browser, 'ada\n')
    serial_page.wait_for_text(browser, 'Password:')
    serial_page.type_keys(browser, 'secret\n')
    serial_page.wait_for_text(browser, 'ada@vm-1:~#')
    serial_page.type_keys(browser, 'stty size\n')
    rows = len(serial_page.rows(browser))
    serial_page.wait_for_text(browser, f'\n{rows} ')
    browser.save_screenshot(str(artefacts / 'demo-terminal.png'))
    assert demo.stop() == 0, demo.log


@pytest.mark.timeout(400)
def test_restarts_of_the_machine(demo, browser):
    """By Ctrl-Alt-Del and by "poweroff"; its links still open afterwards."""
    needed_linux()
    with connect(
        link(demo, 'terminal').replace('http', 'ws', 1), max_queue=None
    ) as serial:
        boot(serial)
        browser.get(link(demo, 'screen (VNC)'))
        opened(browser)
        browser.find_element('id', 'ctrl-alt-del').click()
        log_in(serial)
        (first,) = psutil.Process(demo.process.pid).children(recursive=True)
        serial.send('poweroff\r')
        boot(serial)
        (second,) = psutil.Process(demo.process.pid).children(recursive=True)
        assert first != second
    browser.get(link(demo, 'screen (SPICE)'))
    opened(browser)
    wait_for(lambda: browser.execute_script(LIT) > 500)
    assert demo.stop() == 0, demo.log
