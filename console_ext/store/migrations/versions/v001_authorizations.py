# SPDX-License-Identifier: Apache-2.0
"""Add authorizations and their sockets.

The tables are repeated here, because a migration must not change with ``schema``.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '001'
down_revision = None


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
    op.create_table(
        'console_ext_authorizations',
        sa.Column('id', key, primary_key=True),
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
        sa.Column('redeemed', sa.Integer, nullable=False),
        sa.Column('session_id', sa.String(32)),
        sa.Column('client_address', sa.String(255)),
        sa.Column('closed', sa.Double),
        sa.Index('console_ext_authorizations_token_hash', 'token_hash', unique=True),
        sa.Index('console_ext_authorizations_server_id', 'server_id'),
        sa.Index('console_ext_authorizations_expires', 'expires'),
        mysql_engine='InnoDB',
        mysql_charset='utf8mb4',
    )
    op.create_table(
        'console_ext_sockets',
        sa.Column('id', sa.String(32), primary_key=True),
        sa.Column(
            'authorization_id',
            key,
            sa.ForeignKey(
                'console_ext_authorizations.id',
                name='console_ext_sockets_authorization',
            ),
            nullable=False,
        ),
        sa.Column('lease', sa.Double, nullable=False),
        sa.Index('console_ext_sockets_authorization_id', 'authorization_id'),
        mysql_engine='InnoDB',
        mysql_charset='utf8mb4',
    )
