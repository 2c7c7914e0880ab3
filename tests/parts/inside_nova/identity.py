# SPDX-License-Identifier: Apache-2.0
"""In nova-api, in place of keystone: the token itself has the identity."""

from __future__ import annotations

SYSTEM = 'system'


class Identity:
    """Turns ``X-Auth-Token: user:project:role,role`` into keystonemiddleware's headers.

    The project ``system`` makes a system-scoped token.
    """

    def __init__(self, application):
        self._application = application

    def __call__(self, environ, start_response):
        user, _, rest = environ.get('HTTP_X_AUTH_TOKEN', '').partition(':')
        project, _, roles = rest.partition(':')
        if not user:
            start_response('401 Unauthorized', [('Content-Length', '0')])
            return []
        environ.update(
            HTTP_X_IDENTITY_STATUS='Confirmed',
            HTTP_X_USER_ID=user,
            HTTP_X_USER_NAME=user,
            HTTP_X_USER_DOMAIN_ID='default',
            HTTP_X_ROLES=roles,
            HTTP_X_SERVICE_CATALOG='[]',
        )
        if project == SYSTEM:
            environ['HTTP_OPENSTACK_SYSTEM_SCOPE'] = 'all'
        else:
            environ['HTTP_X_PROJECT_ID'] = project
            environ['HTTP_X_PROJECT_DOMAIN_ID'] = 'default'
        return self._application(environ, start_response)


def filter_factory(global_conf, **local_conf):
    return Identity
