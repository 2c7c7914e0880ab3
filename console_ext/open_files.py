# SPDX-License-Identifier: Apache-2.0
"""How many files the process may have open."""

from __future__ import annotations

import contextlib
import resource


def raise_limit() -> int:
    """Let the process open as many files as it may: each connection is one, or two.

    :returns: how many that are
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
