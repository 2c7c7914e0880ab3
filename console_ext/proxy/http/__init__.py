# SPDX-License-Identifier: Apache-2.0
"""Bytes into requests, and answers into bytes.

::

    acceptor.py         takes connections, and makes TLS handshakes
    connections.py      those that have no session yet
    connection.py       one of them, up to the 101: requests, pages, refusals
    messages.py         the head of a request, and responses
    opening.py          from a request that may be admitted to a connection to its guest
    lingering_close.py  the end of a connection that has no session
"""
