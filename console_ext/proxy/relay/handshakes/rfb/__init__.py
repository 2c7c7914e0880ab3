# SPDX-License-Identifier: Apache-2.0
"""The handshake of VNC: RFB 3.8 (RFC 6143, section 7), with VeNCrypt.

The proxy is a VNC client to the compute host, and a VNC server to the user's client.
The host's half is complete before the 101, ServerInit with it, so that a host that
refuses is an HTTP status.  The client's half follows the 101; then the bytes pass.

::

    protocol.py     constants, and the messages that both halves use (pure)
    server_init.py  where ServerInit ends (pure)
    host.py         the host's half: bytes in, bytes and events out (pure)
    client.py       the client's half: bytes in, messages out (pure)
    opening.py      the host's half on a connection
    mediator.py     the client's half in a session
    consoles.py     VNC consoles, as they are configured
"""
