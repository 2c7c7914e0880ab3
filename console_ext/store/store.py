# SPDX-License-Identifier: Apache-2.0
"""The authorizations in the database: issued, redeemed, kept, revoked, purged."""

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

# Ids in one statement; SQLite before 3.32 takes 999 values.
_BATCH = 500

_FIELDS = tuple(field.name for field in dataclasses.fields(Authorization))


class Store:
    """Authorizations and the sockets that are open with them.

    It blocks; threads may share it, and a process may fork with it, though not while a
    call is under way.  Each method but :meth:`redeem` raises :exc:`StoreUnavailable`
    where the database does not do its part within ``[console_tokens] timeout``; what it
    was to change may then have been changed or not, never half.

    The database's clock decides; nobody else's does.

    :param conf: the configuration; ``[database] connection`` is set
    :param now: the time in SQL, in seconds since the epoch; None for the database's
    :raises ConfigurationError: the database's URL, or its driver, is not usable
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
        """Let the token open what the authorization says, once.

        :param ttl_s: how long it can open a session, in seconds from now on
        :raises UnexpectedReply: the token is not new
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
                authorization.compute_host, 'its token is not new'
            ) from None

    def find(self, token: str) -> Authorization | None:
        """What a token opens, read without redeeming it.

        :returns: None for a token that is unknown, revoked or expired; one that was
            redeemed is found until it expires, as in Nova
        """
        read = self._database.run(functools.partial(self._read_alone, _hash(token)))
        if read is None:
            return None
        row, state = read
        if state.revoked or state.expires <= row.now:
            return None
        return _authorization(row)

    def redeem(self, token: str, console_type: str, client_address: str) -> Lease:
        """Open the token's session with a first socket, or join it with another.

        A PostgreSQL server that is silent is waited for without end.  Whoever gives a
        redeem up calls :meth:`withdraw` with what comes of it.

        :param client_address: the client's IP address
        :raises TokenRefused: it does neither
        """
        token_hash = _hash(token)
        client_address = redemption.canonical(client_address)

        def take(connection: sa.Connection) -> Lease:
            read = self._read(connection, token_hash)
            # A refusal has locked nothing.
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
        """These sockets have closed.  Once more does no harm."""
        for socket_ids in _batches(sorted(_ids(leases)), _BATCH):
            self._database.run(functools.partial(self._end, socket_ids))

    def withdraw(self, lease: Lease) -> None:
        """Undo a redeem that no socket came of.

        If the session has no other socket, and had none, the token opens one again.
        """
        self._database.run(functools.partial(self._undo, lease))

    def keep(self, leases: Iterable[Lease]) -> set[Lease]:
        """Say that these sockets are open still; a proxy does so for all of its own.

        A socket that was not kept for ``[console_tokens] lease`` seconds no longer
        counts, until it is kept again.

        :returns: those to be closed now: their authorization was revoked, or the store
            no longer knows of it
        """
        lost = _ids(leases)
        for socket_ids in _batches(sorted(lost), _BATCH):
            for socket_id in self._database.run(
                functools.partial(self._renew, socket_ids)
            ):
                del lost[socket_id]
        return set(lost.values())

    def revoke(self, server_id: str) -> int:
        """Take back every authorization for a server.

        Its tokens are refused from now on; its open sockets end when their proxies
        call :meth:`keep`.

        :returns: how many
        """

        def update(connection: sa.Connection) -> int:
            with connection.begin():
                return connection.execute(
                    self._statements.revoke, {'its_server': server_id}
                ).rowcount

        return self._database.run(update)

    def purge(self) -> int:
        """Delete what expired, and what ended, ``[console_tokens] retention`` ago.

        In batches, so that others come between.

        :returns: how many authorizations
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
        """One statement, so that it sees one moment."""
        its = {'its_hash': token_hash}
        rows = connection.execute(self._statements.read, its).all()
        if not rows:
            return None
        row = rows[0]
        opened = row.opened
        if opened is None and row.session_id is not None:
            # A version before this column has opened it: not earlier than this.
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
        """Write a socket down, if the token is as it was read.

        :param as_read: the values of ``Statements.admit``
        :raises Overtaken: it is not
        """
        if connection.execute(self._statements.admit, as_read).rowcount != 1:
            raise database.Overtaken
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
        """Renew leases; which of the sockets are to stay?"""
        ours = {'socket_ids': socket_ids}
        with connection.begin():
            connection.execute(
                self._statements.renew, {**ours, 'lease_s': self._options.lease}
            )
            return list(connection.scalars(self._statements.staying, ours))

    def _old(
        self, after: tuple[float, int] | None, connection: sa.Connection
    ) -> list[Any]:
        """The next batch to delete, oldest first.

        :param after: the last of the batch before, so that the sessions which outlive
            their token by days are passed over once, not once a batch
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
    """What is stored of a token.  It is long and random: no salt is needed.

    It may be anything that a client sent, lone surrogates too.
    """
    return hashlib.sha256(token.encode('utf-8', 'surrogatepass')).hexdigest()


def _ids(leases: Iterable[Lease]) -> dict[str, Lease]:
    return {lease.socket_id: lease for lease in leases}


def _batches(items: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
