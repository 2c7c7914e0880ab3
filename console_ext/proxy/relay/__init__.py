# SPDX-License-Identifier: Apache-2.0
"""A session after the 101: bytes between a client and a guest.

::

    connector.py    a connection to a guest's console
    consoles.py     how the consoles of a type are opened on it
    exchange.py     the connection while a handshake goes on
    tls.py          TLS to guests
    handshakes/     what a protocol wants before bytes flow
    client.py       the client's side, which leads
    guest.py        the guest's side
    peer.py         what both sides have
    inbound.py      what a client sends, a turn of the event loop at a time
    turns.py        whose turn it is
    fragments.py    unfinished frames as fragments (pure)
    frames.py       which frames are for the guest, and the header of ours (pure)
    memory.py       room for bytes that wait
    timeouts.py     when a session is pinged and when it ends (pure)
    keepalive.py    how TCP finds a peer that is gone
    close_codes.py  how a session ends: close codes and their reasons
"""
