# SPDX-License-Identifier: Apache-2.0
"""The handshake with the user's client."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console_ext.proxy.relay.handshakes.rfb.client import Client, State
from console_ext.proxy.relay.handshakes.rfb.protocol import HandshakeError
from tests.unit.proxy.relay.handshakes.rfb.peers import (
    CLIENT,
    SERVER_INIT,
    VERSION,
    refusal,
)

ALL = b''.join(said for said, _ in CLIENT)
ANSWERS = [answer for _, answers in CLIENT for answer in answers]


def after(count: int) -> Client:
    """Return a handshake in which the client has sent this many messages."""
    made = Client(SERVER_INIT)
    made.receive(b''.join(said for said, _ in CLIENT[:count]))
    made.messages()
    return made


def test_byte_by_byte():
    """The server sends first; each message is answered when it is complete."""
    made = Client(SERVER_INIT)
    assert made.messages() == [VERSION]
    for said, answers in CLIENT:
        for byte in said[:-1]:
            made.receive(bytes((byte,)))
            assert made.messages() == []
        made.receive(said[-1:])
        assert made.messages() == answers
    assert (made.state, made.early) == (State.READY, b'')


@given(st.lists(st.integers(1, 20)), st.binary(max_size=30))
def test_all_at_once(sizes, early):
    """A client may send all messages at once; bytes after them are for the host."""
    made, data, sizes = Client(SERVER_INIT), ALL + early, iter(sizes)
    collected = b''
    while data:
        size = next(sizes, len(data))
        if made.state is State.READY:
            collected += data[:size]
        else:
            made.receive(data[:size])
            collected += made.early
        data = data[size:]
    assert made.messages() == [VERSION, *ANSWERS]
    assert collected == early


@pytest.mark.parametrize('shared', [0, 1, 255])
def test_sharing_is_not_asked_for(shared):
    """A client is served whether it sets the shared flag or not."""
    made = after(2)
    made.receive(bytes((shared,)))
    assert made.messages() == [SERVER_INIT]


@pytest.mark.parametrize(
    'version', [b'RFB 003.003\n', b'RFB 003.007\n', b'RFB 004.000\n', b'\x80' * 12]
)
def test_another_version(version):
    """The client gets RFB's message for it."""
    made = after(0)
    with pytest.raises(HandshakeError, match='supports only RFB'):
        made.receive(version)
    assert made.messages() == [b'\0' + refusal(b'This proxy supports only RFB 3.8.')]
    assert made.state is State.FAILED


@pytest.mark.parametrize('chosen', [0, 2, 19, 255])
def test_a_type_that_is_not_offered(chosen):
    """The client gets RFB's message for it."""
    made = after(1)
    with pytest.raises(HandshakeError, match='not offered'):
        made.receive(bytes((chosen,)) + b'\1')
    reason = b'This security type is not offered.'
    assert made.messages() == [b'\0\0\0\1' + refusal(reason)]
    assert made.state is State.FAILED
    made.receive(b'\1' * 100)
    assert made.messages() == []


@given(st.lists(st.sampled_from([VERSION, b'\1', b'\1\1']) | st.binary(max_size=20)))
def test_any_bytes(parts):
    """Any bytes are accepted or raise HandshakeError."""
    made, messages = Client(SERVER_INIT), []
    try:
        for part in parts:
            if made.state is not State.READY:
                made.receive(part)
            messages += made.messages()
    except HandshakeError:
        assert made.state is State.FAILED
    assert messages == [VERSION, *ANSWERS][: len(messages)]
