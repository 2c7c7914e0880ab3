# SPDX-License-Identifier: Apache-2.0
"""The console proxy: connects the bearer of a console URL to the guest.

A connection passes through these packages in this order, and none imports an earlier
one::

    http/           parses requests and writes responses
    consoles/       a listener for each protocol, and its pages
    admission/      decides who may open a console
    relay/          a session after the 101

    sessions.py     the sessions of a process
    server.py       runs the listeners in an event loop
    workers.py      several processes that share the ports;  pulse.py monitors them
    descriptors.py  shares out the process's file descriptors
    networks.py     the networks in options
    tls.py          the certificate of the listeners

Every check is made before a session begins.  A refusal is an HTTP status; for clients
of the subprotocol ``console-ext.v1`` it is a close code (``relay/control.py``).
"""
