# SPDX-License-Identifier: Apache-2.0
"""How a process shares its descriptors out, so that nobody else runs out of them."""

from __future__ import annotations

import resource
from dataclasses import dataclass

# Connections without a session: more are never needed, for those of clients that mean
# well are there for milliseconds.
MAX_WAITING = 1024

# Of the rest of the process: the store, the broker, files.
MAX_RESERVED = 128


@dataclass(frozen=True, slots=True)
class Shares:
    """
    :param limit: descriptors that the process may have
    :param waiting: connections that may wait for their clients, with a descriptor each
    :param sessions: sessions, with two each, opened or being opened
    """

    limit: int
    waiting: int
    sessions: int


def share(limit: int) -> Shares:
    waiting = min(MAX_WAITING, limit // 4)
    reserved = min(MAX_RESERVED, limit // 4)
    return Shares(limit, waiting, (limit - waiting - reserved) // 2)


def of_this_process() -> Shares:
    """By the limit of open files as it is now."""
    return share(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
