# SPDX-License-Identifier: Apache-2.0
"""How long a request body may be."""

from __future__ import annotations

from oslo_config import cfg
from oslo_middleware import sizelimit


def max_body_bytes(conf: cfg.ConfigOpts) -> int:
    """The limit; oslo.middleware's option, because a nova.conf may set it."""
    conf.register_opts(sizelimit.OPTS, group='oslo_middleware')
    limit: int = conf.oslo_middleware.max_request_body_size
    return limit
