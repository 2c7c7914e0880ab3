# SPDX-License-Identifier: Apache-2.0
"""Shares out the process's file descriptors, so that no part uses up all of them."""

from __future__ import annotations

import resource
from dataclasses import dataclass

# Connections without a session.  A regular client needs one for milliseconds only.
MAX_WAITING = 1024

# Descriptors for the rest of the process: the store, the broker, files.
MAX_RESERVED = 128


@dataclass(frozen=True, slots=True)
class Shares:
    """
    :param limit: the process's limit of descriptors
    :param waiting: the number of connections without a session, with a descriptor each
    :param sessions: the number of sessions, with two descriptors each
    """

    limit: int
    waiting: int
    sessions: int


def share(limit: int) -> Shares:
    waiting = min(MAX_WAITING, limit // 4)
    reserved = min(MAX_RESERVED, limit // 4)
    return Shares(limit, waiting, (limit - waiting - reserved) // 2)


def of_this_process() -> Shares:
    """Return the shares for the current limit of open files."""
    return share(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
