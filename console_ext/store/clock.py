# SPDX-License-Identifier: Apache-2.0
"""The time, by the database's clock.

Processes on several machines share one database.  Only its clock decides what has
expired: theirs may differ.
"""

from __future__ import annotations

import sqlalchemy as sa

from console_ext import exceptions

# Each has one value throughout a statement, so that an index can be used with it.
_SECONDS = {
    # Versions before 3.42 have no fraction in unixepoch().
    'sqlite': "((julianday('now') - 2440587.5) * 86400.0)",
    # MySQL and MariaDB convert NOW() to seconds by way of the local time, which is
    # ambiguous in the hour when summer time ends.  UTC_TIMESTAMP() is replicated as
    # NOW() is.
    'mysql': "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) / 1e6)",
    'postgresql': 'CAST(EXTRACT(epoch FROM statement_timestamp()) AS double precision)',
}


def now(dialect: str) -> sa.ColumnElement[float]:
    """The time when a statement begins, in seconds since the epoch.

    :param dialect: SQLAlchemy's name for the kind of database
    :raises ConfigurationError: this kind of database is not supported
    """
    if dialect not in _SECONDS:
        raise exceptions.ConfigurationError(
            f'[database] connection: {dialect} is not supported; use SQLite, MySQL, '
            'MariaDB or PostgreSQL'
        )
    return sa.literal_column(_SECONDS[dialect], sa.Double())
