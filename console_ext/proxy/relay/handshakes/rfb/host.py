# SPDX-License-Identifier: Apache-2.0
"""The handshake with the compute host, from its version to its ServerInit."""

from __future__ import annotations

import enum
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from console_ext.proxy.relay.handshakes.rfb import protocol, server_init
from console_ext.proxy.relay.handshakes.rfb.protocol import HandshakeError, SecurityType


class State(enum.Enum):
    """What the host has to send next; the values are texts for the log."""

    VERSION = 'its version'
    SECURITY_TYPES = 'its security types'
    REFUSAL = 'the reason for its refusal'
    VENCRYPT_VERSION = 'its VeNCrypt version'
    VENCRYPT_ACK = 'its acceptance of VeNCrypt 0.2'
    VENCRYPT_SUBTYPES = 'its VeNCrypt subtypes'
    VENCRYPT_ACCEPTANCE = 'its acceptance of X509None'
    TLS = 'TLS'
    SECURITY_RESULT = 'its security result'
    FAILURE = 'the reason of its security result'
    SERVER_INIT = 'its ServerInit'
    READY = 'nothing'
    FAILED = 'nothing any more'


@dataclass(frozen=True, slots=True)
class StartTLS:
    """Do a TLS handshake now, then call :meth:`Host.tls_started`."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The handshake is complete.

    :param early: what the host has sent after ServerInit
    """

    server_init: bytes
    early: bytes


class Host:
    """Parses a host's messages, even if they arrive split or together.

    :param schemes: the allowed security types in order of preference; the order of the
        host is ignored
    """

    def __init__(self, schemes: Sequence[SecurityType]):
        self._schemes = schemes
        self._received = bytearray()
        self._to_send = bytearray()
        self._encrypted = False
        self._server_init = b''
        self.state = State.VERSION

    def receive(self, data: bytes) -> StartTLS | Ready | None:
        """
        :returns: what to do next; None to send :meth:`data_to_send` and continue
            reading
        :raises HandshakeError: the host refuses, or violates the protocol
        """
        self._received += data
        try:
            return self._read()
        except HandshakeError:
            self.state = State.FAILED
            raise

    def _read(self) -> StartTLS | Ready | None:
        while self.state in _MESSAGES:
            length, read = _MESSAGES[self.state]
            size = length(self._received)
            if size is None or len(self._received) < size:
                return None
            message = bytes(self._received[:size])
            del self._received[:size]
            self.state = read(self, message)
        if self.state is State.TLS:
            if self._received:
                # They would be mistaken for data that came through TLS.
                raise HandshakeError('it sends unencrypted bytes where TLS begins')
            return StartTLS()
        if self.state is State.READY:
            early = bytes(self._received)
            self._received.clear()
            return Ready(self._server_init, early)
        return None

    def tls_started(self) -> None:
        """From now on, received data has come through TLS."""
        self._encrypted = True
        self.state = State.SECURITY_RESULT

    def receive_end(self, error: Exception | None = None) -> NoReturn:
        """The host has closed the connection.

        :param error: why the connection was lost; None if it was closed normally
        :raises HandshakeError: always
        """
        awaited, self.state = self.state, State.FAILED
        hint = ''
        if self._encrypted and awaited is State.SECURITY_RESULT:
            # In TLS 1.3, a server checks the client's certificate after the handshake
            # is complete on the client's side.
            hint = '; perhaps it does not accept the client certificate'
        raise HandshakeError(
            f'it closed the connection instead of sending {awaited.value}{hint}'
            + (f': {error}' if error else '')
        )

    def data_to_send(self) -> bytes:
        """Return and remove the data to send."""
        data = bytes(self._to_send)
        self._to_send.clear()
        return data

    # A method for each message

    def _version(self, message: bytes) -> State:
        if message != protocol.VERSION:
            raise HandshakeError(f'it does not support RFB 3.8: it sent {message!r}')
        self._to_send += protocol.VERSION
        return State.SECURITY_TYPES

    def _security_types(self, message: bytes) -> State:
        offered = message[1:]
        if not offered:
            return State.REFUSAL
        for scheme in self._schemes:
            if scheme in offered:
                self._to_send.append(scheme)
                return _AFTER_CHOICE[scheme]
        raise HandshakeError(
            f'it offers the security types {_listed(offered)}, but [vnc] auth_schemes '
            f'allows only {_listed(self._schemes)}'
        )

    def _refusal(self, message: bytes) -> State:
        raise HandshakeError(f'it refuses: {_decoded(message)}')

    def _vencrypt_version(self, message: bytes) -> State:
        if message != protocol.VENCRYPT_VERSION:
            raise HandshakeError(f'it uses VeNCrypt {message[0]}.{message[1]}, not 0.2')
        self._to_send += protocol.VENCRYPT_VERSION
        return State.VENCRYPT_ACK

    def _vencrypt_ack(self, message: bytes) -> State:
        if message != b'\x00':
            raise HandshakeError('it refuses VeNCrypt 0.2')
        return State.VENCRYPT_SUBTYPES

    def _vencrypt_subtypes(self, message: bytes) -> State:
        offered = [number for (number,) in struct.iter_unpack('!I', message[1:])]
        if protocol.X509_NONE not in offered:
            raise HandshakeError(
                f'it offers the VeNCrypt subtypes {_listed(offered)}, but not '
                f'{protocol.X509_NONE} (X509None)'
            )
        self._to_send += struct.pack('!I', protocol.X509_NONE)
        return State.VENCRYPT_ACCEPTANCE

    def _vencrypt_acceptance(self, message: bytes) -> State:
        if message != b'\x01':
            raise HandshakeError('it refuses X509None')
        return State.TLS

    def _security_result(self, message: bytes) -> State:
        if message != protocol.SECURITY_RESULT_OK:
            return State.FAILURE
        self._to_send += protocol.SHARED
        return State.SERVER_INIT

    def _failure(self, message: bytes) -> State:
        raise HandshakeError(f'its security check has failed: {_decoded(message)}')

    def _take_server_init(self, message: bytes) -> State:
        self._server_init = message
        return State.READY


_AFTER_CHOICE = {
    SecurityType.NONE: State.SECURITY_RESULT,
    SecurityType.VENCRYPT: State.VENCRYPT_VERSION,
}


def _listed(numbers: Sequence[int]) -> str:
    return ', '.join(str(int(number)) for number in numbers) or 'none at all'


def _decoded(reason: bytes) -> str:
    return reason[4:].decode('utf-8', 'replace') or 'it gives no reason'


# Functions that return the length of a message

_Length = Callable[[bytearray], int | None]


def _fixed(size: int) -> _Length:
    return lambda received: size


def _counted(item_bytes: int) -> _Length:
    """A one-byte count, and that many items."""
    return lambda received: 1 + received[0] * item_bytes if received else None


def _reason(received: bytearray) -> int | None:
    if len(received) < 4:
        return None
    length = int.from_bytes(received[:4])
    if length > protocol.MAX_REASON_BYTES:
        raise HandshakeError(f'it refuses, with an overlong reason of {length} bytes')
    return 4 + length


class _Message(NamedTuple):
    """
    :param length: returns the message's length; None while it is unknown
    :param read: takes the message and returns the next state
    """

    length: _Length
    read: Callable[[Host, bytes], State]


_MESSAGES: Mapping[State, _Message] = {
    State.VERSION: _Message(_fixed(len(protocol.VERSION)), Host._version),
    State.SECURITY_TYPES: _Message(_counted(1), Host._security_types),
    State.REFUSAL: _Message(_reason, Host._refusal),
    State.VENCRYPT_VERSION: _Message(_fixed(2), Host._vencrypt_version),
    State.VENCRYPT_ACK: _Message(_fixed(1), Host._vencrypt_ack),
    State.VENCRYPT_SUBTYPES: _Message(_counted(4), Host._vencrypt_subtypes),
    State.VENCRYPT_ACCEPTANCE: _Message(_fixed(1), Host._vencrypt_acceptance),
    State.SECURITY_RESULT: _Message(_fixed(4), Host._security_result),
    State.FAILURE: _Message(_reason, Host._failure),
    State.SERVER_INIT: _Message(server_init.length, Host._take_server_init),
}
