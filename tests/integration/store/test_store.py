# SPDX-License-Identifier: Apache-2.0
"""The contract on every database, with several processes, and with failures."""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import threading
import time
from concurrent import futures

import pytest
import sqlalchemy as sa

from console_ext import exceptions
from console_ext.exceptions import RefusalReason
from console_ext.store import migration
from console_ext.store.authorization import Lease, Loss
from console_ext.store.engine import engine as engine_of
from console_ext.store.schema import AUTHORIZATIONS, SOCKETS
from console_ext.store.store import Store
from tests.integration.store.processes import redeem_at_once
from tests.parts.deployment import server_id
from tests.parts.stores import contract, factories
from tests.parts.waiting import wait_for

# A loose ceiling for a call that fails, with a timeout of 4 s, on a busy machine.
WITHIN_S = 20

# Processes use the real time.
FAR = 4_000_000_000.0


class TestStore(contract.StoreContract):
    def test_of_100_redeems_in_4_processes_one_wins(self, connection, store):
        token = factories.issued(store)
        results = redeem_at_once(connection, 4, 25, token, 'serial', factories.CLIENT)
        flat = [result for results_ in results for result in results_]
        assert len(flat) == 100
        assert sum(isinstance(result, Lease) for result in flat) == 1
        assert flat.count(RefusalReason.USED) == 99

    def test_of_100_rejoins_in_4_processes_one_wins(self, connection, conf, store):
        """And the session has its socket only."""
        lease = contract.rejoinable(store, factories.issued(store))
        key = lease.rejoin_key.text
        what = (key, 'serial', factories.CLIENT)
        results = redeem_at_once(connection, 4, 25, *what, method='rejoin')
        flat = [result for results_ in results for result in results_]
        (again,) = [result for result in flat if isinstance(result, Lease)]
        assert flat.count(RefusalReason.UNKNOWN) == 99
        assert [row.id for row in self.rows(conf, SOCKETS)] == [again.socket_id]
        assert store.keep([lease, again]) == {lease: Loss.REPLACED}

    def test_a_spice_session_spreads_over_processes(self, connection, conf, store):
        token = factories.issued(store, 'spice-html5')
        results = redeem_at_once(
            connection, 2, 10, token, 'spice-html5', factories.CLIENT
        )
        flat = [result for results_ in results for result in results_]
        leases = [result for result in flat if isinstance(result, Lease)]
        assert len(leases) == 16
        assert len({lease.session_id for lease in leases}) == 1
        assert flat.count(RefusalReason.TOO_MANY_SOCKETS) == 4
        # A process can end sessions of another.
        store.release(leases)
        assert self.rows(conf, SOCKETS) == []

    def test_a_child_of_a_fork_leaves_its_parents_connection_alone(self, store):
        tokens = [factories.issued(store) for _ in range(3)]
        pid = os.fork()
        if pid == 0:
            try:
                store.redeem(tokens[0], 'serial', factories.CLIENT)
                store.close()
                os._exit(0)
            finally:
                os._exit(1)
        store.redeem(tokens[1], 'serial', factories.CLIENT)
        assert os.waitpid(pid, 0)[1] == 0
        store.redeem(tokens[2], 'serial', factories.CLIENT)
        for token in tokens:
            assert contract.refusal(store, token) is RefusalReason.USED

    def test_purging_while_others_work(self, conf, clock):
        """Two proxies purge at once; a third issues, redeems and renews."""
        conf.set_override('purge_batch', 10, group='console_tokens')
        store = Store(conf, clock.sql)
        for _ in range(200):
            factories.issued(store, ttl_s=-4000)
        purged, failed = [], []

        def purge():
            try:
                purged.append(store.purge())
            except Exception as error:
                failed.append(error)

        threads = [threading.Thread(target=purge) for _ in range(2)]
        for thread in threads:
            thread.start()
        leases = [
            store.redeem(factories.issued(store), 'serial', factories.CLIENT)
            for _ in range(20)
        ]
        assert store.keep(leases) == {}
        for thread in threads:
            thread.join()
        assert failed == []
        assert sum(purged) == 200
        store.close()


def test_tokens_are_found_by_an_index(connection):
    """The queries of each request read one row of many."""
    conf = factories.configuration(
        connection, console_tokens={'timeout': contract.TIMEOUT_S}
    )
    migration.sync(conf)
    store = Store(conf)
    engine = sa.create_engine(connection)
    row = {
        'console_type': 'serial',
        'project_id': 'p',
        'user_id': 'u',
        'compute_host': 'c',
        'host': 'h',
        'port': 1,
        'issued': 0,
        'redeemed': 0,
    }
    rows = [
        {
            **row,
            'token_hash': hashlib.sha256(str(number).encode()).hexdigest(),
            'server_id': f's{number % 2500}',
            'expires': FAR + number,
        }
        for number in range(5000)
    ]
    statements = []
    with engine.begin() as database:
        database.execute(AUTHORIZATIONS.insert(), rows)
        tables = f'{AUTHORIZATIONS.name}, {SOCKETS.name}'
        if database.dialect.name != 'sqlite':
            analyze = 'ANALYZE TABLE' if database.dialect.name == 'mysql' else 'ANALYZE'
            database.exec_driver_sql(f'{analyze} {tables}')

    @sa.event.listens_for(sa.Engine, 'before_cursor_execute')
    def record(connection, cursor, statement, parameters, context, many):
        statements.append((statement, parameters))

    try:
        lease = store.redeem('7', 'serial', factories.CLIENT)
        store.keep([lease])
        store.withdraw(lease)
        store.release([store.redeem('7', 'serial', factories.CLIENT)])
        first = store.redeem('11', 'serial', factories.CLIENT, rejoinable=True)
        again = contract.rejoin(store, first)
        store.keep([first, again])
        store.withdraw(again)
        store.revoke('s8')
        store.purge()
    finally:
        sa.event.remove(sa.Engine, 'before_cursor_execute', record)
    explain = 'EXPLAIN QUERY PLAN' if engine.dialect.name == 'sqlite' else 'EXPLAIN'
    explained = [
        (statement, parameters)
        for statement, parameters in statements
        if statement.startswith(('SELECT console', 'UPDATE', 'DELETE'))
    ]
    assert len(explained) >= 20
    with engine.connect() as database:
        for statement, parameters in explained:
            plan = database.exec_driver_sql(f'{explain} {statement}', parameters).all()
            for line in plan:
                if engine.dialect.name == 'mysql':
                    # The table of sockets is too small here for a plan with an index.
                    whole = line.type in ('ALL', 'index')
                    whole = whole and line.table != SOCKETS.name
                else:
                    text = str(line)
                    scan = 'SCAN console' if 'SCAN' in text else 'Seq Scan on console'
                    whole = scan in text and SOCKETS.name not in text
                assert not whole, (statement, plan)
    engine.dispose()
    store.close()


def test_a_url_of_the_mariadb_dialect(mariadb):
    """Conflicts, tables and timeouts are the same as with a mysql URL."""
    connection = mariadb.new_database().replace('mysql+', 'mariadb+')
    conf = factories.configuration(connection)
    migration.sync(conf)
    store = Store(conf)
    token = factories.issued(store)
    with pytest.raises(exceptions.UnexpectedReply, match='already exists'):
        store.issue(token, factories.authorization(), factories.TTL_S)
    made = engine_of(conf, 7)
    with made.connect() as database:
        waits = database.scalar(sa.text('SELECT @@innodb_lock_wait_timeout'))
    assert waits == 7
    made.dispose()
    store.close()


def test_no_token_and_no_key_is_in_a_file_of_the_server(server):
    """CVE-2015-9543: not in tables, journals or logs that have every statement."""
    connection = server.new_database()
    conf = factories.configuration(
        connection, console_tokens={'timeout': contract.TIMEOUT_S}
    )
    migration.sync(conf)
    store = Store(conf)
    token = factories.issued(store)
    lease = contract.rejoinable(store, token)
    again = contract.rejoin(store, lease)
    store.release([again])
    store.close()
    new_hash = hashlib.sha256(again.rejoin_key.text.encode()).hexdigest()
    for stored in (hashlib.sha256(token.encode()).hexdigest(), new_hash):
        assert files_with(server.path, stored)
    for secret in (token, lease.rejoin_key.text, again.rejoin_key.text):
        assert files_with(server.path, secret) == []


def files_with(path, text):
    found = []
    for file in path.rglob('*'):
        if file.is_file() and file.stat().st_size:
            with (
                file.open('rb') as opened,
                mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content,
            ):
                if content.find(text.encode()) >= 0:
                    found.append(file.name)
    return found


class TestAway:
    """The database fails and returns."""

    @pytest.fixture
    def url(self, server):
        return server.new_database()

    @pytest.fixture
    def store(self, url):
        conf = factories.configuration(url, console_tokens={'timeout': 4})
        migration.sync(conf)
        store = Store(conf, factories.Clock().sql)
        yield store
        store.close()

    def each_is_unavailable(self, store, lease):
        for call in (
            lambda: factories.issued(store),
            lambda: store.keep([lease]),
            lambda: store.revoke(server_id('01')),
            store.purge,
        ):
            before = time.monotonic()
            with pytest.raises(exceptions.StoreUnavailable):
                call()
            assert time.monotonic() - before < WITHIN_S

    def opens(self, store, token):
        with contextlib.suppress(exceptions.ConsoleExtError):
            return store.redeem(token, 'serial', factories.CLIENT)

    def test_stopped(self, server, store, caplog):
        unused = factories.issued(store)
        lease = store.redeem(factories.issued(store), 'serial', factories.CLIENT)
        server.stop()
        try:
            self.each_is_unavailable(store, lease)
            with pytest.raises(exceptions.StoreUnavailable):
                store.redeem(unused, 'serial', factories.CLIENT)
        finally:
            server.start()
        assert 'refused' in caplog.text
        assert store.keep([lease]) == {}
        assert store.redeem(unused, 'serial', factories.CLIENT)
        store.release([lease])

    def test_frozen(self, server, store):
        """It takes connections and does not answer; a redeem that was given up does
        not use its token up, if it is withdrawn."""
        lease = store.redeem(factories.issued(store), 'serial', factories.CLIENT)
        token = factories.issued(store)
        with futures.ThreadPoolExecutor(1) as caller:
            server.freeze()
            try:
                late = caller.submit(store.redeem, token, 'serial', factories.CLIENT)
                self.each_is_unavailable(store, lease)
            finally:
                server.thaw()
            with contextlib.suppress(exceptions.StoreUnavailable):
                store.withdraw(late.result(2 * WITHIN_S))
        wait_for(lambda: self.opens(store, token))
        assert store.keep([lease]) == {}

    @pytest.mark.wall_clock
    def test_a_lock_of_somebody_else(self, url, store):
        token = factories.issued(store)
        engine = sa.create_engine(url)
        with engine.begin() as other:
            other.execute(AUTHORIZATIONS.update().values(port=1))
            before = time.monotonic()
            with pytest.raises(exceptions.StoreUnavailable):
                store.redeem(token, 'serial', factories.CLIENT)
            assert 1 < time.monotonic() - before < WITHIN_S
        engine.dispose()
        assert store.redeem(token, 'serial', factories.CLIENT)


def test_frozen_after_the_end_of_a_transaction(server, caplog):
    """The connection is returned at once, and no log has a traceback."""
    made = engine_of(factories.configuration(server.new_database()), 2)
    with made.connect() as connection:
        connection.execute(sa.text('SELECT 1'))
        connection.commit()
        server.freeze()
        try:
            connection.close()
        finally:
            server.thaw()
    assert made.pool.checkedin() == 1
    assert caplog.records == []
    made.dispose()


def test_a_connection_of_no_use(postgresql, caplog):
    """The next call gets a new one, and no log tells of it.

    A server that was frozen for longer than its timeout may leave a failed transaction.
    """
    made = engine_of(factories.configuration(postgresql.new_database()), 5)

    @sa.event.listens_for(made, 'checkin', once=True)
    def fail(connection, record):
        with pytest.raises(made.dialect.loaded_dbapi.Error):
            connection.cursor().execute('nonsense')

    with made.connect() as connection:
        first = connection.scalar(sa.text('SELECT pg_backend_pid()'))
    with made.connect() as connection:
        assert connection.scalar(sa.text('SELECT pg_backend_pid()')) != first
    assert caplog.records == []
    made.dispose()
