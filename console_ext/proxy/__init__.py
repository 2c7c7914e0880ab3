# SPDX-License-Identifier: Apache-2.0
"""The console proxy: lets the bearer of a URL through to the guest.

A connection goes one way, through these rooms; none imports one before it::

    http/           bytes into requests, and answers into bytes
    consoles/       what a port serves: a listener for each protocol, and its pages
    admission/      who is let in
    relay/          a session after the 101

    sessions.py     the sessions of a process: opened, logged, and closed together
    server.py       the listeners in an event loop of their own
    workers.py      several processes that share the ports;  pulse.py: how each shows
                    that it lives
    descriptors.py  how many connections and sessions there are descriptors for
    networks.py     networks that options name, and addresses in one form
    tls.py          the certificate of the listeners

Every check is made before a session begins.  A refusal is an HTTP status; for clients
of the subprotocol ``console-ext.v1`` it is a close code (``relay/control.py``).
"""
