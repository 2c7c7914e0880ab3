# SPDX-License-Identifier: Apache-2.0
"""Identity without authentication, for local use and for tests.

The token states the caller's identity: ``USER:PROJECT:ROLE,ROLE``.  Any other token, or
none, stands for the identity in the configuration.  The project ``system`` means a
system-scoped token.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from oslo_config import cfg

from console_ext import conf as config
from console_ext import context as contexts
from console_ext.wsgi import faults

_SYSTEM = 'system'

# Headers that keystonemiddleware sets; they are removed from client requests.
_IDENTITY = (
    'HTTP_OPENSTACK_SYSTEM_SCOPE',
    'HTTP_X_AUTHORIZATION',
    'HTTP_X_DOMAIN',
    'HTTP_X_IDENTITY_STATUS',
    'HTTP_X_IS_ADMIN_PROJECT',
    'HTTP_X_PROJECT',
    'HTTP_X_ROLE',
    'HTTP_X_SERVICE',
    'HTTP_X_TENANT',
    'HTTP_X_TRUST',
    'HTTP_X_USER',
)


_FORWARDED = ('HTTP_FORWARDED', 'HTTP_X_FORWARDED_FOR', 'HTTP_X_REAL_IP')


class NoAuth:
    def __init__(self, application: WSGIApplication, conf: cfg.ConfigOpts):
        options = conf.api
        self._application = application
        self._allow_remote = options.noauth_allow_remote
        self._default = (
            options.noauth_user_id,
            options.noauth_project_id,
            ','.join(options.noauth_roles),
        )

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if not self._allow_remote and not _is_local(environ):
            refused = faults.response(
                403,
                'This API has no authentication and only serves clients on its own '
                'machine. Its administrator can configure keystone to serve others.',
            )
            return refused(environ, start_response)
        for name in [name for name in environ if name.startswith(_IDENTITY)]:
            del environ[name]
        parts = environ.pop('HTTP_X_AUTH_TOKEN', '').split(':')
        user_id, project_id, roles = (
            parts if len(parts) == 3 and all(parts[:2]) else self._default
        )
        environ[contexts.AUTHENTICATED] = True
        environ['HTTP_X_IDENTITY_STATUS'] = 'Confirmed'
        environ['HTTP_X_USER_ID'] = user_id
        environ['HTTP_X_ROLES'] = roles
        if project_id == _SYSTEM:
            environ['HTTP_OPENSTACK_SYSTEM_SCOPE'] = 'all'
        else:
            environ['HTTP_X_PROJECT_ID'] = project_id
        return self._application(environ, start_response)


def _is_local(environ: WSGIEnvironment) -> bool:
    # A reverse proxy on this machine may forward requests from anywhere, and a client
    # can forge the forwarded address.
    forwarded = any(name in environ for name in _FORWARDED)
    return not forwarded and is_loopback(environ.get('REMOTE_ADDR', ''))


def is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == 'localhost'


def filter_factory(
    global_conf: dict[str, str], **local_conf: str
) -> Callable[[WSGIApplication], WSGIApplication]:
    """paste.filter_factory"""
    conf = config.from_paste(global_conf, local_conf)
    return lambda application: NoAuth(application, conf)
