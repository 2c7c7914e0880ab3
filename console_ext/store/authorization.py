# SPDX-License-Identifier: Apache-2.0
"""What a token opens, and what redeeming it gives."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Authorization:
    """That whoever has the token may open one console of one server.

    :param project_id: the server's
    :param user_id: who asked for the token
    :param compute_host: the host to ask whether the port is still this server's
    :param cell: the id of the cell that host is in; None where there are no cells
    :param host: where the console is, with ``port``
    :param internal_access_path: what the hypervisor wants first on the connection;
        None for a plain port
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
class Lease:
    """One socket that a token let in.

    :param session_id: opaque; the sockets of one session have it in common
    :param socket_id: opaque; no other socket has it
    :param left_s: how long the session may still last, in seconds from the redeem on;
        None for any time
    """

    authorization: Authorization
    session_id: str
    socket_id: str
    left_s: float | None = None
