# SPDX-License-Identifier: Apache-2.0
"""The handshake with the user's client, from our version to our ServerInit."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import NamedTuple

from console_ext.proxy.relay.handshakes.rfb import protocol
from console_ext.proxy.relay.handshakes.rfb.protocol import HandshakeError, SecurityType


class State(enum.Enum):
    """What the client has to send next."""

    VERSION = enum.auto()
    SECURITY_TYPE = enum.auto()
    CLIENT_INIT = enum.auto()
    READY = enum.auto()
    FAILED = enum.auto()


class Client:
    """Parses a client's messages.

    Every message has a known length, so at most one incomplete message is buffered.
    Bytes after the last one are in :attr:`early`.

    :param server_init: the host's ServerInit
    :ivar early: bytes of the client for the host
    """

    def __init__(self, server_init: bytes):
        self._server_init = server_init
        self._received = bytearray()
        self._messages = [protocol.VERSION]
        self.early = b''
        self.state = State.VERSION

    def receive(self, data: bytes) -> None:
        """
        :raises HandshakeError: the client violates the protocol; the text is for its
            user, and one of the messages has the same text
        """
        self._received += data
        while self.state in _MESSAGES:
            size, read = _MESSAGES[self.state]
            if len(self._received) < size:
                return
            message = bytes(self._received[:size])
            del self._received[:size]
            try:
                self.state = read(self, message)
            except HandshakeError:
                self.state = State.FAILED
                self._received.clear()
                raise
        if self.state is State.READY:
            self.early = bytes(self._received)
        self._received.clear()

    def messages(self) -> list[bytes]:
        """Return and remove the messages to send, each in a frame of its own."""
        messages, self._messages = self._messages, []
        return messages

    # A method for each message

    def _version(self, message: bytes) -> State:
        if message != protocol.VERSION:
            reason = 'This proxy supports only RFB 3.8.'
            self._messages.append(protocol.no_security_types(reason))
            raise HandshakeError(reason)
        self._messages.append(bytes((1, SecurityType.NONE)))
        return State.SECURITY_TYPE

    def _security_type(self, message: bytes) -> State:
        if message[0] != SecurityType.NONE:
            reason = 'This security type is not offered.'
            self._messages.append(protocol.security_failed(reason))
            raise HandshakeError(reason)
        self._messages.append(protocol.SECURITY_RESULT_OK)
        return State.CLIENT_INIT

    def _client_init(self, message: bytes) -> State:
        # Ignore the shared flag: the host has already been sent that it is set.
        self._messages.append(self._server_init)
        return State.READY


class _Message(NamedTuple):
    """
    :param read: takes the message and returns the next state
    """

    size: int
    read: Callable[[Client, bytes], State]


_MESSAGES: Mapping[State, _Message] = {
    State.VERSION: _Message(len(protocol.VERSION), Client._version),
    State.SECURITY_TYPE: _Message(1, Client._security_type),
    State.CLIENT_INIT: _Message(1, Client._client_init),
}
