# SPDX-License-Identifier: Apache-2.0
"""Heads of requests, and responses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Close
from websockets.http11 import Request, Response

from console_ext.proxy.admission import rules
from console_ext.proxy.admission.rules import Refusal, Refused
from console_ext.proxy.http import messages

HANDSHAKE = (
    b'GET /x?token=a HTTP/1.1\r\nUpgrade: websocket\r\nConnection: %s\r\n'
    b'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
    b'Sec-WebSocket-Version: 13\r\n%s\r\n'
)


def read(head: bytes):
    return messages.read(head, 1000)


@pytest.mark.parametrize('connection', [b'Upgrade', b'keep-alive, Upgrade', b'UPGRADE'])
def test_a_handshake(connection):
    """The handshake of usual clients; Firefox adds keep-alive."""
    wire, request = read(HANDSHAKE % (connection, b''))
    assert request.path == '/x?token=a'
    response = messages.accept(wire, request, 'hint')
    assert isinstance(response, Response)
    assert 'Sec-WebSocket-Extensions' not in response.headers


@pytest.mark.parametrize(
    ('headers', 'status'),
    [
        (b'Sec-WebSocket-Protocol: chat\r\n', 400),
        (b'Sec-WebSocket-Protocol: ,;,\r\n', 400),
        (b'Sec-WebSocket-Version: 13\r\n', 400),
    ],
)
def test_handshakes_that_are_not_right(headers, status):
    """The message names the error."""
    wire, request = read(HANDSHAKE % (b'Upgrade', headers))
    with pytest.raises(Refused) as caught:
        messages.accept(wire, request, 'hint')
    refusal = caught.value.refusal
    assert (refusal.status, '\n' in refusal.message) == (status, False)


@pytest.mark.parametrize(
    ('headers', 'asks'),
    [
        (b'Upgrade: websocket\r\n', True),
        (b'upgrade: h2c, WebSocket\r\n', True),
        (b'Upgrade: h2c\r\nUpgrade: websocket\r\n', True),
        (b'Upgrade: websocket2\r\n', False),
        (b'', False),
    ],
)
def test_asks_for_websocket(headers, asks):
    """It does not matter whether the rest of the handshake is valid."""
    _, request = read(b'GET / HTTP/1.1\r\n' + headers + b'\r\n')
    assert messages.asks_for_websocket(request) is asks


def test_a_refusal_without_text():
    """The response is the same without its body."""
    refusal = Refusal(429, 'Too many.', 'many')
    head, _, body = messages.refuse(refusal).partition(b'\r\n\r\n')
    bare = messages.refuse(refusal, text=False)
    assert bare == head.replace(b'Length: 10', b'Length: 0') + b'\r\n\r\n'
    assert body == b'Too many.\n'


def test_no_handshake_at_all():
    """A browser shows the listener's hint."""
    wire, request = read(b'GET / HTTP/1.1\r\n\r\n')
    with pytest.raises(Refused) as caught:
        messages.accept(wire, request, 'hint')
    assert caught.value.refusal == Refusal(426, 'hint', 'no WebSocket')


@pytest.mark.parametrize(('status', 'sentence'), rules.REFUSALS.values())
def test_a_refusal_inside_a_session(status, sentence):
    """The message fits into a close frame, whose code contains the status."""
    offer = b'Sec-WebSocket-Protocol: console-ext.v1\r\n'
    wire, request = read(HANDSHAKE % (b'Upgrade', offer))
    accepted = messages.accept(wire, request, 'hint')
    refusal = Refusal(status, sentence, 'why')
    sent = messages.refuse_inside(wire, accepted, refusal)
    head, _, frame = sent.partition(b'\r\n\r\n')
    assert head.startswith(b'HTTP/1.1 101 ')
    assert b'Sec-WebSocket-Protocol: console-ext.v1' in head
    close = Close.parse(frame[2:])
    assert (close.code, close.reason) == (4000 + status, sentence)


@pytest.mark.parametrize(
    ('accepted', 'taken'),
    [
        (b'gzip, deflate, br, zstd', True),
        (b'br;q=1.0, GZIP ; q=0.5', True),
        (b'gzip;q=0', False),
        (b'gzip;q=0.000', False),
        (b'gzip;q=x', False),
        (b'x-gzip, br', False),
        (b'*', False),
        (b'', False),
    ],
)
def test_gzip(accepted, taken):
    """Only for a client that accepts gzip."""
    _, request = read(b'GET / HTTP/1.1\r\nAccept-Encoding: %s\r\n\r\n' % accepted)
    assert messages.takes_gzip(request) is taken


def test_a_header_in_place_of_the_usual_one():
    """Modules are cached, but pages are not."""
    usual = messages.head(200, [], 0)
    assert b'Cache-Control: no-store\r\n' in usual
    other = messages.head(200, [('Cache-Control', 'max-age=5')], 0)
    assert b'Cache-Control: max-age=5\r\n' in other
    assert b'no-store' not in other
    assert b'Referrer-Policy: no-referrer\r\n' in other


def test_the_library_logs_nothing():
    """At DEBUG, the library would log tokens and what is typed."""
    wire, _ = read(HANDSHAKE % (b'Upgrade', b''))
    assert wire.debug is False
    assert wire.logger.isEnabledFor(50) is False


def test_a_refusal():
    """The response is complete, and closes the connection."""
    assert messages.refuse(Refusal(429, 'Too many.', 'x')) == (
        b'HTTP/1.1 429 Too Many Requests\r\nX-Content-Type-Options: nosniff\r\n'
        b'Referrer-Policy: no-referrer\r\nCache-Control: no-store\r\n'
        b'Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n'
        b'Retry-After: 10\r\nContent-Length: 10\r\n\r\nToo many.\n'
    )


_LINES = st.lists(
    st.one_of(
        st.binary(max_size=100),
        st.sampled_from(HANDSHAKE.split(b'\r\n')),
        st.builds(lambda name, value: name + b': ' + value, st.binary(), st.binary()),
    ),
    max_size=12,
)


@given(_LINES)
def test_any_head(lines):
    """Any input is a request that can be answered, or is refused."""
    lines = [line.replace(b'\r', b'').replace(b'\n', b'') for line in lines]
    head = b'\r\n'.join([line for line in lines if line] + [b'', b''])
    try:
        wire, request = read(head)
        assert isinstance(request, Request)
        assert messages.accept(wire, request, 'hint.').status_code == 101
        return
    except Refused as error:
        refusal = error.refusal
    _, _, body = messages.refuse(refusal).partition(b'\r\n\r\n')
    assert body.count(b'\n') == 1
    assert 400 <= refusal.status < 600


@pytest.mark.parametrize('size', [1, 2, 3, 7, 1000])
def test_heads(size):
    """Heads are complete however they are split; the bytes after them are kept."""
    first, second = b'GET / HTTP/1.1\r\nA: b\r\n\r\n', b'GET /c HTTP/1.1\r\n\r\n'
    sent = first + second + b'frames'
    heads = messages.Heads()
    taken = []
    for start in range(0, len(sent), size):
        heads.add(sent[start : start + size])
        while (head := heads.take()) is not None:
            taken.append(head)
    assert taken == [first, second]
    assert heads.rest() == b'frames'
    heads.clear()
    assert not heads


@pytest.mark.parametrize('end', [b'', messages.END_OF_HEAD])
def test_a_head_that_is_too_long(end):
    """Whether or not its end has arrived."""
    heads = messages.Heads()
    heads.add(b'x' * (messages.MAX_HEAD_BYTES - len(end)))
    heads.take()
    heads.clear()
    heads.add(b'x' * (messages.MAX_HEAD_BYTES - len(end) + 1) + end)
    with pytest.raises(Refused) as caught:
        heads.take()
    assert caught.value.refusal is messages.TOO_LONG
