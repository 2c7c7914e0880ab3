# SPDX-License-Identifier: Apache-2.0
"""RFB 3.8 (RFC 6143, section 7) and VeNCrypt 0.2, as far as the proxy speaks them.

VeNCrypt is described at https://github.com/rfbproto/rfbproto.
"""

from __future__ import annotations

import enum
import struct

VERSION = b'RFB 003.008\n'

# The longest reason for a refusal that is read.
MAX_REASON_BYTES = 256


class SecurityType(enum.IntEnum):
    NONE = 1
    VENCRYPT = 19


VENCRYPT_VERSION = b'\x00\x02'

# The only subtype: TLS with certificates, and no password behind it.
X509_NONE = 260

# ClientInit: others may use the console at the same time.  QEMU disconnects everybody
# else when a client does not share.
SHARED = b'\x01'

SECURITY_RESULT_OK = struct.pack('!I', 0)


class HandshakeError(Exception):
    """The other side refuses, or breaks the protocol; the text says how, for the log.

    It may quote what the other side has sent.
    """


def text(sentence: str) -> bytes:
    """A reason, with its length in front."""
    encoded = sentence.encode()
    return struct.pack('!I', len(encoded)) + encoded


def no_security_types(reason: str) -> bytes:
    """In place of the list of security types, to a client that cannot be served."""
    return b'\x00' + text(reason)


def security_failed(reason: str) -> bytes:
    """The SecurityResult of a failure."""
    return struct.pack('!I', 1) + text(reason)
