# SPDX-License-Identifier: Apache-2.0
"""How a session ends: close codes (RFC 6455, section 7.4.1) and their reasons."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Closing:
    """
    :param name: the end as the log names it
    :param code: the close code; None where nobody is there to read it
    :param reason: one sentence for the user, at most 123 bytes
    """

    name: str
    code: int | None = None
    reason: str = ''


# What the client does or does not do.
CLIENT_CLOSED = Closing('client closed')
CLIENT_LOST = Closing('client lost')
CLIENT_SILENT = Closing('client silent', 1011, 'The client did not answer.')
PROTOCOL_ERROR = Closing('protocol error', 1002)
TOO_BIG = Closing('too big', 1009)
NOT_UTF8 = Closing('not UTF-8', 1007, 'A text frame is not UTF-8.')
RFB_ERROR = Closing('RFB error', 1002)
RFB_TIMEOUT = Closing(
    'RFB timeout', 1008, 'The VNC client did not complete its handshake in time.'
)
BAD_CONTROL = Closing('bad control', 1007, 'A control message is not valid.')
NO_TEXT = Closing('text frame', 1003, 'This console takes binary frames only.')

# Neither side may take what the other sends.
NO_ROOM = Closing(
    'no room',
    1013,
    "Too much waits in the project's consoles; try again when they are faster.",
)

# What the guest does.
TARGET_ENDED = Closing('target gone', 1000, 'The guest ended the console.')
TARGET_LOST = Closing('target lost', 1011, 'The connection to the guest was lost.')

# What we decide.
EXPIRED = Closing('expired', 1008, 'The session has lasted as long as it may.')
IDLE = Closing('idle', 1008, 'The session was idle for too long.')
REVOKED = Closing('revoked', 1008, 'The permission for this console has ended.')
GOING_AWAY = Closing('going away', 1001, 'The proxy is being stopped; connect again.')

# Plus an HTTP status: a refusal of a client that offers console-ext.v1.  The codes from
# here on are for private use.
REFUSED = 4000
