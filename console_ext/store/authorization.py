# SPDX-License-Identifier: Apache-2.0
"""The values of the store: authorizations and leases."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Authorization:
    """Permission for the bearer of a token to open one console of one server.

    :param project_id: the server's project
    :param user_id: the user who requested the console
    :param compute_host: the host that confirms that the port is still this server's
    :param cell: the id of the compute host's cell; None if there are no cells
    :param host: the address of the console, with ``port``
    :param tls_port: a port that requires TLS, which may be the only one and be ``port``
        too; None if there is none
    :param internal_access_path: a path that the hypervisor expects first on the
        connection; None for a plain port
    """

    console_type: str
    server_id: str
    project_id: str
    user_id: str
    compute_host: str
    host: str
    port: int
    tls_port: int | None
    internal_access_path: str | None
    cell: str | None = None


@dataclass(frozen=True, slots=True)
class RejoinKey:
    """A random key that opens a session again after its connection was lost.

    It works once; the new connection gets another key.

    :param within_s: how long it works after the loss, in seconds
    """

    text: str = field(repr=False)
    within_s: int


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one socket to be open, which a token or a rejoin key gives.

    :param session_id: opaque; all sockets of a session have the same
    :param socket_id: opaque; unique for each socket
    :param left_s: the remaining time of the session at the redeem, in seconds; None
        for no limit
    :param authorization_id: the authorization's key in the database
    :param rejoin_key: None if the session cannot be opened again
    :param used_hash: the hash of the rejoin key that gave this lease; None if a token
        gave it
    """

    authorization: Authorization
    session_id: str
    socket_id: str
    left_s: float | None = None
    authorization_id: int | None = None
    rejoin_key: RejoinKey | None = None
    used_hash: str | None = field(default=None, repr=False)


class Loss(enum.Enum):
    """The reason why a socket has lost its lease.

    ``REPLACED``: its session was opened again with the rejoin key.  ``REVOKED``: its
    authorization was revoked or no longer exists.
    """

    REPLACED = 'replaced'
    REVOKED = 'revoked'
