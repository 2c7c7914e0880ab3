# SPDX-License-Identifier: Apache-2.0
"""The handshake with the compute host."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console_ext.proxy.relay.handshakes.rfb.host import Host, Ready, StartTLS, State
from console_ext.proxy.relay.handshakes.rfb.protocol import HandshakeError, SecurityType
from tests.unit.proxy.relay.handshakes.rfb.peers import (
    IN_TLS,
    PLAIN,
    SERVER_INIT,
    TO_TLS,
    VERSION,
    refusal,
)

NONE, VENCRYPT = SecurityType.NONE, SecurityType.VENCRYPT


def all_said(exchange: list[tuple[bytes, bytes]]) -> bytes:
    return b''.join(said for said, _ in exchange)


def all_answered(exchange: list[tuple[bytes, bytes]]) -> bytes:
    return b''.join(answer for _, answer in exchange)


def after(exchange: list[tuple[bytes, bytes]], *schemes: SecurityType) -> Host:
    """Return a handshake that has come this far."""
    made = Host(schemes or (NONE,))
    made.receive(all_said(exchange))
    made.data_to_send()
    return made


@pytest.mark.parametrize('schemes', [[NONE], [VENCRYPT, NONE]])
def test_plain(schemes):
    """Each message is answered as soon as it is complete."""
    made = Host(schemes)
    for said, answer in PLAIN:
        for byte in said[:-1]:
            assert made.receive(bytes((byte,))) is None
            assert made.data_to_send() == b''
        event = made.receive(said[-1:])
        assert made.data_to_send() == answer
    assert event == Ready(SERVER_INIT, b'')


def test_vencrypt():
    """Byte by byte, before and after TLS."""
    made = Host([VENCRYPT])
    for said, answer in TO_TLS:
        events = [made.receive(bytes((byte,))) for byte in said]
        assert made.data_to_send() == answer
    assert events == [StartTLS()]
    made.tls_started()
    for said, answer in IN_TLS:
        events = [made.receive(bytes((byte,))) for byte in said]
        assert made.data_to_send() == answer
    assert events == [None] * (len(SERVER_INIT) - 1) + [Ready(SERVER_INIT, b'')]


@given(st.lists(st.integers(1, 20)), st.booleans())
def test_any_reads(sizes, encrypted):
    """The handshake does not depend on how the network splits the data."""
    made = Host([VENCRYPT if encrypted else NONE])
    sent, events, sizes = b'', [], iter(sizes)
    for exchange in (TO_TLS, IN_TLS) if encrypted else (PLAIN,):
        said = all_said(exchange)
        while said:
            size = next(sizes, len(said))
            event = made.receive(said[:size])
            said = said[size:]
            sent += made.data_to_send()
            if event is not None:
                events.append(event)
        if isinstance(event, StartTLS):
            made.tls_started()
    usual = all_answered(TO_TLS) + all_answered(IN_TLS)
    assert sent == (usual if encrypted else all_answered(PLAIN))
    assert events == [StartTLS()] * encrypted + [Ready(SERVER_INIT, b'')]


def test_what_follows_at_once():
    """Bytes after the handshake are the guest's first output."""
    made = Host([NONE])
    assert made.receive(all_said(PLAIN) + b'update') == Ready(SERVER_INIT, b'update')


def test_the_proxy_shares():
    """With the shared flag, other clients stay connected."""
    assert after(PLAIN[:2]).receive(b'\0\0\0\0') is None
    made = after(PLAIN[:2])
    made.receive(b'\0\0\0\0')
    assert made.data_to_send() == b'\1'


@pytest.mark.parametrize(
    ('schemes', 'offered', 'chosen'),
    [
        ([NONE], b'\1', 1),
        ([NONE], b'\2\x13\1', 1),
        ([VENCRYPT, NONE], b'\1', 1),
        ([VENCRYPT, NONE], b'\x13', 19),
        ([VENCRYPT, NONE], b'\1\x13', 19),
        ([VENCRYPT, NONE], b'\x13\1', 19),
        ([NONE, VENCRYPT], b'\x13\1', 1),
        ([VENCRYPT], bytes(range(1, 256)), 19),
        ([NONE], bytes(255)[1:] + b'\1', 1),
    ],
)
def test_order_of_preference(schemes, offered, chosen):
    """Neither the host's order nor unknown types matter."""
    made = after(PLAIN[:1], *schemes)
    assert made.receive(bytes((len(offered),)) + offered) is None
    assert made.data_to_send() == bytes((chosen,))


def subtypes(*numbers: int) -> bytes:
    return bytes((len(numbers),)) + struct.pack(f'!{len(numbers)}I', *numbers)


@pytest.mark.parametrize('numbers', [(260,), (999, 260), (*range(1000, 1254), 260)])
def test_subtypes(numbers):
    """Unknown subtypes are ignored."""
    made = after(TO_TLS[:4], VENCRYPT)
    assert made.receive(subtypes(*numbers)) is None
    assert made.data_to_send() == b'\0\0\1\4'


@pytest.mark.parametrize(
    ('scheme', 'exchange', 'said', 'reason'),
    [
        (NONE, PLAIN[:0], b'RFB 003.003\n', 'does not support RFB 3.8'),
        (NONE, PLAIN[:0], b'RFB 003.889\n', 'does not support RFB 3.8'),
        (NONE, PLAIN[:0], b'SSH-2.0-Open', 'SSH-2.0-Open'),
        (NONE, PLAIN[:0], b'\xff' * 12, 'does not support RFB 3.8'),
        (NONE, PLAIN[:1], b'\0' + refusal(b'No.'), r'refuses: No\.'),
        (NONE, PLAIN[:1], b'\0' + refusal(b''), 'gives no reason'),
        (
            NONE,
            PLAIN[:1],
            b'\0' + refusal(b'\xff'),
            'refuses: \N{REPLACEMENT CHARACTER}',
        ),
        (NONE, PLAIN[:1], b'\0' + refusal(b'x' * 256), 'x{256}$'),
        (NONE, PLAIN[:1], b'\0' + refusal(b'x' * 257), 'overlong reason of 257 bytes'),
        (
            NONE,
            PLAIN[:1],
            b'\0' + refusal(b'', 2**32 - 1),
            'overlong reason of 4294967295 bytes',
        ),
        (
            NONE,
            PLAIN[:1],
            b'\1\2',
            'the security types 2, but .vnc. auth_schemes allows only 1',
        ),
        (
            NONE,
            PLAIN[:1],
            b'\2\x81\x13',
            'the security types 129, 19, but .vnc. auth_schemes allows only 1',
        ),
        (
            VENCRYPT,
            TO_TLS[:1],
            b'\1\1',
            'the security types 1, but .vnc. auth_schemes allows only 19',
        ),
        (VENCRYPT, TO_TLS[:2], b'\0\1', r'VeNCrypt 0\.1'),
        (VENCRYPT, TO_TLS[:2], b'\1\2', r'VeNCrypt 1\.2'),
        (VENCRYPT, TO_TLS[:3], b'\xff', r'refuses VeNCrypt 0\.2'),
        (VENCRYPT, TO_TLS[:4], b'\0', 'subtypes none at all'),
        (VENCRYPT, TO_TLS[:4], subtypes(999, 261), 'subtypes 999, 261, but not 260'),
        (VENCRYPT, TO_TLS[:5], b'\0', 'refuses X509None'),
        (VENCRYPT, TO_TLS[:5], b'\2', 'refuses X509None'),
        (VENCRYPT, TO_TLS[:5], b'\1\0', 'unencrypted bytes'),
        (
            NONE,
            PLAIN[:2],
            b'\0\0\0\1' + refusal(b'No.'),
            r'security check has failed: No\.',
        ),
        (NONE, PLAIN[:2], b'\0\0\0\2' + refusal(b''), 'gives no reason'),
        (
            NONE,
            PLAIN[:2],
            b'\1\0\0\0' + refusal(b'x' * 257),
            'overlong reason of 257 bytes',
        ),
        (
            NONE,
            PLAIN[:3],
            bytes(20) + b'\xff' * 4,
            'desktop name is too long: 4294967295 bytes',
        ),
    ],
)
def test_refusals(scheme, exchange, said, reason):
    """The log has the reason; nothing more is sent or read."""
    made = after(exchange, scheme)
    with pytest.raises(HandshakeError, match=reason):
        made.receive(said)
    assert made.state is State.FAILED
    assert made.data_to_send() == b''
    assert made.receive(VERSION) is None
    assert made.data_to_send() == b''


@pytest.mark.parametrize('count', range(len(PLAIN)))
def test_it_closes_the_connection(count):
    """The error names the missing message."""
    made = after(PLAIN[:count])
    awaited = made.state.value
    with pytest.raises(HandshakeError, match=awaited):
        made.receive_end()
    assert made.state is State.FAILED


def test_it_closes_the_connection_behind_tls():
    """QEMU does this if it requires a client certificate, because of TLS 1.3."""
    made = after(TO_TLS, VENCRYPT)
    made.tls_started()
    with pytest.raises(HandshakeError, match='does not accept the client certificate'):
        made.receive_end()


MESSAGES = st.sampled_from([said for said, _ in (*PLAIN, *TO_TLS)])


@given(
    st.lists(MESSAGES | st.binary(max_size=40), max_size=12),
    st.sampled_from([[NONE], [VENCRYPT], [VENCRYPT, NONE]]),
)
def test_any_bytes(parts, schemes):
    """Any bytes give one of the expected results, and only expected answers."""
    made, sent = Host(schemes), b''
    try:
        for part in parts:
            event = made.receive(part)
            sent += made.data_to_send()
            if isinstance(event, StartTLS):
                made.tls_started()
            if isinstance(event, Ready):
                break
    except HandshakeError:
        assert made.state is State.FAILED
    possible = [all_answered(PLAIN), all_answered([*TO_TLS, *IN_TLS])]
    assert any(one.startswith(sent) for one in possible)
