# SPDX-License-Identifier: Apache-2.0
"""Close codes of sessions (RFC 6455, section 7.4.1), and their reasons."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Closing:
    """
    :param name: name for the log
    :param code: the close code; None if there is no client to send it to
    :param reason: text for the user, at most 123 bytes
    """

    name: str
    code: int | None = None
    reason: str = ''


# Caused by the client.
CLIENT_CLOSED = Closing('client closed')
CLIENT_LOST = Closing('client lost')
CLIENT_SILENT = Closing('client silent', 1011, 'The client did not answer pings.')
PROTOCOL_ERROR = Closing('protocol error', 1002)
TOO_BIG = Closing('too big', 1009)
NOT_UTF8 = Closing('not UTF-8', 1007, 'A text frame is not UTF-8.')
RFB_ERROR = Closing('RFB error', 1002)
RFB_TIMEOUT = Closing(
    'RFB timeout', 1008, 'The VNC client did not complete its handshake in time.'
)
BAD_CONTROL = Closing('bad control', 1007, 'A control message is not valid.')
NO_TEXT = Closing('text frame', 1003, 'This console accepts only binary frames.')

# Caused by either side, when it does not read.
NO_ROOM = Closing(
    'no room',
    1013,
    "The proxy's memory for this project's consoles is full; try again later.",
)

# Caused by the guest.
TARGET_ENDED = Closing('target gone', 1000, 'The guest ended the console.')
TARGET_LOST = Closing('target lost', 1011, 'The connection to the guest was lost.')

# Decided by the proxy.
EXPIRED = Closing('expired', 1008, 'The session has reached its maximum duration.')
IDLE = Closing('idle', 1008, 'The session was idle for too long.')
REVOKED = Closing('revoked', 1008, 'The access to this console was revoked.')
GOING_AWAY = Closing('going away', 1001, 'The proxy is being stopped; connect again.')
# A code of its own: this client must not open the session again.
REPLACED = Closing(
    'replaced', 4001, 'A newer connection to this session has replaced this one.'
)

# This code plus an HTTP status refuses a client that offers console-ext.v1.  RFC 6455
# leaves the codes from 4000 on to private use.
REFUSED = 4000
