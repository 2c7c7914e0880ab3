# SPDX-License-Identifier: Apache-2.0
"""The messages of RFB."""

from __future__ import annotations

from console_ext.proxy.relay.handshakes.rfb import protocol


def test_messages():
    """As in RFC 6143, sections 7.1.1 to 7.3.1."""
    assert protocol.VERSION == b'RFB 003.008\n'
    assert protocol.SECURITY_RESULT_OK == b'\0\0\0\0'
    assert protocol.SHARED == b'\1'
    assert protocol.no_security_types('no') == b'\0\0\0\0\2no'
    assert protocol.security_failed('\xe9') == b'\0\0\0\1\0\0\0\2\xc3\xa9'
