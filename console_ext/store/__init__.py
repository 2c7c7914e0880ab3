# SPDX-License-Identifier: Apache-2.0
"""The store of authorizations: which token opens which console, and for how long.

This module and ``authorization`` work without SQLAlchemy; the others need the extra
``sql``.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from oslo_config import cfg

from console_ext import exceptions

if TYPE_CHECKING:
    from console_ext.store.store import Store


def load_store(conf: cfg.ConfigOpts) -> Store | None:
    """Load the store for the database that ``[database] connection`` names.

    It does not connect yet.

    :returns: None if no database is configured; then only nova-compute knows its
        tokens
    :raises ConfigurationError: the database's URL is invalid, or a package is missing
    """
    if importlib.util.find_spec('oslo_db') is None:
        named = cfg.StrOpt('connection', secret=True)
        conf.register_opt(named, group='database')
        if conf.database.connection:
            raise exceptions.ConfigurationError(
                "[database] connection needs oslo.db: pip install 'console-ext[sql]'"
            )
        return None
    from oslo_db import options

    conf.register_opts(options.database_opts, group='database')
    if not conf.database.connection:
        return None
    from console_ext.store.store import Store

    return Store(conf)
