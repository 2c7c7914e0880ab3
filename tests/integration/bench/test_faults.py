# SPDX-License-Identifier: Apache-2.0
"""The faults that the soak test injects have an effect."""

from __future__ import annotations

import time

import pytest

from bench.soak import faults, servers, tokens
from console_ext import exceptions
from console_ext.store import migration
from console_ext.store.store import Store
from tests.parts.stores import factories

CLIENT = '192.0.2.1'


@pytest.mark.parametrize('kind', ['sqlite', 'mariadb', 'postgresql'])
def test_locked_store(request, kind):
    """While it is locked, no token can be redeemed; afterwards every token can."""
    connection = request.getfixturevalue(kind).new_database()
    conf = factories.configuration(connection, console_tokens={'timeout': 2})
    migration.sync(conf)
    token, other = tokens.issue(connection, 2, servers.healthy(10001), 600)
    with faults.locked(connection):
        store = Store(conf)
        started = time.monotonic()
        with pytest.raises(exceptions.StoreUnavailable):
            store.redeem(token, 'serial', CLIENT)
        assert time.monotonic() - started > 1
        store.close()
    conf.set_override('timeout', 20, group='console_tokens')
    store = Store(conf)
    for each in (token, other):
        lease = store.redeem(each, 'serial', CLIENT)
        assert lease.authorization.compute_host == 'compute-1'
    store.close()
