# SPDX-License-Identifier: Apache-2.0
"""The authorizations in the database: issued, redeemed, kept, revoked, purged."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception as db_exception

from console_ext import exceptions
from console_ext.exceptions import Refusal
from console_ext.tokens import database, session
from console_ext.tokens.authorization import Authorization, Grant
from console_ext.tokens.schema import AUTHORIZATIONS, SOCKETS

# Ids in one statement; SQLite before 3.32 takes 999 values.
_BATCH = 500

_FIELDS = tuple(field.name for field in dataclasses.fields(Authorization))

# Statements of each session are built once: building one takes longer than SQLite does.
# They never read the hash: SQLAlchemy's own log shows the rows that it reads.
_READ = (
    sa.select(
        *(column for column in AUTHORIZATIONS.c if column.name != 'token_hash'),
        SOCKETS.c.lease,
    )
    .outerjoin_from(AUTHORIZATIONS, SOCKETS)
    .where(AUTHORIZATIONS.c.token_hash == sa.bindparam('its_hash'))
)
# The comparison decides between processes, on every database and at every isolation
# level: of two that have read the same count, one finds it changed.
_ADMIT = (
    AUTHORIZATIONS.update()
    .where(
        AUTHORIZATIONS.c.token_hash == sa.bindparam('its_hash'),
        AUTHORIZATIONS.c.redeemed == sa.bindparam('as_read'),
        AUTHORIZATIONS.c.revoked.is_(None),
    )
    .values(
        redeemed=AUTHORIZATIONS.c.redeemed + 1,
        session_id=sa.bindparam('its_session'),
        client_address=sa.bindparam('its_client'),
    )
)
_ISSUE = AUTHORIZATIONS.insert()
_SOCKET = SOCKETS.insert()
_ITS_SOCKETS = SOCKETS.c.id.in_(sa.bindparam('socket_ids', expanding=True))
_OWNERS = sa.select(SOCKETS.c.authorization_id).where(_ITS_SOCKETS)
_RELEASE = SOCKETS.delete().where(_ITS_SOCKETS)
_CLOSED = (
    AUTHORIZATIONS.update()
    .where(AUTHORIZATIONS.c.id.in_(sa.bindparam('its_ids', expanding=True)))
    .values(closed=sa.bindparam('now'))
)
_UNOPENED = sa.and_(
    AUTHORIZATIONS.c.id == sa.bindparam('its_id'),
    AUTHORIZATIONS.c.closed.is_(None),
)
# It counts as a change, and from here on nobody joins before this is done.
_WITHDRAW = (
    AUTHORIZATIONS.update()
    .where(_UNOPENED)
    .values(redeemed=AUTHORIZATIONS.c.redeemed + 1)
)
_REOPEN = (
    AUTHORIZATIONS.update()
    .where(
        _UNOPENED,
        ~sa.exists().where(SOCKETS.c.authorization_id == AUTHORIZATIONS.c.id),
    )
    .values(session_id=None, client_address=None)
)


class Store:
    """Authorizations and the sockets that are open with them.

    It blocks; threads may share it, and a process may fork with it, though not while a
    call is under way.  Each method raises :exc:`StoreUnavailable` where the database
    does not do its part within ``[console_tokens] timeout``; what it was to change may
    then have been changed or not, never half.

    Proxies are believed to have about the same time of day.

    :param conf: the configuration; ``[database] connection`` is set
    :param clock: the time, in seconds since the epoch
    :raises ConfigurationError: the database's URL, or its driver, is not usable
    """

    def __init__(self, conf: cfg.ConfigOpts, clock: Callable[[], float] = time.time):
        self._clock = clock
        self._limits = session.Limits.of(conf)
        self._options = conf.console_tokens
        self._database = database.Database(conf, conf.console_tokens.timeout)

    def issue(self, token: str, authorization: Authorization) -> None:
        """Let the token open what the authorization says, once.

        :raises UnexpectedReply: the token is not new
        """
        values = dict(
            dataclasses.asdict(authorization), token_hash=_hash(token), redeemed=0
        )

        def insert(connection: sa.Connection) -> None:
            with connection.begin():
                connection.execute(_ISSUE, values)

        try:
            self._database.run(insert)
        except (db_exception.DBDuplicateEntry, sa.exc.IntegrityError):
            raise exceptions.UnexpectedReply(
                authorization.compute_host, 'its token is not new'
            ) from None

    def redeem(self, token: str, console_type: str, client_address: str) -> Grant:
        """Open the token's session with a first socket, or join it with another.

        :param client_address: the client's IP address
        :raises TokenRefused: it does neither
        """
        token_hash = _hash(token)
        client_address = session.canonical(client_address)

        def take(connection: sa.Connection) -> Grant:
            request = session.Request(console_type, client_address, self._clock())
            row, state = _read(connection, token_hash)
            # A refusal has locked nothing.
            connection.rollback()
            if state is None:
                raise exceptions.TokenRefused(Refusal.UNKNOWN)
            refusal = session.refusal(state, request, self._limits)
            if refusal is not None:
                raise exceptions.TokenRefused(refusal)
            grant = Grant(
                authorization=Authorization(*(getattr(row, name) for name in _FIELDS)),
                session_id=state.session_id or uuid.uuid4().hex,
                socket_id=uuid.uuid4().hex,
            )
            with connection.begin():
                self._admit(connection, token_hash, row, grant, client_address)
            return grant

        return self._database.run(take, self._undo)

    def release(self, grants: Iterable[Grant]) -> None:
        """These sockets have closed.  Once more does no harm."""
        for socket_ids in _batches(sorted(_ids(grants)), _BATCH):
            self._database.run(functools.partial(self._end, socket_ids))

    def withdraw(self, grant: Grant) -> None:
        """Undo a redeem that no socket came of.

        If the session has no other socket, and had none, the token opens one again.
        """
        self._database.run(functools.partial(self._undo, grant))

    def keep(self, grants: Iterable[Grant]) -> set[Grant]:
        """Say that these sockets are open still; a proxy does so for all of its own.

        A socket that was not kept for ``[console_tokens] lease`` seconds no longer
        counts, until it is kept again.

        :returns: those to be closed now: their authorization was revoked, or the store
            no longer knows of it
        """
        lost = _ids(grants)
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
                    AUTHORIZATIONS.update()
                    .where(
                        AUTHORIZATIONS.c.server_id == server_id,
                        AUTHORIZATIONS.c.revoked.is_(None),
                    )
                    .values(revoked=self._clock())
                ).rowcount

        return self._database.run(update)

    def purge(self) -> int:
        """Delete what expired, and what ended, ``[console_tokens] retention`` ago.

        In batches, so that others come between.

        :returns: how many authorizations
        """
        cutoff = self._clock() - self._options.retention
        purged = 0
        after: tuple[float, int] | None = None
        while True:
            rows = self._database.run(functools.partial(self._old, cutoff, after))
            if not rows:
                return purged
            ids = sorted(row.id for row in rows)
            purged += self._database.run(functools.partial(_delete, ids))
            after = (rows[-1].expires, rows[-1].id)

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._database.close()

    def _admit(
        self,
        connection: sa.Connection,
        token_hash: str,
        row: Any,
        grant: Grant,
        client_address: str,
    ) -> None:
        """Write a socket down, if the token is as it was read.

        :raises Overtaken: it is not
        """
        changed = connection.execute(
            _ADMIT,
            {
                'its_hash': token_hash,
                'as_read': row.redeemed,
                'its_session': grant.session_id,
                'its_client': client_address,
            },
        )
        if changed.rowcount != 1:
            raise database.Overtaken
        socket = {'id': grant.socket_id, 'authorization_id': row.id}
        connection.execute(_SOCKET, {**socket, 'lease': self._lease()})

    def _undo(self, grant: Grant, connection: sa.Connection) -> None:
        its = {'socket_ids': [grant.socket_id]}
        with connection.begin():
            owner = connection.scalar(_OWNERS, its)
        if owner is None:
            return
        with connection.begin():
            connection.execute(_WITHDRAW, {'its_id': owner})
            connection.execute(_RELEASE, its)
            connection.execute(_REOPEN, {'its_id': owner})

    def _lease(self) -> float:
        return self._clock() + float(self._options.lease)

    def _end(self, socket_ids: list[str], connection: sa.Connection) -> None:
        its = {'socket_ids': socket_ids}
        with connection.begin():
            owners = sorted(set(connection.scalars(_OWNERS, its)))
        if not owners:
            return
        with connection.begin():
            connection.execute(_CLOSED, {'its_ids': owners, 'now': self._clock()})
            connection.execute(_RELEASE, its)

    def _renew(self, socket_ids: list[str], connection: sa.Connection) -> list[str]:
        """Renew leases; which of the sockets are to stay?"""
        ours = SOCKETS.c.id.in_(socket_ids)
        with connection.begin():
            connection.execute(SOCKETS.update().where(ours).values(lease=self._lease()))
            staying = connection.scalars(
                sa.select(SOCKETS.c.id)
                .join(AUTHORIZATIONS)
                .where(ours, AUTHORIZATIONS.c.revoked.is_(None))
            )
            return list(staying)

    def _old(
        self,
        cutoff: float,
        after: tuple[float, int] | None,
        connection: sa.Connection,
    ) -> list[Any]:
        """The next batch to delete, oldest first.

        :param after: the last of the batch before, so that the sessions which outlive
            their token by days are passed over once, not once a batch
        """
        columns = AUTHORIZATIONS.c
        kept = sa.exists().where(
            SOCKETS.c.authorization_id == columns.id, SOCKETS.c.lease >= cutoff
        )
        query = (
            sa.select(columns.id, columns.expires)
            .where(
                columns.expires < cutoff,
                sa.or_(columns.closed.is_(None), columns.closed < cutoff),
                ~kept,
            )
            .order_by(columns.expires, columns.id)
            .limit(self._options.purge_batch)
        )
        if after is not None:
            expires, last_id = after
            query = query.where(
                columns.expires >= expires,
                sa.or_(columns.expires > expires, columns.id > last_id),
            )
        with connection.begin():
            return list(connection.execute(query))


def _hash(token: str) -> str:
    """What is stored of a token.  It is long and random: no salt is needed.

    It may be anything that a client sent, lone surrogates too.
    """
    return hashlib.sha256(token.encode('utf-8', 'surrogatepass')).hexdigest()


def _read(
    connection: sa.Connection, token_hash: str
) -> tuple[Any, session.State] | tuple[None, None]:
    """One statement, so that it sees one moment."""
    rows = connection.execute(_READ, {'its_hash': token_hash}).all()
    if not rows:
        return None, None
    row = rows[0]
    return row, session.State(
        console_type=row.console_type,
        expires=row.expires,
        revoked=row.revoked is not None,
        session_id=row.session_id,
        client_address=row.client_address,
        closed=row.closed,
        leases=tuple(row.lease for row in rows if row.lease is not None),
    )


def _delete(ids: list[int], connection: sa.Connection) -> int:
    with connection.begin():
        connection.execute(SOCKETS.delete().where(SOCKETS.c.authorization_id.in_(ids)))
        return connection.execute(
            AUTHORIZATIONS.delete().where(AUTHORIZATIONS.c.id.in_(ids))
        ).rowcount


def _ids(grants: Iterable[Grant]) -> dict[str, Grant]:
    return {grant.socket_id: grant for grant in grants}


def _batches(items: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
