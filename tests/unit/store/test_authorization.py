# SPDX-License-Identifier: Apache-2.0
"""Values: equal by what they hold, usable in sets, not to be changed."""

from __future__ import annotations

import dataclasses

import pytest

from console_ext.store.authorization import Grant
from tests.stores import authorization


def test_values():
    assert authorization() == authorization()
    assert authorization(port=1) != authorization()
    grant = Grant(authorization(), 'session', 'socket')
    assert {grant} == {Grant(authorization(), 'session', 'socket')}
    with pytest.raises(dataclasses.FrozenInstanceError):
        grant.authorization.port = 22
