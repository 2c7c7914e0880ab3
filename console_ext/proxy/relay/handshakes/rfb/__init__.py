# SPDX-License-Identifier: Apache-2.0
"""The handshake of VNC: RFB 3.8 (RFC 6143, section 7), with VeNCrypt.

The proxy is a VNC client to the compute host, and a VNC server to the user's client.
The handshake with the host, including ServerInit, is complete before status 101; so if
the host refuses, the user's client gets an HTTP status.  The handshake with the client
follows after status 101.  After both, the proxy relays bytes.

::

    protocol.py     constants, and messages of both handshakes (pure)
    server_init.py  finds the end of ServerInit (pure)
    host.py         handshake with the host: bytes in, bytes and events out (pure)
    client.py       handshake with the client: bytes in, messages out (pure)
    opening.py      runs the handshake with the host on a connection
    mediator.py     runs the handshake with the client in a session
    consoles.py     VNC consoles with their configuration
"""
