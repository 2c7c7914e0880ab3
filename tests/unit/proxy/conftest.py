# SPDX-License-Identifier: Apache-2.0
"""The event loops that a proxy may run in."""

from __future__ import annotations

import asyncio

import pytest


@pytest.fixture(params=['asyncio', 'uvloop'])
def loop_factory(request):
    """A factory of event loops of asyncio and of uvloop."""
    if request.param == 'asyncio':
        return asyncio.new_event_loop
    return pytest.importorskip('uvloop').new_event_loop
