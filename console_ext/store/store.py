# SPDX-License-Identifier: Apache-2.0
"""Issues, redeems, renews, revokes and purges authorizations in the database."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception as db_exception

from console_ext import exceptions
from console_ext.exceptions import RefusalReason
from console_ext.store import clock, database, redemption
from console_ext.store.authorization import Authorization, Lease
from console_ext.store.statements import Statements

# Ids in a statement; SQLite before 3.32 allows 999 values.
_BATCH = 500

_FIELDS = tuple(field.name for field in dataclasses.fields(Authorization))


class Store:
    """The authorizations and their open sockets.

    The methods block.  Threads may share a store, and a process may fork while no call
    is in progress.  Each method but :meth:`redeem` raises :exc:`StoreUnavailable` if
    the database does not answer within ``[console_tokens] timeout``.  The operation may
    still complete, but never partially.

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

    def redeem(self, token: str, console_type: str, client_address: str) -> Lease:
        """Open the token's session with a first socket, or join it with another one.

        There is no timeout for a PostgreSQL server that does not answer.  A caller that
        stops waiting must call :meth:`withdraw` with the late result.

        :param client_address: the client's IP address
        :raises TokenRefused: the token is invalid, or its session accepts no socket
        """
        token_hash = _hash(token)
        client_address = redemption.canonical(client_address)

        def take(connection: sa.Connection) -> Lease:
            read = self._read(connection, token_hash)
            # Ends the read transaction before a refusal, so that it holds no lock.
            connection.rollback()
            if read is None:
                raise exceptions.TokenRefused(RefusalReason.UNKNOWN)
            row, state = read
            attempt = redemption.Attempt(console_type, client_address, row.now)
            refusal = redemption.refusal(state, attempt, self._limits)
            if refusal is not None:
                raise exceptions.TokenRefused(refusal)
            lease = Lease(
                authorization=_authorization(row),
                session_id=state.session_id or uuid.uuid4().hex,
                socket_id=uuid.uuid4().hex,
                left_s=redemption.left_s(state, row.now, self._limits),
            )
            as_read = {
                'its_hash': token_hash,
                'as_read': row.redeemed,
                'its_session': lease.session_id,
                'its_client': client_address,
                'its_opening': state.opened,
                'its_gap_s': redemption.gap_s(state, row.now),
            }
            with connection.begin():
                self._admit(connection, as_read, row.id, lease.socket_id)
            return lease

        return self._database.run(take, bounded=False)

    def release(self, leases: Iterable[Lease]) -> None:
        """Record that sockets have closed.  Releasing one twice has no effect."""
        for socket_ids in _batches(sorted(_ids(leases)), _BATCH):
            self._database.run(functools.partial(self._end, socket_ids))

    def withdraw(self, lease: Lease) -> None:
        """Undo a redeem whose socket was not opened.

        If the session never had another socket, the token can be redeemed again.
        """
        self._database.run(functools.partial(self._undo, lease))

    def keep(self, leases: Iterable[Lease]) -> set[Lease]:
        """Renew the leases of open sockets.

        A proxy calls this regularly for all its sockets.  A socket counts as closed
        when its lease is older than ``[console_tokens] lease`` seconds, until it is
        renewed.

        :returns: the leases whose sockets must be closed, because their authorization
            was revoked or no longer exists
        """
        lost = _ids(leases)
        for socket_ids in _batches(sorted(lost), _BATCH):
            for socket_id in self._database.run(
                functools.partial(self._renew, socket_ids)
            ):
                del lost[socket_id]
        return set(lost.values())

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

        It deletes in batches, so that other calls do not wait long.

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

    def _read(
        self, connection: sa.Connection, token_hash: str
    ) -> tuple[Any, redemption.State] | None:
        """Read the row and the state of a token in one statement, for consistency."""
        its = {'its_hash': token_hash}
        rows = connection.execute(self._statements.read, its).all()
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
            return self._read(connection, token_hash)

    def _admit(
        self,
        connection: sa.Connection,
        as_read: dict[str, Any],
        authorization_id: int,
        socket_id: str,
    ) -> None:
        """Record a socket, if the token has not changed since it was read.

        :param as_read: the parameters of ``Statements.admit``
        :raises ConcurrentUpdate: the token has changed
        """
        if connection.execute(self._statements.admit, as_read).rowcount != 1:
            raise database.ConcurrentUpdate
        connection.execute(
            self._statements.add_socket,
            {
                'its_socket': socket_id,
                'its_id': authorization_id,
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
            connection.execute(statements.withdraw, {'its_id': owner})
            connection.execute(statements.release, its)
            connection.execute(statements.reopen, {'its_id': owner})

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

    def _old(
        self, after: tuple[float, int] | None, connection: sa.Connection
    ) -> list[Any]:
        """Return the next batch to delete, oldest first.

        :param after: the last row of the previous batch, so that a batch does not scan
            again the long sessions that earlier batches have skipped
        """
        values = {
            'retention_s': self._options.retention,
            'batch': self._options.purge_batch,
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


def _ids(leases: Iterable[Lease]) -> dict[str, Lease]:
    return {lease.socket_id: lease for lease in leases}


def _batches(items: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
