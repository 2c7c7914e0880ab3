# SPDX-License-Identifier: Apache-2.0
"""Values are compared by content, hashable and immutable."""

from __future__ import annotations

import dataclasses

import pytest

from console_ext.store.authorization import Lease
from tests.parts.stores.factories import authorization


def test_values():
    assert authorization() == authorization()
    assert authorization(port=2) != authorization()
    lease = Lease(authorization(), 'session', 'socket')
    assert {lease} == {Lease(authorization(), 'session', 'socket')}
    with pytest.raises(dataclasses.FrozenInstanceError):
        lease.authorization.port = 22
