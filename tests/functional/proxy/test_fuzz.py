# SPDX-License-Identifier: Apache-2.0
"""Anything at all, sent to a live proxy."""

from __future__ import annotations

import random

import pytest

from tests.functional.proxy.wire import frame, receive_until, resident, upgrade

ROUNDS = 400


def mangled(chance: random.Random, data: bytes) -> bytes:
    """Something like what was meant: bytes changed, doubled, left out and put in."""
    result = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(result) + 1)
        what = chance.randrange(4)
        if what == 0:
            result[at : at + 1] = chance.randbytes(1)
        elif what == 1:
            result[at:at] = result[at : at + chance.randint(1, 40)]
        elif what == 2:
            del result[at : at + chance.randint(1, 5)]
        else:
            result[at:at] = chance.choice([b'\r\n', b'\0', b': ', b'%', b'=', b';'])
    return bytes(result)


@pytest.mark.parametrize('name', ['serial', 'SPICE'])
def test_requests(served, name):
    """Each is answered readably or not at all, and the proxy goes on."""
    proxy = served.start(console_proxy={'handshake_timeout': 0.2})
    chance = random.Random(name)
    guest = proxy.guest()
    headers = [
        'Origin: https://console.example.org',
        'Cookie: a=b; token=x',
        'Sec-WebSocket-Protocol: binary, base64',
        'X-Forwarded-For: 10.0.0.1, [::1]:80',
    ]
    before = resident()
    for _ in range(ROUNDS):
        with proxy.raw(name) as client:
            client.sendall(mangled(chance, upgrade('/websockify?token=x', *headers)))
            answer = receive_until(client, None)
        if not answer:
            continue
        head, _, body = answer.partition(b'\r\n\r\n')
        status = int(head.split()[1])
        assert 400 <= status < 504
        assert body.endswith(b'.\n')
        assert body.count(b'\n') == 1
    assert resident() - before < 8 * 2**20
    proxy.connect(proxy.token(guest)).send(b'x')


def test_frames(proxy):
    """Each session ends, by one side or the other, and the proxy goes on."""
    chance = random.Random('frames')
    guest = proxy.guest()
    before = resident()
    for _ in range(ROUNDS):
        sent = b''.join(
            frame(chance.randbytes(chance.randrange(200)), chance.randrange(16))
            for _ in range(5)
        )
        with proxy.raw() as client:
            client.sendall(upgrade(f'/?token={proxy.token(guest)}'))
            receive_until(client, b'\r\n\r\n')
            client.sendall(mangled(chance, sent))
    assert resident() - before < 8 * 2**20
    client = proxy.connect(proxy.token(guest))
    client.send(b'x')
    assert client.recv(timeout=5) == b'x'
