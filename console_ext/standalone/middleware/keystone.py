# SPDX-License-Identifier: Apache-2.0
"""Authentication by keystonemiddleware, with this service's configuration."""

from __future__ import annotations

from collections.abc import Callable
from wsgiref.types import WSGIApplication

from console_ext import conf as config
from console_ext import exceptions

# For each attempt to reach keystone.  keystonemiddleware's default is to wait forever.
_TIMEOUT_S = 10


def filter_factory(
    global_conf: dict[str, str], **local_conf: str
) -> Callable[[WSGIApplication], WSGIApplication]:
    """paste.filter_factory

    :raises ConfigurationError: the extra ``keystone`` is not installed
    """
    try:
        from keystonemiddleware import auth_token, opts
    except ImportError:
        raise exceptions.ConfigurationError(
            '[api] auth_strategy = keystone needs keystonemiddleware: '
            "pip install 'console-ext[keystone]'"
        ) from None
    conf = config.from_paste(global_conf, local_conf)
    for group, options in opts.list_auth_token_opts():
        conf.register_opts(options, group=group)
        conf.set_default('http_connect_timeout', _TIMEOUT_S, group=group)
    return lambda application: auth_token.AuthProtocol(
        application, {'oslo_config_config': conf}
    )
