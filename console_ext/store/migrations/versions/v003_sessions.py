# SPDX-License-Identifier: Apache-2.0
"""Add when a session was opened, and how much of its limits it has used.

Programs of the previous release work with these columns; they do not use them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '003'
down_revision = '002'


def upgrade() -> None:
    for column in (
        sa.Column('opened', sa.Double),
        sa.Column('admitted', sa.Integer, nullable=False, server_default='0'),
        sa.Column('gaps', sa.Double, nullable=False, server_default='0'),
    ):
        op.add_column('console_ext_authorizations', column)
