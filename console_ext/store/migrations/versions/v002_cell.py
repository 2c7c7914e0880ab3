# SPDX-License-Identifier: Apache-2.0
"""Add the cell of the compute host, which tells the proxy the message bus."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '002'
down_revision = '001'


def upgrade() -> None:
    op.add_column('console_ext_authorizations', sa.Column('cell', sa.String(36)))
