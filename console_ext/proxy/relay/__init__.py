# SPDX-License-Identifier: Apache-2.0
"""A session after status 101: relays bytes between a client and a guest.

::

    connector.py    connects to the port of a guest's console
    consoles.py     opens the consoles of a type on that connection
    exchange.py     the connection during a handshake
    tls.py          TLS to guests
    handshakes/     the handshakes of console protocols
    client.py       the client's side, which controls the session
    guest.py        the guest's side
    peer.py         the common base of both sides
    inbound.py      parses what a client sends, a limited amount at a time
    turns.py        queue of the clients that have sent more than that
    fragments.py    splits incomplete frames into fragments (pure)
    control.py      the control messages of the subprotocol console-ext.v1
    frames.py       selects the frames for the guest, writes headers (pure)
    memory.py       limits the memory for bytes that wait
    timeouts.py     decides when to ping and when to end a session (pure)
    keepalive.py    TCP options that detect a lost peer
    close_codes.py  close codes of sessions, and their reasons
"""
