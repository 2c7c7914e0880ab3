# SPDX-License-Identifier: Apache-2.0
"""The tables.  A change here needs a migration; a test compares the two.

Times are in seconds since the epoch, by the database's clock.  The names begin with
``console_ext``, because the database may contain other tables.  ``migration.sync``
refuses Nova's databases.
"""

from __future__ import annotations

import sqlalchemy as sa

METADATA = sa.MetaData()

# SQLite only generates keys for columns of the type INTEGER.
_KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')

AUTHORIZATIONS = sa.Table(
    'console_ext_authorizations',
    METADATA,
    sa.Column('id', _KEY, primary_key=True),
    # SHA-256 in hex; the token itself is not stored.
    sa.Column('token_hash', sa.String(64), nullable=False),
    sa.Column('console_type', sa.String(32), nullable=False),
    sa.Column('server_id', sa.String(36), nullable=False),
    sa.Column('project_id', sa.String(255), nullable=False),
    sa.Column('user_id', sa.String(255), nullable=False),
    sa.Column('compute_host', sa.String(255), nullable=False),
    sa.Column('host', sa.String(255), nullable=False),
    sa.Column('port', sa.Integer, nullable=False),
    sa.Column('tls_port', sa.Integer),
    sa.Column('internal_access_path', sa.String(4096)),
    sa.Column('issued', sa.Double, nullable=False),
    sa.Column('expires', sa.Double, nullable=False),
    sa.Column('revoked', sa.Double),
    # The number of redeems.  A redeem fails if this has changed since it was read.
    sa.Column('redeemed', sa.Integer, nullable=False),
    # The session of the token, its client, and when a socket of it was last closed.
    sa.Column('session_id', sa.String(32)),
    sa.Column('client_address', sa.String(255)),
    sa.Column('closed', sa.Double),
    sa.Column('cell', sa.String(36)),
    # When the session's first socket was admitted, the number of sockets admitted, and
    # the total time without a socket, in seconds.
    sa.Column('opened', sa.Double),
    sa.Column('admitted', sa.Integer, nullable=False, server_default='0'),
    sa.Column('gaps', sa.Double, nullable=False, server_default='0'),
    # SHA-256, in hex, of the key that opens the session again.
    sa.Column('rejoin_hash', sa.String(64)),
    sa.Index('console_ext_authorizations_token_hash', 'token_hash', unique=True),
    sa.Index('console_ext_authorizations_rejoin_hash', 'rejoin_hash', unique=True),
    sa.Index('console_ext_authorizations_server_id', 'server_id'),
    sa.Index('console_ext_authorizations_expires', 'expires'),
    mysql_engine='InnoDB',
    mysql_charset='utf8mb4',
)

SOCKETS = sa.Table(
    'console_ext_sockets',
    METADATA,
    sa.Column('id', sa.String(32), primary_key=True),
    sa.Column(
        'authorization_id',
        _KEY,
        sa.ForeignKey(
            'console_ext_authorizations.id', name='console_ext_sockets_authorization'
        ),
        nullable=False,
    ),
    # The socket counts as open until this time; its proxy renews the lease.
    sa.Column('lease', sa.Double, nullable=False),
    sa.Index('console_ext_sockets_authorization_id', 'authorization_id'),
    mysql_engine='InnoDB',
    mysql_charset='utf8mb4',
)
