# SPDX-License-Identifier: Apache-2.0
"""What the store asks of the database."""

from __future__ import annotations

import sqlalchemy as sa

from console_ext.store.schema import AUTHORIZATIONS, SOCKETS

_OURS = AUTHORIZATIONS.c
_THESE_SOCKETS = SOCKETS.c.id.in_(sa.bindparam('socket_ids', expanding=True))


class Statements:
    """Built once: building a statement takes longer than SQLite does.

    :param now: the time in SQL, in seconds since the epoch
    """

    owners = sa.select(SOCKETS.c.authorization_id).where(_THESE_SOCKETS)
    release = SOCKETS.delete().where(_THESE_SOCKETS)
    staying = (
        sa.select(SOCKETS.c.id)
        .join(AUTHORIZATIONS)
        .where(_THESE_SOCKETS, _OURS.revoked.is_(None))
    )

    _unopened = sa.and_(_OURS.id == sa.bindparam('its_id'), _OURS.closed.is_(None))
    # Bumping "redeemed" makes concurrent redeems retry.
    withdraw = (
        AUTHORIZATIONS.update().where(_unopened).values(redeemed=_OURS.redeemed + 1)
    )
    reopen = (
        AUTHORIZATIONS.update()
        .where(_unopened, ~sa.exists().where(SOCKETS.c.authorization_id == _OURS.id))
        .values(session_id=None, client_address=None, opened=None, admitted=0, gaps=0)
    )

    _these: sa.BindParameter[int] = sa.bindparam('its_ids', expanding=True)
    delete_sockets = SOCKETS.delete().where(SOCKETS.c.authorization_id.in_(_these))
    delete = AUTHORIZATIONS.delete().where(_OURS.id.in_(_these))

    def __init__(self, now: sa.ColumnElement[float]):
        lease = now + sa.bindparam('lease_s', type_=sa.Double())
        self.issue = AUTHORIZATIONS.insert().values(
            issued=now,
            expires=now + sa.bindparam('ttl_s', type_=sa.Double()),
            redeemed=0,
        )
        # It never reads the hash: SQLAlchemy's own log shows the rows that it reads.
        self.read = (
            sa.select(
                *(column for column in _OURS if column.name != 'token_hash'),
                SOCKETS.c.lease,
                now.label('now'),
            )
            .outerjoin_from(AUTHORIZATIONS, SOCKETS)
            .where(_OURS.token_hash == sa.bindparam('its_hash'))
        )
        # The comparison decides between processes, on every database and at every
        # isolation level: of two that have read the same count, one finds it changed.
        self.admit = (
            AUTHORIZATIONS.update()
            .where(
                _OURS.token_hash == sa.bindparam('its_hash'),
                _OURS.redeemed == sa.bindparam('as_read'),
                _OURS.revoked.is_(None),
            )
            .values(
                redeemed=_OURS.redeemed + 1,
                session_id=sa.bindparam('its_session'),
                client_address=sa.bindparam('its_client'),
                opened=sa.func.coalesce(
                    sa.bindparam('its_opening', type_=sa.Double()), now
                ),
                admitted=_OURS.admitted + 1,
                gaps=_OURS.gaps + sa.bindparam('its_gap_s', type_=sa.Double()),
                # A gap is counted once, also where nothing comes of this socket.
                closed=sa.case(
                    (sa.bindparam('its_gap_s', type_=sa.Double()) > 0, now),
                    else_=_OURS.closed,
                ),
            )
        )
        self.add_socket = SOCKETS.insert().values(
            id=sa.bindparam('its_socket'),
            authorization_id=sa.bindparam('its_id'),
            lease=lease,
        )
        self.renew = SOCKETS.update().where(_THESE_SOCKETS).values(lease=lease)
        self.close = (
            AUTHORIZATIONS.update().where(_OURS.id.in_(self._these)).values(closed=now)
        )
        self.revoke = (
            AUTHORIZATIONS.update()
            .where(
                _OURS.server_id == sa.bindparam('its_server'), _OURS.revoked.is_(None)
            )
            .values(revoked=now)
        )
        cutoff = now - sa.bindparam('retention_s', type_=sa.Double())
        kept = sa.exists().where(
            SOCKETS.c.authorization_id == _OURS.id, SOCKETS.c.lease >= cutoff
        )
        self.old = (
            sa.select(_OURS.id, _OURS.expires)
            .where(
                _OURS.expires < cutoff,
                sa.or_(_OURS.closed.is_(None), _OURS.closed < cutoff),
                ~kept,
            )
            .order_by(_OURS.expires, _OURS.id)
            .limit(sa.bindparam('batch'))
        )
        self.old_after = self.old.where(
            _OURS.expires >= sa.bindparam('last_expires', type_=sa.Double()),
            sa.or_(
                _OURS.expires > sa.bindparam('last_expires', type_=sa.Double()),
                _OURS.id > sa.bindparam('last_id'),
            ),
        )
