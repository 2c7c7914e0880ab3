# SPDX-License-Identifier: Apache-2.0
"""How a process divides its file descriptors."""

from __future__ import annotations

import resource

import pytest

from console_ext.proxy import descriptors


@pytest.mark.parametrize(
    ('limit', 'waiting', 'sessions'),
    [(64, 16, 16), (1024, 256, 320), (20000, 1024, 9424), (2**19, 1024, 261568)],
)
def test_share(limit, waiting, sessions):
    """A session needs two, and some are reserved for the rest of the process."""
    shares = descriptors.share(limit)
    assert (shares.limit, shares.waiting, shares.sessions) == (limit, waiting, sessions)
    assert waiting + 2 * sessions <= limit - min(descriptors.MAX_RESERVED, limit // 4)


def test_of_this_process():
    """The limit in force is used."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert descriptors.of_this_process().limit == soft
