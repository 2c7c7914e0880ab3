# SPDX-License-Identifier: Apache-2.0
"""Decides who may open a console.

::

    request.py         the relevant parts of a request: path, tokens, client
    client_address.py  the client's address, behind reverse proxies
    rules.py           the checks of the request itself, and all refusals (pure)
    origin.py          the web pages that may open consoles (pure)
    checks.py          the checks that wait: store, compute host, guest
    limits.py          the limits of sessions
    leases.py          asynchronous access to the store
    compute.py         asynchronous access to the compute hosts
    interfaces.py      the interfaces of the store and the compute hosts
"""
