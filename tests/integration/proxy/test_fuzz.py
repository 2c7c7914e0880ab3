# SPDX-License-Identifier: Apache-2.0
"""Random input to a proxy in a process of its own."""

from __future__ import annotations

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.functional.proxy.wire import frame, receive_until, upgrade
from tests.integration.proxy import fuzzed as proxies
from tests.integration.proxy.fuzzed import FRAMES, close_codes_in, exchanged, many


@pytest.fixture
def fuzzed(deployment, programs, modules):
    with proxies.running(deployment, programs, modules) as made:
        yield made


# Parts that end a line of a head, or the head.
IN_A_LINE = st.binary(max_size=60).map(lambda part: part.replace(b'\n', b' '))
TOKEN = st.sampled_from([b'x', b'', b'"x"', b'%00', b'%ff', b'\xc3\xa9', b'x' * 300])
PAIRS = st.tuples(st.sampled_from([b'token', b'TOKEN', b' token', b'a', b'']), TOKEN)
FIELDS = st.lists(PAIRS.map(b'='.join) | IN_A_LINE, max_size=25)
QUERIES = FIELDS.map(b'&'.join)
COOKIES = FIELDS.map(b';'.join)
PATHS = (
    st.sampled_from(
        [b'/', b'/websockify', b'/spice_auto.html', b'//', b'/.', b'*', b'', b'/%2f']
    )
    | IN_A_LINE
)
REQUEST_LINES = (
    st.builds(
        lambda method, path, query, version: (
            b'%s %s?%s %s' % (method, path, query.replace(b' ', b'+'), version)
        ),
        st.sampled_from([b'GET', b'HEAD', b'POST', b'get', b'GET ', b'']) | IN_A_LINE,
        PATHS,
        QUERIES,
        st.sampled_from([b'HTTP/1.1', b'HTTP/1.0', b'HTTP/2', b'', b'HTTP/1.1 ']),
    )
    | IN_A_LINE
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                b'Connection',
                b'Content-Length',
                b'Host',
                b'Origin',
                b'Sec-WebSocket-Extensions',
                b'Sec-WebSocket-Key',
                b'Sec-WebSocket-Protocol',
                b'Sec-WebSocket-Version',
                b'Transfer-Encoding',
                b'Upgrade',
                b'X-Forwarded-For',
                b'X-Forwarded-Proto',
            ]
        )
        | IN_A_LINE,
        st.sampled_from(
            [
                b'binary',
                b'http://console.example.org:6083',
                b'null',
                b'websocket',
                b'13',
                b'-1',
                b'10.0.0.1, [::1]:80',
            ]
        )
        | IN_A_LINE,
    ).map(b': '.join)
    | COOKIES.map(b'Cookie: '.__add__)
    | IN_A_LINE,
    max_size=8,
)
GOOD_LINES = upgrade('/').split(b'\r\n')[1:-2]


def head(request_line: bytes, headers: list[bytes]) -> bytes:
    return b'\r\n'.join([request_line, *headers, b'', b''])


HEADS = (
    st.builds(head, REQUEST_LINES, HEADERS)
    # Requests that reach admission, with random additions.
    | st.builds(
        lambda path, query, headers: head(
            b'GET %s?%s HTTP/1.1' % (path, query.replace(b' ', b'+')),
            [*GOOD_LINES, *headers],
        ),
        st.sampled_from([b'/', b'/websockify']),
        QUERIES,
        st.lists(COOKIES.map(b'Cookie: '.__add__), max_size=3),
    )
)


@pytest.mark.parametrize('name', ['serial', 'SPICE', 'VNC'])
def test_requests(fuzzed, name):
    """Random request lines, headers, cookies and queries all get a readable answer."""
    seen = set()

    @many
    @given(HEADS)
    @example(head(b'GET / HTTP/1.1', [b'Cookie: a'] * 200))
    @example(head(b'GET /?' + b'a=b&' * 100 + b' HTTP/1.1', GOOD_LINES))
    @example(head(b'GET /' + b'a' * 40000, []))
    @example(head(b'GET /nothing-here HTTP/1.1', GOOD_LINES))
    @example(head(b'GET / HTTP/1.1', GOOD_LINES))
    def ask(request):
        with fuzzed.raw(name) as client:
            client.sendall(request)
            answer = receive_until(client, None)
        start, _, body = answer.partition(b'\r\n\r\n')
        status = int(start.split()[1])
        seen.add(status)
        assert status == 200 or 400 <= status < 500
        assert b'Content-Length: %d' % len(body) in start or status == 200
        # On the port of VNC, the refusal of an upgrade has no text.
        if status != 200 and (body or name != 'VNC'):
            assert body.decode().endswith('.\n')
            assert body.count(b'\n') == 1
            assert body.isascii()

    ask()
    assert {400, 401, 404} <= seen


def test_frames(fuzzed):
    """Each session ends, with complete frames and a close code."""
    codes = set()

    @many
    @given(st.lists(FRAMES, max_size=6))
    @example([frame(b'\xff', 1)])
    @example([frame(struct.pack('!H', 1000), 8)])
    def send(frames):
        with fuzzed.session() as client:
            received = exchanged(client, b''.join(frames))
        codes.update(close_codes_in(received))

    send()
    assert {1000, 1002, 1007} <= codes
