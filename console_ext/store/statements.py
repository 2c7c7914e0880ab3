# SPDX-License-Identifier: Apache-2.0
"""The SQL statements of the store."""

from __future__ import annotations

import sqlalchemy as sa

from console_ext.store.schema import AUTHORIZATIONS, SOCKETS

_COLUMNS = AUTHORIZATIONS.c
_THESE_SOCKETS = SOCKETS.c.id.in_(sa.bindparam('socket_ids', expanding=True))

# Not read, because SQLAlchemy's debug log shows all rows that it reads.
_HASHES = frozenset({'token_hash', 'rejoin_hash'})


class Statements:
    """The statements, built once: building one takes longer than SQLite's execution.

    :param now: the time in SQL, in seconds since the epoch
    """

    owners = sa.select(SOCKETS.c.authorization_id).where(_THESE_SOCKETS)
    release = SOCKETS.delete().where(_THESE_SOCKETS)
    staying = (
        sa.select(SOCKETS.c.id)
        .join(AUTHORIZATIONS)
        .where(_THESE_SOCKETS, _COLUMNS.revoked.is_(None))
    )

    _unopened = sa.and_(
        _COLUMNS.id == sa.bindparam('its_id'), _COLUMNS.closed.is_(None)
    )
    # Bumping "redeemed" makes concurrent redeems retry.
    withdraw = (
        AUTHORIZATIONS.update().where(_unopened).values(redeemed=_COLUMNS.redeemed + 1)
    )
    reopen = (
        AUTHORIZATIONS.update()
        .where(_unopened, ~sa.exists().where(SOCKETS.c.authorization_id == _COLUMNS.id))
        .values(
            session_id=None,
            client_address=None,
            opened=None,
            admitted=0,
            gaps=0,
            rejoin_hash=None,
        )
    )
    # The used key is valid again, in place of the new one.
    withdraw_rejoin = (
        AUTHORIZATIONS.update()
        .where(
            _COLUMNS.id == sa.bindparam('its_id'),
            _COLUMNS.rejoin_hash == sa.bindparam('its_new_hash'),
        )
        .values(
            redeemed=_COLUMNS.redeemed + 1, rejoin_hash=sa.bindparam('its_used_hash')
        )
    )

    _these: sa.BindParameter[int] = sa.bindparam('its_ids', expanding=True)
    in_force = sa.select(_COLUMNS.id).where(
        _COLUMNS.id.in_(_these), _COLUMNS.revoked.is_(None)
    )
    delete_sockets = SOCKETS.delete().where(SOCKETS.c.authorization_id.in_(_these))
    delete = AUTHORIZATIONS.delete().where(_COLUMNS.id.in_(_these))

    def __init__(self, now: sa.ColumnElement[float]):
        lease = now + sa.bindparam('lease_s', type_=sa.Double())
        self.issue = AUTHORIZATIONS.insert().values(
            issued=now,
            expires=now + sa.bindparam('ttl_s', type_=sa.Double()),
            redeemed=0,
        )
        reading = sa.select(
            *(column for column in _COLUMNS if column.name not in _HASHES),
            SOCKETS.c.lease,
            now.label('now'),
        ).outerjoin_from(AUTHORIZATIONS, SOCKETS)
        self.read = reading.where(_COLUMNS.token_hash == sa.bindparam('its_hash'))
        self.read_by_key = reading.where(
            _COLUMNS.rejoin_hash == sa.bindparam('its_hash')
        )
        # The comparison of "redeemed" works on every database and at every isolation
        # level: of two processes that have read the same count, only one updates the
        # row.
        self.admit = (
            AUTHORIZATIONS.update()
            .where(
                _COLUMNS.token_hash == sa.bindparam('its_hash'),
                _COLUMNS.redeemed == sa.bindparam('as_read'),
                _COLUMNS.revoked.is_(None),
            )
            .values(
                redeemed=_COLUMNS.redeemed + 1,
                session_id=sa.bindparam('its_session'),
                client_address=sa.bindparam('its_client'),
                opened=sa.func.coalesce(
                    sa.bindparam('its_opening', type_=sa.Double()), now
                ),
                admitted=_COLUMNS.admitted + 1,
                gaps=_COLUMNS.gaps + sa.bindparam('its_gap_s', type_=sa.Double()),
                # So that a gap is counted once, even if this socket is withdrawn.
                closed=sa.case(
                    (sa.bindparam('its_gap_s', type_=sa.Double()) > 0, now),
                    else_=_COLUMNS.closed,
                ),
                rejoin_hash=sa.bindparam('its_new_hash'),
            )
        )
        self.rejoin = (
            AUTHORIZATIONS.update()
            .where(
                _COLUMNS.rejoin_hash == sa.bindparam('its_hash'),
                _COLUMNS.redeemed == sa.bindparam('as_read'),
                _COLUMNS.revoked.is_(None),
            )
            .values(
                redeemed=_COLUMNS.redeemed + 1,
                admitted=_COLUMNS.admitted + 1,
                # Not the current time: an attempt that fails must not extend the time
                # in which the key works.
                closed=sa.bindparam('its_last_open', type_=sa.Double()),
                rejoin_hash=sa.bindparam('its_new_hash'),
            )
        )
        self.add_socket = SOCKETS.insert().values(
            id=sa.bindparam('its_socket'),
            authorization_id=sa.bindparam('its_id'),
            lease=lease,
        )
        self.renew = SOCKETS.update().where(_THESE_SOCKETS).values(lease=lease)
        self.close = (
            AUTHORIZATIONS.update()
            .where(_COLUMNS.id.in_(self._these))
            .values(closed=now)
        )
        self.revoke = (
            AUTHORIZATIONS.update()
            .where(
                _COLUMNS.server_id == sa.bindparam('its_server'),
                _COLUMNS.revoked.is_(None),
            )
            .values(revoked=now)
        )
        cutoff = now - sa.bindparam('retention_s', type_=sa.Double())
        kept = sa.exists().where(
            SOCKETS.c.authorization_id == _COLUMNS.id, SOCKETS.c.lease >= cutoff
        )
        self.old = (
            sa.select(_COLUMNS.id, _COLUMNS.expires)
            .where(
                _COLUMNS.expires < cutoff,
                sa.or_(_COLUMNS.closed.is_(None), _COLUMNS.closed < cutoff),
                ~kept,
            )
            .order_by(_COLUMNS.expires, _COLUMNS.id)
            .limit(sa.bindparam('batch'))
        )
        self.old_after = self.old.where(
            _COLUMNS.expires >= sa.bindparam('last_expires', type_=sa.Double()),
            sa.or_(
                _COLUMNS.expires > sa.bindparam('last_expires', type_=sa.Double()),
                _COLUMNS.id > sa.bindparam('last_id'),
            ),
        )
