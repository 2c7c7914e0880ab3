# SPDX-License-Identifier: Apache-2.0
"""The maximum size of a request body."""

from __future__ import annotations

from oslo_config import cfg
from oslo_middleware import sizelimit


def max_body_bytes(conf: cfg.ConfigOpts) -> int:
    """The value of oslo.middleware's option, which a nova.conf may already set."""
    conf.register_opts(sizelimit.OPTS, group='oslo_middleware')
    limit: int = conf.oslo_middleware.max_request_body_size
    return limit
