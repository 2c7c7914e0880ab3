# SPDX-License-Identifier: Apache-2.0
"""The cell of an authorization's compute host, so that a proxy finds its bus."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '002'
down_revision = '001'


def upgrade() -> None:
    op.add_column('console_ext_authorizations', sa.Column('cell', sa.String(36)))
