# SPDX-License-Identifier: Apache-2.0
"""The parts of RFB 3.8 (RFC 6143, section 7) and VeNCrypt 0.2 that the proxy uses.

VeNCrypt is described at https://github.com/rfbproto/rfbproto.
"""

from __future__ import annotations

import enum
import struct

VERSION = b'RFB 003.008\n'

# The longest reason for a refusal that is accepted.
MAX_REASON_BYTES = 256


class SecurityType(enum.IntEnum):
    NONE = 1
    VENCRYPT = 19


VENCRYPT_VERSION = b'\x00\x02'

# The only supported subtype: TLS with certificates, without a password.
X509_NONE = 260

# ClientInit with the shared flag: without it, QEMU disconnects all other clients.
SHARED = b'\x01'

SECURITY_RESULT_OK = struct.pack('!I', 0)


class HandshakeError(Exception):
    """The other side refuses, or violates the protocol.

    The text is for the log, and may quote what the other side has sent.
    """


def text(sentence: str) -> bytes:
    """A reason with its length before it."""
    encoded = sentence.encode()
    return struct.pack('!I', len(encoded)) + encoded


def no_security_types(reason: str) -> bytes:
    """The message that refuses a client instead of offering security types."""
    return b'\x00' + text(reason)


def security_failed(reason: str) -> bytes:
    """The SecurityResult of a failure."""
    return struct.pack('!I', 1) + text(reason)
