# SPDX-License-Identifier: Apache-2.0
"""The console proxy: lets the bearer of a URL through to the guest.

A connection goes through these modules in this order::

    listener.py     what a port serves: its console type, paths, origins and pages
    acceptor.py     takes connections, and makes TLS handshakes
    lobby.py        the connections that have no session yet
    connection.py   one client's connection up to the 101: requests, pages, refusals
      lingering.py    its end, where there is no session
      http.py         bytes into a request, a response into bytes
      request.py      what of a request matters: its path, its tokens, whom it is from
      forwarded.py    whom it is from, behind reverse proxies
      admission.py    who is let in, and what the others are told (pure)
      origin.py       which web pages may open consoles (pure)
    opening.py      from a request that may be admitted to a connection to its guest
      gate.py         the checks that wait: store, compute host, target
      limits.py       how many sessions there may be
      grants.py       the store, as the event loop sees it
      target.py       a connection to a guest's console
    session.py      a session after the 101: the client's side, which leads
      guest.py        the guest's side
      side.py         what both have
      frames.py       which frames are for the guest, and the header of ours (pure)
      deadlines.py    when it is pinged and when it ends (pure)
      closing.py      how it ends: close codes and their reasons
    sessions.py     all of them: opened, logged, and closed together
    server.py       the listeners in an event loop of their own;  tls.py, workers.py
    descriptors.py  how many connections and sessions there are descriptors for

Every check is made before the 101, because a client can read a refusal only there.
"""
