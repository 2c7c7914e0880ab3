# SPDX-License-Identifier: Apache-2.0
"""Finds the end of ServerInit (RFC 6143, section 7.3.2).

It has width and height (2 bytes each), the pixel format (16), the length of the name
(4), and the name.
"""

from __future__ import annotations

from console_ext.proxy.relay.handshakes.rfb.protocol import HandshakeError

HEADER_BYTES = 24
MAX_NAME_BYTES = 4096

_NAME_LENGTH_AT = 20


def length(received: bytes | bytearray) -> int | None:
    """
    :param received: the received bytes, from the first byte of ServerInit
    :returns: the length of ServerInit; None while it is unknown
    :raises HandshakeError: the name is too long
    """
    if len(received) < HEADER_BYTES:
        return None
    of_name = int.from_bytes(received[_NAME_LENGTH_AT:HEADER_BYTES])
    if of_name > MAX_NAME_BYTES:
        raise HandshakeError(f'its desktop name is too long: {of_name} bytes')
    return HEADER_BYTES + of_name
