# SPDX-License-Identifier: Apache-2.0
"""Issues, redeems, renews, revokes and purges authorizations in the database."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import secrets
import uuid
from collections.abc import Collection, Iterable, Iterator
from typing import Any, TypeVar

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception as db_exception

from console_ext import exceptions
from console_ext.exceptions import RefusalReason
from console_ext.store import clock, database, redemption
from console_ext.store.authorization import Authorization, Lease, Loss, RejoinKey
from console_ext.store.statements import Statements

T = TypeVar('T')

# Ids in a statement; SQLite before 3.32 allows 999 values.
_BATCH = 500

_FIELDS = tuple(field.name for field in dataclasses.fields(Authorization))


class Store:
    """The authorizations and their open sockets.

    The methods block.  Threads may share a store, and a process may fork while no call
    is in progress.  Each method but :meth:`redeem` and :meth:`rejoin` raises
    :exc:`StoreUnavailable` if the database does not answer within ``[console_tokens]
    timeout``.  The operation may still complete, but never partially.

    All times come from the database's clock.

    :param conf: the configuration; ``[database] connection`` is set
    :param now: the current time as SQL, in seconds since the epoch; None for the
        database's clock
    :raises ConfigurationError: the database's URL is invalid or its driver is missing
    """

    def __init__(
        self, conf: cfg.ConfigOpts, now: sa.ColumnElement[float] | None = None
    ):
        self._limits = redemption.SessionLimits.of(conf)
        self._options = conf.console_tokens
        self._database = database.Database(conf, conf.console_tokens.timeout)
        if now is None:
            now = clock.now(self._database.dialect)
        self._statements = Statements(now)

    def issue(self, token: str, authorization: Authorization, ttl_s: float) -> None:
        """Store an authorization under the hash of its token.

        :param ttl_s: how long the token can open a session, in seconds from now
        :raises UnexpectedReply: the token already exists
        """
        values = dict(
            dataclasses.asdict(authorization), token_hash=_hash(token), ttl_s=ttl_s
        )

        def insert(connection: sa.Connection) -> None:
            with connection.begin():
                connection.execute(self._statements.issue, values)

        try:
            self._database.run(insert)
        except (db_exception.DBDuplicateEntry, sa.exc.IntegrityError):
            raise exceptions.UnexpectedReply(
                authorization.compute_host, 'its token already exists'
            ) from None

    def find(self, token: str) -> Authorization | None:
        """Return the authorization of a token without redeeming it.

        :returns: None if the token is unknown, revoked or expired.  As in Nova, a
            redeemed token is found until it expires.
        """
        read = self._database.run(functools.partial(self._read_alone, _hash(token)))
        if read is None:
            return None
        row, state = read
        if state.revoked or state.expires <= row.now:
            return None
        return _authorization(row)

    def redeem(
        self,
        token: str,
        console_type: str,
        client_address: str,
        *,
        rejoinable: bool = False,
    ) -> Lease:
        """Open the token's session with a first socket, or join it with another one.

        There is no timeout for a PostgreSQL server that does not answer.  A caller that
        stops waiting must call :meth:`withdraw` with the late result.

        :param client_address: the client's IP address
        :param rejoinable: whether the client takes a key that opens the session again
        :raises TokenRefused: the token is invalid, or its session accepts no socket
        """
        token_hash = _hash(token)
        client_address = redemption.canonical(client_address)

        def take(connection: sa.Connection) -> Lease:
            read = self._read(connection, self._statements.read, token_hash)
            # Ends the read transaction before a refusal, so that it holds no lock.
            connection.rollback()
            if read is None:
                raise exceptions.TokenRefused(RefusalReason.UNKNOWN)
            row, state = read
            attempt = redemption.Attempt(console_type, client_address, row.now)
            refusal = redemption.refusal(state, attempt, self._limits)
            if refusal is not None:
                raise exceptions.TokenRefused(refusal)
            has_key = rejoinable and redemption.has_rejoin_key(state, self._limits)
            lease = Lease(
                authorization=_authorization(row),
                session_id=state.session_id or uuid.uuid4().hex,
                socket_id=uuid.uuid4().hex,
                left_s=redemption.left_s(state, row.now, self._limits),
                authorization_id=row.id,
                rejoin_key=self._new_key() if has_key else None,
            )
            as_read = {
                'its_hash': token_hash,
                'as_read': row.redeemed,
                'its_session': lease.session_id,
                'its_client': client_address,
                'its_opening': state.opened,
                'its_gap_s': redemption.gap_s(state, row.now),
                'its_new_hash': _hash_of_key(lease),
            }
            with connection.begin():
                self._update_as_read(connection, self._statements.admit, as_read)
                self._add_socket(connection, lease)
            return lease

        return self._database.run(take, bounded=False)

    def rejoin(self, key: str, console_type: str, client_address: str) -> Lease:
        """Open a session again, with a new socket in place of all that it has.

        The key is used up; the lease has a new one.  For the caller and for timeouts,
        :meth:`redeem` applies.

        :raises RejoinRefused: the key is invalid
        """
        key_hash = _hash(key)
        client_address = redemption.canonical(client_address)

        def take(connection: sa.Connection) -> Lease:
            read = self._read(connection, self._statements.read_by_key, key_hash)
            connection.rollback()
            if read is None:
                raise exceptions.RejoinRefused(RefusalReason.UNKNOWN)
            row, state = read
            attempt = redemption.Attempt(console_type, client_address, row.now)
            refusal = redemption.rejoin_refusal(state, attempt, self._limits)
            if refusal is not None:
                raise exceptions.RejoinRefused(refusal)
            lease = Lease(
                authorization=_authorization(row),
                session_id=row.session_id,
                socket_id=uuid.uuid4().hex,
                left_s=redemption.left_s(state, row.now, self._limits),
                authorization_id=row.id,
                rejoin_key=self._new_key(),
                used_hash=key_hash,
            )
            as_read = {
                'its_hash': key_hash,
                'as_read': row.redeemed,
                'its_last_open': min(state.last_open, row.now),
                'its_new_hash': _hash_of_key(lease),
            }
            with connection.begin():
                self._update_as_read(connection, self._statements.rejoin, as_read)
                connection.execute(
                    self._statements.delete_sockets, {'its_ids': [row.id]}
                )
                self._add_socket(connection, lease)
            return lease

        return self._database.run(take, bounded=False)

    def release(self, leases: Iterable[Lease]) -> None:
        """Record that sockets have closed.  Releasing one twice has no effect."""
        for socket_ids in _batches(sorted(_ids(leases)), _BATCH):
            self._database.run(functools.partial(self._end, socket_ids))

    def withdraw(self, lease: Lease) -> None:
        """Undo a redeem or rejoin whose socket was not opened.

        The token or the key can be used again: the token if the session never had
        another socket; the key while it would have worked without this attempt.
        """
        self._database.run(functools.partial(self._undo, lease))

    def keep(self, leases: Iterable[Lease]) -> dict[Lease, Loss]:
        """Renew the leases of open sockets.

        A proxy calls this regularly for all its sockets.  A socket counts as closed
        when its lease is older than ``[console_tokens] lease`` seconds, until it is
        renewed.

        :returns: the leases whose sockets must be closed
        """
        lost = _ids(leases)
        for socket_ids in _batches(sorted(lost), _BATCH):
            for socket_id in self._database.run(
                functools.partial(self._renew, socket_ids)
            ):
                del lost[socket_id]
        return self._losses(lost.values())

    def revoke(self, server_id: str) -> int:
        """Revoke all authorizations of a server.

        Its tokens are refused from now on.  Its open sockets are closed when their
        proxies next call :meth:`keep`.

        :returns: the number of authorizations
        """

        def update(connection: sa.Connection) -> int:
            with connection.begin():
                return connection.execute(
                    self._statements.revoke, {'its_server': server_id}
                ).rowcount

        return self._database.run(update)

    def purge(self) -> int:
        """Delete authorizations that ended ``[console_tokens] retention`` seconds ago.

        A longer ``rejoin_grace`` applies instead.  It deletes in batches, so that other
        calls do not wait long.

        :returns: the number of authorizations
        """
        purged = 0
        after: tuple[float, int] | None = None
        while True:
            rows = self._database.run(functools.partial(self._old, after))
            if not rows:
                return purged
            ids = sorted(row.id for row in rows)
            purged += self._database.run(functools.partial(self._delete, ids))
            after = (rows[-1].expires, rows[-1].id)

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._database.close()

    def _new_key(self) -> RejoinKey:
        return RejoinKey(secrets.token_urlsafe(32), self._options.rejoin_grace)

    def _read(
        self, connection: sa.Connection, statement: sa.Select[Any], its_hash: str
    ) -> tuple[Any, redemption.State] | None:
        """Read an authorization and its state in one statement, for consistency.

        :param statement: ``read`` with a token, ``read_by_key`` with a rejoin key
        """
        rows = connection.execute(statement, {'its_hash': its_hash}).all()
        if not rows:
            return None
        row = rows[0]
        opened = row.opened
        if opened is None and row.session_id is not None:
            # Opened by a release without this column: at the earliest when issued.
            opened = row.issued
        return row, redemption.State(
            console_type=row.console_type,
            expires=row.expires,
            revoked=row.revoked is not None,
            session_id=row.session_id,
            client_address=row.client_address,
            closed=row.closed,
            leases=tuple(row.lease for row in rows if row.lease is not None),
            opened=opened,
            admitted=row.admitted,
            gaps_s=row.gaps,
        )

    def _read_alone(
        self, token_hash: str, connection: sa.Connection
    ) -> tuple[Any, redemption.State] | None:
        with connection.begin():
            return self._read(connection, self._statements.read, token_hash)

    def _update_as_read(
        self, connection: sa.Connection, update: sa.Update, as_read: dict[str, Any]
    ) -> None:
        """Update an authorization, if it has not changed since it was read.

        :param as_read: the parameters of the update
        :raises ConcurrentUpdate: it has changed
        """
        if connection.execute(update, as_read).rowcount != 1:
            raise database.ConcurrentUpdate

    def _add_socket(self, connection: sa.Connection, lease: Lease) -> None:
        connection.execute(
            self._statements.add_socket,
            {
                'its_socket': lease.socket_id,
                'its_id': lease.authorization_id,
                'lease_s': self._options.lease,
            },
        )

    def _undo(self, lease: Lease, connection: sa.Connection) -> None:
        statements = self._statements
        its = {'socket_ids': [lease.socket_id]}
        with connection.begin():
            owner = connection.scalar(statements.owners, its)
        if owner is None:
            return
        with connection.begin():
            if lease.used_hash is None:
                connection.execute(statements.withdraw, {'its_id': owner})
                connection.execute(statements.release, its)
                connection.execute(statements.reopen, {'its_id': owner})
            else:
                hashes = {
                    'its_used_hash': lease.used_hash,
                    'its_new_hash': _hash_of_key(lease),
                }
                connection.execute(
                    statements.withdraw_rejoin, {'its_id': owner, **hashes}
                )
                connection.execute(statements.release, its)

    def _end(self, socket_ids: list[str], connection: sa.Connection) -> None:
        statements = self._statements
        its = {'socket_ids': socket_ids}
        with connection.begin():
            owners = sorted(set(connection.scalars(statements.owners, its)))
        if not owners:
            return
        with connection.begin():
            connection.execute(statements.close, {'its_ids': owners})
            connection.execute(statements.release, its)

    def _renew(self, socket_ids: list[str], connection: sa.Connection) -> list[str]:
        """Renew leases and return the ids of the sockets that may stay open."""
        ours = {'socket_ids': socket_ids}
        with connection.begin():
            connection.execute(
                self._statements.renew, {**ours, 'lease_s': self._options.lease}
            )
            return list(connection.scalars(self._statements.staying, ours))

    def _losses(self, leases: Collection[Lease]) -> dict[Lease, Loss]:
        """Return why the store no longer has these sockets, or has revoked them."""
        ids = {
            lease.authorization_id
            for lease in leases
            if lease.authorization_id is not None
        }
        in_force: set[int] = set()
        for these in _batches(sorted(ids), _BATCH):
            in_force.update(
                self._database.run(functools.partial(self._in_force, these))
            )
        return {
            lease: Loss.REPLACED if lease.authorization_id in in_force else Loss.REVOKED
            for lease in leases
        }

    def _in_force(self, ids: list[int], connection: sa.Connection) -> list[int]:
        with connection.begin():
            return list(connection.scalars(self._statements.in_force, {'its_ids': ids}))

    def _old(
        self, after: tuple[float, int] | None, connection: sa.Connection
    ) -> list[Any]:
        """Return the next batch to delete, oldest first.

        :param after: the last row of the previous batch, so that a batch does not scan
            again the long sessions that earlier batches have skipped
        """
        options = self._options
        values = {
            # A rejoin key may last longer than the retention.
            'retention_s': max(options.retention, options.rejoin_grace),
            'batch': options.purge_batch,
        }
        statement = self._statements.old
        if after is not None:
            statement = self._statements.old_after
            values |= {'last_expires': after[0], 'last_id': after[1]}
        with connection.begin():
            return list(connection.execute(statement, values))

    def _delete(self, ids: list[int], connection: sa.Connection) -> int:
        these = {'its_ids': ids}
        with connection.begin():
            connection.execute(self._statements.delete_sockets, these)
            return connection.execute(self._statements.delete, these).rowcount


def _authorization(row: Any) -> Authorization:
    return Authorization(*(getattr(row, name) for name in _FIELDS))


def _hash(token: str) -> str:
    """Return the hash that is stored for a token.

    It needs no salt, because tokens are long and random.  The token may be any text
    from a client, even with lone surrogates.
    """
    return hashlib.sha256(token.encode('utf-8', 'surrogatepass')).hexdigest()


def _hash_of_key(lease: Lease) -> str | None:
    return None if lease.rejoin_key is None else _hash(lease.rejoin_key.text)


def _ids(leases: Iterable[Lease]) -> dict[str, Lease]:
    return {lease.socket_id: lease for lease in leases}


def _batches(items: list[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
