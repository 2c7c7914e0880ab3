# SPDX-License-Identifier: Apache-2.0
"""A client's WebSocket as bytes and messages, and the cost of a proxy."""

from __future__ import annotations

import json
import re
import socket
import struct

import psutil
import pytest
from websockets.exceptions import ConnectionClosed


def upgrade(target: str, *headers: str) -> bytes:
    """A request to open a WebSocket."""
    lines = [
        f'GET {target} HTTP/1.1',
        'Host: console',
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
        'Sec-WebSocket-Version: 13',
        *headers,
    ]
    return '\r\n'.join([*lines, '', '']).encode()


def modules_path(page: str) -> str:
    """The path below which a page loads its modules."""
    (path,) = set(re.findall(r'"(web/\w+)/', page))
    return f'/{path}'


def frame(payload: bytes, opcode: int) -> bytes:
    """A client's frame with a mask of zeros."""
    length = len(payload)
    if length < 126:
        header = struct.pack('!BB', 0x80 | opcode, 0x80 | length)
    elif length < 65536:
        header = struct.pack('!BBH', 0x80 | opcode, 0xFE, length)
    else:
        header = struct.pack('!BBQ', 0x80 | opcode, 0xFF, length)
    return header + bytes(4) + payload


def receive_until(client: socket.socket, mark: bytes | None) -> bytes:
    """
    :param mark: what to stop at; None is the end of the connection
    """
    received = b''
    while mark is None or mark not in received:
        part = client.recv(65536)
        if not part:
            assert mark is None, received
            break
        received += part
    return received


def close_code(received: bytes) -> int:
    """Return the code of a close frame at the end of received bytes."""
    return struct.unpack('!H', received[received.rindex(b'\x88') + 2 :][:2])[0]


def closed(client) -> tuple[int | None, str]:
    """Return the close code and reason that a client received."""
    with pytest.raises(ConnectionClosed) as caught:
        receive_for_ever(client)
    received = caught.value.rcvd
    return (received.code, received.reason) if received else (None, '')


def key_of(client, within_s=60) -> str:
    """Return the rejoin key, which is the first message of a session."""
    message = json.loads(client.recv(timeout=30))
    assert message == {'rejoin': message['rejoin'], 'within': within_s}
    assert len(message['rejoin']) >= 43
    key: str = message['rejoin']
    return key


def receive_for_ever(client, send: bytes = b'') -> None:
    """
    :param send: what is sent before each message that is received
    """
    while True:
        if send:
            client.send(send)
        client.recv(timeout=30)


def resident() -> int:
    return psutil.Process().memory_info().rss
