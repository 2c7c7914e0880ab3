# SPDX-License-Identifier: Apache-2.0
"""Guests with a program, on which the tests of the pages rely."""

from __future__ import annotations

import os
import pty
import select
import socket
import threading
import tty

from tests.integration.proxy.shells import relay


def test_input_while_there_is_output():
    """What is typed before the output is read, and after it, reaches the program."""
    ours, program = pty.openpty()
    # Without an echo, nothing but the program's output ends a wait for it.
    tty.setraw(program)
    client, connection = socket.socketpair()
    os.write(program, b'output')
    client.sendall(b'first ')
    relaying = threading.Thread(target=relay, args=(connection, ours), daemon=True)
    relaying.start()
    assert client.recv(100) == b'output'
    client.sendall(b'second')
    received = b''
    while select.select([program], [], [], 30)[0]:
        received += os.read(program, 100)
        if received == b'first second':
            break
    assert received == b'first second'
    client.close()
    relaying.join(30)
    assert not relaying.is_alive()
    connection.close()
    os.close(program)
    os.close(ours)
