# SPDX-License-Identifier: Apache-2.0
"""A real machine's consoles, beginning with the request for their URLs."""

from __future__ import annotations

from websockets.sync.client import connect

from tests.integration.consoles import SPICE, refused
from tests.integration.proxy.keyboard import read_until, stop_booting, type_at, type_in
from tests.integration.proxy.parts import SPICE_HTML5, needed
from tests.integration.proxy.screen import LIT, opened
from tests.parts.waiting import wait_for


def test_both_consoles(cloud, browser, artefacts, request):
    """By API, RabbitMQ, agent, database and proxy, each in its process: what is typed
    on the serial port is answered, and what is typed in the browser shows there."""
    needed(str(SPICE_HTML5))
    cloud.start(console_proxy={'drain_timeout': 0})
    # The machine does not wait for a client before its first output.
    machine = request.getfixturevalue('machine')
    cloud.place(machine.serial_port, machine.spice_port)
    url = cloud.url()
    # The machine prints more than is read.
    with connect(url, max_queue=None) as serial:
        stop_booting(serial)
        type_at(serial, 'echo ${buildarch} answers')
        read_until(serial, b'i386 answers')
        browser.get(cloud.url(SPICE))
        opened(browser)
        wait_for(lambda: browser.execute_script(LIT) > 500)
        type_in(browser, 'echo from ${buildarch}', serial)
        read_until(serial, b'from i386')
        browser.save_screenshot(str(artefacts / 'both-consoles.png'))
    assert refused(url) == 401
