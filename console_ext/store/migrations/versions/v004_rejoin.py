# SPDX-License-Identifier: Apache-2.0
"""Add the hash of the key that opens a session again.

Programs of the previous release work with this column; they do not use it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '004'
down_revision = '003'


def upgrade() -> None:
    op.add_column('console_ext_authorizations', sa.Column('rejoin_hash', sa.String(64)))
    op.create_index(
        'console_ext_authorizations_rejoin_hash',
        'console_ext_authorizations',
        ['rejoin_hash'],
        unique=True,
    )
