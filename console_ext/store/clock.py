# SPDX-License-Identifier: Apache-2.0
"""The database's clock.

Processes on several machines share a database, and their clocks may differ.  Therefore
only the database's clock decides what has expired.
"""

from __future__ import annotations

import sqlalchemy as sa

from console_ext import exceptions

# Each expression is constant during a statement, so that the database can use an index.
_SECONDS = {
    # In versions before 3.42, unixepoch() has no fraction.
    'sqlite': "((julianday('now') - 2440587.5) * 86400.0)",
    # MySQL and MariaDB convert NOW() to seconds by way of the local time, which is
    # ambiguous in the hour when summer time ends.  UTC_TIMESTAMP() is replicated as
    # NOW() is.
    'mysql': "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) / 1e6)",
    'postgresql': 'CAST(EXTRACT(epoch FROM statement_timestamp()) AS double precision)',
}


def now(dialect: str) -> sa.ColumnElement[float]:
    """Return the start time of a statement as SQL, in seconds since the epoch.

    :param dialect: SQLAlchemy's name of the database product
    :raises ConfigurationError: this database product is not supported
    """
    if dialect not in _SECONDS:
        raise exceptions.ConfigurationError(
            f'[database] connection: {dialect} is not supported; use SQLite, MySQL, '
            'MariaDB or PostgreSQL'
        )
    return sa.literal_column(_SECONDS[dialect], sa.Double())
