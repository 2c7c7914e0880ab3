# SPDX-License-Identifier: Apache-2.0
"""The contract of stores with SQLite, and properties of SQLite only."""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import time

import pytest

from console_ext import exceptions
from console_ext.store import migration
from console_ext.store.store import Store
from tests.parts.stores import contract, factories


class TestStore(contract.StoreContract):
    @pytest.fixture
    def connection(self, tmp_path):
        return f'sqlite:///{tmp_path}/store.db'

    @pytest.fixture
    def conf(self, tmp_path):
        # Threads wait for each other on a busy machine.
        return factories.configuration(
            factories.make_database(tmp_path / 'store.db'),
            console_tokens={'timeout': 20},
        )

    def test_connects_when_it_is_used(self, tmp_path):
        path = tmp_path / 'later.db'
        store = Store(factories.configuration(f'sqlite:///{path}'))
        assert not path.exists()
        with pytest.raises(exceptions.StoreUnavailable):
            factories.issued(store)
        assert path.exists()

    @pytest.mark.wall_clock
    def test_a_lock_is_waited_for_and_not_for_ever(self, connection, conf, tmp_path):
        store = Store(factories.configuration(connection))
        other = sqlite3.connect(tmp_path / 'store.db', isolation_level=None)
        other.execute('BEGIN IMMEDIATE')
        before = time.monotonic()
        with pytest.raises(exceptions.StoreUnavailable):
            factories.issued(store)
        assert 1.5 < time.monotonic() - before < 30
        other.execute('ROLLBACK')
        factories.issued(store)
        other.close()
        store.close()

    def test_a_child_of_a_fork_works(self, store):
        tokens = [factories.issued(store) for _ in range(2)]
        pid = os.fork()
        if pid == 0:
            try:
                store.redeem(tokens[0], 'serial', factories.CLIENT)
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(pid, 0)[1] == 0
        assert contract.refusal(store, tokens[0]) is exceptions.RefusalReason.USED
        assert store.redeem(tokens[1], 'serial', factories.CLIENT)

    def test_neither_token_nor_hash_is_logged(self, connection, caplog, tmp_path):
        """CVE-2015-9543: not at DEBUG, not with SQLAlchemy's own log, not in errors."""
        caplog.set_level(logging.DEBUG)
        caplog.set_level(logging.DEBUG, 'sqlalchemy.engine')  # is put back at the end
        conf = factories.configuration(connection, database={'connection_debug': 100})
        migration.sync(conf)
        store = Store(conf)
        token = factories.new_token()
        authorization = factories.authorization('spice-html5')
        store.issue(token, authorization, factories.TTL_S)
        with pytest.raises(exceptions.UnexpectedReply):
            store.issue(token, authorization, factories.TTL_S)
        lease = store.redeem(token, 'spice-html5', factories.CLIENT)
        store.keep([lease])
        contract.refusal(store, token, 'spice-html5', '192.0.2.2')
        store.release([lease])
        rejoinable = factories.issued(store)
        first = contract.rejoinable(store, rejoinable)
        again = contract.rejoin(store, first)
        store.keep([first, again])
        store.withdraw(again)
        contract.rejoin_refusal(store, first, client='192.0.2.2')
        with sqlite3.connect(tmp_path / 'store.db') as connection:
            connection.execute('DROP TABLE console_ext_sockets')
        with pytest.raises(exceptions.StoreUnavailable):
            store.redeem(token, 'spice-html5', factories.CLIENT)
        assert 'UPDATE console_ext_authorizations' in caplog.text
        keys = [lease.rejoin_key.text for lease in (first, again)]
        for secret in (token, rejoinable, *keys):
            secret_hash = hashlib.sha256(secret.encode()).hexdigest()
            assert secret not in caplog.text
            assert secret_hash not in caplog.text
        files = b''.join(path.read_bytes() for path in tmp_path.iterdir())
        for stored in (token, rejoinable, keys[0]):
            assert hashlib.sha256(stored.encode()).hexdigest().encode() in files
        for secret in (token, rejoinable, *keys):
            assert secret.encode() not in files
