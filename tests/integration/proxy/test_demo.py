# SPDX-License-Identifier: Apache-2.0
"""The demo's virtual machine."""

from __future__ import annotations

import re
import signal

import psutil
import pytest

from console_ext.demo.welcome import READY
from tests.functional import demo as demos
from tests.integration.proxy.parts import NOVNC, SPICE_HTML5, needed
from tests.integration.proxy.screen import LIT, opened
from tests.proxy_parts import wait_for


@pytest.fixture
def demo(programs):
    """The running demo."""
    needed('qemu-system-x86_64')
    needed(str(SPICE_HTML5))
    needed(str(NOVNC))
    program = programs.start('console-ext-demo', *demos.ports())
    program.wait_for(READY)
    return program


@pytest.mark.parametrize('number', [signal.SIGKILL, signal.SIGTERM])
def test_no_machine_without_the_demo(demo, number):
    """However the demo ends, the machine ends too."""
    (machine,) = psutil.Process(demo.process.pid).children(recursive=True)
    assert 'qemu' in machine.name()
    demo.process.send_signal(number)
    demo.process.wait(20)
    wait_for(lambda: not machine.is_running())


@pytest.mark.parametrize('kind', ['VNC', 'SPICE'])
def test_the_demo_s_screen(demo, browser, artefacts, kind):
    """The printed link opens in a browser, and shows the guest."""
    found = re.search(rf'vm-1 +screen \({kind}\) +(http://\S+)', demo.log)
    assert found is not None, demo.log
    browser.get(found[1])
    opened(browser)
    wait_for(lambda: browser.execute_script(LIT) > 500, 30)
    browser.save_screenshot(str(artefacts / f'demo-{kind.lower()}.png'))
    assert demo.stop() == 0, demo.log
