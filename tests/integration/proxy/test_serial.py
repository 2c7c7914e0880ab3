# SPDX-License-Identifier: Apache-2.0
"""A real machine's serial port through the proxy."""

from __future__ import annotations

import subprocess

from tests.integration.proxy.conftest import needed


def read_until(client, mark: bytes) -> bytes:
    """What a console shows up to a mark."""
    shown = b''
    while mark not in shown:
        shown += client.recv(timeout=30)
    return shown


def test_typed_at_and_answered(proxy, machine):
    """iPXE's command line, from its banner to the answer to a command."""
    client = proxy.connect(proxy.token(port=machine.serial_port))
    read_until(client, b'Ctrl-B')
    client.send(b'\x02')
    read_until(client, b'iPXE>')
    # Each after the echo of the last: the firmware's serial port has no flow control.
    for letter in 'echo ${buildarch} answers':
        client.send(letter)
        read_until(client, letter.encode())
    client.send(b'\r')
    read_until(client, b'i386 answers')


def test_websocat(proxy, machine):
    """The client that the documents name."""
    websocat = needed('websocat')
    url = proxy.url(proxy.token(port=machine.serial_port))
    with subprocess.Popen(
        [websocat, '-b', url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        shown = b''
        while b'iPXE' not in shown:
            shown += process.stdout.read1()
        process.kill()
