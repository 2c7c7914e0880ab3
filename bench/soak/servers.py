# SPDX-License-Identifier: Apache-2.0
"""The servers of a site, as entries of an inventory."""

from __future__ import annotations

from typing import Any

from tests.parts.deployment import server

DEAD_HOST = 'compute-2'

Servers = list[dict[str, Any]]

_PROJECTS = 10
_SERVERS = 100
_ATTACKED = 10
# Greater than the project numbers of the well-behaved users.
_ATTACKERS_PROJECT = _PROJECTS + 1
_DEAD_HOSTS_PROJECT = _PROJECTS + 2


def healthy(port: int) -> Servers:
    """Return the servers of the well-behaved users.

    :param port: the port of every serial console
    """
    return [_server(number, number % _PROJECTS, port) for number in range(_SERVERS)]


def attacked(port: int) -> Servers:
    """Return the servers of the attackers, which are on the same host."""
    return [
        _server(0x1000 + number, _ATTACKERS_PROJECT, port)
        for number in range(_ATTACKED)
    ]


def dead(port: int) -> Servers:
    """Return the servers of the host that does not answer."""
    return [
        _server(0x2000 + number, _DEAD_HOSTS_PROJECT, port, host=DEAD_HOST)
        for number in range(_ATTACKED)
    ]


def _server(number: int, project: int, port: int, **more: Any) -> dict[str, Any]:
    return server(
        f'{number:x}',
        project_id=f'{project:032x}',
        consoles={'serial': {'host': '127.0.0.1', 'port': port}},
        **more,
    )
