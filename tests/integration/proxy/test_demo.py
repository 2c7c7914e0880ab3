# SPDX-License-Identifier: Apache-2.0
"""The demo's virtual machine, as a newcomer meets it."""

from __future__ import annotations

import signal

import psutil
import pytest
import requests

from tests.deployment import server_id
from tests.functional.programs import free_port
from tests.integration.proxy.parts import NOVNC, SPICE_HTML5, needed
from tests.integration.proxy.screen import LIT, opened
from tests.proxy_parts import wait_for


@pytest.fixture
def demo(programs):
    """The running demo, and the port of its API."""
    needed('qemu-system-x86_64')
    needed(str(SPICE_HTML5))
    needed(str(NOVNC))
    port = free_port()
    ports = {'--port': port}
    for name in ('serial', 'spice', 'vnc'):
        ports[f'--{name}-port'] = free_port()
    demo = programs.start(
        'console-ext-demo', *(str(part) for pair in ports.items() for part in pair)
    )
    demo.wait_for('Ctrl-C here stops the demo')
    return demo, port


@pytest.mark.parametrize('number', [signal.SIGKILL, signal.SIGTERM])
def test_no_machine_without_the_demo(demo, number):
    """However the demo ends."""
    program, _ = demo
    (machine,) = psutil.Process(program.process.pid).children(recursive=True)
    assert 'qemu' in machine.name()
    program.process.send_signal(number)
    program.process.wait(20)
    wait_for(lambda: not machine.is_running())


@pytest.mark.parametrize(
    ('action', 'console_type'),
    [('os-getSPICEConsole', 'spice-html5'), ('os-getVNCConsole', 'novnc')],
)
def test_the_demo_s_screen(demo, browser, artefacts, action, console_type):
    """The URL that the API gives opens in a browser, and shows the guest."""
    program, port = demo
    answer = requests.post(
        f'http://127.0.0.1:{port}/v2.1/servers/{server_id("03")}/action',
        json={action: {'type': console_type}},
        timeout=10,
    )
    browser.get(answer.json()['console']['url'])
    opened(browser)
    wait_for(lambda: browser.execute_script(LIT) > 500, 30)
    browser.save_screenshot(str(artefacts / f'demo-{console_type}.png'))
    assert program.stop() == 0, program.log
