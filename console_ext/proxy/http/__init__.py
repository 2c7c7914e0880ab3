# SPDX-License-Identifier: Apache-2.0
"""HTTP: connections of clients until a session starts.

::

    acceptor.py         accepts connections and makes TLS handshakes
    connections.py      the set of connections without a session
    connection.py       one connection up to status 101: requests, pages, refusals
    messages.py         parses the head of a request, builds responses
    opening.py          admits a request and connects to its guest
    lingering_close.py  closes a connection without losing its last response
"""
