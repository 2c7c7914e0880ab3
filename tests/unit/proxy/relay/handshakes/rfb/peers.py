# SPDX-License-Identifier: Apache-2.0
"""Messages of hosts and clients in the RFB handshake."""

from __future__ import annotations

import struct

from tests.parts.vnc_host import SERVER_INIT, VERSION

# A host's messages, with the proxy's answers to each.
PLAIN = [
    (VERSION, VERSION),
    (b'\1\1', b'\1'),
    (b'\0\0\0\0', b'\1'),
    (SERVER_INIT, b''),
]
TO_TLS = [
    (VERSION, VERSION),
    (b'\1\x13', b'\x13'),
    (b'\0\2', b'\0\2'),
    (b'\0', b''),
    (b'\1\0\0\1\4', b'\0\0\1\4'),
    (b'\1', b''),
]
IN_TLS = PLAIN[2:]

# A client's messages, with the proxy's answers.
CLIENT = [
    (VERSION, [b'\1\1']),
    (b'\1', [b'\0\0\0\0']),
    (b'\1', [SERVER_INIT]),
]


def refusal(reason: bytes, length: int | None = None) -> bytes:
    """
    :param length: what is said of it; by default the truth
    """
    return struct.pack('!I', len(reason) if length is None else length) + reason
