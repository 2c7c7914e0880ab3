# SPDX-License-Identifier: Apache-2.0
"""Who is let in.

::

    request.py         what of a request matters: its path, its tokens, whom it is from
    client_address.py  whom it is from, behind reverse proxies
    rules.py           what a request alone decides, and what each refusal says (pure)
    origin.py          which web pages may open consoles (pure)
    checks.py          the checks that wait: store, compute host, guest
    limits.py          how many sessions there may be
    leases.py          the store, as the event loop sees it
    compute.py         the compute hosts, each on the message bus of its cell
    interfaces.py      what the store and the compute hosts have to offer
"""
