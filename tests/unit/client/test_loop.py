# SPDX-License-Identifier: Apache-2.0
"""A slow name server does not delay the end of the client."""

import asyncio
import socket
import subprocess
import sys

import pytest

from console_ext.client.loop import Loop


def test_look_up():
    async def scenario():
        loop = asyncio.get_running_loop()
        return await loop.getaddrinfo('127.0.0.1', 80, type=socket.SOCK_STREAM)

    with asyncio.Runner(loop_factory=Loop) as runner:
        ((family, _, _, _, address),) = runner.run(scenario())
    assert (family, address) == (socket.AF_INET, ('127.0.0.1', 80))


def test_no_such_name():
    async def scenario():
        await asyncio.open_connection('name.invalid', 80)

    with asyncio.Runner(loop_factory=Loop) as runner:
        with pytest.raises(socket.gaierror):
            runner.run(scenario())


HANGS = """
import asyncio, socket, threading
from console_ext.client.loop import Loop
socket.getaddrinfo = lambda *args, **more: threading.Event().wait(1000)
async def scenario():
    asyncio.ensure_future(asyncio.open_connection('name.invalid', 80))
    await asyncio.sleep(0.1)
with asyncio.Runner(loop_factory=Loop) as runner:
    runner.run(scenario())
print('ended')
"""


def test_a_name_server_that_does_not_answer():
    done = subprocess.run(
        [sys.executable, '-c', HANGS], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, 'ended\n'), done.stderr
