# SPDX-License-Identifier: Apache-2.0
"""The user's side of a VNC handshake."""

from __future__ import annotations

from bench.proxy.websocket import Client, frame
from tests.parts.vnc_host import SERVER_INIT, VERSION

# Every proxy sends each message in a frame of its own.
_HEAD_BYTES = 2

_STEPS = (
    (VERSION, VERSION),
    (b'\1\1', b'\1'),
    (bytes(4), b'\1'),
    (SERVER_INIT, None),
)


async def shake_hands(client: Client) -> None:
    """Return when ServerInit is complete.

    :raises TimeoutError: a message does not arrive
    """
    for message, answer in _STEPS:
        await client.receive(_HEAD_BYTES + len(message))
        if answer is not None:
            client.send(frame(answer))
