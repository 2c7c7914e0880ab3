# SPDX-License-Identifier: Apache-2.0
"""The identity of a request's caller.

The context is built from what authentication filters have put into the WSGI environ:
``nova.context`` of Nova, or else the headers of keystonemiddleware.  Because a client
can send these headers itself, they only count if the environ also contains a key that
no header can set.
"""

from __future__ import annotations

from typing import Any
from wsgiref.types import WSGIEnvironment

from oslo_context import context as oslo_context

from console_ext import exceptions
from console_ext.policy import Policy

NOVA_CONTEXT = 'nova.context'

# keystonemiddleware sets this key after it has removed the client's identity headers
# (keystonemiddleware/auth_token/_request.py).  Keys for the client's headers begin with
# HTTP_ (PEP 3333), so a client cannot set this one.
KEYSTONE = 'keystone.token_auth'

# The same for an authentication filter of this package.
AUTHENTICATED = 'console_ext.authenticated'

_NOVA_ATTRIBUTES = (
    'user_id',
    'project_id',
    'domain_id',
    'user_domain_id',
    'project_domain_id',
    'user_name',
    'project_name',
    'roles',
    'system_scope',
    'is_admin_project',
    'service_user_id',
    'service_project_id',
    'service_roles',
    'request_id',
    'global_request_id',
)


class RequestContext(oslo_context.RequestContext):
    """The caller of a request, with project and roles.

    Unlike its base class it never contains the caller's token, so that the token cannot
    leak.

    :ivar nova: Nova's own context, which contains the token; None if the request did
        not come through Nova.  Only a look-up passes it on, to Nova.
    """

    nova: Any = None

    def to_policy_values(self) -> dict[str, Any]:
        """Return the credentials for policy checks: oslo.context's and ``is_admin``."""
        return {
            'user_id': self.user_id,
            'user_domain_id': self.user_domain_id,
            'system_scope': self.system_scope,
            'domain_id': self.domain_id,
            'project_id': self.project_id,
            'project_domain_id': self.project_domain_id,
            'roles': self.roles,
            'is_admin': self.is_admin,
            'is_admin_project': self.is_admin_project,
            'service_user_id': self.service_user_id,
            'service_user_domain_id': self.service_user_domain_id,
            'service_project_id': self.service_project_id,
            'service_project_domain_id': self.service_project_domain_id,
            'service_roles': self.service_roles,
        }

    def sees(self, project_id: str) -> bool:
        """Whether the caller may know of the servers of a project.

        Administrators and system-scoped tokens see every project.  What they may *do*
        there is up to the policy.
        """
        return bool(self.project_id == project_id or self.is_admin or self.system_scope)


def from_environ(environ: WSGIEnvironment, policy: Policy) -> RequestContext:
    """Return the context of a request.

    :raises NoAuthenticationFilter: no authentication filter has processed the request
    :raises NotAuthenticated: the authentication filter has found no user
    """
    nova = environ.get(NOVA_CONTEXT)
    if nova is not None:
        values: dict[str, Any] = {
            name: getattr(nova, name, None) for name in _NOVA_ATTRIBUTES
        }
        # overwrite=False: only Nova sets the thread's current context.
        context = RequestContext(**values, overwrite=False)
        context.nova = nova
    elif KEYSTONE not in environ and AUTHENTICATED not in environ:
        raise exceptions.NoAuthenticationFilter
    else:
        context = RequestContext.from_environ(
            environ,
            auth_token=None,
            service_token=None,
            request_id=environ.get('openstack.request_id'),
            global_request_id=environ.get('openstack.global_request_id'),
        )
    if context.user_id is None:
        raise exceptions.NotAuthenticated
    context.is_admin = policy.is_admin(context.to_policy_values())
    return context
