# SPDX-License-Identifier: Apache-2.0
"""Authorizations: which token opens which console, for how long.

SQLAlchemy comes with the extra ``sql``; this module and ``authorization`` do without.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from oslo_config import cfg

from console_ext import exceptions

if TYPE_CHECKING:
    from console_ext.store.store import Store


def load_store(conf: cfg.ConfigOpts) -> Store | None:
    """The store in the database that ``[database] connection`` names.

    Nothing is connected yet.

    :returns: None where no database is named: the compute service alone knows which
        tokens it gave out
    :raises ConfigurationError: the database's URL, or what is installed, is not usable
    """
    if importlib.util.find_spec('oslo_db') is None:
        named = cfg.StrOpt('connection', secret=True)
        conf.register_opt(named, group='database')
        if conf.database.connection:
            raise exceptions.ConfigurationError(
                '[database] connection needs the packages of console-ext[sql]'
            )
        return None
    from oslo_db import options

    conf.register_opts(options.database_opts, group='database')
    if not conf.database.connection:
        return None
    from console_ext.store.store import Store

    return Store(conf)
