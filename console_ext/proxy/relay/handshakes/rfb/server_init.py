# SPDX-License-Identifier: Apache-2.0
"""Where ServerInit (RFC 6143, section 7.3.2) ends.

Width and height (2 bytes each), the pixel format (16), the length of the name (4), the
name.
"""

from __future__ import annotations

from console_ext.proxy.relay.handshakes.rfb.protocol import HandshakeError

HEADER_BYTES = 24
MAX_NAME_BYTES = 4096

_NAME_LENGTH_AT = 20


def length(received: bytes | bytearray) -> int | None:
    """
    :param received: the bytes from its first one on
    :returns: its length; None while the bytes do not say
    :raises HandshakeError: the name is longer than any
    """
    if len(received) < HEADER_BYTES:
        return None
    of_name = int.from_bytes(received[_NAME_LENGTH_AT:HEADER_BYTES])
    if of_name > MAX_NAME_BYTES:
        raise HandshakeError(f'its name has {of_name} bytes')
    return HEADER_BYTES + of_name
