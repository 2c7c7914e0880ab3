# SPDX-License-Identifier: Apache-2.0
"""A real machine's serial port through the proxy."""

from __future__ import annotations

import subprocess

from tests.integration.proxy.keyboard import read_until, stop_booting, type_at
from tests.integration.proxy.parts import needed


def test_typed_at_and_answered(proxy, machine):
    """iPXE's command line, from its banner to the answer to a command."""
    client = proxy.connect(proxy.token(port=machine.serial_port))
    stop_booting(client)
    type_at(client, 'echo ${buildarch} answers')
    read_until(client, b'i386 answers')


def test_websocat(proxy, machine):
    """The documented client works."""
    websocat = needed('websocat')
    url = proxy.url(proxy.token(port=machine.serial_port))
    with subprocess.Popen(
        [websocat, '-b', url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        shown = b''
        while b'iPXE' not in shown:
            shown += process.stdout.read1()
        process.kill()
