# SPDX-License-Identifier: Apache-2.0
"""Authentication by keystonemiddleware, with this service's configuration."""

from __future__ import annotations

from collections.abc import Callable
from wsgiref.types import WSGIApplication

from console_ext import conf as config
from console_ext import exceptions


def filter_factory(
    global_conf: dict[str, str], **local_conf: str
) -> Callable[[WSGIApplication], WSGIApplication]:
    """paste.filter_factory

    :raises ConfigurationError: the extra ``keystone`` is not installed
    """
    try:
        from keystonemiddleware import auth_token
    except ImportError:
        raise exceptions.ConfigurationError(
            '[api] auth_strategy = keystone needs keystonemiddleware: '
            "pip install 'console-ext[keystone]'"
        ) from None
    conf = config.from_paste(global_conf, local_conf)
    return lambda application: auth_token.AuthProtocol(
        application, {'oslo_config_config': conf}
    )
